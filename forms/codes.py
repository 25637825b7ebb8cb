"""Codes of a dossier: the provisional one a kiosk prints, the official ones it must recognise, the random look-up key.

A provisional code ``TAM-<kiosk>-<yyMMdd>-<number><check>`` is issued with no network and promises nothing official. Its last
sign is a check over all signs before it, computed in GF(32) with a different power of the generator per position, so every
single wrong sign and every swap of two neighbours is noticed. The alphabet is Crockford's base 32: I, L, O and U are never
printed, and read back as 1, 1, 0, V. Official codes (mã hồ sơ) are read in both orders in use, leaf first (TT 01/2018) and root
first (TT 03/2025 Art. 13), with 6 or 8 date digits and 4 or more counter digits; they carry no check sign, so only their shape
and date can be judged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
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
_OFFICIAL: Final = re.compile(r"([0-9A-Z]{1,6}(?:\.[0-9A-Z]{1,6}){0,5})-([0-9]{6}|[0-9]{8})-([0-9A-Z]{2})?([0-9]{4,10})")
_OWNER_MAX: Final = 35


@dataclass(frozen=True, slots=True)
class CodeFacts:
    """What a typed or scanned code is. ``why`` is a Vietnamese sentence when ``valid`` is false, else empty."""

    kind: Literal["provisional", "official", "unknown"]
    normalised: str
    valid: bool
    why: str


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


def check_code(text: str) -> CodeFacts:
    """Recognise a code as people type or scan it; only case, spaces and kinds of dash are normalised."""
    plain = "".join(nfc(text).upper().translate(_DASHES).split())
    if plain.startswith(PREFIX):
        return _check_provisional(plain)
    found = _OFFICIAL.fullmatch(plain)
    if found is None:
        return CodeFacts("unknown", plain, False, "Mã này không có dạng của mã hồ sơ. Bà con xem lại trên phiếu.")
    owner, day, _, _ = found.groups()
    if len(owner) > _OWNER_MAX:
        return CodeFacts("official", plain, False, "Phần mã cơ quan dài quá 35 ký tự.")
    if _day(day) is None:
        return CodeFacts("official", plain, False, "Phần ngày trong mã không phải là một ngày có thật.")
    return CodeFacts("official", plain, True, "")


def _check_provisional(plain: str) -> CodeFacts:
    body = plain[len(PREFIX) :].translate(_ALIASES)
    plain = PREFIX + body
    found = _PROVISIONAL.fullmatch(plain) or _without_dashes(plain)
    if found is None:
        return CodeFacts("provisional", plain, False, "Mã tạm viết thiếu hoặc thừa ký tự. Bà con xem lại trên phiếu.")
    tag, day, count, check = found.groups()
    plain = f"{PREFIX}-{tag}-{day}-{count}{check}"
    if check_character(tag + day + count) != check or _day(day) is None:
        return CodeFacts("provisional", plain, False, "Mã tạm có ký tự viết nhầm. Bà con xem lại từng ký tự trên phiếu.")
    return CodeFacts("provisional", plain, True, "")


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


def procedure_code(text: str) -> str:
    """A procedure code without what catalogues append: «1.001193.000.00.00.H14» -> «1.001193».

    Raises:
        ValueError: no procedure code at the start.
    """
    found = re.match(r"[0-9]\.[0-9]{6}(?=\.|$)", "".join(nfc(text).split()))
    if found is None:
        raise ValueError(f"not a procedure code: {text!r}")
    return found.group()
