"""One connection of the HTTP bearer: small buffers, head and body in one write, every wait bounded, only the headers HTTP needs.

A long body goes out in small pieces, because a socket's time-out covers one write and a slow line must show progress. No redirect
is followed, no cookie kept, no proxy taken from the environment. A kept connection that turns out dead is replaced once, at once:
that is loss, not overload.
"""

from __future__ import annotations

import base64
import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final

import requests
import tenacity
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from sync.errors import BearerError, TimedOut, WrongAnswer
from sync.line_failures import DeadConnection, Response, named
from sync.tcp import hasten, unacknowledged
from sync.tls import Trust, check_pin

PIECE: Final = 4096
"""Bytes of the body given to the socket at once."""
SEND_BUFFER: Final = 16 * 1024
"""Bytes the kernel may hold back: with its default of megabytes, "sent" would mean nothing on a slow line."""
_FORGO: Final = urllib3.util.SKIP_HEADER


@dataclass(frozen=True, slots=True)
class Waits:
    """Bounds in seconds."""

    connect: float = 8.0
    """For connecting, and for each piece of the request to leave."""
    read: float = 8.0
    """For each piece of the answer to arrive: a line that stalls so long is dead, whatever TCP hopes (SYNC design 1.8)."""
    whole: float = 300.0
    """From the first byte of the answer to its last."""


@dataclass(frozen=True, slots=True, repr=False)
class Proxy:
    """A proxy by configuration; ``repr`` tells nothing. TLS goes through it by CONNECT."""

    url: str
    login: str = ""
    """``user:password``, from a file only its owner can read."""


@dataclass(frozen=True, slots=True, repr=False)
class Way:
    """All a line needs to know of where it leads."""

    url: str
    waits: Waits
    trust: Trust
    tls: ssl.SSLContext | None
    proxy: Proxy | None
    sleep: Callable[[float], None]
    monotonic: Callable[[], float]


class Connection:
    """At most one connection, used by one thread at a time; any other may :meth:`look` at it and :meth:`cut` it."""

    def __init__(self, way: Way) -> None:
        self._way = way
        self._session: requests.Session | None = None
        self._socket: socket.socket | None = None
        self._over = False
        self._unsent = 0
        self.started_at = 0.0
        self.moved_at = 0.0
        """Monotonic moment something last moved."""

    def call(self, method: str, path: str, body: bytes | None, limit: int) -> Response:
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(DeadConnection),
            stop=tenacity.stop_after_attempt(2),
            wait=tenacity.wait_none(),
            sleep=self._way.sleep,
            reraise=True,
        )
        return retrying(self._call_once, method, path, body, limit)

    def cut(self) -> None:
        """End whatever is on the way; a thread that waits for it gets a failure. Closed with a reset, or the kernel would go on
        sending what nobody wants any more."""
        self._over = True
        held = self._socket
        if held is not None:
            with suppress(OSError):
                held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                held.shutdown(socket.SHUT_RDWR)

    def look(self) -> None:
        """Note whether bytes given to the kernel have arrived since the last look."""
        held = self._socket
        if held is None:
            return
        with suppress(OSError, ValueError):
            waiting = unacknowledged(held)
            if waiting < self._unsent:
                self.moved()
            self._unsent = waiting

    @property
    def is_taken(self) -> bool:
        """Whether all that was given to the kernel had arrived at the last look."""
        return self._socket is not None and self._unsent == 0

    def moved(self) -> None:
        """Called when a piece has gone to the kernel, or come from it."""
        self.moved_at = self._way.monotonic()

    def connected(self, held: socket.socket) -> None:
        """Called by the connection when it stands."""
        self._socket = held
        hasten(held)
        if self._over:
            raise OSError("no longer needed")

    def close(self) -> None:
        """Give the connection up; by the thread that uses it."""
        if self._session is not None:
            self._session.close()
        self._session = self._socket = None

    def _call_once(self, method: str, path: str, body: bytes | None, limit: int) -> Response:
        kept = self._session is not None
        if self._session is None:
            self._session = _plain_session(self, self._way)
        try:
            response = self._session.request(
                method,
                self._way.url + path,
                data=None if body is None else _Pieces(body),
                timeout=(self._way.waits.connect, self._way.waits.read),
                allow_redirects=False,
                stream=True,
            )
            with response:
                return Response(response.status_code, self._read(response, limit), response.headers)
        except BearerError:
            self.close()
            raise
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            self.close()
            raise named(error, kept and not self._over) from None

    def _read(self, response: requests.Response, limit: int) -> bytes:
        deadline = self._way.monotonic() + self._way.waits.whole
        body = bytearray()
        while piece := response.raw.read1(65536, decode_content=False):
            body += piece
            self.moved()
            if len(body) > limit:
                raise WrongAnswer(f"an answer of more than {limit} bytes")
            if self.moved_at > deadline:
                raise TimedOut("the answer trickles in too slowly")
        return bytes(body)


