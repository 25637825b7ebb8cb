"""Where events and attachments meet on the line of one kiosk: events have the right of way (SYNC design 1.8, lanes 0 to 2).

The events' side says :meth:`Crossing.busy` while events wait for the line or are on it (``sync.worker.run``); attachments look
before every small piece and wait while it is so. A status change then waits for what is in the air, not for a scan.
"""

from __future__ import annotations

import threading


class Crossing:
    """One per sync process; any thread may use it."""

    def __init__(self) -> None:
        self._clear = threading.Event()
        self._clear.set()

    def busy(self, waiting: bool) -> None:
        """Events wait or are on the way: no attachment moves; or the line is free again."""
        if waiting:
            self._clear.clear()
        else:
            self._clear.set()

    @property
    def is_clear(self) -> bool:
        return self._clear.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait until the way is clear, at most so long; tells whether it is."""
        return self._clear.wait(seconds)
