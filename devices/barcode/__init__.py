"""The code readers at the kiosk: serial scanners, a camera, keyboard wedges; each scan becomes one text.

A serial reader brings every letter; so does a camera. A wedge loses Vietnamese letters, so its scans are marked as typed. The same
code twice within two seconds is one scan, whichever reader saw it (people hold a card still). A cable that is pulled is reported
once and the reader comes back by itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from devices.barcode.errors import LOST, barcode_error
from devices.barcode.facts import Ears, Preview, Scan, Source
from devices.barcode.several import Barcodes
from devices.errors import DeviceError

__all__ = ["LOST", "Address", "Barcodes", "Ears", "Preview", "Scan", "barcode_error", "open_barcode", "parse_addresses"]


@dataclass(frozen=True, slots=True)
class Address:
    """One reader's address, checked: ``scheme`` as in :func:`open_barcode`, ``path`` absolute, the numbers as given or as usual."""

    scheme: str
    path: str
    baud: int = 9600
    width: int = 1280
    height: int = 720


_NUMBERS: Mapping[str, frozenset[str]] = {
    "serial": frozenset({"baud"}),
    "camera": frozenset({"width", "height"}),
    "wedge": frozenset(),
    "twin": frozenset(),
    "twin-camera": frozenset(),
    "twin-wedge": frozenset(),
}
"""What may be set after the ``?``."""

_SPEEDS = frozenset((1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600))


def parse_addresses(addresses: str) -> tuple[Address, ...]:
    """The addresses divided by blanks; none for ``none:``. Raises ``barcode_address_invalid``."""
    if addresses.strip() == "none:":
        return ()
    if not addresses.strip():
        raise barcode_error("barcode_address_invalid")
    parsed = tuple(_address(urlsplit(address)) for address in addresses.split())
    paths = [address.path for address in parsed]
    if twice := next((path for path in paths if paths.count(path) > 1), ""):
        raise _invalid(f"{twice} được ghi hai lần")
    return parsed


def _address(url: SplitResult) -> Address:
    given = parse_qs(url.query, keep_blank_values=True)
    allowed = _NUMBERS.get(url.scheme)
    if allowed is None or url.netloc or not url.path.startswith("/") or given.keys() - allowed:
        raise barcode_error("barcode_address_invalid")
    for name, values in given.items():
        if not re.fullmatch(r"[1-9][0-9]{0,6}", values[-1]):
            raise _invalid(f"{name}={values[-1]} không phải là số dùng được")
        if name == "baud" and int(values[-1]) not in _SPEEDS:
            raise _invalid(f"baud={values[-1]} không phải là tốc độ của cổng nối tiếp (thường là 9600 hoặc 115200)")
    return Address(url.scheme, unquote(url.path), **{name: int(values[-1]) for name, values in given.items()})


def _invalid(why_vi: str) -> DeviceError:
    return barcode_error("barcode_address_invalid", f"Địa chỉ máy quét mã trong cấu hình chưa đúng: {why_vi}.")


def open_barcode(addresses: str) -> Barcodes:
    """The readers at these addresses, divided by blanks; ``none:`` for no reader. Opens nothing yet.

    ``serial:///dev/…?baud=9600``, ``camera:///dev/video0?width=1280&height=720``, ``wedge:///dev/input/by-id/…``, and the twins
    ``twin:///FIFO``, ``twin-camera:///FOLDER-OR-VIDEO``, ``twin-wedge:///FIFO``. Raises ``barcode_address_invalid``.
    """
    return Barcodes([_source(address) for address in parse_addresses(addresses)])


def _source(address: Address) -> Source:
    """Each driver is loaded only where it is used: a camera's is large."""
    path = address.path
    if address.scheme == "serial":
        from devices.barcode.serial_port import SerialBarcode

        return SerialBarcode(path, address.baud)
    if address.scheme.endswith("camera"):
        from devices.barcode.camera import CameraBarcode, camera, pictures

        real = address.scheme == "camera"
        return CameraBarcode(lambda: camera(path, address.width, address.height) if real else pictures(path))
    from devices.barcode.fifo import FifoBarcode, open_fifo

    if address.scheme == "twin":
        return FifoBarcode(path)
    from devices.barcode.wedge import WedgeBarcode, grabbed

    return WedgeBarcode(lambda: grabbed(path) if address.scheme == "wedge" else open_fifo(path))
