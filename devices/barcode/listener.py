"""What all code readers share: a thread that opens the device, listens, and opens it again after it was pulled.

So a link like ``/dev/kiosk/scanner`` may come and go. A failure is told when it begins, not at every try. ``stop`` ends the thread
and lets the device go; the next ``start`` makes a new one.
"""

from __future__ import annotations

import abc
import contextlib
import os
import select
import threading
import time
from collections.abc import Callable
from typing import Protocol

from devices.barcode.errors import barcode_error, lost
from devices.barcode.facts import Ears, Scan
from devices.barcode.scans import Garbled
from devices.errors import DeviceError

_TICK_S = 0.05
REOPEN_S = 1.0

Clock = Callable[[], float]


class Listener(abc.ABC):
    """A source on a thread of its own; ``_attend`` is what a driver adds."""

    def __init__(self, reopen_s: float = REOPEN_S, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._reopen_s = reopen_s
        self._ending = threading.Event()
        self._open = threading.Event()
        self._thread: threading.Thread | None = None
        self._wake: tuple[int, int] = (-1, -1)

    @abc.abstractmethod
    def _attend(self, ears: Ears) -> None:
        """Open the device, call :meth:`_opened`, and deliver until ``_ending``. ``OSError``, ``DeviceError``: it has gone."""

    def _opened(self) -> None:
        self._open.set()

    @property
    def connected(self) -> bool:
        return self._open.is_set()

    def hold(self) -> None:
        """Nobody else gets what this device sends anyway."""
        return

    def start(self, ears: Ears) -> None:
        assert self._thread is None, "already listening"
        self._ending.clear()
        self._wake = os.pipe()
        self._thread = threading.Thread(target=self._listen, args=(ears,), name="barcode", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        thread, self._thread = self._thread, None
        if thread is None:
            return
        # In this order: once it is told to end, the thread closes the pipe.
        os.write(self._wake[1], b".")
        self._ending.set()
        if thread is not threading.current_thread():
            thread.join()

    def close(self) -> None:
        self.stop()

    def _listen(self, ears: Ears) -> None:
        wake = self._wake
        told = ""
        while not self._ending.is_set():
            try:
                self._attend(ears)
            except (OSError, DeviceError) as error:
                if self._open.is_set():
                    told = ""
                self._open.clear()
                failure = lost(error) if isinstance(error, OSError) else error
                if failure.code != told and not self._ending.is_set():
                    told = failure.code
                    ears.on_error(failure)
                self._ending.wait(self._reopen_s)
        self._open.clear()
        for descriptor in wake:
            os.close(descriptor)


class Frames(Protocol):
    """Makes scans of what a device sends."""

    def feed(self, data: bytes, now: float) -> list[Scan | Garbled]: ...

    def rest(self, now: float) -> list[Scan | Garbled]:
        """Nothing has come up to ``now``."""
        ...


class Port(Protocol):
    """An open device: something to wait for, and the bytes that have come. ``OSError`` when it has gone."""

    def fileno(self) -> int: ...

    def read(self) -> bytes: ...

    def check(self) -> None:
        """Called when nothing has come for a while."""
        ...


class PortListener(Listener):
    """A source that is a stream of bytes."""

    @abc.abstractmethod
    def _port(self) -> contextlib.AbstractContextManager[Port]:
        """Open the device for the time of a ``with``. ``OSError`` when it is not there."""

    @abc.abstractmethod
    def _frames(self) -> Frames:
        """New for each opening: half a frame does not outlive a pulled cable."""

    def _attend(self, ears: Ears) -> None:
        frames, wake = self._frames(), self._wake[0]
        with self._port() as port:
            self._opened()
            while not self._ending.is_set():
                descriptor = port.fileno()
                if descriptor in select.select([descriptor, wake], [], [], _TICK_S)[0]:
                    self._tell(ears, frames.feed(port.read(), self._clock()))
                else:
                    port.check()
                    self._tell(ears, frames.rest(self._clock()))

    def _tell(self, ears: Ears, scans: list[Scan | Garbled]) -> None:
        for scan in scans:
            if self._ending.is_set():
                return
            if isinstance(scan, Garbled):
                ears.on_error(barcode_error("barcode_garbled"))
            else:
                ears.on_scan(scan)
