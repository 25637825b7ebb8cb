"""What a request carries: which logs it names, which of their lines it offers, packed how; and what refusals teach about that.

Lines are packed once and sent as often as needed. A run that was refused is halved until the one line is found that the province
does not take; a dictionary it does not hold is not used again. Sending moves no cursor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sync import segment as hsg
from sync import wire
from sync.dictionaries import Shelf, newest
from sync.errors import UnknownDictionary
from sync.keys import Box
from sync.pace import Limits
from sync.ports import KioskJournal, Line
from sync.taking import Gain


@dataclass(frozen=True, slots=True)
class State:
    """What an answer depends on beside the lines: an answer to another state than the one held now may only raise ``told``."""

    epoch: int
    seq: int
    head: bytes
    incarnations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Log:
    """One log as the journal holds it."""

    incarnation: int
    last: int
    head: bytes
    told: int
    floor: int
    """Up to here nothing is ever sent again: acknowledged, or pruned."""
    base: int


@dataclass(frozen=True, slots=True)
class Supply:
    """Lines of one log read for a request."""

    log: Log
    before: bytes
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Offer:
    """What a request carries of one log."""

    first: int
    last: int
    dictionary: int


@dataclass(slots=True)
class OpenRequest:
    """A request without an answer yet."""

    number: int
    sent_at: float
    nonce: bytes
    state: State
    positions: tuple[wire.Position, ...]
    offers: dict[int, Offer]
    said: bytes
    """What it foretells of the feed (:func:`sync.feed.foretold`), run after run: the feed may be compressed behind it."""
    box: Box
    size: int
    told: bool
    """It brought letters of key changes."""


class Offers:
    """The choice of one kiosk. Every method that reads the journal is called inside a transaction."""

    def __init__(self, journal: KioskJournal, limits: Limits, shelf: Shelf) -> None:
        self._journal = journal
        self._limits = limits
        self._shelf = shelf
        self._ratio = 4.0
        self._packs: dict[int, tuple[tuple[int, ...], bytes, int]] = {}
        self._most: dict[int, int] = {}
        self._theirs = set(shelf.up)
        self.doubted: set[int] = set()
        """Incarnations of which the province was seen to hold another history: places in them are named until they part."""

    def state(self) -> State:
        seq, head = self._journal.feed_position()
        return State(self._journal.epoch(), seq, head, tuple(self._journal.incarnations()))

    def pending(self) -> int:
        journal = self._journal
        return sum(max(0, journal.last(inc)[0] - journal.told(inc)) for inc in journal.incarnations())

    def logs(self, state: State) -> list[Log]:
        """The logs that are current or not wholly acknowledged, oldest first."""
        journal, logs = self._journal, []
        for inc in state.incarnations:
            (last, head), base = journal.last(inc), journal.base(inc)
            floor = max(journal.acked(inc), base)
            if floor < last or inc == state.incarnations[-1]:
                logs.append(Log(inc, last, head, journal.told(inc), floor, base))
        return [*logs[:-1][: wire.MAX_POSITIONS - 1], logs[-1]]

    def position(self, log: Log) -> wire.Position:
        if log.incarnation not in self.doubted:
            return wire.Position(log.incarnation, log.last, log.head)
        steps = [log.last - (1 << power) for power in range(48) if log.last - (1 << power) > log.floor]
        places = sorted({log.floor, *([log.told] if log.floor < log.told < log.last else []), *steps})[-wire.MAX_PROBES :]
        heads = [(n, self._journal.head_at(log.incarnation, n)) for n in {log.floor, *places[1:]}]
        probes = tuple(wire.Probe(n, head[:8]) for n, head in sorted(heads) if head is not None)
        return wire.Position(log.incarnation, log.last, log.head, probes)

    def supplies(self, logs: Sequence[Log], target: int) -> list[tuple[int, Supply]]:
        budget = int(target * self._ratio * 1.5)
        supplies: list[tuple[int, Supply]] = []
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
                supplies.append((place, Supply(log, before, lines[:most])))
        return supplies

    def pack(self, supply: Supply, room: int) -> tuple[bytes, int, int]:
        """The packed lines, how many they are, and the dictionary. Packed once, sent as often as needed."""
        inc, number = supply.log.incarnation, newest(self._shelf.up, self._theirs)
        first = supply.lines[0].n
        key = (first, supply.lines[-1].n, room, number)
        known = self._packs.get(inc)
        if known is None or known[0] != key:

            def packer(lines: Sequence[bytes]) -> bytes:
                return hsg.pack(first, lines, dictionary=number, dictionaries=self._shelf.held, level=self._limits.level)

            bodies = [line.body for line in supply.lines]
            data, count = hsg.fit(bodies, room, packer)
            self._ratio = max(1.0, min(16.0, sum(map(len, bodies[:count])) / len(data)))
            known = self._packs[inc] = (key, data, count)
        return known[1], known[2], number

    def hear_dictionaries(self, theirs: Sequence[int]) -> None:
        """The province has said which dictionaries it holds."""
        self._theirs = set(theirs) & set(self._shelf.up)

    def learn_refusals(self, request: OpenRequest, gain: Gain) -> None:
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
