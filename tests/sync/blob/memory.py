"""Attachments in memory, both sides: what :mod:`sync.blob.ports` asks, with a disk that forgets what was not made durable."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace

from sync.blob.cipher import judge, name_of, units_of
from sync.blob.ports import Announced, BlobTask, Sender
from sync.blob.ranges import NONE, Ranges
from sync.errors import BlobDamaged, BlobDiskFull


class MemoryKioskBlobs:
    """The files of one kiosk."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.waiting: dict[str, BlobTask] = {}
        self.damaged: dict[str, str] = {}

    def add(self, task: BlobTask, data: bytes) -> None:
        self.files[task.id] = data
        self.waiting[task.id] = task

    def tasks(self) -> Sequence[BlobTask]:
        return [task for task in list(self.waiting.values()) if task.id not in self.damaged]

    def read(self, blob: str, offset: int, length: int) -> bytes:
        data = self.files.get(blob)
        if data is None:
            raise BlobDamaged("the file is gone")
        return data[offset : offset + length]

    def is_sound(self, blob: str) -> bool:
        return name_of(io.BytesIO(self.files[blob])) == blob

    def set_have(self, blob: str, have: Ranges) -> None:
        if blob in self.waiting:
            self.waiting[blob] = replace(self.waiting[blob], have=have)

    def set_complete(self, blob: str) -> None:
        self.waiting.pop(blob, None)

    def set_damaged(self, blob: str, why: str) -> None:
        self.damaged[blob] = why


class MemoryProvinceBlobs:
    """The files of the province. ``verdicts`` is what would stand in the feed: (blob, complete, bad records)."""

    def __init__(self) -> None:
        self.senders: dict[int, Sender] = {}
        self.told: dict[str, Announced] = {}
        self.complete: dict[str, bytes] = {}
        self.verdicts: list[tuple[str, bool, tuple[int, ...]]] = []
        self.room = 1 << 40
        self.pause = 0
        self.spent = 0
        self._asking = ""
        self._disk: dict[str, bytearray] = {}
        self._durable: dict[str, bytearray] = {}
        self._counted: dict[str, Ranges] = {}

    def crash(self) -> None:
        """The power fails: what was written and not kept is as it was."""
        self._disk = {blob: bytearray(data) for blob, data in self._durable.items()}

    def sender(self, device: int) -> Sender | None:
        return self.senders.get(device)

    def of(self, commune: str) -> MemoryProvinceBlobs:
        self._asking = commune
        return self

    def announced(self, blob: str) -> Announced | None:
        told = self.told.get(blob)
        return told if told is not None and told.commune == self._asking else None

    def have(self, blob: str) -> Ranges:
        return Ranges.whole(self.told[blob].size) if blob in self.complete else self._counted.get(blob, NONE)

    def is_complete(self, blob: str) -> bool:
        return blob in self.complete

    def write(self, blob: str, offset: int, data: bytes) -> None:
        if blob in self.complete:
            return
        if len(data) > self.room:
            raise BlobDiskFull("no room")
        self.room -= len(data)
        part = self._disk.setdefault(blob, bytearray(self.told[blob].size))
        part[offset : offset + len(data)] = data

    def keep(self, blob: str, units: Ranges) -> Ranges:
        if blob not in self.complete:
            self._durable[blob] = bytearray(self._disk[blob])
            self._counted[blob] = self.have(blob) | units
        return self.have(blob)

    def finish(self, blob: str) -> bool:
        if blob in self.complete:
            return True
        told = self.told[blob]
        verdict = judge(io.BytesIO(self._durable[blob]), blob, told.size, told.key)
        if verdict.ok:
            self.complete[blob] = bytes(self._durable[blob])
        else:
            self._counted[blob] = self.have(blob) - units_of(verdict.bad, told.size)
        self.verdicts.append((blob, verdict.ok, verdict.bad))
        return verdict.ok

    def pause_s(self, device: int) -> int:
        return self.pause

    def spend(self, device: int, size: int) -> None:
        self.spent += size
