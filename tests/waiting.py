"""Waiting in tests: poll with a bound, never sleep for a guess."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(what: str, test: Callable[[], T], seconds: float = 10.0) -> T:
    """Poll until ``test`` gives something true; fail with ``what`` after ``seconds``."""
    end = time.monotonic() + seconds
    while True:
        value = test()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds:.0f} s in vain for: {what}")
        time.sleep(0.01)
