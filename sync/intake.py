"""The province's half of the exchange: verify, store verbatim, merge, acknowledge in the feed, answer. Pure: no I/O, no clock.

The caller wraps one call of :func:`handle` in ONE transaction and sends the answer only after that transaction is durable;
then an answer that was sent is never taken back by a crash. Guarantees. A body counts only when the enrolled device signed
it. A line is stored only when it continues the chain held here; what is held already is skipped, so repeats, overlaps and
other cuts change nothing, and an event moved to another incarnation has its effect once. A device reaches only dossiers whose
device is enrolled in the same commune. What is wrong is kept in quarantine with its reason, whole, and answered so. Effects
and the ``ack`` that covers them enter the feed in one order; the feed served is that of the device's own commune, sealed to
its key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sync import segment as hsg
from sync import wire
from sync.envelope import MAX_ENTRY, EnvelopeError, Event, Origin, decode, dossier_device, event_id
from sync.errors import BadSignature, Diverged, SegmentError, SyncError
from sync.feed import ack_entry, encode_entry
from sync.keys import SealKey, SigningKey, VerifyKey
from sync.ports import DeviceRecord, FeedEntry, MergePort, ProvinceJournal

FEED_PAGE = 512
"""Most entries of the feed in one reply."""
WANTED_LEAST, WANTED_MOST = 1024, 1024 * 1024
"""Bounds of the feed bytes a kiosk may ask for in one reply."""


@dataclass(frozen=True, slots=True)
class ProvinceKeys:
    """Keys of the province in force."""

    sign: SigningKey
    seal: SealKey
    """Opens the segments of the devices."""
    dictionaries: hsg.Dictionaries = field(default_factory=dict)


@dataclass(slots=True)
class _Place:
    """What a request showed about one incarnation."""

    common: int | None = None
    refused: str = ""


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A new line, read and placed on the chain."""

    event: Event
    identity: bytes
    line: bytes
    head: bytes


def handle(
    request: bytes,
    journal: ProvinceJournal,
    merge: MergePort,
    keys: ProvinceKeys,
    received_ms: int,
    *,
    pause_s: int = 0,
) -> bytes:
    """Answer one request. Never raises on what arrived: a body that cannot be taken gets a signed refusal.

    Refusals: ``malformed``, ``protocol_unsupported``, ``unknown_device``, ``bad_signature``, ``revoked`` (segments up to the
    cap were taken; no feed is served).
    """
    try:
        parsed = wire.parse_request(request)
    except SyncError:
        return _refuse(keys, journal, bytes(wire.NONCE), received_ms, "malformed")
    hello = parsed.hello
    if not hello.protocols[0] <= wire.PROTOCOL <= hello.protocols[1]:
        return _refuse(keys, journal, hello.nonce, received_ms, "protocol_unsupported")
    record = journal.device(hello.device)
    if record is None:
        return _refuse(keys, journal, hello.nonce, received_ms, "unknown_device")
    try:
        parsed.verify(VerifyKey(record.verify_key))
    except BadSignature:
        return _refuse(keys, journal, hello.nonce, received_ms, "bad_signature")
    visit = _Visit(journal, merge, keys, record, received_ms)
    visit.take(parsed)
    if record.valid_to is not None:
        return _refuse(keys, journal, hello.nonce, received_ms, "revoked", visit.acks())
    return visit.answer(hello, pause_s)


def _refuse(
    keys: ProvinceKeys,
    journal: ProvinceJournal,
    nonce: bytes,
    received_ms: int,
    reason: str,
    acks: Sequence[wire.AckFrame] = (),
) -> bytes:
    reply = wire.Reply(nonce=nonce, epoch=journal.epoch(), server_ms=received_ms, feed_last=0, acks=tuple(acks), refusal=reason)
    return wire.encode_reply(reply, keys.sign)


