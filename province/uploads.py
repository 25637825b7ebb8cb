"""Waitress, taught to hand on the body of an attachment while it arrives.

Waitress keeps a request until its last byte; a scan over a dying line would then never count. For ``PUT /v1/b/…`` the body goes
straight to a :class:`sync.blob.receiver.Call`, piece by piece, on a few threads of its own: the thread that serves all sockets
never waits for a disk, and reads no more from a connection whose pieces are not written yet. When the body is over the request
goes to Django like any other, and its view asks the upload for the answer; when the line breaks first, what came is kept all the
same.
Limits, time-outs and headers are waitress's own: see ``province.server``.
"""

from __future__ import annotations

import logging
import socket
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, Final

from django.db import close_old_connections
from django.http import HttpRequest
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.receiver import FixedStreamReceiver
from waitress.task import WSGITask

from province.middleware import MACHINES
from sync.blob.receiver import Call, Receiver
from sync.errors import BlobProtocol, NotOurProtocol
from sync.tcp import hasten

log = logging.getLogger(__name__)

PREFIX: Final = "/v1/b/"
THREADS: Final = 4
AHEAD: Final = 128 * 1024
"""Bytes of one upload that may wait for the disk before its connection is read no further."""


_RECEIVER: Final = "mcx.receiver"


def with_receiver(app: Any, receiver: Receiver) -> Any:
    """A WSGI layer that gives views the receiver of this service: what hangs in one call is counted when another asks."""

    def layer(environ: dict[str, Any], start_response: Any) -> Any:
        environ[_RECEIVER] = receiver
        return app(environ, start_response)

    return layer


def receiver_of(request: HttpRequest) -> Receiver:
    found = request.META[_RECEIVER]
    assert isinstance(found, Receiver)
    return found


class Upload:
    """The body of one upload on its way to the disk. Stands in the place of waitress's body buffer, and of ``wsgi.input``."""

    error = None

    def __init__(self, call: Call, size: int, pool: ThreadPoolExecutor, wake: Callable[[], None]) -> None:
        self._call = call
        self._remain = size
        self._pool = pool
        self._wake = wake
        self._ready = threading.Condition()
        self._pieces: deque[bytes] = deque()
        self._waiting = 0
        self._busy = False
        self._failed: Exception | None = None
        self.completed = False

    def received(self, data: bytes) -> int:
        """Take what has arrived of this body; the number of bytes that belong to it."""
        piece = bytes(data[: self._remain])
        self._remain -= len(piece)
        self.completed = not self._remain
        with self._ready:
            self._pieces.append(piece)
            self._waiting += len(piece)
            self._start()
        return len(piece)

    @property
    def is_behind(self) -> bool:
        return self._waiting > AHEAD

    def cut(self) -> None:
        """The line broke: what came is kept."""
        self._pool.submit(self._keep_after_cut)

    def answer(self) -> bytes:
        """The answer, once all that came is on the disk.

        Raises:
            NotOurProtocol, BlobProtocol: the body was no call of ours.
        """
        self._settle()
        if self._failed is not None:
            raise self._failed
        return self._call.close()

    def read(self, size: int = -1) -> bytes:
        """Nothing is left to read for Django."""
        return b""

    readline = read

    def getfile(self) -> Upload:
        return self

    def getbuf(self) -> Upload:
        return self

    def close(self) -> None:
        """Waitress is done with the request."""

    def __len__(self) -> int:
        return 0

    def _start(self) -> None:
        if not self._busy:
            self._busy = True
            self._pool.submit(self._work)

    def _work(self) -> None:
        close_old_connections()
        while True:
            with self._ready:
                if not self._pieces:
                    self._busy = False
                    self._ready.notify_all()
                    return
                piece = self._pieces.popleft()
            self._feed(piece)
            with self._ready:
                was_behind = self.is_behind
                self._waiting -= len(piece)
            if was_behind and not self.is_behind:
                self._wake()

    def _feed(self, piece: bytes) -> None:
        if self._failed is not None:
            return
        try:
            self._call.feed(piece)
        except (NotOurProtocol, BlobProtocol) as error:
            self._failed = error
        except Exception as error:
            log.exception("an upload failed")
            self._failed = error

    def _settle(self) -> None:
        with self._ready:
            self._ready.wait_for(lambda: not self._busy)

    def _keep_after_cut(self) -> None:
        self._settle()
        if self._failed is None:
            with suppress(BlobProtocol):
                self._call.close()


class Uploads:
    """Where uploads of one server are written. ``wake`` lets the server look at its sockets again."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._pool = ThreadPoolExecutor(THREADS, "upload")
        self.wake: Callable[[], None] = lambda: None

    def begin(self, size: int) -> Upload:
        return Upload(self._receiver.open(), size, self._pool, lambda: self.wake())

    def channel(self) -> Callable[..., HTTPChannel]:
        """What a server makes of a connection."""
        return partial(_Channel, self)


class _Parser(HTTPRequestParser):
    """Puts an :class:`Upload` where waitress would buffer the body."""

    def __init__(self, uploads: Uploads, adj: Any) -> None:
        super().__init__(adj)
        self._uploads = uploads
        self.body_rcv: Any = None

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        fits = self.content_length < self.adj.max_request_body_size
        if self.command == "PUT" and self.path.startswith(PREFIX) and fits and isinstance(self.body_rcv, FixedStreamReceiver):
            self.body_rcv = self._uploads.begin(self.content_length)


class _Task(WSGITask):
    """Leaves ``Date`` out of answers to kiosks: it is there for caches, and none may keep them; the signed time is in the body.

    Their next request is acknowledged together with its answer when that comes within 40 ms: a packet less for each exchange.
    """

    def build_response_header(self) -> bytes:
        head: bytes = super().build_response_header()
        if not self.request.path.startswith(MACHINES):
            return head
        with suppress(OSError):
            self.channel.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)
        return b"\r\n".join(line for line in head.split(b"\r\n") if not line.startswith(b"Date: "))


class _Channel(HTTPChannel):
    """A connection that is read no faster than its upload is written, and keeps what came when it breaks."""

    task_class = _Task

    def __init__(self, uploads: Uploads, *args: Any, **more: Any) -> None:
        self.parser_class = partial(_Parser, uploads)
        super().__init__(*args, **more)
        hasten(self.socket)

    def readable(self) -> bool:
        upload = self._upload()
        return bool(super().readable()) and not (upload is not None and upload.is_behind)

    def handle_close(self) -> None:
        upload = self._upload()
        self.request = None
        super().handle_close()
        if upload is not None:
            upload.cut()

    def _upload(self) -> Upload | None:
        body: Any = getattr(self.request, "body_rcv", None)
        return body if isinstance(body, Upload) else None
