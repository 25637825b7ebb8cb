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
from django.http.response import ResponseHeaders

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
CONSOLE: Final = "/can-bo"
EXCHANGE: Final = "/v1/x"
_SEEN: Final = "seen"
_SEEN_EVERY_MS: Final = 60_000
"""A session's last use is written at most once in this time, so that reading pages does not queue for the writer."""


class SecureHeaders:
    """Puts the headers on every answer that does not set its own, and its length, so that a kiosk's connection is kept."""

    def __init__(self, get_response: Next) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._next(request)
        if request.path_info == EXCHANGE:
            # No browser reads it, what is in it proves itself, and every byte is paid on a slow line.
            response.headers = ResponseHeaders({"Content-Length": str(len(response.content))})
            return response
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        if not response.streaming:
            response.headers.setdefault("Content-Length", str(len(response.content)))
        if current().base_url.startswith("https://"):
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
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
