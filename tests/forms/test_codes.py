"""Codes: what the check sign catches, what people may type, which official shapes are known."""

from __future__ import annotations

from datetime import date
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.codes import (
    ALPHABET,
    CodeParts,
    Order,
    ProcedureCode,
    check_code,
    kiosk_tag,
    lookup_key,
    procedure_code,
    provisional_code,
    read_procedure_code,
)

DAY = date(2026, 11, 24)
codes = st.builds(
    provisional_code,
    st.text(ALPHABET, min_size=1, max_size=8),
    st.dates(date(2026, 1, 1), date(2099, 12, 31)),
    st.integers(1, 1_000_000),
)


def test_a_provisional_code_has_the_agreed_shape() -> None:
    code = provisional_code("K01", DAY, 7)
    assert code[:-1] == "TAM-K01-261124-0007"
    assert code[-1] in ALPHABET


def test_the_check_sign_is_the_same_in_every_release() -> None:
    assert provisional_code("K01", DAY, 7) == "TAM-K01-261124-0007D"
    assert provisional_code("3f", DAY, 12_345).startswith("TAM-3F-261124-12345")


@given(codes)
def test_a_printed_code_is_recognised(code: str) -> None:
    facts = check_code(code)
    assert (facts.kind, facts.valid, facts.normalised, facts.why) == ("provisional", True, code, "")


@given(codes, st.data())
def test_every_single_wrong_sign_is_caught(code: str, data: st.DataObject) -> None:
    place = data.draw(st.sampled_from([i for i, sign in enumerate(code) if sign != "-" and i >= 4]))
    sign = data.draw(st.sampled_from([other for other in ALPHABET if other != code[place]]))
    assert not check_code(code[:place] + sign + code[place + 1 :]).valid


def test_all_wrong_signs_at_all_places_of_one_code_are_caught() -> None:
    code = provisional_code("K01", DAY, 7)
    for place in (i for i, sign in enumerate(code) if sign != "-" and i >= 4):
        for sign in set(ALPHABET) - {code[place]}:
            assert not check_code(code[:place] + sign + code[place + 1 :]).valid, (place, sign)


@given(codes)
def test_every_swap_of_neighbours_is_caught(code: str) -> None:
    for i in range(len(code) - 1):
        if code[i] != code[i + 1]:
            assert not check_code(code[:i] + code[i + 1] + code[i] + code[i + 2 :]).valid, i


