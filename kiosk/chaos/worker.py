"""The tormented kiosk: the real services on the real store and printer, filing and accepting without end, until it is killed.

It is the screen process without its window: the same ``KioskServices``, use cases, spooler and threads. Each promise is
written to standard output *after* the call has returned, so the torment knows exactly what was promised.
"""

from __future__ import annotations

import heapq
import itertools
import queue
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

from devices.card.twin import SAMPLES
from kiosk.app import KioskServices
from kiosk.config import load
from kiosk.demo.sample import sample_session
from kiosk.machine import open_machine
from sync.steps import watch_if_asked


class _Call:
    def __init__(self, act: Callable[[], None]) -> None:
        self.act: Callable[[], None] | None = act

    def cancel(self) -> None:
        self.act = None


class LoopScheduler:
    """The UI thread's clock without a window: calls from any thread, run by :meth:`turn` on the thread that turns it."""

    def __init__(self) -> None:
        self._soon: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._later: list[tuple[float, int, _Call]] = []
        self._order = itertools.count()

    def now(self) -> float:
        return time.monotonic()

    def call_soon(self, act: Callable[[], None]) -> None:
        self._soon.put(act)

    def call_later(self, seconds: float, act: Callable[[], None]) -> _Call:
        call = _Call(act)
        heapq.heappush(self._later, (self.now() + seconds, next(self._order), call))
        return call

    def turn(self, seconds: float) -> None:
        """Run what is due for so long."""
        end = self.now() + seconds
        while (left := end - self.now()) > 0:
            while self._later and self._later[0][0] <= self.now():
                call = heapq.heappop(self._later)[2]
                if call.act is not None:
                    call.act()
            wait = min(left, max(0.0, self._later[0][0] - self.now()) if self._later else left)
            try:
                self._soon.get(timeout=max(wait, 0.001))()
            except queue.Empty:
                continue


def main(state: str, pin: str, seed: str) -> None:
    """File, sometimes accept, sometimes reprint; never returns by itself."""
    watch_if_asked()
    dice = random.Random(seed)
    machine = open_machine(load(Path(state)))
    scheduler = LoopScheduler()
    services = KioskServices(machine, scheduler)
    say("READY", "")
    person = SAMPLES[0].person
    while True:
        filed = services.submit(sample_session(machine.store.clock.now().date())[1], person)
        say("FILED", filed.code)
        scheduler.turn(dice.uniform(0.05, 0.3))
        services.sign_in(pin)
        waiting = services.worklist("new")
        if waiting and dice.random() < 0.7:
            chosen = dice.choice(waiting)
            services.accept(chosen.dossier)
            say("ACCEPTED", chosen.code)
        services.sign_out()
        scheduler.turn(dice.uniform(0.05, 0.5))


def say(word: str, what: str) -> None:
    """One promise, in one write."""
    sys.stdout.write(f"{word} {what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
