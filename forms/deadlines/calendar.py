"""The working calendar: which days offices work, from a packaged, versioned table.

A day is a working day when it is a Saturday turned into one (làm bù), or Monday to Friday and not listed off. The table is data
announced year by year; outside the years it covers nothing is guessed (:class:`CalendarError`). A dossier keeps the version its
due date was computed with and is never recomputed after an edit of the table.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta, timezone
from functools import cache
from importlib import resources
from typing import Any, Final

VIETNAM: Final = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
"""Vietnam time; no daylight saving."""

WEEKDAYS_VI: Final = ("Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy", "Chủ Nhật")
_ONE: Final = timedelta(days=1)
_YEARS: Final = range(2000, 2101)
"""Years a table may cover: outside them our moon and the law we know say nothing."""


class CalendarError(Exception):
    """The table does not reach that day."""

    code = "calendar_missing"

    def __init__(self, day: date, version: str) -> None:
        super().__init__(f"{self.code}: {day} is outside calendar {version}")
        self.message_vi = f"Lịch làm việc (bản {version}) chưa có ngày {day:%d/%m/%Y}."
        self.cure_vi = "Cán bộ kỹ thuật cập nhật lịch nghỉ lễ mới."


class CalendarFileError(ValueError):
    """A calendar file cannot be used; ``faults`` are Vietnamese sentences, one per mistake. ``code`` is ``calendar_file``."""

    code = "calendar_file"
    cure_vi = "Sửa các dòng trên theo quyết định nghỉ lễ hằng năm rồi nạp lại."

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(f"{self.code}: {' '.join(faults)}")
        self.faults = tuple(faults)
        self.message_vi = "Tệp lịch làm việc có lỗi:\n" + "\n".join(f"- {fault}" for fault in faults)


KINDS: Final = ("statutory", "compensatory", "swap_off", "swap_work")
STATUSES: Final = ("official", "official_from_knowledge", "computed", "provisional")


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
            CalendarFileError: with every fault: a day twice or outside the years covered, a made-up working day in mid-week, an
                unknown kind or status, a missing key.
        """
        reader = _TableReader(table)
        version, (first, last) = reader.text("version"), reader.years()
        special = reader.specials(first, last)
        if reader.faults:
            raise CalendarFileError(reader.faults)
        return cls(version, first, last, special)

    @property
    def provisional_years(self) -> frozenset[int]:
        """Years with days that still wait for the yearly decision."""
        return frozenset(day.year for day, listed in self.special.items() if listed.status == "provisional")

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


class _TableReader:
    """Reads a calendar table row by row and collects what is wrong with it, in words."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self.table = table
        self.faults: list[str] = []

    def text(self, key: str) -> str:
        value = self.table.get(key)
        if not isinstance(value, str) or not value:
            self.faults.append(f"Thiếu «{key}».")
        return str(value)

    def day(self, row: Mapping[str, Any], key: str) -> date:
        try:
            return date.fromisoformat(str(row.get(key)))
        except ValueError:
            self.faults.append(f"«{key}: {row.get(key)}» không phải là ngày dạng 2026-11-24.")
            return date.min

    def years(self) -> tuple[date, date]:
        """First and last day of the table; with a fault, all days there are, so that the fault is told once."""
        faults = len(self.faults)
        first, last = self.day(self.table, "first"), self.day(self.table, "last")
        if len(self.faults) == faults and last < first:
            self.faults.append(f"«last» ({last}) đứng trước «first» ({first}).")
        elif len(self.faults) == faults and not (first.year in _YEARS and last.year in _YEARS):
            self.faults.append(f"«first» và «last» phải ở trong các năm {_YEARS[0]}–{_YEARS[-1]}.")
        return (first, last) if len(self.faults) == faults else (date.min, date.max)

    def specials(self, first: date, last: date) -> Mapping[date, Special]:
        rows = self.table.get("holidays")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            self.faults.append("«holidays» phải là danh sách các ngày.")
            return {}
        found: dict[date, Special] = {}
        for row in rows:
            one = Special(self.day(row, "date"), str(row.get("name", "")), str(row.get("kind")), str(row.get("status")))
            self.faults += [f"Ngày {one.day}: {fault}." for fault in _faults(one, first, last, found)]
            found[one.day] = one
        return found


def _faults(one: Special, first: date, last: date, before: Mapping[date, Special]) -> Iterator[str]:
    if one.day in before:
        yield "ghi hai lần"
    if not first <= one.day <= last:
        yield f"nằm ngoài khoảng {first} đến {last}"
    if not one.name_vi:
        yield "thiếu tên ngày nghỉ («name»)"
    if one.kind not in KINDS:
        yield f"không có loại «{one.kind}»; chọn {', '.join(KINDS)}"
    if one.status not in STATUSES:
        yield f"không có mức chắc chắn «{one.status}»; chọn {', '.join(STATUSES)}"
    if one.works and one.day.weekday() < 5:
        yield "ngày làm bù phải là thứ Bảy hoặc Chủ Nhật"
    if one.kind == "swap_off" and one.day.weekday() >= 5:
        yield "ngày hoán đổi được nghỉ phải là ngày từ thứ Hai đến thứ Sáu"


def read_calendar(data: bytes) -> WorkingCalendar:
    """A calendar from the bytes of a file (JSON, UTF-8) as the province sends it.

    Raises:
        CalendarFileError: the file cannot be read, or its table has faults.
    """
    try:
        table = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise CalendarFileError(["Tệp không phải là JSON mã UTF-8."]) from None
    if not isinstance(table, dict):
        raise CalendarFileError(["Tệp phải là một nhóm gồm version, first, last và holidays."])
    return WorkingCalendar.of(table)


@cache
def _packaged() -> WorkingCalendar:
    return read_calendar(resources.files("forms").joinpath("data/calendar.json").read_bytes())