class _Visit:
    """One verified request of one device."""

    def __init__(
        self,
        journal: ProvinceJournal,
        merge: MergePort,
        keys: ProvinceKeys,
        record: DeviceRecord,
        received_ms: int,
    ) -> None:
        self._journal = journal
        self._merge = merge
        self._keys = keys
        self._record = record
        self._verify_key = VerifyKey(record.verify_key)
        self._received_ms = received_ms
        self._places: dict[int, _Place] = {}

    def take(self, request: wire.Request) -> None:
        for position in request.hello.positions:
            self._compare(position)
        before: dict[int, int] = {}
        for data in request.segments:
            try:
                part = hsg.parse(data)
                inc = part.chain.incarnation
                before.setdefault(inc, self._journal.position(self._record.device, inc)[0])
                self._take_segment(part)
            except SyncError as error:
                self._journal.quarantine(self._record.device, error.code, data)
                inc = int.from_bytes(data[10:15], "big") if len(data) >= hsg.HEADER_SIZE else 0
                self._place(inc).refused = error.code
        for inc, had in before.items():
            n, head = self._journal.position(self._record.device, inc)
            if n > had:
                self._journal.add_entry(self._record.commune, ack_entry(self._record.device, inc, n, head), None)

    def acks(self) -> tuple[wire.AckFrame, ...]:
        frames = []
        for inc, place in sorted(self._places.items())[:255]:
            n, head = self._journal.position(self._record.device, inc)
            frames.append(wire.AckFrame(inc, n, head[:8], place.common, place.refused))
        return tuple(frames)

    def answer(self, hello: wire.Hello, pause_s: int) -> bytes:
        epoch, commune = self._journal.epoch(), self._record.commune
        known = self._journal.feed_head_at(commune, hello.feed_seq)
        reset = known is None or known[:8] != hello.feed_head8 or hello.epoch not in (0, epoch)
        last = self._journal.feed_position(commune)[0]
        reply = wire.Reply(
            nonce=hello.nonce,
            epoch=epoch,
            server_ms=self._received_ms,
            feed_last=last,
            acks=self.acks(),
            segments=self._feed(0 if reset else hello.feed_seq, hello.wanted),
            reset=reset,
            pause_s=pause_s,
        )
        return wire.encode_reply(reply, self._keys.sign)

    # --- upward -------------------------------------------------------------------------------------------------

    def _place(self, incarnation: int) -> _Place:
        return self._places.setdefault(incarnation, _Place())

    def _compare(self, position: wire.Position) -> None:
        place = self._place(position.incarnation)
        held = self._journal.head_at(self._record.device, position.incarnation, position.n)
        if held is not None and held[:8] == position.head8:
            place.common = max(place.common or 0, position.n)

    def _take_segment(self, part: hsg.Segment) -> None:
        device, inc = self._record.device, part.chain.incarnation
        if part.chain.feed or part.chain.device != device:
            raise SegmentError("a segment of another chain than the device that sent it")
        place = self._place(inc)
        have = self._journal.position(device, inc)[0]
        before = self._journal.head_at(device, inc, part.first - 1)
        if before is None:
            return  # a gap: an earlier request was lost or is still on its way; the answer says what is held
        lines = hsg.unpack(part, self._keys.seal, self._keys.dictionaries)
        try:
            heads = hsg.verify(part, lines, before, self._verify_key)
        except Diverged:
            return  # another history: ``common`` in the answer says where they part
        agreed = self._agreed(part, heads, have)
        place.common = max(place.common or 0, agreed)
        if agreed < min(have, part.last) or part.last <= have:
            return
        fresh = range(have + 1, part.last + 1)
        arrivals = [self._read(inc, n, lines[n - part.first], heads[n - part.first]) for n in fresh]
        cap = self._cap(inc)
        for arrival in arrivals:
            if arrival.event.n <= cap:
                self._store(arrival, inc)
                place.common = arrival.event.n
        if part.last > max(cap, have):
            self._journal.quarantine(device, "revoked", part.header + part.payload + part.signature)
            place.refused = "revoked"

    def _agreed(self, part: hsg.Segment, heads: Sequence[bytes], have: int) -> int:
        """Last place up to which this segment repeats what is held."""
        for n in range(min(have, part.last), part.first - 1, -1):
            if self._journal.head_at(self._record.device, part.chain.incarnation, n) == heads[n - part.first]:
                return n
        return part.first - 1

    def _read(self, incarnation: int, n: int, line: bytes, head: bytes) -> _Arrival:
        event = decode(line)
        if event.n != n:
            raise EnvelopeError(f"line {n} calls itself {event.n}")
        return _Arrival(event, event_id(self._record.device, incarnation, line), line, head)

    def _cap(self, incarnation: int) -> int:
        valid_to = self._record.valid_to
        return 1 << 48 if valid_to is None else valid_to.get(incarnation, 0)

    def _store(self, arrival: _Arrival, incarnation: int) -> None:
        device, commune, event = self._record.device, self._record.commune, arrival.event
        origin = Origin(device, incarnation, event.n)
        known = self._journal.has_event(arrival.identity)
        self._journal.append(origin, arrival.line, arrival.head, arrival.identity, self._received_ms)
        if known or not event.dossier:
            return
        if not self._own(event.dossier):
            self._set_aside(arrival, origin, "foreign_dossier")
            return
        effect = self._merge.merge(self._journal.confirmed(commune, event.dossier), event, origin, self._received_ms)
        if any(len(encode_entry(entry)) > MAX_ENTRY for entry in effect.entries):
            self._set_aside(arrival, origin, "effect_too_large")
            return
        for entry in effect.entries:
            self._journal.add_entry(commune, entry, origin)

    def _set_aside(self, arrival: _Arrival, origin: Origin, why: str) -> None:
        """The event is stored and acknowledged, for the chain goes on, but has no effect; people and the kiosk are told why."""
        self._journal.quarantine(origin.device, why, arrival.line)
        event = arrival.event
        told = {"e": "na", "d": event.dossier, "dev": origin.device, "inc": origin.incarnation, "n": event.n, "why": why}
        self._journal.add_entry(self._record.commune, told, origin)

    def _own(self, dossier: str) -> bool:
        """Whether the dossier was created by a device of the sender's commune: read off its id, the creating event is not
        needed."""
        creator = dossier_device(dossier)
        if creator is None:
            return False
        record = self._journal.device(creator)
        return record is not None and record.commune == self._record.commune

    # --- downward -----------------------------------------------------------------------------------------------

    def _feed(self, after: int, wanted: int) -> tuple[bytes, ...]:
        commune = self._record.commune
        entries: Sequence[FeedEntry] = self._journal.feed(commune, after, FEED_PAGE)
        before = self._journal.feed_head_at(commune, after)
        if not entries or before is None:
            return ()
        seal_to = self._journal.commune_seal_key(commune)
        chain = hsg.Chain(hsg.commune_tag(commune), self._journal.epoch(), feed=True)

        def cutter(lines: Sequence[bytes]) -> bytes:
            return hsg.cut(chain, after + 1, before, lines, signer=self._keys.sign, seal_to=seal_to, level=9)

        target = max(WANTED_LEAST, min(wanted, WANTED_MOST))
        return (hsg.fit([entry.body for entry in entries], target, cutter)[0],)
