"""When an office works and when its clock on a dossier stands.

Sessions are configuration; what is filed outside them counts from the start of the next one. The clock stands while a supplement
or a financial duty is awaited (status 5 and 6), never because a line was down; an interval of standing is brought to office time
first, so a night or a rest day of waiting takes nothing out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from forms.deadlines.calendar import VIETNAM, WorkingCalendar
from forms.deadlines.timerule import DeadlineError

_ONE = timedelta(days=1)


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


class ClockStands(DeadlineError):
    """A pause has not ended, so nothing is due yet. ``code`` is ``clock_stands``."""

    code = "clock_stands"

    def __init__(self, pause: Pause) -> None:
        super().__init__(pause.why_vi)
        self.message_vi = f"Thời hạn đang dừng từ {pause.start:%H:%M ngày %d/%m/%Y}: {pause.why_vi}."
        self.cure_vi = "Hạn mới được tính khi hồ sơ được bổ sung hoặc nghĩa vụ tài chính đã xong."


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


@dataclass(frozen=True, slots=True)
class Stand:
    """A pause brought to office time: from a moment of a session to one, ``end`` being when the clock runs again."""

    start: datetime
    end: datetime
    why_vi: str


@dataclass(frozen=True, slots=True)
class Office:
    """An office with its calendar and hours, and when its clock on this dossier stood."""

    calendar: WorkingCalendar
    hours: OfficeHours
    stands: tuple[Stand, ...]

    @classmethod
    def of(cls, calendar: WorkingCalendar, hours: OfficeHours, paused: Sequence[Pause]) -> Office:
        """Raises:
        ClockStands: a pause has no end.
        """
        stands = []
        for pause in sorted(paused, key=lambda pause: pause.start):
            if pause.end is None:
                raise ClockStands(pause)
            start, end = counts_from(pause.start, calendar, hours), counts_from(pause.end, calendar, hours)
            stands.append(Stand(start, end, pause.why_vi))
        return cls(calendar, hours, tuple(stands))

    @property
    def resumed(self) -> datetime | None:
        """When the last pause ended; ``None`` when the clock never stood."""
        return max((stand.end for stand in self.stands), default=None)

    def without_pauses(self) -> Office:
        return Office(self.calendar, self.hours, ())

    def at(self, day: date, moment: time) -> datetime:
        return datetime.combine(day, moment, VIETNAM)

    def opens_standing(self, day: date) -> str:
        """Why the clock stands when ``day`` opens; '' when it runs."""
        moment = self.at(day, self.hours.opens)
        return next((stand.why_vi for stand in self.stands if stand.start < moment <= stand.end), "")

    def closes_standing(self, day: date) -> str:
        """Why the clock stands when ``day`` closes; '' when it runs."""
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
