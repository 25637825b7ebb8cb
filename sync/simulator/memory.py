"""Journals in memory for both ends, with real transactions: undone when a block raises, so a test can crash anywhere.

They fill the ports exactly as a store does and stay small enough to be read; the simulator, the engine's and the intake's
tests share them. The merge here is the simplest one that shows the invariants: ``f`` sets fields, ``tag`` counts how often
each event was applied, so a doubled effect is visible as 2.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sync.envelope import ZERO_HEAD, Event, Origin, chain, decode, encode, move_line
from sync.feed import decode_entry, next_entry, read_ack
from sync.ports import Confirmed, DeviceRecord, Effect, FeedEntry, Line

Fields = dict[tuple[str, str], Any]


class Crash(Exception):
    """The power goes."""


class CountingMerge:
    """``f`` sets fields, last in server order wins; ``tag`` adds one to its own counter."""

    def merge(self, confirmed: Mapping[str, Confirmed], event: Event, origin: Origin, received_ms: int) -> Effect:
        writes = fold({name: known.value for name, known in confirmed.items()}, event)
        return Effect([{"e": "f", "d": event.dossier, "f": name, "v": value} for name, value in writes.items()])


def fold(fields: Mapping[str, Any], event: Event) -> dict[str, Any]:
    """What an event writes into the fields of its dossier."""
    if event.kind == "f":
        return dict(event.content)
    if event.kind == "tag":
        name = f"tag.{event.content['tag']}"
        return {name: fields.get(name, 0) + 1}
    return {}


@dataclass
class KioskState:
    incarnations: list[int]
    logs: dict[int, list[Line]] = field(default_factory=dict)
    told: dict[int, int] = field(default_factory=dict)
    acked: dict[int, int] = field(default_factory=dict)
    feed: list[FeedEntry] = field(default_factory=list)
    confirmed: Fields = field(default_factory=dict)
    epoch: int = 0
    quarantined: list[tuple[str, str, bytes]] = field(default_factory=list)

    def copy(self) -> KioskState:
        return KioskState(
            list(self.incarnations),
            {inc: list(lines) for inc, lines in self.logs.items()},
            dict(self.told),
            dict(self.acked),
            list(self.feed),
            dict(self.confirmed),
            self.epoch,
            list(self.quarantined),
        )


class MemoryKiosk:
    """The kiosk's journal. ``trace`` hears of every line as it becomes durable."""

    def __init__(self, device: int, rng: random.Random) -> None:
        self.device = device
        self.rng = rng
        self.state = KioskState([rng.getrandbits(40)])
        self.crash_at: Callable[[str], None] = lambda _: None
        self._depth = 0

    @contextmanager
    def atomic(self) -> Iterator[None]:
        assert self._depth == 0, "the core never nests transactions"
        self._depth += 1
        kept = self.state.copy()
        try:
            yield
            self.crash_at("before_commit")
        except BaseException:
            self.state = kept
            raise
        finally:
            self._depth -= 1
        self.crash_at("after_commit")

    def identity(self) -> tuple[int, int]:
        return self.device, self.state.incarnations[-1]

    def incarnations(self) -> Sequence[int]:
        return tuple(self.state.incarnations)

    def last(self, incarnation: int) -> tuple[int, bytes]:
        log = self.state.logs.get(incarnation)
        return (log[-1].n, log[-1].head) if log else (0, ZERO_HEAD)

    def head_at(self, incarnation: int, n: int) -> bytes | None:
        log = self.state.logs.get(incarnation, [])
        if n == 0:
            return ZERO_HEAD
        return log[n - 1].head if n <= len(log) else None

    def lines(self, incarnation: int, after: int, limit: int) -> Sequence[Line]:
        return self.state.logs.get(incarnation, [])[after : after + limit]

    def told(self, incarnation: int) -> int:
        return self.state.told.get(incarnation, 0)

    def set_told(self, incarnation: int, n: int) -> None:
        self.state.told[incarnation] = n

    def acked(self, incarnation: int) -> int:
        return self.state.acked.get(incarnation, 0)

    def feed_position(self) -> tuple[int, bytes]:
        return (self.state.feed[-1].seq, self.state.feed[-1].head) if self.state.feed else (0, ZERO_HEAD)

    def feed_head_at(self, seq: int) -> bytes | None:
        if seq == 0:
            return ZERO_HEAD
        return self.state.feed[seq - 1].head if seq <= len(self.state.feed) else None

    def apply_feed(self, entries: Sequence[FeedEntry]) -> None:
        for kept in entries:
            entry = decode_entry(kept.body)
            ack = read_ack(entry)
            if ack is not None and ack.device == self.device and ack.incarnation in self.state.incarnations:
                n = min(ack.n, self.last(ack.incarnation)[0])
                self.state.acked[ack.incarnation] = max(self.acked(ack.incarnation), n)
            elif entry["e"] == "f":
                self.state.confirmed[entry["d"], entry["f"]] = entry["v"]
            self.state.feed.append(kept)

    def epoch(self) -> int:
        return self.state.epoch

    def reset_feed(self, epoch: int) -> None:
        self.state.feed, self.state.confirmed, self.state.acked, self.state.epoch = [], {}, {}, epoch

    def rebase_incarnation(self, incarnation: int, common: int) -> int:
        rest = self.state.logs.get(incarnation, [])[common:]
        self.state.logs[incarnation] = self.state.logs.get(incarnation, [])[:common]
        self.state.told[incarnation] = common
        fresh = self.rng.getrandbits(40)
        self.state.incarnations.append(fresh)
        self.state.logs[fresh] = []
        for n, line in enumerate(rest, 1):
            self._add(fresh, move_line(line.body, incarnation, n))
        return fresh

    def quarantine(self, source: str, reason: str, body: bytes) -> None:
        if (source, reason, body) not in self.state.quarantined:
            self.state.quarantined.append((source, reason, body))

    # --- what a use case does -----------------------------------------------------------------------------------

    def write(self, dossier: str, kind: str, content: Mapping[str, Any], *, base: int = 0) -> Origin:
        """Append one event; an empty dossier id creates a dossier named after the event."""
        with self.atomic():
            inc = self.state.incarnations[-1]
            origin = Origin(self.device, inc, self.last(inc)[0] + 1)
            event = Event(origin.n, dossier or origin.dossier_id(), kind, content, base, 1_764_550_991_227, 1, "cb07", 1)
            self._add(inc, encode(event))
        return origin

    def view(self) -> Fields:
        """Confirmed state with the own events that are not acknowledged on top."""
        fields: Fields = dict(self.state.confirmed)
        for inc in self.state.incarnations:
            for line in self.state.logs.get(inc, [])[self.trim(inc) :]:
                event = decode(line.body)
                own = {name: value for (dossier, name), value in fields.items() if dossier == event.dossier}
                fields.update({(event.dossier, name): value for name, value in fold(own, event).items()})
        return fields

    def trim(self, incarnation: int) -> int:
        return self.acked(incarnation)

    def _add(self, incarnation: int, body: bytes) -> None:
        n, head = self.last(incarnation)
        self.state.logs.setdefault(incarnation, []).append(Line(n + 1, body, chain(head, body)))


