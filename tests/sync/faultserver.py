"""A province on a real socket whose line misbehaves on command: one fault per request, then honest again.

``FaultServer(answer)`` listens on a free loopback port. ``faults`` is a queue of names; each request takes one. What really
arrived is in ``requests`` (method, path, headers, body), so a test can tell what was sent from what was answered.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

from tests.sync.loopback import PORTAL, Loopback

Received = tuple[str, str, dict[str, str], bytes]
Answer = Callable[[bytes], bytes]


class FaultServer(Loopback):
    """Faults: ``drop`` (closed unanswered), ``lost`` (taken, then closed), ``twice`` (taken two times), ``500``, ``503`` and
    ``429`` (with Retry-After 7 and 9), ``404``, ``511``, ``302``, ``portal``, ``hang``, ``late`` (after 0.3 s), ``trickle``,
    ``truncated``, ``altered``, ``empty``, ``endless``, ``slow_reader``, ``deaf`` (never reads the body), ``cookie``.
    """

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.faults: deque[str] = deque()
        self.requests: list[Received] = []
        self.connections = 0
        self.paths: dict[tuple[str, str], Callable[[bytes], tuple[int, bytes]]] = {}
        super().__init__(_Handler, room=4096)


class _Handler(BaseHTTPRequestHandler):
    owner: FaultServer
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.owner.connections += 1

    def do_POST(self) -> None:
        self._serve()

    def do_GET(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""

    def _serve(self) -> None:
        fault = self.owner.faults.popleft() if self.owner.faults else ""
        if fault == "deaf":
            self.owner.over.wait(10)
            self.close_connection = True
            return
        body = self._read(int(self.headers.get("Content-Length", "0")), slowly=fault == "slow_reader")
        self.owner.requests.append((self.command, self.path, dict(self.headers.items()), body))
        other = self.owner.paths.get((self.command, self.path))
        if other is not None and not fault:
            self._send(*other(body))
            return
        self._misbehave(fault, body)

    def _misbehave(self, fault: str, body: bytes) -> None:
        if fault in ("500", "503", "429", "404", "511", "302"):
            more = {"503": {"Retry-After": "7"}, "429": {"Retry-After": "9"}, "302": {"Location": self.owner.url + "/login"}}
            self._send(int(fault), PORTAL, **more.get(fault, {}))
        elif fault == "portal":
            self._send(200, PORTAL)
        elif fault == "drop":
            self.close_connection = True
        elif fault == "hang":
            self.owner.over.wait(10)
            self.close_connection = True
        elif fault == "late":
            self.owner.over.wait(0.3)
            self._send(200, self.owner.answer(body))
        elif fault == "empty":
            self._send(200, b"")
        elif fault == "endless":
            self._send(200, b"MCX1" + bytes(8 * 1024 * 1024))
        else:
            self._answer(fault, self.owner.answer(body))

    def _answer(self, fault: str, reply: bytes) -> None:
        if fault == "lost":
            self.close_connection = True
        elif fault == "twice":
            self._send(200, self.owner.answer(self.owner.requests[-1][3]))
        elif fault == "truncated":
            self._head(200, len(reply))
            self.wfile.write(reply[:-20])
            self.close_connection = True
        elif fault == "altered":
            self._send(200, reply[:-70] + bytes([reply[-70] ^ 1]) + reply[-69:])
        elif fault == "trickle":
            self._head(200, len(reply))
            for byte in reply:
                self.wfile.write(bytes([byte]))
                if self.owner.over.wait(0.02):
                    return
        elif fault == "cookie":
            self._send(200, reply, **{"Set-Cookie": "session=abc"})
        else:
            self._send(200, reply)

    def _read(self, size: int, *, slowly: bool) -> bytes:
        body = bytearray()
        while len(body) < size:
            body += self.rfile.read(min(8192, size - len(body)))
            if slowly:
                time.sleep(0.015)
        return bytes(body)

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self._head(status, len(body), **headers)
        try:
            self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def _head(self, status: int, size: int, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(size))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
