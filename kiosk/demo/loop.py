"""The UI thread's clock without a window, for drills and tests that run the real services on real threads."""

from __future__ import annotations

import heapq
import itertools
import queue
import time
from collections.abc import Callable


class _Call:
    def __init__(self, act: Callable[[], None]) -> None:
        self.act: Callable[[], None] | None = act

    def cancel(self) -> None:
        self.act = None


class LoopScheduler:
    """The UI thread's clock without a window: calls from any thread, run by :meth:`turn` on the thread that turns it."""

    def __init__(self) -> None:
        self._soon: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._later: list[tuple[float, int, _Call]] = []
        self._order = itertools.count()

    def now(self) -> float:
        return time.monotonic()

    def call_soon(self, act: Callable[[], None]) -> None:
        self._soon.put(act)

    @property
    def waiting(self) -> bool:
        """Whether something has come from another thread and not been run yet."""
        return not self._soon.empty()

    def call_later(self, seconds: float, act: Callable[[], None]) -> _Call:
        call = _Call(act)
        heapq.heappush(self._later, (self.now() + seconds, next(self._order), call))
        return call

    def turn(self, seconds: float) -> None:
        """Run what is due for so long."""
        end = self.now() + seconds
        while (left := end - self.now()) > 0:
            while self._later and self._later[0][0] <= self.now():
                call = heapq.heappop(self._later)[2]
                if call.act is not None:
                    call.act()
            wait = min(left, max(0.0, self._later[0][0] - self.now()) if self._later else left)
            try:
                self._soon.get(timeout=max(wait, 0.001))()
            except queue.Empty:
                continue
