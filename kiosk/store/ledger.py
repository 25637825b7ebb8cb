"""What must survive the loss or the restore of the store: the number ledger, a small file outside the database.

It answers two questions after a reinstall or a restore from an old image. Which provisional numbers may already be on
paper? Numbers are set aside in blocks of :data:`BLOCK`, written and fsynced before the first of a block is used, so none is
ever printed twice; a restore skips at most one block. Is this store the newest copy? The file also remembers the last
``(incarnation, n, head)``; a store that is behind it, or beside it, opens a new incarnation before its first write (SYNC
design 1.11).
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

BLOCK = 16
"""Provisional numbers set aside by one fsync."""


@dataclass(frozen=True, slots=True)
class Witness:
    """The newest journal position this machine has written."""

    incarnation: int
    n: int
    head: bytes


class Ledger:
    """The ledger file. A missing or torn file counts as empty: the store's own counter then rules."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.below = 0
        self.witness: Witness | None = None
        try:
            raw = json.loads(path.read_text(encoding="ascii"))
            self.below = int(raw["below"])
            if raw["inc"] is not None:
                self.witness = Witness(int(raw["inc"]), int(raw["n"]), bytes.fromhex(raw["head"]))
        except (OSError, ValueError, KeyError, TypeError):
            self._path.parent.mkdir(parents=True, exist_ok=True)

    def set_aside(self, number: int) -> None:
        """Make sure ``number`` is inside the block already on disk; durable on return."""
        if number >= self.below:
            self.below = number + BLOCK
            self._write(durable=True)

    def remember(self, witness: Witness) -> None:
        """Note the newest position. Neither fsynced nor insisted on: losing it only delays the detection of a restore."""
        self.witness = witness
        with contextlib.suppress(OSError):
            self._write(durable=False)

    def _write(self, *, durable: bool) -> None:
        seen = self.witness
        text = json.dumps(
            {
                "below": self.below,
                "inc": seen.incarnation if seen else None,
                "n": seen.n if seen else 0,
                "head": seen.head.hex() if seen else "",
            }
        )
        temporary = self._path.with_suffix(".new")
        with temporary.open("w", encoding="ascii") as file:
            file.write(text)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(self._path)
        if durable:
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
