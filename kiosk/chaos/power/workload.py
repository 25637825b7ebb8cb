"""The workload under the power cuts: the kiosk's own acts on its own store, each promise said after the act has returned.

Promises go into the disk process's ``marks``: ``filed`` a code, ``accepted`` a dossier, ``sending`` and ``printed`` a print job,
``backup`` a copy of the store by name and hash, ``attached`` a file by its id; of what came from the province ``synced`` a place in
the feed and in the own log that is acknowledged there, ``held`` a file and how many bytes it has, ``complete`` a file. ``born``
ends the first start; nothing is promised before it. ``begin`` opens a filing.
"""

from __future__ import annotations

import hashlib
import os
import random
import sys
from collections.abc import Callable
from pathlib import Path

from kiosk.attachments import attach
from kiosk.chaos.photo import photo, photographed
from kiosk.chaos.power.far_end import FarEnd
from kiosk.chaos.power.variants import VARIANTS, install, neglect
from kiosk.demo.alone import enrolled_alone
from kiosk.demo.sample import SAMPLE_CARD, sample_session
from kiosk.machine import Machine
from kiosk.officials import add_official
from kiosk.store.backup import back_up
from kiosk.store.blobs import KioskFiles
from kiosk.usecases import accept_dossier, file_dossier
from sync.blob.ranges import UNIT, Ranges
from sync.engine import Engine

SETS = ("store.reserve_mb=1", "store.least_free_mb=1", "store.scan_free_mb=1", "province.url=http://tinh.example")
BACKUP_EVERY, ATTACH_EVERY, SYNC_EVERY = 12, 3, 2


class Promising:
    """Says promises into the file of marks, each in one write that crosses no page: FUSE would cut it there."""

    def __init__(self, marks: Path) -> None:
        self._file = os.open(marks, os.O_WRONLY)

    def __call__(self, word: str, what: str = "") -> None:
        os.pwrite(self._file, f"{word} {what}".encode(), 0)


def main(state: str, marks: str, variant: str, dossiers: str, seed: str) -> None:
    install(next(one for one in VARIANTS if one == variant))
    say, dice = Promising(Path(marks)), random.Random(seed)
    far = FarEnd()
    machine = enrolled_alone(Path(state), sets=SETS, province=far.public)
    far.enrol(machine)
    line = Line(machine, far, say)
    official = add_official(machine.store, "Cán bộ Mẫu", "135790", "official")
    procedure, session = sample_session(machine.store.clock.now().date())
    if variant == "naive":
        neglect()
    say("born")
    for number in range(int(dossiers)):
        say("begin")
        filed = file_dossier(machine, procedure, session, SAMPLE_CARD)
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
        if number % SYNC_EVERY == SYNC_EVERY - 1:
            line.exchange()
            line.send(dice)
        if number % BACKUP_EVERY == BACKUP_EVERY - 1:
            copy = Path(state) / f"copy-{number}.db"
            back_up(machine.store, machine.keyring, copy)
            say("backup", f"{copy.name} {hashlib.sha256(copy.read_bytes()).hexdigest()}")
    say("end")
    machine.close()


class Line:
    """What the sync process does, with the engine and the store it has."""

    def __init__(self, machine: Machine, far: FarEnd, say: Callable[[str, str], None]) -> None:
        self._store, self._files = machine.store, KioskFiles(machine.store)
        self._engine = Engine(machine.store, machine.engine_keys())
        self._far = far
        self._say = say
        self._whole: set[str] = set()

    def exchange(self) -> None:
        """Exchange events until nothing moves."""
        while self._far.exchange(self._engine):
            seq, (inc, _, _) = self._store.feed_position()[0], self._store.current()
            self._say("synced", f"{seq} {self._store.acked(inc)}")
        for fact in self._files.facts():
            if fact.state == "complete" and fact.id not in self._whole:
                self._whole.add(fact.id)
                self._say("complete", fact.id)

    def send(self, dice: random.Random) -> None:
        """A part of every file arrives, and some are whole with it; the feed says so in the next exchange."""
        for task in self._files.tasks():
            held = min(task.size, dice.randrange(task.size * 2))
            self._files.set_have(task.id, task.have | Ranges.of_bytes(0, held, task.size))
            self._say("held", f"{task.id} {held // UNIT * UNIT}")
            if held == task.size:
                self._far.complete(task.id, task.dossier)


def _print(machine: Machine, job: int, say: Promising) -> None:
    machine.store.set_print_state(job, "sending")
    say("sending", str(job))
    machine.store.set_print_state(job, "printed")
    say("printed", str(job))


if __name__ == "__main__":
    main(*sys.argv[1:])
