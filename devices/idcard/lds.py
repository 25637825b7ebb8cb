"""The files of the chip: reading them whole, and the facts in DG1 and DG13 (ICAO Doc 9303-10; VIETNAM.md 6.3).

DG13 is the issuer's own and nowhere published: a list of (item number, value) under wrappings that differ between reports. The
parser walks down until it meets «SEQUENCE of INTEGER and something» and keeps the items it knows by number; unknown and missing
items are no error. Religion (7), features (10), parents (13) and spouse (14) are never taken out of the buffer.
"""

from __future__ import annotations

import contextlib
import re
import unicodedata
from collections.abc import Callable
from enum import IntEnum

from devices.idcard import tlv
from devices.idcard.apdu import read_binary, select_file
from devices.idcard.channel import MAX_PLAIN_READ, SecureChannel
from devices.idcard.dates import iso_from_text
from devices.idcard.facts import CardPerson
from devices.idcard.mrz import Td1, parse_td1

MAX_FILE = 0x7FFF


class File(IntEnum):
    """File identifiers of the application."""

    COM = 0x011E
    DG1 = 0x0101
    DG13 = 0x010D
    SOD = 0x011D


class FileMissing(Exception):
    """The chip has no such file, or does not let it be read."""


def read_file(channel: SecureChannel, file: File, on_bytes: Callable[[int, int], None] | None = None) -> bytes:
    """The whole of ``file``; its length comes from its own first bytes, never from EF.COM.

    ``on_bytes(done, total)`` is called after each command. Raises :class:`FileMissing`; ``ValueError`` when the file is no TLV
    object.
    """
    if not channel.send(select_file(file)).ok:
        raise FileMissing(file.name)
    data = _read(channel, 0, 8, file)
    _, length, start = tlv.header(data)
    total = start + length
    if total > MAX_FILE:
        raise ValueError("file too long")
    while len(data) < total:
        data += _read(channel, len(data), min(MAX_PLAIN_READ, total - len(data)), file)
        if on_bytes:
            on_bytes(min(len(data), total), total)
    return data[:total]


def _read(channel: SecureChannel, offset: int, count: int, file: File) -> bytes:
    answer = channel.send(read_binary(offset, count))
    # 6282: end of file reached, the data before it is good.
    if answer.sw not in (0x9000, 0x6282):
        raise FileMissing(file.name)
    if not answer.data:
        raise ValueError("file shorter than it says")
    return answer.data


def parse_dg1(dg1: bytes) -> Td1:
    """The MRZ in DG1. ``ValueError`` for damage, ``mrz_invalid`` for wrong check digits."""
    return parse_td1(tlv.find(dg1, 0x61, 0x5F1F).decode("ascii"))


_FIELDS = {
    1: "number",
    2: "name",
    3: "birth",
    4: "sex",
    5: "nationality",
    6: "ethnicity",
    8: "origin",
    9: "residence",
    11: "issued",
    12: "expires",
}
_OLD_NUMBER_ITEMS = (15, 16)
_INTEGER, _OCTETS, _BMP = 0x02, 0x04, 0x1E
_SEXES = {"nam": "Nam", "nữ": "Nữ"}


def parse_dg13(dg13: bytes) -> dict[str, str]:
    """The known items by the name of their field in :class:`CardPerson`. ``ValueError`` when DG13 holds no items at all."""
    items: dict[int, str] = {}
    _collect(tlv.find(dg13, 0x6D), items)
    if not items:
        raise ValueError("no items in DG13")
    facts = {field: items[number] for number, field in _FIELDS.items() if number in items}
    # Sources disagree which of the two is the old number and which the chip's serial: the old number has nine digits.
    old = (items[number] for number in _OLD_NUMBER_ITEMS if re.fullmatch(r"\d{9}", items.get(number, "")))
    facts["old_number"] = next(old, "")
    return facts


def _collect(data: bytes, items: dict[int, str]) -> None:
    number = 0
    for tag, value in tlv.parse(data):
        if tag == _INTEGER:
            number = int.from_bytes(value, "big")
            continue
        wanted = number in _FIELDS or number in _OLD_NUMBER_ITEMS
        if wanted and not tag & tlv.CONSTRUCTED:
            items.setdefault(number, _text(tag, value))
        elif tag & tlv.CONSTRUCTED or tag == _OCTETS:
            with contextlib.suppress(ValueError):
                _collect(value, items)
        number = 0


def _text(tag: int, value: bytes) -> str:
    encoding = "utf-16-be" if tag == _BMP else "utf-8"
    return " ".join(unicodedata.normalize("NFC", value.decode(encoding, "replace")).split())


def _date(text: str) -> str:
    """ISO, or empty where the card writes words («Không thời hạn») or nothing."""
    try:
        return iso_from_text(text)
    except ValueError:
        return ""


def _birth_from_mrz(mrz: Td1) -> str:
    """The birth date in the MRZ; the fourth digit of the personal number tells its century."""
    if not mrz.number:
        return ""
    year, month, day = mrz.birth[:2], mrz.birth[2:4].replace("<", "0"), mrz.birth[4:].replace("<", "0")
    return _date(f"{day}/{month}/{19 + int(mrz.number[3]) // 2}{year}")


def person_from_chip(mrz: Td1, dg13: dict[str, str]) -> CardPerson:
    """The holder from both files. ``ValueError`` when they speak of different people.

    Without DG13 the name stays empty: the MRZ's has no diacritics, and a name without them is another name.
    """
    number = dg13.get("number") or mrz.number
    if not number or (mrz.number and mrz.number != number) or not number.endswith(mrz.document):
        raise ValueError("DG1 and DG13 do not belong together")
    return CardPerson(
        number=number,
        name=dg13.get("name", ""),
        birth=_date(dg13.get("birth", "")) or _birth_from_mrz(mrz),
        sex=_SEXES.get(dg13.get("sex", "").lower(), mrz.sex),
        nationality=dg13.get("nationality", ""),
        ethnicity=dg13.get("ethnicity", ""),
        origin=dg13.get("origin", ""),
        residence=dg13.get("residence", ""),
        issued=_date(dg13.get("issued", "")),
        expires=_date(dg13.get("expires", "")),
        old_number=dg13.get("old_number", ""),
        source="chip",
    )
