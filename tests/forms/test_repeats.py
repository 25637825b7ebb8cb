"""Repeats in a session: asked entry by entry, added to, taken from, counted, shown and handed over as a list."""

from __future__ import annotations

from datetime import date

import pytest

from forms.expr import evaluate, parse
from forms.session import FormSession, StoredAnswers, rows_of
from forms.xlsform import Form
from tests.forms.tables import form, row

PAPERS = form(
    row("text", "who", "Bà con tên gì?", required="yes"),
    row("begin repeat", "items", "Giấy tờ", k_more="Có giấy tờ nào nữa không?", parameters="min=1 max=3"),
    row("select_one kind", "kind", "Giấy gì?", required="yes", k_short="Loại giấy"),
    row("integer", "pages", "Mấy trang?", required="yes", constraint=". >= 1", constraint_message="Từ 1 trang."),
    row("calculate", "number", calculation="position(..)", k_review="yes", k_short="Thứ tự"),
    row("text", "note_text", "Ghi chú gì?", relevant="${kind} = 'other' and ${pages} > 1"),
    row("end repeat"),
    row("calculate", "total", calculation="sum(${pages})"),
    row("calculate", "count", calculation="count(${items})"),
    row("calculate", "longest", calculation="max(${pages})"),
    row("text", "reason", "Sao nhiều thế?", relevant="sum(${pages}) > 10", required="yes"),
    choices=[
        {"list_name": "kind", "name": "degree", "label::Tiếng Việt (vi)": "Bằng"},
        {"list_name": "kind", "name": "other", "label::Tiếng Việt (vi)": "Giấy khác"},
    ],
)


def session(of: Form = PAPERS) -> FormSession:
    return FormSession(of, today=date(2026, 11, 24))


def walk(filling: FormSession, **answers: str) -> list[str]:
    """Answer to the check page; in names «items[1].kind» is written items_1_kind and «items[1]+» items_1_more."""
    asked = []
    while filling.current is not None:
        name = filling.current.name
        asked.append(name)
        key = name.replace("[", "_").replace("]+", "_more").replace("].", "_")
        assert filling.put(name, answers.get(key, "")) is None, (name, filling.put(name, answers.get(key, "")))
        filling.forward()
        assert filling.problem is None
    return asked


TWO = {
    "who": "Nông Thị Mẫu",
    "items_1_kind": "degree",
    "items_1_pages": "2",
    "items_1_more": "yes",
    "items_2_kind": "other",
    "items_2_pages": "3",
    "items_2_note_text": "Gấp",
    "items_2_more": "no",
}


def test_after_each_entry_one_is_asked_whether_there_is_another() -> None:
    asked = walk(session(), **TWO)
    assert asked[1:] == [
        *("items[1].kind", "items[1].pages", "items[1]+"),
        *("items[2].kind", "items[2].pages", "items[2].note_text", "items[2]+"),
    ]


def test_the_question_for_another_entry_is_a_plain_yes_or_no_with_the_forms_own_words() -> None:
    filling = session()
    filling.go_to("items[1]+")
    question = filling.current
    assert question is not None
    assert (question.type, question.label, question.required) == ("select_one", "Có giấy tờ nào nữa không?", True)
    assert [choice.name for choice in question.choices] == ["yes", "no"]
    assert question.section == "Giấy tờ"


def test_each_entry_has_its_number_in_the_section_title() -> None:
    filling = session()
    walk(filling, **TWO)
    filling.go_to("items[2].kind")
    assert filling.current is not None
    assert (filling.current.section, filling.current.entry) == ("Giấy tờ 2", "items[2]")
    assert filling.position().section == "Giấy tờ 2"


def test_entries_are_handed_over_as_one_list() -> None:
    filling = session()
    walk(filling, **TWO)
    assert filling.answers()["items"] == [
        {"kind": "degree", "pages": 2, "number": "1"},
        {"kind": "other", "pages": 3, "number": "2", "note_text": "Gấp"},
    ]


def test_from_outside_all_entries_are_summed_and_counted() -> None:
    filling = session()
    walk(filling, **TWO)
    assert {name: filling.answers()[name] for name in ("total", "count", "longest")} == {
        "total": "5",
        "count": "2",
        "longest": "3",
    }


def test_a_condition_over_all_entries_opens_and_closes_a_question() -> None:
    filling = session()
    walk(filling, **TWO)
    filling.put("items[2].pages", "9")
    assert "reason" in [question.name for question in filling.visible()]
    filling.put("items[1]+", "no")
    assert "reason" not in [question.name for question in filling.visible()]


