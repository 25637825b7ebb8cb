"""Two versions of a form: what changed, in words; what stored answers feel; what a release has fixed for good."""

from __future__ import annotations

import pytest

from forms.procedures.release import Retired, changes, code_faults, procedure_changes, read_retired, reused, touched
from forms.xlsform import Form, FormError, read_form

OLD = """\
settings,form_title,form_id,version
settings,Thử,thu,1
survey,type,name,label::Tiếng Việt (vi),hint::Tiếng Việt (vi),required,relevant,k_template
survey,select_one kind,kind,Giấy loại gì?,,yes,,
survey,text,name,Tên ai?,Viết đủ họ tên.,,,name
survey,integer,pages,Mấy trang?,,,,
choices,list_name,name,label::Tiếng Việt (vi)
choices,kind,degree,Bằng
choices,kind,card,Thẻ
"""


def form(*replacements: tuple[str, str]) -> Form:
    text = OLD
    for before, after in (*replacements, (",thu,1", ",thu,2")):
        assert before in text, before
        text = text.replace(before, after)
    return read_form(text)


def told(*replacements: tuple[str, str]) -> list[tuple[str, str]]:
    return [(change.code, change.text_vi) for change in changes(read_form(OLD), form(*replacements))]


def test_two_versions_of_the_same_questions_differ_in_nothing() -> None:
    assert told() == []


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        ("survey,text,name,Tên ai?,Viết đủ họ tên.,,,name\n", "", ("question_dropped", "Bỏ câu «Tên ai?» (name).")),
        ("text,name,", "text,who,", ("question_renamed", "Câu «Tên ai?» đổi tên từ name thành who.")),
        ("integer,pages", "text,pages", ("type_changed", "Câu «Mấy trang?» đổi loại từ số nguyên sang chữ.")),
        ("choices,kind,card,Thẻ\n", "", ("choice_dropped", "Câu «Giấy loại gì?» bỏ lựa chọn «Thẻ» (card).")),
        (
            "card,Thẻ\n",
            "card,Thẻ\nchoices,kind,map,Bản đồ\n",
            ("choice_added", "Câu «Giấy loại gì?» thêm lựa chọn «Bản đồ» (map)."),
        ),
        (
            "card,Thẻ",
            "card,Thẻ nhựa",
            ("choice_reworded", "Câu «Giấy loại gì?»: lựa chọn card viết lại từ «Thẻ» thành «Thẻ nhựa»."),
        ),
        ("Tên ai?", "Tên là gì?", ("reworded", "Câu «Tên là gì?» trước đây hỏi: «Tên ai?».")),
        ("Viết đủ họ tên.", "Viết hoa.", ("hint_changed", "Câu «Tên ai?» đổi lời giải thích thành «Viết hoa.».")),
        ("Mấy trang?,,,", "Mấy trang?,,yes,", ("required_changed", "Câu «Mấy trang?» nay bắt buộc.")),
        (
            "Mấy trang?,,,",
            "Mấy trang?,,,${kind} = 'card'",
            ("condition_changed", "Câu «Mấy trang?» hiện ra khi: ${kind} = 'card' (trước đây: luôn luôn)."),
        ),
        (",,,name\n", ",,,\n", ("template_changed", "Câu «Tên ai?» in vào mục «không mục nào» (trước đây «name»).")),
        ("Thử,thu", "Thử nữa,thu", ("title_changed", "Tên biểu mẫu: «Thử nữa» (trước đây «Thử»).")),
        (
            "survey,integer,pages,Mấy trang?,,,,\n",
            "survey,integer,pages,Mấy trang?,,,,\nsurvey,date,day,Ngày nào?,,yes,,\n",
            ("question_added", "Thêm câu «Ngày nào?» (day, ngày, bắt buộc)."),
        ),
    ],
)
def test_a_change_is_told_in_a_sentence(before: str, after: str, change: tuple[str, str]) -> None:
    assert told((before, after)) == [change]


def test_another_order_is_told_from_where_it_begins() -> None:
    name, pages = "survey,text,name,Tên ai?,Viết đủ họ tên.,,,name\n", "survey,integer,pages,Mấy trang?,,,,\n"
    assert told((name + pages, pages + name)) == [("order_changed", "Thứ tự câu hỏi khác từ câu «Mấy trang?».")]


