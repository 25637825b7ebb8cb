"""The province's journal on Django's ORM: what ``sync.intake`` asks for through :class:`sync.ports.ProvinceJournal`.

Every method runs inside one :func:`province.writer.writing` of the caller: a request is stored, merged and answered from one
transaction or not at all. Lines are stored byte for byte; projections follow each feed entry at once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db.models import F

from province.models import CommuneKey, ConfirmedField, Device, EventRow, FeedRow, Identity, Position, Quarantine
from province.projection import project
from sync.envelope import ZERO_HEAD, Origin, decode, dossier_device
from sync.feed import next_entry
from sync.keys import SealKey
from sync.ports import Confirmed, DeviceRecord, FeedEntry

QUARANTINE_MOST: Final = 500
"""Different refused things kept whole per device; beyond it they are only counted. The kiosk still holds what it sent."""


class OrmJournal:
    """The journal as one request or command sees it. ``now_ms`` is the wall time written beside feed entries and refusals."""

    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms

    def epoch(self) -> int:
        return Identity.objects.values_list("epoch", flat=True).get()

    def commune_seal_key(self, commune: str) -> bytes:
        return SealKey(bytes(CommuneKey.objects.values_list("secret", flat=True).get(commune=commune))).public

    def device(self, device: int) -> DeviceRecord | None:
        row = Device.objects.filter(number=device).first()
        if row is None:
            return None
        valid_to = {int(k): int(v) for k, v in json.loads(row.valid_to).items()} if row.valid_to else None
        return DeviceRecord(row.number, row.commune, bytes(row.verify_key), bytes(row.seal_key), valid_to)

    def position(self, device: int, incarnation: int) -> tuple[int, bytes]:
        row = Position.objects.filter(device=device, incarnation=incarnation).first()
        return (row.n, bytes(row.head)) if row is not None else (0, ZERO_HEAD)

    def head_at(self, device: int, incarnation: int, n: int) -> bytes | None:
        if n == 0:
            return ZERO_HEAD
        row = EventRow.objects.filter(device=device, incarnation=incarnation, n=n).only("head").first()
        return bytes(row.head) if row is not None else None

    def has_event(self, event_id: bytes) -> bool:
        return EventRow.objects.filter(event_id=event_id).exists()

    def append(self, origin: Origin, body: bytes, head: bytes, event_id: bytes, received_ms: int) -> None:
        commune = Device.objects.values_list("commune", flat=True).get(number=origin.device)
        EventRow.objects.create(
            device=origin.device,
            incarnation=origin.incarnation,
            n=origin.n,
            body=body,
            head=head,
            event_id=event_id,
            commune=commune,
            dossier=dossier_column(decode(body).dossier),
            received_ms=received_ms,
        )
        Position.objects.update_or_create(
            device=origin.device, incarnation=origin.incarnation, defaults={"n": origin.n, "head": head}
        )

    def confirmed(self, commune: str, dossier: str) -> Mapping[str, Confirmed]:
        rows = ConfirmedField.objects.filter(commune=commune, dossier=dossier)
        return {row.field: Confirmed(json.loads(row.value), row.rev, _origin(row)) for row in rows}

    def add_entry(self, commune: str, entry: Mapping[str, Any], origin: Origin | None) -> int:
        following = next_entry(*self.feed_position(commune), entry)
        row = FeedRow.objects.create(
            commune=commune,
            dossier=dossier_column(entry.get("d")),
            seq=following.seq,
            body=following.body,
            head=following.head,
            origin_device=origin.device if origin else None,
            origin_incarnation=origin.incarnation if origin else None,
            origin_n=origin.n if origin else None,
            made_ms=self._now_ms,
        )
        project(row, entry)
        return row.seq

    def feed_position(self, commune: str) -> tuple[int, bytes]:
        row = FeedRow.objects.filter(commune=commune).order_by("-seq").only("seq", "head").first()
        return (row.seq, bytes(row.head)) if row is not None else (0, ZERO_HEAD)

    def feed_head_at(self, commune: str, seq: int) -> bytes | None:
        if seq == 0:
            return ZERO_HEAD
        row = FeedRow.objects.filter(commune=commune, seq=seq).only("head").first()
        return bytes(row.head) if row is not None else None

    def feed(self, commune: str, after: int, limit: int) -> Sequence[FeedEntry]:
        rows = FeedRow.objects.filter(commune=commune, seq__gt=after).order_by("seq")[:limit]
        return [FeedEntry(row.seq, bytes(row.body), bytes(row.head)) for row in rows]

    def quarantine(self, device: int, reason: str, body: bytes) -> None:
        held = Quarantine.objects.filter(device=device)
        if held.count() >= QUARANTINE_MOST:
            reason, body = "quarantine_full", b""
        known = held.filter(body_hash=hashlib.sha256(body).digest(), reason=reason[:200])
        if not known.update(times=F("times") + 1, last_ms=self._now_ms):
            Quarantine.objects.create(
                device=device,
                reason=reason[:200],
                body=body,
                body_hash=hashlib.sha256(body).digest(),
                first_ms=self._now_ms,
                last_ms=self._now_ms,
            )


def dossier_column(dossier: Any) -> str:
    """A dossier id as it stands in a column: what is not one (or names nothing) is empty."""
    return dossier if isinstance(dossier, str) and dossier_device(dossier) is not None else ""


def _origin(row: ConfirmedField) -> Origin | None:
    if row.origin_device is None or row.origin_incarnation is None or row.origin_n is None:
        return None
    return Origin(row.origin_device, row.origin_incarnation, row.origin_n)
