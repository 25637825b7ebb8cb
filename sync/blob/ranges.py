"""Which parts of a blob are held: a set of 1 KiB units, kept as runs.

A unit is held when all of its bytes are on the disk of whoever says so; the last unit of a blob may be short. Sets join by
union, so a part that came by air and one that came on a stick need no order between them, and a part that came twice is one.
Coded as alternating run lengths (not held, held, not held …), each a LEB128 number: a blob half here is 4 to 6 bytes. Learnt of
BitTorrent's bitmaps; the single offset of tus, and its lock, are what this replaces (SYNC design 1.9).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from sync.errors import BlobProtocol
from sync.frames import varint

UNIT: Final = 1024
"""Bytes of a unit."""

MAX_RUNS: Final = 8192
"""Runs a coded set may have: what a receiver bothers to read."""

_MAX_UNITS: Final = 1 << 32


def units(size: int) -> int:
    """How many units a blob of that many bytes has."""
    return -(-size // UNIT)


@dataclass(frozen=True, slots=True)
class Ranges:
    """Runs ``[first, end)`` of held units, ascending, apart from each other."""

    runs: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, runs: Iterable[tuple[int, int]]) -> Ranges:
        """Any runs, in any order, overlapping or not."""
        joined: list[tuple[int, int]] = []
        for first, end in sorted(run for run in runs if run[0] < run[1]):
            if joined and first <= joined[-1][1]:
                joined[-1] = joined[-1][0], max(end, joined[-1][1])
            else:
                joined.append((first, end))
        return cls(tuple(joined))

    @classmethod
    def whole(cls, size: int) -> Ranges:
        """All units of a blob of ``size`` bytes."""
        return cls.of([(0, units(size))])

    @classmethod
    def of_bytes(cls, offset: int, end: int, size: int) -> Ranges:
        """The units that lie wholly in bytes ``[offset, end)`` of a blob of ``size`` bytes."""
        return cls.of([(units(offset), units(size) if end >= size else end // UNIT)])

    @property
    def count(self) -> int:
        return sum(end - first for first, end in self.runs)

    def held_bytes(self, size: int) -> int:
        """Bytes held of a blob of ``size`` bytes."""
        return sum(min(end * UNIT, size) - first * UNIT for first, end in self.runs)

    def is_whole(self, size: int) -> bool:
        """Whether no unit is missing. That is not yet «complete»: only the hash says so."""
        return self == Ranges.whole(size)

    def __or__(self, other: Ranges) -> Ranges:
        return Ranges.of((*self.runs, *other.runs))

    def __sub__(self, other: Ranges) -> Ranges:
        return Ranges(tuple(_minus(self.runs, other.runs)))

    def missing(self, size: int) -> Ranges:
        """What a blob of ``size`` bytes lacks."""
        return Ranges.whole(size) - self

    def first_bytes(self, most: int, size: int) -> tuple[int, int] | None:
        """(offset, length) of the first run, at most ``most`` bytes of it in whole units; ``None`` when empty."""
        if not self.runs:
            return None
        first, end = self.runs[0]
        offset = first * UNIT
        return offset, min(end * UNIT, size, offset + max(most // UNIT, 1) * UNIT) - offset

    def encode(self) -> bytes:
        coded, at = bytearray(), 0
        for first, end in self.runs:
            coded += varint(first - at) + varint(end - first)
            at = end
        return bytes(coded)

    @classmethod
    def decode(cls, coded: bytes) -> Ranges:
        """Raises BlobProtocol: cut, empty runs, too many of them."""
        numbers = list(_numbers(coded))
        if len(numbers) % 2 or len(numbers) > 2 * MAX_RUNS:
            raise BlobProtocol("ranges are cut or too many")
        runs: list[tuple[int, int]] = []
        at = 0
        for gap, length in zip(numbers[::2], numbers[1::2], strict=True):
            if length == 0 or (gap == 0 and runs):
                raise BlobProtocol("ranges with an empty run")
            runs.append((at + gap, at + gap + length))
            at += gap + length
        if at > _MAX_UNITS:
            raise BlobProtocol("ranges beyond any blob")
        return cls(tuple(runs))


NONE: Final = Ranges()


def _minus(runs: Iterable[tuple[int, int]], taken: tuple[tuple[int, int], ...]) -> Iterator[tuple[int, int]]:
    """Both ascending, so each is gone through once: two sets in very many runs cost no more than joining them."""
    at = 0
    for run_first, end in runs:
        first = run_first
        while at < len(taken) and taken[at][1] <= first:
            at += 1
        place = at
        while place < len(taken) and taken[place][0] < end:
            if first < taken[place][0]:
                yield first, taken[place][0]
            first = taken[place][1]
            place += 1
        if first < end:
            yield first, end


def _numbers(coded: bytes) -> Iterator[int]:
    value, shift = 0, 0
    for byte in coded:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte & 0x80:
            if shift > 35:
                raise BlobProtocol("ranges with an endless number")
            continue
        yield value
        value, shift = 0, 0
    if shift:
        raise BlobProtocol("ranges are cut")
