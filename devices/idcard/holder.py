"""The holder, from DG1 and DG13 together (VIETNAM.md 6.3): what leaves this room of all that is on the chip.

Both files speak of number, birth, sex and end of validity, and must not contradict each other. Where one of them says less (a year
only, a word it does not use, no end of validity), that is no contradiction.
"""

from __future__ import annotations

import re
from typing import Final

from devices.idcard.dates import iso_from_text
from devices.idcard.dg13 import Items
from devices.idcard.facts import CardPerson
from devices.idcard.keys import NO_EXPIRY
from devices.idcard.mrz import Td1

_SEXES: Final = {"nam": "Nam", "nữ": "Nữ"}


def person_from_chip(mrz: Td1, items: Items) -> CardPerson:
    """The holder from both files. ``ValueError`` when they speak of different people or give no number of 12 digits.

    Without DG13 the name stays empty: the MRZ's has no diacritics, and a name without them is another name.
    """
    facts = items.facts
    number = facts.get("number") or mrz.number
    if not re.fullmatch(r"[0-9]{12}", number) or not number.endswith(mrz.document):
        raise ValueError("DG1 and DG13 do not belong together")
    birth, expires = _date(facts.get("birth", "")), _date(facts.get("expires", ""))
    sex = _SEXES.get(facts.get("sex", "").lower(), mrz.sex)
    unlike = mrz.number not in ("", number) or (mrz.sex and mrz.sex != sex)
    if unlike or _differ(birth, mrz.birth) or (mrz.expiry != NO_EXPIRY and _differ(expires, mrz.expiry)):
        raise ValueError("DG1 and DG13 do not belong together")
    return CardPerson(
        number=number,
        name=facts.get("name", ""),
        birth=birth or _birth_from_mrz(mrz),
        sex=sex,
        nationality=facts.get("nationality", ""),
        ethnicity=facts.get("ethnicity", ""),
        origin=facts.get("origin", ""),
        residence=facts.get("residence", ""),
        issued=_date(facts.get("issued", "")),
        expires=expires,
        old_number=facts.get("old_number", ""),
        source="chip",
        mrz_name=mrz.name,
    )


def _differ(iso: str, yymmdd: str) -> bool:
    """Whether year, month or day differ where both files know it; the MRZ writes ``<<`` or, as month or day, ``00`` if not."""
    told = (iso[2:4], iso[5:7], iso[8:10])
    printed = (yymmdd[:2], yymmdd[2:4].replace("00", ""), yymmdd[4:].replace("00", ""))
    return any(ours and theirs.isdigit() and ours != theirs for ours, theirs in zip(told, printed, strict=True))


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
