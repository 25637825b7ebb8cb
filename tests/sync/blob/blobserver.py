"""A province's blob endpoint on a real socket whose line misbehaves on command: one fault per call, then honest again.

Bytes reach the product's receiver as they arrive, in whatever cut the socket gives. ``faults`` is a queue of names; each call takes
one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from types import MappingProxyType
from urllib.parse import parse_qs, urlsplit

from sync.blob.receiver import Receiver
from sync.blob.wire import ticket_of_query
from tests.sync.loopback import PORTAL, Loopback

NOTHING: Mapping[str, str] = MappingProxyType({})


class BlobServer(Loopback):
    """Faults: ``cut`` (reads 20 KiB of the body, then closes), ``hang`` (reads 20 KiB, then nothing more), ``lost`` (takes all,
    then closes unanswered), ``portal``, ``500``, ``407``, ``503`` (come again in 40 s), ``never`` (503,
    to come again in 10^400 s), ``mute`` (takes all, never answers), ``slow`` (200
    KiB a second), ``buffered`` (a proxy that keeps the body and then closes: nothing of it gets through).
    """

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver
        self.faults: deque[str] = deque()
        self.calls: list[tuple[str, str, int]] = []
        """Method, path and bytes of the body read of each call, in the order in which they ended."""
        self.read = 0
        """Bytes of bodies read so far, of calls still open too."""
        self.exchange: Callable[[bytes], bytes] = lambda request: PORTAL
        """What answers an exchange of events on the same address."""
        super().__init__(_Handler, room=8192)

    @property
    def received(self) -> int:
        """Bytes of all bodies."""
        return sum(size for _, _, size in self.calls)


class _Handler(BaseHTTPRequestHandler):
    owner: BlobServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""

    def handle(self) -> None:
        with suppress(ConnectionError):
            super().handle()

    def do_GET(self) -> None:
        self.owner.calls.append(("GET", self.path, 0))
        fault = self.owner.faults.popleft() if self.owner.faults else ""
        ticket = ticket_of_query(parse_qs(urlsplit(self.path).query)["t"][0])
        self._send(200, PORTAL if fault == "portal" else self.owner.receiver.ask(ticket))

    def do_POST(self) -> None:
        self._send(200, self.owner.exchange(self.rfile.read(int(self.headers["Content-Length"]))))

    def do_PUT(self) -> None:
        fault = self.owner.faults.popleft() if self.owner.faults else ""
        call = self.owner.receiver.open()
        size = int(self.headers["Content-Length"])
        wanted = min(size, 20 * 1024) if fault in ("cut", "hang") else size
        got = 0
        try:
            while got < wanted and (data := self.rfile.read1(min(4096, wanted - got))):
                got += len(data)
                self.owner.read += len(data)
                if fault == "slow" and self.owner.over.wait(0.02):
                    return
                if fault != "buffered":
                    call.feed(data)
        finally:
            self.owner.calls.append(("PUT", self.path, got))
        if fault in ("hang", "mute"):
            self.owner.over.wait(10)
        if fault in ("cut", "hang", "lost", "mute"):
            call.close()
        if fault in ("cut", "hang", "lost", "mute", "buffered"):
            self.close_connection = True
        else:
            status = {"500": 500, "407": 407, "503": 503, "never": 503}.get(fault, 200)
            more = {"503": {"Retry-After": "40"}, "never": {"Retry-After": "9" * 400}}.get(fault, {})
            self._send(status, PORTAL if status != 200 or fault == "portal" else call.close(), more)

    def _send(self, status: int, body: bytes, more: Mapping[str, str] = NOTHING) -> None:
        self.send_response(status)
        for name, value in more.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
