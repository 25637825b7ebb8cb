"""``main.py device slip``: print a test slip on the configured printer and say how it ended, for a technician and for programs.

Exit codes, to be read out on the phone: 0 printed, 2 wrong address or option, 3 uncertain (look at the paper), 4 not started
(nothing was sent). It asks nothing of the rest of the kiosk and keeps no job: the next call is a new slip.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from devices.errors import DeviceError
from devices.printer.driver import Printer, open_printer
from devices.printer.render import render
from devices.printer.slip import test_slip
from devices.printer.spool import PrintOutcome, state_after

EXIT = {"printed": 0, "uncertain": 3, "queued": 4}
WRONG_ADDRESS = 2


def slip_command(argv: Sequence[str], printer_url: str) -> int:
    """Print a test slip at ``printer_url``. With ``--json`` the keys are ``job``, ``state``, ``copies``, ``bytes`` and ``error``.

    ``copies`` counts slips that have left for the printer: 0 when the job stays queued, else 1, never more. ``error`` is ``null``
    or ``code``, ``message``, ``cure``.
    """
    given = _parser().parse_args(argv)
    job = f"TEST-{secrets.token_hex(3).upper()}"
    try:
        printer = open_printer(printer_url, given.profile, lock=given.lock)
    except DeviceError as error:
        _say(given.json, _refused(job, error))
        return WRONG_ADDRESS
    report = _print(printer, printer_url, job, given.png)
    _say(given.json, report)
    return EXIT[report["state"]]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="main.py device slip", description="In một phiếu thử trên máy in đã cấu hình.")
    parser.add_argument("--json", action="store_true", help="kết quả cho chương trình đọc")
    parser.add_argument("--profile", metavar="KIỂU", help="kiểu máy in khi địa chỉ không nêu")
    parser.add_argument("--lock", type=Path, metavar="TỆP", help="tệp khóa chung của máy in này")
    parser.add_argument("--png", type=Path, metavar="TỆP", help="lưu thêm ảnh của phiếu")
    return parser


def _print(printer: Printer, url: str, job: str, png: Path | None) -> dict[str, Any]:
    now = datetime.now().astimezone().strftime("%H:%M:%S %d/%m/%Y")
    shown = urlsplit(url)._replace(query="").geturl()
    identity = printer.identity() if printer.status().prints else ""
    image = render(
        test_slip(job, printer.profile, address=shown, identity=identity, when_vi=now),
        printer.width_dots,
        dpi=printer.profile.dpi,
    )
    if png:
        image.save(png, format="PNG")
    return _report(job, printer.print(image))


def _report(job: str, outcome: PrintOutcome) -> dict[str, Any]:
    error = None if outcome.state == "printed" else {"code": outcome.code, "message": outcome.fact_vi, "cure": outcome.cure_vi}
    return {
        "job": job,
        "state": state_after(outcome),
        "copies": 0 if outcome.state == "not_started" else 1,
        "bytes": outcome.bytes_sent,
        "error": error,
    }


def _refused(job: str, error: DeviceError) -> dict[str, Any]:
    said = {"code": error.code, "message": error.message_vi, "cure": error.cure_vi}
    return {"job": job, "state": "queued", "copies": 0, "bytes": 0, "error": said}


def _say(as_json: bool, report: dict[str, Any]) -> None:
    if as_json:
        sys.stdout.write(json.dumps(report, ensure_ascii=False) + "\n")
        return
    states = {"printed": "đã in", "uncertain": "chưa rõ, hãy xem phiếu", "queued": "chưa gửi gì sang máy in"}
    lines = [f"Phiếu {report['job']}: {states[report['state']]} ({report['bytes']} byte)."]
    if error := report["error"]:
        lines += [error["message"], f"Cách xử lý: {error['cure']}"]
    sys.stdout.write("\n".join(lines) + "\n")
