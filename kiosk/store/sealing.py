"""Write-only after the end: the lines of a finished dossier become readable by the province alone.

Each line is replaced by a segment of that one line, cut, signed and sealed to the province as those that travel (``sync.segment``);
its number, the head after it and the local signatures over heads stay, so the chain can still be followed. To prove such a line or
to send it again is then nothing new: the province opens the segment, finds the line, and checks it against the head it follows
(:func:`kept_segments`). No hash of a line is kept beside it. The head after it is one, though: whoever knew a whole line but a
little could try out the rest against it. That is why ``kiosk.store.salt`` puts random bits into every line that tells of a person.
"""

from __future__ import annotations

from collections.abc import Iterator

from kiosk.store.store import Store
from sync import segment as hsg
from sync.keys import Sealer


def seal_lines(store: Store, dossier: str, sealer: Sealer) -> int:
    """Seal every readable line of a dossier; the caller has seen that all are acknowledged and safe. Inside a transaction."""
    rows = store.rows("SELECT inc, n, body FROM log WHERE d = ? AND NOT sealed", [dossier])
    for row in rows:
        inc, n = row["inc"], row["n"]
        cut = _cut(store, inc, n, bytes(row["body"]), sealer)
        store.db.conn.execute("UPDATE log SET body = ?, sealed = 1 WHERE inc = ? AND n = ?", (cut, inc, n))
        store.db.conn.execute("UPDATE incarnation SET sealed = max(sealed, ?) WHERE inc = ?", (n, inc))
    return len(rows)


def kept_segments(store: Store, sealer: Sealer) -> Iterator[bytes]:
    """What no exchange sends any more and the province may want all the same: held lines below the base of logs that its feed has
    not acknowledged so far, because it was restored and has lost what it had called safe. For a stick, before the rest; none
    otherwise.
    """
    for inc in store.incarnations():
        acked, base = store.acked(inc), store.base(inc)
        if acked >= base:
            continue
        for row in store.rows("SELECT n, body, sealed FROM log WHERE inc = ? AND n > ? AND n <= ? ORDER BY n", [inc, acked, base]):
            body = bytes(row["body"])
            yield body if row["sealed"] else _cut(store, inc, row["n"], body, sealer)


def _cut(store: Store, inc: int, n: int, line: bytes, sealer: Sealer) -> bytes:
    identity, before = store.identity_or_raise(), store.head_at(inc, n - 1)
    if before is None:
        raise ValueError("a line that is held follows a head that is held")
    return hsg.cut(hsg.Chain(identity.device, inc), n, before, [line], signer=identity.signing, seal_to=sealer)
