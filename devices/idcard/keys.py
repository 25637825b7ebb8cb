"""Which keys may open a card, from what a citizen can show without turning it over.

The key needs the expiry date, which the QR lacks. The law gives it: a card runs to the 25th, 40th or 60th birthday, the first
of them that is at least two years after issue; a child's card runs to the 14th; past 60 it never ends, which the MRZ writes
991231. So few keys are possible, and they come most likely first: chips slow down after failures, the reader must stop after
few.
"""

from __future__ import annotations

import re
from datetime import date

from devices.idcard.dates import iso_from_text
from devices.idcard.errors import card_error
from devices.idcard.facts import Can, MrzKey

NO_EXPIRY = "991231"
_MILESTONES = (14, 25, 40, 60)
_UNLIMITED = {"991231", "9999-12-31", "1999-12-31", "2099-12-31", "31/12/9999", "không thời hạn", "khong thoi han", "không"}


def key_candidates(number: str, birth: str, issued: str = "", expires: str = "") -> tuple[MrzKey, ...]:
    """Keys to try, likeliest first; one only when ``expires`` is known.

    ``number``: 12 digits, or the 9 of the document. ``birth``, ``issued``, ``expires``: any form :func:`iso_from_text` reads,
    birth may be partial; ``expires`` may be «Không thời hạn». Raises ``number_invalid`` or ``date_invalid``.
    """
    if not re.fullmatch(r"[0-9]{9}|[0-9]{12}", number):
        raise card_error("number_invalid")
    try:
        born = iso_from_text(birth)
        expiries = [_explicit(expires, born)] if expires.strip() else _expiries(born, issued)
    except ValueError:
        raise card_error("date_invalid") from None
    keys = [MrzKey(number[-9:], b, e) for e in expiries for b in _births(born)]
    return tuple(dict.fromkeys(keys))


def can_key(digits: str) -> Can:
    """The access number printed on the card. Raises ``can_invalid``."""
    if not re.fullmatch(r"[0-9]{6}", digits.strip()):
        raise card_error("can_invalid")
    return Can(digits.strip())


def _explicit(text: str, born: str) -> str:
    if text.strip().lower() in _UNLIMITED:
        return NO_EXPIRY
    day = date.fromisoformat(iso_from_text(text))
    if day.isoformat() < born:
        raise card_error("date_invalid", "Ngày hết hạn của thẻ ở trước ngày sinh.")
    return _yymmdd(day)


def _births(iso: str) -> list[str]:
    """The birth field: Doc 9303-3 fills what is unknown with ``<``; some issuers are said to write the first day instead."""
    parts = [iso[2:4], iso[5:7], iso[8:10]]
    printed = "".join(part or "<<" for part in parts)
    return [printed] if "<" not in printed else [printed, "".join(part or "01" for part in parts)]


def _expiries(born: str, issued: str) -> list[str]:
    if len(born) < 10:
        # A birthday that is not known cannot be an expiry date, and people with partial dates are past the last of them.
        return [NO_EXPIRY]
    birth = date.fromisoformat(born)
    if not issued.strip():
        return [_yymmdd(day) for age in (40, 60, 25) for day in _birthdays(birth, age)] + [NO_EXPIRY]
    issue = date.fromisoformat(iso_from_text(issued))
    if issue < birth:
        raise card_error("date_invalid", "Ngày cấp thẻ ở trước ngày sinh.")
    likely: list[str] = []
    skipped: list[str] = []
    for age in _MILESTONES:
        days = _birthdays(birth, age)
        if days[-1] < issue:
            continue
        if days[0] < _birthdays(issue, 2)[0]:
            skipped += map(_yymmdd, days)
            continue
        likely += map(_yymmdd, days)
        break
    else:
        likely.append(NO_EXPIRY)
    return likely + skipped


def _birthdays(day: date, years: int) -> list[date]:
    """The day ``years`` later; for 29 February in a common year both neighbours, since offices differ."""
    try:
        return [day.replace(year=day.year + years)]
    except ValueError:
        return [date(day.year + years, 2, 28), date(day.year + years, 3, 1)]


def _yymmdd(day: date) -> str:
    return day.strftime("%y%m%d")
