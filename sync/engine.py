"""The kiosk's half of the exchange: what to send next, and what an answer means. Pure: no I/O, no clock, no threads.

Guarantees. An answer counts only when the province signed it for a request still open. The direct answer moves ``told``, a hint
for what to send next; only ``ack`` entries applied from the feed move ``acked``, in the transaction that applies the state they
speak of. Feed entries are applied once, in order, chained to the head held here. An answer to an older request, or to a state
another answer has moved on, never moves anything back. Where the province holds another continuation of a chain of ours (this
disk was restored, or cloned), the unsent rest moves to a fresh incarnation before any feed is applied. Nothing is ever dropped
here: sending moves no cursor, on a line or on a stick.

Transactions: one to make a request, one to take an answer, through :meth:`KioskJournal.atomic`; memory of the engine changes only
after a commit, so a crash at any point leaves the journal as the truth.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sync import rollover, snapshot, stick, taking, wire
from sync import segment as hsg
from sync.dictionaries import NONE, Shelf, newest
from sync.errors import (
    BadFrame,
    BadSignature,
    ChainBroken,
    FeedGap,
    KeysOutOfTurn,
    ProvinceInconsistent,
    Refused,
    StaleReply,
    SyncError,
    UnknownDictionary,
)
from sync.feed import foretold
from sync.keys import SODIUM, Box, Opener, Sealer, Signer, Suite
from sync.letter import kind_of
from sync.pace import Limits, Pace
from sync.ports import KioskJournal, Line
from sync.rollover import Trust
from sync.taking import Gain, Refusal

__all__ = ["Engine", "EngineKeys", "Limits", "Refusal", "ReplyOutcome"]


_STICK_RATIO: Final = 6
"""Bytes of lines read for a byte of a stick's segment: about what they compress to."""


@dataclass(frozen=True, slots=True)
class EngineKeys:
    """Keys a kiosk syncs with: its own, and what its enrolment made it trust."""

    sign: Signer
    seal: Opener
    trust: Trust
    """As of enrolment; letters that came since are in the journal."""
    former: tuple[Opener, ...] = ()
    """Sealing keys before the present one, newest first: letters on the way may be sealed to them."""
    rotations: tuple[bytes, ...] = ()
    """The letters of the key changes that lead to the keys in force, oldest first, for a province restored from before them."""
    untold: bool = False
    """The last of them is not answered yet: it is sent until it is."""
    suite: Suite = SODIUM


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
    """Feed entries applied, or lines of a snapshot taken."""
    acked: int = 0
    """Own events newly acknowledged by the feed."""
    rebased: tuple[int, ...] = ()
    """Incarnations opened because the province holds another continuation."""
    refusals: tuple[Refusal, ...] = ()
    carried: int = 0
    """Own events the answered request carried."""
    alarms: tuple[str, ...] = ()
    """Codes of what a person must know though work goes on: ``province_lost_safe``, ``line_refused``."""
    upload_only: str = ""
    """Code of the reason why no new dossiers may be begun here, empty when they may."""


@dataclass(frozen=True, slots=True)
class _State:
    """What an answer depends on beside the lines: an answer to another state than the one held now may only raise ``told``."""

    epoch: int
    seq: int
    head: bytes
    incarnations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Log:
    """One log as the journal holds it."""

    incarnation: int
    last: int
    head: bytes
    told: int
    floor: int
    """Up to here nothing is ever sent again: acknowledged, or pruned."""
    base: int


@dataclass(frozen=True, slots=True)
class _Supply:
    """Lines of one log read for a request."""

    log: _Log
    before: bytes
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class _Offer:
    """What a request carries of one log."""

    first: int
    last: int
    dictionary: int


@dataclass(slots=True)
class _Open:
    """A request without an answer yet."""

    number: int
    sent_at: float
    nonce: bytes
    state: _State
    positions: tuple[wire.Position, ...]
    offers: dict[int, _Offer]
    said: bytes
    """What it foretells of the feed (:func:`sync.feed.foretold`), run after run: the feed may be compressed behind it."""
    box: Box
    size: int
    told: bool
    """It brought letters of key changes."""


