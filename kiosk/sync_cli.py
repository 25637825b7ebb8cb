"""``python3 main.py sync``: the sync process, one round by hand, and what waits. Enrolment and keys: ``sync_enrol_cli``.

The process holds a file lock, so two never sync one store; it opens its own connection and notices new events within a second.
Whatever the line does becomes a sentence in the status file that the screen shows.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import logging
import os
import signal
import threading
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from kiosk import rotation
from kiosk.answers import answer, say
from kiosk.clock import HANOI
from kiosk.courier_cli import courier_command
from kiosk.line import bearer_of, engine_of
from kiosk.machine import Machine, add_machine_arguments
from kiosk.stick_cli import export_command, import_command
from kiosk.store.connection import DatabaseError, StoreError, named
from kiosk.sync_enrol_cli import enrol_command, keys_command
from kiosk.sync_status import LineFact, lock_file, read_status, write_status
from sync.clock import Reading, mark
from sync.engine import Engine
from sync.http import HttpBearer
from sync.steps import watch_if_asked
from sync.worker import Nudge, Pace, SyncStatus, drain, run

log = logging.getLogger(__name__)

STORE_PATIENCE = 3.0
"""Seconds until a store that was busy or full is tried again."""

BUSY = 4
"""Exit code when another sync process holds the store."""


def sync_command(argv: Sequence[str]) -> int:
    """Run one sync command; 0 when all is well, 1 when something is wrong, 2 for a wrong call, 4 when another one runs."""
    words = list(argv)
    if words and words[0] in _ELSEWHERE:
        return _ELSEWHERE[words[0]](words[1:])
    act = words.pop(0) if words and words[0] == "status" else "run"
    parser = argparse.ArgumentParser(prog=f"main.py sync {'' if act == 'run' else act}".strip(), description=_HELP[act])
    add_machine_arguments(parser)
    parser.add_argument("--json", action="store_true", help="trả lời bằng JSON")
    if act == "run":
        parser.add_argument("--once", action="store_true", help="chỉ gửi và nhận một lượt rồi dừng")
    given = parser.parse_args(words)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    return answer(given, _ACTS[act])


_ELSEWHERE = {
    "enrol": enrol_command,
    "keys": keys_command,
    "export": export_command,
    "import": import_command,
    "courier": courier_command,
}

_HELP = {
    "run": "Tiến trình đồng bộ với tỉnh; thêm --once để làm một lượt. Lệnh con: status, enrol, keys.",
    "status": "Còn gì chờ gửi, lần thử cuối, lần tới.",
}


class _MachineClock:
    def __init__(self, machine: Machine) -> None:
        self._clock = machine.store.clock

    def mono(self) -> float:
        return self._clock.monotonic()

    def wall_ms(self) -> int:
        return self._clock.wall_ms()


class _Reporter:
    """Turns the worker's facts into the status file, and signed server times into clock marks."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._line = read_status(machine.config.state)
        self._rotation = machine.keyring.rotation

    def __call__(self, status: SyncStatus) -> None:
        online = status.failure == "" or status.failure == "segment_refused"
        now = self._machine.store.clock.now()
        since = self._line.since_vi if self._line.online is online else f"{now:%H:%M}"
        self._line = LineFact(
            online=online,
            since_vi=since,
            failure=status.failure,
            failure_vi=status.failure_vi,
            cure_vi=status.cure_vi,
            last_try=now.isoformat(),
            last_answer=_iso(status.last_answer_ms),
            next_try_s=round(status.next_try_s, 1),
            written_mono=self._machine.store.clock.monotonic(),
            boot=self._machine.store.clock.reading().boot,
        )
        write_status(self._machine.config.state, self._line)
        outcome = status.outcome
        if outcome is not None:
            self._learn_time(outcome.server_ms, status)
            if self._rotation:
                rotation.answered(self._machine)
                self._rotation = b""
            log.info("exchange: %d applied, %d acknowledged, %d waiting", outcome.applied, outcome.acked, status.pending)
        else:
            log.warning("exchange failed: %s, %d waiting, next try in %.1f s", status.failure, status.pending, status.next_try_s)

    def _learn_time(self, server_ms: int, status: SyncStatus) -> None:
        store = self._machine.store
        now = store.clock.reading()
        sent = Reading(now.wall_ms, status.answered_mono - status.round_trip_s, now.boot)
        received = Reading(now.wall_ms, status.answered_mono, now.boot)
        if store.clock_quality() < 2 or status.pending == 0:
            known = store.meta("server_mark")
            fresh = mark(server_ms, sent, received)
            # One write a minute is enough: the monotonic clock carries the mark on.
            if known is None or json.loads(known)["boot"] != now.boot or now.mono - json.loads(known)["mono"] > 60:
                with store.transaction():
                    store.learn_time(fresh)


