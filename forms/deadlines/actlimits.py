"""By when an office must have done an act on a dossier: the apology before a missed date, closing when no supplement comes, …

The limits are data with their source and certainty (``data/act_limits.json``), since sectors and the province have their own; a
caller may pass another table. A limit before a date falls on the last working day that leaves the days free.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib import resources

from forms.deadlines.calendar import VIETNAM, WorkingCalendar
from forms.deadlines.deadline import OfficeHours, TimeRule, due


@dataclass(frozen=True, slots=True)
class ActLimit:
    """A limit of an act. ``rule.kind`` is a kind of :class:`TimeRule`, or ``days_before`` (counted back from a due date)."""

    act: str
    rule: TimeRule
    name_vi: str
    from_vi: str
    source: str
    certainty: str


@cache
def act_limits() -> Mapping[str, ActLimit]:
    """The packaged limits by act: ``apology``, ``no_supplement`` …"""
    rows = json.loads(resources.files("forms").joinpath("data/act_limits.json").read_text("utf-8"))
    return {
        act: ActLimit(
            act,
            TimeRule(row["rule"], row.get("days", 0), hours=row.get("hours", 0)),
            row["name_vi"],
            row["from_vi"],
            row["source"],
            row["certainty"],
        )
        for act, row in rows.items()
    }


def last_moment(limit: ActLimit, moment: datetime, calendar: WorkingCalendar, hours: OfficeHours) -> datetime:
    """The last moment for the act; ``moment`` is what it is counted from (the due date, the request, the arrival).

    Raises:
        CalendarError: outside the calendar.
    """
    if limit.rule.kind != "days_before":
        return due(limit.rule, moment, calendar, hours).due
    day = moment.astimezone(VIETNAM).date() - timedelta(days=limit.rule.days)
    while not calendar.is_working(day):
        day -= timedelta(days=1)
    return datetime.combine(day, hours.closes, VIETNAM)
