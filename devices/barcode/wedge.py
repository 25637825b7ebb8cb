"""A reader that plays a keyboard (a wedge): its events are taken from the input device itself, by nobody else.

The device is grabbed (EVIOCGRAB), so neither the window nor an input method sees the keys, and held from the start of the program:
a code scanned while nobody asks for one is dropped here instead of being typed into whatever has the focus. Only digits and
``|`` can be trusted; see ``devices.idcard.parse_wedge``.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator

from devices.barcode.facts import Ears, Scan
from devices.barcode.keys import EVENT, Keystrokes
from devices.barcode.listener import REOPEN_S, Clock, Frames, Port, PortListener
from devices.errors import DeviceError

_EVIOCGRAB = 0x40044590
_EVIOCGNAME_256 = 0x81004506

OpenPort = Callable[[], contextlib.AbstractContextManager[Port]]


class WedgeBarcode(PortListener):
    """``opens`` gives the port of events: :func:`grabbed` for a real device, a fifo for the twin."""

    def __init__(self, opens: OpenPort, *, reopen_s: float = REOPEN_S, clock: Clock = time.monotonic) -> None:
        super().__init__(reopen_s, clock)
        self._opens = opens
        self._guard = threading.RLock()
        self._ears: Ears | None = None
        self._trouble: DeviceError | None = None

    def _port(self) -> contextlib.AbstractContextManager[Port]:
        return self._opens()

    def _frames(self) -> Frames:
        return Keystrokes()

    def hold(self) -> None:
        if self._thread is None:
            super().start(Ears(self._scanned, self._failed))

    def start(self, ears: Ears) -> None:
        with self._guard:
            assert self._ears is None, "already listening"
            self._ears = ears
            if self._trouble is not None:
                ears.on_error(self._trouble)
        self.hold()

    def stop(self) -> None:
        with self._guard:
            self._ears = None

    def close(self) -> None:
        self.stop()
        super().stop()

    def _opened(self) -> None:
        with self._guard:
            self._trouble = None
            super()._opened()

    def _scanned(self, scan: Scan) -> None:
        with self._guard:
            if self._ears is not None:
                self._ears.on_scan(scan)

    def _failed(self, error: DeviceError) -> None:
        with self._guard:
            if error.code != "barcode_garbled":
                self._trouble = error
            if self._ears is not None:
                self._ears.on_error(error)


@contextlib.contextmanager
def grabbed(path: str) -> Iterator[Port]:
    """The input device at ``path``, taken from everybody else for the time of the ``with``."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        fcntl.ioctl(descriptor, _EVIOCGRAB, 1)
        yield _EventPort(descriptor)
    finally:
        os.close(descriptor)


def keyboard_name(path: str) -> str:
    """What the input device at ``path`` calls itself. ``OSError``: it is none, or may not be read."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        return fcntl.ioctl(descriptor, _EVIOCGNAME_256, bytes(256)).rstrip(b"\0").decode("utf-8", "replace")
    finally:
        os.close(descriptor)


class _EventPort:
    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def fileno(self) -> int:
        return self._descriptor

    def read(self) -> bytes:
        return os.read(self._descriptor, 64 * EVENT.size)

    def check(self) -> None:
        """A device that has gone shows by itself (ENODEV)."""
