"""The technician's look at the code readers: is each there, may it be used, is it what its address says.

A look opens no serial line and switches no camera on, so it can be done while citizens scan; :func:`try_out` also takes a picture.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from devices.barcode import Address, parse_addresses
from devices.barcode.errors import barcode_error, lost
from devices.barcode.v4l import camera_name
from devices.barcode.wedge import keyboard_name
from devices.errors import DeviceError

Kind = Literal["scanner", "camera", "wedge"]

DARK = 25
"""Mean grey of a picture in which no code can be made out."""

_WARM_UP = 8
"""Pictures until a camera has found its exposure."""


@dataclass(frozen=True, slots=True)
class Found:
    """One reader: what kind, what it calls itself (or nothing), and why it cannot be used (``None``: it can)."""

    kind: Kind
    name: str = ""
    problem: DeviceError | None = None


def look(addresses: str) -> tuple[Found, ...]:
    """Each reader of ``addresses`` as it is now. Raises ``barcode_address_invalid``."""
    return tuple(_found(address) for address in parse_addresses(addresses))


def try_out(addresses: str) -> tuple[Found, ...]:
    """The same, with one picture from each camera: its size, and whether there is light."""
    return tuple(
        _tried(address) if address.scheme.endswith("camera") else _found(address) for address in parse_addresses(addresses)
    )


def _found(address: Address) -> Found:
    asked: dict[str, tuple[Kind, Callable[[str], str]]] = {
        "serial": ("scanner", _line),
        "camera": ("camera", camera_name),
        "wedge": ("wedge", keyboard_name),
        "twin": ("scanner", _there),
        "twin-camera": ("camera", _there),
        "twin-wedge": ("wedge", _there),
    }
    kind, ask = asked[address.scheme]
    try:
        return Found(kind, ask(address.path))
    except DeviceError as error:
        return Found(kind, problem=error)
    except OSError as error:
        return Found(kind, problem=lost(error))


def _line(path: str) -> str:
    if not stat.S_ISCHR(os.stat(path).st_mode):
        raise barcode_error("barcode_wrong_device")
    if not os.access(path, os.R_OK | os.W_OK):
        raise barcode_error("barcode_denied")
    return ""


def _there(path: str) -> str:
    os.stat(path)
    return "giả lập"


def _tried(address: Address) -> Found:
    found = _found(address)
    if found.problem is not None:
        return found
    from devices.barcode.eyes import camera, pictures

    try:
        opened = pictures(address.path) if address.scheme == "twin-camera" else camera(address.path, address.width, address.height)
        with opened as eye:
            for _ in range(_WARM_UP):
                eye.wait()
            grey = eye.grey()
    except DeviceError as error:
        return replace(found, problem=error)
    if grey is None:
        return replace(found, problem=barcode_error("camera_busy"))
    problem = None if grey.mean() > DARK else barcode_error("camera_dark")
    return replace(found, name=f"{found.name}, hình {grey.shape[1]}×{grey.shape[0]}".lstrip(", "), problem=problem)
