"""The machine readable zone: the standard's examples, the Vietnamese layout, and a judge written by others."""

from __future__ import annotations

import pytest
from mrz.checker.td1 import TD1CodeChecker

from devices.errors import DeviceError
from devices.idcard.facts import MrzKey
from devices.idcard.mrz import build_td1, check_digit, key_from_mrz, mrz_information, parse_td1
from devices.idcard.twin import SAMPLES, Citizen
from tests.devices.idcard import icao

VIETNAMESE = "IDVNM1900000015004190000001<<99002018F3002016VNM<<<<<<<<<<<8NONG<<THI<MAU<<<<<<<<<<<<<<<<<"


@pytest.mark.parametrize(("field", "digit"), icao.CHECK_DIGITS)
def test_check_digits_are_those_of_the_standard(field: str, digit: str) -> None:
    assert check_digit(field) == digit


def test_the_standards_card_is_read() -> None:
    mrz = parse_td1(icao.TD1)
    assert (mrz.document, mrz.birth, mrz.expiry, mrz.sex, mrz.nationality) == ("D23145890", "740812", "120415", "Nữ", "UTO")
    assert mrz.name == "ERIKSSON ANNA MARIA"


def test_a_document_number_longer_than_nine_runs_on_in_the_optional_data() -> None:
    mrz = parse_td1(icao.TD1_LONG_NUMBER)
    assert mrz.document == "D23145890734"
    assert mrz_information(mrz.key) == icao.TD1_LONG_NUMBER_INFORMATION


def test_a_vietnamese_card_gives_twelve_digits_and_the_key() -> None:
    mrz = parse_td1(VIETNAMESE)
    assert mrz.number == "004190000001"
    assert mrz.key == MrzKey("190000001", "900201", "300201")


@pytest.mark.parametrize("citizen", SAMPLES, ids=lambda citizen: citizen.number)
def test_the_zone_we_write_satisfies_a_checker_written_by_others(citizen: Citizen) -> None:
    lines = "\n".join(citizen.mrz[at : at + 30] for at in (0, 30, 60))
    report = TD1CodeChecker(lines, check_expiry=False, compute_warnings=False).report
    wrong = {name for name, good in report.falses}
    # That checker reads every birth as a whole date; a year alone is what Doc 9303-3 allows and it does not know.
    assert wrong <= ({"birth date", "valid birth date"} if "<" in citizen.mrz[30:36] else set())


@pytest.mark.parametrize("at", [6, 14, 30, 36, 38, 44, 59])
def test_one_wrong_character_is_noticed(at: int) -> None:
    other = "1" if VIETNAMESE[at] != "1" else "2"
    with pytest.raises(DeviceError) as caught:
        parse_td1(VIETNAMESE[:at] + other + VIETNAMESE[at + 1 :])
    assert caught.value.code == "mrz_invalid"


@pytest.mark.parametrize("text", ["", "IDVNM", "x" * 90, "Ế" * 90, VIETNAMESE + "<"])
def test_what_is_no_zone_is_refused(text: str) -> None:
    with pytest.raises(DeviceError, match="mrz_invalid"):
        parse_td1(text)


def test_lines_may_be_typed_with_breaks_small_letters_or_without_the_name() -> None:
    key = MrzKey("190000001", "900201", "300201")
    lines = [VIETNAMESE[0:30], VIETNAMESE[30:60], VIETNAMESE[60:90]]
    assert key_from_mrz("\n".join(lines)) == key_from_mrz(" / ".join(lines).lower()) == key_from_mrz("".join(lines[:2])) == key


def test_a_long_name_is_cut_to_the_line() -> None:
    zone = build_td1(number="004190000001", birth="900201", sex="F", expiry="300201", name="NONG " + "THI " * 10)
    assert len(zone) == 90
