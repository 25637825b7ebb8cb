"""Whether what a device signed proves a place in its log, long after the message it came in is gone.

A request claims the full heads of the sender's logs in what it signs (``sync.wire.claims``), a segment on a stick its own
(``sync.segment.claim``). The chain leads from the first line to that head, so one proof at the end of a log proves every line
of it.
"""

from __future__ import annotations

from sync import segment, wire
from sync.errors import SyncError
from sync.keys import Verifier
from sync.ports import Proof


def holds(proof: Proof, device: int, verifier: Verifier) -> bool:
    """Whether that key signed that the log of ``device`` has this head after this line."""
    try:
        verifier.verify(proof.context, proof.message, proof.signature)
        return (device, proof.incarnation, proof.n, proof.head) in _claimed(proof)
    except SyncError:
        return False


def _claimed(proof: Proof) -> list[tuple[int, int, int, bytes]]:
    if proof.context == segment.CONTEXT:
        claim = segment.claim(proof.message)
        return [] if claim is None else [claim]
    if proof.context != wire.REQUEST:
        return []
    device, claims = wire.claims(proof.message)
    return [(device, incarnation, n, head) for incarnation, n, head in claims]
