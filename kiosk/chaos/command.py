"""The command: sets the stage, torments it, lets it come to rest, and judges what is left against what was promised."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zxingcpp
from PIL import Image

from devices.printer import render
from devices.printer.encode import shield
from devices.printer.profiles import profile
from kiosk.chaos.torment import Torment, Victim
from kiosk.config import load
from kiosk.demo.processes import DemoError, Process, wait_for
from kiosk.demo.stage import OFFICIAL_PIN, Stage
from kiosk.machine import Machine, open_machine
from kiosk.printing import to_blocks
from sync.envelope import base32
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
    parser.add_argument("--minutes", type=float, default=30.0, help="giới hạn thời gian")
    parser.add_argument("--out", type=Path, help="giữ lại thư mục làm việc ở đây")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(argv)
    seed = given.seed if given.seed is not None else int(time.time())
    with _folder(given.out) as folder:
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


@dataclass(frozen=True, slots=True)
class Promises:
    """What the kiosk told people before it was killed."""

    filed: frozenset[str]
    accepted: frozenset[str]


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
        findings = list(_judge(stage, _promises(workers)))
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


def _judge(stage: Stage, promised: Promises) -> Iterator[str]:
    """Let everything come to rest, then compare promises, kiosk, paper and province."""
    stage.sync.kill()
    stage.province_environment.pop(VARIABLE, None)
    stage.sync_environment.pop(VARIABLE, None)
    stage.restart_province()
    stage.start_sync()
    _print_the_rest(stage)
    try:
        stage.wait_synced(60)
    except DemoError as error:
        yield str(error)
    kiosk = stage.in_kiosk("store", "check")
    if not kiosk["ok"]:
        yield f"store check: {kiosk['findings']}"
    province = stage.in_province("check")
    if not province["ok"]:
        yield f"province check: {province['findings']}"
    machine = open_machine(load(stage.kiosk_state))
    try:
        yield from _judge_records(machine, promised, province)
        yield from _judge_paper(machine, stage.slips)
    finally:
        machine.close()


def _judge_records(machine: Machine, promised: Promises, province: Mapping[str, Any]) -> Iterator[str]:
    rows = machine.store.rows("SELECT code, official_code, status FROM dossier")
    codes = Counter(row["code"] for row in rows)
    statuses = {code: row["status"] for row in rows for code in (row["code"], row["official_code"]) if code}
    for code in promised.filed - codes.keys():
        yield f"promised and lost: {code}"
    for code, count in codes.items():
        if count > 1:
            yield f"filed {count} times: {code}"
    for code in promised.accepted:
        if statuses.get(code, 0) < 2:
            yield f"accepted and forgotten: {code}"
    if province["dossiers"] != len(rows):
        yield f"the province has {province['dossiers']} dossiers, the kiosk {len(rows)}"
    device = machine.store.identity_or_raise().device
    for inc in machine.store.incarnations():
        n, head = machine.store.last(inc)
        held = province["heads"].get(f"{base32(device)}-{base32(inc)}")
        if n and held != head.hex():
            yield f"the province holds another journal of incarnation {base32(inc)}"


TOP_ROWS = 120
"""Rows of a paper that tell a slip from Mẫu 01 and one copy from another; a paper with a readable code has them."""


@dataclass(slots=True)
class Papers:
    """What came out for one code: papers by their top, and the states of the jobs with that top."""

    names: dict[bytes, str] = field(default_factory=dict)
    states: dict[bytes, Counter[str]] = field(default_factory=dict)
    seen: Counter[bytes] = field(default_factory=Counter)

    def findings(self, code: str) -> Iterator[str]:
        """Every kind of paper by itself; a paper that begins like none of the jobs may be any one of them, but only one."""
        strange = sum(count for top, count in self.seen.items() if top not in self.names)
        for top, states in self.states.items():
            certain, possible, count = states["printed"], states["printed"] + states["uncertain"], self.seen[top]
            if not certain - strange <= count <= possible:
                told = f"{count} papers, {certain} printed and {states['uncertain']} uncertain jobs"
                yield f"{code} {self.names[top]}: {told}"
        every = sum(self.states.values(), Counter[str]())
        certain, possible, count = every["printed"], every["printed"] + every["uncertain"], self.seen.total()
        if strange and not certain <= count <= possible:
            yield f"{code}: {count} papers, {certain} printed and {every['uncertain']} uncertain jobs"


def _judge_paper(machine: Machine, slips: Path) -> Iterator[str]:
    """Every filing has its slip, every paper a record; of each kind of paper as many came out as its jobs allow."""
    width = profile(str(machine.config["devices.printer_profile"])).width_dots
    codes: dict[str, Papers] = {}
    torn = unsure = 0
    for row in machine.store.rows(
        "SELECT d.code, j.kind, j.copy, j.state, j.content FROM print_job j JOIN dossier d ON d.d = j.d ORDER BY j.id"
    ):
        top = _top(shield(render(to_blocks(json.loads(row["content"])), width)), width)
        papers = codes.setdefault(row["code"], Papers())
        papers.names.setdefault(top, f"{row['kind']} copy {row['copy']}" if row["copy"] else row["kind"])
        papers.states.setdefault(top, Counter())[row["state"]] += 1
        unsure += row["state"] == "uncertain"
    for file in sorted(slips.glob("slip-*.png")):
        with Image.open(file) as picture:
            found = zxingcpp.read_barcodes(picture)
            if not found:
                torn += 1
                continue
            code = found[0].text.split("/h/")[1].split("?")[0]
            if code in codes:
                codes[code].seen[_top(picture, width)] += 1
            else:
                yield f"a slip without a record: {code}"
    if torn > unsure:
        yield f"{torn} torn papers without a code, but only {unsure} uncertain jobs"
    for code, papers in codes.items():
        yield from papers.findings(code)
    slipless = "SELECT code FROM dossier WHERE d NOT IN (SELECT d FROM print_job WHERE kind = 'slip')"
    for row in machine.store.rows(slipless):
        yield f"filed without a slip: {row['code']}"


def _top(picture: Image.Image, width: int) -> bytes:
    """The first rows of a paper without its margins, in the bytes of a picture of mode "1"."""
    margin = (picture.width - width) // 2
    return picture.crop((margin, 0, margin + width, TOP_ROWS)).convert("1", dither=Image.Dither.NONE).tobytes()


def _print_the_rest(stage: Stage) -> None:
    """A last, undisturbed kiosk prints what is still queued."""
    from devices.printer import open_printer
    from kiosk.printing import Spooler

    machine = open_machine(load(stage.kiosk_state))
    try:
        url, profile = str(machine.config["devices.printer"]), str(machine.config["devices.printer_profile"])
        printer = open_printer(url, profile, lock=machine.config.state / "printer.lock")
        spooler = Spooler(machine.store, printer, printer.width_dots, lambda: None)
        spooler.start()
        wait_for("the last slips", lambda: machine.store.next_print_job() is None, 120)
        spooler.stop(30)
    finally:
        machine.close()


def _text(report: Mapping[str, Any]) -> str:
    promised = f"{report['filed']} hồ sơ đã hứa, {report['accepted']} đã tiếp nhận."
    lines = [f"{report['kills']} lần giết (hạt giống {report['seed']}), {promised}"]
    most = max(report["histogram"].values(), default=1)
    for name, count in report["histogram"].items():
        lines.append(f"  {name:<28} {count:>4} {'█' * max(1, round(30 * count / most))}")
    lines += [f"SAI: {one}" for one in report["findings"]] or ["Không mất, không trùng hồ sơ nào."]
    return "\n".join(lines)
