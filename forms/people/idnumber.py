"""The 12-digit personal number (số định danh cá nhân): what it says, and whether that fits the person.

Layout ``PPP S YY RRRRRR``: province or country of birth registration, sex and century, year of birth, six random digits; there
is no check digit. Province digits did not change when provinces merged and are not where someone lives; sex may lawfully differ
after a correction. So only the shape can be refused; everything else is a warning for an official's eye. Nine digits are the old
identity card (CMND), which lost its force after 31/12/2024 (Luật Căn cước 26/2023/QH15): recognised, so that people are told why.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final, Literal

from forms.text import fold

_SHAPE: Final = re.compile(r"[0-9]{12}")
_OLD_CARD: Final = re.compile(r"[0-9]{9}")
_FIRST_COUNTRY: Final = 101
"""First three digits from here on are countries of birth of people born abroad."""


@dataclass(frozen=True, slots=True)
class Warning:
    """Something that does not fit. ``code``: ``province_unknown``, ``sex_differs``, ``year_differs``, ``old_card``."""

    code: str
    message_vi: str


_EXPIRED: Final = Warning(
    "old_card", "Chứng minh nhân dân 9 số đã hết giá trị sau ngày 31/12/2024. Bà con dùng số định danh 12 số trên thẻ căn cước."
)


@dataclass(frozen=True, slots=True)
class NumberFacts:
    """What a number says. ``valid`` is about its shape only; ``place_vi`` is '' for a country of birth or an unknown code."""

    number: str
    valid: bool
    place_vi: str
    sex: str
    """«Nam» or «Nữ», '' when the shape is wrong."""
    birth_year: int
    warnings: tuple[Warning, ...]
    kind: Literal["personal", "old_card", "unknown"] = "personal"
    born_abroad: bool = False
    """The first three digits are a country of birth, not a province."""


@cache
def provinces() -> Mapping[str, str]:
    """Names of the provinces by the first three digits, as they were when numbers were given out."""
    text = resources.files("forms").joinpath("data/id_province_codes.json").read_text("utf-8")
    names: Mapping[str, str] = json.loads(text)["provinces"]
    return names


def check_number(text: str, *, sex: str = "", birth: str = "") -> NumberFacts:
    """Read a number and compare it with what is known: ``sex`` «Nam»/«Nữ», ``birth`` an ISO or partial date; both may be ''."""
    number = re.sub(r"[\s.]", "", text)
    if _OLD_CARD.fullmatch(number):
        return NumberFacts(number, False, "", "", 0, (_EXPIRED,), "old_card")
    if not _SHAPE.fullmatch(number):
        return NumberFacts(number, False, "", "", 0, (), "unknown")
    code, century = number[:3], int(number[3])
    said_sex, year = "Nữ" if century % 2 else "Nam", 1900 + century // 2 * 100 + int(number[4:6])
    warnings = []
    abroad = int(code) >= _FIRST_COUNTRY
    if code not in provinces() and not abroad:
        warnings.append(Warning("province_unknown", f"Ba số đầu «{code}» không có trong danh mục tỉnh. Bà con xem lại số."))
    if sex and fold(sex) != fold(said_sex):
        warnings.append(Warning("sex_differs", f"Số định danh này ghi giới tính {said_sex}. Cán bộ sẽ xem lại."))
    if birth[:4].isdigit() and int(birth[:4]) != year:
        warnings.append(Warning("year_differs", f"Số định danh này ghi năm sinh {year}. Bà con xem lại số và năm sinh."))
    return NumberFacts(number, True, provinces().get(code, ""), said_sex, year, tuple(warnings), born_abroad=abroad)
