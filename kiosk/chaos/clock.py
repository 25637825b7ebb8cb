"""``chaos clock``: dead, wrong and jumping clocks on real processes; the wall clock may change what is refused, never what is kept.

First every process has a clock of its own that jumps (libfaketime; the monotonic clock stays true) while the kiosk files and the
sync process carries. Then one journal is carried again and again, each time with other clocks at both ends and once in a time
namespace with another monotonic clock, and the state it ends in is compared.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from kiosk.chaos.judge import judge
from kiosk.chaos.kill import promises_of, words_of
from kiosk.chaos.report import Report
from kiosk.chaos.tls_front import TlsFront
from kiosk.config import load
from kiosk.counts import count
from kiosk.demo.processes import DemoError, Process, product, wait_for
from kiosk.demo.sample import SAMPLE_CARD, sample_session
from kiosk.demo.stage import OFFICIAL_PIN, Stage
from kiosk.machine import open_machine
from kiosk.sync_status import read_status, wake
from kiosk.usecases import file_dossier

_LIBRARY = str(next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), ""))
"""What the command ``faketime`` preloads; here its clock is told by a file, so that it can jump while a process runs."""

_DAY, _YEAR = 86_400, 31_557_600
JUMPS = (0, 0, -56 * _YEAR, 73 * _YEAR, -3 * 3600, 3 * 3600, 40 * _DAY, -40 * _DAY, -90, 90)
"""Seconds a wall clock may be wrong by: 1970, 2099, and what dead batteries and hasty hands make of it."""

HONEST = frozenset({"clock_behind", "clock_ahead", "procedure_expired", "no_due_time"})
"""What a kiosk with a wrong clock may refuse, and in which words."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--jumps", type=count, default=20, help="số lần đồng hồ nhảy")


def run(given: argparse.Namespace, folder: Path) -> Iterator[Report]:
    """Jumping clocks, then one journal under many clocks."""
    yield _jumping(folder / "jumping", given.jumps, given.seed)
    yield _same_state(folder / "same-state", given.seed)


class _WallClock:
    """The wall clock of one process, set from outside while it runs."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.set(0)

    def set(self, seconds: int) -> None:
        new = self._file.with_suffix(".new")
        new.write_text(f"{seconds:+d}\n", encoding="ascii")
        new.replace(self._file)

    @property
    def environment(self) -> dict[str, str]:
        return {**_TRUE_MONOTONIC, "FAKETIME_TIMESTAMP_FILE": str(self._file), "FAKETIME_CACHE_DURATION": "1"}


# The fix makes waits with a deadline true again: without it a jump can leave a waiting thread asleep.
_TRUE_MONOTONIC = {
    "LD_PRELOAD": _LIBRARY,
    "DONT_FAKE_MONOTONIC": "1",
    "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    "FAKETIME_FORCE_MONOTONIC_FIX": "1",
    "NO_FAKE_STAT": "1",
}


def _jumping(folder: Path, jumps: int, seed: int) -> Report:
    started, dice = time.monotonic(), random.Random(seed)
    folder.mkdir(parents=True)
    clocks = {name: _WallClock(folder / f"{name}.clock") for name in ("kiosk", "sync", "province")}
    findings: list[str] = []
    with Stage(folder, fullscreen=False) as stage:
        stage.sync.stop()
        stage.sync_environment.update(clocks["sync"].environment)
        stage.province_environment.update(clocks["province"].environment)
        stage.restart_province()
        stage.start_sync()
        command = [sys.executable, "-m", "kiosk.chaos.worker", str(stage.kiosk_state), OFFICIAL_PIN, str(seed)]
        worker = Process("kiosk", command, stage.logs / "kiosk.log", {**stage.environment, **clocks["kiosk"].environment})
        try:
            # Once with a right clock: afterwards every kind of clock meets a store that knows a time.
            worker.expect("FILED", 60)
            for _ in range(jumps):
                for clock in clocks.values():
                    clock.set(dice.choice(JUMPS))
                time.sleep(1.5)
                _check_alive(stage, worker)
            findings += _still_carries(stage)
        finally:
            worker.kill()
        promised = promises_of([worker])
        refused = Counter(words_of([worker], "REFUSED"))
        for code in refused.keys() - HONEST:
            findings.append(f"refused in the wrong words under a wrong clock: {code}")
        stage.sync_environment.clear()
        stage.province_environment.clear()
        findings += judge(stage, promised)
    facts = {
        "seed": seed,
        "jumps": jumps,
        "filed": len(promised.filed),
        "accepted": len(promised.accepted),
        "refused": dict(refused),
        "seconds": round(time.monotonic() - started, 1),
    }
    if not promised.filed:
        findings.append("nothing was filed under any clock")
    told = (
        f"Đồng hồ nhảy: {jumps} lần ở cả ba tiến trình, {len(promised.filed)} hồ sơ đã hứa, "
        f"{len(promised.accepted)} đã tiếp nhận, từ chối {dict(refused)}."
    )
    return Report("clock jumps", told, facts, tuple(findings))


def _check_alive(stage: Stage, worker: Process) -> None:
    for process in (worker, stage.sync, stage.province):
        if not process.running():
            raise DemoError(f"{process.name} did not live through a clock:\n{process.tail()}")


def _still_carries(stage: Stage) -> Iterator[str]:
    """Whatever the clocks say, an exchange still goes through."""
    began = time.monotonic()

    def answered() -> bool:
        wake(stage.kiosk_state)
        line = read_status(stage.kiosk_state)
        return line.written_mono > began and not line.failure

    try:
        wait_for("an answer of the province", answered, 30, 0.3)
    except DemoError as error:
        yield f"no exchange under wrong clocks: {error}"


@dataclass(frozen=True, slots=True)
class _Clocks:
    """Seconds by which kiosk and province are wrong, and words before the kiosk's command."""

    name: str
    kiosk: int = 0
    province: int = 0
    before: Sequence[str] = ()


