"""The fee of a birth registration: free in time, the province's resolution afterwards, never an invented amount."""

from __future__ import annotations

from datetime import date

import pytest

from forms.deadlines.calendar import WorkingCalendar
from tests.forms.birth import BIRTH

CALENDAR = WorkingCalendar.load()


def quote(born: str, received: str) -> tuple[int | None, str]:
    found = BIRTH.fee_for({"child_dob": born}, date.fromisoformat(received), CALENDAR)
    return found.amount_vnd, found.text_vi


@pytest.mark.parametrize(
    ("born", "received"),
    [("2026-11-15", "2026-11-15"), ("2026-11-15", "2026-11-24"), ("2026-09-25", "2026-11-24"), ("2026-09-24", "2026-11-23")],
)
def test_within_sixty_days_it_is_free(born: str, received: str) -> None:
    assert quote(born, received) == (0, "Miễn lệ phí")


def test_a_last_day_that_is_a_holiday_moves_on() -> None:
    assert quote("2026-09-25", "2026-11-25") == (0, "Miễn lệ phí"), "day 60 is 24/11, Culture Day"
    assert quote("2026-09-25", "2026-11-26")[0] is None


def test_afterwards_the_province_decides_and_no_amount_is_invented() -> None:
    assert quote("2026-09-01", "2026-11-23") == (None, "Theo nghị quyết HĐND tỉnh")
    assert "hộ nghèo" in BIRTH.fee_for({"child_dob": "2026-09-01"}, date(2026, 11, 23)).why_vi


def test_without_a_known_birth_the_province_decides() -> None:
    assert BIRTH.fee_for({}, date(2026, 11, 23)).amount_vnd is None


def test_a_birth_before_the_calendar_begins_is_still_judged() -> None:
    assert quote("2025-12-20", "2026-01-05") == (0, "Miễn lệ phí")
    assert quote("2025-08-01", "2026-01-05")[0] is None
