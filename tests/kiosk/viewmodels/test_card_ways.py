"""Three ways to the card, every failure with a cure, and always a way on without one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devices.barcode import Preview
from devices.idcard import CardPerson
from kiosk.services import Refused
from kiosk.viewmodels.asking import Asking
from kiosk.viewmodels.card import CardChoice, CardSeen, ReadChip, ScanQr, TypedIdentity
from kiosk.viewmodels.flow import Timeout
from tests.kiosk.viewmodels.house import MOTHER, House

QR = replace(MOTHER, source="qr", ethnicity="", origin="", nationality="", expires="")
WEDGE = CardPerson(number="004190000001", name="", birth="1990-02-01", issued="2021-04-15", source="qr")
SEEN = Preview(4, 2, bytes(8))
UNPLUGGED = Refused("camera_absent", "Máy chưa thấy camera.", "Kiểm tra dây.")
GONE = Refused("card_removed", "Thẻ bị nhấc lên.", "Đặt thẻ lại.")
FOREIGN = Refused("foreign_qr", "Mã này không phải của thẻ căn cước.", "Tìm mã trên thẻ.")


@pytest.fixture
def house() -> House:
    return House()


def choose(house: House) -> CardChoice:
    house.kiosk.show(CardChoice(house.kiosk, house.filing(None)))
    return house.screen


def test_qr_then_chip_then_the_questions_the_card_has_not_answered(house: House) -> None:
    house.services.card_on_reader = MOTHER
    choose(house).choose("chip")
    house.services.scan(QR)
    assert isinstance(house.screen, ReadChip)
    house.clock.advance(1.5)
    assert house.screen.share == 0.5
    house.clock.advance(1.5)
    assert isinstance(house.screen, CardSeen)
    house.screen.accept()
    assert isinstance(house.screen, Asking)
    assert house.screen.filing.session.value("req_name") == "LÝ THỊ MẪU"
    assert "req_name" not in [question.name for question in house.screen.filing.session.visible()]


def test_the_qr_alone_is_the_second_way(house: House) -> None:
    choose(house).choose("qr")
    house.services.scan(QR)
    assert isinstance(house.screen, CardSeen)
    house.screen.accept()
    assert house.screen.filing.card == QR


def test_typing_is_the_third_way(house: House) -> None:
    choose(house).choose("typed")
    page = house.screen
    assert isinstance(page, TypedIdentity)
    page.number.type("00419800000")
    page.next()
    assert page.problem
    page.number.type("1")
    assert not page.problem
    page.next()
    page.birth.type("31021998")
    page.next()
    assert page.problem
    page.birth.clear()
    page.birth.type("12031998")
    page.next()
    assert isinstance(house.screen, Asking)
    assert house.screen.filing.session.value("req_dob") == "1998-03-12"


def test_typing_for_the_chip_also_asks_the_expiry_which_may_be_skipped(house: House) -> None:
    choose(house).choose("chip")
    house.screen.type_instead()
    page = house.screen
    page.number.type("004198000001")
    page.next()
    page.birth.type("12031998")
    page.next()
    assert page.step == "expiry"
    page.expiry.type("1203")
    page.next()
    assert page.problem
    page.skip()
    assert isinstance(house.screen, ReadChip)
    assert house.screen.person.number == "004198000001"


def test_going_without_a_card_asks_everything(house: House) -> None:
    choose(house).without()
    assert isinstance(house.screen, Asking)
    assert house.screen.filing.card is None


def test_a_foreign_code_is_refused_with_a_cure_and_the_scanner_goes_on_listening(house: House) -> None:
    choose(house).choose("qr")
    house.services.scan(FOREIGN)
    assert house.screen.refused is FOREIGN
    house.services.scan(QR)
    assert isinstance(house.screen, CardSeen)


def test_what_a_wedge_gives_opens_the_chip(house: House) -> None:
    house.services.card_on_reader = MOTHER
    choose(house).choose("chip")
    house.services.scan(WEDGE)
    assert isinstance(house.screen, ReadChip)
    assert house.screen.person == WEDGE
    house.clock.advance(3)
    assert house.screen.person == MOTHER


def test_without_the_chip_a_wedge_s_digits_are_filled_in_and_the_name_is_asked(house: House) -> None:
    choose(house).choose("qr")
    house.services.scan(WEDGE)
    assert isinstance(house.screen, CardSeen)
    house.screen.accept()
    filing = house.screen.filing
    assert (filing.session.value("req_number"), filing.session.value("req_dob")) == (WEDGE.number, WEDGE.birth)
    assert filing.session.value("req_name") is None
    house.walk(filing, "req_name")
    assert filing.session.current.name == "req_name"


def test_typing_after_a_chip_that_failed_begins_with_what_the_code_said(house: House) -> None:
    house.services.card_on_reader = GONE
    choose(house).choose("chip")
    house.services.scan(WEDGE)
    house.clock.advance(3)
    house.screen.type_instead()
    page = house.screen
    assert isinstance(page, TypedIdentity)
    page.next()
    page.next()
    page.skip()
    assert isinstance(house.screen, ReadChip)
    assert (house.screen.person.number, house.screen.person.birth) == (WEDGE.number, WEDGE.birth)
    assert house.screen.person.issued == WEDGE.issued


def test_another_number_typed_over_it_forgets_the_code_s_date_of_issue(house: House) -> None:
    house.kiosk.show(TypedIdentity(house.kiosk, house.filing(None), chip=True, known=WEDGE))
    page = house.screen
    page.number.clear()
    page.number.type("004190000002")
    page.next()
    page.next()
    page.skip()
    assert house.screen.person.issued == ""


def test_what_the_camera_sees_is_shown_until_the_screen_is_left(house: House) -> None:
    choose(house).choose("qr")
    page = house.screen
    assert page.preview is None
    house.services.see(SEEN)
    assert page.preview is SEEN
    assert "khung hình" in page.title_vi
    page.back()
    assert page.preview is None


def test_a_camera_that_comes_back_takes_its_failure_away_but_no_other(house: House) -> None:
    choose(house).choose("qr")
    page = house.screen
    house.services.see(SEEN)
    house.services.scan(UNPLUGGED)
    assert (page.refused, page.preview) == (UNPLUGGED, None)
    house.services.see(SEEN)
    assert page.refused is None
    house.services.scan(FOREIGN)
    house.services.see(SEEN)
    assert page.refused is FOREIGN


def test_pictures_of_an_empty_place_count_as_nobody(house: House) -> None:
    choose(house).choose("qr")
    house.clock.advance(59)
    house.services.see(SEEN)
    house.clock.advance(2)
    assert isinstance(house.kiosk.overlay, Timeout)


def test_a_reading_that_fails_can_be_tried_again_or_gone_around(house: House) -> None:
    house.services.card_on_reader = GONE
    house.kiosk.show(ReadChip(house.kiosk, house.filing(None), QR))
    house.clock.advance(3)
    page = house.screen
    assert page.refused is GONE
    assert page.can_use_qr
    house.services.card_on_reader = MOTHER
    page.again()
    assert page.refused is None
    house.clock.advance(3)
    assert isinstance(house.screen, CardSeen)


@pytest.mark.parametrize("way", ["use_qr", "type_instead", "without", "back"])
def test_every_way_around_a_failed_reading_leads_somewhere(house: House, way: str) -> None:
    house.services.card_on_reader = GONE
    house.kiosk.show(ReadChip(house.kiosk, house.filing(None), QR))
    house.clock.advance(3)
    failed = house.screen
    getattr(failed, way)()
    assert house.screen is not failed


def test_leaving_the_screen_cancels_the_reading_and_a_late_answer_changes_nothing(house: House) -> None:
    house.services.card_on_reader = MOTHER
    house.kiosk.show(ReadChip(house.kiosk, house.filing(None), QR))
    house.screen.back()
    chosen = house.screen
    house.clock.advance(10)
    assert house.screen is chosen


def test_leaving_the_scanner_stops_listening(house: House) -> None:
    choose(house).choose("qr")
    house.screen.back()
    chosen = house.screen
    house.services.scan(QR)
    assert house.screen is chosen


def test_another_persons_card_leaves_no_trace_in_the_form(house: House) -> None:
    choose(house).choose("qr")
    house.services.scan(QR)
    filing = house.screen.filing
    house.screen.refuse()
    assert filing.card is None
    assert filing.session.value("req_name") is None


def test_a_card_being_read_counts_as_somebody_being_there(house: House) -> None:
    house.services.card_seconds = 100.0
    house.services.card_on_reader = MOTHER
    house.kiosk.show(ReadChip(house.kiosk, house.filing(None), QR))
    house.clock.advance(105)
    assert not isinstance(house.kiosk.overlay, Timeout)


def test_scanning_is_open_until_somebody_walks_away(house: House) -> None:
    choose(house).choose("chip")
    assert isinstance(house.screen, ScanQr)
    house.clock.advance(60)
    assert isinstance(house.kiosk.overlay, Timeout)
