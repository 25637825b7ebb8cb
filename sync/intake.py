"""The province's half of the exchange: verify, store verbatim, merge, acknowledge in the feed, answer. Pure: no I/O, no clock.

The caller wraps one call of :func:`handle`, :func:`take_segments` or :func:`bundle_reply` in ONE transaction and sends the
answer only after that transaction is durable; then an answer that was sent is never taken back by a crash. Guarantees. A body
counts only when the enrolled device signed it. A line is stored only when it continues the chain held here; what is held
already is skipped, so repeats, overlaps and other cuts change nothing, and an event moved to another incarnation has its effect
once. A line that is no event, or cannot be merged, is stored and acknowledged all the same, kept in quarantine and told in the
feed: it blocks nothing. A device reaches only dossiers whose device is enrolled in the same commune. Effects and the ``ack``
that covers them enter the feed in one order; the feed served is that of the device's own commune. What proves the lines (a
signature and what it signed) is kept."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sync import custody, rollover, snapshot, wire
from sync import segment as hsg
from sync.custody import Custody
from sync.dictionaries import NONE, Shelf, newest
from sync.envelope import MAX_ENTRY, EnvelopeError, Event, Origin, decode, dossier_device, event_id
from sync.errors import (
    BadLetter,
    BadSignature,
    SealBroken,
    SegmentError,
    SegmentTooLarge,
    SyncError,
    UnknownDictionary,
)
from sync.feed import ack_entry, encode_entry, foretold, not_applied
from sync.keys import SODIUM, Box, Opener, Signer, Suite
from sync.ports import DeviceRecord, FeedEntry, MergePort, Proof, ProvinceJournal, SnapshotInfo

FEED_PAGE = 4096
"""Most entries of the feed, or lines of a snapshot, in one reply."""
WANTED_LEAST, WANTED_MOST = 1024, 1024 * 1024
"""Bounds of the feed bytes a kiosk may ask for in one reply."""
MOST_TEXT = 2 * hsg.MAX_TEXT
"""Bytes of lines after which no further run of a request is read: it comes again with the next."""
MOST_LINES = 4096
"""New lines that are stored of one request, so that nobody keeps the one writer for long."""
MOST_ENTRIES = 20_000
"""Entries of the feed after which no further line of a request is stored, for the same reason."""
EVENT_ENTRIES = 2_000
"""Most entries one event may make: several times the fields of the longest form."""
BUNDLE_TARGET = 256 * 1024
"""Bytes of a feed segment on a stick."""

Caps = Mapping[int, int] | None
"""Incarnation -> last n that is taken, nothing of one not named; ``None`` = no cap."""

_NO_CAP = 1 << 48
_DOSSIER = re.compile(rb'"d":"([0-9a-z-]{5,40})"')
_CONTENT_ERRORS = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, SyncError, TypeError, ValueError)
"""What a merge raises over a content nobody thought of. What the store raises (disk full, no database) is not among them: it must
undo the whole transaction."""


@dataclass(frozen=True, slots=True)
class ProvinceKeys:
    """Keys of the province in force."""

    sign: Signer
    seal: Opener
    """Opens what devices close or seal to the province."""
    generation: int = 1
    former: Mapping[int, Opener] = field(default_factory=dict)
    """Generation -> what opened before: a kiosk that was away still closes with it."""
    dictionaries: Shelf = NONE
    suite: Suite = SODIUM

    def opener(self, generation: int) -> Opener:
        return self.former.get(generation, self.seal)


@dataclass(frozen=True, slots=True)
class Policy:
    """What the operator asks of kiosks."""

    pause_s: int = 0
    """Seconds to wait before the next request; 0 = none."""
    schema_floor: int = 0
    """A kiosk whose newest schema is older may send everything and begin nothing."""
    near: int = snapshot.NEAR
    """A kiosk no further behind than so many feed entries reads the feed, not a snapshot."""


DEFAULTS = Policy()


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of the segments on a stick."""

    held: Mapping[int, int]
    """Incarnation -> last n held now, of the logs the stick held parts of."""
    refused: tuple[str, ...] = ()
    """Codes of what was put into quarantine."""
    branched: int = 0
    """Lines of a lost future that were applied beside their log."""


@dataclass(frozen=True, slots=True)
class FeedPlace:
    """Where a kiosk's feed ends, as the manifest of its stick says."""

    epoch: int
    seq: int
    head8: bytes


