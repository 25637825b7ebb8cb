"""A small world for tests: one province, communes with their keys, enrolled kiosks with engines, and a line between them."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from sync.engine import Engine, EngineKeys, Limits, ReplyOutcome
from sync.intake import ProvinceKeys, handle
from sync.keys import DeviceKeys, SealKey, SigningKey
from sync.ports import DeviceRecord
from sync.rollover import ProvincePublic, Trust
from sync.simulator.meaning import CountingMerge
from sync.simulator.memory import MemoryKiosk, MemoryProvince

SERVER_MS = 1_764_551_000_000


@dataclass
class Kiosk:
    """A machine: its journal, its keys, and the engine that a restart makes anew."""

    journal: MemoryKiosk
    keys: EngineKeys
    device_keys: DeviceKeys
    limits: Limits
    engine: Engine

    def restart(self) -> None:
        self.engine = Engine(self.journal, self.keys, limits=self.limits, random_bytes=self.journal.rng.randbytes)


class World:
    """Builds the parts; ``seed`` makes devices, incarnations and nonces repeatable."""

    def __init__(self, seed: int = 1, limits: Limits | None = None) -> None:
        self.rng = random.Random(seed)
        self.limits = limits or Limits()
        self.province = MemoryProvince()
        self.root = SigningKey(self.rng.randbytes(32))
        self.signing, self.sealing = SigningKey(self.rng.randbytes(32)), SealKey(self.rng.randbytes(32))
        self.keys = ProvinceKeys(self.signing, self.sealing)
        self.merge = CountingMerge()
        self.communes: dict[str, SealKey] = {}

    def kiosk(self, commune: str = "01273") -> Kiosk:
        """Enrol one more kiosk."""
        if commune not in self.communes:
            self.communes[commune] = SealKey(self.rng.randbytes(32))
            self.province.state.communes[commune] = (1, self.communes[commune].public)
        own = DeviceKeys(SigningKey(self.rng.randbytes(32)), SealKey(self.rng.randbytes(32)))
        device = 1000 + len(self.province.devices)
        self.province.devices[device] = DeviceRecord(device, commune, own.sign.public, own.seal.public)
        public = ProvincePublic(self.signing.public, self.sealing.public)
        trust = Trust(self.root.public, device, commune, public, (self.communes[commune].secret,))
        keys = EngineKeys(own.sign, own.seal, trust)
        journal = MemoryKiosk(device, self.rng)
        engine = Engine(journal, keys, limits=self.limits, random_bytes=self.rng.randbytes)
        return Kiosk(journal, keys, own, self.limits, engine)

    def revoke(self, kiosk: Kiosk, **valid_to: int) -> None:
        record = self.province.devices[kiosk.journal.device]
        self.province.devices[kiosk.journal.device] = replace(record, valid_to={int(k[1:]): n for k, n in valid_to.items()})

    def answer(self, request: bytes) -> bytes:
        """What the province's web view does: one transaction, then the answer."""
        with self.province.atomic():
            return handle(request, self.province, self.merge, self.keys, SERVER_MS)

    def exchange(self, kiosk: Kiosk) -> ReplyOutcome:
        request = kiosk.engine.make_request(0.0, 1_764_550_991_227)
        return kiosk.engine.on_reply(self.answer(request), 0.5)

    def settle(self, *kiosks: Kiosk, rounds: int = 50) -> None:
        """Exchange until nothing moves."""
        for _ in range(rounds):
            if sum(self.exchange(kiosk).moved for kiosk in kiosks) == 0:
                return
        raise AssertionError("the world did not settle")
