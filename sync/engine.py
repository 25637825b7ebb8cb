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

from sync import rollover, stick, wire
from sync import segment as hsg
from sync.answers import Answers
from sync.dictionaries import NONE, Shelf
from sync.errors import (
    BadSignature,
    KeysOutOfTurn,
    LetterForAnother,
    Refused,
    StaleReply,
    SyncError,
)
from sync.feed import foretold
from sync.keys import SODIUM, Opener, Sealer, Signer, Suite
from sync.letter import kind_of
from sync.offers import Offer, Offers, OpenRequest
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
        self._offers = Offers(journal, self._limits, dictionaries)
        self._answers = Answers(journal, self._offers, dictionaries)
        self._open: dict[bytes, OpenRequest] = {}
        self._number = 0
        self._answered = 0
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

    def hedge_after(self, size: int) -> float:
        """Seconds without an answer after which the same request, of ``size`` bytes, is worth sending again on another connection.
        Any number of copies may travel: the first valid answer counts, the others are stale."""
        return self._pace.hedge_after(size)

    def pending(self) -> int:
        """Own events the province has not said it holds. Cheap: asked every second by the worker."""
        with self._journal.atomic():
            return self._offers.pending()

    def make_request(self, now_mono: float, device_wall_ms: int, *, free_disk_mib: int = 0) -> bytes:
        """The body of the next request: hello, and what the province is not known to hold, up to the target size."""
        journal = self._journal
        with journal.atomic():
            device = journal.identity()[0]
            state = self._offers.state()
            logs = self._offers.logs(state)
            positions = tuple(self._offers.position(log) for log in logs)
            supplies = self._offers.supplies(logs, self._pace.target)
            staged = journal.staged()
        nonce = self._random(wire.NONCE)
        box = self._keys.seal.box(self._trust.province.seal_key)
        runs: list[wire.LogRun] = []
        offers: dict[int, Offer] = {}
        said: list[bytes] = []
        room = self._pace.target
        for place, supply in supplies:
            packed, count, dictionary = self._offers.pack(supply, room)
            run = hsg.Run(supply.lines[0].n, count, dictionary, packed)
            after = supply.lines[count - 1].head
            runs.append(wire.LogRun(place, wire.closed(box, wire.REQUEST, nonce, run, after), after))
            offers[supply.log.incarnation] = Offer(run.first, run.last, dictionary)
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
            wanted=self._pace.wanted,
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
        self._open[nonce[: wire.ECHO]] = OpenRequest(
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
            Refused: the province signed a refusal; perhaps of a body it could not even read.
            FeedGap, SegmentError, ProvinceInconsistent: the answer contradicts what is held. The feed was not applied, and what
                was refused is in quarantine; cursors of the upward direction may have moved.
        """
        parsed = wire.parse_reply(reply)
        answer = parsed.answer
        request = self._open.get(answer.echo)
        if request is None:
            raise self._unbound(parsed)
        trust, letters = self._read_letters([*answer.province_letters, answer.commune_letter])
        verifier = self._keys.suite.verifier(trust.province.verify_key)
        parsed.verify(verifier, self._keys.trust.device, request.nonce)
        gain, failure = Gain(), None
        with self._journal.atomic():
            for document in letters:
                self._journal.keep_keys_document(document)
            if not answer.refusal:
                failure = self._answers.take(answer, request, self._answered, gain)
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
            self._offers.hear_dictionaries(answer.dictionaries)
        self._offers.learn_refusals(request, gain)
        self._pace.answered(now_mono - request.sent_at, request.size)
        if failure is not None:
            raise failure
        return outcome

    def _unbound(self, reply: wire.Reply) -> SyncError:
        """What an answer to no open request says: only a refusal of a body that the province could not read counts, and whoever
        plays an old one back gets no more than a line that failed once more."""
        stale = StaleReply("the reply answers no open request")
        if not reply.answer.refusal or any(reply.answer.echo):
            return stale
        try:
            reply.verify(self._keys.suite.verifier(self._trust.province.verify_key), 0, bytes(wire.NONCE))
        except BadSignature:
            return stale
        return Refused(reply.answer.refusal)

    # --- on a stick ---------------------------------------------------------------------------------------------

    def segments_for_bundle(self, target: int = 256 * 1024) -> Iterator[bytes]:
        """Everything above ``acked`` as segments for a stick, each signed and sealed to the province, near ``target`` bytes.
        Moves no cursor, so a lost stick costs nothing; events written meanwhile come along."""
        journal = self._journal
        with journal.atomic():
            device, logs = journal.identity()[0], self._offers.logs(self._offers.state())
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
            more = self._offers.pending() > 0
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

    # --- receiving: keys ----------------------------------------------------------------------------------------

    def _openers(self) -> tuple[Opener, ...]:
        return (self._keys.seal, *self._keys.former)

    def _read_letters(self, documents: Sequence[bytes]) -> tuple[Trust, list[bytes]]:
        """What is trusted after these key letters, and those of them that are new and for this kiosk."""
        trust, fresh = self._trust, []
        for document in documents:
            if kind_of(document) not in (rollover.PROVINCE, rollover.COMMUNE):
                continue
            try:
                trust = rollover.take(trust, document, self._openers(), self._keys.suite)
            except (KeysOutOfTurn, LetterForAnother):
                continue
            fresh.append(document)
        return trust, fresh

    def _outcome(self, answer: wire.Answer, request: OpenRequest, gain: Gain) -> ReplyOutcome:
        behind = self._journal.feed_position()[0] < answer.feed_last
        return ReplyOutcome(
            moved=gain.moved,
            more=gain.moved and (behind or gain.waiting or self._offers.pending() > 0),
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
