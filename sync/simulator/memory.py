"""Journals in memory for both ends, with real transactions: undone when a block raises, so a test can crash anywhere.

They fill the ports exactly as a store does and stay small enough to be read; the simulator, the engine's and the intake's
tests share them. Every change goes through a :class:`Disk`, which can take it back and can fail. The state of a side is plain
data that :meth:`KioskState.copy` images, as a backup would.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final

from sync import snapshot
from sync.blob.cipher import units_of
from sync.blob.ranges import NONE, Ranges
from sync.envelope import ZERO_HEAD, Event, Origin, chain, encode, event_id, move_line
from sync.envelope import decode as decode_line
from sync.errors import SyncError
from sync.feed import ack_entry, decode_entry, next_entry, read_ack
from sync.ports import Confirmed, DeviceRecord, FeedEntry, FormerKey, Line, Proof, SnapshotInfo
from sync.rollover import Rotation
from sync.simulator.disk import Crash, Disk, DiskFull
from sync.simulator.meaning import CountingMerge, Meaning, counter

__all__ = ["CountingMerge", "Crash", "DiskFull", "KioskState", "MemoryKiosk", "MemoryProvince", "ProvinceState", "decode"]

Fields = dict[str, dict[str, Any]]
"""Dossier -> field -> value."""

SNAPSHOT_EVERY: Final = 10_000
BLOCK: Final = 4
"""Provisional numbers set aside at once."""

decode = lru_cache(maxsize=8192)(decode_line)
identity = lru_cache(maxsize=8192)(event_id)
entry_of = lru_cache(maxsize=8192)(decode_entry)
"""Lines and entries are read again and again: at writing, in views, by the checks."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What stands in the envelope of every event of one use case."""

    base: int = 0
    wall_ms: int = 1_764_550_991_227
    quality: int = 1
    actor: str = "cb07"
    schema: int = 1
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Keys a later version of the program knows."""


@dataclass(frozen=True, slots=True)
class File:
    """An attachment on a kiosk's disk: ciphertext, its dossier, its lane."""

    data: bytes
    dossier: str
    lane: int


@dataclass
class Staged:
    """A snapshot on its way in."""

    seq: int
    head: bytes
    lines: tuple[bytes, ...]


