"""``chaos soak``: a week of many kiosks against one province process, time pressed together, over lines as they are.

Each kiosk is a real store with the product's engine and bearer, driven here directly with a clock that is told; the province is
its own process with real sockets. A table says how the lines are: how often an exchange or its answer is lost, how often a
commune is cut off for hours. Some kiosks are closed and opened again every morning. Afterwards the lines are good, and
everything must have arrived, once, where it belongs; memory must not have grown.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from forms.people.places import communes
from forms.procedures.procedure import Procedure
from forms.session import FormSession
from kiosk.chaos.judge import broken
from kiosk.chaos.report import Report, p95
from kiosk.clock import Clock
from kiosk.config import load
from kiosk.counts import count
from kiosk.demo.sample import SAMPLE_CARD, sample_session
from kiosk.demo.stage import Stage
from kiosk.line import engine_of
from kiosk.machine import Machine, open_machine
from kiosk.officials import add_official
from kiosk.services import Official
from kiosk.usecases import accept_dossier, file_dossier
from sync.engine import Engine
from sync.envelope import base32
from sync.errors import Offline, TimedOut
from sync.http import HttpBearer
from sync.worker import drain

SETS = ("store.reserve_mb=1", "store.least_free_mb=1")
HOUR = 3600.0
OFFICE_HOURS = range(8, 17)
FLAT_MB = 48
"""How much a process may grow from the second day to the last: caches fill, a leak grows with every day."""


@dataclass(frozen=True, slots=True)
class LineKind:
    """How a commune's line is: shares of exchanges lost on the way and on the way back, and of hours without any line."""

    name: str
    lost: float
    answer_lost: float
    cut_off: float


