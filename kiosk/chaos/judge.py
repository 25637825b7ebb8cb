"""The judge of a torment: what was promised, what the kiosk holds, what lies on paper and what the province has, side by side.

It lets everything come to rest first, without torment, and finds what is lost, doubled or without a record. Findings are sentences.
"""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zxingcpp
from PIL import Image

from devices.printer import render
from devices.printer.encode import shield
from devices.printer.profiles import profile
from kiosk.config import load
from kiosk.demo.processes import DemoError, wait_for
from kiosk.demo.stage import Stage
from kiosk.machine import Machine, open_machine
from kiosk.printing import to_blocks
from kiosk.store.blobs import KioskFiles
from kiosk.store.check import check
from kiosk.sync_status import wake
from sync.envelope import base32
from sync.keys import VerifyKey
from sync.steps import VARIABLE


@dataclass(frozen=True, slots=True)
class Promises:
    """What the kiosk told people before it was killed."""

    filed: frozenset[str]
    accepted: frozenset[str]
    attached: frozenset[str] = frozenset()


def judge(stage: Stage, promised: Promises) -> Iterator[str]:
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
        yield from _judge_files(machine, promised)
        yield from _judge_paper(machine, stage.slips)
    finally:
        machine.close()


def broken(machine: Machine) -> Iterator[str]:
    """What ``store check`` finds."""
    identity = machine.store.identity_or_raise()
    for finding in check(machine.store, identity.device, [VerifyKey(key) for key in machine.store.verify_keys()]).findings:
        yield f"store check: {finding.where}: {finding.what_vi}"


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


def _judge_files(machine: Machine, promised: Promises) -> Iterator[str]:
    """Every file promised as attached is named by the journal, and every file it names is whole here and at the province."""
    files = KioskFiles(machine.store)

    def all_there() -> bool:
        wake(machine.config.state)
        return all(fact.state == "complete" for fact in files.facts())

    with contextlib.suppress(DemoError):
        wait_for("the files", all_there, 120, 1.0)
    facts = {fact.id: fact for fact in files.facts()}
    if lost := promised.attached - facts.keys():
        yield f"{len(lost)} attached files are lost"
    for blob, fact in facts.items():
        if fact.state != "complete":
            yield f"an attached file is {fact.state}, {fact.held} of {fact.size} bytes at the province"
        if fact.is_here and not files.is_sound(blob):
            yield "an attached file is not what the journal says"


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
        try:
            # After a thousand kills hundreds of papers wait; each takes a fraction of a second.
            wait_for("the last slips", lambda: machine.store.next_print_job() is None, 900)
        finally:
            spooler.stop(30)
    finally:
        machine.close()
