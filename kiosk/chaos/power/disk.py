"""The disk process: serves one file through FUSE and notes every write and flush that reaches it, in order.

``disk`` is the block device's content (a loop device lies over it); what the workload writes into ``marks`` is noted as a promise
between the writes. Both calls return only when the entry is noted, so a promise never stands before a write it relies on. A process
of its own: a file system served by the process that uses it would wait for itself.
"""

from __future__ import annotations

import errno
import stat
import sys
from pathlib import Path
from typing import Any

import mfusepy

from kiosk.chaos.power.platter import Entry, Flush, Mark, Write, encode


class Disk(mfusepy.Operations):
    """One file of blocks and one of promises."""

    use_ns = True

    def __init__(self, base: bytes, log: Path) -> None:
        self._content = bytearray(base)
        self._log = log.open("wb", buffering=0)

    def _note(self, entry: Entry) -> None:
        self._log.write(encode(entry))

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        if path == "/":
            return {"st_mode": stat.S_IFDIR | 0o755, "st_nlink": 2}
        if path not in ("/disk", "/marks"):
            raise mfusepy.FuseOSError(errno.ENOENT)
        return {"st_mode": stat.S_IFREG | 0o600, "st_nlink": 1, "st_size": len(self._content) if path == "/disk" else 0}

    def readdir(self, path: str, fh: int) -> list[str]:
        return [".", "..", "disk", "marks"]

    def open(self, path: str, flags: int) -> int:
        return 0

    def truncate(self, path: str, length: int, fh: int | None = None) -> int:
        return 0

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        return bytes(self._content[offset : offset + size])

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        if path == "/marks":
            word, _, what = data.decode("utf-8").strip().partition(" ")
            self._note(Mark(word, what))
        else:
            self._content[offset : offset + len(data)] = data
            self._note(Write(offset, bytes(data)))
        return len(data)

    def fsync(self, path: str, datasync: int, fh: int) -> int:
        self._note(Flush())
        return 0


def main(base: str, log: str, place: str) -> None:
    mfusepy.FUSE(Disk(Path(base).read_bytes(), Path(log)), place, foreground=True, nothreads=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
