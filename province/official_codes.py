"""Official dossier codes (mã hồ sơ) in the shape of TT 03/2025/TT-VPCP Art. 13: ``<unit>-<yyMMdd>-<number>``.

``unit`` is the identifier of the commune's unit, which only configuration knows; ``yyMMdd`` the day of acceptance, Vietnam
time; the number counts the dossiers of that unit and day from 1 and has at least four digits. A number is taken in the
transaction that writes it into the dossier, so a crash neither skips nor repeats one. A code once given stays, also when the
dossier is accepted again after a supplement. After the database was restored from a backup (a new epoch) numbers go on at the next
thousand: what was given after the backup may stand on papers, and must not become another dossier's code.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, Final

from province.clock import VIETNAM, moment
from province.models import OfficialCounter
from province.rows import insert

_OLDEST: Final = timedelta(days=120)
"""A kiosk was never offline longer than this; an older acceptance time is a wrong clock."""
_AHEAD: Final = timedelta(minutes=10)
_EPOCH_NUMBERS: Final = 1000
"""More than any unit accepts in a day."""


class OfficialCodes:
    """The counters as one transaction of the one writer sees them: each is read once and written once."""

    def __init__(self, epoch: Callable[[], int]) -> None:
        self._epoch = epoch
        self._last: dict[tuple[str, str], int] = {}
        self._moved: set[tuple[str, str]] = set()

    def following(self, unit: str, day: date) -> str:
        """Take the next number of a unit and day."""
        key = unit, f"{day.year % 100:02d}{day.month:02d}{day.day:02d}"
        if key not in self._last:
            row = OfficialCounter.objects.filter(unit=unit, day=key[1]).first()
            self._last[key] = max(row.last if row is not None else 0, (self._epoch() - 1) * _EPOCH_NUMBERS)
        self._last[key] += 1
        self._moved.add(key)
        return f"{unit}-{key[1]}-{self._last[key]:04d}"

    def flush(self) -> None:
        """Write the numbers that were taken."""
        insert(OfficialCounter, ("unit", "day", "last"), [(*key, self._last[key]) for key in self._moved], key=("unit", "day"))
        self._moved = set()


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
