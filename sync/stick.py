"""The kiosk's half of what comes back on a stick: letters and feed segments, in any order, any number of times, however old.

There is no request whose state an answer could be checked against, so everything stands by itself: the custody letter names the
epoch and the ends of this kiosk's logs, each segment its place in the chain. Before any of the feed is applied the logs are
compared with the letter: where the province holds another continuation (this disk was restored), everything not acknowledged
moves to a fresh incarnation with unchanged event ids, for the ``ack`` entries that follow may speak of events this disk does
not have.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sync import custody as letters
from sync import segment as hsg
from sync import snapshot, taking
from sync.custody import Custody
from sync.errors import BadLetter, ChainBroken, FeedGap, ProvinceInconsistent, SealBroken, SegmentError, StaleBundle
from sync.feed import Ack, decode_entry, read_ack
from sync.keys import Opener, Verifier
from sync.letter import kind_of
from sync.ports import KioskJournal, SnapshotInfo
from sync.taking import Gain

_ACK: Final = b'"e":"ack"'


Opened = tuple[hsg.Segment, tuple[bytes, ...]]


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle for this commune, opened; each kind of segments by its first line."""

    custody: Custody
    segments: tuple[Opened, ...]
    snapshot: tuple[Opened, ...]
    """Pieces of the snapshot the custody letter names."""


def open_bundle(
    parts: Sequence[bytes], commune: str, verifier: Verifier, openers: Sequence[Opener], dictionaries: hsg.Dictionaries
) -> Bundle:
    """Read and open the parts; those of unknown kinds are skipped.

    Raises:
        BadLetter, BadSignature: no custody letter of this province for this commune.
        SegmentError: a segment that does not open, or is of another commune or epoch.
    """
    custody = max(
        (letters.read(part, verifier) for part in parts if kind_of(part) == letters.CUSTODY),
        key=lambda one: (one.epoch, one.feed_last),
        default=None,
    )
    if custody is None or custody.commune != commune:
        raise BadLetter("no custody letter of the province for this commune")
    of = hsg.Chain(hsg.commune_tag(commune), custody.epoch, feed=True)
    opened: dict[bool, list[Opened]] = {False: [], True: []}
    for part in parts:
        if part.startswith(hsg.MAGIC):
            segment = hsg.parse(part)
            if replace(segment.chain, snapshot=False) != of or (segment.chain.snapshot and custody.snapshot is None):
                raise SegmentError("a segment of another feed than the custody letter speaks of")
            opened[segment.chain.snapshot].append((segment, _lines(segment, openers, dictionaries)))
    feed, pieces = (tuple(sorted(opened[which], key=lambda one: one[0].first)) for which in (False, True))
    return Bundle(custody, feed, pieces)


def _lines(segment: hsg.Segment, openers: Sequence[Opener], dictionaries: hsg.Dictionaries) -> tuple[bytes, ...]:
    for opener in openers:
        try:
            return hsg.unpack(segment, opener, dictionaries)
        except SealBroken:
            continue
    raise SealBroken("a segment is sealed to none of the commune's keys")


def take_bundle(bundle: Bundle, journal: KioskJournal, verifier: Verifier, gain: Gain) -> None:
    """Take an opened bundle in, inside one transaction.

    Raises:
        StaleBundle: of an epoch before the one held.
        FeedGap: the feed here ends before the first entry that is new; another stick must come first.
        ProvinceInconsistent: it contradicts what was signed before.
        BadSignature: a segment not signed by the province.
    """
    epoch = journal.epoch()
    if bundle.custody.epoch < epoch:
        raise StaleBundle(f"a stick of epoch {bundle.custody.epoch}, {epoch} is held")
    if bundle.custody.epoch > epoch:
        journal.reset_feed(bundle.custody.epoch)
        gain.moved = True
    _compare_logs(bundle, journal, gain)
    info = bundle.custody.snapshot
    if info is not None and info.seq > journal.feed_position()[0]:
        _stage(info, bundle.snapshot, journal, verifier, gain)
    for segment, lines in bundle.segments:
        _apply(journal, segment, lines, verifier, gain)


