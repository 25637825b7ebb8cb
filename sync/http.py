"""The HTTP bearer: carries a request to the province and brings back what is ours, or says in which way the line failed.

An answer counts only when it starts with our magic, whatever its status says; the engine then checks its signature. No
redirect is followed, no cookie kept, no proxy taken from the environment. Every wait is bounded: connecting, each single read
and write, and the whole answer. Head and body leave in one write and only the headers HTTP needs are sent; a long body goes out
in small pieces, because a socket's time-out covers one write and a slow line must show progress. A kept connection that turns
out dead is replaced once, at once (that is loss, not overload); longer waits belong to ``sync.worker``.

*Hedging*: on a lossy line TCP waits seconds where a new connection takes one round trip. So when a request has brought nothing
and nothing has moved for so long, the same bytes are sent on another connection, up to :data:`IN_FLIGHT` at once; the first
answer of ours wins, its connection is kept, the others are cut. The province takes a repeat for what it is.

Failures are told apart (``sync.errors``): ``offline``, ``timeout``, ``server_error``, ``captive_portal``, ``wrong_server``,
``proxy_refused``, ``wrong_answer``; ``refused`` and ``bad_signature`` are found by the engine.
"""

from __future__ import annotations

import base64
import fcntl
import json
import math
import queue
import socket
import ssl
import struct
import termios
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final
from urllib.parse import urlsplit

import requests
import tenacity
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from sync import wire
from sync.errors import (
    BearerError,
    CaptivePortal,
    EnrolError,
    EnrolRefused,
    Offline,
    ProxyRefused,
    ServerError,
    TimedOut,
    WrongAnswer,
    WrongServer,
)
from sync.tls import PinMismatch, Trust, check_pin, context_for

PIECE: Final = 4096
"""Bytes of the body given to the socket at once."""
SEND_BUFFER: Final = 16 * 1024
"""Bytes the kernel may hold back: with its default of megabytes, "sent" would mean nothing on a slow line."""
IN_FLIGHT: Final = 3
"""Most connections one request is on at the same time."""
ONE_PACKET: Final = 1200
"""A request of no more bytes leaves in one packet: it is either there or lost, and there is no progress to watch."""
_LOOK: Final = 0.25
"""Seconds between looks whether a longer request still moves."""
_RETRY_AFTER_MOST: Final = 3600.0
_FORGO: Final = urllib3.util.SKIP_HEADER


@dataclass(frozen=True, slots=True)
class Waits:
    """Bounds in seconds."""

    connect: float = 8.0
    """For connecting, and for each piece of the request to leave."""
    read: float = 8.0
    """For each piece of the answer to arrive: a line that stalls so long is dead, whatever TCP hopes (SYNC design 1.8)."""
    whole: float = 300.0
    """From the first byte of the answer to its last."""


