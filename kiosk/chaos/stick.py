"""``chaos stick``: a commune without a network, and sticks as they are: cut, damaged, swapped, stale, lost.

Every stick carries all that is not acknowledged, so losing one costs nothing. A volume that is cut or damaged is used whole or
refused whole, and says why; one of another commune is no use to anybody; old ones again change nothing. Sticks are folders here:
this kernel has no vfat, and what matters of it (no rename that survives a cut, no dates to trust) is judged by content alone.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from kiosk.attachments import attach
from kiosk.chaos.judge import Promises, judge
from kiosk.chaos.line import applied
from kiosk.chaos.photo import photo, photographed
from kiosk.chaos.report import Report
from kiosk.config import load
from kiosk.counts import count
from kiosk.demo.processes import DemoError, product
from kiosk.demo.sample import SAMPLE_CARD, sample_session
from kiosk.demo.stage import Stage
from kiosk.machine import open_machine
from kiosk.usecases import file_dossier

ELSEWHERE = "01273"
"""A neighbouring commune, with a kiosk and sticks of its own."""
SECTOR = 512


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=count, default=6, help="số chuyến USB")


def run(given: argparse.Namespace, folder: Path) -> Iterator[Report]:
    """A commune that never has a network, and its sticks."""
    with Stage(folder, fullscreen=False) as stage:
        stage.sync.stop()
        stage.enrol(folder / "neighbour", ELSEWHERE)
        yield _Sticks(stage, folder, given.seed).torment(given.rounds)


class _Sticks:
    def __init__(self, stage: Stage, folder: Path, seed: int) -> None:
        self._stage, self._seed = stage, seed
        self._folder = folder / "sticks"
        self._dice = random.Random(seed)
        self._machine = open_machine(load(stage.kiosk_state, overrides=("store.scan_free_mb=1",)))
        self._filed: set[str] = set()
        self._said: Counter[str] = Counter()
        self._old: list[Path] = []

    def torment(self, rounds: int) -> Report:
        started, findings = time.monotonic(), list[str]()
        try:
            for number in range(rounds):
                findings += self._round(number)
        finally:
            self._machine.close()
        self._stage.start_sync()
        findings += judge(self._stage, Promises(frozenset(self._filed), frozenset()))
        facts = {
            "seed": self._seed,
            "rounds": rounds,
            "filed": len(self._filed),
            "said": dict(self._said),
            "seconds": round(time.monotonic() - started, 1),
        }
        told = f"USB: {rounds} chuyến, {len(self._filed)} hồ sơ chỉ đi bằng USB; đã nói: {dict(self._said)}."
        return Report("stick", told, facts, tuple(findings))

    def _round(self, number: int) -> Iterator[str]:
        self._file()
        lost = self._written(f"{number}-lost")
        shutil.rmtree(lost)
        self._file()
        stick = self._written(f"{number}")
        for way in ("cut", "damaged"):
            yield from self._spoilt_on_the_way(stick, way)
        yield from self._to_the_wrong_machine(stick)
        yield from self._there_and_back(stick)
        yield from self._stale()
        self._old.append(stick)

    def _file(self) -> None:
        procedure, session = sample_session(self._machine.store.clock.now().date())
        filed = file_dossier(self._machine, procedure, session, SAMPLE_CARD)
        self._filed.add(filed.code)
        attach(self._machine, filed.dossier, photographed(procedure), photo(self._dice))

    def _written(self, name: str) -> Path:
        """A stick with everything the province is not known to have."""
        stick = self._folder / name
        stick.mkdir(parents=True)
        self._told("sync", "export", str(stick), state=self._stage.kiosk_state)
        return stick

    def _told(self, *words: str, state: Path) -> Any:
        """What a command says, also when it refuses."""
        command = product(*words, "--state", str(state), "--json")
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        try:
            return json.loads(done.stdout.strip().splitlines()[-1])
        except (ValueError, IndexError):
            raise DemoError(f"«{' '.join(words[:2])}» said nothing: {(done.stderr or done.stdout)[-600:]}") from None

    def _spoilt_on_the_way(self, stick: Path, way: str) -> Iterator[str]:
        """A copy of the stick, cut or with a bad sector: refused or used, never in part, and the province stays sound."""
        copy = self._copy(stick, way)
        for volume in _volumes(copy):
            _spoil(volume, way, self._dice)
        told = self._told("province", "bundle-import", str(copy), state=self._stage.province_state)
        codes = [one["code"] for one in told.get("refused", ())] or ["used" if told.get("taken") else "unseen"]
        self._said.update(f"{way}: {code}" for code in codes)
        if not self._stage.in_province("check")["ok"]:
            yield f"a {way} stick hurt the province"

    def _to_the_wrong_machine(self, stick: Path) -> Iterator[str]:
        """The stick goes into the neighbour's kiosk, and into the one it came from: nothing happens, in words."""
        for state in (self._folder.parent / "neighbour", self._stage.kiosk_state):
            told = self._told("sync", "import", str(stick), state=state)
            if any("error" not in volume for volume in told.get("volumes", ())):
                yield "a kiosk took a stick that was written for the province"
        self._said["swapped: nothing taken"] += 1

    def _there_and_back(self, stick: Path) -> Iterator[str]:
        """To the province and home again: afterwards nothing waits, without any network."""
        told = self._told("province", "bundle-import", str(stick), state=self._stage.province_state)
        if not told["ok"] or not told["taken"]:
            yield f"the province refused a good stick: {told}"
        other = self._told("sync", "import", str(stick), state=self._folder.parent / "neighbour")
        if any("error" not in volume for volume in other.get("volumes", ())):
            yield "the neighbour's kiosk took the answer for this commune"
        home = self._told("sync", "import", str(stick), state=self._stage.kiosk_state)
        if not home["ok"]:
            yield f"the kiosk refused its answer: {home}"
        if waiting := self._machine.store.waiting():
            yield f"{waiting} events still wait after a stick came home"

    def _stale(self) -> Iterator[str]:
        """All earlier sticks again, in any order, at both ends."""
        held, before = self._stage.in_province("check"), applied(self._machine)
        for stick in self._dice.sample(self._old, len(self._old)):
            self._told("province", "bundle-import", str(self._copy(stick, "stale")), state=self._stage.province_state)
            self._told("sync", "import", str(stick), state=self._stage.kiosk_state)
        if self._stage.in_province("check") != held:
            yield "old sticks changed the province"
        if applied(self._machine) != before:
            yield "old sticks changed the kiosk"

    def _copy(self, stick: Path, name: str) -> Path:
        copy = self._folder / f"{stick.name}-{name}"
        shutil.rmtree(copy, ignore_errors=True)
        return Path(shutil.copytree(stick, copy))


def _volumes(stick: Path) -> Sequence[Path]:
    return sorted(stick.rglob("*.hsb"))


def _spoil(volume: Path, way: str, dice: random.Random) -> None:
    """End the file anywhere, or lose one sector of it."""
    size = volume.stat().st_size
    with volume.open("rb+") as file:
        if way == "cut":
            file.truncate(dice.randrange(size))
            return
        start = dice.randrange(size) // SECTOR * SECTOR
        file.seek(start)
        file.write(bytes(min(SECTOR, size - start)))
