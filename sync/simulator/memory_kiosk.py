"""The kiosk's journal in memory, and what its use cases do with it: the kiosk's half of :mod:`sync.simulator.memory`."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final

from sync import snapshot
from sync.blob.cipher import units_of
from sync.blob.ranges import NONE
from sync.envelope import ZERO_HEAD, EnvelopeError, Event, Origin, chain, decode, encode, move_line
from sync.feed import read_ack
from sync.ports import FeedEntry, Line
from sync.simulator.disk import Disk, DiskFull
from sync.simulator.meaning import CountingMerge, Meaning, counter
from sync.simulator.memory_state import Facts, File, KioskState, Staged
from sync.simulator.reading import entry_of, readable

BLOCK: Final = 4
"""Provisional numbers set aside at once."""


def _check(entries: Iterable[Mapping[str, Any]]) -> None:
    """Raises EnvelopeError when one of them cannot be applied."""
    if any(entry["e"] == "bl" and "id" not in entry for entry in entries):
        raise EnvelopeError("an entry of the feed cannot be applied")


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
        told = [entry_of(kept.body) for kept in entries]
        _check(told)
        for kept, entry in zip(entries, told, strict=True):
            self._apply(kept.seq, entry)
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
        lines = snapshot.read_all(held.lines)
        _check(line.entry for line in lines)
        fresh: dict[str, Any] = {"feed": [], "feed_base": (held.seq, held.head)}
        fresh |= {"confirmed": {}, "acked": {}, "safe": {}, "told_off": [], "closed": {}, "blobs": {}, "policy": {}}
        for name, value in fresh.items():
            self.disk.set(self.state, name, value)
        for line in lines:
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
            dossier = dossier or first.dossier_id(self.rng.getrandbits(40))
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

    def dossier_at(self, origin: Origin) -> str:
        """The dossier a line of this kiosk is about."""
        line = self.lines(origin.incarnation, origin.n - 1, 1)[0]
        return decode(line.body).dossier

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
