"""What the protocol core asks of its surroundings.

The core (``sync.engine`` on the kiosk, ``sync.intake`` at the province) does no I/O and reads no clock. It speaks to a
journal through these protocols and to the meaning of events through :class:`MergePort`, which the composition fills with
``forms``. Every method is called inside one transaction of the store that implements it: on the kiosk the core opens it with
:meth:`KioskJournal.atomic`, at the province the caller of intake does. The in-memory journals of ``sync.simulator.memory`` are
the shortest correct example of each rule here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from sync.envelope import Event, Origin

if TYPE_CHECKING:
    from sync.rollover import Rotation


class Line(NamedTuple):
    """A stored line with the head after it."""

    n: int
    body: bytes
    head: bytes


class FeedEntry(NamedTuple):
    """One entry of a commune's feed: ``seq`` from 1 without gaps, ``body`` the JSON line, ``head`` the chain after it.

    The JSON of an entry has ``e`` (kind of entry) and its own keys (SYNC design 1.5)::

        {"e":"f","d":dossier,"w":{field:value,…}}                all values one event or act confirms; seq is their revision
        {"e":"ack","dev":device,"inc":incarnation,"n":n,"h":hex8}  all up to n is in the state this point describes
        {"e":"cf","d":dossier,"f":field,"kept":v,"lost":v,"dev":…,"inc":…,"n":…,"why":code}
        {"e":"na","d":dossier,"dev":…,"inc":…,"n":…,"why":code}     an event that had no effect
        {"e":"safe","dev":device,"inc":incarnation,"n":n,"h":hex8}  all up to n is in an off-site backup: it may be pruned
        {"e":"drop","d":dossier}                                    a closed dossier leaves the kiosks
        {"e":"bl","id":hex64,"d":dossier,"ok":1}                    a blob is complete at the province
        {"e":"bl","id":hex64,"d":dossier,"ok":0,"bad":[record, …]}  these 64 KiB records must be sent again
        {"e":"cfg","k":"policy","v":{…}}                            settings the province pushes

    Entries of an unknown kind are kept and skipped.
    """

    seq: int
    body: bytes
    head: bytes


class Confirmed(NamedTuple):
    """A confirmed field value, the feed position that set it, and who wrote it.

    ``origin`` is the writing event, or ``None`` when the province wrote it.
    """

    value: Any
    rev: int
    origin: Origin | None

    @property
    def device(self) -> int | None:
        """The device that wrote it."""
        return None if self.origin is None else self.origin.device


class Effect(NamedTuple):
    """What merging one event does: the JSON of feed entries, without the ``ack`` the core adds itself."""

    entries: Sequence[Mapping[str, Any]]


class MergePort(Protocol):
    """The meaning of events, put in by the composition (``forms.dossier.merge``)."""

    def merge(self, confirmed: Mapping[str, Confirmed], event: Event, origin: Origin, received_ms: int) -> Effect:
        """Merge one event of a device into the confirmed fields of its dossier. Must not raise on any content."""
        ...


@dataclass(frozen=True, slots=True)
class FormerKey:
    """A signing key a device has replaced. It still proves what was written before: up to ``valid_to`` of each incarnation."""

    verify_key: bytes
    valid_to: Mapping[int, int]
    """Incarnation -> last n; an incarnation not named has no valid line."""
    seal_key: bytes = b""


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    """What the province knows of an enrolled device. ``valid_to`` caps n after a revocation; ``None`` = no cap."""

    device: int
    commune: str
    verify_key: bytes
    seal_key: bytes
    valid_to: Mapping[int, int] | None = None
    """After a revocation: incarnation -> last accepted n. Later events go to quarantine."""
    generation: int = 1
    """Counts the device's key pairs; a rotation raises it by one."""
    former: tuple[FormerKey, ...] = ()
    """Keys before the present one, newest first."""
    commune_generation: int = 1
    """Newest generation of its commune's key."""


@dataclass(frozen=True, slots=True)
class SnapshotInfo:
    """A snapshot of a commune's confirmed state at feed position ``(seq, head)``, in ``lines`` lines."""

    seq: int
    head: bytes
    lines: int


