"""What the protocol core asks of its surroundings.

The core (``sync.engine`` on the kiosk, ``sync.intake`` at the province) does no I/O and reads no clock. It speaks to a
journal through these protocols and to the meaning of events through :class:`MergePort`, which the composition fills with
``forms``. Every method is called inside one transaction of the store that implements it: on the kiosk the core opens it with
:meth:`KioskJournal.atomic`, at the province the caller of intake does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from sync.envelope import Event, Origin


@dataclass(frozen=True, slots=True)
class Line:
    """A stored line with the head after it."""

    n: int
    body: bytes
    head: bytes


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One entry of a commune's feed: ``seq`` from 1 without gaps, ``body`` the JSON line, ``head`` the chain after it.

    The JSON of an entry has ``e`` (kind of entry) and its own keys (SYNC design 1.5)::

        {"e":"f","d":dossier,"f":field,"v":value}                a confirmed value; its seq is the field's revision
        {"e":"ack","dev":device,"inc":incarnation,"n":n,"h":hex8}  all up to n is in the state this point describes
        {"e":"cf","d":dossier,"f":field,"kept":v,"lost":v,"dev":…,"inc":…,"n":…,"why":code}
        {"e":"na","d":dossier,"dev":…,"inc":…,"n":…,"why":code}     a step that was not applied
        {"e":"rq",…} {"e":"cfg",…} {"e":"drop","d":dossier}
    """

    seq: int
    body: bytes
    head: bytes


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A confirmed field value, the feed position that set it, and who wrote it.

    ``origin`` is the writing event, or ``None`` when the province wrote it.
    """

    value: Any
    rev: int
    origin: Origin | None


@dataclass(frozen=True, slots=True)
class Effect:
    """What merging one event does: the JSON of feed entries, without the ``ack`` the core adds itself."""

    entries: Sequence[Mapping[str, Any]]


class MergePort(Protocol):
    """The meaning of events, put in by the composition (``forms.dossier.merge``)."""

    def merge(self, confirmed: Mapping[str, Confirmed], event: Event, origin: Origin, received_ms: int) -> Effect:
        """Merge one event of a device into the confirmed fields of its dossier. Must not raise on any content."""
        ...


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    """What the province knows of an enrolled device. ``valid_to`` caps n after a revocation; ``None`` = no cap."""

    device: int
    commune: str
    verify_key: bytes
    seal_key: bytes
    valid_to: Mapping[int, int] | None = None
    """After a revocation: incarnation -> last accepted n. Later events go to quarantine."""


class KioskJournal(Protocol):
    """The kiosk's store as the engine sees it."""

    def atomic(self) -> AbstractContextManager[object]:
        """One transaction (``BEGIN IMMEDIATE``): durable when the block ends, undone when it raises. Never nested by the core."""
        ...

    def identity(self) -> tuple[int, int]:
        """(device, current incarnation)."""
        ...

    def incarnations(self) -> Sequence[int]:
        """All incarnations this store holds, oldest first, the current one last."""
        ...

    def last(self, incarnation: int) -> tuple[int, bytes]:
        """(n, head) of the last local event; (0, ZERO_HEAD) when there is none."""
        ...

    def head_at(self, incarnation: int, n: int) -> bytes | None:
        """Head after event n, ``ZERO_HEAD`` for n = 0, ``None`` when it is not held."""
        ...

    def lines(self, incarnation: int, after: int, limit: int) -> Sequence[Line]:
        """Up to ``limit`` local lines with n > after, in order."""
        ...

    def told(self, incarnation: int) -> int:
        """Last n the province said it holds: a hint for what to send next, may go back."""
        ...

    def set_told(self, incarnation: int, n: int) -> None: ...

    def acked(self, incarnation: int) -> int:
        """Last n whose ``ack`` entry was applied from the feed."""
        ...

    def feed_position(self) -> tuple[int, bytes]:
        """(seq, head) of the applied feed; (0, ZERO_HEAD) at first."""
        ...

    def feed_head_at(self, seq: int) -> bytes | None:
        """Head after feed entry ``seq``, ``ZERO_HEAD`` for 0, ``None`` when it is not held."""
        ...

    def apply_feed(self, entries: Sequence[FeedEntry]) -> None:
        """Apply entries in order and move the cursor **in the same transaction**; projections follow in it too.

        An ``ack`` that names this device sets ``acked`` to ``max(acked, min(n, last))`` (``sync.feed.Ack``).
        """
        ...

    def epoch(self) -> int:
        """Epoch of the province whose feed is applied; 0 before the first answer."""
        ...

    def reset_feed(self, epoch: int) -> None:
        """Start the feed again from 1 and keep ``epoch``: the feed, the confirmed state and every ``acked`` go; every local
        log stays.

        Own events are then all pending again, so the views show them until their ``ack`` comes back in the new feed.
        """
        ...

    def rebase_incarnation(self, incarnation: int, common: int) -> int:
        """End ``incarnation`` after event ``common``, open a fresh random 40-bit one and make it current; returns it.

        The lines after ``common`` are carried over with ``sync.envelope.move_line`` in order, from n = 1, chained anew,
        ``told`` 0, and are removed from the old incarnation, whose ``told`` is then ``common``. Called when the province
        holds another continuation: this disk was restored from an old copy, or two machines run from one copy. Use cases read
        :meth:`identity` inside their transaction.
        """
        ...

    def quarantine(self, source: str, reason: str, body: bytes) -> None:
        """Keep something refused, visible to people, with the reason (a stable code) and the bytes. The same bytes twice are
        kept once."""
        ...


class ProvinceJournal(Protocol):
    """The province's store as intake sees it; one call of intake is one transaction."""

    def epoch(self) -> int:
        """1 at first; the operator raises it when the database was restored from a backup."""
        ...

    def device(self, device: int) -> DeviceRecord | None: ...

    def commune_seal_key(self, commune: str) -> bytes:
        """X25519 public key of a commune: its feed is sealed to it."""
        ...

    def position(self, device: int, incarnation: int) -> tuple[int, bytes]:
        """(n, head) stored for that incarnation; (0, ZERO_HEAD) at first."""
        ...

    def head_at(self, device: int, incarnation: int, n: int) -> bytes | None: ...

    def has_event(self, event_id: bytes) -> bool: ...

    def append(self, origin: Origin, body: bytes, head: bytes, event_id: bytes, received_ms: int) -> None:
        """Store a line verbatim at the end of its incarnation. A moved event may come twice: ``event_id`` is indexed, not
        unique."""
        ...

    def confirmed(self, commune: str, dossier: str) -> Mapping[str, Confirmed]: ...

    def add_entry(self, commune: str, entry: Mapping[str, Any], origin: Origin | None) -> int:
        """Append to the commune's feed (chained), update the confirmed field if it is an ``f`` entry; returns seq."""
        ...

    def feed_position(self, commune: str) -> tuple[int, bytes]: ...

    def feed_head_at(self, commune: str, seq: int) -> bytes | None: ...

    def feed(self, commune: str, after: int, limit: int) -> Sequence[FeedEntry]: ...

    def quarantine(self, device: int, reason: str, body: bytes) -> None:
        """Keep a refused segment for a person, with the reason (a stable code). The same bytes twice are kept once; bound the
        total."""
        ...
