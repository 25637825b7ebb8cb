"""When a result is due: from the procedure's time rule, the moment of receipt, the working calendar and the office's hours.

Filing outside office hours counts from the start of the next working session. A same-day procedure received after 15:00 is due
the next working day (Luật Hộ tịch Art. 5(3)); a period in days does not count the day of receipt, and one ending on a rest day
ends on the next working day (BLDS 2015 Art. 147–148). The due moment is the end of office hours of the last day. Never
recomputed: a dossier keeps its due date and calendar version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final, Literal

from forms.calendar import VIETNAM, WEEKDAYS_VI, WorkingCalendar

CUT_OFF: Final = time(15, 0)
"""Same-day procedures: received up to and including this moment are due the same day."""

KINDS: Final = ("same_day_15h", "working_days", "calendar_days", "hours", "quarter_days", "stages", "by_law", "unknown")
"""Time rules a procedure may have; the last two give no date by themselves."""


class DeadlineError(Exception):
    """No due date follows from the rule: an official states it. ``code`` is ``no_stated_limit``."""

    code = "no_stated_limit"

    def __init__(self, text_vi: str) -> None:
        super().__init__(f"{self.code}: {text_vi}")
        self.message_vi = f"Thủ tục này chưa có thời hạn tính được bằng máy ({text_vi})."
        self.cure_vi = "Cán bộ ghi thời hạn theo quyết định của tỉnh."


@dataclass(frozen=True, slots=True)
class Stage:
    """The share of one level of government, one after the other (commune, then province), in working days."""

    where_vi: str
    days: int


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the internal process (quy trình nội bộ) in quarters of a working day; 0 is a step without a limit."""

    name_vi: str
    quarters: int


@dataclass(frozen=True, slots=True)
class Extension:
    """How far verification (xác minh) may lengthen the limit.

    ``total``: the whole limit is then ``days`` from receipt; ``added``: ``days`` follow the due date.
    """

    days: int
    unit: Literal["working_days", "calendar_days"]
    counts: Literal["total", "added"]
    when_vi: str = ""


@dataclass(frozen=True, slots=True)
class TimeRule:
    """Time limit of a procedure (thời hạn giải quyết); numbers its kind does not use are 0."""

    kind: str
    days: int = 0
    text_vi: str = ""
    hours: int = 0
    quarters: int = 0
    stages: tuple[Stage, ...] = ()
    steps: tuple[Step, ...] = ()
    extension: Extension | None = None


def read_time(data: Mapping[str, Any]) -> TimeRule:
    """The ``time`` group of a ``procedure.yaml``.

    Raises:
        ValueError: with a Vietnamese sentence naming the key that is wrong.
    """
    kind = data.get("rule")
    if kind not in KINDS:
        raise ValueError(f"Không có cách tính hạn «{kind}»; chọn một trong: {', '.join(KINDS)}.")
    known = {"rule", "days", "hours", "quarters", "stages", "steps", "extension", "text_vi"}
    if unknown := sorted(str(key) for key in data.keys() - known):
        raise ValueError(f"Mục time không có khóa «{unknown[0]}»; các khóa: {', '.join(sorted(known))}.")
    rule = TimeRule(
        kind,
        _count_of(data, "days", wanted=kind in ("working_days", "calendar_days")),
        str(data.get("text_vi") or ""),
        _count_of(data, "hours", wanted=kind == "hours"),
        _count_of(data, "quarters", wanted=kind == "quarter_days"),
        tuple(Stage(_words(row, "where_vi"), _count_of(row, "days", wanted=True)) for row in _rows(data, "stages")),
        tuple(Step(_words(row, "name_vi"), _count_of(row, "quarters", wanted=False)) for row in _rows(data, "steps")),
        _extension(data.get("extension"), kind),
    )
    if (kind == "stages") != bool(rule.stages):
        raise ValueError("Cách tính «stages» cần danh sách stages, và chỉ cách tính ấy mới có.")
    _check_steps(rule)
    return rule


def _check_steps(rule: TimeRule) -> None:
    """A process is published with steps that add up to its limit (Cao Bằng's decisions: quarters, the last step without time)."""
    limit = rule.quarters or 4 * (rule.days or sum(stage.days for stage in rule.stages))
    spent = sum(step.quarters for step in rule.steps)
    if rule.steps and rule.kind in ("working_days", "quarter_days", "stages") and spent != limit:
        raise ValueError(f"Các bước cộng lại là {spent} phần tư ngày, thời hạn là {limit} phần tư ngày: phải bằng nhau.")


def _extension(data: Any, kind: str) -> Extension | None:
    """Without ``counts``, «không quá n ngày» replaces the limit of a same-day procedure and is added to any other."""
    if data is None:
        return None
    if not isinstance(data, Mapping):
        raise ValueError("Mục extension phải là các cặp «khóa: giá trị».")
    unit, counts = data.get("unit"), data.get("counts", "total" if kind == "same_day_15h" else "added")
    if unit not in ("working_days", "calendar_days"):
        raise ValueError("Mục extension: unit phải là working_days hoặc calendar_days.")
    if counts not in ("total", "added"):
        raise ValueError("Mục extension: counts phải là total (tính từ ngày nhận) hoặc added (cộng thêm vào hạn).")
    return Extension(_count_of(data, "days", wanted=True), unit, counts, str(data.get("when_vi") or ""))


def _count_of(data: Mapping[str, Any], key: str, *, wanted: bool) -> int:
    value = data.get(key)
    if value is None and not wanted:
        return 0
    if type(value) is not int or value < wanted:
        raise ValueError(f"Mục «{key}» phải là số nguyên, từ {int(wanted)} trở lên; đang ghi «{value}».")
    return value


def _words(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"Thiếu «{key}», hoặc không phải là chữ.")
    return value.strip()


def _rows(data: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    rows = data.get(key) or []
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise ValueError(f"Mục «{key}» phải là danh sách các nhóm «khóa: giá trị».")
    return rows


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
