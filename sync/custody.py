"""What the province says on a stick beside the feed: which logs it holds, how far, in which epoch (a letter).

Over a line the direct answer says the same of one exchange; on a stick it must stand by itself and may be days old. So it only
raises ``told``, shows a kiosk whose disk was restored that its log is another one, and says which epoch the feed segments beside it
belong to, and of which snapshot the lines are that come before them. Nothing in it tells who anybody is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sync import letter
from sync.errors import BadLetter
from sync.keys import Signer, Verifier
from sync.ports import SnapshotInfo

CUSTODY: Final = b"MCX-CUSTODY-1"


@dataclass(frozen=True, slots=True)
class Custody:
    """What the province held when it wrote the stick."""

    commune: str
    epoch: int
    server_ms: int
    feed_last: int
    """Last position of the commune's feed."""
    logs: Mapping[tuple[int, int], tuple[int, bytes]]
    """(device, incarnation) -> last n and the full head after it."""
    snapshot: SnapshotInfo | None = None
    """The snapshot whose lines come before the feed, for a kiosk far behind."""


def write(custody: Custody, signer: Signer) -> bytes:
    """The letter, signed by the province."""
    logs = {f"{device:x}-{inc:x}": [n, head.hex()] for (device, inc), (n, head) in sorted(custody.logs.items())}
    facts = {
        "commune": custody.commune,
        "epoch": custody.epoch,
        "server_ms": custody.server_ms,
        "feed_last": custody.feed_last,
        "logs": logs,
    }
    if custody.snapshot is not None:
        facts["snapshot"] = [custody.snapshot.seq, custody.snapshot.head.hex(), custody.snapshot.lines]
    return letter.write(CUSTODY, facts, signer)


def read(data: bytes, verifier: Verifier) -> Custody:
    """Raises BadLetter, BadSignature."""
    given = letter.read(CUSTODY, data)
    given.check(verifier)
    try:
        logs = {_log(name): (_count(n), _head(head)) for name, (n, head) in given.part("logs").facts.items()}
        snapshot = _snapshot(given.facts.get("snapshot"))
    except (ValueError, TypeError):
        raise BadLetter("the logs of a custody letter are malformed") from None
    return Custody(
        commune=given.text("commune"),
        epoch=given.number("epoch", 1, (1 << 32) - 1),
        server_ms=given.number("server_ms", 0, (1 << 48) - 1),
        feed_last=given.number("feed_last", 0, (1 << 48) - 1),
        logs=logs,
        snapshot=snapshot,
    )


def _snapshot(told: Any) -> SnapshotInfo | None:
    if told is None:
        return None
    seq, head, lines = told
    return SnapshotInfo(_count(seq), _head(head), _count(lines))


def _log(name: str) -> tuple[int, int]:
    device, incarnation = name.split("-")
    return int(device, 16), int(incarnation, 16)


def _count(n: object) -> int:
    if type(n) is not int or not 0 <= n < 1 << 48:
        raise ValueError("not a place in a log")
    return n


def _head(text: object) -> bytes:
    head = bytes.fromhex(str(text))
    if len(head) != 32:
        raise ValueError("a head has 32 bytes")
    return head
