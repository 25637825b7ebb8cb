"""The kiosk's clocks: wall time as evidence, monotonic time for control, and how far the wall clock may be trusted.

Business time is Asia/Ho_Chi_Minh (UTC+7, no daylight saving). The wall clock of a kiosk may be dead or wrong, so nothing
decides by it; every event carries it together with the confidence the kiosk had. The monotonic clock is the system's, the
same in every process of one boot, so a signed server time learnt by the sync process serves the screen process too; it goes on
while the machine sleeps (``CLOCK_BOOTTIME``), so a time learnt before a sleep holds after it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from sync.clock import Reading

HANOI = timezone(timedelta(hours=7), "ICT")
"""Asia/Ho_Chi_Minh has had no other offset since 1975; a fixed one needs no time-zone data on the machine."""

RELEASED_MS = int(datetime(2026, 11, 24, tzinfo=HANOI).timestamp() * 1000)
"""A moment that certainly lies before any running of this program, ms since the epoch."""


class Clock:
    """Wall and monotonic time of this machine; tests put in their own functions.

    ``wall`` gives seconds since the epoch, ``monotonic`` seconds since an arbitrary point, ``boot`` the id of this boot.
    """

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = lambda: time.clock_gettime(time.CLOCK_BOOTTIME),
        boot: Callable[[], str] | None = None,
    ) -> None:
        self._wall = wall
        self.monotonic = monotonic
        self._boot = boot or _boot_id

    def now(self) -> datetime:
        """Wall time in Asia/Ho_Chi_Minh, to the second."""
        return datetime.fromtimestamp(self._wall(), UTC).astimezone(HANOI).replace(microsecond=0)

    def wall_ms(self) -> int:
        """Wall time in ms since the epoch; never negative."""
        return max(0, int(self._wall() * 1000))

    def reading(self) -> Reading:
        """One look at all clocks of this machine."""
        return Reading(self.wall_ms(), self.monotonic(), self._boot())


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return "unknown"


_DAYS = ("Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy", "Chủ Nhật")


def day_vi(moment: datetime) -> str:
    """«Thứ Hai, 23/11/2026»."""
    return f"{_DAYS[moment.weekday()]}, {moment:%d/%m/%Y}"


def hour_day_vi(moment: datetime) -> str:
    """«08 giờ 15 phút, ngày 23/11/2026»: the hour is part of the law's slips."""
    return f"{moment:%H} giờ {moment:%M} phút, ngày {moment:%d/%m/%Y}"


def span_vi(seconds: float) -> str:
    """How long, in the largest unit that fits: «5 phút», «3 giờ», «2 ngày»."""
    if seconds < 3600:
        return f"{int(seconds // 60)} phút"
    if seconds < 2 * 86400:
        return f"{int(seconds // 3600)} giờ"
    return f"{int(seconds // 86400)} ngày"
