"""A form session: the way through the questions, what is kept, what is asked only when needed, what is handed over."""

from __future__ import annotations

import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.session import FormSession, Problem, match_choices, rows_of
from forms.xlsform import Form, read_form

VI = "::Tiếng Việt (vi)"
FORM = read_form(f"""\
settings,form_title,form_id,version
settings,Thử,thu,1
survey,type,name,label{VI},k_short,required,relevant,constraint,constraint_message{VI},calculation,appearance,k_autofill,k_keep,k_as,k_pii
survey,begin group,p1,Phần 1
survey,select_one who,who,Ai nộp?,Người nộp,yes
survey,text,name,Tên là gì?,Tên,yes,,"regex(., '[^0-9]+')",Tên không có số.,,name,card.full_name,,,yes
survey,date,born,Sinh ngày nào?,Ngày sinh,yes,,. <= today(),Không thể sau hôm nay.,,,card.birth
survey,hidden,card_group,,,,,,,,,card.ethnicity,no
survey,end group
survey,begin group,p2,Phần 2
survey,text,mother,Tên mẹ là gì?,Tên mẹ,yes,,,,"if(${{who}} = 'mother', ${{name}}, '')",name
survey,select_one group,folk,Dân tộc nào?,Dân tộc,no,,,,"if(${{who}} = 'mother', ${{card_group}}, '')",search
survey,note,hello,Bà con chờ chút
survey,select_multiple things,things,Có giấy gì?,Giấy có,no
survey,integer,copies,Mấy bản?,Số bản,yes,"selected(${{things}}, 'copy')",. >= 1 and . <= 5,Từ 1 đến 5 bản.
survey,date,old,Năm sinh ông?,Năm sinh ông,no,,,,,partial-date
survey,calculate,born_words,,Ngày sinh bằng chữ,,,,,${{born}},,,,date_words
survey,acknowledge,pledge,Cam đoan?,,yes
survey,end group
choices,list_name,name,label{VI},k_hint
choices,who,mother,Mẹ
choices,who,other,Người khác
choices,group,02,Tày
choices,group,08,Hmông,"Mông, H'Mông"
choices,things,copy,Bản sao
choices,things,book,Sổ
""")
TODAY = date(2026, 11, 24)
CARD = {"card.full_name": "NÔNG THỊ MẪU", "card.birth": "1990-02-01", "card.ethnicity": "Mông", "card.number": "004190000001"}


def session(form: Form = FORM) -> FormSession:
    return FormSession(form, today=TODAY)


def current(filling: FormSession) -> str:
    return filling.current.name if filling.current else ""


def walk(filling: FormSession, **answers: str | list[str]) -> FormSession:
    """Answer question by question until the check page, as a person would."""
    while filling.current is not None:
        name = filling.current.name
        if name in answers:
            assert filling.put(name, answers[name]) is None, name
        filling.forward()
        assert filling.problem is None, filling.problem
    return filling


COMPLETE: dict[str, str | list[str]] = {
    "who": "other",
    "name": "Lý Văn Thử",
    "born": "1988-05-04",
    "mother": "Nông Thị Mẫu",
    "folk": "02",
    "things": ["copy"],
    "copies": "2",
    "old": "1958",
    "pledge": "yes",
}


def test_the_first_question_is_shown_with_its_section_and_place() -> None:
    filling = session()
    question = filling.current
    assert question is not None
    assert (question.name, question.type, question.section) == ("who", "select_one", "Phần 1")
    assert [choice.label for choice in question.choices] == ["Mẹ", "Người khác"]
    assert (filling.position().index, filling.position().section) == (1, "Phần 1")
    assert filling.position().count == len(filling.visible()) == 9


def test_forward_stays_while_an_answer_is_missing_and_says_what_to_do() -> None:
    filling = session()
    assert filling.forward() == filling.current
    assert filling.problem == Problem("who", "required", "Bà con chạm để chọn một ô.")
    filling.put("who", "other")
    filling.forward()
    assert (current(filling), filling.problem) == ("name", None)


