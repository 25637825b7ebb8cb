"""Tells in time that a call does not come back.

PC/SC has no time-outs: a card that goes mute, another program that holds it or a daemon that hangs blocks the calling thread for as
long as it likes, and nothing can end that call from outside. So the call stays where it is, and another thread says after a
while what is the matter. The call that does return in the end goes on from there.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable


class Watchdog:
    """``overdue(code)`` is called on the thread ``name`` when an act that :meth:`begin` named has not ended in time.

    For one act at a time.
    """

    def __init__(self, name: str, overdue: Callable[[str], None]) -> None:
        self._name = name
        self._overdue = overdue
        self._changed = threading.Condition()
        self._due = math.inf
        self._wakes = math.inf
        self._code = ""
        self._telling = self._told = self._closed = False
        self._thread: threading.Thread | None = None

    def begin(self, code: str, seconds: float) -> None:
        """An act begins that should end within ``seconds``."""
        with self._changed:
            self._code, self._due = code, time.monotonic() + seconds
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            elif self._due < self._wakes:
                self._changed.notify_all()

    def end(self) -> bool:
        """The act has ended. Returns whether it was told as overdue; that telling is over by now."""
        with self._changed:
            while self._telling:
                self._changed.wait()
            told, self._told, self._due = self._told, False, math.inf
            return told

    def close(self) -> None:
        """Let the thread end."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _run(self) -> None:
        with self._changed:
            while not self._closed:
                left = self._due - time.monotonic()
                if left > 0:
                    # An act that ends in time wakes nobody: the next one is later, and looked at when this one would be due.
                    self._wakes = self._due
                    self._changed.wait(None if left == math.inf else left)
                    continue
                self._due, self._telling = math.inf, True
                self._changed.release()
                try:
                    self._overdue(self._code)
                finally:
                    self._changed.acquire()
                    self._telling, self._told = False, True
                    self._changed.notify_all()
