"""The papers of a store: jobs for the printer, their states, and what is wiped from them when.

A job is queued in the transaction that holds its events. SENDING is on disk before the first byte leaves, so after a crash a paper
that may have come out is uncertain and never printed again by itself. A prepared paper belongs to no dossier and is forgotten as
soon as it is printed, or when nobody fetches it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from kiosk.store.rows import Rows

PRINT_STATES = ("queued", "sending", "printed", "uncertain")

PREPARED = "prepared"
"""Kind of a paper that belongs to no dossier but tells of a person: it is forgotten once it is printed."""

PREPARED_MINUTES = 10
"""How long such a paper may wait for the printer, or for a word whether it came out."""


@dataclass(frozen=True, slots=True)
class PrintJob:
    """A paper to be printed. ``content`` is the JSON of its blocks; ``copy`` 0 is the original, n the n-th reprint."""

    id: int
    dossier: str
    kind: str
    content: list[dict[str, Any]]
    copy: int
    state: str
    fact: str
    cure: str


class Papers(Rows):
    """Print jobs."""

    def print_job(self, job: int) -> PrintJob | None:
        found = self.rows("SELECT * FROM print_job WHERE id = ?", [job])
        return _job(found[0]) if found else None

    def next_print_job(self) -> PrintJob | None:
        """The oldest queued paper."""
        found = self.rows("SELECT * FROM print_job WHERE state = 'queued' ORDER BY id LIMIT 1")
        return _job(found[0]) if found else None

    def set_print_state(self, job: int, state: str, fact: str = "", cure: str = "") -> None:
        """Durable on return: SENDING must be on disk before the first byte leaves for the printer."""
        if state not in PRINT_STATES:
            raise ValueError(f"no such print state: {state}")
        with self.transaction():
            self._write("UPDATE print_job SET state = ?, fact = ?, cure = ? WHERE id = ?", state, fact, cure, job)
            if state == "printed":
                self.forget_paper(job)

    def forget_paper(self, job: int) -> None:
        """Wipe what stands on a prepared paper; other papers are kept with their dossier. Inside a transaction."""
        self._write("UPDATE print_job SET content = '[]' WHERE id = ? AND kind = ?", job, PREPARED)

    def forget_unfetched(self) -> bool:
        """Wipe prepared papers nobody has come for; they are never printed. Time is told by the clock that never jumps, and one of
        an earlier boot has waited since this one began at least."""
        now = self.clock.reading()
        oldest = round(now.mono * 1000) - PREPARED_MINUTES * 60_000
        left = "kind = ? AND content <> '[]' AND state <> 'sending' AND CASE boot WHEN ? THEN mono_ms ELSE 0 END < ?"
        given = (PREPARED, now.boot, oldest)
        if not self.rows(f"SELECT 1 FROM print_job WHERE {left} LIMIT 1", given):
            return False
        told = ("Máy đã xóa tờ khai chưa in.", "Bà con làm lại tờ khai từ đầu.")
        with self.transaction():
            wipe = "UPDATE print_job SET content = '[]', state = 'uncertain', fact = ?, cure = ?"
            self._write(f"{wipe} WHERE {left}", *told, *given)
        return True

    def doubt_unfinished_prints(self) -> int:
        """After a restart: a paper that was being sent may or may not have come out. Returns how many."""
        with self.transaction():
            return self._write(
                "UPDATE print_job SET state = 'uncertain', fact = ?, cure = ? WHERE state = 'sending'",
                "Máy đã khởi động lại khi đang in.",
                "Xem phiếu đã ra đủ chưa; nếu chưa, bấm «In lại».",
            )


def _job(row: dict[str, Any]) -> PrintJob:
    return PrintJob(
        row["id"], row["d"], row["kind"], json.loads(row["content"]), row["copy"], row["state"], row["fact"], row["cure"]
    )
