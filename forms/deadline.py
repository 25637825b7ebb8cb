"""When a result is due: from the procedure's time rule, the moment of receipt, the working calendar and the office's hours.

Filing outside office hours counts from the start of the next working session. A same-day procedure received after 15:00 is due
the next working day (Luật Hộ tịch Art. 5(3)); a period in days does not count the day of receipt, and one ending on a rest day
ends on the next working day (BLDS 2015 Art. 147–148). The due moment is the end of office hours of the last day. Never
recomputed: a dossier keeps its due date and calendar version.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from forms.calendar import VIETNAM, WEEKDAYS_VI, WorkingCalendar

CUT_OFF: Final = time(15, 0)
"""Same-day procedures: received up to and including this moment are due the same day."""

KINDS: Final = ("same_day_15h", "working_days", "calendar_days", "stages", "by_law", "unknown")
"""Time rules a procedure may have; the last three give no date by themselves."""


class DeadlineError(Exception):
    """No due date follows from the rule: an official states it. ``code`` is ``no_stated_limit``."""

    code = "no_stated_limit"

    def __init__(self, text_vi: str) -> None:
        super().__init__(f"{self.code}: {text_vi}")
        self.message_vi = f"Thủ tục này chưa có thời hạn tính được bằng máy ({text_vi})."
        self.cure_vi = "Cán bộ ghi thời hạn theo quyết định của tỉnh."


@dataclass(frozen=True, slots=True)
class TimeRule:
    """Time limit of a procedure (thời hạn giải quyết); ``days`` is 0 for rules without a number."""

    kind: str
    days: int = 0
    text_vi: str = ""


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """Sessions of a working day as (opens, closes), in order. Set locally; the default is only a common pattern."""

    sessions: tuple[tuple[time, time], ...] = ((time(7, 30), time(11, 30)), (time(13, 30), time(17, 0)))

    def __post_init__(self) -> None:
        moments = [moment for session in self.sessions for moment in session]
        if not moments or moments != sorted(set(moments)):
            raise ValueError("office sessions are (opens, closes) pairs in order, without overlap")

    @property
    def closes(self) -> time:
        return self.sessions[-1][1]


@dataclass(frozen=True, slots=True)
class DayCount:
    """One day on the way to the due date, whether it was counted, and why (not)."""

    date: date
    counted: bool
    why: str


@dataclass(frozen=True, slots=True)
class Due:
    """The due moment in Vietnam time, the period in words, the calendar's version, and the days one by one."""

    due: datetime
    duration_vi: str
    calendar: str
    days: tuple[DayCount, ...]


def counts_from(received: datetime, calendar: WorkingCalendar, hours: OfficeHours) -> datetime:
    """The moment a filing counts as received: itself inside office hours, else the start of the next working session.

    Raises:
        ValueError: ``received`` has no time zone.
        CalendarError: outside the calendar.
    """
    if received.tzinfo is None:
        raise ValueError("the moment of receipt needs a time zone")
    received = received.astimezone(VIETNAM)
    day = received.date()
    if calendar.is_working(day):
        for opens, closes in hours.sessions:
            if received.time() < opens:
                return datetime.combine(day, opens, VIETNAM)
            if received.time() < closes:
                return received
    return datetime.combine(calendar.next_working(day), hours.sessions[0][0], VIETNAM)


def due(rule: TimeRule, received: datetime, calendar: WorkingCalendar, hours: OfficeHours) -> Due:
    """Due date of a dossier received at ``received`` (with time zone).

    Raises:
        DeadlineError: the rule states no number of days.
        CalendarError: the due date lies outside the calendar.
        ValueError: ``received`` has no time zone, or the rule has fewer than 1 day.
    """
    start = counts_from(received, calendar, hours)
    day = start.date()
    if rule.kind == "same_day_15h":
        last = day if start.time() <= CUT_OFF else calendar.next_working(day)
        duration = "Trong ngày làm việc" if last == day else "Trong ngày làm việc tiếp theo"
    elif rule.kind in ("working_days", "calendar_days"):
        if rule.days < 1:
            raise ValueError(f"a time rule in days has at least 1 day, not {rule.days}")
        last = _last_day(rule, day, calendar)
        duration = f"{rule.days:02d} ngày làm việc" if rule.kind == "working_days" else f"{rule.days:02d} ngày"
    else:
        raise DeadlineError(rule.text_vi or rule.kind)
    ends = datetime.combine(last, hours.closes, VIETNAM)
    return Due(ends, duration, calendar.version, _days(rule, received.astimezone(VIETNAM).date(), start, last, calendar))


def _last_day(rule: TimeRule, day: date, calendar: WorkingCalendar) -> date:
    if rule.kind == "working_days":
        return calendar.add_working_days(day, rule.days)
    last = day + timedelta(days=rule.days)
    return last if calendar.is_working(last) else calendar.next_working(last)


def _days(rule: TimeRule, received: date, start: datetime, last: date, calendar: WorkingCalendar) -> tuple[DayCount, ...]:
    counted_days = []
    for step in range((last - received).days + 1):
        day = received + timedelta(days=step)
        counted_days.append(_count(rule, day, start, last, calendar))
    return tuple(counted_days)


def _count(rule: TimeRule, day: date, start: datetime, last: date, calendar: WorkingCalendar) -> DayCount:
    name = calendar.why(day)
    working = calendar.is_working(day)
    if day < start.date():
        return DayCount(day, False, name if not working else "Ngoài giờ làm việc, tính từ buổi làm việc sau")
    if rule.kind == "same_day_15h":
        if day == last:
            return DayCount(day, True, "Trả kết quả trong ngày" if day == start.date() else "Ngày làm việc tiếp theo")
        return DayCount(day, False, "Nhận sau 15 giờ" if day == start.date() else name)
    if day == start.date():
        return DayCount(day, False, "Ngày nhận hồ sơ không tính")
    if rule.kind == "calendar_days":
        over = day > start.date() + timedelta(days=rule.days)
        return DayCount(day, not over, WEEKDAYS_VI[day.weekday()] if not over else "Ngày cuối rơi vào ngày nghỉ, chuyển tiếp")
    return DayCount(day, working, WEEKDAYS_VI[day.weekday()] if working and day not in calendar.special else name)
