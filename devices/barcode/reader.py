"""The drivers: a serial port, a fifo that stands in for one, and nothing at all.

One thread opens the device, reads, and opens it again after it was pulled, so a link like ``/dev/kiosk/scanner`` may come and
go. Errors are told when the state changes, not at every try.
"""

from __future__ import annotations

import contextlib
import os
import select
import threading
import time
from collections.abc import Callable, Iterator
from typing import Protocol

import serial

from devices.barcode import OnError, OnText
from devices.barcode.errors import barcode_error
from devices.barcode.scans import Garbled, Scans

_TICK_S = 0.2
_REOPEN_S = 1.0


class _Port(Protocol):
    """An open device: bytes as they come, empty when none came for a tick. ``OSError`` when it has gone."""

    def read(self) -> bytes: ...


class _Listener:
    """Shared by all drivers that have a device: the thread, the re-opening, the telling."""

    def __init__(self, clock: Callable[[], float], reopen_s: float) -> None:
        self._clock = clock
        self._reopen_s = reopen_s
        self._ending = threading.Event()
        self._open = threading.Event()
        self._thread: threading.Thread | None = None

    @contextlib.contextmanager
    def _port(self) -> Iterator[_Port]:
        """Open the device for the time of a ``with``. ``OSError`` when it is not there."""
        raise NotImplementedError
        yield

    @property
    def connected(self) -> bool:
        return self._open.is_set()

    def start(self, on_text: OnText, on_error: OnError) -> None:
        assert self._thread is None, "already listening"
        self._ending.clear()
        self._thread = threading.Thread(target=self._listen, args=(on_text, on_error), name="barcode", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _listen(self, on_text: OnText, on_error: OnError) -> None:
        scans = Scans()
        told = False
        while not self._ending.is_set():
            try:
                with self._port() as port:
                    told = False
                    self._open.set()
                    self._pump(port, scans, on_text, on_error)
            except OSError:
                scans.forget()
                if not told and not self._ending.is_set():
                    told = True
                    on_error(barcode_error("barcode_absent"))
                self._ending.wait(self._reopen_s)
            finally:
                self._open.clear()

    def _pump(self, port: _Port, scans: Scans, on_text: OnText, on_error: OnError) -> None:
        while not self._ending.is_set():
            for scan in scans.feed(port.read(), self._clock()):
                if self._ending.is_set():
                    return
                if isinstance(scan, Garbled):
                    on_error(barcode_error("barcode_garbled"))
                else:
                    on_text(scan)


class SerialBarcode(_Listener):
    """A reader in serial (USB-CDC or RS-232) mode at ``path``, 8N1."""

    def __init__(
        self, path: str, baud: int = 9600, *, clock: Callable[[], float] = time.monotonic, reopen_s: float = _REOPEN_S
    ) -> None:
        super().__init__(clock, reopen_s)
        self._path = path
        self._baud = baud

    @contextlib.contextmanager
    def _port(self) -> Iterator[_Port]:
        with serial.Serial(self._path, self._baud, timeout=_TICK_S, exclusive=True) as device:
            yield _SerialPort(device)


class _SerialPort:
    def __init__(self, device: serial.Serial) -> None:
        self._device = device

    def read(self) -> bytes:
        return bytes(self._device.read(max(1, self._device.in_waiting)))


class FifoBarcode(_Listener):
    """The twin: whatever is written into the fifo at ``path`` was scanned.

    The fifo is made, readable by this user only, if it is not there.
    """

    def __init__(self, path: str, *, clock: Callable[[], float] = time.monotonic, reopen_s: float = _REOPEN_S) -> None:
        super().__init__(clock, reopen_s)
        self._path = path

    @contextlib.contextmanager
    def _port(self) -> Iterator[_Port]:
        with contextlib.suppress(FileExistsError):
            os.mkfifo(self._path, 0o600)
        # Open for both, so that the end of one writer is not the end of the device.
        descriptor = os.open(self._path, os.O_RDWR | os.O_NONBLOCK)
        try:
            yield _FifoPort(descriptor, self._path)
        finally:
            os.close(descriptor)


class _FifoPort:
    def __init__(self, descriptor: int, path: str) -> None:
        self._descriptor = descriptor
        self._path = path

    def read(self) -> bytes:
        if select.select([self._descriptor], [], [], _TICK_S)[0]:
            return os.read(self._descriptor, 4096)
        # A fifo that was taken away is a pulled cable.
        os.stat(self._path)
        return b""


class NoBarcode:
    """A kiosk without a reader: never connected, never says anything."""

    connected = False

    def start(self, on_text: OnText, on_error: OnError) -> None:
        """Nothing to listen to."""

    def stop(self) -> None:
        """Nothing to stop."""
