"""The personal number: what it says, what only warns, what is refused."""

from __future__ import annotations

import pytest

from forms.people.idnumber import check_number


def test_a_number_tells_place_sex_and_year() -> None:
    facts = check_number("004190000001", sex="Nữ", birth="1990-02-01")
    assert (facts.valid, facts.place_vi, facts.sex, facts.birth_year, facts.warnings) == (True, "Tỉnh Cao Bằng", "Nữ", 1990, ())


@pytest.mark.parametrize(
    ("number", "sex", "year"), [("004090000001", "Nam", 1990), ("004205000001", "Nam", 2005), ("004326000001", "Nữ", 2026)]
)
def test_sex_and_century_share_one_digit(number: str, sex: str, year: int) -> None:
    facts = check_number(number)
    assert (facts.sex, facts.birth_year) == (sex, year)


def test_spaces_and_dots_do_not_matter() -> None:
    assert check_number("004 190 000.001").number == "004190000001"


@pytest.mark.parametrize("number", ["", "00419000000", "0041900000011", "00419000000A", "٠٠٤١٩٠٠٠٠٠٠١"])
def test_another_shape_is_not_valid(number: str) -> None:
    assert not check_number(number).valid


def test_what_does_not_fit_warns_and_stays_valid() -> None:
    facts = check_number("004190000001", sex="Nam", birth="1991")
    assert facts.valid
    assert [warning.code for warning in facts.warnings] == ["sex_differs", "year_differs"]
    assert all(warning.message_vi for warning in facts.warnings)


def test_a_full_date_of_birth_is_compared_by_its_year() -> None:
    assert [warning.code for warning in check_number("004190000001", birth="1991-02-01").warnings] == ["year_differs"]


def test_an_unknown_province_warns_but_a_country_of_birth_does_not() -> None:
    assert [warning.code for warning in check_number("003190000001").warnings] == ["province_unknown"]
    assert check_number("120190000001").warnings == ()


def test_another_province_than_here_is_no_reason_to_warn() -> None:
    assert check_number("079190000001").warnings == ()


def test_an_old_card_of_nine_digits_is_recognised_and_told_to_be_over() -> None:
    facts = check_number("080 123 456")
    assert (facts.kind, facts.valid, facts.number) == ("old_card", False, "080123456")
    assert [warning.code for warning in facts.warnings] == ["old_card"]
    assert "31/12/2024" in facts.warnings[0].message_vi


def test_the_kind_of_a_number_is_told() -> None:
    assert check_number("004190000001").kind == "personal"
    assert check_number("12345").kind == "unknown"


def test_a_country_of_birth_is_told_from_a_province() -> None:
    assert check_number("101190000001").born_abroad
    assert not check_number("096190000001").born_abroad
    assert check_number("100190000001").warnings[0].code == "province_unknown"
