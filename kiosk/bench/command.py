"""The command: runs the benchmarks asked for and says what was seen, also when it falls short of the goal."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict

from kiosk.bench.card import bench_card
from kiosk.bench.dictionary import dictionary_command
from kiosk.bench.filing import bench_filing
from kiosk.bench.forms import bench_forms
from kiosk.bench.glass import bench_start, bench_touch
from kiosk.bench.ingest import bench_ingest
from kiosk.bench.journal import bench_journal
from kiosk.bench.peers import peers_command
from kiosk.bench.result import Result
from kiosk.bench.sync import sync_command
from kiosk.bench.upload import upload_command
from kiosk.counts import count, measure

BENCHES: dict[str, Callable[[int], Sequence[Result]]] = {
    "card": bench_card,
    "filing": bench_filing,
    "forms": bench_forms,
    "start": bench_start,
    "ingest": bench_ingest,
    "touch": bench_touch,
}

SCALED: dict[str, Callable[[int, float], Sequence[Result]]] = {
    "journal": bench_journal,
}
"""Those whose size can be chosen."""

COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "dictionary": dictionary_command,
    "peers": peers_command,
    "sync": sync_command,
    "upload": upload_command,
}
"""Those with arguments of their own."""


def bench_command(argv: Sequence[str]) -> int:
    """Run benchmarks; 0 when every goal is met, 1 when one falls short."""
    if argv and argv[0] in COMMANDS:
        return COMMANDS[argv[0]](argv[1:])
    parser = argparse.ArgumentParser(
        prog="main.py bench",
        description="Đo tốc độ cạnh một mốc so sánh, trong cùng một lần chạy.",
        epilog=f"Có tham số riêng: {', '.join(COMMANDS)}.",
    )
    parser.add_argument("names", nargs="*", metavar="PHÉP ĐO", help=", ".join((*BENCHES, *SCALED)))
    parser.add_argument("--rounds", type=count, default=5, help="số vòng xen kẽ")
    parser.add_argument("--scale", type=measure, default=1.0, help=f"cỡ của {', '.join(SCALED)}; 1 là đủ cỡ")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(argv)
    for name in given.names:
        if name not in (*BENCHES, *SCALED):
            parser.error(f"không có phép đo «{name}»; chọn trong: {', '.join((*BENCHES, *SCALED, *COMMANDS))}")
    results: list[Result] = []
    for name in given.names or (*BENCHES, *SCALED):
        results += SCALED[name](given.rounds, given.scale) if name in SCALED else BENCHES[name](given.rounds)
    if given.json:
        sys.stdout.write(json.dumps([{**asdict(one), "ratio": one.ratio, "met": one.met} for one in results]) + "\n")
    else:
        for one in results:
            sys.stdout.write(one.text() + "\n")
    return 0 if all(one.met for one in results) else 1
