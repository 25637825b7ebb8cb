"""The HTTP bearer: carries a request to the province and brings back what is ours, or says in which way the line failed.

An answer counts only when it starts with our magic, whatever its status says; the engine then checks its signature. No
redirect is followed, no cookie kept, no proxy taken from the environment. Every wait is bounded: connecting, each single read
and write, and the whole exchange. The body goes out in small pieces, because a socket's time-out covers one write and a slow
line must show progress. A kept connection that turns out dead is replaced once, at once (that is loss, not overload); longer
waits belong to ``sync.worker``.

Failures are told apart (``sync.errors``): ``offline``, ``timeout``, ``server_error``, ``captive_portal``, ``wrong_answer``;
``refused`` and ``bad_signature`` are found by the engine.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final

import requests
import tenacity
import urllib3
from requests.adapters import HTTPAdapter

from sync import wire
from sync.errors import BearerError, CaptivePortal, EnrolError, EnrolRefused, Offline, ServerError, TimedOut, WrongAnswer

PIECE: Final = 4096
"""Bytes of the body given to the socket at once."""
SEND_BUFFER: Final = 16 * 1024
"""Bytes the kernel may hold back: with its default of megabytes, "sent" would mean nothing on a slow line."""
_AGENT: Final = "mcx"
_RETRY_AFTER_MOST: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Waits:
    """Bounds in seconds."""

    connect: float = 10.0
    """For connecting, and for each piece of the request to leave."""
    read: float = 20.0
    """For each piece of the answer to arrive."""
    whole: float = 120.0
    """From the first byte of the answer to its last."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes
    retry_after_s: float


class _DeadConnection(Offline):
    """A kept connection broke before any answer: worth one new connection at once."""


class _Pieces:
    """A body with a length, handed out in small pieces."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def __len__(self) -> int:
        return len(self._body)

    def __iter__(self) -> Iterator[bytes]:
        for at in range(0, len(self._body), PIECE):
            yield self._body[at : at + PIECE]


class _SmallBuffer(HTTPAdapter):
    """Connections that pass on what they are given at once."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        options = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1), (socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)]
        super().init_poolmanager(*args, socket_options=options, **kwargs)


class HttpBearer:
    """One line to one province. ``url`` is its base, without ``/v1/x``. Used by one thread.

    ``verify`` is what requests takes: True for the system's authorities, or the path of the province's own.
    """

    def __init__(
        self,
        url: str,
        *,
        waits: Waits | None = None,
        verify: bool | str = True,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url.rstrip("/")
        self._waits = waits or Waits()
        self._verify = verify
        self._sleep = sleep
        self._monotonic = monotonic
        self._session: requests.Session | None = None

    def exchange(self, request: bytes) -> bytes:
        """Send a request, return a body that starts with our magic.

        Raises:
            Offline, TimedOut, ServerError, CaptivePortal, WrongAnswer: the line brought nothing of ours.
        """
        answer = self._call("POST", "/v1/x", request, "application/octet-stream", wire.MAX_REPLY)
        if wire.is_ours(answer.body):
            return answer.body
        raise _failure(answer)

    def post_enrolment(self, code: str, request: bytes) -> str:
        """Hand in an enrolment request with its one-time code; returns the id to ask with.

        Raises:
            EnrolRefused: the province refuses the code or the request.
            BearerError: see :meth:`exchange`.
        """
        body = json.dumps({"code": code, "request": request.decode("utf-8")}).encode("utf-8")
        answer = self._call("POST", "/v1/enrol", body, "application/json", 64 * 1024)
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
        answer = self._call("GET", f"/v1/enrol/{enrolment}", None, "", 64 * 1024)
        if answer.status == 202:
            return None
        if answer.status == 200 and answer.body.startswith(b"MCX-ENROL-BUNDLE-"):
            return answer.body
        raise _enrol_failure(answer, _json(answer))

    def close(self) -> None:
        """Drop the kept connection; the next call opens a new one."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _call(self, method: str, path: str, body: bytes | None, content_type: str, limit: int) -> _Answer:
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_DeadConnection),
            stop=tenacity.stop_after_attempt(2),
            wait=tenacity.wait_none(),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return retrying(self._call_once, method, path, body, content_type, limit)
        except BearerError:
            self.close()
            raise

    def _call_once(self, method: str, path: str, body: bytes | None, content_type: str, limit: int) -> _Answer:
        kept = self._session is not None
        if self._session is None:
            self._session = _plain_session()
        try:
            response = self._session.request(
                method,
                self._url + path,
                data=None if body is None else _Pieces(body),
                headers={"Content-Type": content_type} if content_type else None,
                timeout=(self._waits.connect, self._waits.read),
                allow_redirects=False,
                stream=True,
                verify=self._verify,
            )
            with response:
                return _Answer(response.status_code, self._read(response, limit), _retry_after(response.headers))
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            self.close()
            if _silent(error):
                raise TimedOut(_reason(error)) from None
            raise (_DeadConnection if kept else Offline)(_reason(error)) from None

    def _read(self, response: requests.Response, limit: int) -> bytes:
        deadline = self._monotonic() + self._waits.whole
        body = bytearray()
        while piece := response.raw.read1(65536, decode_content=False):
            body += piece
            if len(body) > limit:
                raise WrongAnswer(f"an answer of more than {limit} bytes")
            if self._monotonic() > deadline:
                raise TimedOut("the answer trickles in too slowly")
        return bytes(body)


def _plain_session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.headers.clear()
    session.headers.update({"User-Agent": _AGENT, "Accept-Encoding": "identity"})
    session.mount("http://", _SmallBuffer())
    session.mount("https://", _SmallBuffer())
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session


def _failure(answer: _Answer) -> BearerError:
    """What a body that is not ours says about the line."""
    status = answer.status
    if status == 511 or status < 400:
        return CaptivePortal(f"status {status} from somebody else")
    if status >= 500 or status == 429:
        return ServerError(f"status {status}", answer.retry_after_s)
    return WrongAnswer(f"status {status}")


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
