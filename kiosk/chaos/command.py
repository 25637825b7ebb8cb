"""The command: sets the stage, torments it, lets it come to rest, and judges what is left against what was promised."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kiosk.chaos.glass import torment_glass
from kiosk.chaos.judge import Promises, judge
from kiosk.chaos.torment import Torment, Victim
from kiosk.demo.processes import Process
from kiosk.demo.stage import OFFICIAL_PIN, Stage
from sync.steps import VARIABLE

KIOSK_STEPS = (
    "filing.number",
    "filing.events",
    "filing.print_job",
    "store.seal",
    "store.commit",
    "print.sending",
    "print.bytes",
    "print.settle",
    "accept.events",
    "accept.print_job",
)
SYNC_STEPS = ("sync.carry", "sync.apply", "feed.apply", "store.commit")
PROVINCE_STEPS = ("province.store", "province.commit", "province.answer")


def chaos_command(argv: Sequence[str]) -> int:
    """Kill real processes and judge; 0 only when nothing was lost or doubled and every step had its share of kills."""
    parser = argparse.ArgumentParser(prog="main.py chaos", description="Giết tiến trình thật, kiểm tra không mất, không trùng.")
    parser.add_argument("--kills", type=int, default=200, help="tổng số lần giết")
    parser.add_argument("--share", type=int, default=10, help="ít nhất bao nhiêu lần trong mỗi bước bền")
    parser.add_argument("--seed", type=int, default=None, help="hạt giống ngẫu nhiên (mặc định: theo giờ)")
    parser.add_argument("--glass", type=int, metavar="N", help="thay vào đó: giết chính ứng dụng màn hình N lần trong mỗi bước nộp")
    parser.add_argument("--minutes", type=float, default=30.0, help="giới hạn thời gian")
    parser.add_argument("--out", type=Path, help="giữ lại thư mục làm việc ở đây")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(argv)
    seed = given.seed if given.seed is not None else int(time.time())
    with _folder(given.out) as folder:
        if given.glass:
            report = torment_glass(folder, given.glass, seed, given.minutes * 60)
        else:
            report = torment(folder, given.kills, given.share, seed, given.minutes * 60, quiet=given.json)
    sys.stdout.write((json.dumps(report, ensure_ascii=False) if given.json else _text(report)) + "\n")
    return 0 if report["ok"] else 1


@contextmanager
def _folder(out: Path | None) -> Iterator[Path]:
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        yield out
        return
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        yield Path(folder)


def torment(folder: Path, kills: int, share: int, seed: int, seconds: float, *, quiet: bool) -> dict[str, Any]:
    """Run it all in ``folder``; the report as JSON-ready facts."""
    stage = Stage(folder, fullscreen=False)
    steps = len(KIOSK_STEPS) + len(SYNC_STEPS) + len(PROVINCE_STEPS)
    fury = Torment(folder, share, max(0, kills - share * steps), seed)
    with stage:
        workers: list[Process] = []
        for victim in _victims(stage, fury, workers, seed):
            fury.add(victim)

        def progress(done: int, left: int) -> None:
            if not quiet and sys.stderr.isatty():
                sys.stderr.write(f"\r{done} lần giết, còn {left}   ")
                sys.stderr.flush()

        stage.sync.stop()
        stage.province.stop()
        fury.run(seconds, progress)
        for worker in workers:
            worker.kill()
        findings = list(judge(stage, _promises(workers)))
        missing = fury.left()
        if missing:
            findings.append(f"{missing} strikes were not made in time")
        promised = _promises(workers)
    return {
        "ok": not findings,
        "seed": seed,
        "kills": sum(fury.histogram.values()),
        "histogram": dict(sorted(fury.histogram.items())),
        "visits": dict(sorted(fury.visits.items())),
        "filed": len(promised.filed),
        "accepted": len(promised.accepted),
        "findings": findings,
    }


def _victims(stage: Stage, fury: Torment, workers: list[Process], seed: int) -> Iterator[Victim]:
    def start_worker() -> None:
        environment = {**stage.environment, VARIABLE: str(fury.socket_path("kiosk"))}
        command = [sys.executable, "-m", "kiosk.chaos.worker", str(stage.kiosk_state), OFFICIAL_PIN, f"{seed}-{len(workers)}"]
        worker = Process("kiosk", command, stage.logs / f"kiosk-{len(workers):04d}.log", environment)
        worker.expect("READY", 60)
        workers.append(worker)

    def start_sync() -> None:
        stage.sync_environment[VARIABLE] = str(fury.socket_path("sync"))
        stage.start_sync()

    def start_province() -> None:
        stage.province_environment[VARIABLE] = str(fury.socket_path("province"))
        stage.restart_province()

    yield Victim("province", start_province, lambda: stage.province.kill(), PROVINCE_STEPS)
    yield Victim("kiosk", start_worker, lambda: workers[-1].kill(), KIOSK_STEPS)
    yield Victim("sync", start_sync, lambda: stage.sync.kill(), SYNC_STEPS)


def _promises(workers: Sequence[Process]) -> Promises:
    words: dict[str, set[str]] = {"FILED": set(), "ACCEPTED": set(), "READY": set()}
    for worker in workers:
        for line in worker.log.read_text(encoding="utf-8", errors="replace").splitlines():
            word, _, what = line.partition(" ")
            if word in words:
                words[word].add(what.strip())
    return Promises(frozenset(words["FILED"]), frozenset(words["ACCEPTED"]))


def _text(report: Mapping[str, Any]) -> str:
    promised = f", {report['filed']} hồ sơ đã hứa, {report['accepted']} đã tiếp nhận" if "filed" in report else ""
    lines = [f"{report['kills']} lần giết (hạt giống {report['seed']}){promised}."]
    most = max(report["histogram"].values(), default=1)
    for name, count in report["histogram"].items():
        lines.append(f"  {name:<28} {count:>4} {'█' * max(1, round(30 * count / most))}")
    lines += [f"SAI: {one}" for one in report["findings"]] or ["Không mất, không trùng hồ sơ nào."]
    return "\n".join(lines)
