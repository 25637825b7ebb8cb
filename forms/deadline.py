"""When a result is due: from the procedure's time rule, the moment of receipt, the working calendar and the office's hours.

Filing outside office hours counts from the start of the next working session. A same-day procedure received after 15:00 is due
the next working day (Luật Hộ tịch Art. 5(3)); a period in days does not count the day of receipt, and one ending on a rest day
ends on the next working day (BLDS 2015 Art. 147–148); its due moment is the end of office hours of the last day. Hours and
quarter days are spent only while the office is open. The clock stands while a supplement or a financial duty is awaited
(status 5 and 6), never because a line was down: a day that opens with the clock standing is not counted, as the day of receipt
is not. Every day is told with the reason it counted or did not. A dossier keeps its due date and calendar version; only a pause
or an extension gives it a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final, Literal

from forms.calendar import VIETNAM, WEEKDAYS_VI, WorkingCalendar
from forms.timerule import KINDS, Extension, Stage, Step, TimeRule, read_time

__all__ = [
    "CUT_OFF",
    "KINDS",
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
"""Same-day procedures: received up to and including this moment are due the same day."""

ClockRule = Literal["restart", "subtract"]
"""What a pause does to a due date: the limit begins anew (interlinked rules), or the waiting time is taken out (index 766)."""

_ONE: Final = timedelta(days=1)


class DeadlineError(Exception):
    """No due date follows from the rule: an official states it. ``code`` is ``no_stated_limit``."""

    code = "no_stated_limit"

    def __init__(self, text_vi: str) -> None:
        super().__init__(f"{self.code}: {text_vi}")
        self.message_vi = f"Thủ tục này chưa có thời hạn tính được bằng máy ({text_vi})."
        self.cure_vi = "Cán bộ ghi thời hạn theo quyết định của tỉnh."


class ClockStands(DeadlineError):
    """A pause has not ended, so nothing is due yet. ``code`` is ``clock_stands``."""

    code = "clock_stands"

    def __init__(self, pause: Pause) -> None:
        super().__init__(pause.why_vi)
        self.message_vi = f"Thời hạn đang dừng từ {pause.start:%H:%M ngày %d/%m/%Y}: {pause.why_vi}."
        self.cure_vi = "Hạn mới được tính khi hồ sơ được bổ sung hoặc nghĩa vụ tài chính đã xong."


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """Sessions of a working day as (opens, closes), in order. Set locally; the default is only a common pattern."""

    sessions: tuple[tuple[time, time], ...] = ((time(7, 30), time(11, 30)), (time(13, 30), time(17, 0)))

    def __post_init__(self) -> None:
        moments = [moment for session in self.sessions for moment in session]
        if not moments or moments != sorted(set(moments)):
            raise ValueError("office sessions are (opens, closes) pairs in order, without overlap")

    @classmethod
    def parse(cls, text: str) -> OfficeHours:
        """Sessions from «07:30-11:30,13:30-17:00».

        Raises:
            ValueError: another shape, or sessions out of order.
        """
        pairs = [session.split("-") for session in text.replace(" ", "").split(",")]
        return cls(tuple((time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in pairs))

    @property
    def opens(self) -> time:
        return self.sessions[0][0]

    @property
    def closes(self) -> time:
        return self.sessions[-1][1]

    @property
    def length(self) -> timedelta:
        """Working time of one day."""
        return sum((_length(*session) for session in self.sessions), timedelta())


def _length(opens: time, closes: time) -> timedelta:
    return datetime.combine(date.min, closes) - datetime.combine(date.min, opens)


@dataclass(frozen=True, slots=True)
class Pause:
    """An interval in which the clock stands, with time zones; ``end`` is ``None`` while it lasts. ``why_vi`` is told per day."""

    start: datetime
    end: datetime | None
    why_vi: str = "Chờ bổ sung hồ sơ"


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
    return datetime.combine(calendar.next_working(day), hours.opens, VIETNAM)


def due(rule: TimeRule, received: datetime, calendar: WorkingCalendar, hours: OfficeHours, paused: Sequence[Pause] = ()) -> Due:
    """Due date of a dossier received at ``received`` (with time zone), with the time the clock stood taken out.

    A same-day procedure begins anew when its last pause ends, 15:00 rule included.

    Raises:
        DeadlineError: the rule states no length, or (:class:`ClockStands`) a pause has no end.
        CalendarError: the due date lies outside the calendar.
        ValueError: a moment has no time zone, or the rule's number is below 1.
    """
    office = _Office.of(calendar, hours, paused)
    begins = office.resumed if rule.kind == "same_day_15h" else None
    start = counts_from(begins or received, calendar, hours)
    walk = _Walk(office, _until(office, received.astimezone(VIETNAM).date(), start.date()))
    if rule.kind == "same_day_15h":
        return _same_day(start, walk)
    if rule.kind in ("hours", "quarter_days"):
        return walk.finish(walk.spend(start, _working_time(rule, hours)), _duration_vi(rule))
    parts = rule.stages or (Stage("", _at_least_one(rule)),)
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
    """The new due date (NgayHenTraMoi) of a dossier whose due date ``frozen`` (NgayHenTraTruoc) was promised before it paused.

    ``restart``: the whole limit again from the end of the last pause. ``subtract``: the promised date moves on by as much as the
    clock stood (working days, calendar days or working time, as the rule counts); it is shifted, not computed anew, so a date an
    official set by hand and later edits of the calendar are respected. Same-day procedures always restart.

    Raises:
        ValueError: no pause.
        DeadlineError, CalendarError: as :func:`due`.
    """
    office = _Office.of(calendar, hours, paused)
    if office.resumed is None:
        raise ValueError("a due date moves only after a pause")
    if clock == "restart" or rule.kind == "same_day_15h":
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
    longer = TimeRule(extension.unit, extension.days)
    if extension.counts == "total":
        return due(longer, received, calendar, hours)
    walk = _Walk(_Office.of(calendar, hours, ()), [])
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
    office = _Office.of(calendar, hours, paused)
    at = counts_from(received, calendar, hours)
    found = []
    for step in rule.steps:
        if step.quarters:
            at = _Walk(office, []).spend(at, hours.length * step.quarters / 4)
        found.append(StepDue(step.name_vi, at if step.quarters else None))
    return tuple(found)


def _same_day(start: datetime, walk: _Walk) -> Due:
    """Counts exactly one day: that of receipt up to 15:00, else the next working day."""
    if start.time() <= CUT_OFF:
        walk.days.append(DayCount(start.date(), True, "Trả kết quả trong ngày"))
        return walk.finish(walk.closing(start.date()), "Trong ngày làm việc")
    walk.note(start.date(), "Nhận sau 15 giờ")
    last = walk.count(1, walk.working_day)
    walk.days[-1] = DayCount(last.date(), True, "Ngày làm việc tiếp theo")
    return walk.finish(last, "Trong ngày làm việc tiếp theo")


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


@dataclass(frozen=True, slots=True)
class _Stand:
    """A pause brought to office time: from a moment of a session to one, ``end`` being when the clock runs again."""

    start: datetime
    end: datetime
    why_vi: str


@dataclass(frozen=True, slots=True)
class _Office:
    """An office with its calendar and hours, and when its clock on this dossier stood."""

    calendar: WorkingCalendar
    hours: OfficeHours
    stands: tuple[_Stand, ...]

    @classmethod
    def of(cls, calendar: WorkingCalendar, hours: OfficeHours, paused: Sequence[Pause]) -> _Office:
        stands = []
        for pause in sorted(paused, key=lambda pause: pause.start):
            if pause.end is None:
                raise ClockStands(pause)
            start, end = counts_from(pause.start, calendar, hours), counts_from(pause.end, calendar, hours)
            stands.append(_Stand(start, end, pause.why_vi))
        return cls(calendar, hours, tuple(stands))

    @property
    def resumed(self) -> datetime | None:
        """When the last pause ended; ``None`` when the clock never stood."""
        return max((stand.end for stand in self.stands), default=None)

    def without_pauses(self) -> _Office:
        return _Office(self.calendar, self.hours, ())

    def at(self, day: date, moment: time) -> datetime:
        return datetime.combine(day, moment, VIETNAM)

    def opens_standing(self, day: date) -> str:
        """Why the clock stands when ``day`` opens; '' when it runs."""
        moment = self.at(day, self.hours.opens)
        return next((stand.why_vi for stand in self.stands if stand.start < moment <= stand.end), "")

    def closes_standing(self, day: date) -> str:
        moment = self.at(day, self.hours.closes)
        return next((stand.why_vi for stand in self.stands if stand.start < moment < stand.end), "")

    def days_stood(self, before: date) -> Iterator[date]:
        """Days that opened with the clock standing, for pauses that began by the day ``before``."""
        stands = [stand for stand in self.stands if stand.start.date() <= before]
        seen = {stand.start.date() + _ONE * step for stand in stands for step in range((stand.end - stand.start).days + 2)}
        return (day for day in sorted(seen) if self.opens_standing(day))

    def stood(self, before: datetime) -> timedelta:
        """Working time in which the clock stood, for pauses that began before ``before``."""
        total = timedelta()
        for start, end in _merged([(stand.start, stand.end) for stand in self.stands if stand.start < before]):
            for step in range((end.date() - start.date()).days + 1):
                for opens, closes in self.without_pauses().running(start.date() + _ONE * step):
                    total += max(min(closes, end) - max(opens, start), timedelta())
        return total

    def running(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """The spans of ``day`` in which the office is open and the clock runs."""
        if not self.calendar.is_working(day):
            return
        for opens, closes in self.hours.sessions:
            at, end = self.at(day, opens), self.at(day, closes)
            for start, stop in _merged([(stand.start, stand.end) for stand in self.stands]):
                if start < end and stop > at:
                    if start > at:
                        yield at, start
                    at = max(at, stop)
            if at < end:
                yield at, end


def _merged(spans: Sequence[tuple[datetime, datetime]]) -> Sequence[tuple[datetime, datetime]]:
    """Spans in order of their start, overlaps made one."""
    merged: list[tuple[datetime, datetime]] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


class _Walk:
    """The way to a due date, day by day: what was counted is written down while it is counted."""

    def __init__(self, office: _Office, days: list[DayCount]) -> None:
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


def _until(office: _Office, received: date, start: date) -> list[DayCount]:
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
