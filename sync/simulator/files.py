"""The files of both ends in memory: what ``sync.blob`` asks of a kiosk's and of the province's disk.

At the province, bytes that were written and not yet kept are lost with the power, as unsynced pages are.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Sequence

from sync.blob.cipher import judge, units_of
from sync.blob.ports import NO_DUE, Announced, BlobTask, Lane, Sender
from sync.blob.ranges import NONE, Ranges
from sync.errors import BlobDiskFull
from sync.keys import Suite
from sync.simulator.memory import MemoryKiosk, MemoryProvince, readable


class KioskFiles:
    """Fills :class:`sync.blob.ports.KioskBlobs` from a kiosk's disk in memory."""

    def __init__(self, journal: MemoryKiosk) -> None:
        self._journal = journal

    def tasks(self) -> Sequence[BlobTask]:
        state, untold = self._journal.state, set(self._untold())
        return [
            BlobTask(name, len(file.data), Lane(file.lane), file.dossier, NO_DUE, state.have.get(name, NONE))
            for name, file in state.files.items()
            if name not in untold and not self._journal.is_complete(name)
        ]

    def _untold(self) -> Iterator[str]:
        """Files whose event the province has not said it holds."""
        for inc in self._journal.incarnations():
            for line in self._journal.lines(inc, self._journal.told(inc), 1 << 30):
                event = readable(line.body)
                if event is not None and event.kind == "at":
                    yield str(event.content.get("blob"))

    def read(self, blob: str, offset: int, length: int) -> bytes:
        return self._journal.state.files[blob].data[offset : offset + length]

    def set_have(self, blob: str, have: Ranges) -> None:
        with self._journal.atomic():
            self._journal.disk.put(self._journal.state.have, blob, have)

    def set_damaged(self, blob: str, why: str) -> None:
        raise AssertionError(f"{blob} is damaged on a sound disk: {why}")


class ProvinceFiles:
    """Fills :class:`sync.blob.ports.ProvinceBlobs`, and that of every commune: no two of them tell of one file here.

    Bytes that are written and not kept are lost with the power.
    """

    def __init__(self, province: MemoryProvince, suite: Suite) -> None:
        self._province, self._suite = province, suite
        self._loose: dict[str, dict[int, bytes]] = {}
        self.full = False

    def sender(self, device: int) -> Sender | None:
        record = self._province.device(device)
        if record is None:
            return None
        return Sender(device, record.commune, (self._suite.verifier(record.verify_key),), record.valid_to is not None)

    def of(self, commune: str) -> ProvinceFiles:
        return self

    def announced(self, blob: str) -> Announced | None:
        for commune, dossiers in self._province.state.confirmed.items():
            for fields in dossiers.values():
                told = fields.get(f"at.{blob}")
                if told is not None:
                    return Announced(blob, told.value["size"], base64.b64decode(told.value["key"]), commune)
        return None

    def have(self, blob: str) -> Ranges:
        return self._province.state.have.get(blob, NONE)

    def is_complete(self, blob: str) -> bool:
        return blob in self._province.state.whole

    def write(self, blob: str, offset: int, data: bytes) -> None:
        if self.full:
            raise BlobDiskFull("no room for a unit")
        self._loose.setdefault(blob, {})[offset] = data

    def keep(self, blob: str, units: Ranges) -> Ranges:
        state, disk = self._province.state, self._province.disk
        held = bytearray(state.parts.get(blob, b""))
        for offset, data in self._loose.pop(blob, {}).items():
            held.extend(bytes(max(0, offset + len(data) - len(held))))
            held[offset : offset + len(data)] = data
        with self._province.atomic():
            if not self.is_complete(blob):
                disk.put(state.parts, blob, bytes(held))
            disk.put(state.have, blob, self.have(blob) | units)
        return self.have(blob)

    def finish(self, blob: str) -> bool:
        told = self.announced(blob)
        if told is None:
            return False
        state, disk = self._province.state, self._province.disk
        verdict = judge(io.BytesIO(state.parts[blob]), blob, told.size, told.key)
        with self._province.atomic():
            if verdict.ok:
                disk.put(state.whole, blob, True)
            else:
                disk.put(state.have, blob, self.have(blob) - units_of(verdict.bad, told.size))
            said = {"ok": 1} if verdict.ok else {"ok": 0, "bad": list(verdict.bad)}
            self._province.add_entry(told.commune, {"e": "bl", "id": blob, "d": "", **said}, None)
        return verdict.ok

    def pause_s(self, device: int) -> int:
        return 0

    def spend(self, device: int, size: int) -> None:
        """There is no budget in a schedule."""

    def lose_power(self) -> None:
        self._loose.clear()
