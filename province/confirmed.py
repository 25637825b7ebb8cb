"""The confirmed fields of a dossier as one text: what each feed entry left of them, oldest first.

``[[rev, [device, incarnation, n] or null, {field: value, …}], …]``: fields one entry wrote share its revision and origin, so
they are told once. The order is that of the last writing, whether the text was carried forward or made again from the feed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from sync.envelope import Origin
from sync.ports import Confirmed

_JSON: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def set_fields(fields: dict[str, Confirmed], values: Mapping[str, Any], rev: int, origin: Origin | None) -> None:
    """Write what an entry at ``rev`` says."""
    for name, value in values.items():
        fields.pop(name, None)
        fields[name] = Confirmed(value, rev, origin)


def write(fields: Mapping[str, Confirmed]) -> str:
    """The text."""
    groups: list[tuple[int, list[int] | None, dict[str, Any]]] = []
    last, values = 0, dict[str, Any]()
    for name, (value, rev, of) in fields.items():
        if rev != last:
            last, values = rev, {}
            groups.append((rev, None if of is None else [of.device, of.incarnation, of.n], values))
        values[name] = value
    return _JSON.encode(groups)


def read(text: str) -> dict[str, Confirmed]:
    """The fields; what is no such text raises ``ValueError``."""
    fields: dict[str, Confirmed] = {}
    for rev, of, values in json.loads(text):
        origin = None if of is None else Origin(*of)
        for name, value in values.items():
            fields[name] = Confirmed(value, rev, origin)
    return fields
