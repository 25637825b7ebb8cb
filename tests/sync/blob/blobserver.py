"""A province's blob endpoint on a real socket whose line misbehaves on command: one fault per call, then honest again.

Bytes reach the product's receiver as they arrive, in whatever cut the socket gives. ``faults`` is a queue of names; each call takes
one.
"""

from __future__ import annotations

import socket
import threading
from collections import deque
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qs, urlsplit

from sync.blob.receiver import Receiver
from sync.blob.wire import ticket_of_query
from tests.sync.faultserver import PORTAL


class BlobServer:
    """Faults: ``cut`` (reads 20 KiB of the body, then closes), ``hang`` (reads 20 KiB, then nothing more), ``lost`` (takes all,
    then closes unanswered), ``portal``, ``500``, ``503`` (come again in 40 s), ``mute`` (takes all, never answers), ``slow`` (200
    KiB a second), ``buffered`` (a proxy that keeps the body and then closes: nothing of it gets through).
    """

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver
        self.faults: deque[str] = deque()
        self.calls: list[tuple[str, str, int]] = []
        """Method, path and bytes of the body read of each call, in the order in which they ended."""
        self.read = 0
        """Bytes of bodies read so far, of calls still open too."""
        self.over = threading.Event()
        handler = type("Handler", (_Handler,), {"owner": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler, bind_and_activate=False)
        self._server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        self._server.daemon_threads = True
        self._server.server_bind()
        self._server.server_activate()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def received(self) -> int:
        """Bytes of all bodies."""
        return sum(size for _, _, size in self.calls)

    def __enter__(self) -> BlobServer:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


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
            status = {"500": 500, "503": 503}.get(fault, 200)
            self._send(status, PORTAL if fault in ("portal", "500", "503") else call.close())

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        if status == 503:
            self.send_header("Retry-After", "40")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
