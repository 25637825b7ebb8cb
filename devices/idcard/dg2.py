"""DG2: the face, for the official who compares it with the person at the counter (ICAO Doc 9303-10, 4.7.2).

A biometric frame (CBEFF, 7F61/7F60) holds a record of ISO/IEC 19794-5 («FAC») or, in later cards, 39794-5; in it lies one picture
in JPEG or JPEG 2000. It is decoded here under limits of pixels and passes and given on as a plain JPEG, so that what the screen
shows went through one decoder only. A :class:`Face` lives in memory while the official looks, and is stored nowhere.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Final

from PIL import Image

from devices.idcard import tlv
from devices.idcard.facts import Face

MAX_PIXELS: Final = 4_000_000
MAX_SCANS: Final = 64
"""Passes of a progressive JPEG: each costs a walk over the whole picture, whatever its size in bytes."""
_JPEG: Final = b"\xff\xd8\xff"
_JPEG_2000: Final = (b"\x00\x00\x00\x0cjP  ", b"\xff\x4f\xff\x51")
_SCAN: Final = b"\xff\xda"
_GENERAL, _BLOCK, _POINT, _IMAGE = 14, 20, 8, 12
_RECORD_39794: Final = 0x65
_MAX_DEPTH: Final = 12
_QUALITY: Final = 90


def face(dg2: bytes) -> Face:
    """The first picture in ``dg2``. ``ValueError`` when there is none that can be shown within the limits."""
    for tag, record in tlv.parse(tlv.find(dg2, 0x75, 0x7F61, 0x7F60)):
        if tag in (0x5F2E, 0x7F2E):
            return _decoded(_picture(record))
    raise ValueError("no face record in DG2")


def _picture(record: bytes) -> bytes:
    if record[:4] == b"FAC\x00":
        return _picture_19794(record)
    if record[:1] == bytes([_RECORD_39794]):
        for value in _leaves(record):
            if _is_picture(value):
                return value
    raise ValueError("no face record of a known kind")


def _picture_19794(record: bytes) -> bytes:
    """General header (14 bytes), then the first face: its block (20), feature points (8 each), image block (12), picture."""
    try:
        length, points = struct.unpack_from(">IH", record, _GENERAL)
    except struct.error:
        raise ValueError("face record cut off") from None
    picture = record[_GENERAL + _BLOCK + points * _POINT + _IMAGE : _GENERAL + length]
    if not _is_picture(picture):
        raise ValueError("no picture in the face record")
    return picture


def _leaves(data: bytes, depth: int = 0) -> Iterator[bytes]:
    if depth > _MAX_DEPTH:
        raise ValueError("face record nested too deep")
    for tag, value in tlv.parse(data):
        if tlv.constructed(tag):
            yield from _leaves(value, depth + 1)
        else:
            yield value


def _is_picture(data: bytes) -> bool:
    return data.startswith((_JPEG, *_JPEG_2000))


def _decoded(picture: bytes) -> Face:
    if picture.startswith(_JPEG) and picture.count(_SCAN) > MAX_SCANS:
        raise ValueError("picture of too many passes")
    try:
        with Image.open(io.BytesIO(picture), formats=("JPEG", "JPEG2000")) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise ValueError("picture too large")
            # Dots only: what else the file holds (comments, profiles, a thumbnail) stays behind.
            plain = Image.frombytes("RGB", image.size, image.convert("RGB").tobytes())
    except Exception as error:
        # What a decoder says to damaged bytes is declared nowhere.
        raise ValueError(f"picture cannot be decoded: {type(error).__name__}") from None
    buffer = io.BytesIO()
    plain.save(buffer, "JPEG", quality=_QUALITY)
    return Face(buffer.getvalue(), width, height)
