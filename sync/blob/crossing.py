"""Where events and attachments meet on the line of one kiosk: events have the right of way (SYNC design 1.8, lanes 0 to 2).

The events' side says :meth:`Crossing.events` around each exchange that carries something; attachments look before every small
piece and wait while it is so. A status change then waits for what is in the air, not for a scan.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Crossing:
    """One per sync process; any thread may use it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._events = 0

    @contextmanager
    def events(self) -> Iterator[None]:
        """Events wait for their answer: no attachment moves meanwhile."""
        with self._changed:
            self._events += 1
        try:
            yield
        finally:
            with self._changed:
                self._events -= 1
                self._changed.notify_all()

    @property
    def is_clear(self) -> bool:
        return self._events == 0

    def wait(self, seconds: float) -> bool:
        """Wait until the way is clear, at most so long; tells whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: self._events == 0, seconds)