def test_inside_an_entry_a_name_means_that_entry() -> None:
    filling = session()
    walk(filling, **TWO)
    visible = [question.name for question in filling.visible()]
    assert "items[2].note_text" in visible
    assert "items[1].note_text" not in visible


def test_a_question_hidden_in_an_entry_is_not_counted_there() -> None:
    of = form(
        row("begin repeat", "r", "Người", k_more="Còn ai không?"),
        row("integer", "age", "Mấy tuổi?"),
        row("text", "school", "Học trường nào?", relevant="${age} < 18"),
        row("calculate", "own", calculation="sum(${age})"),
        row("end repeat"),
        row("calculate", "pupils", calculation="count(${school})"),
    )
    filling = session(of)
    walk(filling, r_1_age="7", r_1_more="yes", r_2_age="40", r_2_more="no")
    assert filling.answers()["pupils"] == "1"
    assert [entry["own"] for entry in filling.answers()["r"]] == ["7", "40"], "inside an entry all of them are only its own"


def test_an_entry_without_any_answer_is_not_handed_over() -> None:
    of = form(row("begin repeat", "r", "Người", k_more="Còn ai không?"), row("text", "name", "Tên gì?"), row("end repeat"))
    filling = session(of)
    walk(filling, r_1_more="yes", r_2_name="Mẫu", r_2_more="no")
    assert filling.answers() == {"r": [{"name": "Mẫu"}]}


def test_there_are_never_more_entries_than_the_form_allows() -> None:
    answers = {
        f"items_{n}_{name}": value for n in (1, 2, 3) for name, value in (("kind", "degree"), ("pages", "1"), ("more", "yes"))
    }
    asked = walk(session(), who="Nông Thị Mẫu", **answers)
    assert [name for name in asked if name.endswith("+")] == ["items[1]+", "items[2]+"]


def test_an_entry_taken_back_is_kept_but_counts_for_nothing() -> None:
    filling = session()
    walk(filling, **TWO)
    filling.put("items[1]+", "no")
    assert len(filling.answers()["items"]) == 1
    assert filling.value("items[2].pages") == "3"
    filling.put("items[1]+", "yes")
    assert filling.answers()["items"][1]["pages"] == 3


@pytest.mark.parametrize(("gone", "left"), [(1, [3, 1]), (2, [2, 1]), (3, [2, 3])])
def test_a_removed_entry_is_gone_and_those_after_it_move_up(gone: int, left: list[int]) -> None:
    filling = session()
    walk(filling, **{**TWO, "items_2_more": "yes", "items_3_kind": "degree", "items_3_pages": "1", "items_3_more": "no"})
    filling.remove(f"items[{gone}]")
    assert [entry["pages"] for entry in filling.answers()["items"]] == left
    assert filling.problems() == ()
    assert filling.current is None


def test_the_last_entry_a_form_needs_is_not_removed() -> None:
    filling = session()
    walk(filling, **{**TWO, "items_1_more": "no"})
    assert [entries.removable for entries in filling.repeats()] == [False]
    with pytest.raises(ValueError, match="items"):
        filling.remove("items[1]")


def test_taking_one_of_a_full_repeat_away_asks_for_no_other() -> None:
    filling = session()
    walk(filling, **{**TWO, "items_2_more": "yes", "items_3_kind": "degree", "items_3_pages": "1"})
    filling.remove("items[3]")
    filling.go_to("who")
    assert filling.forward() is None


def test_a_new_entry_is_asked_in_full_though_another_stood_in_its_place() -> None:
    of = form(row("begin repeat", "r", "Người", k_more="Còn ai không?"), row("text", "name", "Tên gì?"), row("end repeat"))
    filling = session(of)
    walk(filling, r_1_name="Mẫu", r_1_more="yes", r_2_name="Thử", r_2_more="no")
    filling.remove("r[2]")
    filling.go_to("r[1]+")
    assert walk(filling, r_1_more="yes", r_2_more="no") == ["r[1]+", "r[2].name", "r[2]+"]


def test_the_question_on_the_screen_is_left_when_its_entry_is_removed() -> None:
    filling = session()
    walk(filling, **TWO)
    filling.go_to("items[2].pages")
    filling.remove("items[2]")
    assert filling.current is None


