"""One connection that carries pieces of blobs, and notices within seconds that nothing moves any more.

The kernel is given 1 KiB at a time and allowed to hold only what the line carries in a moment (``SO_SNDBUF``), so "sent" is nearly
"arrived" and a status event finds a short queue. Nothing moved for the stall time, neither bytes leaving (``TIOCOUTQ`` tells) nor
an answer coming: the connection is dead whatever TCP hopes, and is reset rather than closed, or the kernel would go on sending.
Before every piece the crossing is looked at. An answer counts when it is signed and ours; anything else names the line's failure
(``sync.errors``).
"""

from __future__ import annotations

import base64
import http.client
import os
import select
import socket
import ssl
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from requests.structures import CaseInsensitiveDict

from sync.blob.crossing import Crossing
from sync.blob.planner import Piece
from sync.blob.wire import MAX_ANSWER, NONCE, Act, Answer, Ticket, ask_path, is_ours, put_path, read_answer
from sync.errors import BadSignature, BearerError, BlobProtocol, TimedOut
from sync.keys import Signer, Verifier
from sync.line_failures import Response, failure, named
from sync.tcp import keep_pace, unacknowledged
from sync.tls import Trust, check_pin, context_for

STEP: Final = 1024
"""Bytes given to the kernel at once."""
_SEGMENT: Final = 1400
"""Bytes of a full packet, near enough."""
_TOTAL_RETRANS: Final = 100
"""Where Linux keeps it in ``struct tcp_info``."""
_TICK: Final = 0.25
"""Seconds between looks at a connection on which nothing can be done."""


class Stalled(TimedOut):
    """Nothing moved on a connection that stands. ``sent`` bytes of the piece had left."""

    def __init__(self, sent: int) -> None:
        super().__init__("nothing moves")
        self.sent = sent


class GaveWay(BearerError):
    """Events waited so long, or the process is to end, so that the piece was left unfinished; what has left counts."""

    code = "gave_way"


@dataclass(frozen=True, slots=True)
class LineWaits:
    """Bounds in seconds."""

    connect: float = 8.0
    stall: float = 8.0
    give_way: float = 20.0
    """How long a piece may be held in the middle for events before its connection is given up."""


@dataclass(frozen=True, slots=True, repr=False)
class Peer:
    """Who speaks and to whom. ``proxy_login`` is ``user:password``."""

    url: str
    device: int
    signer: Signer
    province: Verifier
    trust: Trust = field(default_factory=Trust)
    proxy: str = ""
    proxy_login: str = ""


