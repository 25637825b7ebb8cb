"""The province at the other end of the workload's line: the product's intake and the forms' merge over a journal in memory.

No power is cut there, and nothing of it lies on the disk under test; so what the kiosk heard from it and promised to have kept can
be looked for after a cut.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from forms.dossier.merge import Known, Writing, merge
from kiosk.demo.alone import COMMUNE
from kiosk.machine import Machine
from sync.engine import Engine
from sync.envelope import Event, Origin
from sync.intake import ProvinceKeys, handle
from sync.keys import SealKey, SigningKey
from sync.ports import Confirmed, DeviceRecord, Effect
from sync.rollover import ProvincePublic
from sync.simulator.memory import MemoryProvince

_SERVER_MS: Final = 1_795_568_400_000


class FarEnd:
    """Its keys and its journal; a :class:`sync.ports.MergePort`."""

    def __init__(self) -> None:
        sign, seal = SigningKey.generate(), SealKey.generate()
        self.public = ProvincePublic(sign.public, seal.public)
        self._keys = ProvinceKeys(sign, seal)
        self._journal = MemoryProvince()
        self._journal.state.communes[COMMUNE] = 1, SealKey.generate().public

    def enrol(self, machine: Machine) -> None:
        """Know a kiosk that was enrolled with :attr:`public`."""
        own, device = machine.keyring.device, machine.store.identity_or_raise().device
        self._journal.devices[device] = DeviceRecord(device, COMMUNE, own.sign.public, own.seal.public)

    def merge(self, confirmed: Mapping[str, Confirmed], event: Event, origin: Origin, received_ms: int) -> Effect:
        known = {name: Known(one.value, one.rev, one.origin.device if one.origin else None) for name, one in confirmed.items()}
        writing = Writing(origin.device, origin.incarnation, origin.n, event.dossier, event.kind, event.content, event.base)
        return Effect(tuple(merge(known, writing)))

    def exchange(self, engine: Engine) -> bool:
        """One request and its answer; whether anything moved."""
        with self._journal.atomic():
            reply = handle(engine.make_request(0.0, _SERVER_MS), self._journal, self, self._keys, _SERVER_MS)
        return engine.on_reply(reply, 0.5).moved

    def complete(self, blob: str, dossier: str) -> None:
        """A file is whole here: the feed says so."""
        with self._journal.atomic():
            self._journal.add_entry(COMMUNE, {"e": "bl", "id": blob, "d": dossier, "ok": 1}, None)
