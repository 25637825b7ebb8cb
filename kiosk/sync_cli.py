"""``python3 main.py sync``: the sync process, one round by hand, what waits; and the doors to enrolment, keys, sticks, couriers."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from kiosk.answers import answer, say
from kiosk.counts import seconds, seconds_or_none
from kiosk.courier_cli import courier_command
from kiosk.files_cli import files_command
from kiosk.machine import Machine, add_machine_arguments, open_existing, open_machine
from kiosk.progress import bar_line
from kiosk.stick_cli import export_command, import_command
from kiosk.sync_enrol_cli import enrol_command, keys_command
from kiosk.sync_process import AlreadyRuns, forever, one_round
from kiosk.sync_report import Report, report_of, report_vi
from sync.discreet import end_discreetly, log_discreetly

BUSY = 4
"""Exit code when another sync process holds the store."""
FILES_S = 300.0
"""How long one round by hand sends attachments."""


def sync_command(argv: Sequence[str]) -> int:
    """Run one sync command; 0 when all is well, 1 when something is wrong, 2 for a wrong call, 4 when another one runs."""
    words = list(argv)
    if words and words[0] in _ELSEWHERE:
        return _ELSEWHERE[words[0]](words[1:])
    act = words.pop(0) if words and words[0] in ("status", "watch") else "run"
    parser = argparse.ArgumentParser(prog=f"main.py sync {'' if act == 'run' else act}".strip(), description=_HELP[act])
    add_machine_arguments(parser)
    parser.add_argument("--json", action="store_true", help="trả lời bằng JSON")
    if act == "run":
        parser.add_argument("--once", action="store_true", help="chỉ gửi và nhận một lượt rồi dừng")
        parser.add_argument(
            "--files-for",
            type=seconds_or_none,
            default=FILES_S,
            metavar="GIÂY",
            help="với --once: gửi giấy tờ đính kèm lâu nhất bấy nhiêu",
        )
    if act == "watch":
        parser.add_argument("--every", type=seconds, default=1.0, metavar="GIÂY", help="bao lâu nhìn lại một lần")
        parser.add_argument("--until-empty", action="store_true", help="dừng khi không còn gì chờ gửi")
    given = parser.parse_args(words)
    log_discreetly()
    # The service may be the first to start on a new machine.
    return answer(given, _ACTS[act], open_machine if act == "run" else open_existing)


_ELSEWHERE = {
    "enrol": enrol_command,
    "keys": keys_command,
    "files": files_command,
    "export": export_command,
    "import": import_command,
    "courier": courier_command,
}

_HELP = {
    "run": "Tiến trình đồng bộ với tỉnh; thêm --once để làm một lượt. "
    "Lệnh con: status, watch, export, import, courier, files, enrol, keys.",
    "status": "Còn gì chờ gửi, từng mục một: chờ từ bao giờ, đã thử mấy lần, lần cuối ra sao, lần tới lúc nào.",
    "watch": "Như status, nhìn lại liên tục.",
}


def _run(machine: Machine, given: argparse.Namespace) -> int:
    try:
        return _once(machine, given) if given.once else _forever(machine)
    except AlreadyRuns:
        say(given.json, {"ok": False, "error": {"code": "sync_runs"}}, "Tiến trình đồng bộ đang chạy, máy tự gửi: «sync status».")
        return BUSY


def _forever(machine: Machine) -> int:
    end_discreetly()
    forever(machine)
    return 0


def _once(machine: Machine, given: argparse.Namespace) -> int:
    status = one_round(machine, given.files_for)
    report = report_of(machine)
    files = f", {len(report.files)} giấy tờ chưa tới đủ" if report.files else ""
    done = f"Xong, còn {report.pending['events']} sự kiện chờ xác nhận{files}."
    told = f"{status.failure_vi} {status.cure_vi}" if status.failure else done
    say(given.json, {"ok": not status.failure, **report.facts()}, told)
    return 1 if status.failure else 0


def _status(machine: Machine, given: argparse.Namespace) -> int:
    report = report_of(machine)
    say(given.json, {"ok": True, **report.facts()}, report_vi(report))
    return 0


def _watch(machine: Machine, given: argparse.Namespace) -> int:
    """Until interrupted: on a terminal the screen is drawn anew, elsewhere (and as JSON) one block or line follows the other."""
    most = Progress()
    try:
        while True:
            report = report_of(machine)
            clear = "\x1b[H\x1b[2J" if sys.stdout.isatty() and not given.json else ""
            say(given.json, report.facts(), f"{clear}{most.line(report)}\n{report_vi(report)}")
            sys.stdout.flush()
            if given.until_empty and not report.pending["events"] and not report.files:
                return 0
            time.sleep(max(0.1, given.every))
    except KeyboardInterrupt:
        return 0


class Progress:
    """How much of what has waited since the watch began is done."""

    def __init__(self) -> None:
        self._most = 0

    def line(self, report: Report) -> str:
        left = sum(file.size - file.held for file in report.files)
        self._most = max(self._most, left)
        return bar_line("Giấy tờ", self._most - left, self._most)


_ACTS = {"run": _run, "status": _status, "watch": _watch}
