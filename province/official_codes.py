"""Official dossier codes (mã hồ sơ) in the shape of TT 03/2025/TT-VPCP Art. 13: ``<unit>-<yyMMdd>-<number>``.

``unit`` is the identifier of the commune's unit, which only configuration knows; ``yyMMdd`` the day of acceptance, Vietnam
time; the number counts the dossiers of that unit and day from 1 and has at least four digits. A number is taken in the
transaction that writes it into the dossier, so a crash neither skips nor repeats one. A code once given stays, also when the
dossier is accepted again after a supplement.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import connection

from province.clock import VIETNAM, moment
from province.models import OfficialCounter

_NEXT: Final = (
    f"INSERT INTO {OfficialCounter._meta.db_table} (unit, day, last) VALUES (%s, %s, 1)"
    f" ON CONFLICT (unit, day) DO UPDATE SET last = {OfficialCounter._meta.db_table}.last + 1 RETURNING last"
)
_OLDEST: Final = timedelta(days=120)
"""A kiosk was never offline longer than this; an older acceptance time is a wrong clock."""
_AHEAD: Final = timedelta(minutes=10)


def next_code(unit: str, day: date) -> str:
    """Take the next number of a unit and day. Call inside :func:`province.writer.writing`."""
    told = f"{day.year % 100:02d}{day.month:02d}{day.day:02d}"
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [unit, told])
        return f"{unit}-{told}-{cursor.fetchone()[0]:04d}"


def acceptance_day(at: Any, quality: int, received_ms: int) -> date:
    """The day that stands in the code: the kiosk's acceptance time where its clock can be believed, else the day the
    province got it.

    ``at`` is the ISO time in the event, ``quality`` the clock's quality there (0 = unknown).
    """
    received = moment(received_ms)
    try:
        accepted = datetime.fromisoformat(at) if isinstance(at, str) else None
    except ValueError:
        accepted = None
    if accepted is None or accepted.tzinfo is None or quality < 1:
        return received.date()
    if not received - _OLDEST <= accepted <= received + _AHEAD:
        return received.date()
    return accepted.astimezone(VIETNAM).date()
