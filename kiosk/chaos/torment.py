"""The torment: listens to the durable steps of three real processes and kills them there, until every step has had its share.

A process that enters a step waits for a word. The torment gives it, kills at once, or gives it and kills a little later; a
kill counts for a step only when the step had not been left. Kills at free moments are counted as such.
"""

from __future__ import annotations

import contextlib
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

FREE = "between steps"


@dataclass
class Victim:
    """One process under torment: how to start it, how to kill it, and the steps it can be struck in."""

    name: str
    start: Callable[[], None]
    kill: Callable[[], None]
    steps: tuple[str, ...]
    alive: bool = False
    entered: list[str] = field(default_factory=list)


class Torment:
    """Strikes ``share`` times inside every step of every victim, and ``free`` times at free moments."""

    def __init__(self, folder: Path, share: int, free: int, seed: int) -> None:
        self._folder = folder
        self._share = share
        self._free = free
        self._dice = random.Random(seed)
        self._victims: dict[str, Victim] = {}
        self._guard = threading.Lock()
        self._struck = threading.Event()
        self.histogram: Counter[str] = Counter()
        self.visits: Counter[str] = Counter()
        self._stopped = False

    def socket_path(self, victim: str) -> Path:
        return self._folder / f"{victim}.steps"

    def add(self, victim: Victim) -> None:
        """Take a victim under torment; its processes must connect to :meth:`socket_path`."""
        self._victims[victim.name] = victim
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listener.bind(str(self.socket_path(victim.name)))
        listener.listen(4)
        threading.Thread(target=self._accept, args=(victim, listener), daemon=True).start()

    def left(self) -> int:
        """Strikes still to come."""
        with self._guard:
            steps = [f"{v.name}: {step}" for v in self._victims.values() for step in v.steps]
            missing = sum(max(0, self._share - self.histogram[step]) for step in steps)
            return missing + max(0, self._free - self.histogram[FREE])

    def run(
        self,
        seconds: float,
        progress: Callable[[int, int], None],
        *,
        rest: tuple[float, float] = (0.2, 1.5),
        idle: Callable[[], None] | None = None,
    ) -> None:
        """Start all, strike, restart, until every step has had its share or the time is over.

        After ``rest`` (least and most seconds) without a strike ``idle`` is called; by default it strikes at a free moment.
        """
        end = time.monotonic() + seconds
        for victim in self._victims.values():
            victim.start()
            victim.alive = True
        while self.left() and time.monotonic() < end:
            if not self._struck.wait(self._dice.uniform(*rest)):
                (idle or self._strike_freely)()
            self._struck.clear()
            for victim in self._victims.values():
                if not victim.alive:
                    victim.start()
                    victim.alive = True
            progress(sum(self.histogram.values()), self.left())
        self._stopped = True

    def _strike_freely(self) -> None:
        if self.histogram[FREE] >= self._free:
            return
        with self._guard:
            victim = self._dice.choice(list(self._victims.values()))
            inside = list(victim.entered)
            victim.kill()
            victim.alive = False
            self.histogram[f"{victim.name}: {inside[-1]}" if inside else FREE] += 1
            victim.entered.clear()

    def _accept(self, victim: Victim, listener: socket.socket) -> None:
        while True:
            line, _ = listener.accept()
            threading.Thread(target=self._listen, args=(victim, line), daemon=True).start()

    def _listen(self, victim: Victim, line: socket.socket) -> None:
        with contextlib.suppress(OSError), line:
            while message := line.recv(200):
                name = message[1:].decode("ascii")
                if message[:1] == b"-":
                    if name in victim.entered:
                        victim.entered.remove(name)
                    continue
                victim.entered.append(name)
                self.visits[f"{victim.name}: {name}"] += 1
                if not self._wants(victim, name):
                    line.send(b".")
                    continue
                self._strike(victim, name, line)
                return

    def _wants(self, victim: Victim, name: str) -> bool:
        key = f"{victim.name}: {name}"
        missing = self._share - self.histogram[key]
        return not self._stopped and victim.alive and name in victim.steps and missing > 0 and self._dice.random() < 0.5

    def _strike(self, victim: Victim, name: str, line: socket.socket) -> None:
        """Kill at the door of the step, or let it in and kill up to 3 ms later; count where it fell."""
        if self._dice.random() < 0.6:
            line.send(b".")
            time.sleep(self._dice.uniform(0.0, 0.003))
        with self._guard:
            if not victim.alive:
                return
            victim.kill()
            victim.alive = False
            inside = not self._has_left(line, name)
            self.histogram[f"{victim.name}: {name}" if inside else FREE] += 1
            victim.entered.clear()
        self._struck.set()

    @staticmethod
    def _has_left(line: socket.socket, name: str) -> bool:
        """Whether the dead process had said that it left the step."""
        line.setblocking(False)
        with contextlib.suppress(OSError):
            while message := line.recv(200):
                if message == b"-" + name.encode("ascii"):
                    return True
        return False
