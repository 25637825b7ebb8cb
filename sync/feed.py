"""Entries of a commune's feed: the downward chain of merged values and acknowledgements (SYNC design 1.5).

A province appends entries with :func:`next_entry`; a kiosk reads the ones that concern the journal itself with
:func:`read_ack` and :func:`read_safe`. An ``ack`` says that everything of a device's incarnation up to ``n`` **is in the state
this point of the feed describes**, so the view may stop replaying those events in the same transaction that applies the entry:
a user's own edit never flickers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync.envelope import EnvelopeError, Origin, chain, read_object, write
from sync.ports import FeedEntry


@dataclass(frozen=True, slots=True)
class Ack:
    """An ``ack`` entry, or a ``safe``. A kiosk whose device and incarnation it names sets ``acked`` (``safe``) to
    ``max(acked, min(n, last))``: ``last`` may be smaller only where the incarnation was closed below ``n`` after a restore."""

    device: int
    incarnation: int
    n: int
    head8: bytes


def encode_entry(entry: Mapping[str, Any]) -> bytes:
    """The line of an entry, hashed and kept exactly so. Intake sees to it that none is over ``MAX_ENTRY``."""
    return write(entry).encode("utf-8")


def decode_entry(body: bytes) -> Mapping[str, Any]:
    """Read a line of the feed; ``e`` names its kind.

    Raises:
        EnvelopeError: not a JSON object with a text ``e``.
    """
    raw = read_object(body)
    if not isinstance(raw.get("e"), str):
        raise EnvelopeError("a feed entry is a JSON object with e")
    return raw


def next_entry(seq: int, head: bytes, entry: Mapping[str, Any], body: bytes | None = None) -> FeedEntry:
    """The entry that follows position ``(seq, head)``; ``body`` is its line, where it is written already."""
    line = encode_entry(entry) if body is None else body
    return FeedEntry(seq + 1, line, chain(head, line))


def ack_entry(device: int, incarnation: int, n: int, head: bytes) -> Mapping[str, Any]:
    """The JSON of an ``ack``."""
    return {"e": "ack", "dev": device, "inc": incarnation, "n": n, "h": head[:8].hex()}


def foretold(device: int, incarnation: int, lines: Sequence[bytes], n: int, head: bytes) -> bytes:
    """What both ends know of the feed once a run that ends at ``(n, head)`` is taken: values in its lines, and their ``ack``."""
    return b"\n".join((*lines, encode_entry(ack_entry(device, incarnation, n, head))))


def safe_entry(device: int, incarnation: int, n: int, head: bytes) -> Mapping[str, Any]:
    """The JSON of a ``safe``: all up to n is in an off-site backup of the province."""
    return {**ack_entry(device, incarnation, n, head), "e": "safe"}


def fields_entry(dossier: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The JSON of confirmed values: all that one event or act writes, and so one revision."""
    return {"e": "f", "d": dossier, "w": dict(values)}


def drop_entry(dossier: str) -> Mapping[str, Any]:
    """The JSON of a ``drop``: a closed dossier leaves the kiosks."""
    return {"e": "drop", "d": dossier}


def policy_entry(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The JSON of settings the province pushes."""
    return {"e": "cfg", "k": "policy", "v": dict(values)}


def not_applied(dossier: str, origin: Origin, why: str) -> Mapping[str, Any]:
    """The JSON of an ``na``: an event that is stored and acknowledged and had no effect, with the reason (a stable code)."""
    return {"e": "na", "d": dossier, "dev": origin.device, "inc": origin.incarnation, "n": origin.n, "why": why}


def read_ack(entry: Mapping[str, Any]) -> Ack | None:
    """The ``ack`` in an entry, ``None`` for another kind.

    Raises:
        EnvelopeError: it calls itself ``ack`` and is malformed.
    """
    return read_mark(entry) if entry.get("e") == "ack" else None


def read_mark(entry: Mapping[str, Any]) -> Ack | None:
    """The ``ack`` or ``safe`` in an entry, ``None`` for another kind.

    Raises:
        EnvelopeError: it calls itself so and is malformed.
    """
    if entry.get("e") not in ("ack", "safe"):
        return None
    try:
        device, incarnation, n, head8 = entry["dev"], entry["inc"], entry["n"], bytes.fromhex(entry["h"])
    except (KeyError, TypeError, ValueError):
        raise EnvelopeError(f"malformed {entry['e']} entry") from None
    if not all(isinstance(x, int) and not isinstance(x, bool) and x >= 0 for x in (device, incarnation, n)) or len(head8) != 8:
        raise EnvelopeError(f"malformed {entry['e']} entry")
    return Ack(device, incarnation, n, head8)
