"""Finished attachments in a folder, each under the hash of its ciphertext: ``ab/cd/<sha256>``.

Five calls, so that an object store can take its place (province design 2): put, get, head, delete, list. A file stands under its
name only when all of it is on the disk: it is made durable first, then renamed, then the folder is made durable. Names are hashes,
so nothing is ever overwritten with something else.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from sync.durable import to_disk

log = logging.getLogger(__name__)


class BlobFolder:
    """``root`` is made when it is not there. Files that are put must lie on the same disk."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(mode=0o700, parents=True, exist_ok=True)

    def put(self, name: str, file: Path) -> None:
        """Take over a finished file under its name."""
        place = self._place(name)
        make_folder(place.parent, self.root)
        to_disk(file)
        os.replace(file, place)
        to_disk(place.parent)
        to_disk(file.parent)

    def get(self, name: str) -> BinaryIO:
        """Raises FileNotFoundError."""
        return self._place(name).open("rb")

    def head(self, name: str) -> int | None:
        """Bytes of the file, ``None`` when there is none."""
        try:
            return self._place(name).stat().st_size
        except FileNotFoundError:
            return None

    def delete(self, name: str, reason: str) -> bool:
        """Erase a file for good; the reason (a code) goes to the log. False when there was none."""
        place = self._place(name)
        if not place.exists():
            return False
        place.unlink()
        to_disk(place.parent)
        log.info("attachment erased: %s", reason)
        return True

    def list(self, prefix: str = "") -> Iterator[str]:
        """Names that begin so, in order."""
        for file in sorted(self.root.glob("??/??/*")):
            if file.name.startswith(prefix):
                yield file.name

    def _place(self, name: str) -> Path:
        return self.root / name[:2] / name[2:4] / name


def make_folder(folder: Path, root: Path) -> None:
    """Make a folder below ``root`` so that it is still there after a power cut."""
    if folder.is_dir():
        return
    if folder.parent != root:
        make_folder(folder.parent, root)
    folder.mkdir(mode=0o700, exist_ok=True)
    to_disk(folder.parent)
