"""A kiosk enrolled by nobody but itself, for benchmarks, drills and tests that need no province: a root made on the spot.

Its keys are worth nothing anywhere else. Everything else about it is real: store, keys, bundle, office.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path

from kiosk.clock import Clock
from kiosk.config import load
from kiosk.machine import Machine, open_machine
from sync.enrol import Grant, issue_bundle, make_request, open_request
from sync.keys import SealKey, SigningKey
from sync.rollover import ProvincePublic

COMMUNE = "01290"


def enrolled_alone(
    state: Path,
    *,
    device: int = 7,
    clock: Clock | None = None,
    sets: Sequence[str] = (),
    province: ProvincePublic | None = None,
) -> Machine:
    """A kiosk in ``state``, enrolled if it is not yet: at a province with these keys, or at one that is nowhere."""
    config = load(state, overrides=tuple(sets))
    machine = open_machine(config, clock)
    if machine.enrolment is not None:
        return machine
    keys, root = machine.keyring.device, SigningKey.generate()
    request = make_request(keys, COMMUNE, "Lý Văn Mẫu", secrets.token_bytes(16))
    grant = Grant(
        device=device,
        commune=COMMUNE,
        commune_secret=SealKey.generate().secret,
        province=province or ProvincePublic(SigningKey.generate().public, SealKey.generate().public),
    )
    bundle = issue_bundle(open_request(request), grant, root)
    with machine.store.transaction():
        machine.store.set_meta("enrol_request", request)
        machine.store.set_meta("enrol_bundle", bundle)
    machine.close()
    return open_machine(config, clock)
