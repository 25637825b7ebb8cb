"""The box between kiosk and province that means well or does not: portals, proxies, filters and their mistakes, one at a time.

It takes one HTTP request whole, as a buffering proxy does, hands it to the province, keeps both bodies, and answers in its present
manner (:data:`MANNERS`). It listens on loopback and passes on to loopback only.
"""

from __future__ import annotations

import gzip
import http.client
import random
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_LOGIN = b"<html><body><form action='/login'>Wi-Fi: xin dang nhap</form></body></html>"
_BUSY = b"<html><body><h1>503 Service Unavailable</h1></body></html>"
_NONE: Mapping[str, str] = {}
_HTML: Mapping[str, str] = {"Content-Type": "text/html"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back to the kiosk. ``length`` is what the header claims; ``pause`` seconds pass before each piece."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    length: int
    pause: float = 0.0
    piece: int = 1 << 20


def plain(body: bytes, status: int = 200, headers: Mapping[str, str] = _NONE) -> Answer:
    return Answer(status, body, headers, len(body))


@dataclass(frozen=True, slots=True)
class Passing:
    """One request on its way: ``ask`` carries it to the province and brings the answer; ``earlier`` are answers of before."""

    ask: Callable[[], Answer]
    earlier: list[Answer]
    dice: random.Random


def _portal(_passing: Passing) -> Answer:
    return plain(_LOGIN, headers=_HTML)


def _redirect(_passing: Passing) -> Answer:
    return plain(_LOGIN, 302, {"Location": "http://dang-nhap.invalid/"})


def _login_demanded(_passing: Passing) -> Answer:
    return plain(_LOGIN, 511, _HTML)


def _error_page(_passing: Passing) -> Answer:
    return plain(_BUSY, 503, {"Retry-After": "1"})


def _zipped(passing: Passing) -> Answer:
    return plain(gzip.compress(passing.ask().body), headers={"Content-Encoding": "gzip"})


def _cut_short(passing: Passing) -> Answer:
    whole = passing.ask()
    return Answer(whole.status, whole.body[: len(whole.body) // 2], whole.headers, len(whole.body))


def _too_short_a_length(passing: Passing) -> Answer:
    whole = passing.ask()
    return Answer(whole.status, whole.body, whole.headers, max(1, len(whole.body) - 7))


def _too_long_a_length(passing: Passing) -> Answer:
    whole = passing.ask()
    return Answer(whole.status, whole.body, whole.headers, len(whole.body) + 1000)


def _garbled(passing: Passing) -> Answer:
    whole = passing.ask()
    body = bytearray(whole.body)
    body[passing.dice.randrange(len(body))] ^= 1 << passing.dice.randrange(8)
    return Answer(whole.status, bytes(body), whole.headers, len(body))


def _appended(passing: Passing) -> Answer:
    return plain(passing.ask().body + b"<script src='//quang-cao.invalid'></script>")


def _trickle(passing: Passing) -> Answer:
    whole = passing.ask()
    return Answer(whole.status, whole.body, whole.headers, len(whole.body), pause=3.0, piece=1)


def _of_yesterday(passing: Passing) -> Answer:
    passing.ask()
    return passing.dice.choice(passing.earlier) if passing.earlier else plain(_LOGIN)


def _twice(passing: Passing) -> Answer:
    passing.ask()
    return passing.ask()


def _late(passing: Passing) -> Answer:
    time.sleep(1.0)
    return passing.ask()


def _honest(passing: Passing) -> Answer:
    return passing.ask()


MANNERS: Mapping[str, Callable[[Passing], Answer]] = {
    "portal": _portal,
    "redirect": _redirect,
    "login_demanded": _login_demanded,
    "error_page": _error_page,
    "gzip": _zipped,
    "truncated": _cut_short,
    "length_too_short": _too_short_a_length,
    "length_too_long": _too_long_a_length,
    "garbled": _garbled,
    "appended": _appended,
    "trickle": _trickle,
    "yesterday": _of_yesterday,
    "twice": _twice,
    "buffering": _late,
    "honest": _honest,
}
"""What may become of an exchange. The first ones bring nothing of ours; ``twice``, ``buffering`` and ``honest`` do."""


class Middlebox:
    """One box in front of one province at ``target``; ``manner`` may be changed at any time."""

    def __init__(self, target: tuple[str, int], seed: int) -> None:
        if not target[0].startswith("127."):
            raise ValueError("a middlebox stands on loopback only")
        self.manner = "honest"
        self.requests: list[bytes] = []
        """Bodies of requests as they were sent, oldest first."""
        self._answers: list[Answer] = []
        self._dice = random.Random(seed)
        self._target = target
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), name="middlebox", daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def ask(self, method: str, path: str, body: bytes, kind: str) -> Answer:
        """One exchange with the province."""
        line = http.client.HTTPConnection(*self._target, timeout=30)
        try:
            line.request(method, path, body, {"Content-Type": kind} if kind else {})
            answer = line.getresponse()
            data = answer.read()
        finally:
            line.close()
        return Answer(answer.status, data, {"Content-Type": answer.headers.get("Content-Type", "")}, len(data))

    def serve(self, method: str, path: str, body: bytes, kind: str) -> Answer:
        """One request of the kiosk in the present manner."""
        if body:
            self.requests.append(body)
        earlier = list(self._answers)

        def ask() -> Answer:
            answer = self.ask(method, path, body, kind)
            self._answers.append(answer)
            return answer

        return MANNERS[self.manner](Passing(ask, earlier, self._dice))

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        box = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _take(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                try:
                    answer = box.serve(self.command, self.path, body, self.headers.get("Content-Type", ""))
                except OSError:
                    answer = _error_page(Passing(lambda: plain(b""), [], random.Random()))
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(answer.length))
                self.end_headers()
                for at in range(0, len(answer.body), answer.piece):
                    time.sleep(answer.pause)
                    self.wfile.write(answer.body[at : at + answer.piece])
                if answer.length != len(answer.body):
                    self.connection.shutdown(socket.SHUT_RDWR)
                    self.close_connection = True

            do_GET = do_POST = do_PUT = _take

            def handle(self) -> None:
                # The kiosk may hang up at any time; that is its right.
                try:
                    super().handle()
                except OSError:
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:
                """Says nothing: bodies and addresses belong in no log."""

        return Handler