class Engine:
    """The protocol core of one kiosk. One thread uses it; any number of requests may be open at once."""

    OPEN_MOST = 16

    def __init__(
        self,
        journal: KioskJournal,
        keys: EngineKeys,
        *,
        limits: Limits | None = None,
        dictionaries: Shelf = NONE,
        schemas: tuple[int, int] = (1, 1),
        random_bytes: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._journal = journal
        self._keys = keys
        self._limits = limits or Limits()
        self._shelf = dictionaries
        self._schemas = schemas
        self._random = random_bytes
        self._pace = Pace(self._limits)
        self._ratio = 4.0
        self._open: dict[bytes, _Open] = {}
        self._number = 0
        self._answered = 0
        self._packs: dict[int, tuple[tuple[int, ...], bytes, int]] = {}
        self._doubted: set[int] = set()
        self._most: dict[int, int] = {}
        self._theirs = set(dictionaries.up)
        self._letters = keys.rotations[-1:] if keys.untold else ()
        with journal.atomic():
            documents = journal.keys_documents()
        self._trust = rollover.take_all(keys.trust, documents, self._openers(), keys.suite)

    @property
    def trust(self) -> Trust:
        """What is trusted now: the enrolment and every key letter taken since."""
        return self._trust

    @property
    def target(self) -> int:
        """Bytes of runs a request aims at now."""
        return self._pace.target

    def hedge_after(self) -> float:
        """Seconds without an answer after which the same request bytes are worth sending again on another connection. Any number
        of copies may travel: the first valid answer counts, the others are stale."""
        return self._pace.hedge_after()

    def pending(self) -> int:
        """Own events the province has not said it holds. Cheap: asked every second by the worker."""
        with self._journal.atomic():
            return self._pending()

    def events_waiting(self) -> bool:
        """Whether events are to be sent or waited for: blobs stand back then."""
        return self.pending() > 0

    def make_request(self, now_mono: float, device_wall_ms: int, *, free_disk_mib: int = 0) -> bytes:
        """The body of the next request: hello, and what the province is not known to hold, up to the target size."""
        journal = self._journal
        with journal.atomic():
            device = journal.identity()[0]
            state = self._state()
            logs = self._logs(state)
            positions = tuple(self._position(log) for log in logs)
            supplies = self._supplies(logs)
            staged = journal.staged()
        nonce = self._random(wire.NONCE)
        box = self._keys.seal.box(self._trust.province.seal_key)
        runs: list[wire.LogRun] = []
        offers: dict[int, _Offer] = {}
        said: list[bytes] = []
        room = self._pace.target
        for place, supply in supplies:
            packed, count, dictionary = self._pack(supply, room)
            run = hsg.Run(supply.lines[0].n, count, dictionary, packed)
            after = supply.lines[count - 1].head
            runs.append(wire.LogRun(place, wire.closed(box, wire.REQUEST, nonce, run, after), after))
            offers[supply.log.incarnation] = _Offer(run.first, run.last, dictionary)
            lines = [line.body for line in supply.lines[:count]]
            said.append(foretold(device, supply.log.incarnation, lines, run.last, after))
            room -= len(packed)
            if room < self._limits.least or count < len(supply.lines) or len(runs) == wire.MAX_FRAMES - 2:
                break
        hello = wire.Hello(
            device=device,
            epoch=state.epoch,
            feed_seq=state.seq,
            feed_head8=state.head[:8],
            wanted=self._limits.wanted,
            wall_ms=device_wall_ms,
            free_disk_mib=free_disk_mib,
            nonce=nonce,
            positions=positions,
            dictionaries=self._shelf.numbers,
            schemas=self._schemas,
            generation=self._trust.province.generation,
            commune_generation=self._trust.commune_generation,
            staged=wire.Staged(staged[0], staged[1][:8], staged[2]) if staged[2] else None,
        )
        request = wire.encode_request(hello, runs, self._keys.sign, self._letters)
        self._number += 1
        size = sum(len(part.run.closed) for part in runs)
        self._open[nonce[: wire.ECHO]] = _Open(
            self._number, now_mono, nonce, state, positions, offers, b"\n".join(said), box, size, bool(self._letters)
        )
        while len(self._open) > self.OPEN_MOST:
            del self._open[next(iter(self._open))]
        return request

    def on_failure(self) -> None:
        """The line brought no answer: aim lower. An answer that still comes is taken."""
        self._pace.failed()

    def on_reply(self, reply: bytes, now_mono: float) -> ReplyOutcome:
        """Take an answer in.

        Raises:
            NotOurProtocol, BadFrame, BadSignature, BadLetter: not an answer of the province; nothing was touched.
            StaleReply: it answers no open request; nothing was touched.
            Refused: the province signed a refusal.
            FeedGap, SegmentError, ProvinceInconsistent: the answer contradicts what is held. The feed was not applied, and what
                was refused is in quarantine; cursors of the upward direction may have moved.
        """
        parsed = wire.parse_reply(reply)
        answer = parsed.answer
        request = self._open.get(answer.echo)
        if request is None:
            raise StaleReply("the reply answers no open request")
        trust, letters = self._read_letters([*answer.province_letters, answer.commune_letter])
        verifier = self._keys.suite.verifier(trust.province.verify_key)
        parsed.verify(verifier, self._keys.trust.device, request.nonce)
        gain, failure = Gain(), None
        with self._journal.atomic():
            for document in letters:
                self._journal.keep_keys_document(document)
            if not answer.refusal:
                failure = self._take(answer, request, gain)
                outcome = self._outcome(answer, request, gain)
        self._trust = trust
        del self._open[answer.echo]
        if answer.refusal:
            if answer.refusal == BadSignature.code:
                # A province restored from before this device changed its keys, perhaps more than once, knows former ones.
                self._letters = self._keys.rotations
            raise Refused(answer.refusal)
        if request.told:
            self._letters = ()
        self._answered = max(self._answered, request.number)
        if answer.dictionaries is not None:
            self._theirs = set(answer.dictionaries) & set(self._shelf.up)
        self._learn_refusals(request, gain)
        self._pace.answered(now_mono - request.sent_at, request.size)
        if failure is not None:
            raise failure
        return outcome

    # --- on a stick ---------------------------------------------------------------------------------------------

    def segments_for_bundle(self, target: int = 256 * 1024) -> Iterator[bytes]:
        """Everything above ``acked`` as segments for a stick, each signed and sealed to the province, near ``target`` bytes.
        Moves no cursor, so a lost stick costs nothing; events written meanwhile come along."""
        journal = self._journal
        with journal.atomic():
            device, logs = journal.identity()[0], self._logs(self._state())
        sealer = self._keys.suite.sealer(self._trust.province.seal_key)
        for log in logs:
            after = log.floor
            while (data := self._bundle_segment(device, log.incarnation, after, target, sealer)) is not None:
                yield data
                after = hsg.parse(data).last

    def _bundle_segment(self, device: int, incarnation: int, after: int, target: int, sealer: Sealer) -> bytes | None:
        with self._journal.atomic():
            before = self._journal.head_at(incarnation, after)
            lines: list[Line] = []
            while before is not None and sum(len(line.body) for line in lines) < target * _STICK_RATIO:
                page = self._journal.lines(incarnation, lines[-1].n if lines else after, self._limits.page)
                if not page:
                    break
                lines.extend(page)
        if not lines or before is None:
            return None
        at = before

        def cutter(bodies: Sequence[bytes]) -> bytes:
            # Without a dictionary: a kiosk that never has a line never hears which ones the province holds.
            of = hsg.Chain(device, incarnation)
            return hsg.cut(of, after + 1, at, bodies, signer=self._keys.sign, seal_to=sealer, level=hsg.FAST)

        return hsg.fit([line.body for line in lines], target, cutter)[0]

    def on_bundle(self, parts: Sequence[bytes]) -> ReplyOutcome:
        """Take in what the province put on a stick (``sync.intake.bundle_reply``): any order, any number of times.

        Raises:
            BadLetter, BadSignature, StaleBundle, FeedGap, SegmentError, ProvinceInconsistent: what it cannot be.
        """
        trust, letters = self._read_letters(parts)
        suite = self._keys.suite
        verifier = suite.verifier(trust.province.verify_key)
        openers = [suite.opener(secret) for secret in reversed(trust.commune_secrets)]
        bundle = stick.open_bundle(parts, trust.commune, verifier, openers, self._shelf.held)
        gain = Gain()
        with self._journal.atomic():
            for document in letters:
                self._journal.keep_keys_document(document)
            stick.take_bundle(bundle, self._journal, verifier, gain)
            more = self._pending() > 0
        self._trust = trust
        return ReplyOutcome(
            moved=gain.moved or bool(letters),
            more=more,
            pause_s=0,
            server_ms=bundle.custody.server_ms,
            applied=gain.applied,
            acked=gain.acked,
            rebased=tuple(gain.rebased),
            alarms=tuple(gain.alarms),
        )

    # --- sending ------------------------------------------------------------------------------------------------

    def _state(self) -> _State:
        seq, head = self._journal.feed_position()
        return _State(self._journal.epoch(), seq, head, tuple(self._journal.incarnations()))

    def _pending(self) -> int:
        journal = self._journal
        return sum(max(0, journal.last(inc)[0] - journal.told(inc)) for inc in journal.incarnations())

    def _logs(self, state: _State) -> list[_Log]:
        """The logs that are current or not wholly acknowledged, oldest first."""
        journal, logs = self._journal, []
        for inc in state.incarnations:
            (last, head), base = journal.last(inc), journal.base(inc)
            floor = max(journal.acked(inc), base)
            if floor < last or inc == state.incarnations[-1]:
                logs.append(_Log(inc, last, head, journal.told(inc), floor, base))
        return [*logs[:-1][: wire.MAX_POSITIONS - 1], logs[-1]]

    def _position(self, log: _Log) -> wire.Position:
        if log.incarnation not in self._doubted:
            return wire.Position(log.incarnation, log.last, log.head)
        steps = [log.last - (1 << power) for power in range(48) if log.last - (1 << power) > log.floor]
        places = sorted({log.floor, *([log.told] if log.floor < log.told < log.last else []), *steps})[-wire.MAX_PROBES :]
        heads = [(n, self._journal.head_at(log.incarnation, n)) for n in {log.floor, *places[1:]}]
        probes = tuple(wire.Probe(n, head[:8]) for n, head in sorted(heads) if head is not None)
        return wire.Position(log.incarnation, log.last, log.head, probes)

    def _supplies(self, logs: Sequence[_Log]) -> list[tuple[int, _Supply]]:
        budget = int(self._pace.target * self._ratio * 1.5)
        supplies: list[tuple[int, _Supply]] = []
        for place, log in enumerate(logs):
            after = max(log.told, log.base)
            if after >= log.last or budget <= 0:
                continue
            before = self._journal.head_at(log.incarnation, after)
            lines: list[Line] = []
            while budget > 0 and after < log.last:
                page = self._journal.lines(log.incarnation, after, self._limits.page)
                lines.extend(page)
                after = page[-1].n if page else log.last
                budget -= sum(len(line.body) for line in page)
            if lines and before is not None:
                most = self._most.get(log.incarnation, len(lines))
                supplies.append((place, _Supply(log, before, lines[:most])))
        return supplies

    def _pack(self, supply: _Supply, room: int) -> tuple[bytes, int, int]:
        """The packed lines, how many they are, and the dictionary. Packed once, sent as often as needed."""
        inc, number = supply.log.incarnation, newest(self._shelf.up, self._theirs)
        first = supply.lines[0].n
        key = (first, supply.lines[-1].n, room, number)
        known = self._packs.get(inc)
        if known is None or known[0] != key:

            def packer(lines: Sequence[bytes]) -> bytes:
                return hsg.pack(first, lines, dictionary=number, dictionaries=self._shelf.held)

            bodies = [line.body for line in supply.lines]
            data, count = hsg.fit(bodies, room, packer)
            self._ratio = max(1.0, min(16.0, sum(map(len, bodies[:count])) / len(data)))
            known = self._packs[inc] = (key, data, count)
        return known[1], known[2], number

    # --- receiving: keys ----------------------------------------------------------------------------------------

    def _openers(self) -> tuple[Opener, ...]:
        return (self._keys.seal, *self._keys.former)

    def _read_letters(self, documents: Sequence[bytes]) -> tuple[Trust, list[bytes]]:
        """What is trusted after these key letters, and those of them that are new."""
        trust, fresh = self._trust, []
        for document in documents:
            if kind_of(document) not in (rollover.PROVINCE, rollover.COMMUNE):
                continue
            try:
                trust = rollover.take(trust, document, self._openers(), self._keys.suite)
            except KeysOutOfTurn:
                continue
            fresh.append(document)
        return trust, fresh

    # --- receiving: the logs ------------------------------------------------------------------------------------

    def _take(self, answer: wire.Answer, request: _Open, gain: Gain) -> SyncError | None:
        gain.waiting = overtaken = request.number < self._answered or request.state != self._state()
        if not overtaken:
            self._take_epoch(answer, gain)
        for ack in answer.acks:
            self._take_ack(ack, request, overtaken, gain)
        return None if gain.waiting else self._take_down(answer, request, gain)

    def _take_epoch(self, answer: wire.Answer, gain: Gain) -> None:
        if answer.epoch == self._journal.epoch() and not answer.reset:
            return
        # The request named only what was not acknowledged; the rest must be compared too before the new feed acknowledges it again.
        gain.waiting = any(self._journal.acked(inc) for inc in self._journal.incarnations())
        self._journal.reset_feed(answer.epoch)
        gain.moved = True

    def _take_ack(self, ack: wire.AckFrame, request: _Open, overtaken: bool, gain: Gain) -> None:
        if ack.position >= len(request.positions):
            raise BadFrame("an answer about a log the request did not name")
        position, journal = request.positions[ack.position], self._journal
        inc = position.incarnation
        if inc not in journal.incarnations():
            return
        if ack.refused:
            gain.refusals.append(Refusal(inc, ack.refused))
        n, head8 = (position.n, position.head[:8]) if ack.all else (ack.n, ack.head8)
        last, base = journal.last(inc)[0], journal.base(inc)
        head = journal.head_at(inc, n) if base <= n <= last else None
        if head is not None and head[:8] == head8:
            self._take_told(inc, n, overtaken, gain)
        elif overtaken:
            return
        elif n < base:
            taking.lost_safe(journal, inc, n, gain)
        else:
            self._take_fork(ack, position, request, gain)

    def _take_told(self, inc: int, n: int, overtaken: bool, gain: Gain) -> None:
        told, acked = self._journal.told(inc), self._journal.acked(inc)
        if overtaken:
            n = max(n, told)
        if n < acked:
            raise ProvinceInconsistent(f"the province holds {n} of what its feed acknowledged up to {acked}")
        if n != told:
            self._journal.set_told(inc, n)
            gain.moved = True

    def _take_fork(self, ack: wire.AckFrame, position: wire.Position, request: _Open, gain: Gain) -> None:
        """The province's end of this log is not on our chain: it has events this disk has not."""
        inc, journal = position.incarnation, self._journal
        last, closed = journal.last(inc)[0], position.incarnation != journal.identity()[1]
        gain.moved = True
        if ack.common is None and not position.probes:
            self._doubted.add(inc)
            gain.waiting = True
            return
        common, base = ack.common or 0, journal.base(inc)
        if common < base:
            taking.lost_safe(journal, inc, common, gain)
            return
        if common > last or common < journal.acked(inc):
            raise ProvinceInconsistent(f"no common place in incarnation {inc:x}")
        offer = request.offers.get(inc)
        if common == last and closed:
            self._take_told(inc, last, False, gain)
        elif common == last or (offer is not None and offer.first - 1 <= common < offer.last):
            gain.rebased.append(journal.rebase_incarnation(inc, common))
            self._doubted.discard(inc)
        else:
            journal.set_told(inc, common)
            gain.waiting = True

    def _learn_refusals(self, request: _Open, gain: Gain) -> None:
        """A run that was refused is halved until the one line is found that the province does not take; what follows an
        accepted run grows again. A dictionary the province does not hold is not used again."""
        refused = {refusal.incarnation: refusal.reason for refusal in gain.refusals}
        for inc, offer in request.offers.items():
            reason, count = refused.get(inc), offer.last - offer.first + 1
            if reason == UnknownDictionary.code:
                self._theirs.discard(offer.dictionary)
            elif reason is not None:
                self._most[inc] = max(1, count // 2)
            elif inc in self._most:
                self._most[inc] *= 2

    # --- receiving: the feed ------------------------------------------------------------------------------------

    def _take_down(self, answer: wire.Answer, request: _Open, gain: Gain) -> SyncError | None:
        """Apply what came down; what is wrong goes to quarantine and comes back as the error to raise after the commit."""
        try:
            if answer.snapshot is not None:
                self._take_snapshot(answer.snapshot, request, gain)
            for part in answer.feed:
                self._take_run(part, request, gain)
        except SyncError as error:
            wrong = answer.snapshot.run.closed if answer.snapshot is not None else b"".join(p.run.closed for p in answer.feed)
            self._journal.quarantine("feed", error.code, wrong)
            return ProvinceInconsistent(f"feed: {error}") if isinstance(error, ChainBroken) else error
        return None

    def _take_run(self, part: wire.FeedRun, request: _Open, gain: Gain) -> None:
        run, seq = part.run, self._journal.feed_position()[0]
        if run.first > seq + 1:
            raise FeedGap(f"the feed goes on at {run.first}, expected {seq + 1}")
        before = self._journal.feed_head_at(run.first - 1)
        if run.last <= seq or before is None:
            return
        packed = wire.opened(request.box, wire.REPLY, request.nonce, run, part.named)
        said = request.said if part.behind else b""
        lines = hsg.lines_of(packed, run.count, run.dictionary, self._shelf.held, feed=True, behind=said)
        heads = hsg.chained(before, lines)
        if heads[-1][:8] != part.after8:
            raise ChainBroken(f"entries {run.first}..{run.last} do not follow what was applied")
        taking.apply_feed(self._journal, run.first, lines, heads, gain)

    def _take_snapshot(self, part: wire.SnapshotRun, request: _Open, gain: Gain) -> None:
        journal, run = self._journal, part.run
        seq, head, held = journal.staged()
        held = held if (seq, head) == (part.seq, part.head) else 0
        if run.first != held + 1 or part.seq <= journal.feed_position()[0]:
            return
        named = snapshot.names(part.seq, part.head, part.lines)
        packed = wire.opened(request.box, wire.SNAPSHOT, request.nonce, run, named)
        lines = hsg.lines_of(packed, run.count, run.dictionary, self._shelf.held, feed=True)
        snapshot.read_all(lines)
        journal.stage(part.seq, part.head, held, lines)
        if run.last == part.lines:
            with taking.acknowledging(journal, gain):
                journal.install()
        gain.applied += len(lines)
        gain.moved = True

    def _outcome(self, answer: wire.Answer, request: _Open, gain: Gain) -> ReplyOutcome:
        behind = self._journal.feed_position()[0] < answer.feed_last
        return ReplyOutcome(
            moved=gain.moved,
            more=gain.moved and (behind or gain.waiting or self._pending() > 0),
            pause_s=answer.pause_s,
            server_ms=answer.server_ms,
            applied=gain.applied,
            acked=gain.acked,
            rebased=tuple(gain.rebased),
            refusals=tuple(gain.refusals),
            carried=sum(offer.last - offer.first + 1 for offer in request.offers.values()),
            alarms=tuple(gain.alarms),
            upload_only=answer.upload_only,
        )
