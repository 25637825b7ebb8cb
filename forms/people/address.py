"""Addresses as papers write them: which of today's communes they lie in, with or without a district that no longer exists.

An address runs from small to large: house or hamlet (xóm, bản, tổ dân phố), commune or ward, once a district, province. Cards and
books keep district names for years, so the text is stored as it is on the paper and the code of today's commune is added beside
it. A commune's name used more than once needs its district, or the day of the paper, to be resolved; when neither decides, every
candidate is given and nobody guesses.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Final, Literal

from forms.people import idnumber
from forms.people.places import MERGED_ON, PROVINCE_VI, Commune, bare, communes, former, former_units
from forms.text import fold, nfc

_BEFORE_KIND: Final = re.compile(r"\s+(?=(?:xã|phường|thị trấn|huyện|thành phố|thị xã|tỉnh)\s)", re.IGNORECASE)
_DISTRICT_KIND: Final = re.compile(r"(?:huyen|thanh pho|thi xa)\s|(?:h|tp|tx)[. ]")


@dataclass(frozen=True, slots=True)
class Address:
    """An address and where it lies today. ``text`` is as on the paper, in NFC.

    ``found``: ``current`` (named as today), ``former`` (a unit before 1/7/2025), ``ambiguous`` (``candidates`` has several),
    ``outside`` (another province), ``unknown``.
    """

    text: str
    found: Literal["current", "former", "ambiguous", "outside", "unknown"]
    hamlet: str = ""
    """What stands before the commune: house, street, hamlet."""
    district: str = ""
    """The former district as written, else ''."""
    candidates: tuple[Commune, ...] = field(default=())

    @property
    def commune(self) -> Commune | None:
        """Today's commune, when there is exactly one."""
        return self.candidates[0] if len(self.candidates) == 1 else None


def read_address(text: str, written: date | None = None) -> Address:
    """Read an address in Cao Bằng. ``written``, the day of the paper, decides between a name of today and the same name before."""
    whole = nfc(text)
    parts = _parts(whole)
    if parts and bare(parts[-1]) != bare(PROVINCE_VI) and _is_other_province(parts[-1]):
        return Address(whole, "outside")
    if parts and bare(parts[-1]) == bare(PROVINCE_VI) and not _names_city(parts):
        parts = parts[:-1]
    district = parts.pop() if len(parts) > 1 and bare(parts[-1]) in _districts() and not _only_a_commune(parts[-1]) else ""
    if not parts:
        return Address(whole, "unknown")
    hamlet, place = ", ".join(parts[:-1]), parts[-1]
    now, before = _today(place), _before(place, district)
    if district or (written is not None and written < MERGED_ON):
        now = () if before else now
    elif written is not None and now:
        before = ()
    candidates = tuple({place.code: place for place in (*now, *before)}.values())
    if not candidates:
        return Address(whole, "unknown", "", district)
    if len(candidates) > 1:
        return Address(whole, "ambiguous", hamlet, district, candidates)
    return Address(whole, "current" if now else "former", hamlet, district, candidates)


def _parts(text: str) -> list[str]:
    spaced = text if "," in text else _BEFORE_KIND.sub(", ", re.sub(r"\s[-–]\s", ", ", text))
    return [part.strip(" .") for part in spaced.split(",") if part.strip(" .")]


def _names_city(parts: Sequence[str]) -> bool:
    """Whether the last part is the former city («TP Cao Bằng»), the province being left out."""
    return _DISTRICT_KIND.match(fold(parts[-1])) is not None


def _only_a_commune(part: str) -> bool:
    """A district shares its name with communes («xã Bảo Lạc»); its kind decides."""
    return re.match(r"(?:xa|phuong|thi tran)\s|(?:x|p|tt)[. ]", fold(part)) is not None


def _today(place: str) -> Sequence[Commune]:
    return tuple(commune for commune in communes() if commune.folded == bare(place))


def _before(place: str, district: str) -> Sequence[Commune]:
    return tuple(unit.now for unit in former(place, district))


@cache
def _districts() -> frozenset[str]:
    return frozenset(bare(unit.district) for unit in former_units())


@cache
def _provinces() -> frozenset[str]:
    return frozenset(bare(name) for name in idnumber.provinces().values())


def _is_other_province(part: str) -> bool:
    return bare(part) in _provinces() or fold(part).startswith("tinh ")
