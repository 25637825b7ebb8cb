"""Keys of a world that change: the province's, a commune's."""

from __future__ import annotations

from dataclasses import replace

from sync.keys import SealKey, SigningKey
from sync.rollover import CommuneSecret, ProvincePublic, write_commune, write_province
from sync.simulator.world import Kiosk, World


def roll_province(world: World) -> None:
    """The province's keys of the next generation come into force."""
    before, generation = world.signing, world.keys.generation + 1
    world.signing, sealing = SigningKey(world.rng.randbytes(32)), SealKey(world.rng.randbytes(32))
    public = ProvincePublic(world.signing.public, sealing.public, generation)
    world.province.province_documents.append(write_province(public, world.root, before))
    former = {**world.keys.former, world.keys.generation: world.keys.seal}
    world.keys = replace(world.keys, sign=world.signing, seal=sealing, generation=generation, former=former)


def renew_commune(world: World, *kiosks: Kiosk) -> SealKey:
    """The commune 01273 has another secret, which these kiosks have not heard of."""
    fresh = SealKey(world.rng.randbytes(32))
    secret = CommuneSecret("01273", 2, fresh.secret)
    world.province.commune_letters = lambda to: (2, write_commune(secret, to.device, to.seal_key, world.signing))
    for kiosk in kiosks:
        device = kiosk.journal.device
        world.province.devices[device] = replace(world.province.devices[device], commune_generation=2)
    world.province.state.communes["01273"] = (2, fresh.public)
    return fresh
