"""What a line's failure is, read off what came back or off the error it ended with (``sync.errors`` has the names).

An answer that is not ours speaks for somebody in between: a login page, a proxy, a server that is overloaded. An error speaks of
the line: silent, dead, not there, or not the province's. What is told carries no address and no path, for it goes into logs.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import requests
import urllib3

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
from sync.tls import PinMismatch

_RETRY_AFTER_MOST: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    body: bytes
    headers: Mapping[str, str]


class DeadConnection(Offline):
    """A kept connection broke before any answer: worth one new connection at once."""


def failure(answer: Response) -> BearerError:
    """What a body that is not ours says about the line."""
    status = answer.status
    if status == 407:
        return ProxyRefused("status 407")
    if status == 511 or status < 400:
        return CaptivePortal(f"status {status} from somebody else", _portal(answer))
    if status >= 500 or status == 429:
        return ServerError(f"status {status}", _retry_after(answer.headers))
    return WrongAnswer(f"status {status}")


def _portal(answer: Response) -> str:
    """Where the network wants its login: RFC 8908's ``user-portal-url``, or where a redirect points. Without query."""
    given = read_json(answer).get("user-portal-url") or answer.headers.get("Location") or ""
    try:
        parts = urlsplit(given if isinstance(given, str) else "")
    except ValueError:  # a stranger may write there what he likes
        return ""
    shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    fair = parts.scheme in ("http", "https") and parts.netloc and len(shown) <= 200 and shown.isascii() and shown.isprintable()
    return shown if fair else ""


def enrol_failure(answer: Response, facts: Mapping[str, Any]) -> EnrolError | BearerError:
    reason = facts.get("error")
    if 400 <= answer.status < 500 and answer.status != 429 and isinstance(reason, str):
        return EnrolRefused(reason)
    return failure(answer)


def read_json(answer: Response) -> Mapping[str, Any]:
    try:
        facts = json.loads(answer.body.decode("utf-8"))
    except (ValueError, RecursionError):
        return {}
    return facts if isinstance(facts, dict) else {}


def _retry_after(headers: Mapping[str, str]) -> float:
    """Seconds of a Retry-After header; its date form is not used, because no clock here can be trusted to read it."""
    text = headers.get("Retry-After", "")
    return min(float(text), _RETRY_AFTER_MOST) if text.isascii() and text.isdigit() else 0.0


def named(error: BaseException, kept: bool) -> BearerError:
    reason = _reason(error)
    if any(isinstance(inner, PinMismatch | ssl.SSLCertVerificationError) for inner in _inside(error)):
        return WrongServer(reason)
    if any(isinstance(inner, OSError) and "Tunnel connection failed: 4" in str(inner) for inner in _inside(error)):
        return ProxyRefused(reason)
    if _silent(error):
        return TimedOut(reason)
    return (DeadConnection if kept else Offline)(reason)


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