@dataclass
class KioskState:
    """What is on the disk of a kiosk."""

    incarnations: list[int]
    logs: dict[int, list[Line]] = field(default_factory=dict)
    bases: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    """Incarnation -> last line pruned and the head after it."""
    told: dict[int, int] = field(default_factory=dict)
    acked: dict[int, int] = field(default_factory=dict)
    safe: dict[int, int] = field(default_factory=dict)
    feed: list[FeedEntry] = field(default_factory=list)
    feed_base: tuple[int, bytes] = (0, ZERO_HEAD)
    """Position of the installed snapshot."""
    confirmed: Fields = field(default_factory=dict)
    closed: dict[str, bool] = field(default_factory=dict)
    """Dossiers that left the kiosks: shown only while own events on them wait."""
    told_off: list[tuple[int, Mapping[str, Any]]] = field(default_factory=list)
    """``cf`` and ``na`` entries with their position."""
    staged: Staged | None = None
    epoch: int = 0
    documents: list[bytes] = field(default_factory=list)
    policy: dict[str, Any] = field(default_factory=dict)
    blobs: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Blob -> the last ``bl`` entry about it."""
    files: dict[str, File] = field(default_factory=dict)
    have: dict[str, Ranges] = field(default_factory=dict)
    """Blob -> what the province said it holds: a hint."""
    quarantined: list[tuple[str, str, bytes]] = field(default_factory=list)
    number: int = 0
    """The last provisional number given."""

    def copy(self) -> KioskState:
        """An image of the disk."""
        return replace(
            self,
            incarnations=list(self.incarnations),
            logs={inc: list(lines) for inc, lines in self.logs.items()},
            bases=dict(self.bases),
            told=dict(self.told),
            acked=dict(self.acked),
            safe=dict(self.safe),
            feed=list(self.feed),
            confirmed={dossier: dict(fields) for dossier, fields in self.confirmed.items()},
            closed=dict(self.closed),
            told_off=list(self.told_off),
            documents=list(self.documents),
            policy=dict(self.policy),
            blobs=dict(self.blobs),
            files=dict(self.files),
            have=dict(self.have),
            quarantined=list(self.quarantined),
        )


class MemoryKiosk:
    """The kiosk's journal, and what its use cases do with it."""

    def __init__(self, device: int, rng: random.Random, meaning: Meaning | None = None) -> None:
        self.device = device
        self.rng = rng
        self.meaning: Meaning = meaning or CountingMerge()
        self.disk = Disk()
        self.state = KioskState([rng.getrandbits(40)])
        self.number = 0
        """The provisional number the newest dossier of this machine has on paper."""
        self._below = 0
        """Of the numbers set aside beside the disk, where no restore takes them back."""
        self._block_ends = False

    def atomic(self) -> AbstractContextManager[None]:
        """One transaction of the store."""
        return self.disk.transaction()

    def reopen(self) -> None:
        """The program starts again: nothing is left but what is on the disk."""

    def close(self) -> None:
        """The machine is scrapped."""

    def image(self) -> object:
        """A copy of the disk."""
        return self.state.copy()

    def put_back(self, image: object) -> None:
        """Overwrite the disk with an image."""
        assert isinstance(image, KioskState)
        self.state = image.copy()
        self.state.number = max(self.state.number, self._below - 1)
        self.disk.changes += 1

    @contextmanager
    def out_of_numbers(self) -> Iterator[None]:
        """No further block of provisional numbers can be set aside meanwhile."""
        self._block_ends = True
        try:
            yield
        finally:
            self._block_ends = False

    def stamp(self) -> object:
        """Another one after every change of what is on the disk."""
        return self.disk.changes

    def identity(self) -> tuple[int, int]:
        return self.device, self.state.incarnations[-1]

    def incarnations(self) -> Sequence[int]:
        return tuple(self.state.incarnations)

    def last(self, incarnation: int) -> tuple[int, bytes]:
        log = self.state.logs.get(incarnation)
        return (log[-1].n, log[-1].head) if log else self.state.bases.get(incarnation, (0, ZERO_HEAD))

    def base(self, incarnation: int) -> int:
        return self.state.bases.get(incarnation, (0, ZERO_HEAD))[0]

    def head_at(self, incarnation: int, n: int) -> bytes | None:
        base, head = self.state.bases.get(incarnation, (0, ZERO_HEAD))
        if n == base:
            return head
        if n == 0:
            return ZERO_HEAD
        log = self.state.logs.get(incarnation, [])
        return log[n - base - 1].head if base < n <= base + len(log) else None

    def lines(self, incarnation: int, after: int, limit: int) -> Sequence[Line]:
        start = max(0, after - self.base(incarnation)) if incarnation in self.state.bases else after
        return self.state.logs.get(incarnation, [])[start : start + limit]

    def prune(self, incarnation: int, n: int) -> int:
        base = self.base(incarnation)
        upto = min(n, self.safe(incarnation), self.acked(incarnation))
        head = self.head_at(incarnation, upto)
        if upto > base and head is not None:
            self.disk.cut(self.state.logs[incarnation], 0, upto - base)
            self.disk.put(self.state.bases, incarnation, (upto, head))
        return self.base(incarnation)

    def told(self, incarnation: int) -> int:
        return self.state.told.get(incarnation, 0)

    def set_told(self, incarnation: int, n: int) -> None:
        self.disk.put(self.state.told, incarnation, n)

    def acked(self, incarnation: int) -> int:
        return self.state.acked.get(incarnation, 0)

    def safe(self, incarnation: int) -> int:
        return self.state.safe.get(incarnation, 0)

    def feed_position(self) -> tuple[int, bytes]:
        return (self.state.feed[-1].seq, self.state.feed[-1].head) if self.state.feed else self.state.feed_base

    def feed_head_at(self, seq: int) -> bytes | None:
        base, head = self.state.feed_base
        if seq == base:
            return head
        if seq == 0:
            return ZERO_HEAD
        return self.state.feed[seq - base - 1].head if base < seq <= base + len(self.state.feed) else None

    def apply_feed(self, entries: Sequence[FeedEntry]) -> None:
        for kept in entries:
            self._apply(kept.seq, entry_of(kept.body))
            self.disk.push(self.state.feed, kept)

    def _apply(self, seq: int, entry: Mapping[str, Any]) -> None:
        kind, state, disk = entry["e"], self.state, self.disk
        if kind == "f":
            self._confirm(entry["d"], entry["w"])
        elif kind == "ack":
            ack = read_ack(entry)
            if ack is not None and ack.device == self.device and ack.incarnation in state.incarnations:
                n = min(ack.n, self.last(ack.incarnation)[0])
                disk.put(state.acked, ack.incarnation, max(self.acked(ack.incarnation), n))
        elif kind == "safe":
            inc = entry["inc"]
            if entry["dev"] == self.device and inc in state.incarnations:
                disk.put(state.safe, inc, max(self.safe(inc), min(entry["n"], self.acked(inc))))
        elif kind in ("cf", "na"):
            disk.push(state.told_off, (seq, entry))
        elif kind == "drop":
            disk.put(state.closed, entry["d"], True)
        elif kind == "bl":
            disk.put(state.blobs, entry["id"], entry)
            file = state.files.get(entry["id"])
            if file is not None and not entry["ok"]:
                asked = units_of(tuple(entry["bad"]), len(file.data))
                disk.put(state.have, entry["id"], state.have.get(entry["id"], NONE) - asked)
        elif kind == "cfg":
            disk.put(state.policy, entry["k"], entry["v"])

    def _confirm(self, dossier: str, values: Mapping[str, Any]) -> None:
        if dossier not in self.state.confirmed:
            self.disk.put(self.state.confirmed, dossier, {})
        for name, value in values.items():
            self.disk.put(self.state.confirmed[dossier], name, value)

    def epoch(self) -> int:
        return self.state.epoch

    def reset_feed(self, epoch: int) -> None:
        fresh: dict[str, Any] = {
            "feed": [],
            "feed_base": (0, ZERO_HEAD),
            "confirmed": {},
            "acked": {},
            "safe": {},
            "staged": None,
            "told_off": [],
            "closed": {},
            "blobs": {},
            "have": {},
            "epoch": epoch,
        }
        for name, value in fresh.items():
            self.disk.set(self.state, name, value)

    def rebase_incarnation(self, incarnation: int, common: int) -> int:
        log, base = self.state.logs.get(incarnation, []), self.base(incarnation)
        rest = log[common - base :]
        if rest:
            self.disk.cut(log, common - base, len(log))
        self.disk.put(self.state.told, incarnation, common)
        for table in (self.state.acked, self.state.safe):
            if table.get(incarnation, 0) > common:
                self.disk.put(table, incarnation, common)
        fresh = self.rng.getrandbits(40)
        self.disk.push(self.state.incarnations, fresh)
        for n, line in enumerate(rest, 1):
            self._add(fresh, move_line(line.body, incarnation, n))
        return fresh

    def staged(self) -> tuple[int, bytes, int]:
        held = self.state.staged
        return (held.seq, held.head, len(held.lines)) if held is not None else (0, b"", 0)

    def stage(self, seq: int, head: bytes, after: int, lines: Sequence[bytes]) -> None:
        held = self.state.staged
        before = held.lines[:after] if held is not None and (held.seq, held.head) == (seq, head) else ()
        self.disk.set(self.state, "staged", Staged(seq, head, (*before, *lines)))

    def install(self) -> None:
        held = self.state.staged
        assert held is not None
        fresh: dict[str, Any] = {"feed": [], "feed_base": (held.seq, held.head)}
        fresh |= {"confirmed": {}, "acked": {}, "safe": {}, "told_off": [], "closed": {}, "blobs": {}, "policy": {}}
        for name, value in fresh.items():
            self.disk.set(self.state, name, value)
        for line in snapshot.read_all(held.lines):
            self._apply(line.rev, line.entry)
        self.disk.set(self.state, "staged", None)

    def keys_documents(self) -> Sequence[bytes]:
        return tuple(self.state.documents)

    def keep_keys_document(self, document: bytes) -> None:
        self.disk.push(self.state.documents, document)

    def quarantine(self, source: str, reason: str, body: bytes) -> None:
        if (source, reason, body) not in self.state.quarantined:
            self.disk.push(self.state.quarantined, (source, reason, body))

    # --- what a use case does -----------------------------------------------------------------------------------

    def write(self, dossier: str, kind: str, content: Mapping[str, Any], *, base: int = 0) -> Origin:
        """Append one event; an empty dossier id creates a dossier named after the event."""
        return self.work(dossier, [(kind, content)], Facts(base=base))

    def work(
        self, dossier: str, acts: Sequence[tuple[str, Mapping[str, Any]]], facts: Facts, files: Mapping[str, File] | None = None
    ) -> Origin:
        """One use case: its files, then its events, in one transaction. Returns where the first event stands, which names a new
        dossier."""
        with self.atomic():
            for name, file in (files or {}).items():
                self.disk.put(self.state.files, name, file)
            inc = self.state.incarnations[-1]
            first = Origin(self.device, inc, self.last(inc)[0] + 1)
            number = self.number if dossier else self._take_number()
            dossier = dossier or first.dossier_id()
            fixed = facts.base, facts.wall_ms, facts.quality, facts.actor, facts.schema, None, facts.extra
            for n, (kind, content) in enumerate(acts, first.n):
                self._add(inc, encode(Event(n, dossier, kind, content, *fixed)))
        self.number = number
        return first

    def _take_number(self) -> int:
        number = self.state.number + 1
        if number >= self._below:
            if self._block_ends:
                raise DiskFull("no number is left")
            self._below = number + BLOCK
        self.disk.set(self.state, "number", number)
        return number

    def write_raw(self, body: bytes) -> Origin:
        """Append a line as a faulty program would: any bytes."""
        with self.atomic():
            inc = self.state.incarnations[-1]
            self._add(inc, body)
            return Origin(self.device, inc, self.last(inc)[0])

    def fields(self, dossier: str) -> dict[str, Any]:
        """A dossier as the screen shows it: confirmed, with the own events that are not acknowledged on top."""
        fields = dict(self.confirmed(dossier))
        own = [(origin, event) for origin, event in self._own(pending=True) if event.dossier == dossier]
        if not own and self.is_closed(dossier):
            return {}
        for origin, event in own:
            fields.update(self.meaning.fold(fields, event, origin))
        return fields

    def confirmed(self, dossier: str) -> Mapping[str, Any]:
        """What the feed has brought of a dossier."""
        return self.state.confirmed.get(dossier, {})

    def is_closed(self, dossier: str) -> bool:
        """Whether it has left the kiosks."""
        return dossier in self.state.closed

    def waiting(self) -> Counter[tuple[str, str]]:
        """(dossier, counting field) -> how many own events wait on top of what is confirmed."""
        return Counter((event.dossier, counter(event, origin)) for origin, event in self._own(pending=True))

    def conflicts(self, dossier: str) -> list[Mapping[str, Any]]:
        """What the feed said gave way in a dossier."""
        return [entry for _, entry in self.state.told_off if entry["d"] == dossier]

    def dossiers(self) -> list[str]:
        """Everything the screen lists."""
        own = (event.dossier for event in self.own(pending=True) if event.dossier)
        return list(dict.fromkeys((*(d for d in self.state.confirmed if d not in self.state.closed), *own)))

    def view(self) -> dict[tuple[str, str], Any]:
        """All of it: (dossier, field) -> value."""
        shown = {dossier: self.fields(dossier) for dossier in self.dossiers()}
        return {(dossier, name): value for dossier, fields in shown.items() for name, value in fields.items()}

    def own(self, *, pending: bool = False) -> Iterable[Event]:
        """Own events in the order of writing, all that are held or those not acknowledged; lines that are no events left out."""
        return (event for _, event in self._own(pending=pending))

    def is_complete(self, blob: str) -> bool:
        """Whether the feed has said that the province has a file whole."""
        return bool(self.state.blobs.get(blob, {}).get("ok"))

    def trim(self, incarnation: int) -> int:
        """The view replays own events above this."""
        return self.acked(incarnation)

    def _own(self, *, pending: bool) -> Iterable[tuple[Origin, Event]]:
        for inc in self.state.incarnations:
            after = self.trim(inc) if pending else 0
            for line in self.lines(inc, after, 1 << 30):
                event = readable(line.body)
                if event is not None:
                    yield Origin(self.device, inc, line.n), event

    def _add(self, incarnation: int, body: bytes) -> None:
        n, head = self.last(incarnation)
        if incarnation not in self.state.logs:
            self.disk.put(self.state.logs, incarnation, [])
        self.disk.push(self.state.logs[incarnation], Line(n + 1, body, chain(head, body)))


