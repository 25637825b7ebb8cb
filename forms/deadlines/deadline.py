"""When a result is due: from the procedure's time rule, the moment of receipt, the working calendar and the office's hours.

Filing outside office hours counts from the start of the next working session. A same-day procedure received after 15:00 is due
the next working day (Luật Hộ tịch Art. 5(3)), and interlinked ones then count as received that day. A period in days does not
count the day of receipt, and one ending on a rest day ends on the next working day (BLDS 2015 Art. 147–148); its due moment is the
end of office hours of the last day. Hours and quarter days are spent only while the office is open. A day that opens with the
clock standing is not counted, as the day of receipt is not. Every day is told with the reason it counted or did not. A dossier
keeps its due date and calendar version; only a pause or an extension gives it a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final

from forms.deadlines.calendar import VIETNAM, WEEKDAYS_VI, WorkingCalendar
from forms.deadlines.officetime import ClockStands, Office, OfficeHours, Pause, counts_from
from forms.deadlines.timerule import KINDS, ClockRule, DeadlineError, Extension, Stage, Step, TimeRule, read_time

__all__ = [
    "CUT_OFF",
    "KINDS",
    "ClockRule",
    "ClockStands",
    "DayCount",
    "DeadlineError",
    "Due",
    "Extension",
    "OfficeHours",
    "Pause",
    "Stage",
    "StageDue",
    "Step",
    "StepDue",
    "TimeRule",
    "counts_from",
    "due",
    "due_after_pause",
    "extended",
    "read_time",
    "step_dues",
]

CUT_OFF: Final = time(15, 0)
"""Received up to and including this minute, the unit that papers print, a dossier counts as of that day."""

_ONE: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DayCount:
    """One day on the way to the due date, whether it was counted, and why (not)."""

    date: date
    counted: bool
    why: str


@dataclass(frozen=True, slots=True)
class StageDue:
    """When one stage of a limit in stages ends."""

    where_vi: str
    due: datetime


@dataclass(frozen=True, slots=True)
class StepDue:
    """When one step of the internal process ends; ``None`` for a step without a limit."""

    name_vi: str
    due: datetime | None


@dataclass(frozen=True, slots=True)
class Due:
    """The due moment in Vietnam time, the period in words, the calendar's version, and the days one by one."""

    due: datetime
    duration_vi: str
    calendar: str
    days: tuple[DayCount, ...]
    provisional_years: tuple[int, ...] = ()
    """Years on the way whose holidays have not all been announced: the date may change before anybody is promised it."""
    stages: tuple[StageDue, ...] = ()


def due(rule: TimeRule, received: datetime, calendar: WorkingCalendar, hours: OfficeHours, paused: Sequence[Pause] = ()) -> Due:
    """Due date of a dossier received at ``received`` (with time zone), with the time the clock stood taken out.

    A same-day procedure begins anew when its last pause ends, 15:00 rule included.

    Raises:
        DeadlineError: the rule states no length, or (:class:`ClockStands`) a pause has no end.
        CalendarError: the due date lies outside the calendar.
        ValueError: a moment has no time zone, or the rule's number is below 1.
    """
    office = Office.of(calendar, hours, paused)
    begins = office.resumed if rule.kind == "same_day_15h" else None
    start = counts_from(begins or received, calendar, hours)
    walk = _Walk(office, _until(office, received.astimezone(VIETNAM).date(), start.date()))
    if rule.kind == "same_day_15h":
        return _same_day(start, walk)
    if rule.kind in ("hours", "quarter_days"):
        return walk.finish(walk.spend(start, _working_time(rule, hours)), _duration_vi(rule))
    parts = rule.stages or (Stage("", _at_least_one(rule)),)
    if rule.next_day_after_15h and _is_late(start):
        walk.note(start.date(), "Nhận sau 15 giờ, tính từ ngày làm việc tiếp theo")
        first = walk.count(1, walk.working_day).date()
        walk.days[-1] = DayCount(first, False, "Ngày nhận hồ sơ không tính")
    else:
        walk.note(start.date(), "Ngày nhận hồ sơ không tính")
    ends = [
        (part, walk.count(part.days, walk.calendar_day if rule.kind == "calendar_days" else walk.working_day)) for part in parts
    ]
    stages = tuple(StageDue(part.where_vi, moment) for part, moment in ends) if rule.stages else ()
    return replace(walk.finish(ends[-1][1], _duration_vi(rule)), stages=stages)


