"""``python3 main.py device …``: the technician's tools, against the configured devices or any address given with ``--set``.

``list`` and ``test`` work on any machine, enrolled or not; ``card``, ``trust``, ``box``, ``fuzz`` and ``slip`` hand over to the
devices' own commands. Exit code 0 only when nothing is broken, so it can be read out on the phone.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Sequence

from devices.barcode.look import try_out
from devices.errors import DeviceError
from devices.idcard import open_card_reader
from devices.idcard.cli import card_command
from devices.idcard.trust_cli import trust_command
from devices.idcard.twin.box_cli import box_command
from devices.idcard.twin.fuzz_cli import fuzz_command
from devices.printer import open_printer
from devices.printer.cli import slip_command
from kiosk.card_judge import CardJudge, moment
from kiosk.clock import RELEASED_MS, Clock
from kiosk.config import Config, ConfigError
from kiosk.device_facts import barcode_fact, disk_fact, printer_fact, reader_fact
from kiosk.machine import add_machine_arguments, config_from
from kiosk.services import DeviceFact

_UNREAD = 141
"""As the shell has it for a program that SIGPIPE ended."""
_WORDS = {"ok": "Tốt", "warning": "Để ý", "broken": "Hỏng", "absent": "Không có"}


def device_command(argv: Sequence[str]) -> int:
    """Run one device command: ``list``, ``test [NAME]``, ``watch``, ``card …``, ``trust …``, ``box …``, ``fuzz …``, ``slip …``."""
    try:
        code = _run(argv)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has enough of it (``| head -1``); Python must not try again at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _UNREAD
    return code


def _run(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="main.py device", description="Công cụ thiết bị cho kỹ thuật viên.", add_help=False)
    parser.add_argument("act", nargs="?", choices=("list", "test", "watch", "card", "trust", "box", "fuzz", "slip"))
    parser.add_argument("-h", "--help", action="store_true")
    add_machine_arguments(parser)
    given, rest = parser.parse_known_args(argv)
    if given.act is None:
        parser.print_help()
        return 0 if given.help else 2
    try:
        config = config_from(given)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    rest += ["--help"] if given.help else []
    if given.act == "card":
        clock = Clock()
        today = clock.now().date() if clock.wall_ms() >= RELEASED_MS else None
        judge = CardJudge(config.path("devices.trust"), clock, sure=True)
        return card_command(rest, today, str(config["devices.reader"]), judge)
    if given.act == "trust":
        return trust_command(rest, config.path("devices.trust"), moment(Clock(), sure=True))
    if given.act == "box":
        return box_command(rest)
    if given.act == "fuzz":
        return fuzz_command(rest)
    if given.act == "slip":
        profile = [] if "--profile" in rest else ["--profile", str(config["devices.printer_profile"])]
        return slip_command([*rest, *profile], str(config["devices.printer"]))
    return _look(config, given.act, rest)


def _look(config: Config, act: str, rest: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog=f"main.py device {act}")
    parser.add_argument("name", nargs="?", choices=tuple(_PROBES))
    parser.add_argument("--json", action="store_true", help="trả lời bằng JSON")
    parser.add_argument("--every", type=float, default=2.0, help="watch: bao nhiêu giây một lần")
    given = parser.parse_args(rest)
    names = [given.name] if given.name else list(_PROBES)
    probes = {**_PROBES, "barcode": test_barcode} if act == "test" else _PROBES
    facts = [probes[name](config) for name in names]
    _say(facts, given.json)
    try:
        while act == "watch":
            time.sleep(given.every)
            now = [_PROBES[name](config) for name in names]
            _say([fact for fact in now if fact not in facts], given.json)
            facts = now
    except KeyboardInterrupt:
        pass
    return 1 if any(fact.state == "broken" for fact in facts) else 0


def probe_printer(config: Config) -> DeviceFact:
    """Ask the printer how it is."""
    url = str(config["devices.printer"])
    if url == "none:":
        return printer_fact(None)
    try:
        return printer_fact(open_printer(url, str(config["devices.printer_profile"])).status())
    except DeviceError as error:
        return printer_fact(error)


def probe_reader(config: Config) -> DeviceFact:
    """Ask the card reader how it is."""
    url = str(config["devices.reader"])
    if url == "none:":
        return reader_fact(None)
    try:
        reader = open_card_reader(url)
        try:
            return reader_fact(reader.state())
        finally:
            reader.close()
    except DeviceError as error:
        return reader_fact(error)


def probe_barcode(config: Config) -> DeviceFact:
    return barcode_fact(str(config["devices.barcode"]))


def test_barcode(config: Config) -> DeviceFact:
    """Look at the code readers, and take a picture from each camera."""
    return barcode_fact(str(config["devices.barcode"]), try_out)


def probe_disk(config: Config) -> DeviceFact:
    """Free space where the store lies."""
    folder = next(parent for parent in config.path("store.file").parents if parent.exists())
    free = shutil.disk_usage(folder).free
    return disk_fact(free, free >= int(config["store.least_free_mb"]) * 1024 * 1024)


_PROBES = {"printer": probe_printer, "reader": probe_reader, "barcode": probe_barcode, "disk": probe_disk}


def _say(facts: Sequence[DeviceFact], as_json: bool) -> None:
    if as_json:
        devices = [{"name": f.name, "state": f.state, "fact": f.fact_vi, "cure": f.cure_vi, "title": f.title_vi} for f in facts]
        sys.stdout.write(json.dumps({"devices": devices}, ensure_ascii=False) + "\n")
    else:
        for fact in facts:
            sys.stdout.write(f"{_WORDS[fact.state]:<9} {fact.title_vi}: {fact.fact_vi} {fact.cure_vi}".rstrip() + "\n")
    sys.stdout.flush()