def readable(body: bytes) -> Event | None:
    """The event in a line, ``None`` when it is none."""
    try:
        return decode(body)
    except SyncError:
        return None


@dataclass
class ProvinceState:
    """What is in the province's database."""

    logs: dict[tuple[int, int], list[Line]] = field(default_factory=dict)
    branches: dict[bytes, tuple[Origin, bytes]] = field(default_factory=dict)
    """Head -> line of a lost future."""
    events: dict[bytes, int] = field(default_factory=dict)
    """event id -> how often it was stored"""
    proofs: dict[tuple[int, int], list[Proof]] = field(default_factory=dict)
    safe: dict[tuple[int, int], int] = field(default_factory=dict)
    feeds: dict[str, list[FeedEntry]] = field(default_factory=dict)
    origins: dict[str, list[Origin | None]] = field(default_factory=dict)
    """Who wrote each entry of a feed."""
    confirmed: dict[str, dict[str, dict[str, Confirmed]]] = field(default_factory=dict)
    dropped: dict[str, bool] = field(default_factory=dict)
    snapshots: dict[str, tuple[SnapshotInfo, tuple[bytes, ...]]] = field(default_factory=dict)
    devices: dict[int, DeviceRecord] = field(default_factory=dict)
    communes: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    """Commune -> generation and public key."""
    parts: dict[str, bytes] = field(default_factory=dict)
    """Blob -> bytes of it that are here."""
    have: dict[str, Ranges] = field(default_factory=dict)
    whole: dict[str, bool] = field(default_factory=dict)
    epoch: int = 1
    quarantined: list[tuple[int, str, bytes]] = field(default_factory=list)

    def copy(self) -> ProvinceState:
        """An image of the database."""
        return replace(
            self,
            logs={key: list(lines) for key, lines in self.logs.items()},
            branches=dict(self.branches),
            events=dict(self.events),
            proofs={key: list(proofs) for key, proofs in self.proofs.items()},
            safe=dict(self.safe),
            feeds={commune: list(entries) for commune, entries in self.feeds.items()},
            origins={commune: list(origins) for commune, origins in self.origins.items()},
            confirmed={c: {d: dict(f) for d, f in dossiers.items()} for c, dossiers in self.confirmed.items()},
            dropped=dict(self.dropped),
            snapshots=dict(self.snapshots),
            parts=dict(self.parts),
            have=dict(self.have),
            whole=dict(self.whole),
            devices=dict(self.devices),
            communes=dict(self.communes),
            quarantined=list(self.quarantined),
        )


