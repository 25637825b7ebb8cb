"""Kinds of questions beyond plain text: decimals, papers, signatures, filtered choices, defaults, kept values, other languages."""

from __future__ import annotations

from datetime import date

import pytest

from forms.session import FormSession
from forms.xlsform import Form
from tests.forms.tables import LABEL, form, row

EN = "label::English (en)"


def session(*rows: dict[str, str], of: Form | None = None) -> FormSession:
    return FormSession(of or form(*rows), today=date(2026, 11, 24))


def names(filling: FormSession) -> list[str]:
    return [question.name for question in filling.visible()]


# --- decimals, barcodes, phones


@pytest.mark.parametrize(
    ("written", "stored"), [("2,5", "2.5"), ("2.5", "2.5"), ("1.234,5", "1234.5"), ("1 234", "1234"), ("7", "7")]
)
def test_a_decimal_is_written_with_a_comma_and_kept_with_a_point(written: str, stored: str) -> None:
    filling = session(row("decimal", "area", "Rộng mấy mét vuông?"), row("calculate", "twice", calculation="${area} * 2"))
    assert filling.put("area", written) is None
    assert filling.answers()["area"] == stored
    assert filling.review()[0].text == stored.replace(".", ",")


@pytest.mark.parametrize("wrong", ["hai", "2,5,1", "-3", "1e5", "1234567890", ","])
def test_what_is_no_decimal_is_refused(wrong: str) -> None:
    assert session(row("decimal", "area", "Rộng mấy mét vuông?")).put("area", wrong) is not None


def test_a_scanned_code_is_text_and_a_phone_loses_its_spaces() -> None:
    filling = session(row("barcode", "code", "Đưa mã vào đây"), row("text", "phone", "Số điện thoại?", appearance="phone"))
    filling.put("code", "G01.2-X")
    filling.put("phone", "0912 345.678")
    assert filling.answers() == {"code": "G01.2-X", "phone": "0912345678"}


# --- papers and signatures


@pytest.mark.parametrize(
    ("value", "text"), [("counter", "Có, nộp tại quầy"), ("none", "Không có"), ("blob:" + "0f" * 32, "Đã chụp")]
)
def test_a_paper_is_at_the_counter_or_not_there_or_in_a_picture(value: str, text: str) -> None:
    filling = session(row("image", "paper", "Có giấy chứng sinh không?"))
    assert filling.current is not None
    assert [choice.name for choice in filling.current.choices] == ["counter", "none"]
    assert filling.put("paper", value) is None
    assert (filling.answers()["paper"], filling.review()[0].text) == (value, text)


def test_a_paper_that_must_be_there_cannot_be_missing() -> None:
    filling = session(row("file", "paper", "Có giấy ủy quyền không?", required="yes"))
    assert filling.current is not None
    assert [choice.name for choice in filling.current.choices] == ["counter"]
    assert filling.put("paper", "none") is not None
    assert filling.put("paper", "counter") is None


@pytest.mark.parametrize("wrong", ["yes", "blob:", "blob:../x", "Có"])
def test_a_paper_is_nowhere_else(wrong: str) -> None:
    assert session(row("image", "paper", "Có giấy không?")).put("paper", wrong) is not None


def test_a_signature_is_made_on_paper_and_never_asked() -> None:
    filling = session(row("text", "name", "Tên gì?"), row("image", "sign", "Ký tên", appearance="signature", required="yes"))
    assert names(filling) == ["name"]
    assert (filling.answers(), filling.problems()) == ({"sign": "paper"}, ())
    with pytest.raises(KeyError):
        filling.put("sign", "paper")


def test_an_answer_to_a_hidden_choice_is_judged_by_the_whole_list() -> None:
    filling = session(row("text", "a", "Tên gì?"), row("select_one yn", "b", "Có không?", relevant="${a} != ''"))
    assert filling.put("b", "yes") is None
    assert filling.put("b", "maybe") is not None


# --- choice filters

PLACES = form(
    row("select_one province", "province", "Tỉnh nào?"),
    row("select_one_from_file communes.csv", "commune", "Xã nào?", required="yes", choice_filter="province = ${province}"),
    choices=[{"list_name": "province", "name": name, LABEL: name.upper()} for name in ("cb", "ls", "hg")],
    lists={
        "communes.csv": f"name,{LABEL},k_hint,k_icon,province\n# Cao Bằng\n04001,Xã Mẫu,Cũ: xã Thử,,cb\n"
        "04002,Xã Thử,,,cb\n20001,Xã Ví Dụ,,home,ls\n"
    },
)


def test_only_choices_that_pass_the_filter_are_offered() -> None:
    filling = session(of=PLACES)
    filling.put("province", "cb")
    assert [choice.label for choice in filling.visible()[1].choices] == ["Xã Mẫu", "Xã Thử"]
    filling.put("province", "ls")
    assert [(choice.name, choice.icon) for choice in filling.visible()[1].choices] == [("20001", "home")]


