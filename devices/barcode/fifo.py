"""The twin of a cable: a fifo, made if it is not there, readable by this user only. Taking it away is pulling the cable."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from devices.barcode.listener import REOPEN_S, Frames, Port, PortListener
from devices.barcode.scans import Lines


class FifoBarcode(PortListener):
    """Whatever is written into the fifo at ``path`` was scanned."""

    def __init__(self, path: str, *, reopen_s: float = REOPEN_S) -> None:
        super().__init__(reopen_s)
        self._path = path

    def _frames(self) -> Frames:
        return Lines()

    def _port(self) -> contextlib.AbstractContextManager[Port]:
        return open_fifo(self._path)


@contextlib.contextmanager
def open_fifo(path: str) -> Iterator[Port]:
    """The reader's end of the fifo at ``path``."""
    with contextlib.suppress(FileExistsError):
        os.mkfifo(path, 0o600)
    # Open for both, so that the end of one writer is not the end of the device.
    descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    try:
        yield _FifoPort(descriptor, path)
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
