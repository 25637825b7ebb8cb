"""Write-only after the end: the lines of a finished dossier become readable by the province alone.

Each line is replaced by a sealed box of its bytes, to the province's key; number, head and the signatures over heads stay, so the
chain can still be followed and the province, which can open the boxes, can prove every line and take it again (:func:`export`). No
hash of a line is kept beside the box. The head after it is one, though: whoever knew a whole line but a little could try out the
rest against it. That is why ``kiosk.store.salt`` puts 64 random bits into every line that tells of a person, unless the line
already holds as many (a creating event holds the random look-up key); a guess then has to guess those too.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Final

import sqlite_utils

from kiosk.store.store import Store
from sync.keys import Sealer

EXPORT: Final = "mcx sealed log 1"
"""First words of an exported file."""


def seal_lines(db: sqlite_utils.Database, dossier: str, sealer: Sealer) -> int:
    """Seal every readable line of a dossier; the caller has seen that all are acknowledged and safe. Inside a transaction."""
    rows = db.conn.execute("SELECT inc, n, body FROM log WHERE d = ? AND sealed = 0", (dossier,)).fetchall()
    for inc, n, body in rows:
        place = inc, n
        db.conn.execute("UPDATE log SET body = ?, sealed = 1 WHERE inc = ? AND n = ?", (sealer.seal(bytes(body)), *place))
        db.conn.execute("UPDATE incarnation SET sealed = max(sealed, ?) WHERE inc = ?", (n, inc))
    return len(rows)


def export(store: Store, sealer: Sealer) -> Iterator[str]:
    """What can no longer be sent by exchange and is still held, as lines of JSON: sealed boxes and the signed heads over them.

    For ``province open-sealed`` when the province has lost what it had called safe. Lines that are still readable here are sealed
    on the way, so the file tells nothing to whoever carries it.
    """
    device = store.identity_or_raise().device
    yield json.dumps({"file": EXPORT, "device": device})
    for inc in store.incarnations():
        last = store.base(inc)
        first = store.rows("SELECT min(n) AS n FROM log WHERE inc = ?", [inc])[0]["n"]
        if first is None or first > last:
            continue
        before = store.head_at(inc, first - 1)
        yield json.dumps({"inc": inc, "first": first, "before": before.hex() if before is not None else None})
        for row in store.rows("SELECT n, body, sealed FROM log WHERE inc = ? AND n <= ? ORDER BY n", [inc, last]):
            box = bytes(row["body"]) if row["sealed"] else sealer.seal(bytes(row["body"]))
            yield json.dumps({"inc": inc, "n": row["n"], "box": base64.b64encode(box).decode("ascii")})
        for row in store.rows("SELECT n, head, signature FROM segment WHERE inc = ? AND n >= ? ORDER BY n", [inc, first]):
            yield json.dumps(
                {"inc": inc, "signed": row["n"], "head": bytes(row["head"]).hex(), "signature": bytes(row["signature"]).hex()}
            )
            if row["n"] >= last:
                break
