"""``chaos kill``: sets the stage, kills in every durable step, lets it come to rest, and judges it against the promises."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from kiosk.chaos.glass import GLASS_STEPS, torment_glass
from kiosk.chaos.judge import Promises, judge
from kiosk.chaos.report import Report
from kiosk.chaos.torment import Torment, Victim, histogram_report
from kiosk.chaos.warm import WarmStarter
from kiosk.counts import count, count_or_none, measure
from kiosk.demo.processes import Process
from kiosk.demo.stage import OFFICIAL_PIN, Stage
from sync.steps import VARIABLE

KIOSK_STEPS = (*GLASS_STEPS, "accept.events", "accept.print_job", "kiosk.blob.place")
SYNC_STEPS = ("sync.carry", "sync.apply", "feed.apply", "store.commit")
PROVINCE_STEPS = ("province.store", "province.commit", "province.answer", "province.blob.keep", "province.blob.place")
STICK_STEPS = ("stick.write", "stick.apply")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--kills", type=count, default=200, help="tổng số lần giết")
    parser.add_argument("--share", type=count_or_none, default=10, help="ít nhất bao nhiêu lần trong mỗi bước bền")
    parser.add_argument("--glass", type=count, metavar="N", help="thay vào đó: giết ứng dụng màn hình N lần trong mỗi bước nộp")
    parser.add_argument("--minutes", type=measure, default=40.0, help="giới hạn thời gian")


def run(given: argparse.Namespace, folder: Path) -> Iterator[Report]:
    """Kill real processes and judge; a finding also when a step did not get its share of kills."""
    seconds = given.minutes * 60
    if given.glass:
        yield torment_glass(folder, given.glass, given.seed, seconds)
    else:
        yield torment(folder, given.kills, given.share, given.seed, seconds, quiet=given.json)


def torment(folder: Path, kills: int, share: int, seed: int, seconds: float, *, quiet: bool) -> Report:
    """Run it all in ``folder``."""
    stage = Stage(folder, fullscreen=False)
    steps = len(KIOSK_STEPS) + len(SYNC_STEPS) + len(PROVINCE_STEPS) + len(STICK_STEPS)
    fury = Torment(folder, share, max(0, kills - share * steps), seed)
    with stage, closing(WarmStarter(folder / "warm.log")) as warm:
        workers: list[Process] = []
        couriers: list[Process] = []
        stage.launch = warm.process
        for victim in (*_victims(stage, fury, workers, seed), _courier(stage, fury, couriers)):
            fury.add(victim)

        def progress(done: int, left: int) -> None:
            if not quiet and sys.stderr.isatty():
                sys.stderr.write(f"\r{done} lần giết, còn {left}   ")
                sys.stderr.flush()

        stage.sync.stop()
        stage.province.stop()
        fury.run(seconds, progress)
        for process in (*workers, *couriers):
            process.kill()
        promised = promises_of(workers)
        findings = list(judge(stage, promised))
    return histogram_report("kill", fury, findings, seed, filed=len(promised.filed), accepted=len(promised.accepted))


def _victims(stage: Stage, fury: Torment, workers: list[Process], seed: int) -> Iterator[Victim]:
    def start_worker() -> None:
        environment = {**stage.environment, VARIABLE: str(fury.socket_path("kiosk"))}
        command = [sys.executable, "-m", "kiosk.chaos.worker", str(stage.kiosk_state), OFFICIAL_PIN, f"{seed}-{len(workers)}"]
        worker = stage.launch("kiosk", command, stage.logs / f"kiosk-{len(workers):04d}.log", environment)
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


def _courier(stage: Stage, fury: Torment, couriers: list[Process]) -> Victim:
    def start() -> None:
        environment = {VARIABLE: str(fury.socket_path("stick"))}
        places = [str(stage.kiosk_state), str(stage.province_state), str(stage.folder / "stick")]
        command = [sys.executable, "-m", "kiosk.chaos.carrier", *places]
        courier = stage.launch("stick", command, stage.logs / f"stick-{len(couriers):04d}.log", environment)
        courier.expect("READY", 60)
        couriers.append(courier)

    return Victim("stick", start, lambda: couriers[-1].kill(), STICK_STEPS)


def promises_of(workers: Sequence[Process]) -> Promises:
    """What the kiosks of a torment have promised."""
    return Promises(
        frozenset(words_of(workers, "FILED")), frozenset(words_of(workers, "ACCEPTED")), frozenset(words_of(workers, "ATTACHED"))
    )


def words_of(workers: Sequence[Process], word: str) -> list[str]:
    """What the kiosks of a torment have said after ``word``."""
    lines = (line for worker in workers for line in worker.log.read_text(encoding="utf-8", errors="replace").splitlines())
    return [line.removeprefix(word).strip() for line in lines if line.startswith(f"{word} ")]
