"""``chaos disk``: full and read-only disks under filing and sync, on real file systems of a few megabytes; real processes.

Nothing promised may be lost, no attachment either; who is refused hears which trouble it is; and a disk that has room again is used
again without a restart. A file system that an error has made read-only needs the machine's restart: until then every act is refused
in words, afterwards all that was promised is there.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from kiosk.attachments import attach
from kiosk.chaos.judge import Promises, broken, judge
from kiosk.chaos.kernel import MS_RDONLY, MS_REMOUNT, break_ext4, make_ext4, mount, mounted, unmount
from kiosk.chaos.photo import photo, photographed
from kiosk.chaos.report import Report
from kiosk.config import load
from kiosk.counts import count
from kiosk.demo.alone import enrolled_alone
from kiosk.demo.processes import DemoError, wait_for
from kiosk.demo.sample import SAMPLE_CARD, sample_session
from kiosk.demo.stage import Stage
from kiosk.machine import Machine, open_machine
from kiosk.services import Refused
from kiosk.store.blobs import KioskFiles
from kiosk.store.connection import DatabaseError, StoreError
from kiosk.sync_status import wake
from kiosk.usecases import check_can_file, file_dossier

DISK_MIB = 72
SETS = ("store.reserve_mb=8", "store.least_free_mb=20")
SCANS = ("store.scan_free_mb=24", "store.warn_free_mb=28")
"""What this disk takes for too little room for a scan."""
REFUSALS = frozenset({"disk_full", "store_busy"})
"""What a full disk may be called: busy, because the sync process tries the same disk."""
NO_SCANS = REFUSALS | {"disk_no_scans"}
READ_ONLY = frozenset({"store_io", "store_read_only"})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=count, default=6, help="số lần làm đầy ổ đĩa ở mỗi đầu")


def run(given: argparse.Namespace, folder: Path) -> Iterator[Report]:
    """Both ends full, then the kiosk's disk read-only."""
    yield _full(folder / "full", given.rounds, given.seed)
    yield _read_only(folder / "read-only", given.seed)


@dataclass(slots=True)
class _Said:
    """What was promised and what was refused, by code."""

    filed: set[str] = field(default_factory=set)
    attached: set[str] = field(default_factory=set)
    refused: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)

    def file(self, machine: Machine, allowed: frozenset[str]) -> bool:
        """One filing as the screen does it: asked for first; a refusal in other words than those allowed is a finding."""

        def act() -> None:
            check_can_file(machine)
            self.filed.add(file_dossier(machine, *sample_session(machine.store.clock.now().date()), SAMPLE_CARD).code)

        return self._asked(act, allowed)

    def attach(self, machine: Machine, data: bytes, allowed: frozenset[str]) -> bool:
        """A photograph for the newest dossier, in the same way."""
        newest = "SELECT d FROM log WHERE d <> '' ORDER BY rowid DESC LIMIT 1"
        dossier = str(machine.store.rows(newest)[0]["d"])
        paper = photographed(sample_session(machine.store.clock.now().date())[0])
        return self._asked(lambda: self.attached.add(attach(machine, dossier, paper, data).blob), allowed)

    def _asked(self, act: Callable[[], object], allowed: frozenset[str]) -> bool:
        try:
            act()
        except (StoreError, Refused) as error:
            self.refused[error.code] += 1
            if error.code not in allowed or not (error.message_vi and error.cure_vi):
                self.findings.append(f"refused in the wrong words: {error}")
            return False
        except (DatabaseError, OSError) as error:
            self.findings.append(f"refused without words: {type(error).__name__}: {error}")
            return False
        return True


class _Ballast:
    """A file that leaves a disk with ``left`` free bytes for as long as the block lasts."""

    def __init__(self, folder: Path, left: int) -> None:
        self._path = folder / "ballast.bin"
        self._left = left

    def __enter__(self) -> None:
        piece = bytes(64 * 1024)
        with self._path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(piece)
        with self._path.open("rb+") as file:
            file.truncate(max(0, self._path.stat().st_size - self._left))

    def __exit__(self, *_: object) -> None:
        self._path.unlink()


def _full(folder: Path, rounds: int, seed: int) -> Report:
    started, dice, said = time.monotonic(), random.Random(seed), _Said()
    for one in ("kiosk", "province"):
        (folder / one).mkdir(parents=True)
        mount("disk", folder / one, "tmpfs", options=f"size={DISK_MIB}m")
    try:
        stage = Stage(folder, fullscreen=False)
        stage.province_limits = "attachments_keep_free_mib = 1\n"
        with stage:
            machine = open_machine(load(stage.kiosk_state, overrides=SCANS))
            steps = dict.fromkeys(("store.least_free_mb", "store.scan_free_mb", "store.warn_free_mb"), 0)
            late = replace(machine, config=replace(machine.config, values={**machine.config.values, **steps}))
            try:
                for number in range(rounds):
                    said.findings += _full_kiosk(stage, machine, late, said, dice, number)
                    said.findings += _full_province(stage, machine, said, dice)
            finally:
                machine.close()
            said.findings += judge(stage, Promises(frozenset(said.filed), frozenset(), frozenset(said.attached)))
    finally:
        for one in ("kiosk", "province"):
            unmount(folder / one, at_once=True)
    facts = {
        "seed": seed,
        "rounds": rounds,
        "filed": len(said.filed),
        "attached": len(said.attached),
        "refused": dict(said.refused),
        "seconds": round(time.monotonic() - started, 1),
    }
    papers = f"{len(said.filed)} hồ sơ và {len(said.attached)} giấy tờ đã hứa"
    told = f"Ổ đĩa đầy: {rounds} lần ở mỗi đầu, {papers}, từ chối {dict(said.refused)}."
    return Report("disk full", told, facts, tuple(said.findings))


