"""What a filing costs: free, or by the provincial resolution; an amount nobody has stated is never invented.

Birth registration is free when it is on time, within 60 days of birth (Luật Hộ tịch Art. 11 and 15); later ones pay what the
provincial People's Council has set, which is data of the province and unknown here. Whole đồng.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from forms.calendar import WorkingCalendar


@dataclass(frozen=True, slots=True)
class FeeRule:
    """Fee of a procedure. ``kind``: ``free``, ``free_within_days`` (from the date in answer ``from_field``), ``by_resolution``."""

    kind: str
    text_vi: str
    days: int = 0
    from_field: str = ""
    exempt_vi: str = ""
    """Who is exempt anyway, in words; the official checks the paper that proves it."""
    amount_vnd: int | None = None
    """The provincial amount, ``None`` while it has not been loaded."""


@dataclass(frozen=True, slots=True)
class FeeQuote:
    """``amount_vnd`` is ``None`` when the province's resolution decides and is not loaded. ``text_vi`` is what is printed."""

    amount_vnd: int | None
    text_vi: str
    why_vi: str


FREE_VI = "Miễn lệ phí"
RESOLUTION_VI = "Theo nghị quyết HĐND tỉnh"


def fee(rule: FeeRule, *, received: date, event: date | None = None, calendar: WorkingCalendar | None = None) -> FeeQuote:
    """Fee of a filing received on ``received`` about an event (birth) of ``event``; no event known means the resolution decides.

    The period does not count the day of the event; with ``calendar``, a last day that is a rest day moves to the next working day.
    """
    if rule.kind == "free":
        return FeeQuote(0, FREE_VI, rule.text_vi)
    if rule.kind == "free_within_days" and event is not None:
        last = event + timedelta(days=rule.days)
        if calendar is not None and calendar.covers(last) and not calendar.is_working(last):
            last = calendar.next_working(last)
        if received <= last:
            return FeeQuote(0, FREE_VI, f"Đăng ký trong {rule.days} ngày kể từ ngày sinh, đến hết ngày {last:%d/%m/%Y}")
    return FeeQuote(rule.amount_vnd, RESOLUTION_VI, rule.exempt_vi)