class MemoryProvince:
    """The province's journal; :meth:`atomic` is the transaction its web view would open."""

    def __init__(self, *, snapshot_every: int = SNAPSHOT_EVERY) -> None:
        self.disk = Disk()
        self.state = ProvinceState()
        self.snapshot_every = snapshot_every
        self.province_documents: list[bytes] = []
        """Key documents of the generations after the first, from the operator's safe: no restore takes them back."""
        self.commune_letters: Callable[[DeviceRecord], tuple[int, bytes]] = _no_letter
        """Writes the newest commune key letter for a device."""

    def atomic(self) -> AbstractContextManager[None]:
        """The transaction its web view would open."""
        return self.disk.transaction()

    def put_back(self, state: ProvinceState) -> None:
        """Go on from a backup."""
        self.state = state
        self.disk.changes += 1

    @property
    def devices(self) -> dict[int, DeviceRecord]:
        return self.state.devices

    def epoch(self) -> int:
        return self.state.epoch

    def device(self, device: int) -> DeviceRecord | None:
        return self.state.devices.get(device)

    def rotate_device(self, device: int, rotation: Rotation) -> None:
        record = self.state.devices[device]
        former = FormerKey(record.verify_key, dict(rotation.upto), record.seal_key)
        fresh = replace(
            record,
            verify_key=rotation.verify_key,
            seal_key=rotation.seal_key,
            generation=rotation.generation,
            former=(former, *record.former),
        )
        self.disk.put(self.state.devices, device, fresh)

    def commune_seal_key(self, commune: str) -> bytes:
        return self.state.communes[commune][1]

    def key_documents(self, after_generation: int) -> Sequence[bytes]:
        return self.province_documents[max(0, after_generation - 1) :]

    def commune_key_document(self, device: int) -> tuple[int, bytes]:
        return self.commune_letters(self.state.devices[device])

    def position(self, device: int, incarnation: int) -> tuple[int, bytes]:
        log = self.state.logs.get((device, incarnation))
        return (log[-1].n, log[-1].head) if log else (0, ZERO_HEAD)

    def head_at(self, device: int, incarnation: int, n: int) -> bytes | None:
        log = self.state.logs.get((device, incarnation), [])
        if n == 0:
            return ZERO_HEAD
        return log[n - 1].head if 0 < n <= len(log) else None

    def held(self, event_ids: Collection[bytes]) -> set[bytes]:
        return {event_id for event_id in event_ids if event_id in self.state.events}

    def append(self, origin: Origin, body: bytes, head: bytes, event_id: bytes, received_ms: int) -> None:
        key = (origin.device, origin.incarnation)
        if key not in self.state.logs:
            self.disk.put(self.state.logs, key, [])
        self.disk.push(self.state.logs[key], Line(origin.n, body, head))
        self._count(event_id)

    def branch(self, origin: Origin, body: bytes, head: bytes, event_id: bytes, received_ms: int) -> None:
        if head not in self.state.branches:
            self.disk.put(self.state.branches, head, (origin, body))
            self._count(event_id)

    def branch_head_at(self, device: int, incarnation: int, n: int, head8: bytes) -> bytes | None:
        at = Origin(device, incarnation, n)
        heads = (head for head, (origin, _) in self.state.branches.items() if origin == at and head[:8] == head8)
        return next(heads, None)

    def _count(self, event_id: bytes) -> None:
        self.disk.put(self.state.events, event_id, self.state.events.get(event_id, 0) + 1)

    def prove(self, device: int, proof: Proof) -> None:
        key = (device, proof.incarnation)
        if key not in self.state.proofs:
            self.disk.put(self.state.proofs, key, [])
        if not any(known.head == proof.head for known in self.state.proofs[key][-1:]):
            self.disk.push(self.state.proofs[key], proof)

    def safe(self, device: int, incarnation: int) -> int:
        return self.state.safe.get((device, incarnation), 0)

    def mark_safe(self, up_to: Mapping[tuple[int, int], int]) -> None:
        for (device, incarnation), wanted in up_to.items():
            n = min(wanted, self.position(device, incarnation)[0])
            head = self.head_at(device, incarnation, n)
            record = self.device(device)
            if n > self.safe(device, incarnation) and head is not None and record is not None:
                self.disk.put(self.state.safe, (device, incarnation), n)
                entry = {"e": "safe", "dev": device, "inc": incarnation, "n": n, "h": head[:8].hex()}
                self.add_entry(record.commune, entry, None)

    def expect(self, commune: str, dossiers: Collection[str]) -> None:
        """All of it is in memory."""

    def confirmed(self, commune: str, dossier: str) -> Mapping[str, Confirmed]:
        return self.state.confirmed.get(commune, {}).get(dossier, {})

    def add_entry(self, commune: str, entry: Mapping[str, Any], origin: Origin | None, body: bytes | None = None) -> int:
        kept = next_entry(*self.feed_position(commune), entry, body)
        if commune not in self.state.feeds:
            self.disk.put(self.state.feeds, commune, [])
            self.disk.put(self.state.origins, commune, [])
            self.disk.put(self.state.confirmed, commune, {})
        self.disk.push(self.state.feeds[commune], kept)
        self.disk.push(self.state.origins[commune], origin)
        if entry["e"] == "f":
            dossiers = self.state.confirmed[commune]
            if entry["d"] not in dossiers:
                self.disk.put(dossiers, entry["d"], {})
            for name, value in entry["w"].items():
                self.disk.put(dossiers[entry["d"]], name, Confirmed(value, kept.seq, origin))
        if entry["e"] == "drop":
            self.disk.put(self.state.dropped, entry["d"], True)
        elif entry.get("d") in self.state.dropped:
            self.add_entry(commune, {"e": "drop", "d": entry["d"]}, None)
        return kept.seq

    def feed_position(self, commune: str) -> tuple[int, bytes]:
        entries = self.state.feeds.get(commune)
        return (entries[-1].seq, entries[-1].head) if entries else (0, ZERO_HEAD)

    def feed_head_at(self, commune: str, seq: int) -> bytes | None:
        entries = self.state.feeds.get(commune, [])
        if seq == 0:
            return ZERO_HEAD
        return entries[seq - 1].head if seq <= len(entries) else None

    def feed(self, commune: str, after: int, limit: int) -> Sequence[FeedEntry]:
        return self.state.feeds.get(commune, [])[after : after + limit]

    def snapshot(self, commune: str) -> SnapshotInfo | None:
        held = self.state.snapshots.get(commune)
        seq = self.feed_position(commune)[0]
        if seq - (held[0].seq if held else 0) >= self.snapshot_every:
            return self.make_snapshot(commune)
        return held[0] if held else None

    def snapshot_lines(self, commune: str, seq: int, after: int, limit: int) -> Sequence[bytes]:
        held = self.state.snapshots.get(commune)
        return held[1][after : after + limit] if held is not None and held[0].seq == seq else ()

    def make_snapshot(self, commune: str) -> SnapshotInfo:
        seq, head = self.feed_position(commune)
        lines = tuple(snapshot.write(self._fields(commune), self._marks(commune), self._lasting(commune)))
        info = SnapshotInfo(seq, head, len(lines))
        self.disk.put(self.state.snapshots, commune, (info, lines))
        return info

    def _fields(self, commune: str) -> Iterable[tuple[str, Mapping[str, Confirmed]]]:
        return ((d, fields) for d, fields in self.state.confirmed.get(commune, {}).items() if d not in self.state.dropped)

    def _marks(self, commune: str) -> Iterable[Mapping[str, Any]]:
        for (device, inc), log in self.state.logs.items():
            if self.state.devices[device].commune == commune:
                yield ack_entry(device, inc, log[-1].n, log[-1].head)
                safe = self.safe(device, inc)
                if safe:
                    yield {**ack_entry(device, inc, safe, log[safe - 1].head), "e": "safe"}

    def _lasting(self, commune: str) -> Iterable[tuple[int, Mapping[str, Any]]]:
        """Open conflicts, and the last word on each file and setting."""
        last: dict[tuple[str, str], tuple[int, Mapping[str, Any]]] = {}
        for kept in self.state.feeds.get(commune, []):
            entry = entry_of(kept.body)
            if entry["e"] in ("cf", "na") and entry["d"] not in self.state.dropped:
                yield kept.seq, entry
            elif entry["e"] in ("bl", "cfg"):
                last[entry["e"], entry.get("id", entry.get("k"))] = (kept.seq, entry)
        yield from last.values()

    def quarantine(self, device: int, reason: str, body: bytes) -> None:
        if (device, reason, body) not in self.state.quarantined:
            self.disk.push(self.state.quarantined, (device, reason, body))

    def view(self, commune: str) -> dict[tuple[str, str], Any]:
        """The confirmed state of a commune as a kiosk would show it."""
        return {
            (dossier, name): known.value
            for dossier, fields in self.state.confirmed.get(commune, {}).items()
            if dossier not in self.state.dropped
            for name, known in fields.items()
        }


def _no_letter(record: DeviceRecord) -> tuple[int, bytes]:
    raise LookupError("no commune key was ever renewed here")