_OTHER_MONOTONIC = (
    "unshare",
    "--time",
    "--monotonic",
    str(10 * _YEAR),
    "--boottime",
    str(10 * _YEAR),
    "--fork",
    "--kill-child",
    "--",
)

VARIANTS = (
    _Clocks("right"),
    _Clocks("kiosk in 1970", kiosk=-56 * _YEAR),
    _Clocks("kiosk in 2099", kiosk=73 * _YEAR),
    _Clocks("province in 1970", province=-56 * _YEAR),
    _Clocks("apart", kiosk=40 * _DAY, province=-40 * _DAY),
    _Clocks("another monotonic clock", before=_OTHER_MONOTONIC),
)


def _same_state(folder: Path, seed: int) -> Report:
    """One prepared journal, carried under each pair of clocks from the same beginning."""
    started, ends = time.monotonic(), dict[str, str]()
    folder.mkdir(parents=True)
    with Stage(folder / "first", fullscreen=False) as stage:
        stage.sync.stop()
        machine = open_machine(load(stage.kiosk_state))
        for _ in range(6):
            file_dossier(machine, *sample_session(machine.store.clock.now().date()), SAMPLE_CARD)
        machine.close()
        stage.province.stop()
        for clocks in VARIANTS:
            ends[clocks.name] = _carried(stage, folder / clocks.name.replace(" ", "-"), clocks)
    findings = [f"another end state: {name}" for name, end in ends.items() if end != ends["right"]]
    facts = {
        "seed": seed,
        "clocks": len(VARIANTS),
        "states": len(set(ends.values())),
        "seconds": round(time.monotonic() - started, 1),
    }
    told = f"Cùng một nhật ký dưới {len(VARIANTS)} cặp đồng hồ: {facts['states']} trạng thái cuối."
    return Report("clock same state", told, facts, tuple(findings))


def _carried(stage: Stage, folder: Path, clocks: _Clocks) -> str:
    """Hash of the state after everything was carried from a copy of both ends, over TLS whose certificate is long out of date."""
    folder.mkdir()
    kiosk, province = folder / "kiosk", folder / "province"
    shutil.copytree(stage.kiosk_state, kiosk, ignore=shutil.ignore_patterns("*.fifo", "*.sock"))
    shutil.copytree(stage.province_state, province)
    words = product("province", "serve", "--state", str(province), "--port", "0")
    server = Process("province", words, folder / "province.log", _wrong_by(clocks.province))
    try:
        said = server.expect("listening on", 60).split("listening on", 1)[1].strip()
        host, _, port = said.removeprefix("http://").rstrip("/").partition(":")
        with closing(TlsFront(folder, (host, int(port)))) as front:
            line = ("--set", f"province.url={front.url}", "--set", f"province.tls_pins={front.pin}")
            words = [*clocks.before, *product("sync", "--once", "--state", str(kiosk), *line, "--json")]
            return _brought_in(kiosk, clocks, words)
    finally:
        server.stop()


def _brought_in(kiosk: Path, clocks: _Clocks, words: Sequence[str]) -> str:
    """Rounds by hand until nothing waits; hash of the state then."""
    for _ in range(5):
        done = subprocess.run(words, env={**os.environ, **_wrong_by(clocks.kiosk)}, capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise DemoError(f"{clocks.name}: {(done.stdout or done.stderr)[-400:]}")
        if json.loads(done.stdout.splitlines()[-1])["pending_events"] == 0:
            return _state(kiosk)
    raise DemoError(f"{clocks.name}: the kiosk never had its answer")


def _wrong_by(seconds: int) -> dict[str, str]:
    return {**_TRUE_MONOTONIC, "FAKETIME": f"{seconds:+d}"} if seconds else {}


def _state(kiosk: Path) -> str:
    """All that a screen shows, hashed. Left out: what the province's own clock says of itself, and the incarnation in which each
    copy of the journal goes on, which is drawn by lot."""
    machine = open_machine(load(kiosk))
    digest = hashlib.sha256()
    try:
        for row in machine.store.rows("SELECT d, f, v FROM field ORDER BY d, f"):
            if row["f"] not in ("province_received_at",):
                digest.update(repr(row).encode())
        for row in machine.store.rows("SELECT d, code, status, pending FROM dossier ORDER BY d"):
            digest.update(repr(row).encode())
        for row in machine.store.rows("SELECT ordinal, n, acked FROM incarnation ORDER BY ordinal"):
            digest.update(repr(row).encode())
    finally:
        machine.close()
    return digest.hexdigest()