def _iso(wall_ms: int) -> str:
    return datetime.fromtimestamp(wall_ms / 1000, UTC).astimezone(HANOI).isoformat(timespec="seconds") if wall_ms else ""


def _run(machine: Machine, given: argparse.Namespace) -> int:
    bearer = bearer_of(machine.config)
    with lock_file(machine.config.state).open("a+", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(given.json, {"ok": False, "error": {"code": "sync_runs"}}, "Tiến trình đồng bộ đang chạy rồi.")
            return BUSY
        # The holder's number, for whoever wants to wake it (SIGUSR1).
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        engine, report = engine_of(machine), _Reporter(machine)
        if given.once:
            return _once(machine, engine, bearer, report, given.json)
        _forever(machine, engine, bearer, report)
        return 0


def _once(machine: Machine, engine: Engine, bearer: HttpBearer, report: _Reporter, as_json: bool) -> int:
    status = drain(engine, bearer, _MachineClock(machine))
    report(status)
    facts = _status_facts(machine)
    say(
        as_json,
        {"ok": not status.failure, **facts},
        status.failure_vi or f"Xong, còn {facts['pending_events']} sự kiện chờ xác nhận.",
    )
    return 1 if status.failure else 0


def _forever(machine: Machine, engine: Engine, bearer: HttpBearer, report: _Reporter) -> None:
    stop, nudge = threading.Event(), Nudge()

    def ended(_number: int, _frame: Any) -> None:
        stop.set()
        nudge.nudge()

    signal.signal(signal.SIGTERM, ended)
    signal.signal(signal.SIGINT, ended)
    signal.signal(signal.SIGUSR1, lambda _number, _frame: nudge.nudge())
    watch_if_asked()
    config = machine.config
    pace = Pace(
        idle=float(config["sync.interval"]),
        watch=min(1.0, float(config["sync.interval"])),
        first=float(config["sync.retry_first"]),
        most=float(config["sync.retry_most"]),
    )
    log.info("sync runs")
    while not stop.is_set():
        try:
            run(
                engine,
                bearer,
                report,
                _MachineClock(machine),
                nudge.wait,
                stop.is_set,
                pace=pace,
                free_disk_mib=lambda: _free(machine),
            )
        except (StoreError, DatabaseError) as error:
            told = error if isinstance(error, StoreError) else named(error, config.state)
            if told.code not in ("store_busy", "disk_full"):
                raise
            # Passing troubles of this machine: the cursors have not moved, so the same exchange is simply made again.
            log.warning("the store cannot be written: %s", told.code)
            nudge.wait(STORE_PATIENCE)


def _free(machine: Machine) -> int:
    return machine.store.reserve.free() // (1024 * 1024)


def _status(machine: Machine, given: argparse.Namespace) -> int:
    facts = _status_facts(machine)
    line = read_status(machine.config.state)
    text = [
        f"Chờ gửi: {facts['pending_events']} sự kiện của {facts['pending']['dossiers']} hồ sơ.",
        f"Bị giữ lại: {facts['quarantined']}.",
        f"Lần thử cuối: {line.last_try or 'chưa có'} {line.failure_vi}".rstrip(),
        f"Tỉnh trả lời cuối: {line.last_answer or 'chưa có'}. Lần thử tới sau {line.next_try_s:.0f} giây.",
    ]
    say(given.json, {"ok": True, **facts, "line": asdict(line)}, "\n".join(text))
    return 0


def _status_facts(machine: Machine) -> dict[str, Any]:
    store = machine.store
    waiting = store.rows("SELECT min(filed_at) AS oldest, count(*) AS n FROM dossier WHERE pending > 0")[0]
    oldest = datetime.fromisoformat(waiting["oldest"]) if waiting["oldest"] else None
    age = (store.clock.now() - oldest).total_seconds() if oldest else 0.0
    return {
        "pending": {"dossiers": waiting["n"], "events": store.waiting()},
        "pending_events": store.waiting(),
        "oldest_seconds": max(age, 0.0),
        "quarantined": store.rows("SELECT count(*) AS n FROM quarantine")[0]["n"],
        "last_ack": store.rows("SELECT coalesce(max(acked), 0) AS a FROM incarnation")[0]["a"],
    }


_ACTS = {"run": _run, "status": _status}