@dataclass(frozen=True, slots=True, repr=False)
class Proxy:
    """A proxy by configuration; ``repr`` tells nothing. TLS goes through it by CONNECT."""

    url: str
    login: str = ""
    """``user:password``, from a file only its owner can read."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes
    headers: Mapping[str, str]


class _DeadConnection(Offline):
    """A kept connection broke before any answer: worth one new connection at once."""


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
        self._way = _Way(url.rstrip("/"), waits or Waits(), trust, tls, proxy, sleep, monotonic)
        self._kept: _Line | None = None
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
        facts = _json(answer)
        if answer.status == 202 and isinstance(facts.get("id"), str):
            return str(facts["id"])
        raise _enrol_failure(answer, facts)

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
        raise _enrol_failure(answer, _json(answer))

    def close(self) -> None:
        """Drop the kept connection and wait shortly for hedges still ending; the next call opens a new one."""
        self._take_kept().close()
        for thread in self._threads:
            thread.join(timeout=0.5)
        self._threads = []

    def _take_kept(self) -> _Line:
        line, self._kept = self._kept, None
        return line or _Line(self._way)

    def _plain(self, method: str, path: str, body: bytes | None) -> _Answer:
        line = self._take_kept()
        answer = line.call(method, path, body, 64 * 1024)
        self._kept = line
        return answer


@dataclass(frozen=True, slots=True, repr=False)
class _Way:
    """All a line needs to know of where it leads."""

    url: str
    waits: Waits
    trust: Trust
    tls: ssl.SSLContext | None
    proxy: Proxy | None
    sleep: Callable[[float], None]
    monotonic: Callable[[], float]


# --- hedging --------------------------------------------------------------------------------------------------------


class _Race:
    """One request on up to three connections; the first answer of ours wins."""

    def __init__(self, way: _Way, request: bytes, hedge_after_s: float) -> None:
        self._way = way
        self._request = request
        self._hedge = hedge_after_s
        self._results: queue.SimpleQueue[tuple[_Line, bytes | BaseException]] = queue.SimpleQueue()
        self._running: list[_Line] = []
        self._failures: list[BearerError] = []
        self._first_at = 0.0
        self.threads: list[threading.Thread] = []

    def run(self, first: _Line) -> tuple[bytes, _Line]:
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

    def behind(self, line: _Line) -> float:
        """How much later than the first one this line was started."""
        return line.started_at - self._first_at

    def _start(self, line: _Line) -> None:
        self._running.append(line)
        line.started_at = self._way.monotonic()
        self._first_at = self._first_at or line.started_at
        line.moved()
        thread = threading.Thread(target=self._carry, args=(line,), name="sync-line", daemon=True)
        self.threads.append(thread)
        thread.start()

    def _carry(self, line: _Line) -> None:
        try:
            answer = line.call("POST", "/v1/x", self._request, wire.MAX_REPLY)
            if not wire.is_ours(answer.body):
                line.close()
                raise _failure(answer)
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
            self._start(_Line(self._way))

    def _due(self) -> float:
        return max(line.moved_at for line in self._running) + self._hedge


def _telling(error: BearerError) -> int:
    """Of several failures the one that says most about the line comes first."""
    order = (CaptivePortal, WrongServer, ProxyRefused, ServerError, WrongAnswer, TimedOut)
    return next((place for place, kind in enumerate(order) if isinstance(error, kind)), len(order))


# --- one connection -------------------------------------------------------------------------------------------------


class _Line:
    """At most one connection, used by one thread at a time; any other may :meth:`look` at it and :meth:`cut` it."""

    def __init__(self, way: _Way) -> None:
        self._way = way
        self._session: requests.Session | None = None
        self._socket: socket.socket | None = None
        self._over = False
        self._unsent = 0
        self.started_at = 0.0
        self.moved_at = 0.0
        """Monotonic moment something last moved."""

    def call(self, method: str, path: str, body: bytes | None, limit: int) -> _Answer:
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_DeadConnection),
            stop=tenacity.stop_after_attempt(2),
            wait=tenacity.wait_none(),
            sleep=self._way.sleep,
            reraise=True,
        )
        return retrying(self._call_once, method, path, body, limit)

    def cut(self) -> None:
        """End whatever is on the way; a thread that waits for it gets a failure."""
        self._over = True
        held = self._socket
        if held is not None:
            with suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)

    def look(self) -> None:
        """Note whether bytes given to the kernel have arrived since the last look."""
        held = self._socket
        if held is None:
            return
        with suppress(OSError, ValueError):
            waiting = struct.unpack("i", fcntl.ioctl(held.fileno(), termios.TIOCOUTQ, b"\0\0\0\0"))[0]
            if 0 < waiting != self._unsent:
                self.moved()
            self._unsent = waiting

    def moved(self) -> None:
        """Called when a piece has gone to the kernel, or come from it."""
        self.moved_at = self._way.monotonic()

    def connected(self, held: socket.socket) -> None:
        """Called by the connection when it stands."""
        self._socket = held
        if self._over:
            raise OSError("no longer needed")

    def close(self) -> None:
        """Give the connection up; by the thread that uses it."""
        if self._session is not None:
            self._session.close()
        self._session = self._socket = None

    def _call_once(self, method: str, path: str, body: bytes | None, limit: int) -> _Answer:
        kept = self._session is not None
        if self._session is None:
            self._session = _plain_session(self, self._way)
        try:
            response = self._session.request(
                method,
                self._way.url + path,
                data=None if body is None else _Pieces(body),
                timeout=(self._way.waits.connect, self._way.waits.read),
                allow_redirects=False,
                stream=True,
            )
            with response:
                return _Answer(response.status_code, self._read(response, limit), response.headers)
        except BearerError:
            self.close()
            raise
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            self.close()
            raise _named(error, kept and not self._over) from None

    def _read(self, response: requests.Response, limit: int) -> bytes:
        deadline = self._way.monotonic() + self._way.waits.whole
        body = bytearray()
        while piece := response.raw.read1(65536, decode_content=False):
            body += piece
            self.moved()
            if len(body) > limit:
                raise WrongAnswer(f"an answer of more than {limit} bytes")
            if self.moved_at > deadline:
                raise TimedOut("the answer trickles in too slowly")
        return bytes(body)


class _Pieces:
    """A body with a length, handed out in small pieces."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def __len__(self) -> int:
        return len(self._body)

    def __iter__(self) -> Iterator[bytes]:
        for at in range(0, len(self._body), PIECE):
            yield self._body[at : at + PIECE]


