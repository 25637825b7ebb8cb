"""The hand that holds a code before the twin reader: writes a scan into the fifo of ``twin:///path``, from any process."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from devices.barcode.errors import barcode_error


class BarcodeTwin:
    """The scanner's own end. ``url`` goes into the kiosk's configuration."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def url(self) -> str:
        return f"twin://{self._path}"

    def scan(self, text: str) -> None:
        """Scan ``text``, ended as a scanner ends it. Raises ``barcode_absent`` when no kiosk listens."""
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            raise barcode_error("barcode_absent") from None
        try:
            os.write(descriptor, text.encode() + b"\r\n")
        finally:
            os.close(descriptor)

    def plug(self) -> None:
        """Make the fifo, as when the reader is plugged in before the kiosk starts."""
        with contextlib.suppress(FileExistsError):
            os.mkfifo(self._path, 0o600)

    def unplug(self) -> None:
        """Pull the cable: the kiosk loses its reader. It comes back by itself at the next try."""
        self._path.unlink(missing_ok=True)