def test_a_wrong_answer_is_kept_so_that_it_can_be_corrected() -> None:
    filling = session()
    assert filling.put("name", "Mẫu 2") == Problem("name", "constraint", "Tên không có số.")
    assert filling.value("name") == "Mẫu 2"
    assert "name" not in [row.name for row in filling.review() if row.text == ""]


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("born", "2026-11-25", "constraint"),
        ("born", "2026-02-30", "type"),
        ("born", "1990", "type"),
        ("who", "father", "type"),
        ("copies", "hai", "type"),
        ("copies", "6", "constraint"),
        ("things", ["copy", "car"], "type"),
        ("pledge", "no", "type"),
        ("mother", "x" * 501, "type"),
        ("born", "", "required"),
    ],
)
def test_a_wrong_answer_has_a_code_and_a_sentence(name: str, value: str | list[str], code: str) -> None:
    problem = session().put(name, value)
    assert problem is not None
    assert problem.code == code
    assert problem.message_vi


def test_a_partial_date_is_taken_where_the_form_allows_it() -> None:
    filling = session()
    assert filling.put("old", "1958") is None
    assert filling.put("old", "1958-03") is None
    assert filling.put("old", "1958-13") is not None


def test_answers_are_stored_in_one_normal_form() -> None:
    filling = session()
    filling.put("name", unicodedata.normalize("NFD", "  Nguyễn   Thị Mẫu "))
    assert filling.value("name") == "Nguyễn Thị Mẫu"


def test_a_name_that_is_no_question_is_a_mistake_of_the_program() -> None:
    filling = session()
    for name in ("nobody", "born_words", "card_group"):
        with pytest.raises(KeyError):
            filling.put(name, "x")
    with pytest.raises(KeyError):
        filling.value("nobody")
    with pytest.raises(KeyError):
        filling.go_to("nobody")


def test_a_question_comes_and_goes_with_its_condition_and_its_answer_is_kept_but_counts_for_nothing() -> None:
    filling = walk(session(), **COMPLETE)
    assert filling.answers()["copies"] == 2
    filling.put("things", ["book"])
    assert "copies" not in [question.name for question in filling.visible()]
    assert "copies" not in filling.answers()
    assert "copies" not in [row.name for row in filling.review()]
    filling.put("things", ["book", "copy"])
    assert filling.value("copies") == "2"
    assert filling.answers()["copies"] == 2


def test_what_the_card_knows_is_not_asked_but_shown() -> None:
    filling = session()
    assert filling.prefill(CARD) == 3
    assert [question.name for question in filling.visible()][:3] == ["who", "mother", "folk"]
    filling.put("who", "mother")
    assert [question.name for question in filling.visible()] == ["who", "hello", "things", "old", "pledge"]
    shown = {row.name: (row.text, row.computed) for row in filling.review()}
    assert shown["name"] == ("NÔNG THỊ MẪU", False)
    assert shown["mother"] == ("NÔNG THỊ MẪU", True)
    assert shown["folk"] == ("Hmông", True), "«Mông» on the card is found among the spellings of the choice"


def test_facts_used_on_the_way_are_not_handed_over() -> None:
    filling = session()
    filling.prefill(CARD)
    filling.put("who", "mother")
    assert "card_group" not in filling.answers()
    assert filling.answers()["folk"] == "08"


def test_a_card_never_overwrites_what_a_person_wrote() -> None:
    filling = session()
    filling.put("name", "Lý Văn Thử")
    assert filling.prefill(CARD) == 2
    assert filling.value("name") == "Lý Văn Thử"


def test_a_second_card_replaces_the_first_ones_facts() -> None:
    filling = session()
    filling.prefill(CARD)
    assert filling.prefill({"card.full_name": "HOÀNG VĂN THỬ"}) == 1
    assert filling.value("name") == "HOÀNG VĂN THỬ"


def test_what_a_second_card_does_not_know_is_asked_and_never_the_first_ones() -> None:
    filling = session()
    filling.prefill(CARD)
    filling.prefill({**dict.fromkeys(CARD, ""), "card.birth": "1985-05-05"})
    assert (filling.value("name"), filling.value("card_group"), filling.value("born")) == (None, None, "1985-05-05")
    assert "name" in [question.name for question in filling.visible()]


def test_an_empty_fact_takes_no_answer_by_hand_and_nothing_it_does_not_name() -> None:
    filling = session()
    filling.put("name", "Lý Văn Thử")
    filling.prefill({"card.birth": "1985-05-05"})
    filling.prefill({"card.full_name": "", "card.ethnicity": ""})
    assert (filling.value("name"), filling.value("born")) == ("Lý Văn Thử", "1985-05-05")


