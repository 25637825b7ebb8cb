"""Where the time of a reading went: one lap follows the other."""

from __future__ import annotations

from collections.abc import Callable


class Laps:
    """``clock`` gives monotonic seconds. A name that comes again goes on where it stopped."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._name = ""
        self._since = 0.0
        self._seconds: dict[str, float] = {}

    def begin(self, name: str) -> None:
        """The lap ``name`` begins; the one before ends."""
        now = self._clock()
        if self._name:
            self._seconds[self._name] = self._seconds.get(self._name, 0.0) + now - self._since
        self._name, self._since = name, now

    def end(self) -> dict[str, float]:
        """The last lap ends. Returns seconds by name, in the order they began."""
        self.begin("")
        return dict(self._seconds)
