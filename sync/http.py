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
from sync.tls import Trust, context_for

__all__ = ["IN_FLIGHT", "HttpBearer", "Proxy", "Waits"]

IN_FLIGHT: Final = 3
"""Most connections one request is on at the same time."""
ONE_PACKET: Final = 1200
"""A request of no more bytes leaves in one packet: it is either there or lost, and there is no progress to watch."""
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
        self._kept: Connection | None = None
        self._threads: list[threading.Thread] = []
        self.hedged_s = 0.0
        """Seconds after which the copy was sent that brought the last answer."""

    def exchange(self, request: bytes, hedge_after_s: float = math.inf) -> bytes:
        """Send a request, return a body that starts with our magic.

        Raises:
            BearerError: the line brought nothing of ours; of several failures the most telling one.
        """
        race = _Race(self._way, request, hedge_after_s)
        try:
            answer, self._kept = race.run(self._take_kept())
            self.hedged_s = race.behind(self._kept)
        finally:
            self._threads = [thread for thread in (*self._threads, *race.threads) if thread.is_alive()]
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
        """Drop the kept connection and wait shortly for hedges still ending; the next call opens a new one."""
        self._take_kept().close()
        for thread in self._threads:
            thread.join(timeout=0.5)
        self._threads = []

    def _take_kept(self) -> Connection:
        line, self._kept = self._kept, None
        return line or Connection(self._way)

    def _plain(self, method: str, path: str, body: bytes | None) -> Response:
        line = self._take_kept()
        answer = line.call(method, path, body, 64 * 1024)
        self._kept = line
        return answer


# --- hedging --------------------------------------------------------------------------------------------------------


class _Race:
    """One request on up to three connections; the first answer of ours wins."""

    def __init__(self, way: Way, request: bytes, hedge_after_s: float) -> None:
        self._way = way
        self._request = request
        self._hedge = hedge_after_s
        self._results: queue.SimpleQueue[tuple[Connection, bytes | BaseException]] = queue.SimpleQueue()
        self._running: list[Connection] = []
        self._failures: list[BearerError] = []
        self._first_at = 0.0
        self.threads: list[threading.Thread] = []

    def run(self, first: Connection) -> tuple[bytes, Connection]:
        self._start(first)
        try:
            while self._running:
                try:
                    line, result = self._results.get(timeout=self._patience())
                except queue.Empty:
                    self._hedge_if_still()
                    continue
                self._running.remove(line)
                if isinstance(result, bytes):
                    return result, line
                if not isinstance(result, BearerError):
                    raise result
                self._failures.append(result)
        finally:
            for line in self._running:
                line.cut()
        raise min(self._failures, key=_telling)

    def behind(self, line: Connection) -> float:
        """How much later than the first one this line was started."""
        return line.started_at - self._first_at

    def _start(self, line: Connection) -> None:
        self._running.append(line)
        line.started_at = self._way.monotonic()
        self._first_at = self._first_at or line.started_at
        line.moved()
        thread = threading.Thread(target=self._carry, args=(line,), name="sync-line", daemon=True)
        self.threads.append(thread)
        thread.start()

    def _carry(self, line: Connection) -> None:
        try:
            answer = line.call("POST", "/v1/x", self._request, wire.MAX_REPLY)
            if not wire.is_ours(answer.body):
                line.close()
                raise failure(answer)
            self._results.put((line, answer.body))
        except BaseException as error:  # handed to the thread that waits, which raises what is no failure of a line
            self._results.put((line, error))

    def _patience(self) -> float | None:
        """Seconds until a look is due; ``None`` when there is nothing to decide but the outcome."""
        if len(self.threads) >= IN_FLIGHT or math.isinf(self._hedge):
            return None
        left: float = max(0.0, self._due() - self._way.monotonic())
        return min(left, _LOOK) if len(self._request) > ONE_PACKET else left

    def _hedge_if_still(self) -> None:
        for line in self._running:
            line.look()
        if self._due() <= self._way.monotonic():
            self._start(Connection(self._way))

    def _due(self) -> float:
        return max(line.moved_at for line in self._running) + self._hedge


def _telling(error: BearerError) -> int:
    """Of several failures the one that says most about the line comes first."""
    order = (CaptivePortal, WrongServer, ProxyRefused, ServerError, WrongAnswer, TimedOut)
    return next((place for place, kind in enumerate(order) if isinstance(error, kind)), len(order))
