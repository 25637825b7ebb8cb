"""The command: plays schedules, tells what was found, and shows that planted bugs are found too."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Final

from kiosk.counts import count
from kiosk.simulate.plants import PLANTS
from kiosk.simulate.record import Found, find, record, stage_of
from kiosk.simulate.runner import Report, spread, spread_over
from sync.simulator.fuzz import fuzz
from sync.simulator.planting import Plant
from sync.simulator.shrink import Failure
from sync.simulator.tally import Defect, Tally

RELEASE: Final = 20_000
"""Schedules of a release, and the most that a planted bug may live through."""
RELEASE_SQLITE: Final = 2_000
"""Of these on the real store."""
PAST_THE_OUTER_PARSE: Final = 0.2
"""Least part of the altered messages that must get so far."""
FUZZ_CHUNK: Final = 25_000
"""Messages altered over one small world."""
TOLD: Final = 40
"""Lines of a story that are printed."""


INTERRUPTED: Final = 130
"""Exit code of a run somebody interrupted."""


class Stopped(Exception):
    """Somebody interrupted the run; what it had found until then."""

    def __init__(self, report: Report) -> None:
        super().__init__(f"goes on with --first {report.next_seed}")
        self.report = report


def simulate_command(argv: Sequence[str]) -> int:
    """Play schedules; 0 only when none breaks an invariant and every planted bug that was asked for is found."""
    if argv and argv[0] == "fuzz":
        return _fuzz(argv[1:])
    given = _parser().parse_args(argv)
    began = time.monotonic()
    if given.record:
        return _tell(given, Report(), record(given.workers, given.seeds), began)
    try:
        if given.release:
            return _release(given, began)
        plant = next((plant for plant in PLANTS if plant.name == given.bug), None)
        stage = "mix" if given.mix else "sqlite" if given.sqlite else "office"
        return _tell(given, _play(given, stage, given.seeds, plant), [], began)
    except Stopped as stopped:
        code = _tell(given, stopped.report, [], began)
        sys.stderr.write(f"Dừng giữa chừng. Chạy tiếp: --first {stopped.report.next_seed}\n")
        return code or INTERRUPTED


def _release(given: argparse.Namespace, began: float) -> int:
    report = _play(given, "office", RELEASE, None)
    report.add(_play(given, "sqlite", RELEASE_SQLITE, None))
    return _tell(given, report, _find_all(given), began)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="main.py simulate", description="Mô phỏng đồng bộ: hàng nghìn kịch bản sự cố, mỗi kịch bản phát lại được từ hạt giống."
    )
    add = parser.add_argument
    add("--seeds", type=count, default=1000, metavar="N", help="số kịch bản")
    add("--first", type=int, default=0, metavar="S", help="hạt giống đầu tiên")
    add(
        "--bug",
        metavar="NAME",
        choices=[plant.name for plant in PLANTS],
        help="cài một lỗi vào mã rồi tìm nó (mã thoát 1 = tìm ra)",
    )
    add("--mix", action="store_true", help="cùng một việc đi đường mạng, đường USB, hay lẫn lộn: trạng thái ở tỉnh phải y hệt")
    add("--sqlite", action="store_true", help="phía máy quầy dùng kho SQLite mã hóa thật")
    add("--release", action="store_true", help="bộ đầy đủ cho bản phát hành: kịch bản, kho SQLite thật, mọi lỗi cài sẵn")
    add("--record", action="store_true", help="tìm lại mọi lỗi cài sẵn trong --seeds kịch bản và ghi chỗ tìm thấy")
    add("--workers", type=count, default=os.cpu_count() or 1, help="số tiến trình")
    add("--json", action="store_true")
    return parser


def _fuzz(argv: Sequence[str]) -> int:
    """Alter messages and have them read; 0 when each was refused by name or read rightly, in bounded time and memory."""
    parser = argparse.ArgumentParser(
        prog="main.py simulate fuzz", description="Gói tin bị sửa, cắt, ghép: mọi nơi đọc đều phải từ chối có tên."
    )
    parser.add_argument("--messages", type=count, default=100_000, metavar="N", help="số gói tin")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="hạt giống đầu tiên")
    parser.add_argument("--workers", type=count, default=os.cpu_count() or 1, help="số tiến trình")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(argv)
    began, tally = time.monotonic(), Tally()
    chunks = [(min(FUZZ_CHUNK, given.messages - at), given.seed + at) for at in range(0, given.messages, FUZZ_CHUNK)]
    try:
        for part in spread_over(_fuzz_chunk, chunks, given.workers):
            tally.add(part)
    except Defect as defect:
        sys.stdout.write(f"{defect}\n")
        return 1
    code = 0 if tally.share >= PAST_THE_OUTER_PARSE else 1
    facts = {
        "messages": tally.messages,
        "past_the_outer_parse": round(tally.share, 3),
        "slowest_ms": round(tally.slowest_s * 1000, 1),
        "grown_mib": round(tally.grown_mib, 1),
        "outcomes": dict(tally.outcomes.most_common()),
        "seconds": round(time.monotonic() - began, 1),
    }
    if given.json:
        sys.stdout.write(json.dumps(facts, ensure_ascii=False) + "\n")
        return code
    sys.stdout.write(
        f"{tally.messages} gói tin trong {facts['seconds']} giây; {tally.share:.0%} qua lớp đọc ngoài;"
        f" chậm nhất {facts['slowest_ms']} ms; bộ nhớ tăng {facts['grown_mib']} MiB.\n"
    )
    sys.stdout.write("".join(f"  {count:8} {outcome}\n" for outcome, count in tally.outcomes.most_common()))
    return code


def _fuzz_chunk(chunk: tuple[int, int]) -> Tally:
    return fuzz(*chunk)


def _play(given: argparse.Namespace, stage: str, seeds: int, plant: Plant | None) -> Report:
    began, shown = time.monotonic(), sys.stderr.isatty() and not given.json

    def tell(report: Report) -> None:
        if shown:
            done, rate = report.schedules, report.schedules / (time.monotonic() - began)
            sys.stderr.write(f"\r{stage}: {done}/{seeds} kịch bản, {rate:.0f}/giây, {len(report.failures)} vi phạm ")

    return gather(spread(range(given.first, given.first + seeds), stage, plant, given.workers), given.first, tell)


def gather(parts: Iterable[Report], first: int, tell: Callable[[Report], None]) -> Report:
    """All of them in one, told after each. Raises :class:`Stopped` with what there is when somebody interrupts."""
    report = Report(next_seed=first)
    try:
        for part in parts:
            report.add(part)
            tell(report)
    except KeyboardInterrupt:
        raise Stopped(report) from None
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