@dataclass(slots=True)
class _Place:
    """What a visit showed about one log."""

    had: int
    common: int | None = None
    refused: str = ""


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A new line, read and placed on the chain. ``event`` is ``None`` when it is none."""

    origin: Origin
    event: Event | None
    identity: bytes
    line: bytes
    head: bytes


def handle(
    request: bytes,
    journal: ProvinceJournal,
    merge: MergePort,
    keys: ProvinceKeys,
    received_ms: int,
    policy: Policy = DEFAULTS,
) -> bytes:
    """Answer one request. Never raises on what arrived: a body that cannot be taken gets a signed refusal.

    Refusals: ``malformed``, ``protocol_unsupported``, ``unknown_device``, ``bad_signature``; ``revoked`` and ``former_key``
    (lines up to the cap were taken; no feed is served)."""
    try:
        parsed = wire.parse_request(request)
    except SyncError:
        return _malformed(journal, keys, received_ms)
    hello = parsed.hello
    answering = _Answering(journal, keys, hello, received_ms)
    if not hello.protocols[0] <= wire.PROTOCOL <= hello.protocols[1]:
        return answering.refuse("protocol_unsupported")
    record = journal.device(hello.device)
    if record is None:
        return answering.refuse("unknown_device")
    try:
        record, caps, refusal = _authenticate(parsed, record, journal, keys.suite)
    except BadLetter:
        return answering.refuse("malformed")
    except BadSignature:
        return answering.refuse("bad_signature")
    visit = _Visit(journal, merge, keys, record, received_ms, caps)
    visit.take_request(parsed)
    if refusal:
        return answering.refuse(refusal, visit.acks(hello))
    return answering.answer(record, visit.acks(hello), policy, visit.said())


def take_segments(
    device: int,
    segments: Iterable[bytes],
    journal: ProvinceJournal,
    merge: MergePort,
    keys: ProvinceKeys,
    received_ms: int,
) -> Taken:
    """Take what a stick carries of a device: HSG1, each with its own signature, in any order and however often.

    The caller has verified the volume. A continuation that is not the one held here is a future some disk lost: its events are
    stored beside the log and have their effect once, and a person is told (quarantine ``branch``).

    Raises:
        BadSignature: the device is not enrolled.
    """
    record = journal.device(device)
    if record is None:
        raise BadSignature("a stick of a device that is not enrolled")
    visit = _Visit(journal, merge, keys, record, received_ms, record.valid_to)
    return visit.take_stick(segments)


def bundle_reply(
    commune: str,
    place: FeedPlace,
    logs: Mapping[int, Collection[int]],
    journal: ProvinceJournal,
    keys: ProvinceKeys,
    received_ms: int,
    *,
    generation: int = 1,
    commune_generation: int = 1,
    near: int = snapshot.NEAR,
) -> Iterator[bytes]:
    """What goes back on a stick for a commune, for ``Engine.on_bundle``: key letters after these generations, the custody
    letter about these logs (device -> incarnations), and the feed from that place on, sealed to the commune; for who is further
    behind than ``near``, a snapshot and the feed after it."""
    yield from journal.key_documents(generation)
    held: dict[tuple[int, int], tuple[int, bytes]] = {}
    for device, incarnations in sorted(logs.items()):
        record = journal.device(device)
        if record is None or record.commune != commune:
            continue
        if record.commune_generation > commune_generation:
            yield journal.commune_key_document(device)[1]
        held |= {(device, inc): journal.position(device, inc) for inc in incarnations}
    epoch, (last, _) = journal.epoch(), journal.feed_position(commune)
    known = journal.feed_head_at(commune, place.seq)
    after = place.seq if place.epoch == epoch and known is not None and known[:8] == place.head8 else 0
    info = _worth_it(journal.snapshot(commune), last, after, near)
    yield custody.write(Custody(commune, epoch, received_ms, last, held, info), keys.sign)
    if info is not None:
        yield from _snapshot_segments(commune, epoch, info, journal, keys)
    yield from _feed_segments(commune, epoch, after if info is None else info.seq, journal, keys)


def _worth_it(info: SnapshotInfo | None, last: int, after: int, near: int) -> SnapshotInfo | None:
    """The snapshot, for who is so far behind that its lines are fewer than the entries they stand for."""
    return info if info is not None and last - after > near and info.seq - after > max(near, info.lines) else None


def _snapshot_segments(
    commune: str, epoch: int, info: SnapshotInfo, journal: ProvinceJournal, keys: ProvinceKeys
) -> Iterator[bytes]:
    of = hsg.Chain(hsg.commune_tag(commune), epoch, feed=True, snapshot=True)
    sealer, after = keys.suite.sealer(journal.commune_seal_key(commune)), 0
    while lines := journal.snapshot_lines(commune, info.seq, after, FEED_PAGE):

        def cutter(some: Sequence[bytes], after: int = after) -> bytes:
            start = snapshot.start(info, after)
            return hsg.cut(of, after + 1, start, some, signer=keys.sign, seal_to=sealer, level=hsg.FAST)

        data, count = hsg.fit(lines, BUNDLE_TARGET, cutter)
        yield data
        after += count


def _feed_segments(commune: str, epoch: int, after: int, journal: ProvinceJournal, keys: ProvinceKeys) -> Iterator[bytes]:
    of = hsg.Chain(hsg.commune_tag(commune), epoch, feed=True)
    sealer = keys.suite.sealer(journal.commune_seal_key(commune))
    before = journal.feed_head_at(commune, after)
    while before is not None and (entries := journal.feed(commune, after, FEED_PAGE)):
        first, at = after + 1, before

        def cutter(lines: Sequence[bytes], first: int = first, at: bytes = at) -> bytes:
            return hsg.cut(of, first, at, lines, signer=keys.sign, seal_to=sealer, level=hsg.FAST)

        data, count = hsg.fit([entry.body for entry in entries], BUNDLE_TARGET, cutter)
        yield data
        after, before = after + count, entries[count - 1].head


def _malformed(journal: ProvinceJournal, keys: ProvinceKeys, received_ms: int) -> bytes:
    answer = wire.Answer(echo=bytes(wire.ECHO), epoch=journal.epoch(), server_ms=received_ms, feed_last=0, refusal="malformed")
    return wire.encode_reply(answer, keys.sign, 0, bytes(wire.NONCE))


def _authenticate(
    request: wire.Request, record: DeviceRecord, journal: ProvinceJournal, suite: Suite
) -> tuple[DeviceRecord, Caps, str]:
    """Who signed a request: the record in force, up to where its lines are taken, and what it is refused with after that.

    A device that changed its keys signs with the new ones and brings the letters; they are taken over here, once. Its former keys
    still prove what it wrote before, and read nothing more.

    Raises:
        BadLetter: a letter cannot be one of this device.
        BadSignature: signed by no key of the device.
    """
    rotations = rollover.follow(request.rotations, record.device, record.generation, record.verify_key, suite)
    if rotations:
        request.verify(suite.verifier(rotations[-1].verify_key))
        for rotation in rotations:
            journal.rotate_device(record.device, rotation)
        record = journal.device(record.device) or record
    try:
        request.verify(suite.verifier(record.verify_key))
    except BadSignature:
        for former in record.former:
            if _signed_by(request, former.verify_key, suite):
                return replace(record, seal_key=former.seal_key), _least(former.valid_to, record.valid_to), "former_key"
        raise
    return record, record.valid_to, "revoked" if record.valid_to is not None else ""


def _least(former: Mapping[int, int], caps: Caps) -> Caps:
    """Up to where a former key counts: a revocation caps it like the key in force."""
    return former if caps is None else {inc: min(n, caps.get(inc, 0)) for inc, n in former.items()}


def _signed_by(request: wire.Request, key: bytes, suite: Suite) -> bool:
    try:
        request.verify(suite.verifier(key))
    except BadSignature:
        return False
    return True


# --- upward -----------------------------------------------------------------------------------------------------------


class _Visit:
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
        self._said: list[bytes] = []
        self._read = 0
        self._stored = 0
        self._entries = 0
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
        kept = run.closed
        try:
            box = self._keys.opener(hello.generation).box(self._record.seal_key)
            kept = wire.opened(box, wire.REQUEST, hello.nonce, run, part.after)
            lines = hsg.lines_of(kept, run.count, run.dictionary, self._keys.dictionaries.held)
        except UnknownDictionary as error:
            place.refused = error.code
            return
        except SyncError as error:
            self._read += hsg.MAX_TEXT if isinstance(error, SegmentTooLarge) else 0
            self._refuse(incarnation, error.code, kept)
            return
        self._said.append(foretold(self._device, incarnation, lines, run.last, part.after))
        self._read += sum(len(line) + 1 for line in lines)
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

    def take_stick(self, segments: Iterable[bytes]) -> Taken:
        refused: list[str] = []
        for data in segments:
            try:
                self._take_segment(hsg.parse(data))
            except SyncError as error:
                self._journal.quarantine(self._device, error.code, data)
                refused.append(error.code)
        for incarnation, place in self._places.items():
            self._acknowledge(incarnation, place)
            if place.refused:
                refused.append(place.refused)
        held = {inc: self._journal.position(self._device, inc)[0] for inc in self._places}
        return Taken(held, tuple(dict.fromkeys(refused)), self._branched)

    def _take_segment(self, part: hsg.Segment) -> None:
        if part.chain.feed or part.chain.device != self._device:
            raise SegmentError("a segment of another chain than the stick's device")
        inc, before = part.chain.incarnation, part.first - 1
        held = self._head_at(inc, before)
        beside = None if held is not None and held[:8] == part.before8 else self._branch_head(inc, before, part.before8)
        start = beside or held
        if start is None:
            return  # a gap: the stick before this one has not come yet
        lines = self._unpack(part)
        heads, caps = self._verify(part, lines, start)
        if beside is not None:
            self._branch(inc, part.first, lines, heads, caps)
        else:
            self._take_lines(inc, part.first, lines, heads, caps, keep_branch=True)
        if part.last <= self._cap(caps, inc):
            proof = Proof(inc, part.last, heads[-1], hsg.CONTEXT, hsg.signed(part, heads[-1]), part.signature)
            self._journal.prove(self._device, proof)

    def _branch_head(self, incarnation: int, n: int, head8: bytes) -> bytes | None:
        return self._journal.branch_head_at(self._device, incarnation, n, head8)

    def _unpack(self, part: hsg.Segment) -> tuple[bytes, ...]:
        for opener in (self._keys.seal, *self._keys.former.values()):
            try:
                return hsg.unpack(part, opener, self._keys.dictionaries.held)
            except SealBroken:
                continue
        raise SealBroken("a segment is sealed to no key of this province")

    def _verify(self, part: hsg.Segment, lines: Sequence[bytes], before: bytes) -> tuple[list[bytes], Caps]:
        """The heads, and up to where the key that signed counts."""
        verifier = self._keys.suite.verifier
        try:
            return hsg.verify(part, lines, before, verifier(self._record.verify_key)), self._caps
        except BadSignature:
            for former in self._record.former:
                try:
                    return hsg.verify(part, lines, before, verifier(former.verify_key)), _least(former.valid_to, self._caps)
                except BadSignature:
                    continue
            raise

    def _branch(self, incarnation: int, first: int, lines: Sequence[bytes], heads: Sequence[bytes], caps: Caps) -> None:
        """Lines of a future some disk lost: beside the log, with their effect, and a person is told."""
        cap = self._cap(caps, incarnation)
        for n, line, head in zip(range(first, first + len(lines)), lines, heads, strict=True):
            if n > cap:
                break
            arrival = self._arrival(incarnation, n, line, head)
            known = self._journal.has_event(arrival.identity)
            self._journal.branch(arrival.origin, line, head, arrival.identity, self._received_ms)
            if not known:
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
        cap = self._cap(caps, incarnation)
        # A stick's segment is one portion of its transaction, cut by its reader; of a request the rest comes with the next.
        most = last if keep_branch else have + MOST_LINES - self._stored
        for n in range(max(have + 1, first), min(last, cap, most) + 1):
            if self._entries >= MOST_ENTRIES and not keep_branch:
                break
            self._stored += 1
            self._store(self._arrival(incarnation, n, lines[n - first], heads[n - first]))
            place.common = n
        if last > max(cap, have):
            self._refuse(incarnation, "revoked", b"\n".join(lines[max(0, cap + 1 - first) :]))

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
        return _Arrival(Origin(self._device, incarnation, n), event, event_id(self._device, incarnation, line), line, head)

    def _store(self, arrival: _Arrival) -> None:
        known = self._journal.has_event(arrival.identity)
        self._journal.append(arrival.origin, arrival.line, arrival.head, arrival.identity, self._received_ms)
        if not known:
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
                largest = max((len(encode_entry(entry)) for entry in entries), default=0)
            except _CONTENT_ERRORS:
                self._set_aside(arrival, event.dossier, "merge_failed")
                return
            if largest > MAX_ENTRY or len(entries) > EVENT_ENTRIES:
                self._set_aside(arrival, event.dossier, "effect_too_large")
                return
            self._entries += len(entries)
            for entry in entries:
                self._journal.add_entry(commune, entry, origin)

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

    @staticmethod
    def _cap(caps: Caps, incarnation: int) -> int:
        return _NO_CAP if caps is None else caps.get(incarnation, 0)


# --- downward ---------------------------------------------------------------------------------------------------------


class _Answering:
    """The answer to one request that could be read."""

    def __init__(self, journal: ProvinceJournal, keys: ProvinceKeys, hello: wire.Hello, received_ms: int) -> None:
        self._journal = journal
        self._keys = keys
        self._hello = hello
        self._received_ms = received_ms

    def refuse(self, reason: str, acks: Sequence[wire.AckFrame] = ()) -> bytes:
        return self._encode(replace(self._start(), acks=tuple(acks), refusal=reason))

    def answer(self, record: DeviceRecord, acks: tuple[wire.AckFrame, ...], policy: Policy, said: bytes) -> bytes:
        hello, commune, epoch = self._hello, record.commune, self._journal.epoch()
        last, head = self._journal.feed_position(commune)
        known = head if hello.feed_seq == last else self._journal.feed_head_at(commune, hello.feed_seq)
        reset = known is None or known[:8] != hello.feed_head8 or hello.epoch not in (0, epoch)
        numbers = self._keys.dictionaries.numbers
        answer = replace(
            self._start(),
            feed_last=last,
            acks=acks,
            reset=reset,
            pause_s=policy.pause_s,
            upload_only="schema_floor" if hello.schemas[1] < policy.schema_floor else "",
            dictionaries=None if hello.dictionaries == numbers else numbers,
            commune_letter=self._commune_letter(record),
        )
        box = self._keys.opener(hello.generation).box(record.seal_key)
        after = 0 if reset else hello.feed_seq
        info = _worth_it(self._journal.snapshot(commune), last, after, policy.near) if last - after > policy.near else None
        if info is not None:
            return self._encode(replace(answer, snapshot=self._snapshot(commune, info, box, reset)))
        return self._encode(replace(answer, feed=self._feed(commune, after, box, said)))

    def _start(self) -> wire.Answer:
        hello = self._hello
        letters = self._journal.key_documents(hello.generation) if hello.generation < self._keys.generation else ()
        return wire.Answer(
            echo=hello.nonce[: wire.ECHO],
            epoch=self._journal.epoch(),
            server_ms=self._received_ms,
            feed_last=0,
            province_letters=tuple(letters),
        )

    def _encode(self, answer: wire.Answer) -> bytes:
        return wire.encode_reply(answer, self._keys.sign, self._hello.device, self._hello.nonce)

    def _commune_letter(self, record: DeviceRecord) -> bytes:
        if record.commune_generation <= self._hello.commune_generation:
            return b""
        return self._journal.commune_key_document(record.device)[1]

    def _feed(self, commune: str, after: int, box: Box, said: bytes) -> tuple[wire.FeedRun, ...]:
        entries: Sequence[FeedEntry] = self._journal.feed(commune, after, FEED_PAGE)
        if not entries:
            return ()
        packed, count, dictionary = self._pack(after + 1, [entry.body for entry in entries], said)
        after8 = entries[count - 1].head[:8]
        part = wire.FeedRun(hsg.Run(after + 1, count, dictionary, packed), after8, bool(said))
        return (replace(part, run=wire.closed(box, wire.REPLY, self._hello.nonce, part.run, part.named)),)

    def _snapshot(self, commune: str, info: SnapshotInfo, box: Box, reset: bool) -> wire.SnapshotRun | None:
        staged = self._hello.staged
        goes_on = staged is not None and not reset and (staged.seq, staged.head8) == (info.seq, info.head[:8])
        after = staged.lines if staged is not None and goes_on and staged.lines < info.lines else 0
        lines = self._journal.snapshot_lines(commune, info.seq, after, FEED_PAGE)
        if not lines:
            return None
        packed, count, dictionary = self._pack(after + 1, lines)
        named = snapshot.names(info.seq, info.head, info.lines)
        run = wire.closed(box, wire.SNAPSHOT, self._hello.nonce, hsg.Run(after + 1, count, dictionary, packed), named)
        return wire.SnapshotRun(info.seq, info.head, info.lines, run)

    def _pack(self, first: int, lines: Sequence[bytes], said: bytes = b"") -> tuple[bytes, int, int]:
        shelf = self._keys.dictionaries
        number = newest(shelf.feed, self._hello.dictionaries)

        def packer(some: Sequence[bytes]) -> bytes:
            return hsg.pack(first, some, dictionary=number, dictionaries=shelf.held, level=hsg.FAST, feed=True, behind=said)

        target = max(WANTED_LEAST, min(self._hello.wanted, WANTED_MOST))
        return (*hsg.fit(lines, target, packer), number)