def test_what_is_kept_for_good_moves_up_with_its_entry() -> None:
    of = form(
        row("begin repeat", "r", "Người", k_more="Còn ai không?"),
        row("text", "name", "Tên gì?"),
        row("calculate", "first", calculation="once(${name})"),
        row("end repeat"),
    )
    filling = session(of)
    walk(filling, r_1_name="Mẫu", r_1_more="yes", r_2_name="Thử", r_2_more="no")
    filling.put("r[2].name", "Ví Dụ")
    filling.remove("r[1]")
    assert filling.answers()["r"] == [{"name": "Ví Dụ", "first": "Thử"}]


@pytest.mark.parametrize("name", ["items[0]", "items[2]", "items[1].kind", "items", "things[1]"])
def test_removing_what_is_no_entry_is_a_mistake_of_the_program(name: str) -> None:
    filling = session()
    walk(filling, **{**TWO, "items_1_more": "no"})
    with pytest.raises(KeyError):
        filling.remove(name)


def test_from_the_check_page_an_entry_is_added_and_only_its_questions_are_asked() -> None:
    filling = session()
    walk(filling, **TWO)
    (papers,) = filling.repeats()
    assert (papers.label, papers.names, papers.removable, papers.more) == ("Giấy tờ", ("items[1]", "items[2]"), True, "items[2]+")
    filling.go_to(papers.more)
    asked = walk(filling, items_2_more="yes", items_3_kind="degree", items_3_pages="1")
    assert asked == ["items[2]+", "items[3].kind", "items[3].pages"]
    assert len(filling.answers()["items"]) == 3
    assert filling.repeats()[0].more == ""


def test_an_answer_of_an_entry_is_changed_from_the_check_page() -> None:
    filling = session()
    walk(filling, **TWO)
    filling.go_to("items[1].pages")
    filling.put("items[1].pages", "7")
    assert filling.forward() is None
    assert filling.answers()["items"][0]["pages"] == 7


def test_a_computed_row_of_an_entry_leads_to_the_question_of_the_same_entry() -> None:
    of = form(
        row("begin repeat", "r", "Người", k_more="Còn ai không?"),
        row("date", "born", "Sinh ngày nào?"),
        row("calculate", "words", calculation="${born}", k_as="date_words", k_review="yes"),
        row("end repeat"),
    )
    filling = session(of)
    walk(filling, r_1_born="1990-02-01", r_1_more="yes", r_2_born="1991-03-02", r_2_more="no")
    filling.go_to("r[2].words")
    assert filling.current is not None
    assert filling.current.name == "r[2].born"


def test_a_total_over_the_entries_of_another_repeat_comes_from_no_single_question() -> None:
    of = form(
        row("begin repeat", "a", "Giấy", k_more="Nữa không?"),
        row("integer", "pages", "Mấy trang?"),
        row("end repeat"),
        row("begin repeat", "b", "Người", k_more="Nữa không?"),
        row("text", "name", "Tên gì?"),
        row("calculate", "total", calculation="sum(${pages})", k_review="yes"),
        row("end repeat"),
    )
    filling = session(of)
    walk(filling, a_1_pages="2", a_1_more="no", b_1_name="Mẫu", b_1_more="no")
    assert filling.go_to("b[1].total") is None


def test_the_check_page_has_a_row_for_every_answer_of_every_entry() -> None:
    filling = session()
    walk(filling, **TWO)
    rows = [(r.name, r.section, r.entry, r.label, r.text, r.computed) for r in filling.review() if r.entry == "items[2]"]
    assert rows == [
        ("items[2].kind", "Giấy tờ 2", "items[2]", "Loại giấy", "Giấy khác", False),
        ("items[2].pages", "Giấy tờ 2", "items[2]", "Mấy trang?", "3", False),
        ("items[2].number", "Giấy tờ 2", "items[2]", "Thứ tự", "2", True),
        ("items[2].note_text", "Giấy tờ 2", "items[2]", "Ghi chú gì?", "Gấp", False),
    ]


def test_filed_entries_are_shown_as_on_the_check_page() -> None:
    filling = session()
    walk(filling, **TWO)
    stored = rows_of(PAPERS, filling.answers())
    assert [(r.name, r.section, r.text) for r in stored] == [(r.name, r.section, r.text) for r in filling.review()]


def test_stored_entries_of_an_odd_shape_are_left_out() -> None:
    assert [r.text for r in rows_of(PAPERS, {"items": 3, "who": "Mẫu"})] == ["Mẫu"]
    assert [r.name for r in rows_of(PAPERS, {"items": [3, {"pages": 2}]})] == ["items[2].pages"]


