"""The command: plays schedules, tells what was found, and shows that planted bugs are found too."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from kiosk.simulate.plants import PLANTS
from kiosk.simulate.record import Found, find, record, stage_of
from kiosk.simulate.runner import Report, spread, spread_over
from sync.simulator.planting import Plant
from sync.simulator.shrink import Failure

RELEASE: Final = 20_000
"""Schedules of a release, and the most that a planted bug may live through."""
RELEASE_SQLITE: Final = 2_000
"""Of these on the real store."""
TOLD: Final = 40
"""Lines of a story that are printed."""


def simulate_command(argv: Sequence[str]) -> int:
    """Play schedules; 0 only when none breaks an invariant and every planted bug that was asked for is found."""
    given = _parser().parse_args(argv)
    began = time.monotonic()
    if given.record:
        return _tell(given, Report(), record(given.workers, given.seeds), began)
    plant = next((plant for plant in PLANTS if plant.name == given.bug), None)
    report = _play(given, "sqlite" if given.sqlite else "office", RELEASE if given.release else given.seeds, plant)
    if not given.release:
        return _tell(given, report, [], began)
    report.add(_play(given, "sqlite", RELEASE_SQLITE, None))
    return _tell(given, report, _find_all(given), began)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="main.py simulate", description="Mô phỏng đồng bộ: hàng nghìn kịch bản sự cố, mỗi kịch bản phát lại được từ hạt giống."
    )
    add = parser.add_argument
    add("--seeds", type=int, default=1000, metavar="N", help="số kịch bản")
    add("--first", type=int, default=0, metavar="S", help="hạt giống đầu tiên")
    add(
        "--bug",
        metavar="NAME",
        choices=[plant.name for plant in PLANTS],
        help="cài một lỗi vào mã rồi tìm nó (mã thoát 1 = tìm ra)",
    )
    add("--sqlite", action="store_true", help="phía máy quầy dùng kho SQLite mã hóa thật")
    add("--release", action="store_true", help="bộ đầy đủ cho bản phát hành: kịch bản, kho SQLite thật, mọi lỗi cài sẵn")
    add("--record", action="store_true", help="tìm lại mọi lỗi cài sẵn trong --seeds kịch bản và ghi chỗ tìm thấy")
    add("--workers", type=int, default=os.cpu_count() or 1, help="số tiến trình")
    add("--json", action="store_true")
    return parser


def _play(given: argparse.Namespace, stage: str, seeds: int, plant: Plant | None) -> Report:
    report = Report()
    for part in spread(range(given.first, given.first + seeds), stage, plant, given.workers):
        report.add(part)
        if sys.stderr.isatty() and not given.json:
            sys.stderr.write(f"\r{report.schedules}/{seeds}")
    return report


def _find_all(given: argparse.Namespace) -> list[Found]:
    """Every planted bug, from seeds that nobody has chosen for it."""
    return list(spread_over(partial(_find, first=given.first + RELEASE), PLANTS, given.workers))


def _find(plant: Plant, first: int) -> Found:
    failure = find(plant, range(first, first + RELEASE))
    return Found(plant.name, stage_of(plant), failure.seed - first + 1 if failure is not None else None)


def _tell(given: argparse.Namespace, report: Report, bugs: Sequence[Found], began: float) -> int:
    seconds = time.monotonic() - began
    facts: dict[str, Any] = {
        "schedules": report.schedules,
        "violations": [_facts(failure) for failure in report.failures],
        "faults": dict(sorted(report.faults.items())),
        "bugs": {found.plant: found.seed for found in bugs},
        "seconds": round(seconds, 1),
    }
    missed = [found.plant for found in bugs if found.seed is None]
    if given.json:
        sys.stdout.write(json.dumps(facts, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(_text(report, bugs, seconds))
    return 1 if report.failures or missed else 0


def _facts(failure: Failure) -> dict[str, Any]:
    return {"seed": failure.seed, "invariant": failure.invariant, "what": failure.what, "story": list(failure.story)}


def _text(report: Report, bugs: Sequence[Found], seconds: float) -> str:
    lines = [f"{report.schedules} kịch bản trong {seconds:.0f} giây, {len(report.failures)} vi phạm."]
    lines += [f"  {count:8} {name}" for name, count in report.faults.most_common()]
    for found in bugs:
        lines.append(f"  {found.plant}: " + (f"{found.seed}" if found.seed is not None else "KHÔNG TÌM RA"))
    for failure in report.failures:
        left_out = ", ".join(sorted(failure.without)) or "–"
        lines += ["", f"Hạt giống {failure.seed}: {failure.what}", f"  (bỏ bớt: {left_out}; bước: {failure.steps})"]
        lines += [f"  {line}" for line in failure.story[-TOLD:]]
    return "\n".join(lines) + "\n"