def _at_least_one(rule: TimeRule) -> int:
    if rule.kind not in ("working_days", "calendar_days"):
        raise DeadlineError(rule.text_vi or rule.kind)
    if rule.days < 1:
        raise ValueError(f"a time rule in days has at least 1 day, not {rule.days}")
    return rule.days


def due_after_pause(
    rule: TimeRule, frozen: datetime, paused: Sequence[Pause], clock: ClockRule, calendar: WorkingCalendar, hours: OfficeHours
) -> Due:
    """The new due date (NgayHenTraMoi) of a dossier whose due date ``frozen`` (NgayHenTraTruoc) was promised before it paused;
    ``paused`` has no pause that ``frozen`` already allows for.

    ``restart``: the whole limit again from the end of the last pause. ``subtract``: the promised date moves on by as much as the
    clock stood (working days, calendar days or working time, as the rule counts); it is shifted, not computed anew, so a date an
    official set by hand and later edits of the calendar are respected. Same-day procedures always restart.

    Raises:
        ValueError: no pause.
        DeadlineError, CalendarError: as :func:`due`.
    """
    office = Office.of(calendar, hours, paused)
    if office.resumed is None:
        raise ValueError("a due date moves only after a pause")
    if clock is ClockRule.RESTART or rule.kind == "same_day_15h":
        return due(rule, office.resumed, calendar, hours)
    frozen = frozen.astimezone(VIETNAM)
    walk = _Walk(office.without_pauses(), [])
    if rule.kind in ("hours", "quarter_days"):
        return walk.finish(walk.spend(frozen, office.stood(frozen)), _duration_vi(rule))
    walk.note(frozen.date(), "Hạn trước khi dừng")
    every_day = rule.kind == "calendar_days"
    moved = sum(1 for day in office.days_stood(frozen.date()) if every_day or calendar.is_working(day))
    return walk.finish(walk.count(moved, walk.calendar_day if every_day else walk.working_day), f"Dừng {moved} ngày")


def extended(rule: TimeRule, received: datetime, frozen: datetime, calendar: WorkingCalendar, hours: OfficeHours) -> Due:
    """Due date of a dossier whose verification needs the rule's extension (xác minh); ``frozen`` is the date promised before.

    Raises:
        DeadlineError: the rule allows no extension.
        CalendarError: outside the calendar.
    """
    extension = rule.extension
    if extension is None:
        raise DeadlineError("không có trường hợp được kéo dài để xác minh")
    longer = TimeRule(extension.unit, extension.days, next_day_after_15h=rule.next_day_after_15h)
    if extension.counts == "total":
        return due(longer, received, calendar, hours)
    walk = _Walk(Office.of(calendar, hours, ()), [])
    walk.note(frozen.astimezone(VIETNAM).date(), "Hạn trước khi kéo dài")
    verdict = walk.calendar_day if extension.unit == "calendar_days" else walk.working_day
    return walk.finish(walk.count(extension.days, verdict), f"Thêm {_duration_vi(longer)}")


def step_dues(
    rule: TimeRule, received: datetime, calendar: WorkingCalendar, hours: OfficeHours, paused: Sequence[Pause] = ()
) -> tuple[StepDue, ...]:
    """The limit of each step of the internal process, one after the other from receipt.

    Raises:
        DeadlineError, CalendarError, ValueError: as :func:`due`.
    """
    office = Office.of(calendar, hours, paused)
    at = counts_from(received, calendar, hours)
    found = []
    for step in rule.steps:
        if step.quarters:
            at = _Walk(office, []).spend(at, hours.length * step.quarters / 4)
        found.append(StepDue(step.name_vi, at if step.quarters else None))
    return tuple(found)


def _same_day(start: datetime, walk: _Walk) -> Due:
    """Counts exactly one day: that of receipt up to 15:00, else the next working day."""
    if not _is_late(start):
        walk.days.append(DayCount(start.date(), True, "Trả kết quả trong ngày"))
        return walk.finish(walk.closing(start.date()), "Trong ngày làm việc")
    walk.note(start.date(), "Nhận sau 15 giờ")
    last = walk.count(1, walk.working_day)
    walk.days[-1] = DayCount(last.date(), True, "Ngày làm việc tiếp theo")
    return walk.finish(last, "Trong ngày làm việc tiếp theo")