def test_conditions_on_filed_answers_see_all_entries() -> None:
    filling = session()
    walk(filling, **TWO)
    stored = StoredAnswers(PAPERS, filling.answers(), date(2026, 11, 24))
    assert evaluate(parse("sum(${pages}) = 5 and count(${items}) = 2 and max(${pages}) = 3"), stored) is True
    assert evaluate(parse("${who} = 'Nông Thị Mẫu'"), stored) is True
    assert evaluate(parse("count(${note_text}) = 1"), stored) is True, "only one entry has a note"


def test_a_wrong_answer_of_one_entry_is_told_and_not_handed_over() -> None:
    filling = session()
    walk(filling, **TWO)
    problem = filling.put("items[2].pages", "0")
    assert problem is not None
    assert (problem.name, problem.message_vi) == ("items[2].pages", "Từ 1 trang.")
    assert [found.name for found in filling.problems()] == ["items[2].pages"]
    assert "pages" not in filling.answers()["items"][1]


def test_back_goes_through_the_entries_one_question_at_a_time() -> None:
    filling = session()
    asked = walk(filling, **TWO)
    backwards = []
    for _ in asked:
        filling.back()
        assert filling.current is not None
        backwards.append(filling.current.name)
    assert backwards == asked[::-1]


def test_a_number_of_entries_can_be_computed() -> None:
    of = form(
        row("integer", "n", "Mấy người?", required="yes"),
        row("begin repeat", "r", "Người", repeat_count="${n}", parameters="max=4"),
        row("text", "name", "Tên gì?"),
        row("end repeat"),
    )
    filling = session(of)
    assert walk(filling, n="2", r_1_name="Mẫu") == ["n", "r[1].name", "r[2].name"]
    assert filling.answers()["r"] == [{"name": "Mẫu"}]
    filling.put("n", "9")
    assert len(filling.repeats()[0].names) == 4
    filling.put("n", "0")
    assert filling.repeats() == ()
    assert "r" not in filling.answers()


def test_a_repeat_that_may_be_empty_asks_first() -> None:
    of = form(
        row("begin repeat", "r", "Con", k_more="Bà con khai một người con không?", parameters="min=0 max=2"),
        row("text", "name", "Tên gì?", required="yes"),
        row("end repeat"),
    )
    assert walk(session(of), r_0_more="no") == ["r[0]+"]
    filling = session(of)
    assert walk(filling, r_0_more="yes", r_1_name="Mẫu", r_1_more="no") == ["r[0]+", "r[1].name", "r[1]+"]
    filling.remove("r[1]")
    assert "r" not in filling.answers()
    assert filling.problems() == ()


def test_a_hidden_repeat_that_may_be_empty_does_not_ask_first() -> None:
    of = form(
        row("select_one yn", "any", "Có con không?", required="yes"),
        row("begin repeat", "r", "Con", k_more="Khai một người con không?", relevant="${any} = 'yes'", parameters="min=0"),
        row("text", "name", "Tên gì?"),
        row("end repeat"),
    )
    assert walk(session(of), any="no") == ["any"]
    assert walk(session(of), any="yes", r_0_more="no") == ["any", "r[0]+"]


def test_a_hidden_repeat_asks_nothing_and_hands_over_nothing() -> None:
    of = form(
        row("select_one yn", "any", "Có con không?", required="yes"),
        row("begin repeat", "r", "Con", k_more="Còn con nào không?", relevant="${any} = 'yes'"),
        row("text", "name", "Tên gì?"),
        row("end repeat"),
    )
    filling = session(of)
    assert walk(filling, any="no") == ["any"]
    assert filling.answers() == {"any": "no"}
    walk_again = [filling.put("any", "yes"), filling.put("r[1].name", "Mẫu"), filling.put("r[1]+", "no")]
    assert walk_again == [None, None, None]
    assert filling.answers()["r"] == [{"name": "Mẫu"}]
    filling.put("any", "no")
    assert (filling.answers(), filling.repeats()) == ({"any": "no"}, ())


@pytest.mark.parametrize(
    "name", ["pages", "items[0].pages", "items[4].pages", "items[1].who", "items[1]", "who[1].pages", "things[1]+"]
)
def test_a_name_of_no_place_in_the_form_is_a_mistake_of_the_program(name: str) -> None:
    with pytest.raises(KeyError):
        session().put(name, "1")
