"""``python3 main.py province …``: serve the province, and the operator's acts.

Without an act it serves. Exit codes: 0 done, 1 refused or something is wrong (said in a sentence, or as JSON with
``--json``), 2 called wrongly. Standard library only until the arguments are understood; Django is set up once, for this run's
database and state folder.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from province.config import Options
from province.errors import ProvinceError
from province.runtime import Runtime, start
from sync.errors import SyncError

Answer = tuple[int, Mapping[str, Any], str]
"""Exit code, facts for ``--json``, text for people."""


def default_state() -> Path:
    """``$STATE_DIRECTORY`` (systemd), else the user's own state folder."""
    given = os.environ.get("STATE_DIRECTORY")
    if given:
        return Path(given)
    base = os.environ.get("XDG_STATE_HOME")
    return Path(base if base else Path.home() / ".local" / "state") / "mot-cua-xa-province"


def province_command(argv: Sequence[str]) -> int:
    """Run one act of the province; returns the exit code."""
    given = _parser().parse_args(_with_act(argv))
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


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--state", type=Path, default=default_state(), help="thư mục trạng thái: khóa, dữ liệu (state folder)")
    common.add_argument(
        "--database", default="", metavar="URL", help="sqlite:///tệp hoặc postgres://… (mặc định: province.sqlite3 trong --state)"
    )
    common.add_argument("--config", type=Path, help="tệp cấu hình (mặc định: province.toml trong --state)")
    common.add_argument("--set", action="append", default=[], metavar="MỤC.KHÓA=GIÁ TRỊ", help="ghi đè một khóa cho lần chạy này")
    common.add_argument("--base-url", default="", help="địa chỉ mà người dân và các máy dùng (mặc định http://HOST:PORT)")
    common.add_argument("--host", default="127.0.0.1", help="địa chỉ nghe")
    common.add_argument("--port", type=int, default=8420, help="cổng nghe; 0 = cổng trống bất kỳ")
    common.add_argument("--trusted-proxy", default="", metavar="ĐỊA CHỈ", help="tin X-Forwarded-For từ máy chuyển tiếp này")
    common.add_argument("--root", type=Path, metavar="TỆP", help="tệp khóa gốc của tỉnh (mặc định: keys/root.key trong --state)")
    common.add_argument("--json", action="store_true", help="trả lời bằng JSON")
    parser = argparse.ArgumentParser(
        prog="main.py province", description="Dịch vụ một cửa mẫu của tỉnh (reference provincial service)"
    )
    acts = parser.add_subparsers(dest="act", required=True)

    def act(name: str, text: str) -> argparse.ArgumentParser:
        return acts.add_parser(name, help=text, description=text, parents=[common])

    act("serve", "phục vụ (serve; also the act when none is given)")
    act("migrate", "đưa cơ sở dữ liệu về bản này (bring the database up to date)")
    act("enrol-code", "tạo mã đăng ký máy dùng một lần (one-time enrolment code)").add_argument(
        "--commune", required=True, metavar="MÃ XÃ"
    )
    act("enrol-list", "các máy chờ xác nhận và đã xác nhận (enrolments)")
    confirm = act("enrol-confirm", "xác nhận máy bằng 8 từ nghe được từ kiosk (confirm by the eight words)")
    confirm.add_argument("id")
    confirm.add_argument("--words", required=True, metavar="«TÁM TỪ»")
    by_file = act("enrol-file", "đăng ký máy bằng tệp mang trên USB (enrol by stick)")
    by_file.add_argument("file", type=Path, metavar="TỆP YÊU CẦU")
    by_file.add_argument("--commune", required=True, metavar="MÃ XÃ")
    by_file.add_argument("--words", required=True, metavar="«TÁM TỪ»")
    by_file.add_argument("--out", type=Path, required=True, metavar="TỆP", help="tệp ghi danh mang về xã")
    act("device-list", "các máy đã đăng ký và khóa của chúng (kiosks and their keys)")
    revoke = act("device-revoke", "thu hồi một máy (stop trusting a kiosk from now on)")
    revoke.add_argument("device", metavar="SỐ MÁY")
    revoke.add_argument("--lost", action="store_true", help="máy bị mất: không cấp lại số này cho đến khi tìm thấy")
    revoke.add_argument("--keep-commune-key", action="store_true", help="không đổi khóa của xã")
    act("device-found", "máy bị mất đã tìm thấy (a lost kiosk is back)").add_argument("device", metavar="SỐ MÁY")
    opened = act("backup-open", "mở khóa bản sao lưu của một máy cho máy thay thế (open a kiosk's backup for a new machine)")
    opened.add_argument("file", type=Path, metavar="TỆP SAO LƯU")
    opened.add_argument("--out", type=Path, required=True, metavar="TỆP", help="tệp khóa mang về xã")
    act("keys-show", "đời khóa của tỉnh, 8 từ của khóa gốc (the province's keys)")
    act("keys-rotate", "thay khóa của tỉnh; dừng dịch vụ trước (new keys of the province)")
    act("keys-commune", "đổi khóa của một xã (another key for a commune)").add_argument("commune", metavar="MÃ XÃ")
    bring = act("bundle-import", "nhận các gói trên USB và ghi trả lời lên USB đó (take in a stick, answer on it)")
    bring.add_argument("place", type=Path, metavar="THƯ MỤC|TỆP")
    bring.add_argument("--no-answer", action="store_true", help="chỉ nhận, không ghi trả lời")
    give = act("bundle-export", "ghi toàn bộ luồng của một xã ra USB cho máy bắt đầu lại (whole feed of a commune)")
    give.add_argument("place", type=Path, metavar="THƯ MỤC")
    give.add_argument("--commune", required=True, metavar="MÃ XÃ")
    create = act("create-official", "tạo tài khoản cho màn hình cán bộ (console account)")
    create.add_argument("name")
    create.add_argument(
        "--role", choices=("official", "operator", "chief"), default="official", help="cán bộ, người vận hành máy, hay cả hai"
    )
    create.add_argument("--commune", default="", metavar="MÃ XÃ", help="chỉ thấy hồ sơ của xã này; bỏ trống = cả tỉnh")
    create.add_argument(
        "--password-stdin", action="store_true", help="đọc mật khẩu từ đầu vào chuẩn; không có thì máy tự tạo và in ra"
    )
    point = act("safe-point", "ghi mốc trước khi sao lưu cơ sở dữ liệu (before a backup)")
    point.add_argument("file", type=Path, metavar="TỆP MỐC")
    confirmed = act("safe-confirm", "bản sao lưu sau mốc này đã cất nơi khác (the backup lies off-site)")
    confirmed.add_argument("file", type=Path, metavar="TỆP MỐC")
    drop = act("drop-closed", "đưa hồ sơ đã xong khỏi máy ở xã (closed dossiers leave the kiosks)")
    drop.add_argument("--days", type=int, default=90, metavar="NGÀY", help="đã xong ít nhất bấy nhiêu ngày (mặc định 90)")
    act("check", "chứng minh chuỗi sự kiện, vị trí và bảng hiển thị nguyên vẹn (prove the journal)")
    act("rebuild", "dựng lại bảng hiển thị từ luồng (rebuild projections)")
    act("new-epoch", "sau khi khôi phục từ bản sao lưu: mở kỷ nguyên mới (after a restore)")
    return parser


