"""Listening to the barcode scanner: opened for one watch, told on the UI thread, and silent once the watch is taken back."""

from __future__ import annotations

from collections.abc import Callable

from devices.barcode import BarcodeReader, open_barcode
from devices.errors import DeviceError
from kiosk.services import Scheduler


class Listening:
    """A barcode watch that can be taken back; what was on its way to the UI thread is then dropped."""

    def __init__(self, reader: BarcodeReader | None) -> None:
        self._reader = reader
        self.gone = False

    def cancel(self) -> None:
        self.gone = True
        if self._reader is not None:
            self._reader.stop()
            self._reader = None


def listen(url: str, scheduler: Scheduler, on_text: Callable[[str], None], on_error: Callable[[DeviceError], None]) -> Listening:
    """Open the scanner at ``devices.barcode`` and listen; ``none:`` is a watch that never tells anything. Raises DeviceError."""
    if url == "none:":
        return Listening(None)
    reader = open_barcode(url)
    listening = Listening(reader)

    def soon(act: Callable[[], None]) -> None:
        scheduler.call_soon(lambda: None if listening.gone else act())

    reader.start(lambda text: soon(lambda: on_text(text)), lambda error: soon(lambda: on_error(error)))
    return listening
