"""The merge: what a commune's event does to the confirmed fields, decided field by field at the province.

The writer *saw* a value when the feed position it had applied (``base``) is at least the value's revision, or when the value is
the same device's own earlier write. An unseen overwrite is never silent: it leaves a conflict entry with both values (SYNC
design 1.10; what is kept per class is written at :func:`merge`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from forms.dossier import FieldClass, change, closed, field_class, refusal

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """A confirmed value with its revision and the device that wrote it (``None``: the province)."""

    value: Any
    rev: int
    device: int | None


@dataclass(frozen=True, slots=True)
class Writing:
    """One incoming event: who wrote it and what it had seen."""

    device: int
    incarnation: int
    n: int
    dossier: str
    kind: str
    content: Mapping[str, Any]
    base: int


def merge(confirmed: Mapping[str, Known], event: Writing) -> Sequence[Entry]:
    """Feed entries for one event.

    I immutable: a second value is refused (``cf``). C commune: newest by server order wins, the loser is recorded. P province:
    a commune's write is recorded and ignored. S shared: the value already there stays, the new one is recorded. A, N: every entry
    is kept under its own name and never rewritten; a second value under a name already used is recorded. T: a step from another
    state is recorded as not applied (``na``) with its other writes undone.
    """
    wanted = change(event.kind, event.content)
    why = refusal({name: known.value for name, known in confirmed.items()}, wanted)
    if why is not None:
        return ({"e": "na", "d": event.dossier, "dev": event.device, "inc": event.incarnation, "n": event.n, "why": why},)
    return tuple(_entries(confirmed, event, wanted.writes))


def _entries(confirmed: Mapping[str, Known], event: Writing, writes: Mapping[str, Any]) -> Iterator[Entry]:
    for name, value in writes.items():
        known = confirmed.get(name)
        if known is not None and known.value == value:
            continue
        kind = field_class(name)
        why = closed(name, has_value=known is not None)
        if why is not None:
            yield _conflict(event, name, kept=known.value if known else None, lost=value, why=why)
            continue
        seen = known is None or known.rev <= event.base or known.device == event.device
        if known is not None and not seen and kind is FieldClass.SHARED:
            yield _conflict(event, name, kept=known.value, lost=value, why="unseen")
            continue
        if known is not None and not seen and kind is FieldClass.COMMUNE:
            yield _conflict(event, name, kept=value, lost=known.value, why="unseen")
        yield {"e": "f", "d": event.dossier, "f": name, "v": value}


def _conflict(event: Writing, name: str, *, kept: Any, lost: Any, why: str) -> Entry:
    return {
        "e": "cf",
        "d": event.dossier,
        "f": name,
        "kept": kept,
        "lost": lost,
        "dev": event.device,
        "inc": event.incarnation,
        "n": event.n,
        "why": why,
    }
