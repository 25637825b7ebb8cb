"""``device fuzz``: alter what cards and codes give, as often as asked; every reader must refuse by name or read rightly."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Final

from devices.idcard.twin.fuzz import Defect, Tally, fuzz

CHUNK: Final = 5000
LEAST_PAST: Final = 0.2
"""Share of the inputs that must get past the outermost parse, or the run proves little."""


def fuzz_command(argv: Sequence[str]) -> int:
    """Exit code 0 when every input was refused by name or read, in bounded time and memory; 1 for a defect."""
    parser = argparse.ArgumentParser(
        prog="main.py device fuzz", description="Dữ liệu thẻ và mã QR bị sửa: mọi nơi đọc đều phải từ chối có tên."
    )
    parser.add_argument("--inputs", type=_count, default=50_000, metavar="N", help="bao nhiêu dữ liệu bị sửa")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="hạt giống đầu tiên")
    parser.add_argument("--workers", type=_count, default=os.cpu_count() or 1, metavar="N", help="số tiến trình")
    parser.add_argument("--json", action="store_true", help="in một đối tượng JSON")
    try:
        options = parser.parse_args(argv)
    except SystemExit as stop:
        return int(stop.code or 0)
    began, tally = time.monotonic(), Tally()
    sizes = [min(CHUNK, options.inputs - at) for at in range(0, options.inputs, CHUNK)]
    try:
        with ProcessPoolExecutor(options.workers) as pool:
            for part in pool.map(fuzz, sizes, range(options.seed, options.seed + len(sizes))):
                tally.add(part)
    except Defect as defect:
        sys.stdout.write(f"{defect}\n")
        return 1
    _say(tally, time.monotonic() - began, options.json)
    return 0 if tally.share >= LEAST_PAST else 1


def _say(tally: Tally, seconds: float, as_json: bool) -> None:
    facts = {
        "inputs": tally.inputs,
        "past_the_outer_parse": round(tally.share, 3),
        "slowest_ms": round(tally.slowest_s * 1000, 1),
        "grown_mib": round(tally.grown_mib, 1),
        "outcomes": dict(tally.outcomes.most_common()),
        "seconds": round(seconds, 1),
    }
    if as_json:
        sys.stdout.write(json.dumps(facts, ensure_ascii=False) + "\n")
        return
    sys.stdout.write(
        f"{tally.inputs} dữ liệu bị sửa trong {facts['seconds']} giây; {tally.share:.0%} qua lớp đọc ngoài;"
        f" chậm nhất {facts['slowest_ms']} ms; bộ nhớ tăng {facts['grown_mib']} MiB.\n"
    )
    sys.stdout.writelines(f"  {count:8} {outcome}\n" for outcome, count in tally.outcomes.most_common())


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("ít nhất là 1")
    return number
