"""The HTTP bearer: carries a request to the province and brings back what is ours, or says in which way the line failed.

An answer counts only when it starts with our magic, whatever its status says; the engine then checks its signature. Every wait is
bounded: connecting, each single read and write, and the whole answer (:mod:`sync.connection`). Longer waits belong to
``sync.worker``.

*Hedging*: on a lossy line TCP waits seconds where a new connection takes one round trip. So when a request has brought nothing
and nothing has moved for so long, the same bytes are sent on another connection, up to :data:`IN_FLIGHT` at once; the first
answer of ours wins, its connection is kept, the others are cut. The province takes a repeat for what it is.

Failures are told apart (``sync.line_failures``): ``offline``, ``timeout``, ``server_error``, ``captive_portal``, ``wrong_server``,
``proxy_refused``, ``wrong_answer``; ``refused`` and ``bad_signature`` are found by the engine.
"""

from __future__ import annotations

import json
import math
import queue
import threading
import time
from collections.abc import Callable
from typing import Final

from sync import wire
from sync.connection import Connection, Proxy, Waits, Way
from sync.errors import (
    BearerError,
    CaptivePortal,
    EnrolError,
    ProxyRefused,
    ServerError,
    TimedOut,
    WrongAnswer,
    WrongServer,
)
from sync.line_failures import Response, enrol_failure, failure, read_json
from sync.pace import ONE_PACKET
from sync.tls import Trust, context_for

__all__ = ["IN_FLIGHT", "HttpBearer", "Proxy", "Waits"]

IN_FLIGHT: Final = 3
"""Most connections one request is on at the same time."""
_LOOK: Final = 0.25
"""Seconds between looks whether a longer request still moves."""


