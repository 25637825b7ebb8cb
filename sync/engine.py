"""The kiosk's half of the exchange: what to send next, and what an answer means. Pure: no I/O, no clock, no threads.

Guarantees. An answer counts only when the province signed it and it echoes a nonce of a request still open. The direct answer
moves ``told``, a hint for what to send next; only ``ack`` entries applied from the feed move ``acked``, in the transaction that
applies the state they speak of. Feed entries are applied once, in order, chained to the head held here. An answer to an older
request, or to a state another answer has moved on, never moves anything back. Where the province holds another continuation of
a chain of ours (this disk was restored, or cloned), the unsent rest moves to a fresh incarnation before any feed is applied.
Nothing is ever dropped here: sending moves no cursor.

Transactions: :meth:`Engine.make_request` and :meth:`Engine.on_reply` open them through :meth:`KioskJournal.atomic`; memory of
the engine changes only after a commit, so a crash at any point leaves the journal as the truth.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sync import segment as hsg
from sync import wire
from sync.errors import ChainBroken, FeedGap, ProvinceInconsistent, Refused, SegmentError, StaleReply, SyncError
from sync.keys import SealKey, SigningKey, VerifyKey
from sync.ports import FeedEntry, KioskJournal, Line


@dataclass(frozen=True, slots=True)
class EngineKeys:
    """Keys a kiosk syncs with; all but ``sign`` come from the enrolment bundle."""

    sign: SigningKey
    commune: str
    """Code of the commune."""
    commune_seal: SealKey
    """Opens the commune's feed."""
    province_verify: VerifyKey
    province_seal: bytes
    """X25519 public key segments are sealed to."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes, in bytes of segment on the wire, and times in seconds (SYNC design 1.8)."""

    start: int = 8 * 1024
    least: int = 1024
    most: int = 64 * 1024
    fast_s: float = 2.0
    """An answer sooner than this lets the target grow by 1.6."""
    slow_s: float = 8.0
    """An answer later than this halves it, like a failure."""
    wanted: int = 256 * 1024
    """Bytes of feed asked for."""
    page: int = 256
    """Lines read from the journal at once."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The province put a segment of this incarnation into quarantine."""

    incarnation: int
    reason: str


@dataclass(frozen=True, slots=True)
class ReplyOutcome:
    """What an answer brought."""

    moved: bool
    """Something was stored: a cursor, feed entries, a new incarnation."""
    more: bool
    """Another exchange at once is useful: lines to send, or feed to fetch."""
    pause_s: int
    """Seconds the province asks to wait before the next request; 0 = none."""
    server_ms: int
    """The province's clock when it answered, signed; compare with the monotonic time between request and reply."""
    applied: int = 0
    """Feed entries applied."""
    acked: int = 0
    """Own events newly acknowledged by the feed."""
    rebased: tuple[int, ...] = ()
    """Incarnations opened because the province holds another continuation."""
    refusals: tuple[Refusal, ...] = ()
    carried: int = 0
    """Own events the answered request carried."""


@dataclass(frozen=True, slots=True)
class _State:
    """What an answer depends on beside the lines: an answer to another state than the one held now may only raise ``told``."""

    epoch: int
    seq: int
    head: bytes
    incarnations: tuple[int, ...]


@dataclass(slots=True)
class _Open:
    """A request without an answer yet."""

    number: int
    sent_at: float
    state: _State
    offered: dict[int, int]
    """Incarnation -> last n this request carried."""
    carried: int
    size: int


@dataclass(slots=True)
class _Supply:
    """Lines of one incarnation read for a request."""

    incarnation: int
    after: int
    before: bytes
    lines: Sequence[Line]


@dataclass(slots=True)
class _Gain:
    """What the transactions of one reply did, kept until they are committed."""

    moved: bool = False
    waiting: bool = False
    """The feed waits for the next exchange: its ``ack`` entries may speak of events this disk has not."""
    applied: int = 0
    acked: int = 0
    rebased: list[int] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)


