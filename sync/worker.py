"""The loop of the sync process: exchange when there is something to send or every so often, back off when the line fails.

It survives whatever the line or the other end does: every :class:`SyncError` becomes a fact in the status and a longer wait;
anything else is a defect and propagates into the supervisor. It writes nothing itself: cursors and feed go through the
engine's journal, so a kill at any moment costs at most one exchange. Time is monotonic and injected. A line that stalled is tried
again at once a few times, for that is loss and not overload; otherwise waiting grows by full jitter (a random part of 2 s, 4 s …
5 min), so kiosks coming back after an outage of the province do not come at once; a nudge (button, network up) ends any wait and
starts afresh. Events are always first: whoever sends attachments over the same line is told by ``busy`` when to yield.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from sync.engine import Engine, ReplyOutcome
from sync.errors import BearerError, CaptivePortal, Offline, SegmentQuarantined, SyncError, TimedOut
from sync.steps import step


class Bearer(Protocol):
    """Carries one request and brings the answer (``sync.http.HttpBearer``)."""

    @property
    def hedged_s(self) -> float:
        """Seconds after which the copy was sent that brought the last answer; 0 for the first one. Without it an answer to a hedge
        would count as a slow one, and the next hedge would come later still (Karn's rule)."""
        ...

    def exchange(self, request: bytes, hedge_after_s: float) -> bytes:
        """Raises :class:`BearerError` when the line brought nothing of ours. When nothing has moved for ``hedge_after_s`` the same
        bytes may be sent again on another connection."""
        ...


class Clock(Protocol):
    """The machine's clocks."""

    def mono(self) -> float:
        """Monotonic seconds."""
        ...

    def wall_ms(self) -> int:
        """Wall clock, ms since the epoch: told to the province as evidence, shown to people, never compared."""
        ...


class Nudge:
    """A wait that another thread can cut short: its :meth:`wait` is the ``sleep`` of :func:`run`."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def wait(self, seconds: float) -> bool:
        """Wait up to so many seconds; True when :meth:`nudge` was called meanwhile or before."""
        if not self._event.wait(seconds):
            return False
        self._event.clear()
        return True

    def nudge(self) -> None:
        self._event.set()

    def spend(self) -> None:
        """Forget a nudge: what it was for has been done."""
        self._event.clear()


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between looks and tries."""

    idle: float = 30.0
    """Between exchanges when there is nothing to send: how old the feed may become."""
    watch: float = 0.25
    """Between looks for new local events."""
    first: float = 2.0
    """Ceiling of the first wait after a failure; doubles with each further one."""
    most: float = 300.0
    pause_most: float = 900.0
    """A pause the province asks for puts off the next look at the feed, so long at most; events never wait for it."""
    at_once: int = 3
    """Stalls in a row after which it is no longer loss, and waits begin."""


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """Facts for the screen, handed to the callback after every try."""

    last_try_ms: int = 0
    last_answer_ms: int = 0
    """Wall time of the last answer that counted; 0 = none since start."""
    next_try_s: float = 0.0
    """Seconds from this status to the next try, if nothing new is written before."""
    failures: int = 0
    """Tries in a row that failed."""
    failure: str = ""
    """Code of the last failure, empty after an answer that counted."""
    failure_vi: str = ""
    cure_vi: str = ""
    portal: str = ""
    """Where the network wants its login, when it said so."""
    stalls: int = 0
    """Tries in a row in which a line stood and then stalled."""
    pending: int = 0
    """Own events the province is not known to hold."""
    outcome: ReplyOutcome | None = None
    """What the last answer brought."""
    round_trip_s: float = 0.0
    answered_mono: float = 0.0
    """Monotonic moment the last answer arrived; with ``round_trip_s`` it makes a clock mark (``sync.clock``)."""


def run(
    engine: Engine,
    bearer: Bearer,
    notify: Callable[[SyncStatus], None],
    clock: Clock,
    sleep: Callable[[float], bool],
    stop: Callable[[], bool],
    *,
    pace: Pace | None = None,
    uniform: Callable[[float, float], float] = random.uniform,
    free_disk_mib: Callable[[], int] = lambda: 0,
    busy: Callable[[bool], None] = lambda waiting: None,
    spend: Callable[[], None] = lambda: None,
) -> None:
    """Exchange until ``stop()``. ``sleep`` waits up to so many seconds and returns True when it was cut short by a nudge.

    ``spend`` forgets a nudge that came while an exchange was on the way and went well: its event has travelled already, or is
    still pending and travels next. Else a filing whose nudge came just after the loop saw it would cost a second, empty exchange.

    ``busy`` is told True while events wait for the line or are on it, False when the line is free for attachments.
    """
    pace = pace or Pace()
    status = SyncStatus()
    due = clock.mono()
    held = False
    while not stop():
        wait = due - clock.mono()
        if wait > 0 and (held or engine.pending() == 0):
            if sleep(min(wait, wait if held else pace.watch)):
                due, held = clock.mono(), False
                status = replace(status, failures=0, stalls=0)
            continue
        busy(True)
        status = attempt(engine, bearer, status, clock, free_disk_mib())
        if not status.failures:
            spend()
        delay, held = _next(status, pace, uniform)
        due = clock.mono() + delay
        status = replace(status, next_try_s=delay)
        # A line that fails or is told to wait carries no events, so nothing is in the way of attachments either.
        busy(delay == 0.0 or (status.pending > 0 and not held))
        notify(status)


def attempt(engine: Engine, bearer: Bearer, status: SyncStatus, clock: Clock, free_disk_mib: int = 0) -> SyncStatus:
    """One exchange and what became of it. ``next_try_s`` of the result is what the other end asked to wait, 0 when nothing."""
    sent = clock.mono()
    request = engine.make_request(sent, clock.wall_ms(), free_disk_mib=free_disk_mib)
    status = replace(status, last_try_ms=clock.wall_ms(), outcome=None, next_try_s=0.0)
    try:
        with step("sync.carry"):
            reply = bearer.exchange(request, engine.hedge_after(len(request)))
        hedged = bearer.hedged_s
        with step("sync.apply"):
            outcome = engine.on_reply(reply, clock.mono() - hedged)
    except SyncError as error:
        if isinstance(error, Offline | TimedOut):
            engine.on_failure()
        return _failed(status, error, engine)
    answered = clock.mono()
    status = replace(
        status,
        last_answer_ms=clock.wall_ms(),
        outcome=outcome,
        round_trip_s=answered - sent - hedged,
        answered_mono=answered,
    )
    if outcome.refusals or (outcome.carried and not outcome.moved):
        return _failed(status, SegmentQuarantined(f"{len(outcome.refusals)} refused, {outcome.carried} lines not taken"), engine)
    return replace(status, failures=0, stalls=0, failure="", failure_vi="", cure_vi="", portal="", pending=engine.pending())


def drain(engine: Engine, bearer: Bearer, clock: Clock, *, most: int = 1000) -> SyncStatus:
    """Exchange until nothing more is useful or one try fails: ``sync --once``."""
    status = SyncStatus()
    for _ in range(most):
        status = attempt(engine, bearer, status, clock)
        if status.failures or status.outcome is None or not status.outcome.more:
            break
    return status


def _failed(status: SyncStatus, error: SyncError, engine: Engine) -> SyncStatus:
    return replace(
        status,
        failures=status.failures + 1,
        failure=error.code,
        failure_vi=error.message_vi,
        cure_vi=error.cure_vi,
        portal=error.portal if isinstance(error, CaptivePortal) else "",
        stalls=status.stalls + 1 if isinstance(error, TimedOut) else 0,
        pending=engine.pending(),
        next_try_s=error.retry_after_s if isinstance(error, BearerError) else 0.0,
    )


def _next(status: SyncStatus, pace: Pace, uniform: Callable[[float, float], float]) -> tuple[float, bool]:
    """(seconds to wait, whether new local events must wait too)."""
    if 0 < status.stalls < pace.at_once:
        return 0.0, False
    if status.failures:
        ceiling = min(pace.most, pace.first * 2.0 ** min(status.failures - 1, 30))
        return status.next_try_s + uniform(0.0, ceiling), True
    outcome = status.outcome
    if outcome is not None and outcome.pause_s:
        return min(pace.pause_most, float(outcome.pause_s)) + uniform(0.0, pace.first), False
    if outcome is not None and outcome.more:
        return 0.0, False
    return pace.idle, False
