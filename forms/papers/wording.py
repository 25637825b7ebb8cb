"""How papers write moments, dates, codes and addresses: Vietnam time, day before month, two digits."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from urllib.parse import quote

from forms.codes import check_code
from forms.deadlines.calendar import VIETNAM
from forms.papers.content import PaperError
from forms.text import split_date, unprintable

_CODE_MAX: Final = 35
"""Most signs of an official code whose shape is not known here."""


def tracking_url(base: str, code: str, key: str) -> str:
    """Address of the tracking page: dossier code and random key, nothing else."""
    return f"{base.rstrip('/')}/h/{quote(code, safe='')}?k={quote(key, safe='')}"


def local(moment: datetime) -> datetime:
    """The moment in Vietnam time.

    Raises:
        ValueError: it has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment on a paper needs a time zone")
    return moment.astimezone(VIETNAM)


def moment_vi(moment: datetime) -> str:
    """Hour, minute and date as official papers write them: «08 giờ 05 phút, ngày 24 tháng 11 năm 2026»."""
    at = local(moment)
    return f"{at:%H} giờ {at:%M} phút, {day_vi(at)}"


def day_vi(moment: datetime) -> str:
    """«ngày 24 tháng 11 năm 2026»."""
    at = local(moment)
    return f"ngày {at:%d} tháng {at:%m} năm {at:%Y}"


def date_line(place_vi: str, made: datetime) -> str:
    """«Xã Mẫu, ngày 24 tháng 11 năm 2026»; without a place the day alone."""
    line = f"{place_vi}, {day_vi(made)}" if place_vi else day_vi(made)
    return line[0].upper() + line[1:]


def short_date(iso: str) -> str:
    """An ISO date, whole or partial, as a form writes it: «15/11/2026», «03/1958», «1958».

    Raises:
        ValueError: not a date.
    """
    year, month, day = split_date(iso)
    return "/".join(part for part in (f"{day:02d}" if day else "", f"{month:02d}" if month else "", f"{year:04d}") if part)


def last_digits(number: str) -> str:
    """The last four signs of a personal number, all a slip may show; '' when the number is no longer than that."""
    return number[-4:] if len(number) > 4 else ""


def require_code(code: str) -> None:
    """Refuse what no paper can carry as a dossier's code; an official code is taken in whatever shape the province gave it.

    Raises:
        PaperError: ``wrong_code``.
    """
    if (len(code) > _CODE_MAX or unprintable(code)) and not check_code(code).valid:
        raise PaperError("wrong_code", "Mã hồ sơ quá dài hoặc có chữ máy không in được.")
