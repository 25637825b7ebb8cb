"""What the machine is doing, for the technician's screen: disk, memory, heat, how long it has run."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from kiosk.clock import span_vi
from kiosk.services import MachineFact


def machine_facts(state: Path, up: float) -> Sequence[MachineFact]:
    """``state``: a folder on the disk that counts; ``up``: seconds since the start."""
    disk = shutil.disk_usage(state)
    total, free = _memory()
    facts = [
        MachineFact("Ổ đĩa", f"{disk.used / 1e9:.0f} / {disk.total / 1e9:.0f} GB", disk.used / max(disk.total, 1)),
        MachineFact(
            "Bộ nhớ", f"{(total - free) / 1e9:.1f} / {total / 1e9:.1f} GB".replace(".", ","), (total - free) / max(total, 1)
        ),
    ]
    heat = _temperature()
    if heat is not None:
        facts.append(MachineFact("Nhiệt độ", f"{heat:.0f} °C", min(heat / 100, 1.0)))
    facts.append(MachineFact("Chạy liên tục", span_vi(up), min(up / 86400 / 30, 1.0)))
    return facts


def _memory() -> tuple[int, int]:
    """(total, available) bytes of the machine."""
    facts = {}
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        name, _, rest = line.partition(":")
        facts[name] = int(rest.split()[0]) * 1024
    return facts["MemTotal"], facts["MemAvailable"]


def _temperature() -> float | None:
    """Hottest sensor in °C; ``None`` where the machine tells none."""
    heats = []
    for zone in Path("/sys/class/thermal").glob("thermal_zone*/temp"):
        try:
            heats.append(int(zone.read_text(encoding="ascii")) / 1000)
        except (OSError, ValueError):
            continue
    return max(heats, default=None)
