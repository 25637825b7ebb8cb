"""What a citizen may learn from the code and the key on a slip: where the dossier stands, what comes next and where to go. No
name, nothing personal.

A wrong code and a wrong key are the same answer, ``None``: so is a slip whose kiosk has not reached the province yet. The key
is 64 random bits; comparing its hash in constant time and counting wrong pairs per address (``province.limits``) leaves a
guesser nothing.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from forms.dossier import Status
from province import words
from province.index import key_hash, normal_code
from province.models import DossierIndex
from province.places import centre_name


@dataclass(frozen=True, slots=True)
class TrackingFacts:
    """Everything on the page."""

    code: str
    official_code: str
    """Empty until one is assigned."""
    state: words.StateWords
    steps: Sequence[words.Step]
    place_vi: str
    due_vi: str
    """Appointment while the clock runs, else empty: it is paused, over, or never began."""


def look_up(code: str, key: str) -> TrackingFacts | None:
    """The facts behind a slip, or ``None`` when code and key do not open a dossier here."""
    wanted, presented = normal_code(code), key_hash(key)
    if not wanted or not key:
        return None
    found = None
    for row in DossierIndex.objects.filter(Q(code=wanted) | Q(official_code=wanted)):
        if hmac.compare_digest(bytes(row.key_hash), presented):
            found = row
    return _facts(found) if found is not None else None


def _facts(row: DossierIndex) -> TrackingFacts:
    running = row.status in (Status.ACCEPTED, Status.PROCESSING)
    return TrackingFacts(
        code=row.code,
        official_code=row.official_code,
        state=words.state_words(row.status),
        steps=words.steps(row.status, row.filed_at, row.received_at, json.loads(row.steps)),
        place_vi=centre_name(row.commune),
        due_vi=words.iso_vi(row.due) if running else "",
    )
