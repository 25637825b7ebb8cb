"""What one device brought, by a request or by a stick: verified, stored verbatim, merged, acknowledged in the feed.

A line is stored only when it continues the chain held here; what is held already is skipped, so repeats, overlaps and other cuts
change nothing, and an event moved to another incarnation has its effect once. A line that is no event, or cannot be merged, is
stored and acknowledged all the same, kept in quarantine and told in the feed: it blocks nothing. A device reaches only dossiers
whose device is enrolled in the same commune. Effects and the ``ack`` that covers them enter the feed in one order. What proves the
lines (a signature and what it signed) is kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sync import segment as hsg
from sync import wire
from sync.authority import ProvinceKeys
from sync.caps import NO_CAP, Caps, cap, least, refusal
from sync.envelope import MAX_ENTRY, EnvelopeError, Event, Origin, decode, dossier_device, event_id
from sync.errors import SealBroken, SegmentError, SyncError, UnknownDictionary
from sync.feed import ack_entry, encode_entry, foretold, not_applied
from sync.keys import by_one_of
from sync.ports import DeviceRecord, MergePort, Proof, ProvinceJournal

MOST_TEXT = 2 * hsg.MAX_TEXT
"""Bytes of lines after which no further run of a request is read: it comes again with the next."""
MOST_LINES = 4096
"""New lines that are stored of one request, so that nobody keeps the one writer for long."""
MOST_VALUES = 20_000
"""Values and other entries of the feed after which no further line of a request is stored, for the same reason."""
EVENT_VALUES = 2_000
"""Most of them one event may make: several times the fields of the longest form."""


Beyond = dict[tuple[int, int, bytes], bytes]
"""(incarnation, n, first bytes of a head) -> the head after a segment that was set aside: what follows it is set aside as well."""

_DOSSIER = re.compile(rb'"d":"([0-9a-z-]{5,40})"')
_CONTENT_ERRORS = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, SyncError, TypeError, ValueError)
"""What a merge raises over a content nobody thought of. What the store raises (disk full, no database) is not among them: it must
undo the whole transaction."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of the segments on a stick."""

    held: Mapping[int, int]
    """Incarnation -> last n held now, of the logs the stick held parts of."""
    refused: tuple[str, ...] = ()
    """Codes of what was put into quarantine."""
    branched: int = 0
    """Lines of a lost future that were applied beside their log."""
    gaps: int = 0
    """Segments that follow nothing held here: an earlier one has to come first."""


@dataclass(slots=True)
class _Place:
    """What a visit showed about one log."""

    had: int
    common: int | None = None
    refused: str = ""


class _Arrival(NamedTuple):
    """A new line, read and placed on the chain. ``event`` is ``None`` when it is none."""

    origin: Origin
    event: Event | None
    identity: bytes
    line: bytes
    head: bytes


