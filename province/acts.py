"""What the province itself writes into the feeds: every act of an official or of the service goes through here.

An act is entries of one commune's feed in the caller's transaction, with no origin: kiosks apply them like everything else, and
what a kiosk wrote without having seen them is merged by the rules of its field. A closed dossier leaves the kiosks by an entry
of its own, never by its absence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from forms.dossier import Status
from province.journal import OrmJournal, recording
from province.models import Attachment, DossierIndex
from sync.feed import drop_entry, fields_entry, policy_entry

CLOSED: Final = (Status.REFUSED, Status.WITHDRAWN, Status.STOPPED, Status.RETURNED)
"""Nothing follows these at the counter."""
_DAY_MS: Final = 24 * 3600 * 1000


def write(journal: OrmJournal, commune: str, dossier: str, values: Mapping[str, Any]) -> int:
    """Set fields of a dossier; returns the feed position after them."""
    if values:
        journal.add_entry(commune, fields_entry(dossier, values), None)
    return journal.feed_position(commune)[0]


def set_policy(journal: OrmJournal, commune: str, values: Mapping[str, Any]) -> None:
    """Settings for the kiosks of a commune: days of retention, the oldest schema they may begin dossiers in, when full scans
    travel."""
    journal.add_entry(commune, policy_entry(values), None)


def drop_closed(now_ms: int, days: int) -> int:
    """Take dossiers off the kiosks that were closed so long ago and whose attachments are all here; returns how many."""
    before, count = now_ms - days * _DAY_MS, 0
    waiting = Attachment.objects.filter(complete=False, removed=False).values("dossier")
    with recording(now_ms) as journal:
        closed = DossierIndex.objects.filter(status__in=CLOSED, dropped=False, changed_ms__lt=before).exclude(dossier__in=waiting)
        for index in closed.order_by("pk"):
            journal.add_entry(index.commune, drop_entry(index.dossier), None)
            count += 1
    return count
