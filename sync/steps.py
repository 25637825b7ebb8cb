"""Names for the durable steps of the house, so that a torment can kill a process inside each of them and count where it struck.

Kiosk, sync process and province mark the places where something becomes durable, or is about to be told to somebody. In normal
running :func:`step` costs one comparison; an observer is set only by ``main.py chaos`` in the processes it torments.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Observer(Protocol):
    """Is told of every durable step as it is entered and left."""

    def entered(self, name: str) -> None: ...

    def left(self, name: str) -> None: ...


_observer: Observer | None = None


def watch(observer: Observer | None) -> None:
    """Set the observer of this process; ``None`` takes it away."""
    global _observer
    _observer = observer


@contextmanager
def step(name: str) -> Iterator[None]:
    """Mark a durable step by its stable name. A step that raises is left as well."""
    observer = _observer
    if observer is None:
        yield
        return
    observer.entered(name)
    try:
        yield
    finally:
        observer.left(name)


VARIABLE = "MCX_STEPS"


class SocketObserver:
    """Tells a torment over a Unix socket; entering waits for its word, so that it may strike there."""

    def __init__(self, path: str) -> None:
        self._guard = threading.Lock()
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._line.connect(path)

    def entered(self, name: str) -> None:
        with self._guard:
            self._line.send(b"+" + name.encode("ascii"))
            self._line.recv(1)

    def left(self, name: str) -> None:
        with self._guard:
            self._line.send(b"-" + name.encode("ascii"))


def watch_if_asked() -> None:
    """Set the observer a torment asks for in this process's environment; nothing otherwise."""
    path = os.environ.get(VARIABLE)
    if path:
        watch(SocketObserver(path))
