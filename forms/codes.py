"""Codes of a dossier: the provisional one a kiosk prints, the official ones it must recognise, the random look-up key.

A provisional code ``TAM-<kiosk>-<yyMMdd>-<number><check>`` is issued with no network and promises nothing official. Its last
sign is a check over all signs before it, computed in GF(32) with a different power of the generator per position, so every
single wrong sign and every swap of two signs, neighbours or not, is noticed. The alphabet is Crockford's base 32: I, L, O and U
are never printed, and read back as 1, 1, 0, V. Official codes (mã hồ sơ) are read in both orders in use, leaf first (TT 01/2018)
and root first (TT 03/2025 Art. 13), with 6 or 8 date digits, a counter of 4 or more digits and, from ministry systems, two signs
of the owner before it; they carry no check sign, so only their shape and date can be judged, part by part. Identifier codes of
agencies are configuration: unknown ones are not wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final, Literal

from forms.text import nfc

PREFIX: Final = "TAM"
"""First part of a provisional code (mã tạm)."""

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford base 32, upper case."""

_ALIASES: Final = str.maketrans({"I": "1", "L": "1", "O": "0", "U": "V"})
_DASHES: Final = str.maketrans(dict.fromkeys("‐‑‒–—−_", "-"))
_PROVISIONAL: Final = re.compile(rf"{PREFIX}-([{ALPHABET}]{{1,12}})-([0-9]{{6}})-([0-9]{{4,9}})([{ALPHABET}])")
_BARE: Final = re.compile(rf"{PREFIX}[{ALPHABET}]{{12,}}")
_UNIT: Final = re.compile(r"[0-9A-Z]{1,6}(?:\.[0-9A-Z]{1,6}){0,5}")
_UNIT_MAX: Final = 35
_ROOT: Final = re.compile(r"[A-Z][0-9]{2}")
"""A level-1 body: letter of its group and number; H14 is Cao Bằng."""
_COUNTER: Final = re.compile(r"((?=[0-9]?[A-Z])[0-9A-Z]{2})?([0-9]{4,10})")
"""An owner written in two digits cannot be told from a longer number, and is read as part of it."""
_OFFICIAL_LOOK: Final = re.compile(r"[0-9A-Z.]+-[0-9A-Z]+-[0-9A-Z]+")

Order = Literal["", "root_first", "leaf_first"]


@dataclass(frozen=True, slots=True)
class CodeParts:
    """What a valid code says; a part it does not have is ''."""

    unit: str
    """Official: the agency's identifier code, root first («H14.40»). Provisional: the kiosk's tag."""
    day: date
    number: str
    """Running number, with the zeros it was written with."""
    owner: str = ""
    """Official codes of ministry systems: the two signs before the number."""
    order: Order = ""
    unit_vi: str = ""
    """Name of the agency, when the configuration knows it."""


@dataclass(frozen=True, slots=True)
class CodeFacts:
    """What a typed or scanned code is. ``why`` is a Vietnamese sentence when ``valid`` is false, else empty."""

    kind: Literal["provisional", "official", "unknown"]
    normalised: str
    valid: bool
    why: str
    parts: CodeParts | None = None
    """What it says; ``None`` unless valid."""


def kiosk_tag(text: str) -> str:
    """A kiosk's name as it stands in codes: upper case, letters and digits of :data:`ALPHABET` only (I, L -> 1, O -> 0, U -> V).

    Raises:
        ValueError: nothing left, or more than 12 signs.
    """
    tag = "".join(c for c in nfc(text).upper().translate(_ALIASES) if c in ALPHABET)
    if not 1 <= len(tag) <= 12:
        raise ValueError(f"a kiosk's tag has 1 to 12 letters or digits, not {text!r}")
    return tag


def provisional_code(kiosk: str, day: date, number: int) -> str:
    """The code printed on the kiosk's slip. ``number`` counts from 1 per kiosk and must never be issued twice.

    Raises:
        ValueError: an empty kiosk tag, or a number outside 1 to 999,999,999.
    """
    if not 1 <= number <= 999_999_999:
        raise ValueError(f"provisional numbers run from 1 to 999,999,999, not {number}")
    tag, when, count = kiosk_tag(kiosk), day.strftime("%y%m%d"), f"{number:04d}"
    return f"{PREFIX}-{tag}-{when}-{count}{check_character(tag + when + count)}"


def check_character(signs: str) -> str:
    """Check sign of a run of :data:`ALPHABET` signs."""
    total = 0
    for sign in reversed(signs):
        total = _times_generator(total ^ ALPHABET.index(sign))
    return ALPHABET[total]


def _times_generator(value: int) -> int:
    """Multiply by x in GF(32) with x⁵ + x² + 1: shift, and subtract the polynomial when the top bit leaves."""
    value <<= 1
    return value ^ 0b100101 if value & 0b100000 else value


