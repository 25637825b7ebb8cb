"""Waiting for what another thread or process does, without sleeping longer than needed and never without end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Return as soon as ``condition`` holds; fail when it does not within ``seconds``."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        pause.wait(0.01)


def settled(count: Callable[[], int]) -> int:
    """The value of ``count`` once it has not changed for a tenth of a second; waits as :func:`until` does."""
    seen: list[int] = []

    def steady() -> bool:
        seen.append(count())
        return len(seen) > 10 and len(set(seen[-10:])) == 1

    until(steady)
    return seen[-1]