class BlobLine:
    """At most one connection; used by one thread. ``buffer`` is what the kernel may hold, bytes."""

    def __init__(
        self,
        peer: Peer,
        crossing: Crossing,
        waits: LineWaits | None = None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._peer = peer
        self._crossing = crossing
        self._waits = waits or LineWaits()
        self._monotonic = monotonic
        self._tls = context_for(peer.trust) if peer.url.startswith("https:") else None
        self._held: http.client.HTTPConnection | None = None
        self._moved_at = 0.0
        self._waiting = 0
        self._given = 0
        self._retransmitted_before = 0
        self.buffer = 8 * 1024
        self.stop = threading.Event()
        """Set: whatever is on the way is left at once."""

    def again(self) -> int:
        """Bytes TCP has sent once more since this was last asked, or since the connection stands."""
        before, self._retransmitted_before = self._retransmitted_before, self._retransmitted()
        return (self._retransmitted_before - before) * _SEGMENT

    def ask(self, blob: str) -> Answer:
        """What the province holds.

        Raises:
            BearerError, BadSignature, BlobProtocol: no answer of ours.
        """
        nonce = os.urandom(NONCE)
        ticket = Ticket(Act.ASK, self._peer.device, blob, 0, 0, nonce).write(self._peer.signer)
        return self._call("GET", ask_path(blob, ticket), nonce, 0, iter(()))

    def put(self, piece: Piece, read: Callable[[int, int], bytes]) -> Answer:
        """Send a piece. ``read(offset, length)`` gives its bytes.

        Raises:
            Stalled, GaveWay: part of it has left.
            BearerError, BadSignature, BlobProtocol: no answer of ours.
            BlobDamaged: the file cannot be read.
        """
        nonce = os.urandom(NONCE)
        ticket = Ticket(Act.PUT, self._peer.device, piece.blob, piece.offset, piece.length, nonce).write(self._peer.signer)
        return self._call("PUT", put_path(piece.blob, piece.offset), nonce, len(ticket) + piece.length, _body(ticket, piece, read))

    def close(self) -> None:
        """Give the connection up at once: a reset, so that nothing more is sent of it."""
        held, self._held = self._held, None
        if held is not None:
            if held.sock is not None:
                with suppress(OSError):
                    held.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            held.close()

    def _call(self, method: str, path: str, nonce: bytes, length: int, body: Iterator[bytes]) -> Answer:
        try:
            self._give_way()
            held = self._connected()
            self._given = 0
            self._send(held, self._head(method, path, length) + next(body, b""))
            for step in body:
                self._give_way()
                self._send(held, step)
            return self._answer(held, method, nonce)
        except (BearerError, BadSignature, BlobProtocol):
            self.close()
            raise
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise named(error, kept=False) from None
        except BaseException:
            self.close()
            raise

    def _connected(self) -> http.client.HTTPConnection:
        if self._held is None:
            self._held, self._retransmitted_before = self._dial(), 0
        sock = self._held.sock
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self.buffer)
        sock.settimeout(_TICK)
        self._moved()
        return self._held

    def _dial(self) -> http.client.HTTPConnection:
        end = urlsplit(self._peer.proxy or self._peer.url)
        port = end.port or (443 if end.scheme == "https" else 80)
        held = http.client.HTTPConnection(end.hostname or "", port, timeout=self._waits.connect)
        far = urlsplit(self._peer.url)
        if self._peer.proxy and self._tls is not None:
            held.set_tunnel(far.hostname or "", far.port or 443, headers=self._proxy_headers())
        held.connect()
        held.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        keep_pace(held.sock)
        if self._tls is not None:
            held.sock = self._tls.wrap_socket(held.sock, server_hostname=far.hostname)
            check_pin(self._peer.trust, held.sock.getpeercert(binary_form=True))
        return held

    def _proxy_headers(self) -> dict[str, str]:
        login = self._peer.proxy_login
        return {"Proxy-Authorization": f"Basic {base64.b64encode(login.encode('utf-8')).decode('ascii')}"} if login else {}

    def _head(self, method: str, path: str, length: int) -> bytes:
        far = urlsplit(self._peer.url)
        plain_proxy = self._peer.proxy and self._tls is None
        target = self._peer.url.rstrip("/") + path if plain_proxy else far.path.rstrip("/") + path
        lines = [f"{method} {target} HTTP/1.1", f"Host: {far.netloc.rpartition('@')[2]}"]
        lines += [f"Content-Length: {length}"] if length else []
        lines += [f"{name}: {value}" for name, value in self._proxy_headers().items()] if plain_proxy else []
        return "\r\n".join([*lines, "", ""]).encode("ascii")

    def _send(self, held: http.client.HTTPConnection, data: bytes) -> None:
        left = memoryview(data)
        while left:
            try:
                sent = held.sock.send(left)
            except TimeoutError:
                self._look(held)
                continue
            self._given += sent
            self._moved()
            left = left[sent:]

    def _give_way(self) -> None:
        if self.stop.is_set():
            raise GaveWay("the process ends")
        if self._crossing.is_clear:
            return
        if not self._crossing.wait(self._waits.give_way):
            raise GaveWay("events wait")
        self._moved()

    def _answer(self, held: http.client.HTTPConnection, method: str, nonce: bytes) -> Answer:
        ready = select.poll()
        ready.register(held.sock, select.POLLIN)
        while not (isinstance(held.sock, ssl.SSLSocket) and held.sock.pending()) and not ready.poll(_TICK * 1000):
            self._look(held)
        held.sock.settimeout(self._waits.stall)
        response = http.client.HTTPResponse(held.sock, method=method)
        response.begin()
        body = response.read(MAX_ANSWER + 1)
        if response.will_close:
            self.close()
        if not is_ours(body):
            raise failure(Response(response.status, body, CaseInsensitiveDict(response.headers.items())))
        return read_answer(body, self._peer.province, nonce)

    def _look(self, held: http.client.HTTPConnection) -> None:
        """Nothing could be done for a moment: has anything left since the last look?"""
        if self.stop.is_set():
            raise GaveWay("the process ends")
        waiting = unacknowledged(held.sock)
        if waiting != self._waiting:
            self._moved()
            self._waiting = waiting
        elif self._monotonic() - self._moved_at > self._waits.stall:
            raise Stalled(max(self._given - waiting, 0))

    def _retransmitted(self) -> int:
        """Segments this connection has sent again so far (``tcpi_total_retrans``)."""
        if self._held is None or self._held.sock is None:
            return 0
        told = self._held.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TOTAL_RETRANS + 4)
        return int.from_bytes(told[_TOTAL_RETRANS:], sys.byteorder)

    def _moved(self) -> None:
        self._moved_at = self._monotonic()


def _body(ticket: bytes, piece: Piece, read: Callable[[int, int], bytes]) -> Iterator[bytes]:
    """The ticket with the first bytes behind it, then small steps."""
    end = piece.offset + piece.length
    yield ticket + read(piece.offset, min(STEP, piece.length))
    for at in range(piece.offset + STEP, end, STEP):
        yield read(at, min(STEP, end - at))
