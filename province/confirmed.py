"""The confirmed fields of a dossier, and the same as one text: what each feed entry left of them, oldest first.

``[[rev, [device, incarnation, n] or null, {field: value, …}], …]``: fields one entry wrote share its revision and origin, so
they are told once. The order is that of the last writing, whether the text was carried forward or made again from the feed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sync import envelope
from sync.envelope import Origin
from sync.ports import Confirmed


class Stamp:
    """What all fields of one entry share: its position, and the event it follows from; and what still stands of its values."""

    __slots__ = ("device", "line", "origin", "rev", "values")

    def __init__(self, rev: int, origin: Origin | None, values: dict[str, Any], line: bytes) -> None:
        self.rev = rev
        self.origin = origin
        self.device = None if origin is None else origin.device
        """The device that wrote it."""
        self.values = values
        self.line = line
        """The values as text, as long as all of them stand; else empty."""

    def write(self) -> bytes:
        """The text."""
        of = b"null" if self.origin is None else b"[%d,%d,%d]" % self.origin
        return b"[%d,%b,%b]" % (self.rev, of, self.line or envelope.write(self.values).encode("utf-8"))


class Fields(Mapping[str, Confirmed]):
    """The fields of one dossier. The values stand apart from their stamps: a merge reads the values alone, on every event."""

    def __init__(self) -> None:
        self.plain: dict[str, Any] = {}
        self.stamps: dict[str, Stamp] = {}
        self._entries: list[Stamp] = []

    def __getitem__(self, name: str) -> Confirmed:
        stamp = self.stamps[name]
        return Confirmed(self.plain[name], stamp.rev, stamp.origin)

    def __iter__(self) -> Iterator[str]:
        return iter(self.plain)

    def __len__(self) -> int:
        return len(self.plain)

    def set(self, values: Mapping[str, Any], rev: int, origin: Origin | None, line: bytes = b"") -> None:
        """Write what an entry at ``rev`` says; ``line`` is the text of its values, where it is known."""
        plain, stamps = self.plain, self.stamps
        for name in plain.keys() & values.keys():
            former = stamps[name]
            former.line = b""
            del former.values[name]
        stamp = Stamp(rev, origin, dict(values), line)
        self._entries.append(stamp)
        plain.update(values)
        stamps.update(dict.fromkeys(values, stamp))

    def follow(self, entry: Mapping[str, Any], body: bytes, rev: int, origin: Origin | None) -> None:
        """Write what an ``f`` entry says, and remember its line: as long as all of its values stand, they are told by it."""
        self.set(entry["w"], rev, origin, body[len(entry["d"]) + _LEAD : -1])

    def write(self) -> str:
        """The text."""
        return (b"[%b]" % b",".join([stamp.write() for stamp in self._entries if stamp.values])).decode("utf-8")


_LEAD = len('{"e":"f","d":"","w":')


def read(text: str) -> Fields:
    """The fields; what is no such text raises ``ValueError``."""
    fields = Fields()
    for rev, of, values in json.loads(text):
        fields.set(values, rev, None if of is None else Origin(*of))
    return fields
