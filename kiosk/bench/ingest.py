"""``python3 main.py bench ingest``: goal G14, what the province's process spends on taking events in, as shipped.

A kiosk sends several days of a busy commune over loopback to the real province: HTTP, signatures, chains, the merge, the ORM
on SQLite with FULL, the feed back. What counts is the CPU time of the province's process alone, so the kiosk beside it does not
disturb, and one core is one core.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kiosk.bench.result import Result
from kiosk.bench.rig import Rig
from kiosk.demo.processes import product

DAYS: Final = 5
DOSSIERS: Final = 200
FIRST: Final = 5
"""Dossiers that are sent before anything is counted."""
PROVINCE_DAY: Final = 200
"""Busy commune-days in a province's day: 200 kiosks, 200 dossiers each."""


@dataclass(frozen=True, slots=True)
class Spent:
    """One taking in."""

    events: int
    cpu_s: float
    wall_s: float


def bench_ingest(rounds: int) -> Sequence[Result]:
    """CPU seconds of the province for a province's day, and microseconds for an event (10,000 a second = 100)."""
    spent = [_once() for _ in range(rounds)]
    us = tuple(one.cpu_s / one.events * 1e6 for one in spent)
    day = tuple(one.cpu_s / DAYS * PROVINCE_DAY for one in spent)
    wall = tuple(one.wall_s / one.events * 1e6 for one in spent)
    told = "thời gian thật, cả ki-ốt gửi"
    return [Result("ingest", "us", us, wall, told, most=100.0), Result("ingest day", "s", day, wall, told, most=25.0)]


def _once() -> Spent:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        rig = Rig(Path(folder) / "rig")
        rig.enrol()
        rig.reconfigure(rig.serve())
        try:
            rig.file_day("ingest first", FIRST)
            _send(rig)  # what a process does once, when the first kiosk calls, is no part of what an event costs
            for number in range(DAYS):
                rig.file_day(f"ingest {number}", DOSSIERS)
            machine = rig.machine()
            events = machine.store.waiting()
            machine.close()
            before, started = _cpu(rig.province_pid), time.monotonic()
            _send(rig)
            return Spent(events, _cpu(rig.province_pid) - before, time.monotonic() - started)
        finally:
            rig.stop()


def _send(rig: Rig) -> None:
    subprocess.run(product("sync", "--state", str(rig.kiosk), "--once"), check=True, capture_output=True, timeout=900)


def _cpu(pid: int) -> float:
    """User and system seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
