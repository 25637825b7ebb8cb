"""Listening to the code readers: held from start to end, heard while somebody watches, told on the UI thread.

A thread of its own starts and stops the readers, because a camera takes seconds to begin and to let go and the screen never waits.
One watch at a time: a new one ends the one before. What is on its way to the UI thread when a watch is taken back is dropped, and
of a camera's pictures only the newest waits there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from devices.barcode import Barcodes, Ears, Preview, Scan, open_barcode
from devices.errors import DeviceError
from devices.worker import DeviceWorker
from kiosk.services import Scheduler


class Listening:
    """A watch that can be taken back."""

    def __init__(self, end: Callable[[Listening], None]) -> None:
        self._end = end
        self.gone = False

    def cancel(self) -> None:
        if not self.gone:
            self.gone = True
            self._end(self)


class ScannerDesk:
    """``addresses`` as in the configuration; a wrong one is told by :meth:`listen`."""

    def __init__(self, addresses: str, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._worker = DeviceWorker("barcode")
        self._heard: Listening | None = None
        self._latest: Listening | None = None
        self._wrong: DeviceError | None = None
        try:
            self._readers = open_barcode(addresses)
        except DeviceError as error:
            self._readers, self._wrong = Barcodes(()), error
        self._do(self._readers.hold)

    @property
    def heard(self) -> bool:
        """Whether the readers are started and somebody listens."""
        return self._heard is not None

    def stop(self) -> None:
        """Let the readers go."""
        self._do(self._readers.close)
        self._worker.stop()

    def listen(
        self,
        on_scan: Callable[[Scan], None],
        on_error: Callable[[DeviceError], None],
        on_preview: Callable[[Preview], None] | None = None,
    ) -> Listening:
        """Hear every scan until cancelled; without readers nothing is ever heard. Raises DeviceError (wrong address)."""
        if self._wrong is not None:
            raise self._wrong
        listening = Listening(lambda one: self._do(lambda: self._end(one)))
        if self._latest is not None:
            # What it heard may still be on its way to the UI thread.
            self._latest.gone = True
        self._latest = listening

        def soon(act: Callable[[], None]) -> None:
            self._scheduler.call_soon(lambda: None if listening.gone else act())

        newest = None if on_preview is None else Newest(soon, on_preview)
        ears = Ears(lambda scan: soon(lambda: on_scan(scan)), lambda error: soon(lambda: on_error(error)), newest)
        self._do(lambda: self._begin(listening, ears))
        return listening

    def _begin(self, listening: Listening, ears: Ears) -> None:
        if self._heard is not None:
            self._readers.stop()
        self._readers.start(ears)
        self._heard = listening

    def _end(self, listening: Listening) -> None:
        if self._heard is listening:
            self._readers.stop()
            self._heard = None

    def _do(self, act: Callable[[], None]) -> None:
        self._worker.submit(act, lambda _done: None, _crash)


class Newest:
    """Hands pictures to the UI thread, never more than one at a time."""

    def __init__(self, soon: Callable[[Callable[[], None]], None], show: Callable[[Preview], None]) -> None:
        self._soon = soon
        self._show = show
        self._guard = threading.Lock()
        self._waiting: Preview | None = None

    def __call__(self, preview: Preview) -> None:
        with self._guard:
            waits = self._waiting is not None
            self._waiting = preview
        if not waits:
            self._soon(self._take)

    def _take(self) -> None:
        with self._guard:
            preview, self._waiting = self._waiting, None
        if preview is not None:
            self._show(preview)


def _crash(error: Exception) -> None:
    raise error
