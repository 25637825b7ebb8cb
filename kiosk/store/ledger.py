"""What must survive the loss or the restore of the store: the number ledger, a small file outside the database.

It answers two questions after a reinstall or a restore from an old image. Which provisional numbers may already be on
paper? Numbers are set aside in blocks of :data:`BLOCK`, written and fsynced before the first of a block is used, so none is
ever printed twice; a restore skips at most one block. Is this store the newest copy? The file also remembers the last
``(incarnation, n, head)``; a store that is behind it, or beside it, opens a new incarnation before its first write (SYNC
design 1.11). Is this the machine it was written on? The ledger also says where it lies: a state folder or a disk that was
copied begins anew far from all numbers of the other, or two citizens would get one code; so does a store whose ledger is gone.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sync.durable import to_disk, write_whole

ROOM = 64 * 1024
"""Free bytes the ledger's disk must have before a filing starts."""

BLOCK = 16
"""Provisional numbers set aside by one fsync."""

UNKNOWN_NUMBERS = 10_000
"""Provisional numbers passed over where nobody can say which of them are on paper: fifty busy days."""

PLACES = 999
"""Places, so far from each other, at which a copy may go on; a code stays short of three digits more."""


def elsewhere(number: int, incarnation: int) -> int:
    """From where numbers go on when some after ``number`` may be on paper: the fresh incarnation draws the place, so that two
    copies of one disk go on at different ones."""
    return number + UNKNOWN_NUMBERS * (1 + incarnation % PLACES)


@dataclass(frozen=True, slots=True)
class Witness:
    """The newest journal position this machine has written."""

    incarnation: int
    n: int
    head: bytes


class Ledger:
    """The ledger at ``path`` and, beside it, ``*.last`` with the witness.

    A missing or torn file counts as empty: a store that has written before then goes on as a copy does.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last = path.with_suffix(".last")
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self.below = int(_read(self._path).get("below", 0))
        seen = _read(self._last)
        self.witness = Witness(int(seen["inc"]), int(seen["n"]), bytes.fromhex(seen["head"])) if seen else None
        self._place = _place(self._last) if seen else ""
        self.is_copy = bool(seen) and seen.get("place", self._place) != self._place

    @property
    def folder(self) -> Path:
        return self._path.parent

    def has_room(self) -> bool:
        """Whether another block can be written where the ledger lies."""
        return shutil.disk_usage(self.folder).free >= ROOM

    def start_anew(self) -> None:
        """Forget which store this machine wrote last, so that an empty one may be made; the numbers stay set aside."""
        self._last.unlink(missing_ok=True)
        self.witness, self._place, self.is_copy = None, "", False

    def set_aside(self, number: int) -> None:
        """Make sure ``number`` is inside the block already on disk; durable on return."""
        if number < self.below:
            return
        below = number + BLOCK
        write_whole(self._path, json.dumps({"below": below}).encode("ascii"))
        self.below = below

    def remember(self, witness: Witness) -> None:
        """Note the newest position. Not insisted on, and fsynced only when the file is new: losing the newest only delays the
        detection of a restore, but a store without any goes on as a copy.

        Written in place, in one piece of less than a disk sector: a rename would make the file system flush it each time.
        """
        fresh = self.witness is None
        self.witness, self.is_copy = witness, False
        with contextlib.suppress(OSError):
            handle = os.open(self._last, os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                self._place = self._place or _place(self._last)
                fact = {"inc": witness.incarnation, "n": witness.n, "head": witness.head.hex(), "place": self._place}
                os.pwrite(handle, json.dumps(fact).ljust(_RECORD).encode("ascii"), 0)
                if fresh:
                    os.fsync(handle)
                    to_disk(self.folder)
            finally:
                os.close(handle)


_RECORD = 256
_MOUNTS = Path("/proc/self/mountinfo")
_STEADY = ("ext2", "ext3", "ext4", "xfs", "tmpfs")
"""File systems on which a file keeps its inode for life; on others (FAT) a remount would look like a copy."""


def _place(file: Path) -> str:
    """Where a file lies: this system, this disk, this file. Another copy of the bytes lies elsewhere."""
    stat = file.stat()
    device = f"{os.major(stat.st_dev)}:{os.minor(stat.st_dev)}"
    disk = Path("/sys/dev/block", device).resolve()
    serial = (folder / name for folder in (disk, disk.parent) for name in ("wwid", "device/wwid", "device/cid", "device/serial"))
    facts = [_text(Path("/etc/machine-id")), next(filter(None, map(_text, serial)), "")]
    if any(line.split()[2] == device and line.partition(" - ")[2].split()[0] in _STEADY for line in _text(_MOUNTS).splitlines()):
        facts.append(str(stat.st_ino))
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]


def _text(path: Path) -> str:
    """What a file of the system says, empty when it is not there or not for us."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _read(path: Path) -> dict[str, Any]:
    """The JSON object in a file, empty when there is none or it is torn."""
    try:
        found = json.loads(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
