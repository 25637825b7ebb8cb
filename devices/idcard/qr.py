"""The QR printed on the card, and typing, as ways to a person when the chip cannot be read.

The QR is plain text of seven fields divided by ``|`` (newer cards append more, which are ignored): number, old number, name,
birth, sex, residence, issue. It is not signed: it saves typing and opens the chip, it identifies nobody. Letter case and address
are left as the card has them. Through a keyboard wedge only digits and bars are certain, so :func:`parse_wedge` takes the number
and the dates and nothing that has letters.
"""

from __future__ import annotations

import re
import unicodedata

from devices.idcard.dates import iso_from_compact, iso_from_text
from devices.idcard.errors import card_error
from devices.idcard.facts import CardPerson, MrzKey
from devices.idcard.keys import key_candidates
from devices.idcard.other_codes import foreign_code
from devices.idcard.repair import repaired

MAX_TEXT = 1000
"""Characters; a card's text has about 150."""
_MAX_FIELD = 300
_SEXES = {"nam": "Nam", "nữ": "Nữ"}
_IGNORED = "\ufeff\ufffe\u200b\x00\x1d\x1e\x04\r\n\t "
"""What scanners put around a code: byte-order mark, separators of GS1 messages, line ends."""
_SYMBOLOGY = re.compile(r"\][A-Za-z][0-9A-Za-z]")
"""The AIM identifier of ISO/IEC 15424 that a scanner may send first, as ``]Q1`` for a QR."""


def clean(text: str) -> str:
    """NFC, with runs of blanks as one space and none at the ends."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def parse_card_qr(text: str) -> CardPerson:
    """The person whose card face carries this QR.

    Raises ``foreign_qr``, with a sentence and a cure for the usual mistakes, for any other text.
    """
    code = _bare(repaired(text[: MAX_TEXT + 1].strip(_IGNORED)))
    fields = _fields(code)
    name, sex, residence = clean(fields[2]), clean(fields[4]).lower(), clean(fields[5])
    if not _is_name(name) or sex not in _SEXES or len(residence) > _MAX_FIELD or not residence.isprintable():
        raise foreign_code(code)
    number, birth, issued, old = _certain(fields, code)
    return CardPerson(
        number=number,
        name=name,
        birth=birth,
        sex=_SEXES[sex],
        residence=residence,
        issued=issued,
        old_number=old,
        source="qr",
    )


def parse_wedge(text: str) -> CardPerson:
    """What is certain of a card's QR that came as key strokes: number, old number, birth and issue; name, sex and residence stay
    empty.

    ``text``: US-layout ASCII. A bar whose shift was lost arrives as a backslash, which no card has. Raises ``foreign_qr``.
    """
    code = _bare(text[: MAX_TEXT + 1]).replace("\\", "|")
    number, birth, issued, old = _certain(_fields(code), code)
    return CardPerson(number=number, name="", birth=birth, issued=issued, old_number=old, source="qr")


def _bare(text: str) -> str:
    """Without byte-order mark, symbology identifier, separators and line ends around it."""
    text = text.strip(_IGNORED)
    return text[3:].strip(_IGNORED) if _SYMBOLOGY.match(text) else text


def _fields(code: str) -> list[str]:
    fields = code.split("|")
    if len(code) > MAX_TEXT or len(fields) < 7:
        raise foreign_code(code)
    return fields


def _certain(fields: list[str], code: str) -> tuple[str, str, str, str]:
    """Number, birth, issue and old number: fields of digits, checked against each other where they can be."""
    number, old, born, issue = (fields[place].strip() for place in (0, 1, 3, 6))
    if not re.fullmatch(r"[0-9]{12}", number) or not re.fullmatch(r"|[0-9]{9}|[0-9]{12}", old):
        raise foreign_code(code)
    try:
        birth, issued = iso_from_compact(born), iso_from_compact(issue) if issue else ""
    except ValueError:
        raise foreign_code(code) from None
    if issued and issued[: len(birth)] < birth[: len(issued)]:
        raise foreign_code(code)
    return number, birth, issued, old


def _is_name(text: str) -> bool:
    return 0 < len(text) <= _MAX_FIELD and all(c.isalpha() or c in " '’.-" or unicodedata.category(c) == "Mn" for c in text)


def keys_from_qr(person: CardPerson) -> tuple[MrzKey, ...]:
    """Keys that may open the chip of the card whose QR was read, likeliest first."""
    return key_candidates(person.number, person.birth, person.issued, person.expires)


def typed_person(number: str, name: str, birth: str, sex: str = "") -> CardPerson:
    """A person typed in by hand. Raises ``number_invalid`` or ``date_invalid``; ``sex`` is «Nam», «Nữ» or empty."""
    digits = re.sub(r"[\s.]", "", number)
    if not re.fullmatch(r"[0-9]{12}", digits):
        raise card_error("number_invalid")
    try:
        born = iso_from_text(birth)
    except ValueError:
        raise card_error("date_invalid") from None
    return CardPerson(number=digits, name=clean(name), birth=born, sex=_SEXES.get(clean(sex).lower(), ""), source="typed")
