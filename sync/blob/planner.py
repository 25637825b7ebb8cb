"""Which bytes of which file go next, over how many connections, in what portions. Pure: no I/O, no clock, no threads.

Order: previews before full files; then every dossier gets its first 4 MiB of the line before any gets its second, so one album of
scans does not hold up a backlog of days; then the legal deadline; then the smallest remainder, so that files become whole early.
All of it follows from what the province holds, so a restart decides the same.

The line is judged by its stalls and by what TCP sends again, looked at every :data:`LOOK` bytes. A clean one gets one
connection, because more only lengthen the queue before a status event and cost bytes. A stall before :attr:`Limits.poor` bytes
went through doubles the connections up to six: at 30 % loss one TCP flow gets 8 % of the line, six get 85 % (SYNC design 3.5).
Connections that stall together are one stall: the line was gone, it did not lose much. :attr:`Limits.good` bytes without a
stall take one back. Where packets are lost but nothing stalls there are two: while one waits for a lost packet the other has
the line (measured at 10 % loss: 5.7 kB/s with one, 6.2 with two, for 2 % more bytes); where very many are lost there are six at
once. Portions double when answered and halve at a stall, between 64 and 256 KiB (a unit counts as it arrives, so small portions
save nothing and cost an answer each: at 30 % loss 8 KiB gave 3.3 kB/s, 64 KiB 4.3); each connection has its own, so nothing is
sent twice at once.

The kernel is given room for what the line carries in :attr:`Limits.ahead_s` seconds: that is how long a status event waits behind a
scan. Only where packets are lost is it more: TCP notices a lost packet by those that arrive after it, and with few on the way it
waits for a time-out instead (measured at 10 % loss: 3.4 kB/s with 4 KiB, 5.9 with 16 KiB).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sync.blob.ports import BlobTask, Lane
from sync.blob.ranges import UNIT, Ranges, units

KIB: Final = 1024
LOOK: Final = 16 * KIB
"""Bytes of a piece after which is looked what TCP has sent again."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes."""

    start: int = 64 * KIB
    least: int = 64 * KIB
    most: int = 256 * KIB
    connections: int = 6
    poor: int = 64 * KIB
    """A stall before that much went through since the last one: the line loses much."""
    good: int = 256 * KIB
    """That much without a stall: one connection less will do."""
    ahead_s: float = 0.8
    least_ahead: int = 6 * KIB
    lossy_ahead: int = 16 * KIB
    lossy: float = 0.04
    """Share of bytes sent again, smoothed, from which on a line counts as one that loses packets."""
    lossy_connections: int = 2
    """Fewest there."""
    very_lossy: float = 0.3
    """Share sent again from which on all connections are used, and stay: one TCP flow has little of such a line. At 10 % loss TCP
    sends 0.11 of the bytes again, at 30 % 0.43. Not lower: six fill the queue before the line, which then loses packets of its
    own, and at 10 % loss kept themselves above 0.2 (measured: 1.30 wire bytes per useful byte for 1.25)."""
    looks: int = 8
    """So many looks at what was sent again are smoothed over."""
    benefit: int = 2
    """As if so many had been clean before the first."""
    most_ahead: int = 256 * KIB
    turn: int = 4 * 1024 * KIB
    """What a dossier gets of the line before the others have their turn."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A portion of one file to send now."""

    blob: str
    size: int
    """Bytes of the whole file."""
    offset: int
    length: int

    @property
    def units(self) -> Ranges:
        return Ranges.of([(self.offset // UNIT, units(self.offset + self.length))])


class Planner:
    """Decides for one line. Every piece taken with :meth:`take` ends in exactly one of :meth:`answered` and :meth:`broken`."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._portion = self._limits.start
        self._connections = 1
        self._clean = 0
        self._rate = 0.0
        self._again = 0.0
        self._looks = self._limits.benefit
        self._out: dict[str, list[Ranges]] = defaultdict(list)
        self._stalls = 0
        self._stalls_before: dict[Piece, int] = {}

    @property
    def connections(self) -> int:
        """How many may be in use now."""
        if self._again > self._limits.very_lossy:
            return self._limits.connections
        return max(self._connections, self._limits.lossy_connections) if self._loses else self._connections

    @property
    def most(self) -> int:
        """How many may ever be in use."""
        return self._limits.connections

    @property
    def buffer(self) -> int:
        """Bytes the kernel may hold of one connection."""
        least = self._limits.lossy_ahead if self._loses or self._connections > 1 else self._limits.least_ahead
        return round(min(max(self._rate * self._limits.ahead_s, least), self._limits.most_ahead))

    @property
    def portion(self) -> int:
        return self._portion

    def take(self, tasks: Sequence[BlobTask], allows: Callable[[Lane], bool] = lambda lane: True) -> Piece | None:
        """The next piece, reserved for the caller; ``None`` when nothing may or need be sent."""
        for task in self.order(task for task in tasks if allows(task.lane)):
            free = task.have.missing(task.size)
            for taken in self._out[task.id]:
                free = free - taken
            share = max(task.have.missing(task.size).held_bytes(task.size) // self.connections, self._limits.least)
            found = free.first_bytes(min(self._portion, share), task.size)
            if found is not None:
                piece = Piece(task.id, task.size, *found)
                self._out[task.id].append(piece.units)
                self._stalls_before[piece] = self._stalls
                return piece
        return None

    def order(self, tasks: Iterator[BlobTask]) -> list[BlobTask]:
        """Files in the order in which they want the line."""
        listed = list(tasks)
        had: dict[tuple[Lane, str], int] = defaultdict(int)
        for task in listed:
            had[task.lane, task.dossier] += task.have.held_bytes(task.size)

        def key(task: BlobTask) -> tuple[int, int, int, int, str]:
            turns = (had[task.lane, task.dossier] + task.before) // self._limits.turn
            return task.lane, turns, task.due_ms, task.size - task.have.held_bytes(task.size), task.id

        return sorted(listed, key=key)

    def noticed(self, sent: int, again: int) -> None:
        """Of the last ``sent`` bytes of a piece on its way TCP sent ``again`` once more."""
        self._looks = min(self._looks + 1, self._limits.looks)
        self._again += (again / sent - self._again) / self._looks

    def answered(self, piece: Piece, seconds: float) -> None:
        """The province has answered for a piece that long after it was begun."""
        self._give_back(piece)
        self._rate = piece.length / max(seconds, 0.001)
        self._portion = min(self._portion * 2, self._limits.most)
        self._went(piece.length)

    def stalled(self, piece: Piece, sent: int) -> None:
        """Nothing moved on a connection for the stall time, ``sent`` bytes into a piece."""
        is_new = self._stalls_before[piece] == self._stalls
        self._give_back(piece)
        if is_new:
            self._stalls += 1
            self._portion = max(self._portion // 2, self._limits.least)
            if self._clean < self._limits.poor:
                self._connections = min(self._connections * 2, self._limits.connections)
        self._clean = 0
        self._went(sent)

    def broken(self, piece: Piece) -> None:
        """A connection ended otherwise: closed, refused, or given up because events wait. It says nothing about loss."""
        self._give_back(piece)

    @property
    def _loses(self) -> bool:
        return self._again > self._limits.lossy

    def _give_back(self, piece: Piece) -> None:
        del self._stalls_before[piece]
        self._out[piece.blob].remove(piece.units)
        if not self._out[piece.blob]:
            del self._out[piece.blob]

    def _went(self, size: int) -> None:
        self._clean += size
        if self._clean >= self._limits.good:
            self._clean -= self._limits.good
            self._connections = max(self._connections - 1, 1)
