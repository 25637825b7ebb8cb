"""The line between kiosk and province, as a TCP relay that can be cut, hung, or taken over by a captive portal.

A twin for demonstrations and tests: the sync process talks to it as to the province. Modes: ``up`` relays bytes; ``cut``
refuses and resets; ``hang`` accepts and stays silent; ``portal`` answers every request with a login page; ``broken``
answers 500; ``midway`` relays the request and drops the connection before the answer, so the province has it and the kiosk
does not know.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import struct
import threading
from collections.abc import Iterator
from typing import Literal

Mode = Literal["up", "cut", "hang", "portal", "broken", "midway"]

_PORTAL = b"<html><body><form action='/login'>Wi-Fi: xin dang nhap</form></body></html>"
_ANSWERS = {
    "portal": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
    % (len(_PORTAL), _PORTAL),
    "broken": b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
}


class LineTwin:
    """A relay on loopback. ``port`` is where the kiosk connects; ``mode`` may be set at any time and also cuts what is
    under way.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._mode: Mode = "up"
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.answers_dropped = 0
        self.connections = 0
        self._thread = threading.Thread(target=self._accept, name="line", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def mode(self) -> Mode:
        return self._mode

    def set_mode(self, mode: Mode) -> None:
        """Change the line; connections under way are reset."""
        self._mode = mode
        with self._lock:
            for one in self._open:
                _reset(one)
            self._open.clear()

    def close(self) -> None:
        self.set_mode("cut")
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            if self._mode == "cut":
                _reset(client)
                continue
            with self._lock:
                self._open.add(client)
            threading.Thread(target=self._serve, args=(client, self._mode), name="line-call", daemon=True).start()

    def _serve(self, client: socket.socket, mode: Mode) -> None:
        try:
            if mode == "hang":
                return
            if mode in _ANSWERS:
                client.recv(65536)
                client.sendall(_ANSWERS[mode])
                self._drop(client)
                return
            self._relay(client, drop_answer=mode == "midway")
        except (OSError, ValueError):
            # ValueError: the line was cut between two calls, and the socket is gone already.
            self._drop(client)

    def _relay(self, client: socket.socket, *, drop_answer: bool) -> None:
        with socket.create_connection(self._target, timeout=5.0) as far:
            with self._lock:
                self._open.add(far)
            for sink, data in relayed(client, far):
                if sink is client and drop_answer:
                    self.answers_dropped += 1
                    _reset(client)
                    return
                sink.sendall(data)
            self._drop(client)

    def _drop(self, one: socket.socket) -> None:
        with self._lock:
            self._open.discard(one)
        with contextlib.suppress(OSError):
            one.close()


def relayed(near: socket.socket, far: socket.socket) -> Iterator[tuple[socket.socket, bytes]]:
    """What comes from either side and whom it is for, until one of them ends."""
    with selectors.DefaultSelector() as both:
        both.register(near, selectors.EVENT_READ, far)
        both.register(far, selectors.EVENT_READ, near)
        while True:
            for key, _ in both.select():
                source, sink = key.fileobj, key.data
                assert isinstance(source, socket.socket)
                # More than a TLS record holds: nothing may wait decrypted where select does not see it.
                data = source.recv(65536)
                if not data:
                    return
                yield sink, data


def _reset(one: socket.socket) -> None:
    """Close with a reset, as a line that breaks does."""
    with contextlib.suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    with contextlib.suppress(OSError):
        one.close()
