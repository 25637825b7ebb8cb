"""Attachments in the sync process: a thread of their own beside the exchange of events, on the same line, giving way to it.

It sends what may go now, waits, and goes on: after a failure with the same growing full jitter as events, after a pause the
province asked for, at once when nudged. «Dừng gửi» (pause now) stands in the store, so it holds over a restart. How each try
ended is noted file by file for the technician. Unexpected errors end the process; its supervisor starts it again.
"""

from __future__ import annotations

import logging
import os
import random
import signal
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Final

from kiosk.attachments import scan_times
from kiosk.line import proxy_of, trust_of
from kiosk.machine import Machine
from kiosk.store.blobs import KioskFiles
from kiosk.store.connection import PASSING, DatabaseError, StoreError, named
from kiosk.store.outbox import Answer
from sync.blob.crossing import Crossing
from sync.blob.http import BlobSender
from sync.blob.line import LineWaits, Peer
from sync.blob.ports import Lane
from sync.errors import BearerError, SyncError
from sync.rollover import take_all
from sync.worker import Nudge

log = logging.getLogger(__name__)

PAUSED: Final = "files_paused"
"""Key in the store: the technician has stopped attachments."""
LOOK_S: Final = 5.0
"""Between looks for new files."""
_REFUSED_VI: Final = {
    "blob_unknown": "Tỉnh chưa nhận được sự kiện của giấy tờ này.",
    "blob_pause": "Tỉnh đang bận nhận giấy tờ của các máy khác.",
    "disk_full": "Ổ đĩa nhận giấy tờ của tỉnh đã đầy.",
    "revoked": "Máy này đã bị tỉnh thu hồi quyền gửi.",
}


def peer_of(machine: Machine) -> Peer:
    """Who sends and where to. Raises ConfigError, StoreError: ``not_enrolled``."""
    keys, proxy = machine.engine_keys(), proxy_of(machine.config)
    trust = take_all(keys.trust, machine.store.keys_documents(), (keys.seal, *keys.former))
    return Peer(
        str(machine.config["province.url"]).rstrip("/"),
        machine.store.identity_or_raise().device,
        keys.sign,
        keys.suite.verifier(trust.province.verify_key),
        trust_of(machine.config),
        proxy.url if proxy is not None else "",
        proxy.login if proxy is not None else "",
    )


def pause_files(machine: Machine, paused: bool) -> None:
    """Stop attachments now, or let them go on."""
    with machine.store.transaction():
        machine.store.set_meta(PAUSED, int(paused))


def allowed(machine: Machine) -> Callable[[Lane], bool]:
    """What may use the line now: nothing while paused, else as the configuration says of lines and hours."""
    times = scan_times(machine.config, lambda moment: _is_open(machine, moment), lambda: _now(machine))
    return lambda lane: not machine.store.meta(PAUSED, 0) and times(lane)


def _is_open(machine: Machine, moment: datetime) -> bool:
    day = moment.date()
    working = not machine.calendar.covers(day) or machine.calendar.is_working(day)
    return working and any(first <= moment.time() < last for first, last in machine.hours.sessions)


def _now(machine: Machine) -> datetime | None:
    return machine.store.clock.now() if machine.store.clock_quality() else None


class FileLine:
    """The thread. ``start`` and ``stop`` are called once each. ``arrived`` is told when a round has brought files over whole: the
    confirmation lies in the feed now, and need not wait for the next exchange by the clock."""

    def __init__(
        self,
        machine: Machine,
        crossing: Crossing,
        *,
        arrived: Callable[[], None] = lambda: None,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        seconds = float(machine.config["sync.timeout"])
        self._machine = machine
        self._arrived = arrived
        self._files = KioskFiles(machine.store)
        self._letters = len(machine.store.keys_documents())
        self._sender = BlobSender(peer_of(machine), self._files, crossing, waits=LineWaits(connect=seconds, stall=seconds))
        self._allows = allowed(machine)
        self._uniform = uniform
        self._nudge = Nudge()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="files", daemon=True)
        self._failures = 0
        self._rest = LOOK_S
        """Seconds until the next look."""
        self._refused = ""
        self._pause_s = 0
        self._defect: BaseException | None = None

    def start(self) -> None:
        self._files.sweep()
        self._thread.start()

    def nudge(self) -> None:
        """A file was attached, the network is back, a person pressed the button: look now."""
        self._nudge.nudge()

    def stop(self) -> None:
        """End the thread; raises what ended it before."""
        self._stop.set()
        self._nudge.nudge()
        self._thread.join(timeout=30)
        self._sender.close()
        if self._defect is not None:
            raise self._defect

    def once(self) -> SyncError | None:
        """One round; the failure that ended it, or ``None``."""
        self._take_keys()
        error: SyncError | None = None
        try:
            done = self._sender.round(self._allows, self._stop)
            self._failures, self._refused, self._pause_s = 0, done.refused, done.pause_s
        except SyncError as failure:
            self._failures, self._pause_s, error = self._failures + 1, _asked_s(failure), failure
        self._rest = self._wait()
        self._note(error)
        if self._sender.whole:
            self._arrived()
        return error

    def once_within(self, seconds: float) -> SyncError | None:
        """One round, left after so many seconds: what has arrived by then counts."""
        self._files.sweep()
        limit = threading.Timer(seconds, self._stop.set)
        limit.start()
        try:
            return self.once()
        finally:
            limit.cancel()
            self._sender.close()

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                try:
                    self.once()
                except (StoreError, DatabaseError) as error:
                    # What stopped it is tried again as it was; a full disk must not stop the sending that would free it.
                    told = error if isinstance(error, StoreError) else named(error, self._machine.config.state)
                    if told.code not in PASSING:
                        raise
                    log.warning("the store cannot be written: %s", told.code)
                if self._pause_s and not self._failures:
                    # The province's own word: no nudge shortens it, or every filing would cost a portion for nothing.
                    self._stop.wait(self._rest)
                elif self._nudge.wait(self._rest):
                    self._failures = 0
        except BaseException as error:
            # A defect: the process must not go on without this half of it. stop() raises it again where it is seen.
            self._defect = error
            os.kill(os.getpid(), signal.SIGTERM)

    def _take_keys(self) -> None:
        """The exchange of events has brought new keys of the province: from now on they count here too."""
        letters = len(self._machine.store.keys_documents())
        if letters != self._letters:
            self._letters = letters
            self._sender.call_on(peer_of(self._machine))

    def _wait(self) -> float:
        """Seconds until the next look."""
        if not self._failures:
            return float(self._pause_s) + self._uniform(0, 5) if self._pause_s else LOOK_S
        config = self._machine.config
        doubled = float(config["sync.retry_first"]) * 2.0 ** min(self._failures - 1, 16)
        return self._pause_s + self._uniform(0, min(float(config["sync.retry_most"]), doubled))

    def _note(self, error: SyncError | None) -> None:
        code = error.code if error is not None else self._refused
        told = error.message_vi if error is not None else _REFUSED_VI.get(code, "")
        for blob in self._sender.tried:
            self._machine.store.note_attempt(blob, Answer(code, told, self._rest))
        if self._sender.tried:
            log.info("attachments: %d tried, %s", len(self._sender.tried), code or "sent")
        self._machine.store.forget_arrived()


def _asked_s(failure: SyncError) -> int:
    """Seconds a Retry-After asked for."""
    return int(failure.retry_after_s) if isinstance(failure, BearerError) else 0
