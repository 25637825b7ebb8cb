"""Three ways to the card, every failure with a cure, and always a way on without one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devices.barcode import Preview
from devices.idcard import CardPerson, check_digit
from devices.idcard.facts import Proof
from kiosk.services import CardHints, Identified, Refused
from kiosk.viewmodels.asking import Asking
from kiosk.viewmodels.card import CardChoice, CardSeen, ReadChip, ScanQr
from kiosk.viewmodels.card_typing import TypedDigits, TypedIdentity
from kiosk.viewmodels.flow import Timeout
from tests.kiosk.viewmodels.house import MOTHER, House

QR = replace(MOTHER, source="qr", ethnicity="", origin="", nationality="", expires="")
WEDGE = CardPerson(number="004190000001", name="", birth="1990-02-01", issued="2021-04-15", source="qr")
SEEN = Preview(4, 2, bytes(8))
UNPLUGGED = Refused("camera_absent", "Máy chưa thấy camera.", "Kiểm tra dây.")
GONE = Refused("card_removed", "Thẻ bị nhấc lên.", "Đặt thẻ lại.")
MISSED = Refused("wrong_key", "Thông tin không khớp với thẻ này.", "Xem lại ngày in trên thẻ.")
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
    assert house.screen.filing.card == Identified(QR)


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
    assert house.screen.known.person.number == "004198000001"


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
    assert house.screen.known == CardHints(WEDGE)
    house.clock.advance(3)
    assert isinstance(house.screen, CardSeen)


def test_typing_after_a_chip_that_failed_has_what_the_code_said_written_already(house: House) -> None:
    house.services.card_on_reader = GONE
    choose(house).choose("chip")
    house.services.scan(WEDGE)
    house.clock.advance(3)
    house.screen.type_instead()
    page = house.screen
    assert isinstance(page, TypedIdentity)
    assert (page.number.text, page.birth.value) == (WEDGE.number, WEDGE.birth)


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


def test_a_card_that_failed_is_read_by_itself_when_it_is_laid_again(house: House) -> None:
    house.services.card_on_reader = GONE
    house.kiosk.show(ReadChip(house.kiosk, house.filing(None), CardHints(QR)))
    house.clock.advance(3)
    page = house.screen
    assert page.refused.code == "card_removed"
    assert page.reads_again
    assert page.can_use_qr
    house.services.lay(MOTHER)
    house.clock.advance(1.5)
    assert page.refused is None
    assert page.share == 0.5
    house.clock.advance(1.5)
    assert isinstance(house.screen, CardSeen)


def test_the_card_is_taken_with_what_was_proved_of_it(house: House) -> None:
    house.services.card_on_reader = MOTHER
    house.services.proof = Proof("issuer_trusted", "active")
    house.kiosk.show(ReadChip(house.kiosk, house.filing(None), CardHints(QR)))
    house.clock.advance(3)
    house.screen.accept()
    assert house.screen.filing.card == Identified(MOTHER, Proof("issuer_trusted", "active"), "bac")


def test_a_chip_that_is_not_genuine_is_told_and_nothing_of_it_is_used(house: House) -> None:
    house.services.card_on_reader = MOTHER
    house.services.proof = Proof("not_genuine")
    house.kiosk.show(ReadChip(house.kiosk, house.filing(None), CardHints(QR)))
    house.clock.advance(3)
    page = house.screen
    assert isinstance(page, ReadChip)
    assert (page.code, page.state, page.can_use_qr, page.reads_again) == ("not_genuine", None, False, False)
    assert page.filing.session.value("req_name") is None
    page.again()
    house.services.proof = Proof()
    house.clock.advance(3)
    assert isinstance(house.screen, CardSeen)


def test_that_a_chip_was_not_genuine_stays_known_when_the_citizen_goes_another_way(house: House) -> None:
    house.services.card_on_reader = MOTHER
    house.services.proof = Proof("not_genuine", reason="hash_mismatch")
    house.kiosk.show(ReadChip(house.kiosk, house.filing(None), CardHints(QR)))
    house.clock.advance(3)
    house.screen.back()
    house.screen.choose("qr")
    house.services.scan(QR)
    house.screen.accept()
    assert house.screen.filing.card == Identified(QR, house.services.proof)


def test_a_card_that_may_lock_is_not_opened_any_more(house: House) -> None:
    house.services.card_on_reader = Refused("key_blocked_soon", "Chíp sắp bị khóa.", "Tự nhập thông tin.")
    house.kiosk.show(ReadChip(house.kiosk, house.filing(None), CardHints(QR)))
    house.clock.advance(3)
    page = house.screen
    assert (page.reads_again, page.asks_dates, page.can_type_can) == (False, False, False)
    page.type_instead()
    assert not house.screen.chip


def missed(house: House) -> ReadChip:
    """No key fitted."""
    house.services.card_on_reader = MISSED
    house.kiosk.show(ReadChip(house.kiosk, house.filing(None), CardHints(QR)))
    house.clock.advance(3)
    assert house.screen.asks_dates
    return house.screen


def test_when_no_key_fits_the_expiry_on_the_card_is_asked_for_and_the_rest_can_be_looked_at_again(house: House) -> None:
    missed(house).type_dates()
    page = house.screen
    assert (page.step, page.number.text, page.birth.value) == ("expiry", QR.number, QR.birth)
    page.back()
    assert page.step == "birth"
    page.next()
    page.expiry.type("12032038")
    page.next()
    assert house.screen.known == CardHints(QR, "2038-03-12")


def test_a_mistyped_birth_that_is_mended_makes_another_person(house: House) -> None:
    missed(house).type_dates()
    page = house.screen
    page.back()
    page.birth.clear()
    page.birth.type("13031998")
    page.next()
    page.expiry.type("12032038")
    page.next()
    person = house.screen.known.person
    assert (person.birth, person.source, person.name) == ("1998-03-13", "typed", "")


def test_a_card_without_an_expiry_has_seven_digits_on_its_back_which_prove_themselves(house: House) -> None:
    missed(house).type_dates()
    house.screen.skip()
    page = house.screen
    assert (type(page), page.kind) == (TypedDigits, "back")
    page.number.type("991231")
    page.next()
    assert page.problem
    wrong = str((int(check_digit("991231")) + 1) % 10)
    page.number.type(wrong)
    page.next()
    assert page.problem
    page.number.delete()
    page.number.type(check_digit("991231"))
    assert not page.problem
    page.next()
    assert house.screen.known == CardHints(QR, mrz_expiry="991231" + check_digit("991231"))


def test_the_access_number_is_asked_for_only_where_the_office_says_that_cards_show_one(house: House) -> None:
    assert not missed(house).can_type_can
    house.services.can_place = "mặt trước thẻ"
    page = missed(house)
    assert page.can_type_can
    page.type_can()
    house.screen.number.type("000001")
    house.screen.next()
    assert house.screen.known == CardHints(QR, can="000001")


def test_a_card_laid_before_its_qr_was_shown_is_told_what_comes_first(house: House) -> None:
    choose(house).choose("chip")
    house.screen.back()
    house.services.card_on_reader = MOTHER
    choose(house).choose("chip")
    house.clock.advance(0)
    assert house.screen.card_lies
    house.services.scan(QR)
    house.clock.advance(3)
    assert isinstance(house.screen, CardSeen)


@pytest.mark.parametrize("way", ["use_qr", "type_instead", "without", "back"])
def test_every_way_around_a_failed_reading_leads_somewhere(house: House, way: str) -> None:
    house.services.card_on_reader = GONE
    house.kiosk.show(ReadChip(house.kiosk, house.filing(None), CardHints(QR)))
    house.clock.advance(3)
    failed = house.screen
    getattr(failed, way)()
    assert house.screen is not failed


def test_leaving_the_screen_cancels_the_reading_and_a_late_answer_changes_nothing(house: House) -> None:
    house.services.card_on_reader = MOTHER
    house.kiosk.show(ReadChip(house.kiosk, house.filing(None), CardHints(QR)))
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
    house.kiosk.show(ReadChip(house.kiosk, house.filing(None), CardHints(QR)))
    house.clock.advance(105)
    assert not isinstance(house.kiosk.overlay, Timeout)


def test_scanning_is_open_until_somebody_walks_away(house: House) -> None:
    choose(house).choose("chip")
    assert isinstance(house.screen, ScanQr)
    house.clock.advance(60)
    assert isinstance(house.kiosk.overlay, Timeout)