def test_a_fact_that_does_not_fit_is_left_out_and_asked() -> None:
    filling = session()
    assert filling.prefill({"card.birth": "1990", "card.full_name": "Mẫu 2"}) == 0
    assert {"name", "born"} <= {question.name for question in filling.visible()}


def test_a_card_laid_in_the_middle_moves_on_from_an_answered_question() -> None:
    filling = session()
    filling.put("who", "other")
    filling.forward()
    assert current(filling) == "name"
    filling.prefill(CARD)
    assert current(filling) == "mother"


def test_a_question_answered_from_elsewhere_is_left() -> None:
    filling = session()
    filling.go_to("mother")
    filling.put("who", "mother")
    assert current(filling) == "mother", "her name is not known yet"
    filling.put("name", "Nông Thị Mẫu")
    assert current(filling) == "folk"


def test_an_answer_of_the_wrong_kind_counts_for_nothing_until_it_is_corrected() -> None:
    filling = session()
    filling.put("who", "nobody")
    filling.put("born", "1990-02-30")
    assert filling.value("born") == "1990-02-30"
    assert {row.text for row in filling.review() if row.name in ("who", "born", "born_words")} == {""}


def test_back_goes_one_by_one_to_the_first_and_stays_there() -> None:
    filling = walk(session(), **COMPLETE)
    names = [question.name for question in filling.visible()]
    seen = []
    for _ in range(len(names)):
        filling.back()
        seen.append(current(filling))
    assert seen == names[::-1]
    filling.back()
    assert current(filling) == names[0]


def test_a_change_from_the_check_page_returns_there() -> None:
    filling = walk(session(), **COMPLETE)
    filling.go_to("name")
    assert filling.changing
    filling.put("name", "Bế Văn Thử")
    assert filling.forward() is None
    assert (current(filling), filling.changing) == ("", False)
    assert filling.answers()["name"] == "Bế Văn Thử"


def test_back_from_a_change_returns_to_the_check_page_too() -> None:
    filling = walk(session(), **COMPLETE)
    filling.go_to("born")
    assert filling.back() is None
    assert not filling.changing


def test_a_change_that_opens_new_questions_asks_them_even_when_they_may_be_skipped() -> None:
    filling = session()
    filling.prefill(CARD)
    walk(filling, **{**COMPLETE, "who": "mother"})
    filling.go_to("who")
    filling.put("who", "other")
    filling.forward()
    assert current(filling) == "mother"
    filling.put("mother", "Nông Thị Mẫu")
    filling.forward()
    assert current(filling) == "folk", "not required, but never shown before"
    assert filling.forward() is None


def test_a_card_answer_can_be_changed_from_the_check_page() -> None:
    filling = session()
    filling.prefill(CARD)
    walk(filling, **{**COMPLETE, "who": "mother"})
    filling.go_to("name")
    assert current(filling) == "name"
    filling.put("name", "Nông Thị Khác")
    assert filling.forward() is None
    assert filling.answers()["mother"] == "Nông Thị Khác"


def test_changing_a_computed_row_opens_the_question_it_comes_from() -> None:
    filling = session()
    filling.prefill(CARD)
    walk(filling, **{**COMPLETE, "who": "mother"})
    filling.go_to("mother")
    assert current(filling) == "name"
    filling.back()
    filling.go_to("born_words")
    assert current(filling) == "born"


def test_a_problem_hidden_by_a_change_is_asked_before_the_check_page() -> None:
    filling = walk(session(), **COMPLETE)
    filling.go_to("things")
    filling.put("things", ["copy"])
    filling.put("copies", "9")
    filling.forward()
    assert current(filling) == "copies"
    filling.forward()
    assert filling.problem is not None
    filling.put("copies", "3")
    assert filling.forward() is None


def test_problems_are_listed_in_order_and_none_is_left_at_the_end() -> None:
    filling = session()
    assert [problem.name for problem in filling.problems()] == ["who", "name", "born", "mother", "pledge"]
    assert walk(filling, **COMPLETE).problems() == ()


def test_only_sound_relevant_values_are_handed_over() -> None:
    assert walk(session(), **COMPLETE).answers() == {
        "who": "other",
        "name": "Lý Văn Thử",
        "born": "1988-05-04",
        "mother": "Nông Thị Mẫu",
        "folk": "02",
        "things": ["copy"],
        "copies": 2,
        "old": "1958",
        "born_words": "Ngày bốn, tháng năm, năm một nghìn chín trăm tám mươi tám",
        "pledge": "yes",
    }