@dataclass
class ProvinceState:
    logs: dict[tuple[int, int], list[Line]] = field(default_factory=dict)
    events: dict[bytes, int] = field(default_factory=dict)
    """event id -> how often it was appended"""
    feeds: dict[str, list[FeedEntry]] = field(default_factory=dict)
    confirmed: dict[str, dict[str, dict[str, Confirmed]]] = field(default_factory=dict)
    epoch: int = 1
    quarantined: list[tuple[int, str, bytes]] = field(default_factory=list)

    def copy(self) -> ProvinceState:
        return ProvinceState(
            {key: list(lines) for key, lines in self.logs.items()},
            dict(self.events),
            {commune: list(entries) for commune, entries in self.feeds.items()},
            {c: {d: dict(f) for d, f in dossiers.items()} for c, dossiers in self.confirmed.items()},
            self.epoch,
            list(self.quarantined),
        )


class MemoryProvince:
    """The province's journal; :meth:`atomic` is the transaction its web view would open."""

    def __init__(self) -> None:
        self.state = ProvinceState()
        self.devices: dict[int, DeviceRecord] = {}
        self.commune_keys: dict[str, bytes] = {}

    @contextmanager
    def atomic(self) -> Iterator[None]:
        kept = self.state.copy()
        try:
            yield
        except BaseException:
            self.state = kept
            raise

    def epoch(self) -> int:
        return self.state.epoch

    def device(self, device: int) -> DeviceRecord | None:
        return self.devices.get(device)

    def commune_seal_key(self, commune: str) -> bytes:
        return self.commune_keys[commune]

    def position(self, device: int, incarnation: int) -> tuple[int, bytes]:
        log = self.state.logs.get((device, incarnation))
        return (log[-1].n, log[-1].head) if log else (0, ZERO_HEAD)

    def head_at(self, device: int, incarnation: int, n: int) -> bytes | None:
        log = self.state.logs.get((device, incarnation), [])
        if n == 0:
            return ZERO_HEAD
        return log[n - 1].head if n <= len(log) else None

    def has_event(self, event_id: bytes) -> bool:
        return event_id in self.state.events

    def append(self, origin: Origin, body: bytes, head: bytes, event_id: bytes, received_ms: int) -> None:
        log = self.state.logs.setdefault((origin.device, origin.incarnation), [])
        log.append(Line(origin.n, body, head))
        self.state.events[event_id] = self.state.events.get(event_id, 0) + 1

    def confirmed(self, commune: str, dossier: str) -> Mapping[str, Confirmed]:
        return self.state.confirmed.get(commune, {}).get(dossier, {})

    def add_entry(self, commune: str, entry: Mapping[str, Any], origin: Origin | None) -> int:
        seq, head = self.feed_position(commune)
        kept = next_entry(seq, head, entry)
        self.state.feeds.setdefault(commune, []).append(kept)
        if entry["e"] == "f":
            dossier = self.state.confirmed.setdefault(commune, {}).setdefault(entry["d"], {})
            dossier[entry["f"]] = Confirmed(entry["v"], kept.seq, origin)
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

    def quarantine(self, device: int, reason: str, body: bytes) -> None:
        if (device, reason, body) not in self.state.quarantined:
            self.state.quarantined.append((device, reason, body))

    def view(self, commune: str) -> Fields:
        """The confirmed state of a commune as a kiosk would show it."""
        return {
            (dossier, name): known.value
            for dossier, fields in self.state.confirmed.get(commune, {}).items()
            for name, known in fields.items()
        }
