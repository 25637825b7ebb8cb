"""One writer per printer, across processes, and the little a program must remember about a printer between jobs.

The lock is ``flock`` on a file, so a killed program frees it. The file also holds two facts as JSON: ``doubt`` (a job began and
its end is not known, so the printer may hold a torn picture) is on disk before the first byte of a job leaves and taken back only
when the fence was answered; ``answers`` (this printer has answered a status request) tells a one-way line from a printer that has
gone mute. An unreadable file counts as doubt.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from devices.errors import DeviceError
from devices.printer.status import BUSY

POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered about a printer."""

    doubt: bool = False
    answers: bool = False


class PrinterLock:
    """The lock file of one printer. Its folder is made when missing; it is readable by its owner only.

    With ``lasting`` false the file only excludes others, and the memory ends with this object: for a file whose name does not
    belong to one printer for good.
    """

    def __init__(self, path: Path, *, lasting: bool = True) -> None:
        self.path = path
        self._kept = None if lasting else [Memory()]

    @contextmanager
    def held(self, wait_s: float) -> Iterator[Held]:
        """Hold the printer. Raises :class:`DeviceError` ``printer_busy`` when another holder keeps it for ``wait_s`` seconds."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._wait(handle, wait_s)
            yield Held(handle, self._kept)
        finally:
            os.close(handle)

    @staticmethod
    def _wait(handle: int, wait_s: float) -> None:
        until = time.monotonic() + wait_s
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise DeviceError(BUSY.code, BUSY.fact_vi, BUSY.cure_vi) from None
                time.sleep(POLL_S)
            else:
                return


class Held:
    """A lock that is held, with the memory behind it."""

    def __init__(self, handle: int, kept: list[Memory] | None = None) -> None:
        self._handle = handle
        self._kept = kept

    def memory(self) -> Memory:
        if self._kept:
            return self._kept[0]
        raw = os.pread(self._handle, 4096, 0)
        if not raw:
            return Memory()
        try:
            facts = json.loads(raw)
            return Memory(doubt=bool(facts["doubt"]), answers=bool(facts["answers"]))
        except (ValueError, KeyError, TypeError):
            return Memory(doubt=True)

    def remember(self, memory: Memory) -> None:
        """Write ``memory``; returns when it is on disk. A write that is cut off by a power failure reads as doubt."""
        if memory == self.memory():
            return
        if self._kept:
            self._kept[0] = memory
            return
        raw = json.dumps(asdict(memory)).encode()
        os.pwrite(self._handle, raw, 0)
        os.ftruncate(self._handle, len(raw))
        os.fsync(self._handle)
