"""Communes and wards of Cao Bằng since 1 July 2025, and where the former units went.

Codes are text of five digits with their leading zero. Fifteen new units carry the code of a former unit with another name, so a
code alone is not one place for ever: a former unit is found by its own name and, where names were used twice or more, its former
district. All former units were merged whole, so old -> new is a function. Names are compared without accents; «Hoà An» and «Hòa An»
are one.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from forms.text import fold

PROVINCE_CODE: Final = "04"
PROVINCE_VI: Final = "Tỉnh Cao Bằng"

_KINDS: Final = ("phuong ", "xa ", "thi tran ", "huyen ", "thanh pho ")


@dataclass(frozen=True, slots=True)
class Commune:
    """A commune (xã) or ward (phường). ``name`` has no kind; ``full_name`` begins with it («Xã Bảo Lâm»)."""

    code: str
    kind: str
    name: str
    full_name: str
    variant: str
    """The other spelling in use («Hòa An» of «Hoà An»), else ''."""
    folded: str

    @property
    def title_vi(self) -> str:
        """As it stands inside a sentence: «xã Bảo Lâm», «phường Thục Phán»."""
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class FormerUnit:
    """A commune-level unit before 1 July 2025, its district, and the commune it is part of now."""

    code: str
    full_name: str
    district: str
    now: Commune


def communes() -> Sequence[Commune]:
    """All 56, in order of code."""
    return tuple(_communes().values())


def commune(code: str) -> Commune:
    """The commune of a code.

    Raises:
        KeyError: not one of the 56.
    """
    return _communes()[code]


def find(text: str) -> Sequence[Commune]:
    """Communes whose name, in either spelling and without accents, begins with ``text``; with or without «xã», «phường»."""
    wanted = _bare(text)
    return tuple(place for place in communes() if wanted and place.folded.startswith(wanted))


def former(name: str, district: str = "") -> Sequence[FormerUnit]:
    """Former units of that name; several when the name was used more than once and ``district`` does not decide."""
    wanted, where = _bare(name), _bare(district)
    found = [unit for unit in _former() if _bare(unit.full_name) == wanted]
    return tuple(unit for unit in found if not where or _bare(unit.district) == where)


def _bare(text: str) -> str:
    folded = fold(text)
    return next((folded[len(kind) :] for kind in _KINDS if folded.startswith(kind)), folded)


def _rows(file: str) -> Sequence[Mapping[str, str]]:
    text = resources.files("forms").joinpath("data", file).read_text("utf-8")
    return list(csv.DictReader(io.StringIO(text, newline="")))


@cache
def _communes() -> Mapping[str, Commune]:
    return {
        row["code"]: Commune(row["code"], row["type"], row["name"], row["full_name"], row["name_variant"], fold(row["name"]))
        for row in _rows("cao_bang_communes.csv")
    }


@cache
def _former() -> Sequence[FormerUnit]:
    return [
        FormerUnit(row["old_code"], row["old_full_name"], row["old_district"], commune(row["new_code"]))
        for row in _rows("cao_bang_old_to_new.csv")
    ]
