"""The machine readable zone of a card, format TD1.

Three lines of 30 characters (ICAO Doc 9303-5) and its check digits (Doc 9303-3, 4.9).

A Vietnamese card carries the last nine digits of the personal number as document number and all twelve digits in the optional data
(VIETNAM.md 6.3). ``parse_td1`` believes nothing whose check digit is wrong.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from devices.idcard.errors import card_error
from devices.idcard.facts import MrzKey

_VALUES = {**{str(d): d for d in range(10)}, **{chr(65 + i): 10 + i for i in range(26)}, "<": 0}
_SEXES = {"M": "Nam", "F": "Nữ"}


def check_digit(field: str) -> str:
    """The check digit over ``field``: weights 7, 3, 1, sum modulo 10. ``KeyError`` for a character the zone cannot hold."""
    return str(sum(_VALUES[c] * (7, 3, 1)[i % 3] for i, c in enumerate(field)) % 10)


@dataclass(frozen=True, slots=True, repr=False)
class Td1:
    """The facts of a TD1 zone. ``birth`` and ``expiry`` are ``YYMMDD`` as printed (``<`` for an unknown part).

    ``name`` has no diacritics.
    """

    country: str
    document: str
    optional: str
    birth: str
    sex: str
    expiry: str
    nationality: str
    name: str

    @property
    def number(self) -> str:
        """The personal number of 12 digits, or empty when the zone holds none."""
        return self.optional if re.fullmatch(r"\d{12}", self.optional) else ""

    @property
    def key(self) -> MrzKey:
        """What opens the chip this zone belongs to."""
        return MrzKey(self.document, self.birth, self.expiry)


def parse_td1(text: str) -> Td1:
    """Read 90 characters, with or without line breaks, spaces or ``/`` between the lines. Raises ``mrz_invalid``."""
    zone = re.sub(r"[\s/]", "", text.upper())
    if len(zone) != 90 or not set(zone) <= _VALUES.keys():
        raise card_error("mrz_invalid")
    one, two, three = zone[:30], zone[30:60], zone[60:]
    document, digit, optional = one[5:14], one[14], one[15:30]
    checks = [(two[0:6], two[6]), (two[8:14], two[14]), (one[5:30] + two[0:7] + two[8:15] + two[18:29], two[29])]
    if digit == "<":
        # Doc 9303-5, 4.2.2: a longer number runs on in the optional data, its check digit is the last character before the filler.
        rest = optional.split("<", 1)[0]
        document, digit, optional = document + rest[:-1], rest[-1:], ""
    checks.append((document, digit))
    if any(check_digit(field) != digit for field, digit in checks):
        raise card_error("mrz_invalid")
    surname, _, given = three.rstrip("<").partition("<<")
    return Td1(
        country=one[2:5].rstrip("<"),
        document=document,
        optional=_personal_number(optional),
        birth=two[0:6],
        sex=_SEXES.get(two[7], ""),
        expiry=two[8:14],
        nationality=two[15:18].rstrip("<"),
        name=" ".join(f"{surname} {given}".replace("<", " ").split()),
    )


def _personal_number(optional: str) -> str:
    """The optional data without filler and, when twelve digits carry their check digit at the end, without that."""
    found = re.fullmatch(r"(\d{12})<<(\d)", optional)
    if found and check_digit(found[1]) == found[2]:
        return found[1]
    return optional.rstrip("<")


def key_from_mrz(text: str) -> MrzKey:
    """What opens the chip, from all three lines or the first two (60 characters). Raises ``mrz_invalid``."""
    zone = re.sub(r"[\s/]", "", text)
    return parse_td1(zone + "<" * 30 if len(zone) == 60 else zone).key


def build_td1(*, number: str, birth: str, sex: str, expiry: str, name: str) -> str:
    """The 90 characters of a Vietnamese card.

    ``number`` 12 digits, ``birth`` and ``expiry`` ``YYMMDD``, ``sex`` ``M``/``F``, ``name`` in A–Z.
    """
    one = f"IDVNM{number[3:]}{check_digit(number[3:])}{number}<<{check_digit(number)}"
    dates = f"{birth}{check_digit(birth)}", f"{expiry}{check_digit(expiry)}"
    middle = "<" * 11
    surname, _, given = name.upper().partition(" ")
    three = f"{surname}<<{given.replace(' ', '<')}" if given else surname
    composite = check_digit(one[5:] + dates[0] + dates[1] + middle)
    return f"{one}{dates[0]}{sex}{dates[1]}VNM{middle}{composite}{three[:30]:<<30}"


def mrz_information(key: MrzKey) -> str:
    """Number, birth and expiry, each with its check digit: what the access keys are derived from (Doc 9303-11, 9.7.2)."""
    document = key.document.ljust(9, "<")
    return "".join(f"{field}{check_digit(field)}" for field in (document, key.birth_yymmdd, key.expiry_yymmdd))
