"""What the sync process says of the line, in a small file that the screen process reads.

It is a hint for people, replaced whole and never fsynced; nothing decides by it. The truth about what has arrived is in the journal's cursors.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

NAME = "sync-status.json"


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """``online`` is ``None`` before the first try. ``outcome`` is the class of the last answer, ``since_vi`` when it began (HH:MM)."""

    online: bool | None = None
    since_vi: str = ""
    outcome: str = ""
    cure_vi: str = ""
    last_try: str = ""
    next_try: str = ""


def read_status(state: Path) -> SyncStatus:
    """The last status; the empty one when there is none yet."""
    try:
        raw = json.loads((state / NAME).read_text(encoding="utf-8"))
        return SyncStatus(**raw)
    except (OSError, ValueError, TypeError):
        return SyncStatus()


def write_status(state: Path, status: SyncStatus) -> None:
    """Replace the file. A full disk must not stop the line, so failure is swallowed."""
    new = state / (NAME + ".new")
    with contextlib.suppress(OSError):
        new.write_text(json.dumps(asdict(status), ensure_ascii=False), encoding="utf-8")
        new.replace(state / NAME)