def test_an_answer_that_no_longer_passes_the_filter_is_a_problem_and_counts_for_nothing_until_it_passes_again() -> None:
    filling = session(of=PLACES)
    filling.put("province", "cb")
    filling.put("commune", "04001")
    filling.put("province", "ls")
    assert [problem.name for problem in filling.problems()] == ["commune"]
    assert filling.answers() == {"province": "ls"}
    filling.put("province", "cb")
    assert filling.answers() == {"province": "cb", "commune": "04001"}


def test_a_question_for_which_no_choice_is_left_is_not_asked() -> None:
    filling = session(of=PLACES)
    filling.put("province", "hg")
    assert (names(filling), filling.problems()) == (["province"], ())


def test_a_stored_answer_shows_its_label_whatever_the_filter() -> None:
    assert PLACES.item("commune").choice("20001") is not None


# --- defaults


def test_a_default_stands_in_the_field_and_is_asked_all_the_same() -> None:
    filling = session(row("integer", "copies", "Mấy bản?", default="2", required="yes"))
    assert names(filling) == ["copies"]
    assert (filling.value("copies"), filling.answers(), filling.problems()) == ("2", {"copies": 2}, ())


def test_a_default_taken_away_stays_away() -> None:
    filling = session(row("integer", "copies", "Mấy bản?", default="2"))
    filling.put("copies", "")
    filling.forward()
    assert (filling.value("copies"), filling.answers()) == (None, {})


def test_a_computed_default_follows_its_source_until_it_is_passed() -> None:
    filling = session(row("text", "a", "Tên gì?"), row("text", "b", "Tên ai?", default="concat('Ông ', ${a})"))
    filling.put("a", "Mẫu")
    assert filling.value("b") == "Ông Mẫu"
    filling.forward()
    filling.forward()
    filling.put("a", "Thử")
    assert filling.value("b") == "Ông Mẫu"


def test_a_card_replaces_a_default() -> None:
    filling = session(row("text", "nation", "Quốc tịch?", default="Việt Nam", k_autofill="card.nationality"))
    filling.prefill({"card.nationality": "Lào"})
    assert filling.value("nation") == "Lào"


def test_several_choices_can_be_a_default() -> None:
    filling = session(row("select_multiple yn", "both", "Chọn gì?", default="yes no"))
    assert filling.value("both") == ["yes", "no"]
    assert filling.answers() == {"both": ["yes", "no"]}


# --- once


def test_once_keeps_its_first_value() -> None:
    filling = session(row("text", "a", "Tên gì?"), row("calculate", "first", calculation="once(${a})"))
    assert "first" not in filling.answers()
    filling.put("a", "Mẫu")
    filling.put("a", "Thử")
    assert filling.answers() == {"a": "Thử", "first": "Mẫu"}


# --- answers inside questions, other languages

TALK = form(
    row("select_one who", "who", "Ai nộp?", **{EN: "Who files?", "k_short": "Người nộp"}),
    row("begin group", "g", "Phần hai", **{EN: "Part two"}),
    row(
        "integer", "n", "Mấy bản cho ${who}?", **{EN: "How many copies for ${who}?"}, constraint=". > 0", constraint_message="Từ 1."
    )
    | {"constraint_message::English (en)": "At least 1.", "hint::Tiếng Việt (vi)": "Ví dụ: 2."},
    row("end group"),
    choices=[
        {"list_name": "who", "name": "mother", LABEL: "Mẹ", EN: "Mother", "k_hint": "Mẹ đẻ", "k_hint::English (en)": "By birth"},
        {"list_name": "who", "name": "father", LABEL: "Cha"},
    ],
)


def test_a_question_shows_an_earlier_answer_by_its_label() -> None:
    filling = session(of=TALK)
    filling.put("who", "mother")
    assert filling.visible()[1].label == "Mấy bản cho Mẹ?"


def test_texts_are_in_the_chosen_language_and_in_vietnamese_where_it_has_none() -> None:
    filling = session(of=TALK)
    filling.language = "en"
    filling.put("who", "mother")
    who, number = filling.visible()
    assert (who.label, [(choice.label, choice.hint) for choice in who.choices]) == (
        "Who files?",
        [("Mother", "By birth"), ("Cha", "")],
    )
    assert (number.label, number.hint, number.section) == ("How many copies for Mother?", "Ví dụ: 2.", "Part two")
    assert [(r.label, r.text) for r in filling.review()] == [("Who files?", "Mother"), ("How many copies for Mother?", "")]


def test_a_problem_is_told_in_the_chosen_language_where_the_author_wrote_it() -> None:
    filling = session(of=TALK)
    filling.language = "en"
    problem = filling.put("n", "0")
    assert problem is not None
    assert (problem.message_vi, filling.message(problem)) == ("Từ 1.", "At least 1.")
    wrong = filling.put("n", "x")
    assert wrong is not None
    assert filling.message(wrong) == wrong.message_vi


def test_the_languages_of_a_form_are_known() -> None:
    assert TALK.languages == ("vi", "en")
