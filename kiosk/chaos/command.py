"""``main.py chaos``: one torment by name, or one run of each. 0 only when nothing was lost, doubled or wrongly applied."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kiosk.chaos import cage, clock, disk, kill, line, power, soak, stick
from kiosk.chaos.report import Report
from kiosk.counts import folder

NOT_HERE = 3
"""Exit code when this machine lacks what the torment needs."""


@dataclass(frozen=True, slots=True)
class Torment:
    """One kind of fault: what it needs of the machine, its options, how it runs, and its options in a quick or a full round."""

    help_vi: str
    needs: tuple[str, ...]
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace, Path], Iterable[Report]]
    quick: tuple[str, ...]
    full: tuple[str, ...]


TORMENTS: dict[str, Torment] = {
    "kill": Torment(
        "giết tiến trình thật (kill -9) trong mọi bước bền",
        (),
        kill.add_arguments,
        kill.run,
        ("--kills", "15", "--share", "0"),
        ("--kills", "1000", "--share", "40"),
    ),
    "line": Torment(
        "cổng đăng nhập Wi-Fi, proxy làm hỏng, gửi lặp, phát lại bản ghi hôm qua",
        (),
        line.add_arguments,
        line.run,
        ("--filings", "1", "--lines", "bursts"),
        ("--filings", "5"),
    ),
    "disk": Torment(
        "ổ đĩa đầy và ổ đĩa chỉ đọc, ở xã và ở tỉnh",
        ("root", "unshare", "mkfs.ext4"),
        disk.add_arguments,
        disk.run,
        ("--rounds", "2"),
        ("--rounds", "20"),
    ),
    "clock": Torment(
        "đồng hồ chết, sai và nhảy ở mọi tiến trình",
        ("root", "unshare", "faketime"),
        clock.add_arguments,
        clock.run,
        ("--jumps", "4"),
        ("--jumps", "60"),
    ),
    "stick": Torment(
        "USB bị cắt, hỏng, tráo, cũ, mất",
        (),
        stick.add_arguments,
        stick.run,
        ("--rounds", "1"),
        ("--rounds", "20"),
    ),
    "soak": Torment(
        "nhiều máy, cả tuần, một máy chủ tỉnh",
        (),
        soak.add_arguments,
        soak.run,
        ("--kiosks", "3", "--days", "3", "--filings", "4"),
        (),
    ),
    "power": Torment(
        "cắt điện ở mức khối đĩa, ở mọi thời điểm",
        ("root", "unshare", "mkfs.ext4", "fuse3"),
        power.add_arguments,
        power.run,
        ("--cuts", "30", "--dossiers", "12", "--encrypted"),
        ("--cuts", "1000"),
    ),
}


def chaos_command(argv: Sequence[str]) -> int:
    """Run torments; 0 when all is well, 1 with findings, 2 for a wrong call, 3 when this machine lacks what is needed."""
    chosen = _chosen(argv)
    lacking = sorted({lack for given in chosen for lack in cage.missing(*TORMENTS[given.what].needs)})
    if lacking:
        sys.stderr.write(f"chaos: máy này chưa chạy được phép thử: {'; '.join(lacking)}.\n")
        return NOT_HERE
    if not cage.missing("root", "unshare") and not cage.inside():
        return cage.enter(argv)
    reports: list[Report] = []
    with _ground(chosen[0].out) as ground:
        for given in chosen:
            folder = ground / given.what
            folder.mkdir(exist_ok=True)
            for report in TORMENTS[given.what].run(given, folder):
                reports.append(report)
                if not given.json:
                    sys.stdout.write(report.text() + "\n")
                    sys.stdout.flush()
    return _end(reports, as_json=chosen[0].json)


def _end(reports: Sequence[Report], *, as_json: bool) -> int:
    ok = all(report.ok for report in reports)
    if as_json:
        facts = {"ok": ok, "torments": [report.as_json() for report in reports]}
        sys.stdout.write(json.dumps(facts, ensure_ascii=False) + "\n")
    elif ok:
        sys.stdout.write("Không mất, không trùng, không nhận điều gì sai.\n")
    return 0 if ok else 1


def _chosen(argv: Sequence[str]) -> list[argparse.Namespace]:
    """The torments asked for with their options; one run of each for ``--all``."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--seed", type=int, default=int(time.time()), help="hạt giống ngẫu nhiên (mặc định: theo giờ)")
    common.add_argument("--out", type=folder, help="giữ lại thư mục làm việc ở đây")
    common.add_argument("--json", action="store_true", help="trả lời bằng JSON")
    parser = argparse.ArgumentParser(
        prog="main.py chaos", parents=[common], description="Gây sự cố thật trên máy này, kiểm tra không mất, không trùng."
    )
    parser.add_argument("--all", action="store_true", help="mỗi phép thử một lượt")
    parser.add_argument("--quick", action="store_true", help="với --all: lượt ngắn, không quá 5 phút")
    kinds = parser.add_subparsers(dest="what", metavar="PHÉP THỬ")
    for name, torment in TORMENTS.items():
        one = kinds.add_parser(name, parents=[common], help=torment.help_vi, description=torment.help_vi)
        torment.add_arguments(one)
    given = parser.parse_args(argv)
    if given.what and not given.all:
        return [given]
    if given.what or not given.all:
        parser.error("chọn một phép thử, hoặc --all")
    shared = ["--seed", str(given.seed), *(["--out", str(given.out)] if given.out else []), *(["--json"] if given.json else [])]
    rounds = ((name, torment.quick if given.quick else torment.full) for name, torment in TORMENTS.items())
    return [parser.parse_args([name, *words, *shared]) for name, words in rounds]


@contextmanager
def _ground(out: Path | None) -> Iterator[Path]:
    """Where it all lies: the folder asked for, the cage's own ground, or, without a cage, a folder that goes afterwards."""
    if cage.inside():
        ground = cage.settle()
        if out is None:
            yield ground
            return
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        yield out
        return
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        yield Path(folder)
