"""What a disk may hold after a power cut, from the log of what was written to it. Pure.

Up to the last flush everything is there. Each later write may be there, be missing, or be there in part, sector by sector and in
any order: that is all a disk with a cache promises. ``Mark`` is no write: it is a word said to people (a promise) between two of
them.
"""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

SECTOR = 512

Fate = Literal["all", "none", "some"]
"""What becomes of the writes after the last flush."""


@dataclass(frozen=True, slots=True)
class Write:
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Flush:
    pass


@dataclass(frozen=True, slots=True)
class Mark:
    """A promise: the word and what it is about."""

    word: str
    what: str


Entry = Write | Flush | Mark

_HEAD = struct.Struct("<cQI")


def encode(entry: Entry) -> bytes:
    """An entry as it stands in the log file."""
    match entry:
        case Write(offset, data):
            return _HEAD.pack(b"W", offset, len(data)) + data
        case Flush():
            return _HEAD.pack(b"F", 0, 0)
        case Mark(word, what):
            body = json.dumps([word, what]).encode("ascii")
            return _HEAD.pack(b"M", 0, len(body)) + body


def read_log(file: Path) -> list[Entry]:
    """All entries of a log file."""
    data, at, found = file.read_bytes(), 0, list[Entry]()
    while at < len(data):
        kind, offset, length = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        body = data[at : at + length]
        at += length
        found.append(Write(offset, body) if kind == b"W" else Flush() if kind == b"F" else Mark(*json.loads(body)))
    return found


@dataclass(frozen=True, slots=True)
class Cut:
    """The power goes before entry ``at`` of the log; ``seed`` decides what of the unflushed writes survives."""

    at: int
    fate: Fate
    seed: int


def random_cuts(log: Sequence[Entry], first: int, count: int, seed: int) -> list[Cut]:
    """``count`` cuts anywhere after entry ``first``, in order of place."""
    dice = random.Random(seed)
    fates: Sequence[Fate] = ("all", "none", "some", "some", "some")
    return sorted((Cut(dice.randint(first, len(log)), dice.choice(fates), dice.getrandbits(32)) for _ in range(count)), key=_place)


def all_cuts(log: Sequence[Entry], first: int, last: int, torn: int) -> list[Cut]:
    """Every moment between two entries: all unflushed writes there, none there, and ``torn`` mixtures of them."""
    moments = [at for at in range(first, last + 1) if at == last or not isinstance(log[at], Mark)]
    return [cut for at in moments for cut in (Cut(at, "all", 0), Cut(at, "none", 0), *(Cut(at, "some", n) for n in range(torn)))]


def _place(cut: Cut) -> int:
    return cut.at


def promised(log: Sequence[Entry], cut: Cut) -> list[Mark]:
    """What had been said to people before the cut."""
    return [entry for entry in log[: cut.at] if isinstance(entry, Mark)]


class Platter:
    """The disk as it was before the log began, moved on to one cut after the other; cuts come in order of place."""

    def __init__(self, base: bytes, log: Sequence[Entry]) -> None:
        self._sure = bytearray(base)
        self._log = log
        self._done = 0

    def after(self, cut: Cut) -> bytearray:
        """What the disk holds after the cut."""
        flushed = max((n for n in range(self._done, cut.at) if isinstance(self._log[n], Flush)), default=self._done)
        for entry in self._log[self._done : flushed]:
            if isinstance(entry, Write):
                _lay(self._sure, entry)
        self._done = flushed
        image = bytearray(self._sure)
        for piece in survivors(self._log[flushed : cut.at], cut.fate, random.Random(cut.seed)):
            _lay(image, piece)
        return image


def _lay(image: bytearray, write: Write) -> None:
    image[write.offset : write.offset + len(write.data)] = write.data


def survivors(unflushed: Sequence[Entry], fate: Fate, dice: random.Random) -> Iterator[Write]:
    """What of the unflushed writes is on the disk: whole ones, and single sectors of torn ones."""
    if fate == "none":
        return
    share = dice.random()
    for entry in unflushed:
        if not isinstance(entry, Write):
            continue
        if fate == "all" or dice.random() < share:
            yield entry
        elif dice.random() < 0.5:
            for at in range(0, len(entry.data), SECTOR):
                if dice.random() < share:
                    yield Write(entry.offset + at, entry.data[at : at + SECTOR])
