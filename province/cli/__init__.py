"""``python3 main.py province …``: serve the province, and the operator's acts.

Without an act it serves. Exit codes: 0 done, 1 refused or something is wrong (said in a sentence, or as JSON with
``--json``), 2 called wrongly. Standard library only until the arguments are understood; Django is set up once, for this run's
database and state folder.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence

from province.cli import kiosks, quarantine, service, sticks
from province.cli.answers import Answer
from province.cli.arguments import parser
from province.config import Options
from province.errors import ProvinceError
from province.runtime import Runtime, start
from sync.errors import SyncError


def province_command(argv: Sequence[str]) -> int:
    """Run one act of the province; returns the exit code."""
    given = parser().parse_args(_with_act(argv))
    options = Options(
        state=given.state,
        database=given.database,
        host=given.host,
        port=given.port,
        base_url=given.base_url,
        config=given.config,
        overrides=tuple(given.set),
        root=given.root,
        trusted_proxy=given.trusted_proxy,
    )
    try:
        if given.act not in _MAKING and not (given.state / "keys").is_dir():
            raise ProvinceError("state_missing", "Thư mục trạng thái này chưa có dịch vụ tỉnh nào.", "Xem lại --state.")
        running = start(options)
        code, facts, text = _ACTS[given.act](running, given)
    except (ProvinceError, SyncError) as error:
        code, text = 1, f"{error.message_vi} {error.cure_vi}".strip()
        facts = {"ok": False, "error": {"code": error.code, "message": error.message_vi, "cure": error.cure_vi}}
    if given.json:
        sys.stdout.write(json.dumps(facts, ensure_ascii=False) + "\n")
    elif text:
        (sys.stdout if code == 0 else sys.stderr).write(text + "\n")
    return code


def _with_act(argv: Sequence[str]) -> list[str]:
    words = list(argv)
    return words if words and (words[0] in _ACTS or words[0] in ("-h", "--help")) else ["serve", *words]


_MAKING = frozenset({"serve", "migrate", "enrol-code", "enrol-file", "create-official"})
"""Acts with which a province may begin; the others need a state folder that is there, and make none where it is not."""

_ACTS: Mapping[str, Callable[[Runtime, argparse.Namespace], Answer]] = {
    "serve": service.serve,
    "migrate": service.migrate,
    "enrol-code": kiosks.enrol_code,
    "enrol-list": kiosks.enrol_list,
    "enrol-confirm": kiosks.enrol_confirm,
    "enrol-file": kiosks.enrol_file,
    "bundle-import": sticks.bundle_import,
    "bundle-export": sticks.bundle_export,
    "quarantine": quarantine.quarantine,
    "quarantine-accept": quarantine.quarantine_accept,
    "device-list": kiosks.device_list,
    "device-revoke": kiosks.device_revoke,
    "device-found": kiosks.device_found,
    "backup-open": kiosks.backup_open,
    "keys-show": kiosks.keys_show,
    "keys-rotate": kiosks.keys_rotate,
    "keys-commune": kiosks.keys_commune,
    "create-official": service.create_official,
    "safe-point": service.safe_point,
    "safe-confirm": service.safe_confirm,
    "drop-closed": service.drop_closed,
    "check": service.check,
    "rebuild": service.rebuild,
    "new-epoch": service.new_epoch,
}
