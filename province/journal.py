"""The province's journal on Django's ORM: what ``sync.intake`` asks for through :class:`sync.ports.ProvinceJournal`.

Every method runs inside :func:`recording`: a request is stored, merged and answered from one
transaction or not at all. Lines are stored byte for byte; projections follow each feed entry at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from django.db.models import F

from province.devices import commune_letter, record_of, replace_keys
from province.models import CommuneKey, Device, EventRow, FeedRow, Identity, Position, Quarantine
from province.projection import Projection
from province.runtime import current
from province.writer import writing
from sync.envelope import ZERO_HEAD, Origin, decode, dossier_device
from sync.feed import next_entry
from sync.keys import SealKey
from sync.ports import Confirmed, DeviceRecord, FeedEntry
from sync.rollover import Rotation

QUARANTINE_MOST: Final = 500
"""Different refused things kept whole per device; beyond it they are only counted. The kiosk still holds what it sent."""


class OrmJournal:
    """The journal as one transaction sees it. What is written waits in memory for :meth:`flush`, so a dossier of sixty
    fields costs a handful of statements; every read here sees it. Made by :func:`recording` only, which flushes before
    the commit.
    """

    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms
        self._projection = Projection()
        self._devices: dict[int, DeviceRecord | None] = {}
        self._positions: dict[tuple[int, int], tuple[int, bytes]] = {}
        self._events: dict[tuple[int, int, int], EventRow] = {}
        self._ids: set[bytes] = set()
        self._feeds: dict[str, tuple[int, bytes]] = {}
        self._entries: list[FeedRow] = []

    def flush(self) -> None:
        """Write what waits."""
        EventRow.objects.bulk_create(list(self._events.values()))
        for device, incarnation in {key[:2] for key in self._events}:
            n, head = self._positions[device, incarnation]
            Position.objects.update_or_create(device=device, incarnation=incarnation, defaults={"n": n, "head": head})
        FeedRow.objects.bulk_create(self._entries)
        self._projection.flush()
        self._events, self._ids, self._entries = {}, set(), []

    def epoch(self) -> int:
        return Identity.objects.values_list("epoch", flat=True).get()

    def commune_seal_key(self, commune: str) -> bytes:
        return SealKey(bytes(CommuneKey.objects.values_list("secret", flat=True).get(commune=commune))).public

    def device(self, device: int) -> DeviceRecord | None:
        if device not in self._devices:
            row = Device.objects.filter(number=device).first()
            self._devices[device] = record_of(row) if row is not None else None
        return self._devices[device]

    def rotate_device(self, device: int, rotation: Rotation) -> None:
        replace_keys(device, rotation, rotation.upto)
        self._devices.pop(device, None)

    def key_documents(self, after_generation: int) -> Sequence[bytes]:
        return current().keyring.letters_after(after_generation)

    def commune_key_document(self, device: int) -> tuple[int, bytes]:
        record = self.device(device)
        if record is None:
            raise LookupError(f"no device {device}")
        return commune_letter(record)

    def position(self, device: int, incarnation: int) -> tuple[int, bytes]:
        key = device, incarnation
        if key not in self._positions:
            row = Position.objects.filter(device=device, incarnation=incarnation).first()
            self._positions[key] = (row.n, bytes(row.head)) if row is not None else (0, ZERO_HEAD)
        return self._positions[key]

    def head_at(self, device: int, incarnation: int, n: int) -> bytes | None:
        if n == 0:
            return ZERO_HEAD
        row = self._events.get((device, incarnation, n))
        if row is None:
            row = EventRow.objects.filter(device=device, incarnation=incarnation, n=n).only("head").first()
        return bytes(row.head) if row is not None else None

    def has_event(self, event_id: bytes) -> bool:
        return event_id in self._ids or EventRow.objects.filter(event_id=event_id).exists()

    def append(self, origin: Origin, body: bytes, head: bytes, event_id: bytes, received_ms: int) -> None:
        record = self.device(origin.device)
        self._events[origin.device, origin.incarnation, origin.n] = EventRow(
            device=origin.device,
            incarnation=origin.incarnation,
            n=origin.n,
            body=body,
            head=head,
            event_id=event_id,
            commune=record.commune if record is not None else "",
            dossier=dossier_column(decode(body).dossier),
            received_ms=received_ms,
        )
        self._positions[origin.device, origin.incarnation] = origin.n, head
        self._ids.add(event_id)

    def confirmed(self, commune: str, dossier: str) -> Mapping[str, Confirmed]:
        return self._projection.confirmed(commune, dossier)

    def add_entry(self, commune: str, entry: Mapping[str, Any], origin: Origin | None) -> int:
        following = next_entry(*self.feed_position(commune), entry)
        row = FeedRow(
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
        self._entries.append(row)
        self._feeds[commune] = following.seq, following.head
        self._projection.project(row, entry)
        return following.seq

    def feed_position(self, commune: str) -> tuple[int, bytes]:
        if commune not in self._feeds:
            row = FeedRow.objects.filter(commune=commune).order_by("-seq").only("seq", "head").first()
            self._feeds[commune] = (row.seq, bytes(row.head)) if row is not None else (0, ZERO_HEAD)
        return self._feeds[commune]

    def feed_head_at(self, commune: str, seq: int) -> bytes | None:
        if seq == 0:
            return ZERO_HEAD
        self.flush()
        row = FeedRow.objects.filter(commune=commune, seq=seq).only("head").first()
        return bytes(row.head) if row is not None else None

    def feed(self, commune: str, after: int, limit: int) -> Sequence[FeedEntry]:
        self.flush()
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


@contextmanager
def recording(now_ms: int) -> Iterator[OrmJournal]:
    """One durable transaction of the one writer with a journal in it; whatever raises undoes all of it.

    ``now_ms`` is the wall time written beside feed entries and refusals.
    """
    with writing():
        journal = OrmJournal(now_ms)
        yield journal
        journal.flush()