LINES = (
    LineKind("fibre", 0.0, 0.0, 0.0),
    LineKind("adsl", 0.02, 0.02, 0.02),
    LineKind("4g", 0.05, 0.05, 0.05),
    LineKind("2g", 0.20, 0.20, 0.20),
    LineKind("valley", 0.30, 0.30, 0.60),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--kiosks", type=count, default=56, help="số máy")
    parser.add_argument("--days", type=count, default=7, help="số ngày mô phỏng")
    parser.add_argument("--filings", type=count, default=12, help="số hồ sơ mỗi máy mỗi ngày, trung bình")


def run(given: argparse.Namespace, folder: Path) -> Iterator[Report]:
    """Enrol them all, live the week, judge."""
    with Stage(folder, fullscreen=False) as stage:
        stage.sync.stop()
        yield _Week(stage, folder, given).live()


class _ToldClock(Clock):
    """One simulated time for all; its monotonic clock runs with it."""

    def __init__(self) -> None:
        self.at = time.time() // 86_400 * 86_400
        super().__init__(lambda: self.at, lambda: self.at, lambda: "week")

    def mono(self) -> float:
        return self.at


class _Line:
    """The real bearer, and what the weather does to it."""

    def __init__(self, url: str, kind: LineKind, dice: random.Random, took: list[float]) -> None:
        self._bearer = HttpBearer(url)
        self._kind, self._dice, self._took = kind, dice, took
        self.is_up = True
        self.bytes = 0
        self.hedged_s = 0.0
        """Nothing is sent twice here."""

    def exchange(self, request: bytes, hedge_after_s: float = math.inf) -> bytes:
        if not self.is_up or self._dice.random() < self._kind.lost:
            raise Offline("no line")
        started = time.perf_counter()
        answer = self._bearer.exchange(request)
        self._took.append(time.perf_counter() - started)
        self.bytes += len(request) + len(answer)
        if self._dice.random() < self._kind.answer_lost:
            raise TimedOut("the answer is lost")
        return answer

    def weather(self) -> None:
        self.is_up = self._dice.random() >= self._kind.cut_off

    def mend(self) -> None:
        self._kind, self.is_up = LINES[0], True


@dataclass(slots=True)
class _Kiosk:
    state: Path
    commune: str
    line: _Line
    clock: _ToldClock
    machine: Machine
    engine: Engine
    official: Official
    waiting: deque[tuple[int, float]] = field(default_factory=deque)
    """Last event of each filing, and when it was filed."""
    filed: set[str] = field(default_factory=set)


class _Week:
    def __init__(self, stage: Stage, folder: Path, given: argparse.Namespace) -> None:
        self._stage, self._given = stage, given
        self._dice = random.Random(given.seed)
        self._clock = _ToldClock()
        self._took: list[float] = []
        self._lags: list[float] = []
        self._memory: list[tuple[int, int]] = []
        self._form: tuple[Procedure, FormSession] = sample_session(self._clock.now().date())
        # A few communes have two counters: their kiosks see each other's dossiers.
        codes = [place.code for place in communes()][: max(1, given.kiosks * 3 // 4)]
        self._kiosks = [self._start(folder / f"kiosk-{n}", codes[n % len(codes)], n) for n in range(given.kiosks)]

    def _start(self, state: Path, commune: str, number: int) -> _Kiosk:
        self._stage.enrol(state, commune)
        line = _Line(
            self._stage.province_url, LINES[number % len(LINES)], random.Random(f"{self._given.seed} {number}"), self._took
        )
        machine = open_machine(load(state, overrides=SETS), self._clock)
        official = add_official(machine.store, "Cán bộ Mẫu", "135790", "official")
        return _Kiosk(state, commune, line, self._clock, machine, engine_of(machine), official)

    def live(self) -> Report:
        started = time.monotonic()
        try:
            for _ in range(self._given.days):
                self._day()
                self._memory.append((_resident_mb(self._stage.province.pid), _resident_mb(os.getpid())))
            self._come_to_rest()
            findings = [*self._judged(), *self._flat()]
        finally:
            for kiosk in self._kiosks:
                kiosk.machine.close()
        return self._report(findings, time.monotonic() - started)

    def _day(self) -> None:
        for kiosk in self._kiosks:
            if self._dice.random() < 0.2:
                self._open_again(kiosk)
        for hour in range(24):
            self._clock.at += HOUR
            for kiosk in self._kiosks:
                kiosk.line.weather()
                if hour in OFFICE_HOURS:
                    self._office_hour(kiosk)
                self._carry(kiosk)

    def _open_again(self, kiosk: _Kiosk) -> None:
        kiosk.machine.close()
        kiosk.machine = open_machine(load(kiosk.state, overrides=SETS), self._clock)
        kiosk.engine = engine_of(kiosk.machine)

    def _office_hour(self, kiosk: _Kiosk) -> None:
        mean = self._given.filings / len(OFFICE_HOURS)
        for _ in range(int(mean) + (self._dice.random() < mean % 1)):
            filed = file_dossier(kiosk.machine, *self._form, SAMPLE_CARD)
            kiosk.filed.add(filed.code)
            if self._dice.random() < 0.7:
                accept_dossier(kiosk.machine, filed.dossier, self._form[0], kiosk.official, kiosk.machine.store.seen())
            kiosk.waiting.append((kiosk.machine.store.current()[1], self._clock.at))

    def _carry(self, kiosk: _Kiosk) -> None:
        drain(kiosk.engine, kiosk.line, self._clock)
        store = kiosk.machine.store
        acked = store.acked(store.current()[0])
        while kiosk.waiting and kiosk.waiting[0][0] <= acked:
            self._lags.append(self._clock.at - kiosk.waiting.popleft()[1])

    def _come_to_rest(self) -> None:
        """Good weather: twice round, so that two counters of one commune have each other's last word."""
        for kiosk in self._kiosks:
            kiosk.line.mend()
        for _ in range(2):
            for kiosk in self._kiosks:
                self._carry(kiosk)

    def _judged(self) -> Iterator[str]:
        told: Mapping[str, Any] = self._stage.in_province("check")
        if not told["ok"]:
            yield f"province check: {told['findings']}"
        filed = sum(len(kiosk.filed) for kiosk in self._kiosks)
        if told["dossiers"] != filed:
            yield f"the province has {told['dossiers']} dossiers, {filed} were promised"
        for kiosk in self._kiosks:
            yield from (f"{kiosk.state.name}: {finding}" for finding in self._judge(kiosk, told["heads"]))
        for commune, states in self._shown().items():
            if len(states) > 1:
                yield f"two counters of commune {commune} show different things"

    def _judge(self, kiosk: _Kiosk, heads: Mapping[str, str]) -> Iterator[str]:
        store = kiosk.machine.store
        codes = Counter(row["code"] for row in store.rows("SELECT code FROM dossier"))
        if lost := kiosk.filed - codes.keys():
            yield f"{len(lost)} promised dossiers are lost"
        if doubled := [code for code, count in codes.items() if count > 1]:
            yield f"{len(doubled)} dossiers are doubled"
        here = set().union(*(other.filed for other in self._kiosks if other.commune == kiosk.commune))
        if foreign := codes.keys() - here:
            yield f"{len(foreign)} dossiers of another commune"
        if store.waiting():
            yield f"{store.waiting()} events were never acknowledged"
        device = base32(store.identity_or_raise().device)
        for inc in store.incarnations():
            n, head = store.last(inc)
            if n and heads.get(f"{device}-{base32(inc)}") != head.hex():
                yield "the province holds another journal"
        yield from broken(kiosk.machine)

    def _shown(self) -> Mapping[str, set[Any]]:
        """What the kiosks of each commune show, as many states as there are different ones."""
        states: dict[str, set[Any]] = {}
        for kiosk in self._kiosks:
            rows = kiosk.machine.store.rows("SELECT d, f, v FROM field ORDER BY d, f")
            states.setdefault(kiosk.commune, set()).add(hash(tuple(tuple(row.values()) for row in rows)))
        return states

    def _flat(self) -> Iterator[str]:
        if len(self._memory) < 3:
            return
        for name, first, last in zip(("province", "kiosks"), self._memory[1], self._memory[-1], strict=True):
            if last - first > FLAT_MB:
                yield f"memory of the {name} grew from {first} to {last} MB"

    def _report(self, findings: Sequence[str], seconds: float) -> Report:
        filed = sum(len(kiosk.filed) for kiosk in self._kiosks)
        facts = {
            "seed": self._given.seed,
            "kiosks": len(self._kiosks),
            "days": self._given.days,
            "filed": filed,
            "exchanges": len(self._took),
            "exchange_p95_ms": round(p95(self._took) * 1000, 1),
            "lag_p95_hours": round(p95(self._lags) / HOUR, 1),
            "bytes_per_dossier": round(sum(kiosk.line.bytes for kiosk in self._kiosks) / max(filed, 1)),
            "memory_mb": [{"province": province, "kiosks": own} for province, own in self._memory],
            "seconds": round(seconds, 1),
        }
        memory = ", ".join(str(province) for province, _ in self._memory)
        told = (
            f"{facts['kiosks']} máy, {facts['days']} ngày, {filed} hồ sơ, {facts['exchanges']} lượt trao đổi: "
            f"p95 {facts['exchange_p95_ms']} ms; xác nhận về trong {facts['lag_p95_hours']} giờ (p95); "
            f"{facts['bytes_per_dossier']} byte mỗi hồ sơ; bộ nhớ máy chủ tỉnh theo ngày {memory} MB."
        )
        return Report("soak", told, facts, tuple(findings))


def _resident_mb(pid: int) -> int:
    """Resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0]) // 1024