class Engine:
    """The protocol core of one kiosk. One thread uses it; any number of requests may be open at once."""

    OPEN_MOST = 16

    def __init__(
        self,
        journal: KioskJournal,
        keys: EngineKeys,
        *,
        limits: Limits | None = None,
        dictionaries: hsg.Dictionaries = hsg.NO_DICTIONARIES,
        random_bytes: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._journal = journal
        self._keys = keys
        self._limits = limits or Limits()
        self._dictionaries = dictionaries
        self._random = random_bytes
        self._target = self._limits.start
        self._round_trip = 0.0
        self._ratio = 4.0
        self._open: dict[bytes, _Open] = {}
        self._number = 0
        self._answered = 0
        self._feed_last = 0
        self._cuts: dict[int, tuple[tuple[int, int, int], bytes, int]] = {}

    @property
    def target(self) -> int:
        """Bytes of segments a request aims at now."""
        return self._target

    def pending(self) -> int:
        """Own events the province has not said it holds. Cheap: asked every second by the worker."""
        with self._journal.atomic():
            return sum(self._journal.last(inc)[0] - self._journal.told(inc) for inc in self._journal.incarnations())

    def make_request(self, now_mono: float, device_wall_ms: int, *, free_disk_mib: int = 0) -> bytes:
        """The body of the next request: hello, and what the province is not known to hold, up to the target size."""
        with self._journal.atomic():
            device, current = self._journal.identity()
            positions = self._positions(current)
            supplies = self._supplies()
            state = self._state()
        segments: list[bytes] = []
        offered: dict[int, int] = {}
        carried, room = 0, self._target
        for supply in supplies:
            data, last = self._cut(device, supply, room)
            segments.append(data)
            offered[supply.incarnation] = last
            carried += last - supply.after
            room -= len(data)
            if room < self._limits.least or last < supply.lines[-1].n or len(segments) == wire.MAX_FRAMES - 1:
                break
        hello = wire.Hello(
            device=device,
            epoch=state.epoch,
            feed_seq=state.seq,
            feed_head8=state.head[:8],
            wanted=self._limits.wanted,
            wall_ms=device_wall_ms,
            free_disk_mib=free_disk_mib,
            nonce=self._random(wire.NONCE),
            positions=positions,
            dictionaries=tuple(sorted(self._dictionaries)),
        )
        request = wire.encode_request(hello, segments, self._keys.sign)
        self._number += 1
        self._open[hello.nonce] = _Open(self._number, now_mono, state, offered, carried, sum(map(len, segments)))
        while len(self._open) > self.OPEN_MOST:
            del self._open[next(iter(self._open))]
        return request

    def hedge_after(self, now_mono: float) -> float:
        """Seconds without an answer after which the same request is worth sending on another connection."""
        return max(1.5, 2.0 * self._round_trip)

    def on_failure(self) -> None:
        """The line brought no answer: aim lower. An answer that still comes is taken."""
        self._target = max(self._limits.least, self._target // 2)

    def on_reply(self, reply: bytes, now_mono: float) -> ReplyOutcome:
        """Take an answer in.

        Raises:
            NotOurProtocol, BadFrame, BadSignature: not an answer of the province; nothing was touched.
            StaleReply: signed, but it answers no open request; nothing was touched.
            Refused: the province signed a refusal.
            FeedGap, SegmentError, ProvinceInconsistent: the answer contradicts what is held. The feed was not applied, and what
                was refused is in quarantine; cursors of the upward direction may have moved.
        """
        answer = wire.parse_reply(reply, self._keys.province_verify)
        request = self._open.get(answer.nonce)
        if request is None:
            raise StaleReply("the reply answers no open request")
        if answer.refusal:
            del self._open[answer.nonce]
            raise Refused(answer.refusal)
        gain = _Gain()
        with self._journal.atomic():
            gain.waiting = overtaken = request.number < self._answered or request.state != self._state()
            if not overtaken:
                self._take_epoch(answer, gain)
            for ack in answer.acks:
                self._take_ack(ack, request, overtaken, gain)
        del self._open[answer.nonce]
        self._answered = max(self._answered, request.number)
        self._adapt(now_mono - request.sent_at, request.size)
        if not gain.waiting:
            self._take_feed(answer.segments, gain)
        if not overtaken:
            self._feed_last = answer.feed_last
        return self._outcome(answer, request, gain)

    def _state(self) -> _State:
        seq, head = self._journal.feed_position()
        return _State(self._journal.epoch(), seq, head, tuple(self._journal.incarnations()))

    # --- sending ------------------------------------------------------------------------------------------------

    def _positions(self, current: int) -> tuple[wire.Position, ...]:
        places: list[wire.Position] = []
        for inc in self._journal.incarnations():
            (last, head), acked = self._journal.last(inc), self._journal.acked(inc)
            if inc != current and acked >= last:
                continue
            places.append(wire.Position(inc, last, head[:8]))
            sure = self._journal.head_at(inc, acked)
            if acked < last and sure is not None:
                places.append(wire.Position(inc, acked, sure[:8]))
        return tuple(places[-255:])

    def _supplies(self) -> list[_Supply]:
        budget = int(self._target * self._ratio * 1.5)
        supplies: list[_Supply] = []
        for inc in self._journal.incarnations():
            after, last = self._journal.told(inc), self._journal.last(inc)[0]
            before = self._journal.head_at(inc, after)
            if after >= last or before is None:
                continue
            lines: list[Line] = []
            while budget > 0 and after < last:
                page = self._journal.lines(inc, after, self._limits.page)
                if not page:
                    break
                lines.extend(page)
                after = page[-1].n
                budget -= sum(len(line.body) for line in page)
            if lines:
                supplies.append(_Supply(inc, lines[0].n - 1, before, lines))
            if budget <= 0:
                break
        return supplies

    def _cut(self, device: int, supply: _Supply, room: int) -> tuple[bytes, int]:
        """Cut once, send as often as needed: a repeat is the same bytes, so the province can tell it is one."""
        inc, key = supply.incarnation, (supply.after, supply.lines[-1].n, room)
        known = self._cuts.get(inc)
        if known is None or known[0] != key:
            chain = hsg.Chain(device, inc)

            def cutter(lines: Sequence[bytes]) -> bytes:
                return hsg.cut(
                    chain,
                    supply.after + 1,
                    supply.before,
                    lines,
                    signer=self._keys.sign,
                    seal_to=self._keys.province_seal,
                )

            bodies = [line.body for line in supply.lines]
            data, count = hsg.fit(bodies, room, cutter)
            self._ratio = max(1.0, min(16.0, sum(map(len, bodies[:count])) / len(data)))
            known = self._cuts[inc] = (key, data, supply.after + count)
        return known[1], known[2]

    # --- receiving ----------------------------------------------------------------------------------------------

    def _take_epoch(self, answer: wire.Reply, gain: _Gain) -> None:
        if answer.epoch == self._journal.epoch() and not answer.reset:
            return
        # The request named only what was not acknowledged; the rest must be compared too before the new feed acknowledges it again.
        gain.waiting = any(self._journal.acked(inc) for inc in self._journal.incarnations())
        self._journal.reset_feed(answer.epoch)
        gain.moved = True

    def _take_ack(self, ack: wire.AckFrame, request: _Open, overtaken: bool, gain: _Gain) -> None:
        inc, journal = ack.incarnation, self._journal
        if inc not in journal.incarnations():
            return
        if ack.refused:
            gain.refusals.append(Refusal(inc, ack.refused))
        last = journal.last(inc)[0]
        head = journal.head_at(inc, ack.n) if ack.n <= last else None
        if head is not None and head[:8] == ack.head8:
            self._take_told(inc, ack.n, overtaken, gain)
        elif not overtaken:
            self._take_fork(ack, last, request, gain)

    def _take_told(self, inc: int, n: int, overtaken: bool, gain: _Gain) -> None:
        told, acked = self._journal.told(inc), self._journal.acked(inc)
        if overtaken:
            n = max(n, told)
        if n < acked:
            raise ProvinceInconsistent(f"the province holds {n} of what its feed acknowledged up to {acked}")
        if n != told:
            self._journal.set_told(inc, n)
            gain.moved = True

    def _take_fork(self, ack: wire.AckFrame, last: int, request: _Open, gain: _Gain) -> None:
        """The province's end of this incarnation is not on our chain: it has events this disk has not."""
        inc, journal, common = ack.incarnation, self._journal, ack.common or 0
        if common > last or common < journal.acked(inc):
            raise ProvinceInconsistent(f"no common place in incarnation {inc:x}")
        closed = inc != journal.identity()[1]
        proven = ack.common is not None and common < request.offered.get(inc, common)
        gain.moved = True
        if common == last and closed:
            self._take_told(inc, last, False, gain)
        elif common == last or proven:
            gain.rebased.append(journal.rebase_incarnation(inc, common))
        else:
            journal.set_told(inc, common)
            gain.waiting = True

    def _take_feed(self, segments: Sequence[bytes], gain: _Gain) -> None:
        for data in segments:
            try:
                part = hsg.parse(data)
                with self._journal.atomic():
                    chain = hsg.Chain(hsg.commune_tag(self._keys.commune), self._journal.epoch(), feed=True)
                    if part.chain != chain:
                        raise SegmentError("not a segment of this commune's feed in this epoch")
                    self._apply(part, gain)
            except SyncError as error:
                with self._journal.atomic():
                    self._journal.quarantine("feed", error.code, data)
                if isinstance(error, ChainBroken):
                    raise ProvinceInconsistent(f"feed: {error}") from error
                raise

    def _apply(self, part: hsg.Segment, gain: _Gain) -> None:
        journal = self._journal
        seq = journal.feed_position()[0]
        if part.first > seq + 1:
            raise FeedGap(f"the feed goes on at {part.first}, expected {seq + 1}")
        before = journal.feed_head_at(part.first - 1)
        if part.last <= seq or before is None:
            return
        lines = hsg.unpack(part, self._keys.commune_seal, self._dictionaries)
        heads = hsg.verify(part, lines, before, self._keys.province_verify)
        numbered = zip(range(part.first, part.last + 1), lines, heads, strict=True)
        entries = [FeedEntry(n, body, head) for n, body, head in numbered if n > seq]
        incarnations = journal.incarnations()
        before_acked = sum(journal.acked(inc) for inc in incarnations)
        journal.apply_feed(entries)
        for inc in incarnations:
            acked = journal.acked(inc)
            if journal.told(inc) < acked:
                journal.set_told(inc, acked)
        gain.acked += sum(journal.acked(inc) for inc in incarnations) - before_acked
        gain.applied += len(entries)
        gain.moved = True

    def _adapt(self, took: float, size: int) -> None:
        self._round_trip += (took - self._round_trip) / 8 if self._round_trip else took
        if took > self._limits.slow_s:
            self.on_failure()
        elif took < self._limits.fast_s and size * 2 >= self._target:
            self._target = min(self._limits.most, int(self._target * 1.6))

    def _outcome(self, answer: wire.Reply, request: _Open, gain: _Gain) -> ReplyOutcome:
        unsent = self.pending() > 0
        with self._journal.atomic():
            behind = self._journal.feed_position()[0] < self._feed_last
        return ReplyOutcome(
            moved=gain.moved,
            more=gain.moved and (unsent or behind or gain.waiting),
            pause_s=answer.pause_s,
            server_ms=answer.server_ms,
            applied=gain.applied,
            acked=gain.acked,
            rebased=tuple(gain.rebased),
            refusals=tuple(gain.refusals),
            carried=request.carried,
        )
