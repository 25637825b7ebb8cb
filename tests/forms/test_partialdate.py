"""Dates of which only the year, or year and month, are known."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.people.partialdate import PartialDate

partial = st.one_of(
    st.dates(date(1900, 1, 1), date(2100, 1, 1)).map(lambda day: PartialDate(day.year, day.month, day.day)),
    st.builds(PartialDate, st.integers(1900, 2100), st.integers(0, 12)),
)


@pytest.mark.parametrize(
    ("text", "iso", "words"),
    [
        ("1958", "1958", "năm 1958"),
        ("năm 1958", "1958", "năm 1958"),
        ("1990", "1990", "năm 1990"),
        ("3/1958", "1958-03", "tháng 03/1958"),
        ("12/3/1958", "1958-03-12", "12/03/1958"),
        ("12.03.1958", "1958-03-12", "12/03/1958"),
        ("12031958", "1958-03-12", "12/03/1958"),
        ("00/00/1958", "1958", "năm 1958"),
        ("--/03/1958", "1958-03", "tháng 03/1958"),
        ("??/??/1958", "1958", "năm 1958"),
    ],
)
def test_what_people_and_papers_write_is_read(text: str, iso: str, words: str) -> None:
    found = PartialDate.read(text)
    assert (found.iso, found.vi) == (iso, words)
    assert PartialDate.of(iso) == found


@pytest.mark.parametrize("text", ["", "58", "30/2/1958", "12/13/1958", "12/00/1958", "hôm qua", "1958-03", "31041958"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        PartialDate.read(text)


def test_an_unknown_part_is_a_range_not_the_first_of_january() -> None:
    year, month = PartialDate(1958), PartialDate(1958, 2)
    assert (year.first, year.last) == (date(1958, 1, 1), date(1958, 12, 31))
    assert (month.first, month.last) == (date(1958, 2, 1), date(1958, 2, 28))
    assert PartialDate(1960, 2).last == date(1960, 2, 29)


def test_two_dates_are_compared_by_what_they_could_be() -> None:
    assert PartialDate(1958).may_be(PartialDate(1958, 3, 12))
    assert PartialDate(1958, 3, 12).may_be(PartialDate(1958, 3))
    assert not PartialDate(1958, 3).may_be(PartialDate(1958, 4))


def test_an_age_is_as_uncertain_as_the_birth() -> None:
    day = date(2026, 11, 24)
    assert list(PartialDate(1958).ages(day)) == [67, 68]
    assert list(PartialDate(1958, 11, 24).ages(day)) == [68]
    assert list(PartialDate(1958, 11, 25).ages(day)) == [67]
    assert list(PartialDate(1958, 11).ages(day)) == [67, 68]


@given(partial, st.dates(date(2101, 1, 1), date(2150, 1, 1)))
def test_stored_forms_come_back_and_ages_are_one_or_two(found: PartialDate, day: date) -> None:
    assert PartialDate.of(found.iso) == found
    assert found.first <= found.last
    assert len(found.ages(day)) in (1, 2)
