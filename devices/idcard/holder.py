"""The holder, from DG1 and DG13 together (VIETNAM.md 6.3): what leaves this room of all that is on the chip."""

from __future__ import annotations

from typing import Final

from devices.idcard.dates import iso_from_text
from devices.idcard.dg13 import Items
from devices.idcard.facts import CardPerson
from devices.idcard.mrz import Td1

_SEXES: Final = {"nam": "Nam", "nữ": "Nữ"}


def person_from_chip(mrz: Td1, items: Items) -> CardPerson:
    """The holder from both files. ``ValueError`` when they speak of different people.

    Without DG13 the name stays empty: the MRZ's has no diacritics, and a name without them is another name.
    """
    facts = items.facts
    number = facts.get("number") or mrz.number
    if not number or (mrz.number and mrz.number != number) or not number.endswith(mrz.document):
        raise ValueError("DG1 and DG13 do not belong together")
    return CardPerson(
        number=number,
        name=facts.get("name", ""),
        birth=_date(facts.get("birth", "")) or _birth_from_mrz(mrz),
        sex=_SEXES.get(facts.get("sex", "").lower(), mrz.sex),
        nationality=facts.get("nationality", ""),
        ethnicity=facts.get("ethnicity", ""),
        origin=facts.get("origin", ""),
        residence=facts.get("residence", ""),
        issued=_date(facts.get("issued", "")),
        expires=_date(facts.get("expires", "")),
        old_number=facts.get("old_number", ""),
        source="chip",
    )


def _date(text: str) -> str:
    """ISO, or empty where the card writes words («Không thời hạn») or nothing."""
    try:
        return iso_from_text(text)
    except ValueError:
        return ""


def _birth_from_mrz(mrz: Td1) -> str:
    """The birth date in the MRZ; the fourth digit of the personal number tells its century."""
    if not mrz.number:
        return ""
    year, month, day = mrz.birth[:2], mrz.birth[2:4].replace("<", "0"), mrz.birth[4:].replace("<", "0")
    return _date(f"{day}/{month}/{19 + int(mrz.number[3]) // 2}{year}")
