"""Names for the durable steps, so that a torment can kill the process inside each of them and count where it struck.

In normal running :func:`step` does nothing but call through; ``watch`` is set only by ``main.py chaos``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

_watcher: Callable[[str], None] | None = None


def watch(observer: Callable[[str], None] | None) -> None:
    """Tell ``observer`` the name of every durable step as it is entered."""
    global _watcher
    _watcher = observer


@contextmanager
def step(name: str) -> Iterator[None]:
    """Mark a durable step by its stable name."""
    if _watcher is not None:
        _watcher(name)
    yield