def _full_kiosk(stage: Stage, machine: Machine, late: Machine, said: _Said, dice: random.Random, number: int) -> Iterator[str]:
    """``late``: the same machine, where a scan had begun before the disk was full."""
    before = stage.sync.pid
    with _Ballast(stage.kiosk_state, dice.choice((0, 4096, dice.randrange(400_000)))):
        # Somebody is in the middle of a filing when the disk fills: the reserve is there for that one.
        in_hand = _in_hand(machine, said)
        if not in_hand:
            yield f"round {number}: the filing in hand was lost to a full disk"
        begun = [said.file(machine, REFUSALS) for _ in range(3)]
        if any(begun):
            yield f"round {number}: a filing was begun on a full disk"
        if said.attach(machine, photo(dice), NO_SCANS):
            yield f"round {number}: a scan was begun on a full disk"
        # One that had begun is kept whole (the reserve may be there for it), or refused in words and leaves nothing.
        said.attach(late, photo(dice, side=1200), NO_SCANS)
        wake(stage.kiosk_state)
        time.sleep(0.5)
    if not said.file(machine, frozenset()):
        yield f"round {number}: no filing though there is room again"
    if not said.attach(machine, photo(dice), frozenset()):
        yield f"round {number}: no scan though there is room again"
    yield from _no_rests(machine, number)
    yield from _carried_on(stage, machine, f"round {number}: the kiosk's disk was full")
    if stage.sync.pid != before or not stage.sync.running():
        yield f"round {number}: the sync process did not live through a full disk"


def _no_rests(machine: Machine, number: int) -> Iterator[str]:
    """Every file beside the store is one the journal names."""
    files = KioskFiles(machine.store)
    named = {fact.id for fact in files.facts()}
    if any(path.is_file() and path.name not in named for path in files.folder.rglob("*")):
        yield f"round {number}: a refused scan left something behind"


def _in_hand(machine: Machine, said: _Said) -> bool:
    filed = sample_session(machine.store.clock.now().date())
    try:
        said.filed.add(file_dossier(machine, *filed, SAMPLE_CARD).code)
    except StoreError as error:
        said.refused[f"in hand: {error.code}"] += 1
        return False
    return True


def _full_province(stage: Stage, machine: Machine, said: _Said, dice: random.Random) -> Iterator[str]:
    with _Ballast(stage.province_state, dice.choice((0, 4096, dice.randrange(100_000)))):
        for _ in range(3):
            said.file(machine, frozenset())
        # Its events are told, or wait; its bytes find no room at the other end.
        said.attach(machine, photo(dice, side=600), frozenset())
        wake(stage.kiosk_state)
        time.sleep(1.0)
    yield from _carried_on(stage, machine, "the province's disk was full")
    if not stage.province.running():
        yield "the province did not live through a full disk"


def _carried_on(stage: Stage, machine: Machine, what: str) -> Iterator[str]:
    files = KioskFiles(machine.store)

    def sent() -> bool:
        wake(stage.kiosk_state)
        return machine.store.waiting() == 0 and files.waiting() == []

    try:
        wait_for("all to be sent", sent, 40, 0.3)
    except DemoError:
        yield f"{what}: not made good without a restart"


def _read_only(folder: Path, seed: int) -> Report:
    """An ext4 that finds an error and makes itself read-only, as a dying card does; and a start on a read-only disk."""
    started, said = time.monotonic(), _Said()
    folder.mkdir(parents=True)
    image = folder / "disk.img"
    make_ext4(image, DISK_MIB)
    with mounted(image, folder / "place", "errors=remount-ro") as place:
        machine = enrolled_alone(place / "state", sets=(*SETS, "province.url=http://tinh.example"))
        for _ in range(5):
            said.file(machine, frozenset())
        break_ext4(place)
        # SQLite notices at its next write.
        begun = [said.file(machine, READ_ONLY) for _ in range(4)]
        if any(begun[1:]):
            said.findings.append("a filing is promised on a read-only disk")
        machine.close()
    with mounted(image, folder / "place") as place:
        said.findings += _all_there(place / "state", said)
        mount("", place, "ext4", MS_REMOUNT | MS_RDONLY)
        said.findings += _opens_in_words(place / "state")
        mount("", place, "ext4", MS_REMOUNT)
        said.findings += _all_there(place / "state", said)
    facts = {
        "seed": seed,
        "filed": len(said.filed),
        "refused": dict(said.refused),
        "seconds": round(time.monotonic() - started, 1),
    }
    told = f"Ổ đĩa chỉ đọc: {len(said.filed)} hồ sơ đã hứa, từ chối {dict(said.refused)}; còn nguyên sau khi khởi động lại."
    return Report("disk read-only", told, facts, tuple(said.findings))


def _all_there(state: Path, said: _Said) -> Iterator[str]:
    machine = open_machine(load(state, overrides=SETS))
    try:
        held = {row["code"] for row in machine.store.rows("SELECT code FROM dossier")}
        if lost := said.filed - held:
            yield f"{len(lost)} promised dossiers are lost after the restart"
        yield from broken(machine)
        if not said.file(machine, frozenset()):
            yield "no filing though the disk may be written again"
    finally:
        machine.close()


def _opens_in_words(state: Path) -> Iterator[str]:
    """A start on a read-only disk ends in a sentence, not in a trace."""
    try:
        open_machine(load(state, overrides=SETS)).close()
    except StoreError as error:
        if error.code not in READ_ONLY:
            yield f"a start on a read-only disk is called: {error}"
    except (DatabaseError, OSError) as error:
        yield f"a start on a read-only disk ends without words: {type(error).__name__}: {error}"
    else:
        yield "a start on a read-only disk says nothing"
