"""The workload under the power cuts: the kiosk's own acts on its own store, each promise said after the act has returned.

Promises go into the disk process's ``marks``: ``filed`` a code, ``accepted`` a dossier, ``sending`` and ``printed`` a print job,
``backup`` a copy of the store by name and hash, ``attached`` a file by its id. ``born`` ends the first start; nothing is
promised before it. ``begin`` opens a filing.
"""

from __future__ import annotations

import hashlib
import os
import random
import sys
from pathlib import Path

from devices.card.twin import SAMPLES
from kiosk.attachments import attach
from kiosk.chaos.photo import photo, photographed
from kiosk.chaos.power.variants import VARIANTS, install, neglect
from kiosk.demo.alone import enrolled_alone
from kiosk.demo.sample import sample_session
from kiosk.machine import Machine
from kiosk.officials import add_official
from kiosk.store.backup import back_up
from kiosk.usecases import accept_dossier, file_dossier

SETS = ("store.reserve_mb=1", "store.least_free_mb=1", "store.scan_free_mb=1", "province.url=http://tinh.example")
BACKUP_EVERY, ATTACH_EVERY = 12, 3


class Promising:
    """Says promises into the file of marks, each in one write that crosses no page: FUSE would cut it there."""

    def __init__(self, marks: Path) -> None:
        self._file = os.open(marks, os.O_WRONLY)

    def __call__(self, word: str, what: str = "") -> None:
        os.pwrite(self._file, f"{word} {what}".encode(), 0)


def main(state: str, marks: str, variant: str, dossiers: str, seed: str) -> None:
    install(next(one for one in VARIANTS if one == variant))
    say, dice = Promising(Path(marks)), random.Random(seed)
    machine = enrolled_alone(Path(state), sets=SETS)
    official = add_official(machine.store, "Cán bộ Mẫu", "135790", "official")
    procedure, session = sample_session(machine.store.clock.now().date())
    if variant == "naive":
        neglect()
    say("born")
    for number in range(int(dossiers)):
        say("begin")
        filed = file_dossier(machine, procedure, session, SAMPLES[0].person)
        say("filed", filed.code)
        _print(machine, filed.job, say)
        if dice.random() < 0.5:
            accepted = accept_dossier(machine, filed.dossier, procedure, official, machine.store.seen())
            say("accepted", filed.code)
            _print(machine, accepted.job, say)
        if number % ATTACH_EVERY == 0:
            kept = attach(machine, filed.dossier, photographed(procedure), photo(dice))
            say("attached", kept.blob)
            say("attached", kept.preview)
        if number % BACKUP_EVERY == BACKUP_EVERY - 1:
            copy = Path(state) / f"copy-{number}.db"
            back_up(machine.store, machine.keyring, copy)
            say("backup", f"{copy.name} {hashlib.sha256(copy.read_bytes()).hexdigest()}")
    say("end")
    machine.close()


def _print(machine: Machine, job: int, say: Promising) -> None:
    machine.store.set_print_state(job, "sending")
    say("sending", str(job))
    machine.store.set_print_state(job, "printed")
    say("printed", str(job))


if __name__ == "__main__":
    main(*sys.argv[1:])
