"""``python3 main.py kiosk``: the touch app on this machine's store and devices."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from kiosk.boots import note_boot
from kiosk.config import ConfigError
from kiosk.machine import add_machine_arguments, config_from, open_machine
from kiosk.services import Scheduler
from kiosk.store.connection import StoreError
from kiosk.supervisor import tell_supervisor
from sync.discreet import end_discreetly, log_discreetly
from sync.steps import watch_if_asked


def kiosk_command(argv: Sequence[str]) -> int:
    """Open the touch app; returns when its window is closed. 1 when the store or the configuration cannot be used."""
    parser = argparse.ArgumentParser(prog="main.py kiosk", description="Ứng dụng màn hình chạm.")
    add_machine_arguments(parser)
    parser.add_argument("--control", type=Path, help="ổ cắm điều khiển của bản trình diễn (demo control socket)")
    given = parser.parse_args(argv)
    watch_if_asked()
    log_discreetly()
    end_discreetly()
    try:
        machine = open_machine(config_from(given))
        note_boot(machine)
    except (StoreError, ConfigError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    from kiosk.app import KioskServices
    from kiosk.touch.app import run_kiosk

    opened: list[KioskServices] = []

    def services(scheduler: Scheduler) -> KioskServices:
        opened.append(KioskServices(machine, scheduler))
        return opened[0]

    try:
        run_kiosk(services, machine.config, control=given.control, beat=lambda: tell_supervisor("WATCHDOG=1"), ready=_ready)
    finally:
        for one in opened:
            one.close()
    return 0


def _ready() -> None:
    tell_supervisor("READY=1")
    logging.getLogger(__name__).info("kiosk ready")
