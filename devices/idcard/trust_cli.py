"""``device trust``: a technician installs, lists and removes the certificates that say which chips are genuine.

``list`` shows what is in the folder and what it is good for, ``check`` does the same with an exit code, ``add`` and ``remove``
change it. With ``--json`` one object with stable keys: ``ok``, ``files`` (each ``name``, ``given``, ``fingerprint``,
``accepted``, ``reason``, ``items``), ``trusted`` (numbers by kind), ``error``. Exit code 0 only when nothing was refused, 1
otherwise, 2 for wrong arguments.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from devices.idcard.certificates import Moment
from devices.idcard.trust import TrustStore
from devices.idcard.trust_folder import REASONS_VI, Found, Item, TrustFolder, content, printable

_KINDS_VI: Final = {
    "csca": "Chứng thư gốc",
    "link": "Chứng thư gốc nối tiếp",
    "signer": "Chứng thư người ký thẻ",
    "crl": "Danh sách thu hồi",
    "unreadable": "Không rõ",
}
_EMPTY_VI: Final = (
    "Chưa cài chứng thư gốc nào. Máy vẫn đọc thẻ và kiểm tra được dữ liệu nguyên vẹn, nhưng chưa kiểm tra được cơ quan cấp."
)
_SHORTEST_PREFIX: Final = 8


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="main.py device trust", description="Chứng thư gốc (CSCA) để kiểm tra chíp của thẻ.")
    parser.add_argument("--json", action="store_true", help="in một đối tượng JSON")
    acts = parser.add_subparsers(dest="act", required=True, metavar="list|add|remove|check")
    acts.add_parser("list", help="liệt kê những gì đã cài")
    acts.add_parser("check", help="kiểm tra mọi tệp trong thư mục; mã thoát 1 nếu có tệp bị từ chối")
    adding = acts.add_parser("add", help="cài chứng thư gốc, danh sách thu hồi (CRL) hoặc danh sách chứng thư gốc (.ml)")
    adding.add_argument("files", nargs="+", type=Path, metavar="TỆP")
    removing = acts.add_parser("remove", help="gỡ một tệp theo tên hoặc dấu vân tay (fingerprint)")
    removing.add_argument(
        "which",
        metavar="TÊN TỆP|DẤU VÂN TAY",
        help=f"tên như lệnh list ghi, hoặc ít nhất {_SHORTEST_PREFIX} ký tự đầu của dấu vân tay",
    )
    for act in acts.choices.values():
        act.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="in một đối tượng JSON")
    return parser


def trust_command(argv: Sequence[str], folder: Path, at: Moment) -> int:
    """Run the command on the configured folder; ``at`` is the present as this machine knows it. Returns the exit code."""
    try:
        options = _parser().parse_args(argv)
    except SystemExit as stop:
        return int(stop.code or 0)
    trust = TrustFolder(folder)
    if options.act == "add":
        return _add(trust, options, at)
    if options.act == "remove":
        return _remove(trust, options, at)
    inventory = trust.inventory(at)
    refused = any(_has_refused(found) for found in inventory.files)
    ok = not refused or options.act == "list"
    return _finish(options, ok, inventory.files, inventory.store)


def _add(trust: TrustFolder, options: argparse.Namespace, at: Moment) -> int:
    added = [replace(_added(trust, path, at), given=str(path)) for path in options.files]
    return _finish(options, all(found.accepted and not _has_refused(found) for found in added), added, trust.store(at))


def _added(trust: TrustFolder, path: Path, at: Moment) -> Found:
    data = content(path)
    if isinstance(data, str):
        return Found(path.name, "", reason=data)
    try:
        return trust.add(data, at)
    except OSError:
        return Found(path.name, "", reason="folder_not_written")


def _remove(trust: TrustFolder, options: argparse.Namespace, at: Moment) -> int:
    found = trust.named(options.which, at)
    if not found and len(options.which) < _SHORTEST_PREFIX:
        return _failed(options, "fingerprint_short", f"Ghi tên tệp, hoặc ít nhất {_SHORTEST_PREFIX} ký tự đầu của dấu vân tay.")
    found = found or trust.holders(options.which, at)
    if not found:
        return _failed(options, "fingerprint_unknown", "Không có tệp nào mang tên hay dấu vân tay này. Xem bằng lệnh list.")
    if len(found) > 1:
        names = ", ".join(printable(one.name) for one in found)
        return _failed(options, "fingerprint_ambiguous", f"Nhiều tệp mang dấu vân tay này: {names}. Ghi tên tệp cần gỡ.")
    try:
        trust.remove(found[0])
    except OSError:
        return _failed(options, "not_removed", f"Không gỡ được {printable(found[0].name)}. Xem lại quyền của thư mục chứng thư.")
    return _finish(options, True, found, trust.store(at))


def _has_refused(found: Found) -> bool:
    return bool(found.reason) or any(item.reason for item in found.items)


def _finish(options: argparse.Namespace, ok: bool, files: Sequence[Found], store: TrustStore) -> int:
    if options.json:
        _write_json({"ok": ok, "files": [_json(found) for found in files], "trusted": _trusted(store), "error": None})
    else:
        lines = [line for found in files for line in _lines(found, options.act)]
        if not store.anchors:
            lines.append(_EMPTY_VI)
        sys.stdout.writelines(line + "\n" for line in lines)
    return 0 if ok else 1


def _failed(options: argparse.Namespace, code: str, message_vi: str) -> int:
    if options.json:
        _write_json({"ok": False, "files": [], "trusted": None, "error": {"code": code, "message": message_vi}})
    else:
        sys.stdout.write(f"{message_vi} [{code}]\n")
    return 1


def _write_json(told: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")


def _json(found: Found) -> dict[str, Any]:
    return {**asdict(found), "accepted": found.accepted}


def _trusted(store: TrustStore) -> dict[str, int]:
    return {"csca": len(store.anchors), "signer": len(store.signers), "crl": len(store.lists)}


def _lines(found: Found, act: str) -> list[str]:
    mark = f"SHA-256 {found.fingerprint}"
    if found.reason:
        told = f"{_head(found, act)}: {REASONS_VI[found.reason]} [{found.reason}]"
        return [told, f"    {mark}"] if found.fingerprint else [told]
    return [f"{_head(found, act)}  ({mark})", *(f"  {_item_line(item)}" for item in found.items)]


def _head(found: Found, act: str) -> str:
    name = printable(found.given or found.name)
    if act == "remove":
        return f"Đã gỡ {name}"
    if not found.accepted:
        return f"TỪ CHỐI {name}"
    if act != "add":
        return f"Tệp {name}"
    return f"Đã cài {name} thành {found.name}" if found.new else f"Đã có sẵn {name}"


def _item_line(item: Item) -> str:
    what = f"{item.text} chứng thư bị thu hồi" if item.kind == "crl" else f"{item.country} {item.text}".strip()
    until = f", đến {date.fromisoformat(item.until):%d/%m/%Y}" if item.until else ""
    verdict = f"TỪ CHỐI: {REASONS_VI[item.reason]} [{item.reason}]" if item.reason else "dùng được"
    also = f"; cũng có trong {printable(', '.join(item.also))}" if item.also else ""
    return f"{_KINDS_VI[item.kind]}: {what}{until} – {verdict}{also}\n    SHA-256 {item.fingerprint}"
