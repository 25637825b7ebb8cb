"""The confirmed fields of a dossier, and the same as one text: what each feed entry left of them, oldest first.

``[[rev, [device, incarnation, n] or null, {field: value, …}], …]``: fields one entry wrote share its revision and origin, so
they are told once. The order is that of the last writing, whether the text was carried forward or made again from the feed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sync import envelope
from sync.envelope import Origin
from sync.ports import Confirmed


class Stamp(NamedTuple):
    """What all fields of one entry share: its position, and the event it follows from."""

    rev: int
    origin: Origin | None

    @property
    def device(self) -> int | None:
        """The device that wrote it."""
        return None if self.origin is None else self.origin.device


class Fields(Mapping[str, Confirmed]):
    """The fields of one dossier. The values stand apart from their stamps: a merge reads the values alone, on every event."""

    def __init__(self) -> None:
        self.plain: dict[str, Any] = {}
        self.stamps: dict[str, Stamp] = {}
        self._told: dict[int, tuple[int, int, bytes]] = {}

    def __getitem__(self, name: str) -> Confirmed:
        return Confirmed(self.plain[name], *self.stamps[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self.plain)

    def __len__(self) -> int:
        return len(self.plain)

    def set(self, values: Mapping[str, Any], rev: int, origin: Origin | None) -> None:
        """Write what an entry at ``rev`` says."""
        for name in self.plain.keys() & values.keys():
            del self.plain[name], self.stamps[name]
        self.plain.update(values)
        self.stamps.update(dict.fromkeys(values, Stamp(rev, origin)))

    def follow(self, entry: Mapping[str, Any], body: bytes, rev: int, origin: Origin | None) -> None:
        """Write what an ``f`` entry says, and remember its line: as long as all of its values stand, they are told by it."""
        self.set(entry["w"], rev, origin)
        self._told[rev] = len(entry["w"]), len(entry["d"]), body

    def write(self) -> str:
        """The text."""
        groups: list[tuple[Stamp, dict[str, Any]]] = []
        last, values = None, dict[str, Any]()
        for name, stamp in self.stamps.items():
            if stamp is not last:
                last, values = stamp, {}
                groups.append((stamp, values))
            values[name] = self.plain[name]
        return f"[{','.join([self._group(stamp, values) for stamp, values in groups])}]"

    def _group(self, stamp: Stamp, values: Mapping[str, Any]) -> str:
        count, dossier, body = self._told.get(stamp.rev, _UNTOLD)
        text = body[dossier + _LEAD : -1].decode("utf-8") if count == len(values) else envelope.write(values)
        of = stamp.origin
        return f"[{stamp.rev},{'null' if of is None else f'[{of.device},{of.incarnation},{of.n}]'},{text}]"


_UNTOLD = 0, 0, b""
_LEAD = len('{"e":"f","d":"","w":')


def read(text: str) -> Fields:
    """The fields; what is no such text raises ``ValueError``."""
    fields = Fields()
    for rev, of, values in json.loads(text):
        fields.set(values, rev, None if of is None else Origin(*of))
    return fields
