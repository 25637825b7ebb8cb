"""The province's authority in a schedule: root, keys by generation, communes' secrets, and the letters that tell of new ones.

It works with either suite: the product's libsodium, or the fast one of the simulator. What it issues is never taken back by a
restored database, as its keys lie elsewhere than the journal.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from sync.engine import EngineKeys
from sync.intake import ProvinceKeys
from sync.keys import SODIUM, Opener, SealKey, Signer, SigningKey, Suite, Verifier
from sync.ports import DeviceRecord
from sync.rollover import (
    MAX_ROTATIONS,
    CommuneSecret,
    ProvincePublic,
    Rotation,
    Trust,
    write_commune,
    write_province,
    write_rotation,
)
from sync.simulator.crypto import BLIND, FAST, BlindBox, BlindSigner, FastBox, FastSigner
from sync.simulator.memory import MemoryKiosk, MemoryProvince


class Secret(Opener, Protocol):
    """A key that opens, with both its halves as bytes."""

    @property
    def public(self) -> bytes: ...

    @property
    def secret(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Forge:
    """Makes keys of 32 random bytes."""

    suite: Suite
    signer: Callable[[bytes], Signer]
    box: Callable[[bytes], Secret]


FAST_FORGE: Final = Forge(FAST, FastSigner, FastBox)
BLIND_FORGE: Final = Forge(BLIND, BlindSigner, BlindBox)
SODIUM_FORGE: Final = Forge(SODIUM, SigningKey, SealKey)


@dataclass
class Pair:
    """The two keys of a device."""

    sign: Signer
    seal: Secret


@dataclass
class Authority:
    """Everything that signs for the province."""

    rng: random.Random
    forge: Forge
    root: Signer = field(init=False)
    keys: ProvinceKeys = field(init=False)
    public: ProvincePublic = field(init=False)
    communes: dict[str, list[Secret]] = field(default_factory=dict)
    """Commune -> its secrets, newest last."""

    def __post_init__(self) -> None:
        self.root = self.signer()
        pair = self.pair()
        self.public = ProvincePublic(pair.sign.public, pair.seal.public)
        self.keys = ProvinceKeys(pair.sign, pair.seal, suite=self.forge.suite)

    @property
    def verifier(self) -> Verifier:
        """Of the key in force."""
        return self.forge.suite.verifier(self.public.verify_key)

    def signer(self) -> Signer:
        return self.forge.signer(self.rng.randbytes(32))

    def pair(self) -> Pair:
        return Pair(self.signer(), self.forge.box(self.rng.randbytes(32)))

    def enrol(self, province: MemoryProvince, device: int, commune: str) -> tuple[Pair, EngineKeys]:
        """A new device of a commune, known to the province."""
        if commune not in self.communes:
            self.communes[commune] = [self.forge.box(self.rng.randbytes(32))]
            province.state.communes[commune] = (1, self.communes[commune][0].public)
        pair, secrets = self.pair(), self.communes[commune]
        generation = len(secrets)
        record = DeviceRecord(device, commune, pair.sign.public, pair.seal.public, commune_generation=generation)
        province.devices[device] = record
        trust = Trust(self.root.public, device, commune, self.public, (secrets[-1].secret,), generation)
        return pair, EngineKeys(pair.sign, pair.seal, trust, suite=self.forge.suite)

    def record(self, pair: Pair, before: DeviceRecord) -> DeviceRecord:
        """The record of a device whose keys people have compared."""
        return replace(before, verify_key=pair.sign.public, seal_key=pair.seal.public)

    def renew_province(self, province: MemoryProvince) -> None:
        """The next pair of the province's keys; the one before still opens what is on its way."""
        pair, before = self.pair(), self.keys
        fresh = ProvincePublic(pair.sign.public, pair.seal.public, self.public.generation + 1)
        province.province_documents.append(write_province(fresh, self.root, before.sign))
        former = {**before.former, before.generation: before.seal}
        self.public = fresh
        self.keys = replace(before, sign=pair.sign, seal=pair.seal, generation=fresh.generation, former=former)

    def renew_commune(self, province: MemoryProvince, commune: str) -> None:
        """The next secret of a commune, for each of its devices that is still in service."""
        fresh = self.forge.box(self.rng.randbytes(32))
        self.communes[commune].append(fresh)
        generation = len(self.communes[commune])
        province.state.communes[commune] = (generation, fresh.public)
        for device, record in province.devices.items():
            if record.commune == commune and record.valid_to is None:
                province.devices[device] = replace(record, commune_generation=generation)

    def commune_letter(self, record: DeviceRecord) -> tuple[int, bytes]:
        """The commune's newest secret, sealed to a device's key in force and signed with the province's key in force."""
        secrets = self.communes[record.commune]
        secret = CommuneSecret(record.commune, len(secrets), secrets[-1].secret)
        return len(secrets), write_commune(secret, record.device, record.seal_key, self.keys.sign, self.forge.suite)

    def rotate(self, journal: MemoryKiosk, keys: EngineKeys, generation: int) -> tuple[Pair, EngineKeys]:
        """The next keys of a device, with the letter its key before signs: that key counts up to what is written now."""
        fresh = self.pair()
        upto = {inc: journal.last(inc)[0] for inc in journal.incarnations()}
        rotation = Rotation(journal.device, generation + 1, fresh.sign.public, fresh.seal.public, upto)
        letter = write_rotation(rotation, keys.sign)
        rotations = (*keys.rotations, letter)[-MAX_ROTATIONS:]
        former = (keys.seal, *keys.former)
        return fresh, replace(keys, sign=fresh.sign, seal=fresh.seal, former=former, rotations=rotations, untold=True)
