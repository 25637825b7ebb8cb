"""A morning's work over lines of our own making (``kiosk/chaos/link``): bursts of loss, outages, 2G; both ends must end equal.

Province and sync process each live in a network namespace that has nothing but the line between them. The stage is set on
loopback first; then both are started again at their end of the line.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from kiosk.attachments import attach
from kiosk.chaos.judge import Promises, judge
from kiosk.chaos.link import PROFILES, PROVINCE_ADDRESS, Link, Side
from kiosk.chaos.photo import photo, photographed
from kiosk.chaos.report import Report
from kiosk.config import load
from kiosk.demo.processes import DemoError, Process, wait_for
from kiosk.demo.sample import SAMPLE_CARD, sample_session
from kiosk.demo.stage import Stage
from kiosk.machine import Machine, open_machine
from kiosk.sync_status import wake
from kiosk.usecases import file_dossier

PATIENCE = 240.0
"""Seconds a line may take for what was filed on it."""


def over_bad_lines(folder: Path, lines: Sequence[str], filings: int, seed: int) -> Report:
    """File on each line in turn, with an outage in the middle; judge at the end, on the last one."""
    started, filed, took = time.monotonic(), set[str](), dict[str, float]()
    findings: list[str] = []
    with Stage(folder, fullscreen=False) as stage, Link(PROFILES[lines[0]], seed) as link:
        _move(stage, link)
        machine = open_machine(load(stage.kiosk_state, overrides=("store.scan_free_mb=1",)))
        try:
            for line in lines:
                link.change(PROFILES[line])
                began = time.monotonic()
                filed |= _work(machine, link, filings, random.Random(f"{seed} {line}"))
                try:
                    wait_for("all to be sent", lambda: _all_sent(machine), PATIENCE, 0.5)
                except DemoError:
                    findings.append(f"{line}: {machine.store.waiting()} events still wait after {PATIENCE:.0f} s")
                took[line] = round(time.monotonic() - began, 1)
        finally:
            machine.close()
        traffic = link.traffic()
        link.change(PROFILES["adsl"])
        findings += judge(stage, Promises(frozenset(filed), frozenset()))
    facts = {
        "seed": seed,
        "filed": len(filed),
        "seconds_by_line": took,
        "ip_bytes_on_last_line": traffic.offered,
        "seconds": round(time.monotonic() - started, 1),
    }
    told = f"Đường truyền tồi ({', '.join(lines)}): {len(filed)} hồ sơ kèm ảnh, đến đủ sau {took} giây."
    return Report("bad line", told, facts, tuple(findings))


def _move(stage: Stage, link: Link) -> None:
    """Start province and sync process again, each at its end."""

    def launch(name: str, command: Sequence[str], log: Path, environment: Mapping[str, str]) -> Process:
        if name == "province":
            return Process(name, link.inside(Side.PROVINCE, [*command, "--host", PROVINCE_ADDRESS]), log, environment)
        return Process(name, link.inside(Side.KIOSK, command), log, environment)

    stage.sync.stop()
    stage.launch = launch
    stage.restart_province()
    stage.reach_province_by(link.url(stage.province_at()[1]))
    stage.start_sync()


def _work(machine: Machine, link: Link, filings: int, dice: random.Random) -> set[str]:
    filed = set()
    for number in range(filings):
        procedure, session = sample_session(machine.store.clock.now().date())
        done = file_dossier(machine, procedure, session, SAMPLE_CARD)
        filed.add(done.code)
        attach(machine, done.dossier, photographed(procedure), photo(dice))
        if number == filings // 2:
            link.cut(4.0)
        time.sleep(0.5)
    return filed


def _all_sent(machine: Machine) -> bool:
    wake(machine.config.state)
    return machine.store.waiting() == 0
