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
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from kiosk.chaos.report import Report

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
        self.seconds = 0.0
        """How long the torment lasted."""

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
        started = time.monotonic()
        end = started + seconds
        self._raise_the_dead()
        while self.left() and time.monotonic() < end:
            if not self._struck.wait(self._dice.uniform(*rest)):
                (idle or self._strike_freely)()
            self._struck.clear()
            self._raise_the_dead()
            progress(sum(self.histogram.values()), self.left())
        self._stopped = True
        self.seconds = time.monotonic() - started

    def _raise_the_dead(self) -> None:
        """Start all that are dead, side by side: most of a strike's time is starting again."""
        dead = [victim for victim in self._victims.values() if not victim.alive]
        with ThreadPoolExecutor(max(len(dead), 1)) as pool:
            for victim, _ in zip(dead, pool.map(lambda one: one.start(), dead), strict=True):
                victim.alive = True

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


def histogram_report(name: str, fury: Torment, findings: Sequence[str], seed: int, **facts: int) -> Report:
    """A torment's outcome with where its strikes fell."""
    kills = sum(fury.histogram.values())
    missing = fury.left()
    late = [f"{missing} strikes were not made in time"] if missing else []
    most = max(fury.histogram.values(), default=1)
    counted = "".join(f", {word} {count}" for word, count in facts.items())
    lines = [f"{kills} lần giết (hạt giống {seed}), {kills / max(fury.seconds / 60, 0.01):.0f} lần/phút{counted}."]
    for step, count in sorted(fury.histogram.items()):
        lines.append(f"  {step:<28} {count:>4} {'█' * max(1, round(30 * count / most))}")
    told = {
        "seed": seed,
        "kills": kills,
        "seconds": round(fury.seconds, 1),
        "histogram": dict(sorted(fury.histogram.items())),
        "visits": dict(sorted(fury.visits.items())),
        **facts,
    }
    return Report(name, "\n".join(lines), told, (*findings, *late))
