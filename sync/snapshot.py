"""Snapshots: a commune's confirmed state at one feed position, so that a new kiosk need not read the whole feed (SYNC 1.15).

A snapshot is lines of JSON like the feed's entries, each with what the entry's own place in the feed said: ``r``, the position
that set it, and of fields ``o``, the event they follow from. It holds the fields of open dossiers, what is acknowledged and
what is in the backup of every log, the conflicts nobody has decided, and which files are complete. The same state at the same
position always gives the same lines, in the same order: a kiosk may fetch them over any number of lines, days apart, and goes
on where it stopped.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sync.envelope import EnvelopeError, Origin
from sync.feed import Ack, decode_entry, encode_entry, read_mark
from sync.ports import Confirmed, SnapshotInfo

SNAPSHOT_EVERY: Final = 10_000
"""Feed entries between two snapshots."""
NEAR: Final = 1_000
"""A kiosk no further behind than this reads the feed."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a snapshot, read: the entry without what was added, the position that set it, the event it follows from."""

    entry: Mapping[str, Any]
    rev: int
    origin: Origin | None

    @property
    def mark(self) -> Ack | None:
        """The ``ack`` or ``safe`` in it."""
        return read_mark(self.entry)


def write(
    dossiers: Iterable[tuple[str, Mapping[str, Confirmed]]],
    marks: Iterable[Mapping[str, Any]],
    lasting: Iterable[tuple[int, Mapping[str, Any]]],
) -> list[bytes]:
    """The lines: ``ack`` and ``safe`` entries, then the entries of other kinds that still say something, with their positions (open
    ``cf``/``na``, the last ``bl`` of each file, the last ``cfg`` of each key), then what is left of each ``f`` of each dossier."""
    lines = sorted(encode_entry({**mark, "r": 0}) for mark in marks)
    lines += [encode_entry({**entry, "r": seq}) for seq, entry in sorted(lasting, key=lambda one: one[0])]
    return lines + [line for dossier, fields in sorted(dossiers, key=lambda one: one[0]) for line in _fields(dossier, fields)]


def names(seq: int, head: bytes, lines: int) -> bytes:
    """The hash that names a snapshot and its size, for the box its lines travel in."""
    return struct.pack(">QQ", seq, lines) + head


def start(of: SnapshotInfo, after: int) -> bytes:
    """The head before the first line of a segment that follows ``after`` lines of a snapshot: on a stick each proves by itself
    what it is a piece of."""
    return hashlib.sha256(b"mcx snapshot " + names(of.seq, of.head, of.lines) + struct.pack(">Q", after)).digest()


def read(line: bytes) -> Line:
    """One line.

    Raises:
        EnvelopeError: it is none.
    """
    raw = dict(decode_entry(line))
    rev, origin = raw.pop("r", None), raw.pop("o", None)
    if not isinstance(rev, int) or isinstance(rev, bool) or rev < 0:
        raise EnvelopeError("a line of a snapshot says the position it was set at")
    if origin is None:
        return Line(raw, rev, None)
    if not (isinstance(origin, list) and len(origin) == 3 and all(type(part) is int for part in origin)):
        raise EnvelopeError("o is not [device, incarnation, n]")
    return Line(raw, rev, Origin(*origin))


def read_all(lines: Sequence[bytes]) -> list[Line]:
    """All lines; raises :class:`EnvelopeError`."""
    return [read(line) for line in lines]


def _fields(dossier: str, fields: Mapping[str, Confirmed]) -> Iterator[bytes]:
    written: dict[int, dict[str, Any]] = {}
    origins: dict[int, list[int] | None] = {}
    for name, (value, rev, of) in sorted(fields.items()):
        written.setdefault(rev, {})[name] = value
        origins[rev] = None if of is None else [of.device, of.incarnation, of.n]
    for rev in sorted(written):
        yield encode_entry({"e": "f", "d": dossier, "w": written[rev], "r": rev, "o": origins[rev]})
