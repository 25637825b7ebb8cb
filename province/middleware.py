"""What holds for every answer: strict headers, no stored copies, idle sign-out; and what never reaches a log: addresses of
pages.

A page asks for nothing but itself: no script, no third party, styles only from this service. Views may tighten further, never
loosen.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse

from province.runtime import IDLE_SECONDS, current

Next = Callable[[HttpRequest], HttpResponse]

CSP: Final = (
    "default-src 'none'; style-src {styles}; img-src {images}; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": CSP.format(styles="'self'", images="'self'"),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), interest-cohort=()",
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store",
}
_BYTES: Final = "application/octet-stream"
CONSOLE: Final = "/can-bo"
MACHINES: Final = "/v1/"
"""Answers to kiosks are signed bytes that no browser shows; on a thin line the headers of a page would outweigh them."""
_SEEN: Final = "seen"
_SEEN_EVERY_MS: Final = 60_000
"""A session's last use is written at most once in this time, so that reading pages does not queue for the writer."""


class SecureHeaders:
    """Puts the headers on every page that does not set its own, and the length on every answer, so that a kiosk's connection is
    kept."""

    def __init__(self, get_response: Next) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._next(request)
        if not response.streaming:
            response.headers.setdefault("Content-Length", str(len(response.content)))
        if request.path_info.startswith(MACHINES):
            return _bare(request, response)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        if current().base_url.startswith("https://"):
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        return response


def _bare(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """An answer to a machine: nothing that it does not read."""
    for name in ("Vary", *(["Content-Type"] if response.headers.get("Content-Type") == _BYTES else [])):
        response.headers.pop(name, None)
    if request.method == "GET":
        response.headers.setdefault("Cache-Control", "no-store")
    return response


class ConsoleGate:
    """Refuses the console under a foreign host name, and ends a session not used for :data:`province.runtime.IDLE_SECONDS`.

    Kiosks and citizens may come by any name of the machine: what they get is signed, or opened by a key.
    """

    def __init__(self, get_response: Next) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(CONSOLE):
            return self._next(request)
        request.get_host()
        if request.user.is_authenticated:
            now, seen = current().wall_ms(), request.session.get(_SEEN, 0)
            if seen and now - seen > IDLE_SECONDS * 1000:
                logout(request)
            elif not 0 <= now - seen < _SEEN_EVERY_MS:
                request.session[_SEEN] = now
        return self._next(request)


class NoPaths(logging.Filter):
    """Replaces the address of a request in a log record by the name of its route: codes and keys never reach a log."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        if isinstance(request, HttpRequest):
            match = request.resolver_match
            record.msg, record.args = "%s on route %s", (getattr(record, "status_code", "?"), match.view_name if match else "none")
        return True
