"""One question at a time: errors that help, ways back that lose nothing, ways around that lead to a person."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.viewmodels.asking import Asking, grouped
from kiosk.viewmodels.card import CardChoice
from kiosk.viewmodels.check import Check
from tests.kiosk.viewmodels.house import House, reply


@pytest.fixture
def house() -> House:
    return House()


def test_an_empty_required_answer_stays_and_says_what_to_do(house: House) -> None:
    page = house.ask("child_name")
    page.typing.clear()
    page.next()
    assert house.screen is page
    assert page.problem is not None
    assert page.problem.code == "required"
    assert page.problem.message_vi


def test_the_error_goes_away_with_the_next_key(house: House) -> None:
    page = house.ask("child_name")
    page.typing.clear()
    page.next()
    page.typing.press("n")
    assert page.problem is None


def test_a_wrong_answer_is_kept_so_that_it_can_be_corrected(house: House) -> None:
    page = house.ask("child_name")
    page.typing.clear()
    page.typing.type("Nông 2")
    page.next()
    assert page.problem is not None
    assert page.problem.code == "constraint"
    assert page.typing.text == "Nông 2"


def test_going_on_and_back_keeps_the_answer(house: House) -> None:
    page = house.ask("child_name")
    reply(page)
    page.next()
    assert house.screen.question.name == "child_dob"
    house.screen.back()
    assert house.screen.question.name == "child_name"
    assert house.screen.typing.text == "Nông Thị Mẫu"


def test_back_from_the_first_question_leads_to_the_card_and_forward_again_to_the_answers(house: House) -> None:
    page = house.ask("req_relation")
    page.choose("father")
    page.back()
    assert isinstance(house.screen, CardChoice)
    house.screen.without()
    assert house.screen.chosen == ["father"]  # type: ignore[attr-defined]


def test_back_to_the_services_and_in_again_goes_on_where_it_was(house: House) -> None:
    page = house.ask("child_name")
    reply(page)
    page.back()
    first = house.screen.filing
    house.kiosk.show(CardChoice(house.kiosk, first))
    house.screen.back()
    house.screen.choose(first.procedure.code)
    assert house.screen.filing is first
    assert first.session.value("child_name") == "Nông Thị Mẫu"


def test_an_optional_question_can_be_skipped_and_a_required_one_cannot(house: House) -> None:
    page = house.ask("mc_no")
    assert page.can_skip
    page.typing.type("12")
    page.skip()
    assert page.filing.session.value("mc_no") is None
    assert not house.ask("child_name").can_skip


def test_what_is_written_has_the_form_the_type_wants(house: House) -> None:
    page = house.ask("child_dob")
    assert page.entry is not None
    page.entry.type("15112026")
    page.next()
    assert page.filing.session.value("child_dob") == "2026-11-15"


def test_a_partial_date_is_kept_as_partial(house: House) -> None:
    page = house.ask("father_dob")
    page.entry.choose("year")
    page.entry.type("1995")
    page.next()
    assert page.filing.session.value("father_dob") == "1995"


def test_a_date_half_written_is_refused_with_a_sentence(house: House) -> None:
    page = house.ask("child_dob")
    page.entry.type("1511")
    page.next()
    assert page.problem is not None
    assert house.screen is page


def test_a_long_list_is_searched_by_first_letters_without_accents(house: House) -> None:
    page = house.ask("father_ethnic")
    assert page.search is not None
    page.search.type("nun")
    assert [choice.label for choice in page.choices] == ["Nùng"]
    page.choose(page.choices[0].name)
    page.next()
    assert page.filing.session.value("father_ethnic") == "07"


def test_a_short_choice_needs_an_answer(house: House) -> None:
    page = house.ask("child_sex")
    page.next()
    assert page.problem is not None
    page.choose("nu")
    assert page.problem is None
    page.next()
    assert house.screen.question.name == "birth_kind"


def test_a_number_written_before_is_masked_until_the_eye_or_a_key(house: House) -> None:
    page = house.ask("father_number")
    page.typing.type("004095000001")
    page.next()
    house.screen.back()
    page = house.screen
    assert page.shown_number == "●●●●●●●●0001"
    page.show_number()
    assert page.shown_number == "004 095 000 001"
    house.clock.advance(5)
    assert page.shown_number == "●●●●●●●●0001"
    page.typing.delete()
    assert page.shown_number == "004 095 000 00"


def test_the_card_can_answer_where_it_knows_and_none_was_read(house: House) -> None:
    page = house.ask("req_name", card=None)
    assert page.can_read_card
    page.typing.clear()
    page.typing.type("Lý Thị")
    page.read_card()
    assert isinstance(house.screen, CardChoice)
    assert page.filing.session.value("req_name") == "Lý Thị"
    assert not house.ask("child_name").can_read_card


def test_hmong_and_dao_letters_are_not_turned_into_vietnamese(house: House) -> None:
    house.kiosk.set_language("hmv")
    page = house.ask("child_name")
    page.typing.clear()
    page.typing.type("Hmoob")
    assert page.typing.text == "Hmoob"


def test_changing_an_answer_from_the_check_page_returns_there(house: House) -> None:
    check = house.check()
    check.change("child_name")
    page = house.screen
    assert isinstance(page, Asking)
    assert page.changing
    page.typing.clear()
    page.typing.type("Nông Văn Mẫu")
    page.next()
    assert isinstance(house.screen, Check)
    assert any(line.text == "Nông Văn Mẫu" for line in house.screen.lines)


def test_numbers_are_shown_in_groups_of_three() -> None:
    assert grouped("0041980") == "004 198 0"


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(["next", "back", "write"]), max_size=25))
def test_no_walk_back_and_forth_loses_an_answer(steps: list[str]) -> None:
    house = House()
    house.ask("child_name")
    given_answers: dict[str, object] = {}
    for step in steps:
        page = house.screen
        if not isinstance(page, Asking):
            break
        name, session = page.question.name, page.filing.session
        if step == "write":
            reply(page)
        elif step == "next":
            reply(page)
            page.next()
            given_answers[name] = session.value(name)
        else:
            page.back()
            given_answers.setdefault(name, session.value(name))
        for answered, value in given_answers.items():
            if value:
                assert session.value(answered) == value
