"""The barcode and QR reader at the kiosk: each scan becomes one text, delivered on the reader's own thread.

A serial reader is used rather than a keyboard wedge, because a wedge loses Vietnamese letters and obeys whatever input method
is on. Scans end with CR or LF; the same code twice within two seconds is one scan (people hold a card still). A cable that is
pulled is reported once and the reader comes back by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

from devices.barcode.errors import barcode_error
from devices.errors import DeviceError

__all__ = ["BarcodeReader", "barcode_error", "open_barcode"]

OnText = Callable[[str], None]
OnError = Callable[[DeviceError], None]


class BarcodeReader(Protocol):
    """The port. Callbacks come on the reader's thread; hand them over to yours."""

    @property
    def connected(self) -> bool:
        """The device is open right now."""
        ...

    def start(self, on_text: OnText, on_error: OnError) -> None:
        """Begin to listen.

        ``on_error`` gets ``barcode_absent`` when the device goes or is not there, ``barcode_garbled`` for a scan that is no text.
        """
        ...

    def stop(self) -> None:
        """Stop listening; returns when the thread has ended. No callback comes afterwards."""
        ...


def open_barcode(url: str) -> BarcodeReader:
    """The reader at ``serial:///dev/…?baud=9600``, ``twin:///path`` (a fifo, made if absent) or ``none:``.

    Raises ``barcode_address_invalid``.
    """
    from devices.barcode import reader

    parts = urlsplit(url)
    if url == "none:":
        return reader.NoBarcode()
    if parts.scheme == "serial" and parts.path:
        baud = parse_qs(parts.query).get("baud", ["9600"])[0]
        if baud.isdecimal():
            return reader.SerialBarcode(parts.path, int(baud))
    if parts.scheme == "twin" and parts.path:
        return reader.FifoBarcode(parts.path)
    raise barcode_error("barcode_address_invalid")
