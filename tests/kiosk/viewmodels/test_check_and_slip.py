"""Reading before submitting, saving once, the slip that clears itself, the look-up."""

from __future__ import annotations

import pytest

from devices.idcard.facts import CardPerson, Proof
from kiosk.services import Identified, Refused
from kiosk.viewmodels.asking import Asking
from kiosk.viewmodels.attract import Attract
from kiosk.viewmodels.check import Check, Saving
from kiosk.viewmodels.filing import Filing
from kiosk.viewmodels.find import Find
from kiosk.viewmodels.services import ServiceList, Stopped
from kiosk.viewmodels.slip import Slip
from tests.kiosk.services_twin import BIRTH
from tests.kiosk.viewmodels.house import MOTHER, House


@pytest.fixture
def house() -> House:
    return House()


def filed(house: House) -> Slip:
    check = house.check()
    check.filing.read_through = True
    check.submit()
    house.clock.advance(0.2)
    assert isinstance(house.screen, Slip)
    return house.screen


# --- check -------------------------------------------------------------------------------------------------------------


def test_all_pages_are_read_once_before_the_main_button_files(house: House) -> None:
    check = house.check()
    check.fit(5)
    assert check.pages > 1
    assert not check.may_submit
    seen = list(check.visible)
    while not check.may_submit:
        check.go_on()
        seen += check.visible
    assert [line.name for line in seen] == [line.name for line in check.lines]
    check.turn(-1)
    assert check.may_submit


def test_identity_numbers_are_masked_and_the_eye_shows_one_for_five_seconds(house: House) -> None:
    check = house.check()
    line = next(line for line in check.lines if line.secret)
    assert line.text.startswith("●")
    check.reveal(line.name)
    shown = {one.name: one for one in check.lines}
    assert shown[line.name].text.isdigit()
    assert [one.name for one in check.lines if one.secret and one.shown] == [line.name]
    house.clock.advance(5)
    assert all(not one.shown for one in check.lines if one.secret)


def test_a_missing_answer_is_shown_and_submitting_leads_to_it(house: House) -> None:
    check = house.check()
    check.filing.session.put("child_sex", "")
    assert [line.name for line in check.wrong] == ["child_sex"]
    check.submit()
    assert isinstance(house.screen, Asking)
    assert house.screen.question.name == "child_sex"


def test_after_changing_an_answer_the_same_page_of_rows_comes_back(house: House) -> None:
    check = house.check()
    check.fit(5)
    check.turn(2)
    name = check.visible[0].name
    check.change(name)
    if isinstance(house.screen, Asking):
        house.screen.back()
    assert isinstance(house.screen, Check)
    house.screen.fit(5)
    assert house.screen.page == 2


def test_papers_to_bring_follow_the_answers(house: House) -> None:
    assert any("chứng sinh" in component.name_vi for component in house.check().to_bring)


# --- saving ------------------------------------------------------------------------------------------------------------


def test_saving_is_shown_first_and_files_exactly_once(house: House) -> None:
    check = house.check()
    check.submit()
    assert isinstance(house.screen, Saving)
    house.clock.advance(10)
    assert len(house.services.filings) == 1
    assert house.services.filings[0][1] is not None


def test_a_refusal_while_saving_says_the_cure_and_loses_nothing(house: House) -> None:
    check = house.check()
    filing = check.filing
    house.services.refuse_filing = Refused("disk_full", "Máy đầy bộ nhớ.", "Cán bộ dọn bớt.")
    check.submit()
    house.clock.advance(1)
    stopped = house.screen
    assert isinstance(stopped, Stopped)
    assert stopped.refused.code == "disk_full"
    stopped.back()
    assert isinstance(house.screen, Check)
    assert house.screen.filing is filing
    house.services.refuse_filing = None
    house.screen.submit()
    house.clock.advance(1)
    assert isinstance(house.screen, Slip)


# --- slip --------------------------------------------------------------------------------------------------------------


def test_the_slip_screen_clears_itself_after_forty_five_seconds(house: House) -> None:
    slip = filed(house)
    assert slip.left == 45
    house.clock.advance(44)
    assert isinstance(house.screen, Slip)
    house.clock.advance(1.1)
    assert isinstance(house.screen, Attract)


def test_a_touch_gives_a_minute_more(house: House) -> None:
    slip = filed(house)
    house.clock.advance(40)
    house.kiosk.touched()
    assert slip.left == 60
    house.clock.advance(59)
    assert isinstance(house.screen, Slip)


def test_the_print_state_is_followed_until_the_paper_is_there(house: House) -> None:
    slip = filed(house)
    assert slip.paper.state == "queued"
    house.clock.advance(1)
    assert slip.paper.state == "printing"
    house.clock.advance(2)
    assert slip.paper.state == "printed"
    assert slip.can_reprint


