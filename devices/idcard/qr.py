"""The QR printed on the card, and typing, as ways to a person when the chip cannot be read.

The QR is plain text of seven fields divided by ``|`` (newer cards append more, which are ignored): number, old number, name,
birth, sex, residence, issue. It is not signed: it saves typing and opens the chip, it identifies nobody. Old health-insurance
cards carry a look-alike, which is recognised and refused by name.
"""

from __future__ import annotations

import re
import unicodedata

from devices.idcard.dates import iso_from_compact, iso_from_text
from devices.idcard.errors import card_error
from devices.idcard.facts import CardPerson, MrzKey
from devices.idcard.keys import key_candidates

_INSURANCE = re.compile(r"[A-Z]{2}\d{13}\|(?:[0-9A-Fa-f]{2})+\||\d{10}\|(?:[0-9A-Fa-f]{2})+\|")
_SEXES = {"nam": "Nam", "nữ": "Nữ"}


def clean(text: str) -> str:
    """NFC, with runs of blanks as one space and none at the ends."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def parse_card_qr(text: str) -> CardPerson:
    """The person whose card face carries this QR.

    Raises ``foreign_qr`` (with a sentence that names the usual mistakes) for any other text.
    """
    text = unicodedata.normalize("NFC", text).strip("\ufeff\r\n\t ")
    fields = [clean(field) for field in text.split("|")]
    if len(fields) < 7 or not re.fullmatch(r"\d{12}", fields[0]):
        raise card_error("foreign_qr", _what_it_is(text))
    number, old, name, birth, sex, residence, issued = fields[:7]
    try:
        born, issue = iso_from_compact(birth), iso_from_compact(issued) if issued else ""
    except ValueError:
        born = issue = ""
    if not born or not re.fullmatch(r"|\d{9}|\d{12}", old) or not _is_name(name) or sex.lower() not in _SEXES:
        raise card_error("foreign_qr", "Máy quét đọc sai mã QR trên thẻ.")
    return CardPerson(
        number=number,
        name=name,
        birth=born,
        sex=_SEXES[sex.lower()],
        residence=residence,
        issued=issue,
        old_number=old,
        source="qr",
    )


def _is_name(text: str) -> bool:
    return bool(text) and all(c.isalpha() or c in " '’.-" for c in text)


def _what_it_is(text: str) -> str:
    if _INSURANCE.match(text):
        return "Đây là mã QR của thẻ bảo hiểm y tế, không phải thẻ căn cước."
    if re.match(r"https?://", text, re.IGNORECASE):
        return "Đây là mã QR của một trang web hoặc của phiếu, không phải thẻ căn cước."
    if text.startswith("000201"):
        return "Đây là mã QR chuyển tiền, không phải thẻ căn cước."
    return ""


def keys_from_qr(person: CardPerson) -> tuple[MrzKey, ...]:
    """Keys that may open the chip of the card whose QR was read, likeliest first."""
    return key_candidates(person.number, person.birth, person.issued, person.expires)


def typed_person(number: str, name: str, birth: str, sex: str = "") -> CardPerson:
    """A person typed in by hand. Raises ``number_invalid`` or ``date_invalid``; ``sex`` is «Nam», «Nữ» or empty."""
    digits = re.sub(r"[\s.]", "", number)
    if not re.fullmatch(r"\d{12}", digits):
        raise card_error("number_invalid")
    try:
        born = iso_from_text(birth)
    except ValueError:
        raise card_error("date_invalid") from None
    return CardPerson(number=digits, name=clean(name), birth=born, sex=_SEXES.get(clean(sex).lower(), ""), source="typed")