def _is_late(start: datetime) -> bool:
    return start.time().replace(second=0, microsecond=0) > CUT_OFF


def _working_time(rule: TimeRule, hours: OfficeHours) -> timedelta:
    amount = timedelta(hours=rule.hours) if rule.kind == "hours" else hours.length * rule.quarters / 4
    if not amount:
        raise ValueError(f"a time rule in {rule.kind} has at least 1, not 0")
    return amount


def _duration_vi(rule: TimeRule) -> str:
    if rule.kind == "hours":
        return f"{rule.hours:02d} giờ làm việc"
    if rule.kind == "quarter_days":
        return f"{rule.quarters / 4:g} ngày làm việc".replace(".", ",")
    if rule.kind == "stages":
        shares = ", ".join(f"{stage.where_vi} {stage.days:02d}" for stage in rule.stages)
        return f"{sum(stage.days for stage in rule.stages):02d} ngày làm việc ({shares})"
    return f"{rule.days:02d} ngày làm việc" if rule.kind == "working_days" else f"{rule.days:02d} ngày"


class _Walk:
    """The way to a due date, day by day: what was counted is written down while it is counted."""

    def __init__(self, office: Office, days: list[DayCount]) -> None:
        self.office = office
        self.days = days

    def note(self, day: date, why: str) -> None:
        self.days.append(DayCount(day, False, why))

    def closing(self, day: date) -> datetime:
        return self.office.at(day, self.office.hours.closes)

    def working_day(self, day: date) -> DayCount:
        calendar = self.office.calendar
        if not calendar.is_working(day):
            return DayCount(day, False, calendar.why(day))
        stands = self.office.opens_standing(day)
        return DayCount(day, not stands, stands or calendar.why(day))

    def calendar_day(self, day: date) -> DayCount:
        stands = self.office.opens_standing(day)
        return DayCount(day, not stands, stands or WEEKDAYS_VI[day.weekday()])

    def count(self, wanted: int, verdict: Callable[[date], DayCount]) -> datetime:
        """Go on until ``wanted`` days counted, then to the first working day that closes with the clock running."""
        day = self.days[-1].date
        while wanted:
            day += _ONE
            self.days.append(verdict(day))
            wanted -= self.days[-1].counted
        while not self.office.calendar.is_working(day) or self.office.closes_standing(day):
            why = self.office.closes_standing(day) or "Ngày cuối rơi vào ngày nghỉ, chuyển tiếp"
            day += _ONE
            self.note(day, why)
        return self.closing(day)

    def spend(self, start: datetime, amount: timedelta) -> datetime:
        """Go on from ``start`` until ``amount`` of running office time is spent."""
        day, left = start.date(), amount
        while True:
            used = timedelta()
            for opens, closes in self.office.running(day):
                take = max(min(left, closes - max(opens, start)), timedelta())
                left, used = left - take, used + take
                if not left:
                    self.days.append(DayCount(day, True, f"Tính {_time_vi(used)}"))
                    return max(opens, start) + take
            self.days.append(DayCount(day, bool(used), f"Tính {_time_vi(used)}" if used else self._idle(day)))
            day += _ONE

    def _idle(self, day: date) -> str:
        if not self.office.calendar.is_working(day):
            return self.office.calendar.why(day)
        return self.office.opens_standing(day) or self.office.closes_standing(day) or "Hết giờ làm việc"

    def finish(self, moment: datetime, duration_vi: str) -> Due:
        calendar = self.office.calendar
        years = {day.date.year for day in self.days} & calendar.provisional_years
        return Due(moment, duration_vi, calendar.version, tuple(self.days), tuple(sorted(years)))


def _until(office: Office, received: date, start: date) -> list[DayCount]:
    """The days from receipt to the day it counts from, that day left out."""
    days = []
    for step in range((start - received).days):
        day = received + _ONE * step
        outside = office.opens_standing(day) or office.closes_standing(day) or "Ngoài giờ làm việc, tính từ buổi làm việc sau"
        days.append(DayCount(day, False, outside if office.calendar.is_working(day) else office.calendar.why(day)))
    return days


def _time_vi(spent: timedelta) -> str:
    hours, minutes = divmod(int(spent.total_seconds()) // 60, 60)
    parts = [f"{hours} giờ"] * bool(hours) + [f"{minutes} phút"] * bool(minutes)
    return " ".join(parts) or "chưa đến 1 phút"