def _compare_logs(bundle: Bundle, journal: KioskJournal, gain: Gain) -> None:
    """With the ends the custody letter names, and with every ``ack`` about to be applied: the stick may have been written for
    another kiosk of the commune, whose letter does not speak of this one."""
    device, held = journal.identity()[0], set(journal.incarnations())
    for (owner, incarnation), (n, head) in bundle.custody.logs.items():
        if owner == device and incarnation in held:
            if n < journal.base(incarnation) and n >= journal.acked(incarnation):
                taking.lost_safe(journal, incarnation, n, gain)
            else:
                _compare(journal, incarnation, n, head[:8], gain)
    ends: dict[int, Ack] = {}
    for line in _coming(bundle, journal.feed_position()[0]):
        ack = read_ack(decode_entry(line)) if _ACK in line else None
        if ack is not None and ack.device == device and ack.incarnation in held:
            ends[ack.incarnation] = ack
    for incarnation, ack in ends.items():
        _compare(journal, incarnation, ack.n, ack.head8, gain)


def _coming(bundle: Bundle, seq: int) -> Iterator[bytes]:
    """The lines that say something new to who stands at ``seq``."""
    info = bundle.custody.snapshot
    if info is not None and info.seq > seq:
        for _, lines in bundle.snapshot:
            yield from lines
    for segment, lines in bundle.segments:
        yield from lines[max(0, seq + 1 - segment.first) :]


def _compare(journal: KioskJournal, incarnation: int, n: int, head8: bytes, gain: Gain) -> None:
    """What the province holds of a log ends so: a hint for what to send where it is on our chain, else another continuation."""
    last, base = journal.last(incarnation)[0], journal.base(incarnation)
    closed = incarnation != journal.identity()[1]
    if n < base:
        return
    head = journal.head_at(incarnation, n) if n <= last else None
    if head is not None and head[:8] == head8:
        taking.raise_told(journal, incarnation, n, gain)
    elif n > last and closed:
        taking.raise_told(journal, incarnation, last, gain)
    else:
        gain.rebased.append(journal.rebase_incarnation(incarnation, max(journal.acked(incarnation), base)))
        gain.moved = True


def _stage(info: SnapshotInfo, pieces: Sequence[Opened], journal: KioskJournal, verifier: Verifier, gain: Gain) -> None:
    """Keep the pieces that go on where this kiosk stopped, however many sticks ago; with the last it becomes the state."""
    for segment, lines in pieces:
        seq, head, held = journal.staged()
        held = held if (seq, head) == (info.seq, info.head) else 0
        if segment.last <= held:
            continue
        if segment.first > held + 1:
            raise FeedGap(f"the snapshot goes on at line {segment.first}, expected {held + 1}")
        hsg.verify(segment, lines, snapshot.start(info, segment.first - 1), verifier)
        fresh = lines[held + 1 - segment.first :]
        snapshot.read_all(fresh)
        journal.stage(info.seq, info.head, held, fresh)
        gain.applied, gain.moved = gain.applied + len(fresh), True
        if segment.last == info.lines:
            with taking.acknowledging(journal, gain):
                journal.install()
            return


def _apply(journal: KioskJournal, segment: hsg.Segment, lines: Sequence[bytes], verifier: Verifier, gain: Gain) -> None:
    seq = journal.feed_position()[0]
    if segment.last <= seq:
        return
    if segment.first > seq + 1:
        raise FeedGap(f"the feed goes on at {segment.first}, expected {seq + 1}")
    before = journal.feed_head_at(segment.first - 1)
    if before is None:
        raise FeedGap(f"the feed before {segment.first} is not held any more")
    try:
        heads = hsg.verify(segment, lines, before, verifier)
    except ChainBroken as error:
        raise ProvinceInconsistent(f"feed: {error}") from error
    if segment.first <= seq and heads[seq - segment.first] != journal.feed_position()[1]:
        raise ProvinceInconsistent("the feed parts from what was applied: the province was restored and kept its epoch")
    taking.apply_feed(journal, segment.first, lines, heads, gain)