def test_an_uncertain_print_is_asked_about_and_yes_ends_it(house: House) -> None:
    house.services.uncertain_next = True
    slip = filed(house)
    house.clock.advance(4)
    assert slip.asks
    slip.came_out(True)
    assert not slip.asks
    assert house.services.answered == [(1, True)]
    assert len(house.services.jobs) == 1


def test_no_to_an_uncertain_print_queues_one_marked_copy(house: House) -> None:
    house.services.uncertain_next = True
    slip = filed(house)
    house.clock.advance(4)
    slip.came_out(False)
    house.clock.advance(4)
    assert slip.paper.state == "printed"
    assert len(house.services.jobs) == 2


def test_the_question_gives_time_to_be_answered(house: House) -> None:
    house.services.uncertain_next = True
    house.services.print_seconds = 44.0
    slip = filed(house)
    house.clock.advance(44.5)
    assert slip.asks
    assert slip.left >= 44


def test_without_paper_the_filing_stands_and_the_cure_is_told(house: House) -> None:
    house.services.paper_out = True
    slip = filed(house)
    house.clock.advance(3)
    assert slip.paper.state == "queued"
    assert slip.paper.cure_vi
    assert not slip.can_reprint


def test_printing_again_is_one_copy_at_a_time(house: House) -> None:
    slip = filed(house)
    house.clock.advance(4)
    slip.print_again()
    slip.print_again()
    assert len(house.services.jobs) == 2


def test_another_job_forgets_this_one_but_keeps_language_and_letters(house: House) -> None:
    house.kiosk.set_language("en")
    house.kiosk.toggle_large()
    filed(house).another()
    assert isinstance(house.screen, ServiceList)
    assert (house.kiosk.language, house.kiosk.large) == ("en", True)
    assert house.screen.filing is None
    assert house.kiosk.wiped == 1


def test_neither_due_time_nor_official_code_stands_on_the_slip(house: House) -> None:
    slip = filed(house)
    assert slip.filed is not None
    assert slip.filed.code.startswith("TAM-")
    assert "Hẹn" not in slip.filed.filed_vi


# --- look-up -----------------------------------------------------------------------------------------------------------


def test_a_dossier_is_found_by_its_code_and_shows_no_name(house: House) -> None:
    code = house.services.put().code
    house.kiosk.show(Find(house.kiosk))
    house.screen.typing.replace(code.lower())
    house.screen.look()
    assert house.screen.row.code == code
    assert house.screen.row.name == ""


def test_a_mistyped_code_is_caught_by_its_check_character(house: House) -> None:
    code = house.services.put().code
    wrong = code[:-1] + ("2" if code[-1] != "2" else "3")
    house.kiosk.show(Find(house.kiosk))
    house.screen.typing.replace(wrong)
    house.screen.look()
    assert house.screen.row is None
    assert "Mã chưa đúng" in house.screen.problem
    house.screen.typing.press("1")
    assert house.screen.problem == ""


def test_a_right_code_of_another_machine_says_so(house: House) -> None:
    from datetime import date

    from forms.codes import provisional_code

    house.kiosk.show(Find(house.kiosk))
    house.screen.typing.replace(provisional_code("09", date(2026, 11, 23), 7))
    house.screen.look()
    assert "không có hồ sơ" in house.screen.problem


def test_back_from_a_found_dossier_asks_for_another_code(house: House) -> None:
    code = house.services.put().code
    house.kiosk.show(Find(house.kiosk))
    page = house.screen
    page.typing.replace(code)
    page.look()
    page.back()
    assert page.row is None
    page.back()
    assert isinstance(house.screen, ServiceList)


def test_a_chip_that_is_not_genuine_fills_nothing_in(house: House) -> None:
    filing = Filing(house.services, BIRTH)
    assert filing.take_card(Identified(MOTHER, Proof("not_genuine", reason="hash_mismatch"), "bac")) == 0
    assert filing.session.value("req_name") in (None, "")


OTHER = CardPerson(number="004085000009", name="", birth="1985-05-05", issued="2021-04-15", source="qr")


@pytest.mark.parametrize(
    "second", [Identified(OTHER), Identified(MOTHER, Proof("not_genuine"), "bac")], ids=["a wedge's QR", "a false chip"]
)
def test_a_filing_never_holds_two_cards(house: House, second: Identified) -> None:
    filing = house.filing(MOTHER)
    filing.take_card(second)
    given = {filing.session.value(item.name) for item in filing.session.form.items if item.autofill.startswith("card.")}
    assert given <= {None, "", OTHER.number, OTHER.birth, OTHER.issued}
