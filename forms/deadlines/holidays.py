"""What a year's table of holidays must hold by law and moon: checks a calendar file, and proposes a year nobody has announced.

Fixed days and the length of Tết are data (``data/holiday_law.json``); Tết and Giỗ Tổ follow the moon at UTC+7. The windows around
Tết and 2/9 and the swapped days are chosen by a decision each year, so a proposal marks them ``provisional`` and a check asks
only for what every decision holds. A holiday on Saturday or Sunday gives a working day in lieu (nghỉ bù); a swapped day off is
worked back.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import Any

from forms.deadlines.calendar import Special, WorkingCalendar
from forms.deadlines.lunar import hung_kings, tet

_ONE = timedelta(days=1)


def doubts(calendar: WorkingCalendar) -> Sequence[str]:
    """What in a calendar's whole years disagrees with the law or the moon, as Vietnamese sentences; empty when all is well."""
    years = [year for year in range(calendar.first.year, calendar.last.year + 1) if calendar.covers(date(year, 1, 1))]
    return [doubt for year in years if calendar.covers(date(year, 12, 31)) for doubt in _doubts(calendar, year)]


def _doubts(calendar: WorkingCalendar, year: int) -> Iterator[str]:
    listed = [special for day, special in calendar.special.items() if day.year == year]
    for holiday in (*_fixed(year), *_around_new_year(year), _hung_kings(year)):
        if calendar.is_working(holiday.day):
            yield f"Năm {year} thiếu ngày nghỉ {holiday.name_vi} ({holiday.day:%d/%m})."
        elif holiday.day not in calendar.special:
            yield f"Năm {year} chưa ghi {holiday.name_vi} ({holiday.day:%d/%m}, rơi vào cuối tuần)."
    if not any(special.kind == "statutory" for special in listed if abs(special.day - _national_day(year)) == _ONE):
        yield f"Năm {year} thiếu ngày nghỉ liền kề Quốc khánh."
    yield from _unbalanced(year, listed)


def _unbalanced(year: int, listed: Sequence[Special]) -> Iterator[str]:
    kinds = [special.kind for special in listed]
    weekend = sum(special.kind == "statutory" and special.day.weekday() >= 5 for special in listed)
    if weekend != kinds.count("compensatory"):
        yield f"Năm {year} có {weekend} ngày lễ rơi vào cuối tuần nhưng ghi {kinds.count('compensatory')} ngày nghỉ bù."
    if kinds.count("swap_off") != kinds.count("swap_work"):
        yield f"Năm {year} có {kinds.count('swap_off')} ngày hoán đổi được nghỉ nhưng {kinds.count('swap_work')} ngày làm bù."


def proposal(year: int) -> Sequence[Special]:
    """The holidays of a year as the law and the moon give them, in order; what a decision chooses is ``provisional``."""
    holidays = [*_fixed(year), *_tet_window(year), _hung_kings(year), _neighbour(year)]
    taken = {holiday.day for holiday in holidays}
    for holiday in sorted(holidays, key=lambda one: one.day):
        if holiday.day.weekday() >= 5:
            lieu = next(day for day in _after(holiday.day) if day.weekday() < 5 and day not in taken)
            taken.add(lieu)
            holidays.append(Special(lieu, f"Nghỉ bù {holiday.name_vi}", "compensatory", holiday.status))
    return sorted(holidays, key=lambda one: one.day)


def _after(day: date) -> Iterator[date]:
    while True:
        day += _ONE
        yield day


@cache
def _law() -> Mapping[str, Any]:
    law: Mapping[str, Any] = json.loads(resources.files("forms").joinpath("data/holiday_law.json").read_text("utf-8"))
    return law


def _fixed(year: int) -> Sequence[Special]:
    rows = [row for row in _law()["fixed"] if year >= row.get("from_year", 0)]
    return [Special(date.fromisoformat(f"{year}-{row['day']}"), row["name"], "statutory", "computed") for row in rows]


def _hung_kings(year: int) -> Special:
    return Special(hung_kings(year), "Giỗ Tổ Hùng Vương (10/3 âm lịch)", "statutory", "computed")


def _around_new_year(year: int) -> Sequence[Special]:
    """The days of Tết that no window leaves out: the eve and the first three."""
    first = tet(year)
    names = {-1: "Tết Nguyên đán (giao thừa)", 0: "mùng 1 Tết", 1: "mùng 2 Tết", 2: "mùng 3 Tết"}
    return [Special(first + _ONE * step, name, "statutory", "computed") for step, name in names.items()]


def _tet_window(year: int) -> Sequence[Special]:
    window = _law()["tet"]
    days = [tet(year) + _ONE * (step - window["before"]) for step in range(window["days"])]
    return [Special(day, "Tết Nguyên đán", "statutory", "provisional") for day in days]


def _national_day(year: int) -> date:
    return date.fromisoformat(f"{year}-{_law()['national_day_neighbour']['of']}")


def _neighbour(year: int) -> Special:
    """The working day beside 2/9 that joins it to a week-end, else the one before it."""
    day = _national_day(year)
    beside = [near for near in (day - _ONE, day + _ONE) if near.weekday() < 5]
    chosen = next((near for near in beside if near.weekday() in (0, 4)), beside[0])
    return Special(chosen, "Quốc khánh (ngày liền kề)", "statutory", "provisional")