class HttpBearer:
    """One line to one province. ``url`` is its base, without ``/v1/x``. Used by one thread; hedges have threads of their own,
    which end with :meth:`close`.

    Raises:
        OSError: the file of the province's own authority cannot be read.
    """

    def __init__(
        self,
        url: str,
        *,
        waits: Waits | None = None,
        trust: Trust | None = None,
        proxy: Proxy | None = None,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        trust = trust or Trust()
        tls = context_for(trust) if url.startswith("https:") else None
        self._way = Way(url.rstrip("/"), waits or Waits(), trust, tls, proxy, sleep, monotonic)
        self._lines = _Lines(self._way)
        self.hedged_s = 0.0
        """Seconds after which the copy was sent that brought the last answer."""

    def exchange(self, request: bytes, hedge_after_s: float = math.inf) -> bytes:
        """Send a request, return a body that starts with our magic.

        Raises:
            BearerError: the line brought nothing of ours; of several failures the most telling one.
        """
        answer, self.hedged_s = _Race(self._way, self._lines, request, hedge_after_s).run()
        return answer

    def post_enrolment(self, code: str, request: bytes) -> str:
        """Hand in an enrolment request with its one-time code; returns the id to ask with.

        Raises:
            EnrolRefused: the province refuses the code or the request.
            BearerError: see :meth:`exchange`.
        """
        body = json.dumps({"code": code, "request": request.decode("utf-8")}).encode("utf-8")
        answer = self._plain("POST", "/v1/enrol", body)
        facts = read_json(answer)
        if answer.status == 202 and isinstance(facts.get("id"), str):
            return str(facts["id"])
        raise enrol_failure(answer, facts)

    def poll_enrolment(self, enrolment: str) -> bytes | None:
        """The bundle, or ``None`` while a person at the province decides.

        Raises:
            EnrolRefused: the request was denied or has expired.
            BearerError: see :meth:`exchange`.
        """
        if not enrolment or not enrolment.isascii() or not all(letter.isalnum() or letter in "-_" for letter in enrolment):
            raise EnrolError("the enrolment id is not one")
        answer = self._plain("GET", f"/v1/enrol/{enrolment}", None)
        if answer.status == 202:
            return None
        if answer.status == 200 and answer.body.startswith(b"MCX-ENROL-BUNDLE-"):
            return answer.body
        raise enrol_failure(answer, read_json(answer))

    def close(self) -> None:
        """Drop the connections and wait shortly for hedges still ending; the next call opens a new one."""
        self._lines.close()

    def _plain(self, method: str, path: str, body: bytes | None) -> Response:
        line = self._lines.take()
        answer = line.call(method, path, body, 64 * 1024)
        self._lines.keep(line)
        return answer


# --- hedging --------------------------------------------------------------------------------------------------------


class _Race:
    """One request on up to three connections; the first answer of ours wins."""

    def __init__(self, way: Way, lines: _Lines, request: bytes, hedge_after_s: float) -> None:
        self._way = way
        self._lines = lines
        self._request = request
        self._hedge = hedge_after_s
        self._results: queue.SimpleQueue[tuple[Connection, bytes | BaseException]] = queue.SimpleQueue()
        self._guard = threading.Lock()
        self._decided = False
        self._running: list[Connection] = []
        self._failures: list[BearerError] = []
        self._started = 0
        self._first_at = 0.0

    def run(self) -> tuple[bytes, float]:
        """The answer, and how much later than the first one the connection was started that brought it."""
        self._start()
        try:
            while self._running:
                try:
                    line, result = self._results.get(timeout=self._patience())
                except queue.Empty:
                    self._hedge_if_still()
                    continue
                self._running.remove(line)
                if isinstance(result, bytes):
                    self._lines.keep(line)
                    return result, line.started_at - self._first_at
                if not isinstance(result, BearerError):
                    raise result
                self._failures.append(result)
        finally:
            self._leave()
        raise min(self._failures, key=_telling)

    def _start(self) -> None:
        line = self._lines.take()
        self._running.append(line)
        self._started += 1
        line.started_at = self._way.monotonic()
        self._first_at = self._first_at or line.started_at
        line.moved()
        self._lines.run(line, self._carry)

    def _leave(self) -> None:
        """It is decided. What has arrived, or would in one packet, may end and leave its connection for later; the rest is cut."""
        with self._guard:
            self._decided = True
        while not self._results.empty():
            line, result = self._results.get()
            self._running.remove(line)
            if isinstance(result, bytes):
                self._lines.keep(line)
        for line in self._running:
            line.look()
            if not (self._is_short or line.is_taken):
                line.cut()

    def _carry(self, line: Connection) -> None:
        result: bytes | BaseException
        try:
            answer = line.call("POST", "/v1/x", self._request, wire.MAX_REPLY)
            if not wire.is_ours(answer.body):
                line.close()
                raise failure(answer)
            result = answer.body
        except BaseException as error:  # handed to the thread that waits, which raises what is no failure of a line
            result = error
        with self._guard:
            if not self._decided:
                self._results.put((line, result))
                return
        if isinstance(result, bytes):
            self._lines.keep(line)

    @property
    def _is_short(self) -> bool:
        return len(self._request) <= ONE_PACKET

    def _patience(self) -> float | None:
        """Seconds until a look is due; ``None`` when there is nothing to decide but the outcome."""
        if self._started >= IN_FLIGHT or math.isinf(self._hedge):
            return None
        left: float = max(0.0, self._due() - self._way.monotonic())
        return left if self._is_short else min(left, _LOOK)

    def _hedge_if_still(self) -> None:
        for line in self._running:
            line.look()
        if self._due() <= self._way.monotonic():
            self._start()

    def _due(self) -> float:
        return max(line.moved_at for line in self._running) + self._hedge


class _Lines:
    """The connections of one bearer: those at rest, which the next request takes, and those still at work on threads."""

    def __init__(self, way: Way) -> None:
        self._way = way
        self._guard = threading.Lock()
        self._rest: list[Connection] = []
        self._work: list[tuple[threading.Thread, Connection]] = []

    def take(self) -> Connection:
        """The one that answered last, or a new one."""
        with self._guard:
            return self._rest.pop() if self._rest else Connection(self._way)

    def keep(self, line: Connection) -> None:
        """One that stands and has answered."""
        with self._guard:
            self._rest.append(line)
            spare = self._rest.pop(0) if len(self._rest) > IN_FLIGHT else None
        if spare is not None:
            spare.close()

    def run(self, line: Connection, work: Callable[[Connection], None]) -> None:
        """Let a thread work with it."""
        thread = threading.Thread(target=work, args=(line,), name="sync-line", daemon=True)
        self._work = [(thread, line), *(one for one in self._work if one[0].is_alive())]
        for _, old in self._work[2 * IN_FLIGHT :]:
            old.cut()
        thread.start()

    def close(self) -> None:
        """Cut those at work, wait shortly for their threads, close those at rest."""
        for _, line in self._work:
            line.cut()
        for thread, _ in self._work:
            thread.join(timeout=0.5)
        self._work = []
        while self._rest:
            self.take().close()


def _telling(error: BearerError) -> int:
    """Of several failures the one that says most about the line comes first."""
    order = (CaptivePortal, WrongServer, ProxyRefused, ServerError, WrongAnswer, TimedOut)
    return next((place for place, kind in enumerate(order) if isinstance(error, kind)), len(order))
