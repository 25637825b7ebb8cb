"""The tormented kiosk: the real services on the real store and printer, filing and accepting without end, until it is killed.

It is the screen process without its window: the same ``KioskServices``, use cases, spooler and threads. Each promise is
written to standard output *after* the call has returned, so the torment knows exactly what was promised.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from kiosk.app import KioskServices
from kiosk.attachments import attach
from kiosk.chaos.photo import photo, photographed
from kiosk.config import load
from kiosk.demo.loop import LoopScheduler
from kiosk.demo.sample import SAMPLE_CARD, sample_session
from kiosk.machine import Machine, open_machine
from kiosk.services import Refused
from sync.steps import watch_if_asked


def main(state: str, pin: str, seed: str) -> None:
    """File and sometimes accept; never returns by itself."""
    watch_if_asked()
    dice = random.Random(seed)
    machine = open_machine(load(Path(state)))
    scheduler = LoopScheduler()
    services = KioskServices(machine, scheduler)
    say("READY", "")
    while True:
        try:
            _one_citizen(machine, services, pin, dice)
        except Refused as error:
            say("REFUSED", error.code)
        scheduler.turn(dice.uniform(0.05, 0.5))


def _one_citizen(machine: Machine, services: KioskServices, pin: str, dice: random.Random) -> None:
    """A filing, and often somebody at the counter who accepts one. Raises Refused."""
    services.can_file()
    procedure, session = sample_session(machine.store.clock.now().date())
    filed = services.submit(procedure, session, SAMPLE_CARD)
    say("FILED", filed.code)
    if dice.random() < 0.4:
        say("ATTACHED", attach(machine, filed.dossier, photographed(procedure), photo(dice)).blob)
    services.sign_in(pin)
    try:
        waiting = services.worklist("new")
        if waiting and dice.random() < 0.7:
            chosen = dice.choice(waiting)
            services.accept(chosen.dossier, services.detail(chosen.dossier).seen)
            say("ACCEPTED", chosen.code)
    finally:
        services.sign_out()


def say(word: str, what: str) -> None:
    """One promise, in one write."""
    sys.stdout.write(f"{word} {what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