class _OneWrite(HTTPConnection):
    """Holds the head back until the first piece of the body, so that a small request is one packet."""

    line: _Line
    _held = b""
    _holding = False

    def endheaders(self, *args: Any, **kwargs: Any) -> None:
        self._holding = True
        try:
            super().endheaders(*args, **kwargs)
        finally:
            self._holding = False

    def send(self, data: Any) -> None:
        if self._holding:
            self._held += data
            return
        head, self._held = self._held, b""
        super().send(head + data)
        self.line.moved()

    def getresponse(self) -> Any:
        if self._held:
            self.send(b"")
        return super().getresponse()

    def connect(self) -> None:
        self._held, mine = b"", self._held
        super().connect()
        self._held = mine
        assert self.sock is not None
        self.line.connected(self.sock)


class _OneWriteTls(_OneWrite, HTTPSConnection):
    """… and shows the server's key to the pins."""

    trust: Trust

    def connect(self) -> None:
        super().connect()
        assert isinstance(self.sock, ssl.SSLSocket)
        check_pin(self.trust, self.sock.getpeercert(binary_form=True))
        self.is_verified = True


class _Adapter(HTTPAdapter):
    """Connections of ours: small buffers, one write, our own idea of whom to trust, a proxy only by configuration."""

    def __init__(self, line: _Line, way: _Way) -> None:
        self._line = line
        self._way = way
        super().__init__(pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        options = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1), (socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)]
        super().init_poolmanager(*args, socket_options=options, **kwargs)
        self._fit(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        self._fit(manager)
        return manager

    def proxy_headers(self, proxy: str) -> dict[str, str]:
        login = self._way.proxy.login if self._way.proxy is not None else ""
        return {"Proxy-Authorization": f"Basic {base64.b64encode(login.encode('utf-8')).decode('ascii')}"} if login else {}

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        host, _ = super().build_connection_pool_key_attributes(request, False, None)
        if host["scheme"] != "https":
            return host, {}
        pinned = bool(self._way.trust.pins)
        # With pins the name in the certificate is of no matter; urllib3 must not ask for it either.
        return host, {
            "ssl_context": self._way.tls,
            "cert_reqs": "CERT_NONE" if pinned else "CERT_REQUIRED",
            **({"assert_hostname": False} if pinned else {}),
        }

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Nothing of requests' own: the context above says it all."""

    def _fit(self, manager: Any) -> None:
        plain = type("Plain", (_OneWrite,), {"line": self._line})
        secure = type("Secure", (_OneWriteTls,), {"line": self._line, "trust": self._way.trust})
        manager.pool_classes_by_scheme = {
            "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
        }


def _plain_session(line: _Line, way: _Way) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.headers.clear()
    session.headers.update({"User-Agent": _FORGO, "Accept-Encoding": _FORGO})
    if way.proxy is not None:
        session.proxies = {"http": way.proxy.url, "https": way.proxy.url}
    adapter = _Adapter(line, way)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session


# --- what a failure says --------------------------------------------------------------------------------------------


def _failure(answer: _Answer) -> BearerError:
    """What a body that is not ours says about the line."""
    status = answer.status
    if status == 407:
        return ProxyRefused("status 407")
    if status == 511 or status < 400:
        return CaptivePortal(f"status {status} from somebody else", _portal(answer))
    if status >= 500 or status == 429:
        return ServerError(f"status {status}", _retry_after(answer.headers))
    return WrongAnswer(f"status {status}")


def _portal(answer: _Answer) -> str:
    """Where the network wants its login: RFC 8908's ``user-portal-url``, or where a redirect points. Without query."""
    given = _json(answer).get("user-portal-url") or answer.headers.get("Location") or ""
    parts = urlsplit(given if isinstance(given, str) else "")
    shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    fair = parts.scheme in ("http", "https") and parts.netloc and len(shown) <= 200 and shown.isascii() and shown.isprintable()
    return shown if fair else ""


def _enrol_failure(answer: _Answer, facts: Mapping[str, Any]) -> EnrolError | BearerError:
    reason = facts.get("error")
    if 400 <= answer.status < 500 and answer.status != 429 and isinstance(reason, str):
        return EnrolRefused(reason)
    return _failure(answer)


def _json(answer: _Answer) -> Mapping[str, Any]:
    try:
        facts = json.loads(answer.body.decode("utf-8"))
    except (ValueError, RecursionError):
        return {}
    return facts if isinstance(facts, dict) else {}


def _retry_after(headers: Mapping[str, str]) -> float:
    """Seconds of a Retry-After header; its date form is not used, because no clock here can be trusted to read it."""
    text = headers.get("Retry-After", "")
    return min(float(text), _RETRY_AFTER_MOST) if text.isascii() and text.isdigit() else 0.0


def _named(error: BaseException, kept: bool) -> BearerError:
    reason = _reason(error)
    if any(isinstance(inner, PinMismatch | ssl.SSLCertVerificationError) for inner in _inside(error)):
        return WrongServer(reason)
    if any(isinstance(inner, OSError) and "Tunnel connection failed: 4" in str(inner) for inner in _inside(error)):
        return ProxyRefused(reason)
    if _silent(error):
        return TimedOut(reason)
    return (_DeadConnection if kept else Offline)(reason)


def _inside(error: BaseException) -> Iterator[BaseException]:
    """An error and those wrapped in it."""
    yield error
    for inner in (*error.args, getattr(error, "reason", None)):
        if isinstance(inner, BaseException) and inner is not error:
            yield from _inside(inner)


def _silent(error: BaseException) -> bool:
    """Whether a connection was there and nothing moved on it, sending or receiving; not whether one could be made."""
    if isinstance(error, requests.ConnectTimeout):
        return False
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError | TimeoutError):
        return True
    return any(_silent(inner) for inner in error.args if isinstance(inner, BaseException))


def _reason(error: BaseException) -> str:
    """Kind of failure without addresses or paths, for logs."""
    inner = error.args[0] if error.args and isinstance(error.args[0], BaseException) else error
    cause = getattr(inner, "reason", inner)
    return type(cause).__name__