class _Pieces:
    """A body with a length, handed out in small pieces."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def __len__(self) -> int:
        return len(self._body)

    def __iter__(self) -> Iterator[bytes]:
        for at in range(0, len(self._body), PIECE):
            yield self._body[at : at + PIECE]


class _OneWrite(HTTPConnection):
    """Holds the head back until the first piece of the body, so that a small request is one packet."""

    line: Connection
    _held = b""
    _holding = False

    def endheaders(self, *args: Any, **kwargs: Any) -> None:
        self._holding = True
        try:
            super().endheaders(*args, **kwargs)
        finally:
            self._holding = False

    def send(self, data: Any) -> None:
        if self._holding:
            self._held += data
            return
        head, self._held = self._held, b""
        super().send(head + data)
        self.line.moved()

    def getresponse(self) -> Any:
        if self._held:
            self.send(b"")
        return super().getresponse()

    def connect(self) -> None:
        self._held, mine = b"", self._held
        super().connect()
        self._held = mine
        assert self.sock is not None
        self.line.connected(self.sock)


class _OneWriteTls(_OneWrite, HTTPSConnection):
    """… and shows the server's key to the pins."""

    trust: Trust

    def connect(self) -> None:
        super().connect()
        assert isinstance(self.sock, ssl.SSLSocket)
        check_pin(self.trust, self.sock.getpeercert(binary_form=True))
        self.is_verified = True


class _Adapter(HTTPAdapter):
    """Connections of ours: small buffers, one write, our own idea of whom to trust, a proxy only by configuration."""

    def __init__(self, line: Connection, way: Way) -> None:
        self._line = line
        self._way = way
        super().__init__(pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        options = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1), (socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)]
        super().init_poolmanager(*args, socket_options=options, **kwargs)
        self._fit(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        self._fit(manager)
        return manager

    def proxy_headers(self, proxy: str) -> dict[str, str]:
        login = self._way.proxy.login if self._way.proxy is not None else ""
        return {"Proxy-Authorization": f"Basic {base64.b64encode(login.encode('utf-8')).decode('ascii')}"} if login else {}

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        host, _ = super().build_connection_pool_key_attributes(request, False, None)
        if host["scheme"] != "https":
            return host, {}
        pinned = bool(self._way.trust.pins)
        # With pins the name in the certificate is of no matter; urllib3 must not ask for it either.
        return host, {
            "ssl_context": self._way.tls,
            "cert_reqs": "CERT_NONE" if pinned else "CERT_REQUIRED",
            **({"assert_hostname": False} if pinned else {}),
        }

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Nothing of requests' own: the context above says it all."""

    def _fit(self, manager: Any) -> None:
        plain = type("Plain", (_OneWrite,), {"line": self._line})
        secure = type("Secure", (_OneWriteTls,), {"line": self._line, "trust": self._way.trust})
        manager.pool_classes_by_scheme = {
            "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
        }


def _plain_session(line: Connection, way: Way) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.headers.clear()
    session.headers.update({"User-Agent": _FORGO, "Accept-Encoding": _FORGO})
    if way.proxy is not None:
        session.proxies = {"http": way.proxy.url, "https": way.proxy.url}
    adapter = _Adapter(line, way)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session