@pytest.mark.parametrize(
    ("replacement", "answers", "felt"),
    [
        (("choices,kind,card,Thẻ\n", ""), {"kind": "card"}, True),
        (("choices,kind,card,Thẻ\n", ""), {"kind": "degree"}, False),
        (("choices,kind,card,Thẻ\n", ""), {"papers": [{"kind": "degree"}, {"kind": "card"}]}, True),
        (("integer,pages", "text,pages"), {"pages": 2}, True),
        (("integer,pages", "text,pages"), {"kind": "card"}, False),
        (("Tên ai?", "Tên là gì?"), {"name": "Nông Thị Mẫu"}, False),
    ],
)
def test_a_stored_draft_feels_only_what_takes_its_answers(
    replacement: tuple[str, str], answers: dict[str, object], felt: bool
) -> None:
    assert bool(touched(changes(read_form(OLD), form(replacement)), answers)) == felt


def test_a_new_question_that_must_be_answered_is_felt_by_every_draft() -> None:
    added = ("choices,list_name", "survey,date,day,Ngày nào?,,yes,,\nchoices,list_name")
    assert [one.name for one in touched(changes(read_form(OLD), form(added)), {"kind": "card"})] == ["day"]


def refused(*replacements: tuple[str, str], retired: tuple[Retired, ...] = ()) -> list[tuple[int, str, str]]:
    faults = code_faults(read_form(OLD), form(*replacements), retired, "thu 2")
    return [(fault.row, fault.column, fault.rule) for fault in faults]


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("survey,integer,pages,Mấy trang?,,,,\n", "", (0, "name", "code_dropped")),
        ("choices,kind,card,Thẻ\n", "", (4, "type", "code_dropped")),
        ("text,name,", "text,who,", (5, "name", "code_renamed")),
        ("integer,pages", "text,pages", (6, "type", "code_changed")),
    ],
)
def test_a_released_code_is_never_dropped_renamed_or_changed(before: str, after: str, fault: tuple[int, str, str]) -> None:
    assert refused((before, after)) == [fault]


def test_a_retired_code_may_go_and_never_come_back() -> None:
    retired = (Retired("thu", "pages", "", "không cần nữa"), Retired("thu", "kind", "card", "thẻ cũ"))
    gone = (("survey,integer,pages,Mấy trang?,,,,\n", ""), ("choices,kind,card,Thẻ\n", ""))
    assert refused(*gone, retired=retired) == []
    back = reused(form(), retired, "thu 3")
    assert [(fault.row, fault.column, fault.rule) for fault in back] == [(6, "name", "code_reused"), (4, "type", "code_reused")]


def test_wording_may_change() -> None:
    assert refused(("Tên ai?", "Tên là gì?")) == []


def test_the_list_of_retired_codes_is_read_and_its_gaps_are_told() -> None:
    text = (
        "retired:\n  - {form: thu, name: pages, reason_vi: không cần}\n  - {form: thu, name: kind, choice: card, reason_vi: cũ}\n"
    )
    assert read_retired(text) == (Retired("thu", "pages", "", "không cần"), Retired("thu", "kind", "card", "cũ"))
    with pytest.raises(FormError) as caught:
        read_retired("retired:\n  - {form: thu, name: pages}\n")
    assert [(fault.row, fault.rule) for fault in caught.value.faults] == [(2, "missing")]
    with pytest.raises(FormError):
        read_retired("gone: []\n")


def test_facts_of_a_procedure_are_compared_key_by_key_and_papers_by_id() -> None:
    old = {"fee": {"amount_vnd": 8000}, "components": [{"id": "don", "quantity": 1}]}
    new = {"fee": {"amount_vnd": 10000}, "components": [{"id": "anh", "quantity": 1}, {"id": "don", "quantity": 2}]}
    assert [change.text_vi for change in procedure_changes(old, new)] == [
        "Phí, lệ phí (fee.amount_vnd): «10000» (trước đây «8000»).",
        "Giấy tờ (components.don.quantity): «2» (trước đây «1»).",
        "Giấy tờ (components.anh): có (trước đây không có).",
    ]