# --- acts: imports of models come after Django is set up ----------------------------------------------------------------


def _serve(running: Runtime, given: argparse.Namespace) -> Answer:
    from province.keyring import lock_state
    from province.server import serve

    lock_state(running.options.state)
    _ready(running)
    serve(running, lambda url: _announce(f"listening on {url}"))
    return 0, {"ok": True}, ""


def _announce(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _ready(running: Runtime) -> int:
    from province.database import migrate, settle

    migrate()
    return settle(running)


def _migrate(running: Runtime, given: argparse.Namespace) -> Answer:
    codes = _ready(running)
    return 0, {"ok": True, "codes_assigned": codes}, f"Cơ sở dữ liệu sẵn sàng. Cấp {codes} mã hồ sơ còn chờ."


def _enrol_code(running: Runtime, given: argparse.Namespace) -> Answer:
    _ready(running)
    from province import enrolment, words

    made = enrolment.make_code(given.commune, by="cli")
    facts = {
        "ok": True,
        "code": made.shown,
        "commune": made.commune,
        "expires_ms": made.expires_ms,
        "root": running.keyring.root.hex(),
        "root_words": enrolment.own_words(),
    }
    return (
        0,
        facts,
        f"Mã đăng ký máy: {made.shown}\nDùng một lần, đến {words.ms_vi(made.expires_ms)}.\n8 từ của tỉnh: {enrolment.own_words()}",
    )


def _enrol_list(running: Runtime, given: argparse.Namespace) -> Answer:
    _ready(running)
    from province import words
    from province.models import Enrolment
    from province.places import commune_name
    from sync.envelope import base32

    rows = list(Enrolment.objects.order_by("asked_ms"))
    facts = {
        "ok": True,
        "enrolments": [
            {
                "id": row.id,
                "state": row.state,
                "commune": row.commune,
                "operator": row.operator,
                "asked_ms": row.asked_ms,
                "device": row.device_id,
                "former": row.former,
            }
            for row in rows
        ],
    }
    lines = [
        f"{row.id}  {Enrolment.State(row.state).label:<12}  {commune_name(row.commune)}  {words.ms_vi(row.asked_ms)}"
        + (f"  máy {base32(row.device_id).upper()}" if row.device_id else "")
        + (f"  ghi danh lại {base32(row.former).upper()}" if row.former else "")
        for row in rows
    ]
    return 0, facts, "\n".join(lines) or "Chưa có máy nào xin đăng ký."


def _enrol_confirm(running: Runtime, given: argparse.Namespace) -> Answer:
    _ready(running)
    from province import enrolment
    from province.places import commune_name
    from sync.envelope import base32

    device = enrolment.confirm(given.id, given.words, by="cli")
    facts = {"ok": True, "device": device.number, "commune": device.commune}
    return 0, facts, f"Đã xác nhận máy {base32(device.number).upper()} ở {commune_name(device.commune)}."


def _enrol_file(running: Runtime, given: argparse.Namespace) -> Answer:
    _ready(running)
    from province import enrolment
    from province.places import commune_name
    from sync.enrol import MAX_FILE
    from sync.envelope import base32
    from sync.keys import write_whole

    try:
        with given.file.open("rb") as source:
            device, bundle = enrolment.enrol_file(source.read(MAX_FILE + 1), given.commune, given.words, by="cli")
        write_whole(given.out, bundle)
    except OSError as error:
        raise ProvinceError("file", f"Không đọc ghi được tệp ({error.strerror}).", "Xem lại USB và tên tệp.") from None
    facts = {"ok": True, "device": device.number, "commune": device.commune}
    return 0, facts, f"Đã đăng ký máy {base32(device.number).upper()} ở {commune_name(device.commune)}. Mang tệp về xã."


def _bundle_import(running: Runtime, given: argparse.Namespace) -> Answer:
    _ready(running)
    from province.bundles import import_stick
    from sync.envelope import base32

    done = import_stick(running, given.place, answer=not given.no_answer, told=_show_reading(given))
    facts = {
        "ok": not done.refused,
        "taken": [
            {
                "file": path.name,
                "device": came.header.owner,
                "commune": came.manifest.commune,
                "held": {f"{inc:x}": n for inc, n in came.receipt.held.items()},
                "blobs_complete": len(came.receipt.blobs),
                "refused": came.receipt.refused,
                "quarantined": list(came.aside),
                "branched": came.branched,
            }
            for path, came in done.taken
        ],
        "refused": [{"file": path.name, "code": error.code} for path, error in done.refused],
        "answers": [path.name for path in done.answers],
    }
    lines = [
        f"{path.name}: máy {base32(came.header.owner).upper()}, xã {came.manifest.commune}: "
        + (f"chưa nhận hết ({came.receipt.refused})." if came.receipt.refused else "đã nhận đủ.")
        + (f" {len(came.receipt.blobs)} giấy tờ đủ bản gốc." if came.receipt.blobs else "")
        for path, came in done.taken
    ]
    lines += [f"{path.name}: {error.message_vi} {error.cure_vi}" for path, error in done.refused]
    lines += ["Không có gói nào của máy xã." if not done.taken and not done.refused else ""]
    lines += [f"Đã ghi {len(done.answers)} gói trả lời và đọc lại đúng: có thể rút USB." if done.answers else ""]
    return (1 if done.refused else 0), facts, "\n".join(line for line in lines if line)


def _show_reading(given: argparse.Namespace) -> Callable[[Path], None]:
    def show(path: Path) -> None:
        if not given.json and sys.stderr.isatty():
            sys.stderr.write(f"Đang đọc {path.name}…\n")

    return show


def _bundle_export(running: Runtime, given: argparse.Namespace) -> Answer:
    _ready(running)
    from province.bundles import export_stick

    written = export_stick(running, given.place, given.commune)
    return 0, {"ok": True, "files": [path.name for path in written]}, f"Đã ghi {len(written)} gói: có thể rút USB."


def _device_list(running: Runtime, given: argparse.Namespace) -> Answer:
    _ready(running)
    from province import words
    from province.models import Device
    from province.places import commune_name
    from sync.envelope import base32

    rows = list(Device.objects.order_by("commune", "number"))
    names = ("number", "commune", "generation", "lost", "revoked_ms", "last_contact_ms")
    facts = {"ok": True, "devices": [{name: getattr(row, name) for name in names} for row in rows]}
    lines = [
        f"{base32(row.number).upper()}  {commune_name(row.commune)}  khóa đời {row.generation}"
        + (f"  thu hồi {words.ms_vi(row.revoked_ms)}" if row.revoked_ms else "")
        + ("  bị mất" if row.lost else "")
        for row in rows
    ]
    return 0, facts, "\n".join(lines) or "Chưa có máy nào."


def _device_revoke(running: Runtime, given: argparse.Namespace) -> Answer:
    _ready(running)
    from province import devices
    from province.places import commune_name

    device = devices.revoke(given.device, by="cli", lost=given.lost)
    generation = None if given.keep_commune_key else devices.renew_commune_key(device.commune, by="cli")
    facts = {"ok": True, "device": device.number, "commune": device.commune, "commune_generation": generation}
    text = f"Đã thu hồi máy {given.device.upper()} ở {commune_name(device.commune)}. Những gì máy đã gửi vẫn giữ nguyên."
    return 0, facts, text + ("" if generation is None else " Khóa của xã đã đổi; các máy còn lại tự nhận khóa mới.")


def _device_found(running: Runtime, given: argparse.Namespace) -> Answer:
    _ready(running)
    from province import devices

    device = devices.found(given.device, by="cli")
    return 0, {"ok": True, "device": device.number}, "Máy đã tìm thấy: có thể ghi danh lại với số cũ."


def _backup_open(running: Runtime, given: argparse.Namespace) -> Answer:
    _ready(running)
    from province.backups import open_backup

    device, code = open_backup(given.file, given.out, by="cli")
    text = f"Mang tệp khóa về xã; đọc cho kỹ thuật viên (không ghi lên USB):\n    {code}"
    return 0, {"ok": True, "device": device, "code": code}, text


def _keys_show(running: Runtime, given: argparse.Namespace) -> Answer:
    from sync.enrol import root_words

    keyring = running.keyring
    words = " · ".join(root_words(keyring.root))
    facts = {"ok": True, "generation": keyring.generation, "root": keyring.root.hex(), "root_words": words}
    return 0, facts, f"Khóa của tỉnh: đời {keyring.generation}.\n8 từ của khóa gốc: {words}"


def _keys_rotate(running: Runtime, given: argparse.Namespace) -> Answer:
    from province.keyring import lock_state, root_key, rotate

    lock_state(running.options.state)
    fresh = rotate(running.options.state, root_key(running.options.state, running.options.root, running.keyring))
    text = "Chép lại thư mục keys vào nơi an toàn, rồi chạy lại dịch vụ. Các máy tự nhận khóa mới."
    return 0, {"ok": True, "generation": fresh.generation}, f"Khóa của tỉnh: đời {fresh.generation}. {text}"


def _keys_commune(running: Runtime, given: argparse.Namespace) -> Answer:
    _ready(running)
    from province import devices

    generation = devices.renew_commune_key(given.commune, by="cli")
    return 0, {"ok": True, "commune": given.commune, "generation": generation}, f"Khóa của xã {given.commune}: đời {generation}."


def _create_official(running: Runtime, given: argparse.Namespace) -> Answer:
    _ready(running)
    from province.accounts import create_official

    password = sys.stdin.readline().rstrip("\n") if given.password_stdin else None
    made = create_official(given.name, role=given.role, commune=given.commune, password=password)
    facts = {"ok": True, "name": given.name, "role": given.role, "password": made}
    return 0, facts, f"Đã tạo tài khoản {given.name}." + (f"\nMật khẩu (chỉ hiện lần này): {made}" if made else "")


def _safe_point(running: Runtime, given: argparse.Namespace) -> Answer:
    _ready(running)
    from province.safekeeping import write_safe_point

    try:
        logs = write_safe_point(given.file)
    except OSError as error:
        raise ProvinceError("file", f"Không ghi được tệp ({error.strerror}).", "Chọn thư mục khác.") from None
    text = f"Đã ghi mốc của {logs} nhật ký. Bây giờ sao lưu cơ sở dữ liệu, cất nơi khác, rồi chạy safe-confirm với tệp này."
    return 0, {"ok": True, "logs": logs}, text


def _safe_confirm(running: Runtime, given: argparse.Namespace) -> Answer:
    _ready(running)
    from province.safekeeping import confirm_safe_point

    moved = confirm_safe_point(given.file, running.wall_ms())
    return 0, {"ok": True, "logs": moved}, f"Đã báo cho các máy: {moved} nhật ký có thêm phần đã sao lưu an toàn."


def _drop_closed(running: Runtime, given: argparse.Namespace) -> Answer:
    _ready(running)
    from province.acts import drop_closed

    count = drop_closed(running.wall_ms(), given.days)
    return 0, {"ok": True, "dossiers": count}, f"{count} hồ sơ đã xong rời khỏi các máy ở xã; tại tỉnh vẫn giữ đầy đủ."


def _check(running: Runtime, given: argparse.Namespace) -> Answer:
    _ready(running)
    from province.verify import as_facts, check

    report = check()
    lines = [f"{report.events} sự kiện, {report.entries} dòng luồng, {report.dossiers} hồ sơ."]
    lines += [f"SAI: {one.where}: {one.what_vi}" for one in report.findings] or ["Nguyên vẹn."]
    return (0 if report.ok else 1), as_facts(report), "\n".join(lines)


def _rebuild(running: Runtime, given: argparse.Namespace) -> Answer:
    _ready(running)
    from province.projection import rebuild

    count = rebuild()
    return 0, {"ok": True, "entries": count}, f"Đã dựng lại từ {count} dòng luồng."


def _new_epoch(running: Runtime, given: argparse.Namespace) -> Answer:
    _ready(running)
    from province.database import new_epoch

    epoch = new_epoch()
    return 0, {"ok": True, "epoch": epoch}, f"Kỷ nguyên {epoch}: các máy sẽ đọc lại luồng và gửi lại nhật ký."


_ACTS: Mapping[str, Callable[[Runtime, argparse.Namespace], Answer]] = {
    "serve": _serve,
    "migrate": _migrate,
    "enrol-code": _enrol_code,
    "enrol-list": _enrol_list,
    "enrol-confirm": _enrol_confirm,
    "enrol-file": _enrol_file,
    "bundle-import": _bundle_import,
    "bundle-export": _bundle_export,
    "device-list": _device_list,
    "device-revoke": _device_revoke,
    "device-found": _device_found,
    "backup-open": _backup_open,
    "keys-show": _keys_show,
    "keys-rotate": _keys_rotate,
    "keys-commune": _keys_commune,
    "create-official": _create_official,
    "safe-point": _safe_point,
    "safe-confirm": _safe_confirm,
    "drop-closed": _drop_closed,
    "check": _check,
    "rebuild": _rebuild,
    "new-epoch": _new_epoch,
}
