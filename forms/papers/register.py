"""The register (Sổ theo dõi hồ sơ, Mẫu 07): one line a dossier ever accepted, in the order they were received."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from forms.deadlines.calendar import VIETNAM
from forms.dossier import Fields, due_of, persons_of
from forms.dossier.reading import parsed
from forms.papers.facts import Letterhead, RegisterFacts, RegisterRow
from forms.papers.source import Issuer, resolving_unit, text_of, unit_vi


def register_row(fields: Fields, procedure_vi: str) -> RegisterRow | None:
    """One line of Mẫu 07; ``None`` for a dossier never accepted. It names the person of the receipt."""
    received = parsed(fields.get("receipt.received_at"))
    if received is None:
        return None
    person = persons_of(fields).standing
    return RegisterRow(
        code=text_of(fields.get("official_code")) or text_of(fields.get("code")),
        procedure_vi=procedure_vi,
        person_vi=person.name,
        contact_vi="; ".join(filter(None, (person.address, person.phone))),
        resolving_vi=unit_vi(resolving_unit(fields)),
        received=received,
        due=parsed(due_of(fields)),
        returned=parsed(fields.get("handover.at")),
        way_vi=text_of(fields.get("handover.way_vi")),
    )


def register(rows: Iterable[RegisterRow], first: date, last: date, issuer: Issuer, made: datetime) -> RegisterFacts:
    """Mẫu 07 of the dossiers received from ``first`` to ``last``, both counted, in the order they were received."""
    within = [row for row in rows if first <= row.received.astimezone(VIETNAM).date() <= last]
    return RegisterFacts(
        Letterhead(issuer.office, "", issuer.place_vi, made),
        f"Từ ngày {first:%d/%m/%Y} đến ngày {last:%d/%m/%Y}",
        sorted(within, key=lambda row: (row.received, row.code)),
    )
