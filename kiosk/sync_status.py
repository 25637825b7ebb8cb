"""What the sync process says of the line, in a small file that the screen process reads.

It is a hint for people, replaced whole and never fsynced; nothing decides by it. The truth about what has arrived is in the
journal's cursors.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
from dataclasses import asdict, dataclass
from pathlib import Path

NAME = "sync-status.json"
STALE_SECONDS = 180.0
"""How much later than promised a status may be: an exchange over a dying line takes its time."""


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
    written_mono: float = 0.0
    """Monotonic second at which this was written, of the boot ``boot``."""
    boot: str = ""

    def stale(self, mono: float, boot: str) -> bool:
        """Whether the sync process should have spoken again by now: it has ended, or hangs."""
        return self.online is not None and (boot != self.boot or mono - self.written_mono > self.next_try_s + STALE_SECONDS)


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


def lock_file(state: Path) -> Path:
    """The file the sync process holds locked while it runs, with its process number in it."""
    return state / "sync.lock"


def runs(state: Path) -> bool:
    """Whether a sync process holds the lock now."""
    try:
        with lock_file(state).open("r", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def wake(state: Path, signal_number: signal.Signals = signal.SIGUSR1) -> bool:
    """Ask the running sync process for a try now, or with SIGTERM to end, for its supervisor to start it anew; false when none
    runs."""
    try:
        with lock_file(state).open("r", encoding="ascii") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                os.kill(int(lock.read()), signal_number)
                return True
    except (OSError, ValueError):
        return False
    return False
