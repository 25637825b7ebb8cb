"""Dates as Vietnamese papers write them, which may lack the day or the month.

Elders' papers often know only the year; the missing part is never invented. All functions return ISO text ``YYYY-MM-DD``,
``YYYY-MM`` or ``YYYY`` and raise ``ValueError`` for anything that is no date.
"""

from __future__ import annotations

import re
from datetime import date

_SEPARATED = re.compile(r"(?:(?:(\d{1,2})[/.\- ])?(\d{1,2})[/.\- ])?(\d{4})")
_ISO = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


def _iso(year: str, month: str, day: str) -> str:
    y, m, d = int(year), int(month or 0), int(day or 0)
    if y < 1850:
        raise ValueError("year out of range")
    if not m:
        if d:
            raise ValueError("day without a month")
        return f"{y:04d}"
    if not d:
        date(y, m, 1)
        return f"{y:04d}-{m:02d}"
    return date(y, m, d).isoformat()


def iso_from_compact(text: str) -> str:
    """``ddMMyyyy``, ``MMyyyy`` or ``yyyy``, with ``00`` for a part that is not known (the QR's way)."""
    if not re.fullmatch(r"(?:(?:\d{2})?\d{2})?\d{4}", text):
        raise ValueError("not a compact date")
    padded = text.rjust(8, "0")
    return _iso(padded[4:], padded[2:4], padded[:2])


def iso_from_text(text: str) -> str:
    """``dd/mm/yyyy``, ``mm/yyyy``, ``yyyy`` (also with ``.`` or ``-``), compact ``ddMMyyyy``, or ISO.

    ``00`` for an unknown part.
    """
    text = text.strip()
    if found := _ISO.fullmatch(text):
        return _iso(found[1], found[2] or "", found[3] or "")
    if found := _SEPARATED.fullmatch(text):
        return _iso(found[3], found[2] or "", found[1] or "")
    return iso_from_compact(text)
