"""Tidying a machine: the policy in force, the key finished dossiers are sealed to, and the daily turn in the sync process."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from kiosk.machine import Machine
from kiosk.store.connection import StoreError
from kiosk.store.retention import Plan, Policy, tidy
from sync.keys import SODIUM, Sealer

ForgetFiles = Callable[[Sequence[str]], int]
"""Told the dossiers just sealed, drops the copies of their files that may go; how many."""


def policy_of(machine: Machine) -> Policy:
    """What the configuration says, or the province where it has said something else."""
    own = Policy(int(machine.config["retention.days"]), int(machine.config["retention.log_days"]))
    return own.pushed(json.loads(machine.store.meta("policy", "null")))


def sealer_of(machine: Machine) -> Sealer:
    """Seals to the province's newest key.

    Raises:
        StoreError: ``not_enrolled``.
    """
    trust = machine.trust
    if trust is None:
        raise StoreError("not_enrolled", "Máy này chưa được tỉnh ghi danh.", "Kỹ thuật: chạy «python3 main.py sync enrol».")
    return SODIUM.sealer(trust.province.seal_key)


def tidy_machine(machine: Machine, forget_files: ForgetFiles = lambda _: 0) -> Plan:
    """Let go what may go now. Raises StoreError."""
    return tidy(machine.store, policy_of(machine), sealer_of(machine), forget_files)


def tidy_daily(machine: Machine, forget_files: ForgetFiles = lambda _: 0) -> Plan | None:
    """Once on each day the province tells, ``None`` when today's turn was taken; a day it once told by mistake holds up none. Cheap
    enough to be asked after every exchange."""
    store, today = machine.store, machine.store.server_day()
    if today is None or int(store.meta("tidied_day", 0)) == today:
        return None
    made = tidy_machine(machine, forget_files)
    with store.transaction():
        store.set_meta("tidied_day", today)
    return made
