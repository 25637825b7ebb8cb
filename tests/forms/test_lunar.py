"""The Vietnamese lunar calendar against the reference table, and what the time zone changes."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.deadlines.lunar import LunarDate, hung_kings, lunar_date, new_moon, solar_date, sun_longitude, tet

REFERENCE = json.loads((Path(__file__).parent / "data" / "lunar_reference.json").read_text("utf-8"))["lunar_reference_utc7"]


@pytest.mark.parametrize("row", REFERENCE, ids=lambda row: str(row["year"]))
def test_tet_and_the_hung_kings_day_follow_the_reference(row: dict[str, str]) -> None:
    year = int(row["year"])
    assert (tet(year).isoformat(), hung_kings(year).isoformat()) == (row["tet_day1"], row["hung_kings"])
    assert f"{tet(year):%a}" == row["tet_weekday"]


@pytest.mark.parametrize(
    ("year", "here", "one_zone_east"),
    [
        (2030, date(2030, 2, 2), date(2030, 2, 3)),
        (2007, date(2007, 2, 17), date(2007, 2, 18)),
        (1985, date(1985, 1, 21), date(1985, 2, 20)),
    ],
)
def test_the_zone_decides_the_day(year: int, here: date, one_zone_east: date) -> None:
    assert (tet(year), tet(year, zone_hours=8)) == (here, one_zone_east)


@pytest.mark.parametrize(("year", "month"), [(2020, 4), (2023, 2), (2025, 6), (2028, 5), (2031, 3), (2033, 11), (2036, 6)])
def test_leap_months_are_where_they_are_known_to_be(year: int, month: int) -> None:
    day = solar_date(LunarDate(year, month, 1, leap=True))
    assert lunar_date(day) == LunarDate(year, month, 1, leap=True)
    assert lunar_date(day - timedelta(days=1)).month == month


def test_a_year_without_leap_month_has_none() -> None:
    with pytest.raises(ValueError, match="no lunar date"):
        solar_date(LunarDate(2026, 4, 1, leap=True))
    with pytest.raises(ValueError, match="no lunar date"):
        solar_date(LunarDate(2026, 1, 31))


def test_the_astronomy_meets_the_textbook_examples() -> None:
    assert new_moon(-283) == pytest.approx(2443192.65118, abs=1e-5)
    assert sun_longitude(2448908.5) == pytest.approx(199.90895, abs=1e-4)


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)))
def test_every_day_has_one_lunar_date_and_comes_back(day: date) -> None:
    lunar = lunar_date(day)
    assert solar_date(lunar) == day
    assert 1 <= lunar.day <= 30
    following = lunar_date(day + timedelta(days=1))
    assert following.day in (lunar.day + 1, 1)
