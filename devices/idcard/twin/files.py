"""The data groups of a twin's card: DG1 (MRZ), DG2 (a drawn face), DG13 (Vietnamese data), EF.COM (ICAO Doc 9303-10).

DG13 comes in the wrappings that readers of real cards have reported; which one a card uses is not published.
"""

from __future__ import annotations

import io
import struct
from typing import Literal

from PIL import Image, ImageDraw

from devices.idcard import tlv
from devices.idcard.twin.people import Citizen

Wrapping = Literal["set", "oid", "flat", "bare"]
Picture = Literal["jpeg", "jpeg2000"]


def build_dg1(citizen: Citizen) -> bytes:
    return tlv.build(0x61, tlv.build(0x5F1F, citizen.mrz.encode("ascii")))


def build_com(groups: list[int]) -> bytes:
    """EF.COM naming ``groups`` by number."""
    tags = {1: 0x61, 2: 0x75, 13: 0x6D, 14: 0x6E, 15: 0x6F}
    listed = bytes(tags[number] for number in sorted(groups))
    return tlv.build(0x60, tlv.build(0x5F01, b"0107") + tlv.build(0x5F36, b"040000") + tlv.build(0x5C, listed))


def build_dg13(citizen: Citizen, wrapping: Wrapping = "set") -> bytes:
    """All items a chip is reported to hold, also those the kiosk leaves alone."""
    values: list[tuple[int, bytes]] = [
        (1, _printable(citizen.number)),
        (2, _utf8(citizen.name)),
        (3, _printable(_vietnamese(citizen.birth))),
        (4, _utf8(citizen.sex)),
        (5, _utf8(citizen.nationality)),
        (6, _utf8(citizen.ethnicity)),
        (7, _utf8(citizen.religion)),
        (8, _utf8(citizen.origin)),
        (9, _utf8(citizen.residence)),
        (10, _utf8(citizen.features)),
        (11, _printable(_vietnamese(citizen.issued))),
        (12, _printable(_vietnamese(citizen.expires)) if citizen.expires else _utf8("Không thời hạn")),
        (13, tlv.build(0x30, _utf8(citizen.father) + _utf8(citizen.mother))),
        (14, tlv.build(0x30, _utf8(citizen.spouse))),
        (15, _printable(citizen.old_number)),
        (16, _printable("VN000000000000000000")),
    ]
    pairs = [tlv.build(0x02, bytes([number])) + value for number, value in values]
    items = b"".join(tlv.build(0x30, pair) for pair in pairs)
    inner = {
        "set": tlv.build(0x30, tlv.build(0x31, items)),
        "oid": tlv.build(0x30, tlv.build(0x06, bytes.fromhex("2A0304")) + tlv.build(0x04, tlv.build(0x31, items))),
        "flat": items,
        "bare": b"".join(pairs),
    }
    return tlv.build(0x6D, inner[wrapping])


def _utf8(text: str) -> bytes:
    return tlv.build(0x0C, text.encode())


def _printable(text: str) -> bytes:
    return tlv.build(0x13, text.encode("ascii"))


def _vietnamese(iso: str) -> str:
    return "/".join(reversed(iso.split("-")))


def build_dg2(citizen: Citizen, kind: Picture = "jpeg", size: int = 0) -> bytes:
    """A face record of ISO/IEC 19794-5 in the biometric frame of Doc 9303-10; its picture filled up to ``size`` bytes."""
    width, height, picture = draw_face(citizen, kind)
    picture = _filled(picture, kind, size)
    image = struct.pack(">BBHHBBHH", 1, int(kind == "jpeg2000"), width, height, 1, 0, 0, 0)
    sex = 2 if citizen.sex == "Nữ" else 1
    block = struct.pack(">IHBBB3sH3s3s", 32 + len(picture), 0, sex, 0, 0, bytes(3), 0, bytes(3), bytes(3)) + image + picture
    record = b"FAC\x00010\x00" + struct.pack(">IH", 14 + len(block), 1) + block
    head = tlv.build(0x81, b"\x02") + tlv.build(0x82, b"\x00") + tlv.build(0x87, b"\x01\x01") + tlv.build(0x88, b"\x00\x08")
    template = tlv.build(0x7F60, tlv.build(0xA1, head) + tlv.build(0x5F2E, record))
    return tlv.build(0x75, tlv.build(0x7F61, tlv.build(0x02, b"\x01") + template))


def _filled(picture: bytes, kind: Picture, size: int) -> bytes:
    """``picture`` with comments (JPEG) or a free box (JPEG 2000) that bring it to ``size`` bytes, if it is shorter."""
    missing = size - len(picture)
    if kind == "jpeg2000":
        return picture + (struct.pack(">I4s", missing, b"free") + bytes(missing - 8) if missing >= 8 else b"")
    comments = b""
    while missing >= 4:
        part = min(missing, 0xFFFF)
        comments += struct.pack(">BBH", 0xFF, 0xFE, part - 2) + b"." * (part - 4)
        missing -= part
    return picture[:2] + comments + picture[2:]


def draw_face(citizen: Citizen, kind: Picture = "jpeg") -> tuple[int, int, bytes]:
    """Width, height and picture of a drawn face that can be nobody's."""
    width, height = 240, 320
    picture = Image.new("RGB", (width, height), "#DDE6EE")
    draw = ImageDraw.Draw(picture)
    draw.ellipse((20, 250, 220, 420), fill="#1F3A7A")
    draw.rectangle((100, 200, 140, 270), fill="#D9A984")
    if citizen.sex == "Nữ":
        draw.ellipse((52, 40, 188, 262), fill="#22201F")
    draw.ellipse((65, 60, 175, 225), fill="#E6B895")
    draw.chord((62, 50, 178, 190), 180, 360, fill="#22201F")
    for x in (98, 142):
        draw.ellipse((x - 8, 140, x + 8, 150), fill="white")
        draw.ellipse((x - 4, 141, x + 4, 149), fill="#22201F")
    draw.arc((105, 165, 135, 200), 20, 160, fill="#A0524A", width=4)
    buffer = io.BytesIO()
    if kind == "jpeg":
        picture.save(buffer, "JPEG", quality=85)
    else:
        picture.save(buffer, "JPEG2000", irreversible=True, quality_layers=[20])
    return width, height, buffer.getvalue()
