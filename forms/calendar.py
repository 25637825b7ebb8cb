"""The working calendar: which days offices work, from a packaged, versioned table.

A day is a working day when it is a Saturday turned into one (làm bù), or Monday to Friday and not listed off. The table is data
announced year by year; outside the years it covers nothing is guessed (:class:`CalendarError`). A dossier keeps the version its
due date was computed with and is never recomputed after an edit of the table.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta, timezone
from functools import cache
from importlib import resources
from typing import Any, Final

VIETNAM: Final = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
"""Vietnam time; no daylight saving."""

WEEKDAYS_VI: Final = ("Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy", "Chủ Nhật")
_ONE: Final = timedelta(days=1)


class CalendarError(Exception):
    """The table does not reach that day."""

    code = "calendar_missing"

    def __init__(self, day: date, version: str) -> None:
        super().__init__(f"{self.code}: {day} is outside calendar {version}")
        self.message_vi = f"Lịch làm việc (bản {version}) chưa có ngày {day:%d/%m/%Y}."
        self.cure_vi = "Cán bộ kỹ thuật cập nhật lịch nghỉ lễ mới."


@dataclass(frozen=True, slots=True)
class Special:
    """A listed day: ``kind`` and ``status`` are explained in the packaged table itself (data/calendar.json)."""

    day: date
    name_vi: str
    kind: str
    status: str

    @property
    def works(self) -> bool:
        return self.kind == "swap_work"


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """Listed days of the years ``first`` to ``last`` (inclusive)."""

    version: str
    first: date
    last: date
    special: Mapping[date, Special]

    @classmethod
    def load(cls) -> WorkingCalendar:
        """The packaged calendar."""
        return _packaged()

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> WorkingCalendar:
        """A calendar from a table ``{"version", "first", "last", "holidays": [{"date", "name", "kind", "status"}]}``.

        Raises:
            ValueError: a day twice, a swap Saturday that is no Saturday, an unknown kind, or a day outside the years covered.
        """
        first, last = date.fromisoformat(table["first"]), date.fromisoformat(table["last"])
        special: dict[date, Special] = {}
        for row in table["holidays"]:
            day = Special(date.fromisoformat(row["date"]), row["name"], row["kind"], row["status"])
            if day.day in special or not first <= day.day <= last:
                raise ValueError(f"{day.day} is listed twice or outside {first} to {last}")
            if day.kind not in ("statutory", "compensatory", "swap_off", "swap_work"):
                raise ValueError(f"{day.day}: unknown kind {day.kind!r}")
            if day.works and day.day.weekday() < 5:
                raise ValueError(f"{day.day}: a made-up working day falls on a weekend")
            special[day.day] = day
        return cls(table["version"], first, last, special)

    def covers(self, day: date) -> bool:
        return self.first <= day <= self.last

    def is_working(self, day: date) -> bool:
        """Raises:
        CalendarError: outside the years covered.
        """
        if not self.covers(day):
            raise CalendarError(day, self.version)
        listed = self.special.get(day)
        return listed.works if listed is not None else day.weekday() < 5

    def why(self, day: date) -> str:
        """What kind of day it is, in words: the name of the listed day, or the weekday."""
        listed = self.special.get(day)
        return listed.name_vi if listed is not None else WEEKDAYS_VI[day.weekday()]

    def next_working(self, day: date) -> date:
        """First working day after ``day``.

        Raises:
            CalendarError: the table ends before it.
        """
        day += _ONE
        while not self.is_working(day):
            day += _ONE
        return day

    def add_working_days(self, day: date, count: int) -> date:
        """The ``count``-th working day after ``day``; the day itself is not counted (BLDS 2015 Art. 147). 0 gives ``day``.

        Raises:
            CalendarError: the table ends before it.
            ValueError: a negative count.
        """
        if count < 0:
            raise ValueError("working days are added, not taken away")
        for _ in range(count):
            day = self.next_working(day)
        return day


@cache
def _packaged() -> WorkingCalendar:
    text = resources.files("forms").joinpath("data/calendar.json").read_text("utf-8")
    return WorkingCalendar.of(json.loads(text))
