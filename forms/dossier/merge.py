"""The merge: what an event does to the confirmed fields, told as entries of the feed.

:func:`forms.dossier.outcome` decides, here as at the kiosk; the province adds the one thing only it knows: which values the writer
had seen. A value is *seen* when the feed position the writer had applied (``base``) is at least the value's revision, or when it is
the same device's own earlier write; the province itself sees everything. Entries: ``f`` all new values of an event together, ``cf``
a value that gave way unseen or may not be written, ``na`` an event that was not applied. ``cf`` and ``na`` wait for a person
(:func:`forms.dossier.decide`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from forms.dossier import Loss, Side, change, outcome

Entry = Mapping[str, Any]


class Stamp(Protocol):
    """What is known of a confirmed value beside the value; :class:`Known` has it."""

    @property
    def rev(self) -> int: ...
    @property
    def device(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Known:
    """A confirmed value with its revision and the device that wrote it (``None``: the province)."""

    value: Any
    rev: int
    device: int | None


class Writing(NamedTuple):
    """One incoming event: who wrote it and what it had seen. ``device`` ``None``: the province writes it now."""

    device: int | None
    incarnation: int
    n: int
    dossier: str
    kind: str
    content: Mapping[str, Any]
    base: int


def merge(confirmed: Mapping[str, Known], event: Writing) -> Sequence[Entry]:
    """Feed entries for one event: :func:`merge_into`."""
    return merge_into({name: known.value for name, known in confirmed.items()}, confirmed, event)


def merge_into(fields: Mapping[str, Any], stamps: Mapping[str, Stamp], event: Writing) -> Sequence[Entry]:
    """Feed entries for one event, merged into these values, each of which has its stamp.

    I immutable: a second value is refused (``cf``), a correction is its own act. C commune: newest by server order wins, an unseen
    loser is recorded; the province suggests. P province: a commune's write is recorded and ignored. S shared: the value already
    there stays, the new one is recorded. A, N: every entry is kept under its own name and never rewritten. T: written by an act
    only; one that does not find what it named is not applied (``na``), with all its other writes.
    """
    wanted = change(event.kind, event.content)
    done = outcome(
        fields,
        wanted,
        Side.COMMUNE if event.device is not None else Side.PROVINCE,
        frozenset([name for name in stamps.keys() & wanted.writes.keys() if not _seen(stamps[name], event)]),
    )
    if done.refused is not None:
        return ({"e": "na", "d": event.dossier, **_origin(event), "why": done.refused},)
    lost = tuple(_conflict(event, loss) for loss in done.losses)
    return (*lost, {"e": "f", "d": event.dossier, "w": done.writes}) if done.writes else lost


def _seen(known: Stamp, event: Writing) -> bool:
    return event.device is None or known.rev <= event.base or known.device == event.device


def _origin(event: Writing) -> Entry:
    return {"dev": event.device, "inc": event.incarnation, "n": event.n}


def _conflict(event: Writing, loss: Loss) -> Entry:
    told = {"f": loss.field, "kept": loss.kept, "lost": loss.lost}
    return {"e": "cf", "d": event.dossier, **told, **_origin(event), "why": loss.why}
