"""What the sync process says of the line, in a small file that the screen process reads.

It is a hint for people, replaced whole and never fsynced; nothing decides by it. The truth about what has arrived is in the
journal's cursors.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

NAME = "sync-status.json"


@dataclass(frozen=True, slots=True)
class LineFact:
    """``online`` is ``None`` before the first try; ``since_vi`` (HH:MM) is when that began. ``failure`` is the code of the
    last try.
    """

    online: bool | None = None
    since_vi: str = ""
    failure: str = ""
    failure_vi: str = ""
    cure_vi: str = ""
    last_try: str = ""
    last_answer: str = ""
    next_try_s: float = 0.0


def read_status(state: Path) -> LineFact:
    """The last status; the empty one when there is none yet."""
    try:
        raw = json.loads((state / NAME).read_text(encoding="utf-8"))
        return LineFact(**raw)
    except (OSError, ValueError, TypeError):
        return LineFact()


def write_status(state: Path, status: LineFact) -> None:
    """Replace the file. A full disk must not stop the line, so failure is swallowed."""
    new = state / (NAME + ".new")
    with contextlib.suppress(OSError):
        new.write_text(json.dumps(asdict(status), ensure_ascii=False), encoding="utf-8")
        new.replace(state / NAME)
