"""``chaos line``: every kind of box in the middle, and yesterday's capture played back; real sync process, real province.

While a box spoils the answers, the kiosk applies nothing, says the right thing and goes on filing; once the box is honest again
all is made good without a hand. Then everything that was recorded is sent to the province and to the kiosk again, shuffled,
three times: both end in the state they were in.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kiosk.chaos import cage
from kiosk.chaos.bad_line import over_bad_lines
from kiosk.chaos.judge import Promises, judge
from kiosk.chaos.middlebox import Middlebox
from kiosk.chaos.report import Report
from kiosk.config import load
from kiosk.counts import count
from kiosk.demo.processes import DemoError, wait_for
from kiosk.demo.sample import SAMPLE_CARD, sample_session
from kiosk.demo.stage import Stage
from kiosk.machine import Machine, open_machine
from kiosk.sync_status import read_status, wake
from kiosk.usecases import file_dossier

EXPECTED: Mapping[str, frozenset[str]] = {
    "portal": frozenset({"captive_portal"}),
    "redirect": frozenset({"captive_portal"}),
    "login_demanded": frozenset({"captive_portal"}),
    "error_page": frozenset({"server_error"}),
    "gzip": frozenset({"captive_portal", "wrong_answer"}),
    "truncated": frozenset({"offline", "wrong_answer", "bad_frame", "timeout"}),
    "length_too_short": frozenset({"bad_frame", "bad_signature", "wrong_answer"}),
    "length_too_long": frozenset({"offline", "wrong_answer", "bad_frame", "timeout"}),
    "garbled": frozenset({"bad_signature", "bad_frame", "captive_portal", "wrong_answer", "stale_reply"}),
    "appended": frozenset({"bad_frame", "bad_signature", "wrong_answer"}),
    "trickle": frozenset({"timeout"}),
    "yesterday": frozenset({"stale_reply"}),
}
"""What the kiosk may say of a box: the code beside its sentence."""
HARMLESS = ("twice", "buffering")

ROUNDS = 3
"""How often the capture is played back."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--filings", type=count, default=2, help="số hồ sơ nộp trong khi đường truyền bị phá, mỗi kiểu")

    parser.add_argument("--lines", default="bursts,loss30,2g", help="đường truyền tồi tự tạo, cách nhau bằng dấu phẩy")


def run(given: argparse.Namespace, folder: Path) -> Iterator[Report]:
    """All boxes and the replay; then, where namespaces may be made, bad lines."""
    with Stage(folder / "boxes", fullscreen=False) as stage:
        yield _Line(stage, given.seed).torment(given.filings)
    if not cage.missing("root"):
        yield over_bad_lines(folder / "bad-lines", given.lines.split(","), 2 * given.filings, given.seed)


class _Line:
    """A stage whose sync process reaches the province through a middlebox."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self._stage = stage
        self._dice = random.Random(seed)
        self._seed = seed
        self._box = Middlebox(stage.province_at(), seed)
        stage.sync.stop()
        stage.reach_province_by(self._box.url)
        stage.start_sync()
        self._machine = open_machine(load(stage.kiosk_state))
        self._filed: set[str] = set()
        self._said: dict[str, str] = {}

    def torment(self, filings: int) -> Report:
        started = time.monotonic()
        findings: list[str] = []
        try:
            for manner in EXPECTED:
                findings += self._spoilt(manner, filings)
            for manner in HARMLESS:
                self._file(filings)
                self._box.manner = manner
                findings += self._made_good(manner)
            self._box.manner = "honest"
            findings += self._replayed()
        finally:
            self._machine.close()
            self._box.close()
        findings += judge(self._stage, Promises(frozenset(self._filed), frozenset()))
        facts = {
            "seed": self._seed,
            "seconds": round(time.monotonic() - started, 1),
            "filed": len(self._filed),
            "said": self._said,
            "replayed": ROUNDS * len(self._box.requests),
        }
        told = (
            f"Đường truyền: {len(EXPECTED)} kiểu phá, {len(HARMLESS)} kiểu vô hại, {len(self._filed)} hồ sơ; "
            f"phát lại {facts['replayed']} yêu cầu cũ, trạng thái không đổi."
        )
        return Report("line", told, facts, tuple(findings))

    def _file(self, count: int) -> None:
        for _ in range(count):
            filed = file_dossier(self._machine, *sample_session(self._machine.store.clock.now().date()), SAMPLE_CARD)
            self._filed.add(filed.code)

    def _spoilt(self, manner: str, filings: int) -> Iterator[str]:
        """Spoil the answers in one manner, and see that nothing comes of it; then let all be made good."""
        self._box.manner = manner
        before = applied(self._machine)
        self._file(filings)
        code = self._next_failure()
        self._said[manner] = code
        if code not in EXPECTED[manner]:
            yield f"{manner}: the kiosk says «{code or 'all is well'}»"
        if not read_status(self._stage.kiosk_state).cure_vi:
            yield f"{manner}: no word on what to do"
        if applied(self._machine) != before:
            yield f"{manner}: something was applied"
        self._box.manner = "honest"
        yield from self._made_good(manner)

    def _next_failure(self) -> str:
        """The code of the next try that failed; empty when none does."""
        began = time.monotonic()

        def failed() -> str:
            wake(self._stage.kiosk_state)
            line = read_status(self._stage.kiosk_state)
            return line.failure if line.written_mono > began else ""

        try:
            return str(wait_for("a try", failed, 30, 0.3))
        except DemoError:
            return ""

    def _made_good(self, manner: str) -> Iterator[str]:
        try:
            wait_for("all to be sent", self._all_sent, 40, 0.3)
        except DemoError:
            yield f"{manner}: not made good afterwards: {read_status(self._stage.kiosk_state).failure}"

    def _all_sent(self) -> bool:
        wake(self._stage.kiosk_state)
        return self._machine.store.waiting() == 0

    def _replayed(self) -> Iterator[str]:
        """Yesterday's capture again, shuffled: to the province from the side, to the kiosk instead of answers."""
        before, held = applied(self._machine), self._stage.in_province("check")
        sent = list(self._box.requests)
        for _ in range(ROUNDS):
            self._dice.shuffle(sent)
            for body in sent:
                self._box.ask("POST", "/v1/x", body, "application/octet-stream")
        if self._stage.in_province("check") != held:
            yield "replayed requests changed the province"
        self._box.manner = "yesterday"
        seen = len(self._box.requests)
        for _ in range(8):
            self._next_failure()
        if len(self._box.requests) == seen or applied(self._machine) != before:
            yield "replayed answers changed the kiosk, or it did not ask"
        self._box.manner = "honest"


def applied(machine: Machine) -> Mapping[str, Any]:
    """All that an answer can move: cursors, feed, confirmed state."""
    tables = ("incarnation", "feed", "field", "conflict", "quarantine")
    state = hashlib.sha256()
    for table in tables:
        for row in machine.store.rows(f"SELECT * FROM {table} ORDER BY 1, 2"):
            facts = {key: value for key, value in row.items() if table != "incarnation" or key in ("inc", "told", "acked")}
            state.update(repr(facts).encode())
    return {"feed": machine.store.feed_position()[0], "state": state.hexdigest()}