def test_the_check_page_shows_short_names_labels_of_choices_and_skipped_questions() -> None:
    filling = walk(session(), **{name: value for name, value in COMPLETE.items() if name != "old"})
    rows = {row.label: row.text for row in filling.review()}
    assert rows["Người nộp"] == "Người khác"
    assert rows["Ngày sinh"] == "04/05/1988"
    assert rows["Giấy có"] == "Bản sao"
    assert rows["Năm sinh ông"] == ""
    assert [row.pii for row in filling.review() if row.name == "name"] == [True]


def test_a_filed_dossier_is_shown_as_on_the_check_page() -> None:
    filling = walk(session(), **COMPLETE)
    stored = rows_of(FORM, {**filling.answers(), "unknown_of_a_newer_form": "x"})
    assert [(row.name, row.text) for row in stored] == [(row.name, row.text) for row in filling.review()]


def test_choices_are_searched_by_the_beginning_of_a_word_without_accents() -> None:
    choices = FORM.item("folk").choices
    assert [choice.name for choice in match_choices(choices, "MO")] == ["08"]
    assert [choice.name for choice in match_choices(choices, "hm")] == ["08"]
    assert [choice.name for choice in match_choices(choices, "tay")] == ["02"]
    assert match_choices(choices, " ") == choices
    assert match_choices(choices, "ay") == ()


_acts = st.lists(
    st.one_of(
        st.just(("back", "", "")),
        st.just(("forward", "", "")),
        st.tuples(st.just("go_to"), st.sampled_from([item.name for item in FORM.items]), st.just("")),
        st.tuples(
            st.just("put"),
            st.sampled_from([item.name for item in FORM.items if item.asked and item.type != "select_multiple"]),
            st.sampled_from(["mother", "other", "02", "Mẫu", "1990-02-01", "2", "9", "yes", "1958", "", "x y"]),
        ),
        st.just(("prefill", "", "")),
    ),
    max_size=40,
)


@given(_acts)
def test_no_way_through_the_form_loses_an_answer_or_hands_over_a_wrong_one(acts: list[tuple[str, str, str]]) -> None:
    filling = session()
    written: dict[str, str] = {}
    for act, name, value in acts:
        if act == "put":
            filling.put(name, value)
            written[name] = value
        elif act == "go_to":
            filling.go_to(name)
        elif act == "prefill":
            filling.prefill(CARD)
        else:
            getattr(filling, act)()
        for wrote, text in written.items():
            kept = filling.value(wrote) or ""
            computed = any(row.name == wrote and row.computed for row in filling.review())
            filled_in = not text and kept in CARD.values()
            assert kept == text or computed or filled_in, (act, name, wrote)
        asked = [question.name for question in filling.visible()]
        assert filling.current is None or filling.current.name in asked
    handed = filling.answers()
    assert handed.get("who", "mother") in ("mother", "other")
    assert handed.get("copies", 2) == 2, "9 is out of range, words are no number"
    assert handed.get("born", "1990-02-01") == "1990-02-01"
    assert handed.get("name", "Mẫu") not in ("9", "2", "1990-02-01", "1958")


def test_letters_no_paper_can_carry_are_refused_and_never_handed_over() -> None:
    filling = walk(session(), who="other", name="Lò Văn Mẫu", born="1990-02-01", mother="Lò Thị Mẫu", pledge="yes")
    problem = filling.put("mother", "Lò 中 Mẫu")
    assert problem is not None
    assert (problem.code, "«中»" in problem.message_vi) == ("type", True)
    assert filling.problems()
    assert "mother" not in filling.answers()
    assert filling.put("mother", "Lò Jöw Fệ Zô") is None


def test_a_name_no_paper_can_carry_on_a_card_is_asked_and_the_first_cards_name_is_gone() -> None:
    filling = session()
    filling.prefill(CARD)
    filling.prefill({"card.full_name": "NÔNG 中 MẪU", "card.ethnicity": "ꪁ", "card.birth": "1991-02-01"})
    assert "name" in [question.name for question in filling.visible()]
    assert filling.value("name") is None
    assert filling.value("card_group") is None
    assert filling.value("born") == "1991-02-01"
