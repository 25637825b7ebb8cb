"""The reserve file: disk space set aside so that a full disk never loses the filing in hand.

The file's blocks are really allocated. When a commit fails for want of space the store gives the file up and tries once
more; new filings are refused before they start while the space is short or the reserve is gone. It is made again when there
is room.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path


class Reserve:
    """``megabytes`` set aside at ``path``; ``least_free`` is the free space in bytes below which no new filing starts."""

    def __init__(self, path: Path, megabytes: int, least_free_mb: int) -> None:
        self._path = path
        self._size = megabytes * 1024 * 1024
        self._least = least_free_mb * 1024 * 1024

    def make(self) -> bool:
        """Set the space aside if it is not yet and there is room; tells whether the reserve stands."""
        if self.stands():
            return True
        if self.free() < self._size + self._least:
            return False
        try:
            with self._path.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, max(self._size, 1))
        except OSError:
            self._path.unlink(missing_ok=True)
            return False
        return True

    def stands(self) -> bool:
        try:
            return self._path.stat().st_size >= self._size
        except OSError:
            return False

    def give_up(self) -> bool:
        """Free the space; false when there was nothing to give."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True

    def free(self) -> int:
        """Free bytes for this user on the disk of the store."""
        return shutil.disk_usage(self._path.parent).free

    def same_disk(self, folder: Path) -> bool:
        """Whether giving up the reserve makes room in ``folder``."""
        return folder.stat().st_dev == self._path.parent.stat().st_dev

    def room_for_filing(self) -> bool:
        """Whether a new filing may start."""
        return self.make() and self.free() >= self._least
