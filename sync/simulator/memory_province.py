"""The province's journal in memory: its half of :mod:`sync.simulator.memory`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, Final

from sync import snapshot
from sync.envelope import ZERO_HEAD, Origin
from sync.feed import ack_entry, next_entry
from sync.ports import Confirmed, DeviceRecord, FeedEntry, FormerKey, Line, Proof, SnapshotInfo
from sync.rollover import Rotation
from sync.simulator.disk import Disk
from sync.simulator.memory_state import ProvinceState
from sync.simulator.reading import entry_of

SNAPSHOT_EVERY: Final = 10_000


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
        held = {inc: log[-1].n for (owner, inc), log in self.state.logs.items() if owner == device}
        ends = {inc: max(rotation.upto.get(inc, 0), held.get(inc, 0)) for inc in {**rotation.upto, **held}}
        former = FormerKey(record.verify_key, ends, record.seal_key)
        fresh = replace(
            record,
            verify_key=rotation.verify_key,
            seal_key=rotation.seal_key,
            generation=rotation.generation,
            former=(former, *record.former),
        )
        self.disk.put(self.state.devices, device, fresh)

    def vouch(self, device: int, verify_key: bytes, incarnation: int, n: int) -> None:
        def raised(ends: Mapping[int, int]) -> dict[int, int]:
            return {**ends, incarnation: max(n, ends.get(incarnation, 0))}

        record = self.state.devices[device]
        former = tuple(
            replace(one, valid_to=raised(one.valid_to)) if one.verify_key == verify_key else one for one in record.former
        )
        valid_to = None if record.valid_to is None else raised(record.valid_to)
        self.disk.put(self.state.devices, device, replace(record, former=former, valid_to=valid_to))

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
