"""The sync process: exchanges events, sends attachments beside them, tells the screen how the line is.

It holds a file lock, so two never sync one store; it opens its own connection and notices new events in a quarter of a second.
Passing troubles of this machine (store busy, disk full) are waited out; anything unexpected ends the process, and its supervisor
starts it again. A nudge (SIGUSR1: the button, or a new filing) and a network that comes up end every wait.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

from kiosk import rotation
from kiosk.boots import note_boot
from kiosk.clock import HANOI
from kiosk.file_line import FileLine
from kiosk.line import bearer_of, engine_of
from kiosk.machine import Machine
from kiosk.outdated import note_upload_only
from kiosk.store.blobs import KioskFiles
from kiosk.store.connection import PASSING, DatabaseError, StoreError, named
from kiosk.store.outbox import EVENTS, Answer
from kiosk.sync_status import LineFact, lock_file, read_status, write_status
from kiosk.tidying import tidy_daily
from sync.blob.crossing import Crossing
from sync.clock import Reading, mark
from sync.netwatch import NetworkWatch
from sync.steps import watch_if_asked
from sync.worker import Nudge, Pace, SyncStatus, drain, run

log = logging.getLogger(__name__)

STORE_PATIENCE: Final = 3.0
"""Seconds until a store that was busy or full is tried again."""
_WATCH: Final = 0.25


class AlreadyRuns(Exception):
    """Another process syncs this store."""


@contextmanager
def the_only_one(machine: Machine) -> Iterator[None]:
    """Hold the store's sync lock, with this process's number in it for whoever wants to wake it. Raises AlreadyRuns."""
    with lock_file(machine.config.state).open("a+", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRuns from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def one_round(machine: Machine, files_s: float) -> SyncStatus:
    """Exchange until nothing more is useful or a try fails; then send files for at most so long, and fetch what confirms them.

    Raises:
        AlreadyRuns: another process syncs this store.
        ConfigError, StoreError: no address, not enrolled.
    """
    bearer = bearer_of(machine.config)
    with the_only_one(machine):
        note_boot(machine)
        engine, clock, arrived = engine_of(machine), _MachineClock(machine), threading.Event()
        try:
            status = drain(engine, bearer, clock)
            if not status.failure and files_s > 0:
                FileLine(machine, Crossing(), arrived=arrived.set).once_within(files_s)
            if arrived.is_set():
                status = drain(engine, bearer, clock)
        finally:
            bearer.close()
        Reporter(machine)(status)
        return status


def forever(machine: Machine) -> None:
    """Sync until SIGTERM or SIGINT.

    Raises:
        AlreadyRuns, ConfigError, StoreError: as :func:`one_round`.
    """
    bearer = bearer_of(machine.config)
    with the_only_one(machine):
        note_boot(machine)
        crossing = Crossing()
        stop, nudge = threading.Event(), Nudge()
        files = FileLine(machine, crossing, arrived=nudge.nudge)

        def at_once() -> None:
            nudge.nudge()
            files.nudge()

        def ended(_number: int, _frame: Any) -> None:
            stop.set()
            nudge.nudge()

        signal.signal(signal.SIGTERM, ended)
        signal.signal(signal.SIGINT, ended)
        signal.signal(signal.SIGUSR1, lambda _number, _frame: at_once())
        watch_if_asked()
        network = NetworkWatch(at_once)
        network.start()
        files.start()
        log.info("sync runs")
        try:
            while not stop.is_set():
                _exchange(machine, bearer, nudge, stop, crossing)
        finally:
            network.stop()
            files.stop()
            bearer.close()


def _exchange(machine: Machine, bearer: Any, nudge: Nudge, stop: threading.Event, crossing: Crossing) -> None:
    """The loop of events until it is stopped or the store has a passing trouble, which is waited out."""
    try:
        run(
            engine_of(machine),
            bearer,
            Reporter(machine),
            _MachineClock(machine),
            nudge.wait,
            stop.is_set,
            pace=_pace(machine),
            free_disk_mib=lambda: machine.store.reserve.free() // (1024 * 1024),
            busy=crossing.busy,
            spend=nudge.spend,
        )
    except (StoreError, DatabaseError) as error:
        told = error if isinstance(error, StoreError) else named(error, machine.config.state)
        if told.code not in PASSING:
            raise
        # The cursors have not moved, so the same exchange is simply made again.
        log.warning("the store cannot be written: %s", told.code)
        nudge.wait(STORE_PATIENCE)


def _pace(machine: Machine) -> Pace:
    config = machine.config
    idle = float(config["sync.interval"])
    return Pace(idle=idle, watch=min(_WATCH, idle), first=float(config["sync.retry_first"]), most=float(config["sync.retry_most"]))


class _MachineClock:
    def __init__(self, machine: Machine) -> None:
        self._clock = machine.store.clock

    def mono(self) -> float:
        return self._clock.monotonic()

    def wall_ms(self) -> int:
        return self._clock.wall_ms()


class Reporter:
    """Turns the worker's facts into the status file, the outbox's tries, and signed server times into clock marks."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._line = read_status(machine.config.state)
        self._rotation = machine.keyring.rotation

    def __call__(self, status: SyncStatus) -> None:
        self._tell_screen(status)
        if status.pending or status.failure or (status.outcome is not None and status.outcome.carried):
            self._machine.store.note_attempt(EVENTS, Answer(status.failure, status.failure_vi, status.next_try_s))
        outcome = status.outcome
        if outcome is None:
            log.warning("exchange failed: %s, %d waiting, next try in %.1f s", status.failure, status.pending, status.next_try_s)
            return
        note_upload_only(self._machine.store, outcome.upload_only)
        self._learn_time(outcome.server_ms, status)
        if self._rotation:
            rotation.answered(self._machine)
            self._rotation = b""
        if not status.pending:
            tidy_daily(self._machine, KioskFiles(self._machine.store).forget)
        log.info("exchange: %d applied, %d acknowledged, %d waiting", outcome.applied, outcome.acked, status.pending)

    def _tell_screen(self, status: SyncStatus) -> None:
        online = status.failure == "" or status.failure == "segment_refused"
        clock = self._machine.store.clock
        now = clock.now()
        self._line = LineFact(
            online=online,
            since_vi=self._line.since_vi if self._line.online is online else f"{now:%H:%M}",
            failure=status.failure,
            failure_vi=status.failure_vi,
            cure_vi=f"{status.cure_vi} Trang đăng nhập: {status.portal}" if status.portal else status.cure_vi,
            last_try=now.isoformat(),
            last_answer=_iso(status.last_answer_ms) or self._line.last_answer,
            next_try_s=round(status.next_try_s, 1),
            written_mono=clock.monotonic(),
            boot=clock.reading().boot,
        )
        write_status(self._machine.config.state, self._line)

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
