"""A server of the tests on a free loopback port, from ``with`` to its end; what happens on it is its handler's matter."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

PORTAL = b"<!doctype html><title>Wi-Fi</title><form action=/login method=post>"
"""What a network that wants a login answers."""


class Loopback:
    """``room``: bytes of its receive buffer; a small one lets a sender feel that nobody reads. Handlers know it as ``owner``."""

    def __init__(self, handler: type[BaseHTTPRequestHandler], room: int) -> None:
        self.over = threading.Event()
        """Set at the end: whoever holds a caller up waits on it."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (handler,), {"owner": self}), bind_and_activate=False)
        self._server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        self._server.daemon_threads = True
        self._server.server_bind()
        self._server.server_activate()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
