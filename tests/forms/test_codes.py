"""Codes: what the check sign catches, what people may type, which official shapes are known."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.codes import ALPHABET, check_code, kiosk_tag, lookup_key, procedure_code, provisional_code

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
        "H14-261124-1234567",
        "  h14.40 - 251124 - 0007 ",
    ],
)
def test_official_codes_of_both_orders_are_known(code: str) -> None:
    facts = check_code(code)
    assert (facts.kind, facts.valid) == ("official", True)
    assert facts.normalised == "".join(code.upper().split())


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


def test_procedure_codes_lose_what_catalogues_append() -> None:
    assert {procedure_code(code) for code in ("1.001193", "1.001193.000.00.00.H14", "1.001193.H14", "1.001193.01")} == {"1.001193"}
    with pytest.raises(ValueError, match="not a procedure code"):
        procedure_code("1.0011934")