def test_every_wrong_sign_and_every_swap_is_caught_in_codes_of_every_length() -> None:
    """Exhaustive over all places: 36 letters and digits for each sign, and each pair of signs exchanged, however far apart."""
    for code in (provisional_code(tag, DAY, number) for tag in ("K", "K01", "3F9Z", "ABCDEFGHJKMN") for number in (7, 90_817_263)):
        places = [place for place, sign in enumerate(code) if sign != "-" and place >= 4]
        wrong = {code[:i] + sign + code[i + 1 :] for i in places for sign in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
        wrong |= {_swapped(code, i, j) for i, j in combinations(places, 2)}
        read_as_it = {text for text in wrong if check_code(text).normalised == code}
        assert not [text for text in wrong - read_as_it if check_code(text).valid], code


def _swapped(code: str, i: int, j: int) -> str:
    return code[:i] + code[j] + code[i + 1 : j] + code[i] + code[j + 1 :]


def test_people_may_type_small_letters_spaces_other_dashes_and_confused_letters() -> None:
    code = provisional_code("K01", DAY, 7)
    for typed in (code.lower(), f" {code} ", code.replace("-", " – "), code.replace("0", "O").replace("1", "l")):
        assert check_code(typed).normalised == code, typed
        assert check_code(typed).valid


def test_a_code_without_dashes_is_read_when_there_is_one_way_to() -> None:
    code = provisional_code("K01", DAY, 7)
    assert check_code(code.replace("-", "")).normalised == code


@given(codes)
def test_a_code_without_dashes_is_never_read_as_another_code(code: str) -> None:
    facts = check_code(code.replace("-", ""))
    assert facts.normalised == code or not facts.valid


@pytest.mark.parametrize("number", [0, -1, 10**9])
def test_numbers_outside_the_counter_are_refused(number: int) -> None:
    with pytest.raises(ValueError, match="provisional numbers"):
        provisional_code("K01", DAY, number)


def test_a_kiosk_tag_uses_no_confusable_letters() -> None:
    assert kiosk_tag("kiosk-1") == "K10SK1"
    with pytest.raises(ValueError, match="tag"):
        kiosk_tag("---")
    with pytest.raises(ValueError, match="tag"):
        kiosk_tag("X" * 13)


@pytest.mark.parametrize(
    "code",
    [
        "H14.40-251124-0007",
        "000.00.00.H14-240115-0001",
        "G09.20-20260609-0092637",
        "H14.40.01-261124-AB0001",
        "H14.4-261124-0001",
        "H14-261124-1234567",
        "  h14.40 - 251124 - 0007 ",
    ],
)
def test_official_codes_of_both_orders_are_known(code: str) -> None:
    facts = check_code(code)
    assert (facts.kind, facts.valid) == ("official", True)
    assert facts.normalised == "".join(code.upper().split())


@pytest.mark.parametrize(
    ("code", "unit", "day", "owner", "number", "order"),
    [
        ("H14.40-251124-0007", "H14.40", date(2025, 11, 24), "", "0007", "root_first"),
        ("000.00.00.H14-240115-0001", "H14.00.00.000", date(2024, 1, 15), "", "0001", "leaf_first"),
        ("G09.20-20260609-0092637", "G09.20", date(2026, 6, 9), "", "0092637", "root_first"),
        ("H14.40.01-261124-AB0001", "H14.40.01", date(2026, 11, 24), "AB", "0001", "root_first"),
        ("H14-261124-A10001", "H14", date(2026, 11, 24), "A1", "0001", "root_first"),
        ("40.01-261124-0001", "40.01", date(2026, 11, 24), "", "0001", ""),
    ],
)
def test_the_parts_of_an_official_code_are_told(code: str, unit: str, day: date, owner: str, number: str, order: Order) -> None:
    assert check_code(code).parts == CodeParts(unit, day, number, owner, order)


def test_the_name_of_an_agency_comes_from_the_configuration_in_either_order() -> None:
    agencies = {"H14.40": "Ủy ban nhân dân xã Mẫu"}
    assert check_code("H14.40-261124-0001", agencies).parts.unit_vi == "Ủy ban nhân dân xã Mẫu"
    assert check_code("40.H14-261124-0001", agencies).parts.unit_vi == "Ủy ban nhân dân xã Mẫu"
    assert check_code("H14.41-261124-0001", agencies).valid, "an agency that is not configured is not wrong"


def test_a_provisional_code_tells_kiosk_day_and_number() -> None:
    assert check_code("TAM-K01-261124-0007D").parts == CodeParts("K01", DAY, "0007")


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("H14..40-261124-0007", "Phần mã cơ quan «H14..40»"),
        ("H14.ABCDEFG-261124-0007", "Phần mã cơ quan «H14.ABCDEFG»"),
        (".".join(["ABCDEF"] * 6) + "-261124-0007", "Phần mã cơ quan dài quá 35 ký tự"),
        ("H14.40-2611241-0007", "Phần ngày «2611241»"),
        ("H14.40-26112A-0007", "Phần ngày «26112A»"),
        ("H14.40-260230-0007", "Phần ngày trong mã không phải là một ngày có thật"),
        ("H14.40-261124-007", "Phần số thứ tự «007»"),
        ("H14.40-261124-ABC0001", "Phần số thứ tự «ABC0001»"),
        ("H14.40-261124-12345678901", "Phần số thứ tự «12345678901»"),
    ],
)
def test_the_part_that_is_wrong_is_named(code: str, told: str) -> None:
    facts = check_code(code)
    assert (facts.kind, facts.valid, facts.parts) == ("official", False, None)
    assert told in facts.why


@pytest.mark.parametrize("code", ["H14.40-251324-0007", "H14.40-20261301-0007"])
def test_an_official_code_with_no_such_day_is_told(code: str) -> None:
    facts = check_code(code)
    assert (facts.kind, facts.valid) == ("official", False)
    assert "ngày" in facts.why


_NO_CODES = ["", "H14", "H14.40-251124-007", "004190000001", "TAMX", "https://example.org/h/x", "T4M-K01-261124-0007D"]


@pytest.mark.parametrize("code", _NO_CODES)
def test_anything_else_is_no_code_and_says_so(code: str) -> None:
    facts = check_code(code)
    assert not facts.valid
    assert facts.why


@given(st.text(max_size=60))
def test_no_text_makes_the_recogniser_fail(text: str) -> None:
    assert check_code(text).normalised is not None


def test_a_lookup_key_carries_all_its_bytes() -> None:
    keys = {lookup_key(bytes(7) + bytes([n])) for n in range(256)}
    assert len(keys) == 256
    assert all(len(key) == 13 and key.upper().strip(ALPHABET) == "" for key in keys)
    assert len(lookup_key(bytes(10))) == 16


def test_a_short_lookup_key_is_refused() -> None:
    with pytest.raises(ValueError, match="8 random bytes"):
        lookup_key(bytes(7))


@pytest.mark.parametrize(
    ("code", "service", "agency"),
    [
        ("1.001193", "", ""),
        ("1.001193.01", "01", ""),
        ("1.001193.H14", "", "H14"),
        (" 1.001193.000.00.00.h14 ", "", "000.00.00.H14"),
    ],
)
def test_procedure_codes_lose_what_catalogues_append(code: str, service: str, agency: str) -> None:
    assert read_procedure_code(code) == ProcedureCode("1.001193", service, agency)
    assert procedure_code(code) == "1.001193"


@pytest.mark.parametrize("code", ["1.0011934", "1001193", "1.001193.1", "1.001193.H1", "H14.40-251124-0007", ""])
def test_what_is_no_procedure_code_is_not_read_as_one(code: str) -> None:
    assert read_procedure_code(code) is None
    with pytest.raises(ValueError, match="not a procedure code"):
        procedure_code(code)
