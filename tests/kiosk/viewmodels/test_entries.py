"""Entries of a repeat on the check page: each with its title, one more with a touch, one taken away only when it is meant."""

from __future__ import annotations

import pytest

from kiosk.viewmodels.asking import Asking, Removal
from kiosk.viewmodels.check import Adding, Check, Line
from tests.kiosk.services_twin import CERTIFIED
from tests.kiosk.viewmodels.house import House, reply


@pytest.fixture
def house() -> House:
    return House()


def entries(check: Check) -> list[str]:
    """Titles of the entries in the order of the page."""
    return list(dict.fromkeys(line.entry for line in check.lines if line.entry))


def open_entry(house: House, number: int) -> Asking:
    """A question of an entry, opened from the check page."""
    house.check(CERTIFIED).change(f"items[{number}].pages")
    assert isinstance(house.screen, Asking)
    return house.screen


def test_every_entry_has_its_own_title(house: House) -> None:
    assert entries(house.check(CERTIFIED)) == ["Giấy tờ 1", "Giấy tờ 2"]


def test_the_row_that_adds_one_stands_right_after_the_last_entry(house: House) -> None:
    check = house.check(CERTIFIED)
    place = next(place for place, row in enumerate(check.rows) if isinstance(row, Adding))
    before, after = check.rows[place - 1], check.rows[place + 1]
    assert isinstance(before, Line)
    assert before.entry == "Giấy tờ 2"
    assert isinstance(after, Line)
    assert not after.entry


def test_a_form_without_repeats_has_no_such_row(house: House) -> None:
    check = house.check()
    assert list(check.rows) == list(check.lines)


def test_one_more_entry_is_asked_for_and_leads_back_to_the_check_page(house: House) -> None:
    check = house.check(CERTIFIED)
    check.change(next(row.name for row in check.rows if isinstance(row, Adding)))
    assert house.screen.question.name == "items[2]+"
    house.screen.choose("yes")
    house.screen.next()
    assert house.screen.question.entry == "items[3]"
    for _ in range(20):
        if isinstance(house.screen, Check):
            break
        reply(house.screen)
        house.screen.next()
    assert entries(house.screen) == ["Giấy tờ 1", "Giấy tờ 2", "Giấy tờ 3"]
    assert not house.screen.session.problems()


def test_touching_that_row_and_going_back_changes_nothing(house: House) -> None:
    check = house.check(CERTIFIED)
    before = check.lines
    check.change(next(row.name for row in check.rows if isinstance(row, Adding)))
    house.screen.back()
    assert isinstance(house.screen, Check)
    assert house.screen.lines == before


def test_an_entry_goes_only_after_a_second_touch(house: House) -> None:
    page = open_entry(house, 1)
    page.ask_removal()
    overlay = house.kiosk.overlay
    assert isinstance(overlay, Removal)
    assert overlay.what == "Giấy tờ 1"
    overlay.keep()
    assert house.screen is page
    assert len(page.session.repeats()[0].names) == 2


@pytest.mark.parametrize("gone", [1, 2])
def test_what_belongs_to_the_others_stays_when_an_entry_goes(house: House, gone: int) -> None:
    stays = 3 - gone
    filing = house.check(CERTIFIED).filing
    filing.session.put(f"items[{stays}].pages", "7")
    house.screen.change(f"items[{gone}].pages")
    house.screen.ask_removal()
    house.kiosk.overlay.remove()
    assert isinstance(house.screen, Check)
    assert house.kiosk.overlay is None
    assert entries(house.screen) == ["Giấy tờ 1"]
    assert filing.session.value("items[1].pages") == "7"
    assert not filing.session.problems()


def test_the_only_entry_of_a_repeat_that_needs_one_cannot_be_taken_away(house: House) -> None:
    page = open_entry(house, 2)
    page.remove()
    house.screen.change("items[1].pages")
    assert house.screen.removable == ""


def test_nothing_is_offered_to_be_taken_away_outside_a_repeat_or_on_the_way_there(house: House) -> None:
    assert house.ask("items[2].pages", code=CERTIFIED).removable == ""
    house.check(CERTIFIED).change("req_phone")
    assert house.screen.removable == ""


def test_a_private_answer_of_an_entry_is_not_read_aloud(house: House) -> None:
    check = house.check(CERTIFIED)
    check.fit(99)
    aloud = " ".join(check.spoken())
    assert "Giấy tờ 2 Số trang: 2" in aloud
    assert any(line.text == "LÝ THỊ MẪU" for line in check.lines)
    assert "LÝ THỊ MẪU" not in aloud