class Visit:
    """What one device brought, by a request or by a stick."""

    def __init__(
        self,
        journal: ProvinceJournal,
        merge: MergePort,
        keys: ProvinceKeys,
        record: DeviceRecord,
        received_ms: int,
        caps: Caps,
    ) -> None:
        self._journal = journal
        self._merge = merge
        self._keys = keys
        self._record = record
        self._device = record.device
        self._received_ms = received_ms
        self._caps = caps
        self._places: dict[int, _Place] = {}
        self._branched = 0
        self._gaps = 0
        self._beyond: Beyond = {}
        self._vouched = False
        self._said: list[bytes] = []
        self._read = 0
        self._stored = 0
        self._values = 0
        self._whole = False

    # --- a request

    def take_request(self, request: wire.Request) -> None:
        positions = request.hello.positions
        for position in positions:
            self._compare(position)
        for part in request.runs:
            self._take_run(request.hello, positions[part.position].incarnation, part)
        for incarnation, place in self._places.items():
            self._acknowledge(incarnation, place)
        self._prove_request(request)
        self._whole = len(self._said) == len(request.runs)

    def said(self) -> bytes:
        """What the request foretells of the feed, run after run; empty when one of its runs was not read."""
        return b"\n".join(self._said) if self._whole else b""

    def acks(self, hello: wire.Hello) -> tuple[wire.AckFrame, ...]:
        return tuple(self._ack(index, position) for index, position in enumerate(hello.positions))

    def _ack(self, index: int, position: wire.Position) -> wire.AckFrame:
        place = self._places[position.incarnation]
        n, head = self._journal.position(self._device, position.incarnation)
        if (n, head) == (position.n, position.head):
            return wire.AckFrame(index, True, refused=place.refused)
        return wire.AckFrame(index, False, n, head[:8], place.common, place.refused)

    def _compare(self, position: wire.Position) -> None:
        inc = position.incarnation
        place = self._place(inc)
        for n, head in [(position.n, position.head), *((probe.n, probe.head8) for probe in position.probes)]:
            if n <= place.had and n > (place.common or -1):
                held = self._head_at(inc, n)
                if held is not None and held[: len(head)] == head:
                    place.common = n

    def _take_run(self, hello: wire.Hello, incarnation: int, part: wire.LogRun) -> None:
        run, place = part.run, self._place(incarnation)
        before = self._head_at(incarnation, run.first - 1)
        if before is None or self._read >= MOST_TEXT:
            return  # a gap: an earlier request was lost or is still on its way; the answer says what is held
        repeat = self._head_at(incarnation, run.last) == part.after
        kept, cost = run.closed, 0
        try:
            box = self._keys.opener(hello.generation).box(self._record.seal_key)
            kept = wire.opened(box, wire.REQUEST, hello.nonce, run, part.after)
            cost = hsg.MAX_TEXT  # what a run that holds something else than it says may have unpacked to
            lines = hsg.lines_of(kept, run.count, run.dictionary, self._keys.dictionaries.held)
        except UnknownDictionary as error:
            place.refused = error.code
            return
        except SyncError as error:
            self._read += cost
            self._refuse(incarnation, error.code, kept)
            return
        self._said.append(foretold(self._device, incarnation, lines, run.last, part.after))
        self._read += sum(map(len, lines)) + len(lines)
        if repeat:
            place.common = max(place.common or 0, run.last)
            return
        heads = hsg.chained(before, lines)
        if heads[-1] == part.after:  # else it follows another history; ``common`` in the answer says where they part
            self._take_lines(incarnation, run.first, lines, heads, self._caps)

    def _prove_request(self, request: wire.Request) -> None:
        """Also where nothing is new: what an earlier release took has no proof yet."""
        for inc, n, head in wire.claims(request.message)[1]:
            if n >= max(1, self._places[inc].had) and self._head_at(inc, n) == head:
                self._journal.prove(self._device, Proof(inc, n, head, wire.REQUEST, request.message, request.signature))

    # --- a stick

    def take_stick(self, segments: Iterable[bytes], beyond: Beyond) -> Taken:
        """``beyond``: what earlier portions of the same volume set aside; added to."""
        self._beyond = beyond
        refused: list[str] = []
        for data in segments:
            try:
                refused += self._take_segment(hsg.parse(data), data)
            except SyncError as error:
                self._journal.quarantine(self._device, error.code, data)
                refused.append(error.code)
        for incarnation, place in self._places.items():
            self._acknowledge(incarnation, place)
            if place.refused:
                refused.append(place.refused)
        held = {inc: self._journal.position(self._device, inc)[0] for inc in self._places}
        return Taken(held, tuple(dict.fromkeys(refused)), self._branched, self._gaps)

    def take_vouched(self, segment: bytes) -> Taken:
        """Take a segment that was set aside, on the word of a person who looked: its key counts up to its end from now on."""
        self._vouched = True
        return self.take_stick((segment,), {})

    def _take_segment(self, part: hsg.Segment, data: bytes) -> list[str]:
        """Take one segment; why it was set aside, whole, if it goes beyond what its key may say."""
        if part.chain.feed or part.chain.device != self._device:
            raise SegmentError("a segment of another chain than the stick's device")
        inc, before = part.chain.incarnation, part.first - 1
        held = self._head_at(inc, before)
        beside = None if held is not None and held[:8] == part.before8 else self._branch_head(inc, before, part.before8)
        aside = self._beyond.get((inc, before, part.before8)) if beside is None else None
        start = beside or aside or held
        if start is None:
            self._gaps += 1
            return []  # a gap: the stick before this one has not come yet
        lines = self._unpack(part)
        heads, key, caps = self._verify(part, lines, start)
        if self._vouched:
            self._journal.vouch(self._device, key, inc, part.last)
            caps = None
        if beside is not None:
            self._branch(inc, part.first, lines, heads, caps)
        elif aside is None:
            self._take_lines(inc, part.first, lines, heads, caps, keep_branch=True)
        if part.last > cap(caps, inc) and not self._holds(inc, part.last, heads[-1]):
            self._beyond[inc, part.last, heads[-1][:8]] = heads[-1]
            code = refusal(self._record.valid_to, inc, part.last)
            self._journal.quarantine(self._device, code, data)
            return [code]
        if part.last <= cap(caps, inc) and aside is None:
            proof = Proof(inc, part.last, heads[-1], hsg.CONTEXT, hsg.signed(part, heads[-1]), part.signature)
            self._journal.prove(self._device, proof)
        return []

    def _holds(self, incarnation: int, n: int, head: bytes) -> bool:
        """Whether exactly this future is held already, in the log or beside it."""
        return head in (self._head_at(incarnation, n), self._branch_head(incarnation, n, head[:8]))

    def _branch_head(self, incarnation: int, n: int, head8: bytes) -> bytes | None:
        return self._journal.branch_head_at(self._device, incarnation, n, head8)

    def _unpack(self, part: hsg.Segment) -> tuple[bytes, ...]:
        for opener in (self._keys.seal, *self._keys.former.values()):
            try:
                return hsg.unpack(part, opener, self._keys.dictionaries.held)
            except SealBroken:
                continue
        raise SealBroken("a segment is sealed to no key of this province")

    def _verify(self, part: hsg.Segment, lines: Sequence[bytes], before: bytes) -> tuple[list[bytes], bytes, Caps]:
        """The heads, the key that signed, and up to where it counts."""
        record, verifier = self._record, self._keys.suite.verifier
        keys = ((record.verify_key, self._caps), *((one.verify_key, least(one.valid_to, self._caps)) for one in record.former))
        return by_one_of(keys, lambda one: (hsg.verify(part, lines, before, verifier(one[0])), *one))

    def _branch(self, incarnation: int, first: int, lines: Sequence[bytes], heads: Sequence[bytes], caps: Caps) -> None:
        """Lines of a future some disk lost: beside the log, with their effect, and a person is told."""
        count = min(len(lines), cap(caps, incarnation) + 1 - first)
        if count <= 0:
            return
        arrivals = [self._arrival(incarnation, first + at, lines[at], heads[at]) for at in range(count)]
        known = self._journal.held([arrival.identity for arrival in arrivals])
        for arrival in arrivals:
            self._journal.branch(arrival.origin, arrival.line, arrival.head, arrival.identity, self._received_ms)
            if arrival.identity not in known:
                known.add(arrival.identity)
                self._effect(arrival)
                self._branched += 1
        facts = json.dumps({"incarnation": f"{incarnation:x}", "from": first})
        self._journal.quarantine(self._device, "branch", facts.encode())

    # --- lines

    def _take_lines(
        self, incarnation: int, first: int, lines: Sequence[bytes], heads: Sequence[bytes], caps: Caps, *, keep_branch: bool = False
    ) -> None:
        """Lines that follow a place of the log held here: store what is new, where they do not part from it."""
        place, last = self._place(incarnation), first + len(lines) - 1
        have = self._journal.position(self._device, incarnation)[0]
        agreed = self._agreed(incarnation, first, heads, have)
        place.common = max(place.common or 0, agreed)
        if agreed < min(have, last):
            if keep_branch:
                self._branch(incarnation, agreed + 1, lines[agreed + 1 - first :], heads[agreed + 1 - first :], caps)
            return
        end = cap(caps, incarnation)
        # A stick's segment is one portion of its transaction, cut by its reader; of a request the rest comes with the next.
        most = last if keep_branch else have + MOST_LINES - self._stored
        fresh = range(max(have + 1, first), min(last, end, most) + 1)
        arrivals = [self._arrival(incarnation, n, lines[n - first], heads[n - first]) for n in fresh]
        if arrivals:
            self._store(arrivals, NO_CAP if keep_branch else MOST_VALUES)
            place.common = self._journal.position(self._device, incarnation)[0]
        if last > max(end, have) and not keep_branch:  # of a stick the whole segment is set aside
            self._refuse(
                incarnation, refusal(self._record.valid_to, incarnation, last), b"\n".join(lines[max(0, end + 1 - first) :])
            )

    def _agreed(self, incarnation: int, first: int, heads: Sequence[bytes], have: int) -> int:
        """Last place up to which these lines repeat what is held."""
        for n in range(min(have, first + len(heads) - 1), first - 1, -1):
            if self._head_at(incarnation, n) == heads[n - first]:
                return n
        return first - 1

    def _arrival(self, incarnation: int, n: int, line: bytes, head: bytes) -> _Arrival:
        try:
            event: Event | None = decode(line)
        except EnvelopeError:
            event = None
        if event is not None and event.n != n:
            event = None
        origin = tuple.__new__(Origin, (self._device, incarnation, n))
        return tuple.__new__(_Arrival, (origin, event, event_id(self._device, incarnation, line), line, head))

    def _store(self, arrivals: Sequence[_Arrival], most: int) -> None:
        """Append lines and let them have their effect, until the request has made ``most`` values."""
        known = self._journal.held([arrival.identity for arrival in arrivals])
        self._journal.expect(self._record.commune, {one.event.dossier for one in arrivals if one.event is not None})
        for arrival in arrivals:
            if self._values >= most:
                return
            self._stored += 1
            self._journal.append(arrival.origin, arrival.line, arrival.head, arrival.identity, self._received_ms)
            if arrival.identity not in known:
                known.add(arrival.identity)
                self._effect(arrival)

    def _effect(self, arrival: _Arrival) -> None:
        event, origin, commune = arrival.event, arrival.origin, self._record.commune
        if event is None:
            self._set_aside(arrival, self._named(arrival.line), "envelope_invalid")
        elif event.dossier and not self._own(event.dossier):
            self._set_aside(arrival, event.dossier, "foreign_dossier")
        elif event.dossier:
            confirmed = self._journal.confirmed(commune, event.dossier)
            try:
                entries = self._merge.merge(confirmed, event, origin, self._received_ms).entries
                bodies = [encode_entry(entry) for entry in entries]
            except _CONTENT_ERRORS:
                self._set_aside(arrival, event.dossier, "merge_failed")
                return
            values = sum([len(entry["w"]) if "w" in entry else 1 for entry in entries])
            if values > EVENT_VALUES or (bodies and max(map(len, bodies)) > MAX_ENTRY):
                self._set_aside(arrival, event.dossier, "effect_too_large")
                return
            self._values += values
            for entry, body in zip(entries, bodies, strict=True):
                self._journal.add_entry(commune, entry, origin, body)

    def _set_aside(self, arrival: _Arrival, dossier: str, why: str) -> None:
        """The line is stored and acknowledged, for the chain goes on, but has no effect; people and the kiosk are told why."""
        self._journal.quarantine(self._device, why, arrival.line)
        self._journal.add_entry(self._record.commune, not_applied(dossier, arrival.origin, why), arrival.origin)

    def _named(self, line: bytes) -> str:
        """The dossier a line that is no event speaks of, so that its commune finds it there; empty when it names none of its
        own."""
        found = _DOSSIER.search(line)
        dossier = found[1].decode("ascii") if found is not None else ""
        return dossier if self._own(dossier) else ""

    def _own(self, dossier: str) -> bool:
        """Whether the dossier was created by a device of the sender's commune: read off its id, the creating event is not
        needed."""
        creator = dossier_device(dossier)
        record = None if creator is None else self._journal.device(creator)
        return record is not None and record.commune == self._record.commune

    def _acknowledge(self, incarnation: int, place: _Place) -> None:
        n, head = self._journal.position(self._device, incarnation)
        if n > place.had:
            self._journal.add_entry(self._record.commune, ack_entry(self._device, incarnation, n, head), None)

    def _place(self, incarnation: int) -> _Place:
        place = self._places.get(incarnation)
        if place is None:
            place = self._places[incarnation] = _Place(self._journal.position(self._device, incarnation)[0])
        return place

    def _head_at(self, incarnation: int, n: int) -> bytes | None:
        last, head = self._journal.position(self._device, incarnation)
        if n >= last:
            return head if n == last else None
        return self._journal.head_at(self._device, incarnation, n)

    def _refuse(self, incarnation: int, code: str, body: bytes) -> None:
        self._journal.quarantine(self._device, code, body)
        self._place(incarnation).refused = code
