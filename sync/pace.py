"""How much a request carries and how long to wait for its answer, learnt from the answers themselves (SYNC design 1.8).

A request aims at what the line carries in about four seconds, between one event and 64 KB: halved when an answer fails to come,
grown by 1.6 when one comes fast. The feed asked for follows the same signs, so that a line which dies every few seconds still
brings it, piece by piece, and no event waits long behind it. Seconds are of a monotonic clock that the caller reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sync.segment import LEVEL

ONE_PACKET: Final = 1200
"""A request of no more bytes leaves in one packet: it is either there or lost, and there is no progress to watch."""


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
    hedge_s: float = 0.9
    """A request of one packet is not sent again sooner than this."""
    long_hedge_s: float = 1.5
    """A longer one: nor sooner than this after something moved, for the province needs a moment with it."""
    wanted: int = 256 * 1024
    """Most bytes of feed asked for."""
    wanted_least: int = 8 * 1024
    page: int = 256
    """Lines read from the journal at once."""
    level: int = LEVEL
    """Of the compression of what is sent."""


class Pace:
    """The target, and the smoothed time of an answer to a small request: what the line and the province need at least."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._smoothed_s = 0.0
        self.wanted = limits.wanted
        """Bytes of feed an answer may bring now."""
        self.target = limits.start
        """Bytes of runs a request aims at now."""

    def hedge_after(self, size: int) -> float:
        """Seconds without an answer, or without progress of a long request, after which the same ``size`` bytes are worth sending
        again on another connection."""
        least = self._limits.hedge_s if size <= ONE_PACKET else self._limits.long_hedge_s
        return max(least, 2 * self._smoothed_s)

    def answered(self, took: float, size: int) -> None:
        """An answer came after ``took`` seconds to a request with ``size`` bytes of runs."""
        if size < ONE_PACKET:
            self._smooth(took)
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

    def _smooth(self, took: float) -> None:
        """Falls fast, rises slowly: a late answer mostly tells of a lost packet, and must not make the next hedge late as well."""
        if self._smoothed_s == 0.0:
            self._smoothed_s = min(took, self._limits.hedge_s)
        elif took < self._smoothed_s:
            self._smoothed_s += (took - self._smoothed_s) / 2
        else:
            self._smoothed_s += (min(took, 2 * self._smoothed_s) - self._smoothed_s) / 16
