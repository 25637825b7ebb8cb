"""Attachments on their way: a file with holes, and beside it the list of what may be counted.

Bytes go to ``<id>.part`` at their place, in any order. :meth:`Parts.keep` makes them durable and only then adds a line to
``<id>.have``, so a power cut loses what was not yet counted and never counts what is not there. A line is 16 bytes with its own
checksum: one that was torn ends the list. Nothing is remembered outside the disk, so the service and the operator's commands may
work on the same files; the list is locked for the moment of a change only, never while a kiosk is sending. Whoever judges a file
holds it alone: what was proven is what goes to its place, and bytes that come late find it gone and are not written.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from sync.blob.ranges import NONE, Ranges
from sync.durable import to_disk
from sync.errors import BlobDiskFull
from sync.steps import step

_FACTS: Final = struct.Struct(">III")
_LINE: Final = 16
_ADD, _DROP = 1, 2


class Parts:
    """The files of one folder. ``keep_free`` is the room in bytes that is left on the disk. Any thread may call."""

    def __init__(self, folder: Path, keep_free: int) -> None:
        self._folder = folder
        self._keep_free = keep_free
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def path(self, name: str) -> Path:
        return self._folder / f"{name}.part"

    def have(self, name: str) -> Ranges:
        """What may be counted."""
        try:
            return _held(self._list(name).read_bytes())[0]
        except FileNotFoundError:
            return NONE

    def write(self, name: str, offset: int, data: bytes, gone: Callable[[], bool] = lambda: False) -> None:
        """Put bytes at their place, not yet durable; nothing of it when the file is ``gone`` to its place.

        Raises:
            BlobDiskFull: the disk is, or would be, too full.
        """
        if shutil.disk_usage(self._folder).free < self._keep_free + len(data):
            raise BlobDiskFull("the disk of attachments is too full")
        with _full_named(), self._held(name, fcntl.LOCK_SH) as file:
            if gone():
                self.forget(name)
                return
            written = 0
            while written < len(data):
                written += os.pwrite(file, data[written:], offset + written)

    def keep(self, name: str, units: Ranges, gone: Callable[[], bool] = lambda: False) -> Ranges:
        """Make durable what was written, then count those units; returns all that is held, nothing when the file is ``gone``.

        Raises:
            BlobDiskFull: nothing of it counts.
        """
        with _full_named(), step("province.blob.keep"), self._held(name, fcntl.LOCK_SH) as file:
            if gone():
                self.forget(name)
                return NONE
            os.fsync(file)
            return self._note(name, _ADD, units)

    def drop(self, name: str, units: Ranges) -> None:
        """These units came damaged: they are no longer held."""
        self._note(name, _DROP, units)

    def forget(self, name: str) -> None:
        """The file has gone to its place, or is not wanted any more."""
        for file in (self._list(name), self.path(name)):
            file.unlink(missing_ok=True)
        to_disk(self._folder)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One at a time, in all processes: for judging a file and putting it at its place."""
        with _opened(self._folder / "lock", os.O_WRONLY | os.O_CREAT) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    @contextmanager
    def judging(self, name: str) -> Iterator[BinaryIO]:
        """The file, to be read and put at its place while nobody writes in it."""
        with self._held(name, fcntl.LOCK_EX) as file, open(file, "rb", closefd=False) as source:
            yield source

    @contextmanager
    def _held(self, name: str, lock: int) -> Iterator[int]:
        """The file, locked: shared by those who write, alone by who judges. One that was put at its place meanwhile is let go."""
        while True:
            with _opened(self.path(name), os.O_RDWR | os.O_CREAT) as file:
                fcntl.flock(file, lock)
                if self._is_there(name, file):
                    yield file
                    return

    def _is_there(self, name: str, file: int) -> bool:
        try:
            return os.path.samestat(self.path(name).stat(), os.fstat(file))
        except FileNotFoundError:
            return False

    def _list(self, name: str) -> Path:
        return self._folder / f"{name}.have"

    def _note(self, name: str, act: int, units: Ranges) -> Ranges:
        """Add lines to the list, durable on return. What follows a torn line is cut off first, so that these are read again."""
        new = not self._list(name).exists()
        with _opened(self._list(name), os.O_RDWR | os.O_CREAT) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            held, sound = _held(os.pread(file, os.fstat(file).st_size, 0))
            os.ftruncate(file, sound)
            if act == _ADD:
                units -= held  # what comes again makes the list no longer
            lines = b"".join(_line(act, first, end) for first, end in units.runs)
            if os.pwrite(file, lines, sound) < len(lines):
                raise BlobDiskFull("the disk of attachments is full")
            os.fsync(file)
        if new:
            to_disk(self._folder)
        return held | units if act == _ADD else held - units


def _held(lines: bytes) -> tuple[Ranges, int]:
    """What a list says, and how many bytes of it are sound."""
    held, added, at = NONE, list[tuple[int, int]](), 0
    while (line := lines[at : at + _LINE]) and _is_sound(line):
        act, first, end = _FACTS.unpack_from(line)
        if act == _ADD:
            added.append((first, end))
        else:
            held, added = Ranges.of([*held.runs, *added]) - Ranges.of([(first, end)]), []
        at += _LINE
    return Ranges.of([*held.runs, *added]), at


def _line(act: int, first: int, end: int) -> bytes:
    facts = _FACTS.pack(act, first, end)
    return facts + zlib.crc32(facts).to_bytes(4, "big")


def _is_sound(line: bytes) -> bool:
    return len(line) == _LINE and int.from_bytes(line[12:], "big") == zlib.crc32(line[:12])


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    file = os.open(path, flags, 0o600)
    try:
        yield file
    finally:
        os.close(file)


@contextmanager
def _full_named() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise BlobDiskFull("the disk of attachments is full") from None
