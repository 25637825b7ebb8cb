"""The drivers: a serial port, a fifo that stands in for one, and nothing at all.

One thread opens the device, reads, and opens it again after it was pulled, so a link like ``/dev/kiosk/scanner`` may come and
go. Errors are told when the state changes, not at every try.
"""

from __future__ import annotations

import abc
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
    """An open device: something to wait for, and the bytes that have come. ``OSError`` when it has gone."""

    def fileno(self) -> int: ...

    def read(self) -> bytes: ...

    def check(self) -> None:
        """Called when nothing has come for a while."""
        ...


class _Listener(abc.ABC):
    """Shared by all drivers that have a device: the thread, the re-opening, the telling."""

    def __init__(self, clock: Callable[[], float], reopen_s: float) -> None:
        self._clock = clock
        self._reopen_s = reopen_s
        self._ending = threading.Event()
        self._open = threading.Event()
        self._thread: threading.Thread | None = None
        self._wake: tuple[int, int] = (-1, -1)

    @abc.abstractmethod
    def _port(self) -> contextlib.AbstractContextManager[_Port]:
        """Open the device for the time of a ``with``. ``OSError`` when it is not there."""

    @property
    def connected(self) -> bool:
        return self._open.is_set()

    def start(self, on_text: OnText, on_error: OnError) -> None:
        assert self._thread is None, "already listening"
        self._ending.clear()
        self._wake = os.pipe()
        self._thread = threading.Thread(target=self._listen, args=(on_text, on_error), name="barcode", daemon=True)
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

    def _listen(self, on_text: OnText, on_error: OnError) -> None:
        wake = self._wake
        told = False
        scans = Scans()
        while not self._ending.is_set():
            try:
                with self._port() as port:
                    told = False
                    self._open.set()
                    self._pump(port, wake[0], scans, on_text, on_error)
            except OSError:
                self._open.clear()
                scans.forget()
                if not told and not self._ending.is_set():
                    told = True
                    on_error(barcode_error("barcode_absent"))
                self._ending.wait(self._reopen_s)
        self._open.clear()
        for descriptor in wake:
            os.close(descriptor)

    def _pump(self, port: _Port, wake: int, scans: Scans, on_text: OnText, on_error: OnError) -> None:
        while not self._ending.is_set():
            descriptor = port.fileno()
            if descriptor not in select.select([descriptor, wake], [], [], _TICK_S)[0]:
                port.check()
                continue
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
        with serial.Serial(self._path, self._baud, timeout=0, exclusive=True) as device:
            yield _SerialPort(device)


class _SerialPort:
    def __init__(self, device: serial.Serial) -> None:
        self._device = device

    def fileno(self) -> int:
        return int(self._device.fileno())

    def read(self) -> bytes:
        return bytes(self._device.read(max(1, self._device.in_waiting)))

    def check(self) -> None:
        """A line that has gone shows by itself."""


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

    def fileno(self) -> int:
        return self._descriptor

    def read(self) -> bytes:
        return os.read(self._descriptor, 4096)

    def check(self) -> None:
        """A fifo that was taken away is a pulled cable: ``FileNotFoundError``."""
        os.stat(self._path)


class NoBarcode:
    """A kiosk without a reader: never connected, never says anything."""

    connected = False

    def start(self, on_text: OnText, on_error: OnError) -> None:
        """Nothing to listen to."""

    def stop(self) -> None:
        """Nothing to stop."""
