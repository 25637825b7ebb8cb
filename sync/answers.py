"""What an answer means for the journal of a kiosk: cursors, forks, the feed, a snapshot. Inside one transaction, never its own.

The direct answer moves ``told``, a hint for what to send next; only ``ack`` entries applied from the feed move ``acked``. An answer
to an older request, or to a state another answer has moved on, never moves anything back. Where the province holds another
continuation of a chain of ours the unsent rest moves to a fresh incarnation before any feed is applied.
"""

from __future__ import annotations

from sync import segment as hsg
from sync import snapshot, taking, wire
from sync.dictionaries import Shelf
from sync.errors import BadFrame, ChainBroken, FeedGap, ProvinceInconsistent, SyncError
from sync.offers import Offers, OpenRequest
from sync.ports import KioskJournal
from sync.taking import Gain, Refusal


class Answers:
    """Takes answers of the province into one journal."""

    def __init__(self, journal: KioskJournal, offers: Offers, shelf: Shelf) -> None:
        self._journal = journal
        self._offers = offers
        self._shelf = shelf

    def take(self, answer: wire.Answer, request: OpenRequest, answered: int, gain: Gain) -> SyncError | None:
        """Take an answer to ``request`` in; ``answered`` is the newest request answered before. What was wrong with the feed comes
        back as the error to raise after the commit."""
        gain.waiting = overtaken = request.number < answered or request.state != self._offers.state()
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

    def _take_ack(self, ack: wire.AckFrame, request: OpenRequest, overtaken: bool, gain: Gain) -> None:
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

    def _take_fork(self, ack: wire.AckFrame, position: wire.Position, request: OpenRequest, gain: Gain) -> None:
        """The province's end of this log is not on our chain: it has events this disk has not."""
        inc, journal = position.incarnation, self._journal
        last, closed = journal.last(inc)[0], position.incarnation != journal.identity()[1]
        gain.moved = True
        if ack.common is None and not position.probes:
            self._offers.doubted.add(inc)
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
            self._offers.doubted.discard(inc)
        else:
            journal.set_told(inc, common)
            gain.waiting = True

    def _take_down(self, answer: wire.Answer, request: OpenRequest, gain: Gain) -> SyncError | None:
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

    def _take_run(self, part: wire.FeedRun, request: OpenRequest, gain: Gain) -> None:
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

    def _take_snapshot(self, part: wire.SnapshotRun, request: OpenRequest, gain: Gain) -> None:
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
