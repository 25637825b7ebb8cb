"""Tells when the network came up, so that nobody waits out a back-off of five minutes beside a line that works again.

It looks at ``/sys/class/net`` once in a while: an interface counts as up when it has a carrier and is not administratively down.
Only the *coming* of an interface is news; a phone that was plugged in, Wi-Fi that joined, a cable. Whether the province can be
reached over it is for the next exchange to find out.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

SYSTEM: Final = Path("/sys/class/net")
SECONDS: Final = 2.0


def interfaces_up(system: Path = SYSTEM) -> frozenset[str]:
    """Names of the interfaces, without the loopback, over which something could go."""
    try:
        return frozenset(path.name for path in system.iterdir() if path.name != "lo" and _is_up(path))
    except OSError:
        return frozenset()


def _is_up(interface: Path) -> bool:
    # Mobile and tunnel interfaces say "unknown" for ever; with a carrier they work.
    return _read(interface / "operstate") in ("up", "unknown") and _read(interface / "carrier") == "1"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:  # "carrier" of an interface that is down cannot be read
        return ""


class NetworkWatch:
    """Calls ``came_up`` from a thread of its own, between :meth:`start` and :meth:`stop`."""

    def __init__(self, came_up: Callable[[], None], system: Path = SYSTEM, seconds: float = SECONDS) -> None:
        self._came_up = came_up
        self._system = system
        self._seconds = seconds
        self._over = threading.Event()
        self._known = interfaces_up(system)
        self._thread = threading.Thread(target=self._run, name="network-watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def look(self) -> None:
        """One look; what came since the last one is told."""
        now = interfaces_up(self._system)
        came, self._known = now - self._known, now
        if came:
            self._came_up()

    def _run(self) -> None:
        while not self._over.wait(self._seconds):
            self.look()
