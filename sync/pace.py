"""How much a request carries and how long to wait for its answer, learnt from the answers themselves (SYNC design 1.8).

A request aims at what the line carries in about four seconds, between one event and 64 KB: halved when an answer fails to come,
grown by 1.6 when one comes fast. The feed asked for follows the same signs, so that a line which dies every few seconds still
brings it, piece by piece, and no event waits long behind it. Seconds are of a monotonic clock that the caller reads."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes, in bytes of runs on the wire, and times in seconds."""

    start: int = 8 * 1024
    least: int = 1024
    most: int = 64 * 1024
    aim_s: float = 4.0
    """What the line carries in this time is aimed at."""
    fast_s: float = 2.0
    """An answer sooner than this lets the target grow by 1.6."""
    slow_s: float = 8.0
    """An answer later than this halves it, like a failure."""
    hedge_s: float = 1.5
    """The same request is not sent again sooner than this."""
    wanted: int = 256 * 1024
    """Most bytes of feed asked for."""
    wanted_least: int = 8 * 1024
    page: int = 256
    """Lines read from the journal at once."""


class Pace:
    """The target and the smoothed time of an answer."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._smoothed_s = 0.0
        self.wanted = limits.wanted
        """Bytes of feed an answer may bring now."""
        self.target = limits.start
        """Bytes of runs a request aims at now."""

    def hedge_after(self) -> float:
        """Seconds without an answer after which the same bytes are worth sending again on a new connection."""
        return max(self._limits.hedge_s, 2 * self._smoothed_s)

    def answered(self, took: float, size: int) -> None:
        """An answer came after ``took`` seconds to a request with ``size`` bytes of runs."""
        # Falls fast and rises slowly: a late answer mostly tells of a lost packet, and must not make the next hedge late as well.
        weight = 2 if took < self._smoothed_s else 16
        self._smoothed_s = took if self._smoothed_s == 0.0 else self._smoothed_s + (took - self._smoothed_s) / weight
        if took > self._limits.slow_s:
            self.failed()
        elif size * 2 >= self.target:
            carries = int(size * self._limits.aim_s / took) if took > 0 else self._limits.most
            grown = int(self.target * 1.6) if took < self._limits.fast_s else self.target
            self.target = max(self._limits.least, min(self._limits.most, grown, max(carries, size)))
        if took < self._limits.fast_s:
            self.wanted = min(self._limits.wanted, self.wanted * 2)

    def failed(self) -> None:
        """The line brought no answer: aim lower."""
        self.wanted = min(self._limits.wanted, max(self._limits.wanted_least, self.wanted // 2))
        self.target = max(self._limits.least, self.target // 2)
