"""DG13: what the Vietnamese issuer adds, a list of (item number, value) (VIETNAM.md 6.3; Doc 9303-10 leaves DG13 to the issuer).

It is nowhere published, and its wrapping differs between reports. So the parser walks down until it meets an INTEGER with something
after it, and goes by the number; the first item of a number counts. Religion (7), features (10), parents (13) and spouse (14) are
never taken out of the buffer. Items of unknown number stay in memory, and no text, record or message shows them. A file
nested too deep or with too many objects is damaged; a text that is too long or cannot be shown is left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from devices.idcard import tlv

MAX_DEPTH: Final = 12
MAX_OBJECTS: Final = 1000
MAX_TEXT: Final = 300
"""Letters of an item; the longest addresses have half of it."""
_FIELDS: Final = {
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
_OLD_NUMBER_ITEMS: Final = (15, 16)
_WANTED: Final = {*_FIELDS, *_OLD_NUMBER_ITEMS}
_PRIVATE: Final = {7, 10, 13, 14}
_INTEGER, _OCTETS = 0x02, 0x04
_T61: Final = 0x14
_ENCODINGS: Final = {0x1E: "utf-16-be", 0x1C: "utf-32-be"}
_PADDING: Final = "\x00\ufeff\u200b"


class _TooMuch(ValueError):
    """Deeper or more than any true DG13."""


@dataclass(frozen=True, slots=True)
class Items:
    """The items of one DG13. ``facts``: the known ones, by the name of their field in :class:`CardPerson`."""

    facts: Mapping[str, str]
    _unknown: Mapping[int, bytes]

    def __repr__(self) -> str:
        return f"Items({len(self.facts)} known, unknown: {self.unknown_numbers})"

    @property
    def unknown_numbers(self) -> tuple[int, ...]:
        """The numbers that no report names: what a technician may say about a new kind of card."""
        return tuple(sorted(self._unknown))


NO_ITEMS: Final = Items(MappingProxyType({}), MappingProxyType({}))


def parse_dg13(dg13: bytes) -> Items:
    """The items of ``dg13``. ``ValueError`` when it holds none at all, or more than a chip would."""
    walk = _Walk()
    walk.down(tlv.find(dg13, 0x6D))
    if not walk.texts and not walk.unknown:
        raise ValueError("no items in DG13")
    facts = {field: walk.texts[number] for number, field in _FIELDS.items() if number in walk.texts}
    # Sources disagree which of the two is the old number and which the chip's serial: the old number has nine digits.
    old = (walk.texts[number] for number in _OLD_NUMBER_ITEMS if re.fullmatch(r"[0-9]{9}", walk.texts.get(number, "")))
    facts["old_number"] = next(old, "")
    return Items(MappingProxyType(facts), MappingProxyType(walk.unknown))


class _Walk:
    """One way through the objects of a DG13."""

    def __init__(self) -> None:
        self.texts: dict[int, str] = {}
        self.unknown: dict[int, bytes] = {}
        self._left = MAX_OBJECTS

    def down(self, data: bytes, depth: int = 0) -> None:
        if depth > MAX_DEPTH:
            raise _TooMuch("DG13 nested too deep")
        number: int | None = None
        for tag, value in tlv.parse(data):
            self._left -= 1
            if self._left < 0:
                raise _TooMuch("too many objects in DG13")
            if tag == _INTEGER:
                number = int.from_bytes(value[:4], "big")
                continue
            self._take(number, tag, value, depth)
            number = None

    def _take(self, number: int | None, tag: int, value: bytes, depth: int) -> None:
        if number in _PRIVATE:
            return
        if number in _WANTED and not tlv.constructed(tag):
            self.texts.setdefault(number or 0, _text(tag, value))
        elif number is None or tlv.constructed(tag):
            self._inside(tag, value, depth)
        else:
            self.unknown.setdefault(number, value)

    def _inside(self, tag: int, value: bytes, depth: int) -> None:
        if not tlv.constructed(tag) and tag != _OCTETS:
            return
        try:
            self.down(value, depth + 1)
        except _TooMuch:
            raise
        except ValueError:
            # An octet string need not hold objects.
            return


def _text(tag: int, value: bytes) -> str:
    """One line, composed (NFC). Empty, as if the item were not there, when it is too long or has signs that no paper shows."""
    text = _t61(value) if tag == _T61 else value.decode(_ENCODINGS.get(tag, "utf-8"), "replace")
    line = " ".join(unicodedata.normalize("NFC", text.strip(_PADDING)).split())
    return line if len(line) <= MAX_TEXT and line.isprintable() else ""


def _t61(value: bytes) -> str:
    """What is declared T61 is mostly UTF-8 or Latin-1."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