def check_code(text: str, agencies: Mapping[str, str] = MappingProxyType({})) -> CodeFacts:
    """Recognise a code as people type or scan it; only case, spaces and kinds of dash are normalised.

    ``agencies``: names of agencies by identifier code, root first, from the configuration.
    """
    plain = "".join(nfc(text).upper().translate(_DASHES).split())
    if plain.startswith(PREFIX):
        return _check_provisional(plain)
    if _OFFICIAL_LOOK.fullmatch(plain) is None:
        return CodeFacts("unknown", plain, False, "Mã này không có dạng của mã hồ sơ. Bà con xem lại trên phiếu.")
    unit, digits, count = plain.split("-")
    day, counter = _day(digits), _COUNTER.fullmatch(count)
    if why := _wrong_part(unit, digits, count):
        return CodeFacts("official", plain, False, why)
    if day is None or counter is None:
        return CodeFacts("official", plain, False, "Phần ngày trong mã không phải là một ngày có thật.")
    rooted, order = _root_first(unit)
    parts = CodeParts(rooted, day, counter[2], counter[1] or "", order, agencies.get(rooted, ""))
    return CodeFacts("official", plain, True, "", parts)


def _wrong_part(unit: str, day: str, count: str) -> str:
    """Which part of an official code has a wrong shape, in words; ''."""
    if len(unit) > _UNIT_MAX:
        return f"Phần mã cơ quan dài quá {_UNIT_MAX} ký tự."
    if _UNIT.fullmatch(unit) is None:
        return f"Phần mã cơ quan «{unit}» phải gồm các nhóm 1 đến 6 chữ, số, cách nhau bằng một dấu chấm."
    if not day.isdigit() or len(day) not in (6, 8):
        return f"Phần ngày «{day}» phải có 6 chữ số (năm, tháng, ngày) hoặc 8 chữ số."
    if _COUNTER.fullmatch(count) is None:
        return f"Phần số thứ tự «{count}» phải có từ 4 đến 10 chữ số (trước đó có thể có 2 ký tự của cơ quan chủ quản)."
    return ""


def _root_first(unit: str) -> tuple[str, Order]:
    """An identifier code with its level-1 body in front, and the order it was written in; '' when no such body is seen."""
    groups = unit.split(".")
    if _ROOT.fullmatch(groups[0]):
        return unit, "root_first"
    return (".".join(reversed(groups)), "leaf_first") if _ROOT.fullmatch(groups[-1]) else (unit, "")


def _check_provisional(plain: str) -> CodeFacts:
    body = plain[len(PREFIX) :].translate(_ALIASES)
    plain = PREFIX + body
    found = _PROVISIONAL.fullmatch(plain) or _without_dashes(plain)
    if found is None:
        return CodeFacts("provisional", plain, False, "Mã tạm viết thiếu hoặc thừa ký tự. Bà con xem lại trên phiếu.")
    tag, day, count, check = found.groups()
    plain = f"{PREFIX}-{tag}-{day}-{count}{check}"
    when = _day(day)
    if check_character(tag + day + count) != check or when is None:
        return CodeFacts("provisional", plain, False, "Mã tạm có ký tự viết nhầm. Bà con xem lại từng ký tự trên phiếu.")
    return CodeFacts("provisional", plain, True, "", CodeParts(tag, when, count))


def _without_dashes(plain: str) -> re.Match[str] | None:
    """The one way to put the dashes into a code typed without any, or ``None`` when there are none or several ways."""
    if not _BARE.fullmatch(plain):
        return None
    body, ways = plain[len(PREFIX) :], []
    for cut in range(1, len(body) - 10):
        found = _PROVISIONAL.fullmatch(f"{PREFIX}-{body[:cut]}-{body[cut : cut + 6]}-{body[cut + 6 :]}")
        if found is not None and _day(found[2]) is not None:
            ways.append(found)
    return ways[0] if len(ways) == 1 else None


def _day(digits: str) -> date | None:
    try:
        if len(digits) == 8:
            return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
        return date(2000 + int(digits[:2]), int(digits[2:4]), int(digits[4:]))
    except ValueError:
        return None


def lookup_key(random_bytes: bytes) -> str:
    """The random key that opens a dossier's tracking page: lower-case base 32 of at least 8 bytes (64 bits).

    Raises:
        ValueError: fewer than 8 bytes.
    """
    if len(random_bytes) < 8:
        raise ValueError("a look-up key takes at least 8 random bytes")
    number = int.from_bytes(random_bytes, "big")
    length = -(-len(random_bytes) * 8 // 5)
    return "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(length))).lower()


@dataclass(frozen=True, slots=True)
class ProcedureCode:
    """A procedure code taken apart: «1.001193.000.00.00.H14» is procedure 1.001193 as the catalogue of H14 writes it."""

    code: str
    """National code (mã thủ tục), «1.001193»."""
    service: str = ""
    """Number of the service on the national portal, «01»."""
    agency: str = ""
    """Identifier code a provincial catalogue appended, as written."""


_PROCEDURE: Final = re.compile(r"([0-9]\.[0-9]{6})(?:\.([0-9]{2}))?(?:\.((?:[0-9A-Z]{1,6}\.)*[A-Z][0-9]{2}))?")


def read_procedure_code(text: str) -> ProcedureCode | None:
    """A procedure code with what catalogues and the portal append, or ``None`` when it is none."""
    found = _PROCEDURE.fullmatch("".join(nfc(text).upper().split()))
    return ProcedureCode(found[1], found[2] or "", found[3] or "") if found else None


def procedure_code(text: str) -> str:
    """A procedure code without what catalogues append: «1.001193.000.00.00.H14» -> «1.001193».

    Raises:
        ValueError: not a procedure code.
    """
    found = read_procedure_code(text)
    if found is None:
        raise ValueError(f"not a procedure code: {text!r}")
    return found.code
