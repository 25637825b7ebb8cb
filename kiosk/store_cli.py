"""``python3 main.py store …``: prove, rebuild, back up and restore the store, print its papers, and register people.

Exit code 0 only when all is well; every answer can be had as JSON for programs.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path

from forms.dossier import STATUS_NAMES
from kiosk.answers import ask_secret
from kiosk.backup_cli import add_backup_arguments, add_restore_arguments, backup, restore, wrap_key
from kiosk.config import ConfigError
from kiosk.copied import COPY_VI, CURE_VI, is_copy
from kiosk.files_cli import attach_command
from kiosk.issued import Period, write_papers, write_register
from kiosk.machine import Machine, add_machine_arguments, config_from, open_existing, open_machine, require_state
from kiosk.officials import add_official, officials, remove_official
from kiosk.services import Refused
from kiosk.store.blobs import KioskFiles
from kiosk.store.check import check, damaged
from kiosk.store.connection import DatabaseError, StoreError, named
from kiosk.store.ledger import Ledger
from kiosk.store.retention import plan
from kiosk.tidying import policy_of, tidy_machine
from sync.envelope import base32
from sync.file_trouble import why_vi
from sync.keys import VerifyKey


def store_command(argv: Sequence[str]) -> int:
    """Run one store command; 0 when all is well, 1 when something is wrong, 2 for a wrong call."""
    if argv and argv[0] == "attach":
        return attach_command(argv[1:])
    parser = argparse.ArgumentParser(prog="main.py store", description="Kho hồ sơ của máy (the kiosk's store)")
    acts = parser.add_subparsers(dest="act", required=True)
    for name, text in (
        ("check", "chứng minh nhật ký nguyên vẹn (prove the journal)"),
        ("list", "liệt kê hồ sơ, không kèm tên (list dossiers, without names)"),
        ("start-anew", "bắt đầu kho mới khi kho cũ đã mất hẳn (begin an empty store when the old one is lost for good)"),
        ("rebuild", "dựng lại bảng hiển thị từ nhật ký (rebuild projections)"),
        ("tidy", "niêm phong hồ sơ đã xong, bỏ thứ cũ mà tỉnh đã có (let old things leave)"),
        ("backup", "sao lưu kho (back up, encrypted)"),
        ("restore", "khôi phục kho từ bản sao lưu (restore)"),
        ("wrap-key", "gói lại tệp khóa theo store.key_wrap (wrap the key file anew)"),
        ("attach", "thêm bản quét hoặc ảnh vào một hồ sơ (attach a scan)"),
        ("papers", "ghi giấy tờ của một hồ sơ ra PDF (write the papers of a dossier)"),
        ("register", "ghi sổ theo dõi hồ sơ, Mẫu 07, ra PDF (write the register of a period)"),
        ("add-official", "thêm cán bộ hoặc kỹ thuật viên (register a person)"),
        ("list-officials", "liệt kê người đăng nhập được (list who may sign in)"),
        ("remove-official", "thu lại mã PIN của một người (withdraw a person's PIN)"),
    ):
        one = acts.add_parser(name, help=text)
        add_machine_arguments(one)
        one.add_argument("--json", action="store_true", help="trả lời bằng JSON")
        if name == "tidy":
            one.add_argument("--dry-run", action="store_true", help="chỉ xem, chưa bỏ gì")
            one.add_argument("--compact", action="store_true", help="thu nhỏ tệp sau khi bỏ (kiosk phải dừng)")
        if name in ("backup", "restore"):
            one.add_argument("file", type=Path)
        if name == "backup":
            add_backup_arguments(one)
        if name == "restore":
            add_restore_arguments(one)
        if name == "papers":
            one.add_argument("code", help="mã hồ sơ hoặc mã tạm")
            one.add_argument("--out", type=Path, required=True, help="thư mục ghi các tệp PDF")
            one.add_argument(
                "--kind", action="append", default=[], metavar="GIẤY", help="chỉ giấy này, ví dụ mau_01; ghi được nhiều lần"
            )
        if name == "register":
            one.add_argument("--from", dest="first", type=_day, required=True, metavar="NĂM-THÁNG-NGÀY", help="từ ngày")
            one.add_argument("--to", dest="last", type=_day, required=True, metavar="NĂM-THÁNG-NGÀY", help="đến hết ngày")
            one.add_argument("--out", type=Path, required=True, help="tệp PDF")
        if name == "remove-official":
            one.add_argument("id", help="mã trong «store list-officials»")
        if name == "add-official":
            one.add_argument("--name", required=True, help="họ tên")
            one.add_argument("--role", choices=("official", "technician"), default="official")
            one.add_argument("--pin-stdin", action="store_true", help="đọc mã PIN từ đầu vào chuẩn")
    given = parser.parse_args(argv)
    try:
        if given.act == "start-anew":
            return _start_anew(given)
        if given.act == "restore":
            return restore(given)
        if given.act == "wrap-key":
            return wrap_key(given)
        # Officials may be registered before the first start; every other act needs what is there.
        opening = open_machine if given.act == "add-official" else open_existing
        machine = opening(config_from(given))
        try:
            return _ACTS[given.act](machine, given)
        finally:
            machine.close()
    except DatabaseError as error:
        return _refuse(given.json, named(error, given.state))
    except EOFError:
        return _refuse(given.json, StoreError("no_pin", "Không đọc được mã PIN.", "Gõ mã PIN, hoặc đưa qua --pin-stdin."))
    except OSError as error:
        return _refuse(given.json, StoreError("file", f"{_named(error)}{why_vi(error)}", "Xem lại đường dẫn và ổ đĩa."))
    except (StoreError, ConfigError, Refused) as error:
        return _refuse(given.json, error)


def _named(error: OSError) -> str:
    return f"«{Path(str(error.filename)).name}»: " if error.filename else ""


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"«{text}» không phải là ngày có thật; ghi như 2026-11-24") from None


def _refuse(as_json: bool, error: StoreError | ConfigError | Refused) -> int:
    _say(as_json, {"ok": False, "error": {"code": error.code, "message": str(error)}}, str(error))
    return 1


def _check(machine: Machine, given: argparse.Namespace) -> int:
    identity = machine.store.identity_or_raise()
    keys, files = [VerifyKey(key) for key in machine.store.verify_keys()], KioskFiles(machine.store)
    report = check(machine.store, identity.device, keys, lambda: damaged(files.facts(), files.is_sound))
    lines = [f"{report.events} sự kiện, {report.segments} lần ký, {report.entries} bản tin, {report.dossiers} hồ sơ."]
    lines += [f"{report.sealed} sự kiện đã niêm phong: chỉ tỉnh đọc được."] if report.sealed else []
    lines += [f"SAI: {one.where}: {one.what_vi} {one.cure_vi}" for one in report.findings] or ["Nhật ký nguyên vẹn."]
    copied = is_copy(machine.store)
    lines += [f"{COPY_VI} {CURE_VI}"] if copied else []
    _say(given.json, {"ok": report.ok, **asdict(report), "copied": copied}, "\n".join(lines))
    return 0 if report.ok else 1


def _list(machine: Machine, given: argparse.Namespace) -> int:
    """Codes and states only: a list that may be pasted into a message."""
    store = machine.store
    rows = store.rows("SELECT d AS dossier, code, official_code, status, filed_at, due, pending FROM dossier ORDER BY filed_at")
    device = base32(store.identity_or_raise().device)
    positions = {f"{device}-{base32(inc)}": store.last(inc) for inc in store.incarnations()}
    heads = {name: head.hex() for name, (n, head) in positions.items() if n}
    text = "\n".join(f"{row['code']}  {row['official_code'] or '—'}  {STATUS_NAMES.get(row['status'], '?')}" for row in rows)
    _say(given.json, {"ok": True, "dossiers": rows, "heads": heads}, text or "Chưa có hồ sơ nào.")
    return 0


def _rebuild(machine: Machine, given: argparse.Namespace) -> int:
    count = machine.store.rebuild()
    _say(given.json, {"ok": True, "dossiers": count}, f"Đã dựng lại {count} hồ sơ.")
    return 0


def _tidy(machine: Machine, given: argparse.Namespace) -> int:
    policy = policy_of(machine)
    made = plan(machine.store, policy) if given.dry_run else tidy_machine(machine, KioskFiles(machine.store).forget)
    if given.compact and not given.dry_run:
        machine.store.compact()
    rows = made.table(policy)
    text = "\n".join(f"{count:>8}  {what}: {why}" for what, count, why in rows)
    lead = "Sẽ bỏ (chưa bỏ gì):" if given.dry_run else "Đã bỏ:"
    if machine.store.server_day() is None:
        lead = "Tỉnh chưa báo ngày giờ cho máy này, nên chưa bỏ gì:"
    _say(given.json, {"ok": True, "done": not given.dry_run, "rows": rows, **asdict(policy)}, f"{lead}\n{text}")
    return 0


def _start_anew(given: argparse.Namespace) -> int:
    config = config_from(given)
    require_state(config)
    store = config.path("store.file")
    if store.exists() and store.stat().st_size:
        raise StoreError(
            "store_there",
            "Kho hồ sơ vẫn còn ở đây, chưa có gì thay đổi.",
            "Không cần lệnh này. Kho hỏng: «store restore»; không còn bản sao lưu nào: dời tệp kho sang tên khác rồi chạy lại.",
        )
    Ledger(config.path("store.ledger")).start_anew()
    _say(given.json, {"ok": True}, "Lần mở tới máy tạo kho trống; số phiếu đã dùng không dùng lại. Máy phải ghi danh lại.")
    return 0


def _papers(machine: Machine, given: argparse.Namespace) -> int:
    files = write_papers(machine, given.code, given.out, given.kind)
    _say(given.json, {"ok": True, "files": [file.name for file in files]}, "\n".join(str(file) for file in files))
    return 0


def _register(machine: Machine, given: argparse.Namespace) -> int:
    count = write_register(machine, Period(given.first, given.last), given.out)
    _say(given.json, {"ok": True, "dossiers": count}, f"Sổ theo dõi có {count} hồ sơ: {given.out}")
    return 0


def _add_official(machine: Machine, given: argparse.Namespace) -> int:
    pin = sys.stdin.readline().strip() if given.pin_stdin else ask_secret("Mã PIN (6–12 chữ số): ", "--pin-stdin")
    person = add_official(machine.store, given.name, pin, given.role)
    _say(given.json, {"ok": True, "id": person.id}, f"Đã thêm {person.name_vi} ({person.id}).")
    return 0


def _list_officials(machine: Machine, given: argparse.Namespace) -> int:
    people = officials(machine.store)
    rows = [{"id": one.id, "name": one.name_vi, "role": one.role} for one in people]
    text = "\n".join(f"{row['id']}  {_ROLES[row['role']]}  {row['name']}" for row in rows)
    _say(given.json, {"ok": True, "officials": rows}, text or "Chưa có ai.")
    return 0


def _remove_official(machine: Machine, given: argparse.Namespace) -> int:
    person = remove_official(machine.store, given.id)
    _say(given.json, {"ok": True, "id": person.id}, f"Đã thu lại mã PIN của {person.name_vi} ({person.id}).")
    return 0


_ROLES = {"official": "cán bộ", "technician": "kỹ thuật"}

_ACTS = {
    "check": _check,
    "list": _list,
    "rebuild": _rebuild,
    "tidy": _tidy,
    "backup": backup,
    "papers": _papers,
    "register": _register,
    "add-official": _add_official,
    "list-officials": _list_officials,
    "remove-official": _remove_official,
}


def _say(as_json: bool, fact: dict[str, object], text: str) -> None:
    sys.stdout.write((json.dumps(fact, ensure_ascii=False) if as_json else text) + "\n")
