"""The province's journal on Django's ORM: what ``sync.intake`` asks for through :class:`sync.ports.ProvinceJournal`.

Every method runs inside :func:`recording`: a request is stored, merged and answered from one
transaction or not at all. Lines are stored byte for byte; projections follow each feed entry at once.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain as joined
from operator import attrgetter
from typing import Any, Final

from django.db.models import F, Sum
from django.db.models.functions import Length

from province import confirmed
from province.devices import commune_letter, record_of, replace_keys, vouch
from province.models import (
    Attachment,
    BranchRow,
    CommuneKey,
    ConfirmedDossier,
    Conflict,
    Device,
    DossierIndex,
    EventRow,
    FeedRow,
    Identity,
    Position,
    ProofRow,
    Quarantine,
    Snapshot,
    SnapshotLine,
)
from province.official_codes import OfficialCodes
from province.projection import Projection, read_entry
from province.rows import Entry, Line, insert, select
from province.runtime import current
from province.writer import one_moment, writing
from sync import snapshot as snapshots
from sync.envelope import ZERO_HEAD, EnvelopeError, Origin, chain, decode, dossier_device
from sync.feed import ack_entry, encode_entry, safe_entry
from sync.keys import SealKey
from sync.ports import Confirmed, DeviceRecord, FeedEntry, Proof, SnapshotInfo
from sync.rollover import Rotation

QUARANTINE_MOST: Final = 500
"""Different refused things kept whole per device; beyond it they are only counted. The kiosk still holds what it sent."""

QUARANTINE_BYTES: Final = 64 * 1024 * 1024
"""Bytes kept of the refused things of one device; what does not fit is only counted too."""

_SETTING: Final = b'{"e":"cfg",'
_LEAD: Final = re.compile(rb'\{"n":[0-9]+,"d":"([0-9a-z-]*)","k":"')
"""How every kiosk of ours begins a line; any other is read whole."""
_FED: Final = attrgetter(*FeedEntry._fields)
_NOBODY: Final = (None, None, None)
_TOGETHER: Final = 2000
"""Rows read together."""


class OrmJournal:
    """The journal as one transaction sees it. What is written waits in memory for :meth:`flush`, so a dossier of sixty
    fields costs a handful of statements; every read here sees it. Made by :func:`recording` only, which flushes before
    the commit.
    """

    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms
        self._epoch: int | None = None
        self._projection = Projection()
        self._devices: dict[int, DeviceRecord | None] = {}
        self._positions: dict[tuple[int, int], tuple[int, bytes]] = {}
        self._events: dict[tuple[int, int, int], Line] = {}
        self._ids: set[bytes] = set()
        self._feeds: dict[str, tuple[int, bytes]] = {}
        self._waiting: dict[str, list[Entry]] = {}
        """Commune -> the end of its feed, without gaps."""
        self.codes = OfficialCodes(self.epoch)
        self.milestones: set[str] = set()
        """Communes whose feed has reached another ``SNAPSHOT_EVERY``."""

    def flush(self) -> None:
        """Write what waits."""
        insert(EventRow, Line._fields, self._events.values())
        for device, incarnation in {key[:2] for key in self._events}:
            n, head = self._positions[device, incarnation]
            if not Position.objects.filter(device=device, incarnation=incarnation).update(n=n, head=head):
                Position.objects.create(device=device, incarnation=incarnation, n=n, head=head)
        insert(FeedRow, Entry._fields, joined.from_iterable(self._waiting.values()))
        self._projection.flush()
        self.codes.flush()
        self._events, self._ids, self._waiting = {}, set(), {}

    def _written(self) -> None:
        """Before a query over whole tables."""
        if self._events or self._waiting:
            self.flush()

    def epoch(self) -> int:
        if self._epoch is None:
            self._epoch = Identity.objects.values_list("epoch", flat=True).get()
        return self._epoch

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

    def vouch(self, device: int, verify_key: bytes, incarnation: int, n: int) -> None:
        vouch(device, verify_key, incarnation, n)
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
        line = self._events.get((device, incarnation, n))
        if line is not None:
            return line.head
        row = EventRow.objects.filter(device=device, incarnation=incarnation, n=n).only("head").first()
        return bytes(row.head) if row is not None else None

    def held(self, event_ids: Collection[bytes]) -> set[bytes]:
        asked = list(event_ids)
        rows = select(EventRow, ("event_id",), "event_id", asked)
        if BranchRow.objects.exists():
            rows += select(BranchRow, ("event_id",), "event_id", asked)
        return self._ids.intersection(asked) | {bytes(row[0]) for row in rows}

    def append(self, origin: Origin, body: bytes, head: bytes, event_id: bytes, received_ms: int) -> None:
        device, incarnation, n = origin
        record, lead = self.device(device), _LEAD.match(body)
        commune = record.commune if record is not None else ""
        dossier = _led(lead[1]) if lead is not None else dossier_column(_dossier(body))
        self._events[origin] = tuple.__new__(Line, (device, incarnation, n, body, head, event_id, commune, dossier, received_ms))
        self._positions[device, incarnation] = n, head
        self._ids.add(event_id)

    def branch(self, origin: Origin, body: bytes, head: bytes, event_id: bytes, received_ms: int) -> None:
        record = self.device(origin.device)
        BranchRow.objects.get_or_create(
            head=head,
            defaults={
                "device": origin.device,
                "incarnation": origin.incarnation,
                "n": origin.n,
                "body": body,
                "event_id": event_id,
                "commune": record.commune if record is not None else "",
                "dossier": dossier_column(_dossier(body)),
                "received_ms": received_ms,
            },
        )

    def branch_head_at(self, device: int, incarnation: int, n: int, head8: bytes) -> bytes | None:
        rows = BranchRow.objects.filter(device=device, incarnation=incarnation, n=n).only("head")
        return next((bytes(row.head) for row in rows if bytes(row.head)[:8] == head8), None)

    def prove(self, device: int, proof: Proof) -> None:
        log = ProofRow.objects.filter(device=device, incarnation=proof.incarnation)
        known = list(log.values_list("n", "head", "branch"))
        if any(head == proof.head for _, head, _ in known):
            return  # proven already
        branch = self.head_at(device, proof.incarnation, proof.n) != proof.head
        if not branch and any(n >= proof.n for n, _, beside in known if not beside):
            return  # proven further
        facts = {name: getattr(proof, name) for name in ("n", "head", "context", "message", "signature")}
        if branch or not log.filter(branch=False).update(**facts):
            ProofRow.objects.create(device=device, incarnation=proof.incarnation, branch=branch, **facts)

    def safe(self, device: int, incarnation: int) -> int:
        row = Position.objects.filter(device=device, incarnation=incarnation).only("safe").first()
        return row.safe if row is not None else 0

    def mark_safe(self, up_to: Mapping[tuple[int, int], int]) -> None:
        self._written()
        for (device, incarnation), wanted in sorted(up_to.items()):
            n = min(wanted, self.position(device, incarnation)[0])
            head, record = self.head_at(device, incarnation, n), self.device(device)
            if n > self.safe(device, incarnation) and head is not None and record is not None:
                Position.objects.filter(device=device, incarnation=incarnation).update(safe=n)
                self.add_entry(record.commune, safe_entry(device, incarnation, n, head), None)

    def expect(self, commune: str, dossiers: Collection[str]) -> None:
        self._projection.expect(commune, dossiers)

    def confirmed(self, commune: str, dossier: str) -> Mapping[str, Confirmed]:
        return self._projection.confirmed(commune, dossier)

    def add_entry(self, commune: str, entry: Mapping[str, Any], origin: Origin | None, body: bytes | None = None) -> int:
        last, before = self.feed_position(commune)
        line = encode_entry(entry) if body is None else body
        seq, head = last + 1, chain(before, line)
        dossier = dossier_column(entry.get("d"))
        device, incarnation, n = origin or _NOBODY
        row = tuple.__new__(Entry, (commune, dossier, seq, line, head, device, incarnation, n, self._now_ms))
        self._waiting.setdefault(commune, []).append(row)
        self._feeds[commune] = seq, head
        if seq % snapshots.SNAPSHOT_EVERY == 0:
            self.milestones.add(commune)
        if self._projection.project(row, entry, origin) and dossier:
            self.add_entry(commune, {"e": "drop", "d": row.dossier}, None)
        return seq

    def feed_position(self, commune: str) -> tuple[int, bytes]:
        if commune not in self._feeds:
            row = FeedRow.objects.filter(commune=commune).order_by("-seq").only("seq", "head").first()
            self._feeds[commune] = (row.seq, bytes(row.head)) if row is not None else (0, ZERO_HEAD)
        return self._feeds[commune]

    def feed_head_at(self, commune: str, seq: int) -> bytes | None:
        if seq == 0:
            return ZERO_HEAD
        waiting = self._waiting.get(commune, ())
        if waiting and seq >= waiting[0].seq:
            return waiting[seq - waiting[0].seq].head if seq <= waiting[-1].seq else None
        row = FeedRow.objects.filter(commune=commune, seq=seq).only("head").first()
        return bytes(row.head) if row is not None else None

    def feed(self, commune: str, after: int, limit: int) -> Sequence[FeedEntry]:
        kept = self._waiting.get(commune, [])
        start = max(after + 1 - kept[0].seq, 0) if kept else 0
        waiting = list(map(FeedEntry._make, map(_FED, kept[start : start + limit])))
        if waiting and waiting[0].seq == after + 1:
            return waiting
        rows = FeedRow.objects.filter(commune=commune, seq__gt=after).order_by("seq").values_list("seq", "body", "head")
        return [*(FeedEntry(seq, bytes(body), bytes(head)) for seq, body, head in rows[:limit]), *waiting][:limit]

    def snapshot(self, commune: str) -> SnapshotInfo | None:
        held = self._newest(commune)
        if self.feed_position(commune)[0] - (held.seq if held is not None else 0) >= snapshots.SNAPSHOT_EVERY:
            return self.make_snapshot(commune)
        return held

    def _newest(self, commune: str) -> SnapshotInfo | None:
        row = Snapshot.objects.filter(commune=commune, epoch=self.epoch()).first()
        return SnapshotInfo(row.seq, bytes(row.head), row.lines) if row is not None else None

    def snapshot_lines(self, commune: str, seq: int, after: int, limit: int) -> Sequence[bytes]:
        if not Snapshot.objects.filter(commune=commune, seq=seq).exists():
            return []
        rows = SnapshotLine.objects.filter(commune=commune, n__gt=after, n__lte=after + limit).order_by("n")
        return [bytes(body) for body in rows.values_list("body", flat=True)]

    def make_snapshot(self, commune: str) -> SnapshotInfo:
        self._written()
        seq, head = self.feed_position(commune)
        lines = snapshots.write(self._open_fields(commune), self._marks(commune), self._lasting(commune))
        SnapshotLine.objects.filter(commune=commune).delete()
        insert(SnapshotLine, ("commune", "n", "body"), [(commune, n, line) for n, line in enumerate(lines, 1)])
        facts = {"epoch": self.epoch(), "seq": seq, "head": head, "lines": len(lines)}
        Snapshot.objects.update_or_create(commune=commune, defaults=facts)
        return SnapshotInfo(seq, head, len(lines))

    def _open_fields(self, commune: str) -> Iterator[tuple[str, Mapping[str, Confirmed]]]:
        dropped = DossierIndex.objects.filter(commune=commune, dropped=True).values("dossier")
        rows = ConfirmedDossier.objects.filter(commune=commune).exclude(dossier__in=dropped)
        told = rows.values_list("dossier", "fields").iterator(chunk_size=_TOGETHER)
        return ((dossier, confirmed.read(text)) for dossier, text in told)

    def _marks(self, commune: str) -> Iterator[Mapping[str, Any]]:
        devices = Device.objects.filter(commune=commune).values("number")
        for row in Position.objects.filter(device__in=devices):
            yield ack_entry(row.device, row.incarnation, row.n, bytes(row.head))
            head = self.head_at(row.device, row.incarnation, row.safe)
            if row.safe and head is not None:
                yield safe_entry(row.device, row.incarnation, row.safe, head)

    def _lasting(self, commune: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
        yield from self._undecided(commune)
        yield from self._settings(commune)
        for file in Attachment.objects.filter(commune=commune, complete=True, removed=False):
            yield file.seq, {"e": "bl", "id": file.blob, "d": file.dossier, "ok": 1}

    def _undecided(self, commune: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
        dropped = DossierIndex.objects.filter(commune=commune, dropped=True).values("dossier")
        waiting = Conflict.objects.filter(commune=commune).exclude(dossier__in=dropped).values("seq")
        for row in FeedRow.objects.filter(commune=commune, seq__in=waiting):
            yield row.seq, read_entry(row)

    def _settings(self, commune: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
        """The last word on each setting, of entries about no dossier."""
        last: dict[str, tuple[int, Mapping[str, Any]]] = {}
        own = FeedRow.objects.filter(commune=commune, dossier="", origin_device=None).order_by("seq")
        for row in own.iterator(chunk_size=_TOGETHER):
            if bytes(row.body).startswith(_SETTING):
                entry = read_entry(row)
                last[str(entry["k"])] = row.seq, entry
        yield from last.values()

    def quarantine(self, device: int, reason: str, body: bytes) -> None:
        held = Quarantine.objects.filter(device=device)
        size = held.aggregate(bytes=Sum(Length("body")))["bytes"] or 0
        if held.count() >= QUARANTINE_MOST or size + len(body) > QUARANTINE_BYTES:
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


def _dossier(body: bytes) -> str:
    """Which dossier a line is about; a line that is no event is about none."""
    try:
        return decode(body).dossier
    except EnvelopeError:
        return ""


@lru_cache(maxsize=4096)
def _led(dossier: bytes) -> str:
    """The column of a dossier a line begins with."""
    return dossier_column(dossier.decode("ascii"))


def dossier_column(dossier: Any) -> str:
    """A dossier id as it stands in a column: what is not one (or names nothing) is empty."""
    return dossier if isinstance(dossier, str) and dossier_device(dossier) is not None else ""


@contextmanager
def recording(now_ms: int) -> Iterator[OrmJournal]:
    """One durable transaction of the one writer with a journal in it; whatever raises undoes all of it. A feed that grew past
    another ``SNAPSHOT_EVERY`` entries gets a snapshot in a transaction of its own, after it.

    ``now_ms`` is the wall time written beside feed entries and refusals.
    """
    with writing():
        journal = OrmJournal(now_ms)
        yield journal
        journal.flush()
    for commune in journal.milestones:
        with writing():
            OrmJournal(now_ms).make_snapshot(commune)


class _Reading(OrmJournal):
    """The journal for who only reads: a snapshot that is due waits for the next writer."""

    def snapshot(self, commune: str) -> SnapshotInfo | None:
        return self._newest(commune)


@contextmanager
def reading() -> Iterator[OrmJournal]:
    """The journal as it stands at one moment; nobody who writes waits for it."""
    with one_moment():
        yield _Reading(now_ms=0)
