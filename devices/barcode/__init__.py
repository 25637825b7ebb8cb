"""The code readers at the kiosk: serial scanners, a camera, keyboard wedges; each scan becomes one text.

A serial reader brings every letter; so does a camera. A wedge loses Vietnamese letters, so its scans are marked as typed. The same
code twice within two seconds is one scan, whichever reader saw it (people hold a card still). A cable that is pulled is reported
once and the reader comes back by itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from devices.barcode.errors import LOST, barcode_error
from devices.barcode.facts import Ears, Preview, Scan, Source
from devices.barcode.several import Barcodes

__all__ = ["LOST", "Barcodes", "Ears", "Preview", "Scan", "barcode_error", "open_barcode"]


def open_barcode(addresses: str) -> Barcodes:
    """The readers at these addresses, divided by blanks; ``none:`` for no reader. Opens nothing yet.

    ``serial:///dev/…?baud=9600``, ``camera:///dev/video0?width=1280&height=720``, ``wedge:///dev/input/by-id/…``, and the twins
    ``twin:///FIFO``, ``twin-camera:///FOLDER-OR-VIDEO``, ``twin-wedge:///FIFO``. Raises ``barcode_address_invalid``.
    """
    if addresses.strip() == "none:":
        return Barcodes(())
    parts = [urlsplit(address) for address in addresses.split()]
    if not parts or any(one.netloc or not one.path.startswith("/") for one in parts):
        raise barcode_error("barcode_address_invalid")
    return Barcodes([_source(one) for one in parts])


def _source(address: SplitResult) -> Source:
    path = unquote(address.path)
    match address.scheme:
        case "serial" | "twin":
            return _line(address, path)
        case "camera" | "twin-camera":
            return _camera(address, path)
        case "wedge" | "twin-wedge":
            return _wedge(address, path)
    raise barcode_error("barcode_address_invalid")


def _line(address: SplitResult, path: str) -> Source:
    if address.scheme == "twin":
        from devices.barcode.fifo import FifoBarcode

        return FifoBarcode(path)
    from devices.barcode.serial_port import SerialBarcode

    return SerialBarcode(path, _numbers(address, {"baud": 9600})["baud"])


def _camera(address: SplitResult, path: str) -> Source:
    size = _numbers(address, {"width": 1280, "height": 720})
    from devices.barcode.camera import CameraBarcode, camera, pictures

    if address.scheme == "twin-camera":
        return CameraBarcode(lambda: pictures(path))
    return CameraBarcode(lambda: camera(path, size["width"], size["height"]))


def _wedge(address: SplitResult, path: str) -> Source:
    from devices.barcode.fifo import open_fifo
    from devices.barcode.wedge import WedgeBarcode, grabbed

    return WedgeBarcode(lambda: open_fifo(path) if address.scheme == "twin-wedge" else grabbed(path))


def _numbers(address: SplitResult, usual: Mapping[str, int]) -> dict[str, int]:
    """The numbers after the ``?``, with the usual ones where none is given."""
    given = parse_qs(address.query, keep_blank_values=True)
    if given.keys() - usual.keys() or not all(re.fullmatch(r"[0-9]{1,7}", values[-1]) for values in given.values()):
        raise barcode_error("barcode_address_invalid")
    return {**usual, **{name: int(values[-1]) for name, values in given.items()}}
