"""A reader in serial mode (USB-CDC or RS-232): the way that brings every letter unharmed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import serial

from devices.barcode.listener import REOPEN_S, Frames, Port, PortListener
from devices.barcode.scans import Lines


class SerialBarcode(PortListener):
    """The reader at ``path``, 8N1."""

    def __init__(self, path: str, baud: int = 9600, *, reopen_s: float = REOPEN_S) -> None:
        super().__init__(reopen_s)
        self._path = path
        self._baud = baud

    def _frames(self) -> Frames:
        return Lines()

    @contextlib.contextmanager
    def _port(self) -> Iterator[Port]:
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
