"""Communes and wards of Cao Bằng since 1 July 2025, and where the former units went.

Codes are text of five digits with their leading zero. Fifteen new units carry the code of a former unit with another name, so a
code alone is not one place for ever: a former unit is found by its own name and, where names were used twice or more, its former
district. All former units were merged whole, so old -> new is a function; what a code means is asked with a day
(:func:`place_on`). Names are compared without accents; «Hoà An» and «Hòa An» are one.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Final

from forms.text import fold

PROVINCE_VI: Final = "Tỉnh Cao Bằng"

MERGED_ON: Final = date(2025, 7, 1)
"""First day of the 56 communes; districts ended the day before (NQ 1657/NQ-UBTVQH15)."""

_KIND: Final = re.compile(r"^(?:(?:phuong|xa|thi tran|thi xa|huyen|thanh pho|tinh)\s|(?:tp|tx|tt|p|x|h|t)(?:\.|\s)\s?)")


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


def place_on(code: str, day: date) -> Commune | FormerUnit | None:
    """What a code named on a day: one of the 56 from 1/7/2025 on, a former unit before; ``None`` when it named nothing here."""
    if day >= MERGED_ON:
        return _communes().get(code)
    return next((unit for unit in _former() if unit.code == code), None)


def former_units() -> Sequence[FormerUnit]:
    """All 161, in order of code."""
    return _former()


def find(text: str) -> Sequence[Commune]:
    """Communes whose name, in either spelling and without accents, begins with ``text``; with or without «xã», «phường»."""
    wanted = bare(text)
    return tuple(place for place in communes() if wanted and place.folded.startswith(wanted))


def former(name: str, district: str = "") -> Sequence[FormerUnit]:
    """Former units of that name; several when the name was used more than once and ``district`` does not decide."""
    wanted, where = bare(name), bare(district)
    found = [unit for unit in _former() if bare(unit.full_name) == wanted]
    return tuple(unit for unit in found if not where or bare(unit.district) == where)


def bare(text: str) -> str:
    """A place's name for comparison: without accents and without the kind before it, written out or short («TP.», «x.»)."""
    return _KIND.sub("", fold(text)).strip()


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