@dataclass(frozen=True, slots=True)
class Proof:
    """What a device signed about its log, kept so that any line up to ``n`` can be proven later without the request it came in.

    The signature is over ``context`` and ``message``, and ``message`` ends with or holds ``head``, the full head after ``n``
    (``sync.wire.proven`` and ``sync.segment.proven`` say how each kind of message holds it).
    """

    incarnation: int
    n: int
    head: bytes
    context: bytes
    message: bytes
    signature: bytes


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
        """Head after event n, ``ZERO_HEAD`` for n = 0, ``None`` when it is not held: beyond the end, or below :meth:`base`."""
        ...

    def base(self, incarnation: int) -> int:
        """Lines up to here were pruned; the head after line ``base`` is still known. 0 = nothing was pruned."""
        ...

    def prune(self, incarnation: int, n: int) -> int:
        """Drop lines up to ``min(n, safe, acked)``, whole local segments only, and keep the head after the last; returns the
        new base."""
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

    def safe(self, incarnation: int) -> int:
        """Last n the feed said is in an off-site backup of the province (``safe`` entry applied). Pruning goes no further."""
        ...

    def feed_position(self) -> tuple[int, bytes]:
        """(seq, head) of the applied feed; (0, ZERO_HEAD) at first."""
        ...

    def feed_head_at(self, seq: int) -> bytes | None:
        """Head after feed entry ``seq``, ``ZERO_HEAD`` for 0, ``None`` when it is not held."""
        ...

    def apply_feed(self, entries: Sequence[FeedEntry]) -> None:
        """Apply entries in order and move the cursor **in the same transaction**; projections follow in it too.

        An ``ack`` that names this device sets ``acked`` to ``max(acked, min(n, last))`` (``sync.feed.Ack``), a ``safe`` likewise
        ``safe``, never above ``acked``. ``drop`` takes a closed dossier out of the confirmed state, never one with own events
        above ``acked``. ``bl`` and ``cfg`` go to the blobs and settings. Entries of unknown kinds are kept and skipped.

        Raises:
            EnvelopeError: an entry is malformed; none of them is applied.
        """
        ...

    def epoch(self) -> int:
        """Epoch of the province whose feed is applied; 0 before the first answer."""
        ...

    def reset_feed(self, epoch: int) -> None:
        """Start the feed again from 1 and keep ``epoch``: the feed, the confirmed state, every ``acked`` and ``safe`` and what
        was staged go; every local log stays.

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

    def staged(self) -> tuple[int, bytes, int]:
        """The snapshot being received: (seq, head, lines held); (0, b"", 0) when there is none."""
        ...

    def stage(self, seq: int, head: bytes, after: int, lines: Sequence[bytes]) -> None:
        """Keep lines ``after + 1``… of the snapshot at ``(seq, head)``. Another ``(seq, head)`` than the staged one starts over;
        the core always goes on where :meth:`staged` ends."""
        ...

    def install(self) -> None:
        """Make the staged snapshot the confirmed state, in the caller's transaction: the feed position becomes ``(seq, head)``,
        ``acked`` and ``safe`` come from its lines as from feed entries, open ``cf``/``na`` likewise; every local log stays.

        Lines are feed entries with the position that set them (``sync.snapshot``). Feed entries up to ``seq`` are gone after it:
        :meth:`feed_head_at` knows ``seq`` and later.
        """
        ...

    def keys_documents(self) -> Sequence[bytes]:
        """Key documents of province and commune taken so far (``sync.rollover``), newest last."""
        ...

    def keep_keys_document(self, document: bytes) -> None:
        """Keep a document whose signature the core has verified."""
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

    def rotate_device(self, device: int, rotation: Rotation) -> None:
        """A verified rotation: its keys become the device's, the former one stays valid up to ``rotation.upto``, and for what is
        held: a device restored from a backup does not know all it has sent."""
        ...

    def vouch(self, device: int, verify_key: bytes, incarnation: int, n: int) -> None:
        """A person vouches for what this key of the device signed: a former key, and a device out of service, count up to here."""
        ...

    def commune_seal_key(self, commune: str) -> bytes:
        """X25519 public key of a commune, newest generation: what travels on a stick is sealed to it."""
        ...

    def key_documents(self, after_generation: int) -> Sequence[bytes]:
        """Province key documents of the generations after this one, in order (``sync.rollover``)."""
        ...

    def commune_key_document(self, device: int) -> tuple[int, bytes]:
        """(generation, document) of the newest commune key, sealed to this device."""
        ...

    def position(self, device: int, incarnation: int) -> tuple[int, bytes]:
        """(n, head) stored for that incarnation; (0, ZERO_HEAD) at first."""
        ...

    def head_at(self, device: int, incarnation: int, n: int) -> bytes | None: ...

    def held(self, event_ids: Collection[bytes]) -> set[bytes]:
        """Those of these events that are stored already, in a log or a branch."""
        ...

    def append(self, origin: Origin, body: bytes, head: bytes, event_id: bytes, received_ms: int) -> None:
        """Store a line verbatim at the end of its incarnation, whatever it holds. A moved event may come twice: ``event_id`` is
        indexed, not unique."""
        ...

    def branch(self, origin: Origin, body: bytes, head: bytes, event_id: bytes, received_ms: int) -> None:
        """Store a line of a lost future: signed, but another continuation of its incarnation than the one held. It stands beside
        the log; :meth:`held` knows it, :meth:`position` and :meth:`head_at` do not. The same head twice is kept once."""
        ...

    def branch_head_at(self, device: int, incarnation: int, n: int, head8: bytes) -> bytes | None:
        """The head that starts so after line ``n`` of a branch, ``None`` when no branch has it."""
        ...

    def prove(self, device: int, proof: Proof) -> None:
        """Keep what proves the lines up to ``proof.n``: of a log only the last proof is needed, of each branch its own."""
        ...

    def safe(self, device: int, incarnation: int) -> int:
        """Last n said to be in an off-site backup; 0 at first."""
        ...

    def mark_safe(self, up_to: Mapping[tuple[int, int], int]) -> None:
        """The operator's backup holds these (device, incarnation) up to n: kept, and told by ``safe`` entries in the feeds.
        Never beyond what is stored, never back."""
        ...

    def expect(self, commune: str, dossiers: Collection[str]) -> None:
        """:meth:`confirmed` will be asked about these: a store may read them together. Changes nothing."""
        ...

    def confirmed(self, commune: str, dossier: str) -> Mapping[str, Confirmed]: ...

    def add_entry(self, commune: str, entry: Mapping[str, Any], origin: Origin | None, body: bytes | None = None) -> int:
        """Append to the commune's feed (chained), update the confirmed fields if it is an ``f`` entry; returns seq.

        What is added to a dossier that has left the kiosks is followed by another ``drop``: a kiosk that began with a snapshot
        never heard the first one, and would show a piece of a dossier.
        ``body``: its line, where it is written already.
        """
        ...

    def feed_position(self, commune: str) -> tuple[int, bytes]: ...

    def feed_head_at(self, commune: str, seq: int) -> bytes | None: ...

    def feed(self, commune: str, after: int, limit: int) -> Sequence[FeedEntry]: ...

    def snapshot(self, commune: str) -> SnapshotInfo | None:
        """The newest snapshot of this epoch, ``None`` before the first. One is made every ``SNAPSHOT_EVERY`` entries."""
        ...

    def snapshot_lines(self, commune: str, seq: int, after: int, limit: int) -> Sequence[bytes]:
        """Up to ``limit`` lines after the first ``after`` of the snapshot at ``seq``; none when it is no longer held."""
        ...

    def make_snapshot(self, commune: str) -> SnapshotInfo:
        """Take a snapshot at the end of the feed, of open dossiers only (``sync.snapshot``)."""
        ...

    def quarantine(self, device: int, reason: str, body: bytes) -> None:
        """Keep a refused segment for a person, with the reason (a stable code). The same bytes twice are kept once; bound the
        total."""
        ...
