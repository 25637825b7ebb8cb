"""Acts on the service itself: serving, accounts, backups, proofs. Models are imported once Django is set up."""

from __future__ import annotations

import argparse
import sys

from province.cli.answers import Answer, ready
from province.errors import ProvinceError
from province.runtime import Runtime
from sync.file_trouble import why_vi


def serve(running: Runtime, given: argparse.Namespace) -> Answer:
    from province.keyring import lock_state
    from province.server import serve
    from sync.discreet import end_discreetly

    end_discreetly()
    lock_state(running.options.state)
    ready(running)
    serve(running, lambda url: _announce(f"listening on {url}"))
    return 0, {"ok": True}, ""


def _announce(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def migrate(running: Runtime, given: argparse.Namespace) -> Answer:
    codes = ready(running)
    return 0, {"ok": True, "codes_assigned": codes}, f"Cơ sở dữ liệu sẵn sàng. Cấp {codes} mã hồ sơ còn chờ."


def create_official(running: Runtime, given: argparse.Namespace) -> Answer:
    ready(running)
    from province.accounts import create_official

    password = sys.stdin.readline().rstrip("\n") if given.password_stdin else None
    made = create_official(given.name, role=given.role, commune=given.commune, password=password)
    facts = {"ok": True, "name": given.name, "role": given.role, "password": made}
    return 0, facts, f"Đã tạo tài khoản {given.name}." + (f"\nMật khẩu (chỉ hiện lần này): {made}" if made else "")


def safe_point(running: Runtime, given: argparse.Namespace) -> Answer:
    ready(running)
    from province.safekeeping import write_safe_point

    try:
        logs = write_safe_point(given.file)
    except OSError as error:
        raise ProvinceError("file", f"Không ghi được tệp. {why_vi(error)}", "Chọn thư mục khác.") from None
    text = f"Đã ghi mốc của {logs} nhật ký. Bây giờ sao lưu cơ sở dữ liệu, cất nơi khác, rồi chạy safe-confirm với tệp này."
    return 0, {"ok": True, "logs": logs}, text


def safe_confirm(running: Runtime, given: argparse.Namespace) -> Answer:
    ready(running)
    from province.safekeeping import confirm_safe_point

    moved = confirm_safe_point(given.file, running.wall_ms())
    return 0, {"ok": True, "logs": moved}, f"Đã báo cho các máy: {moved} nhật ký có thêm phần đã sao lưu an toàn."


def drop_closed(running: Runtime, given: argparse.Namespace) -> Answer:
    ready(running)
    from province.acts import drop_closed

    count = drop_closed(running.wall_ms(), given.days)
    return 0, {"ok": True, "dossiers": count}, f"{count} hồ sơ đã xong rời khỏi các máy ở xã; tại tỉnh vẫn giữ đầy đủ."


def check(running: Runtime, given: argparse.Namespace) -> Answer:
    ready(running)
    from province.verify import as_facts, check

    report = check()
    lines = [f"{report.events} sự kiện, {report.entries} dòng luồng, {report.dossiers} hồ sơ."]
    lines += [f"SAI: {one.where}: {one.what_vi}" for one in report.findings] or ["Nguyên vẹn."]
    lines += [f"LƯU Ý: {one.where}: {one.what_vi}" for one in report.notes]
    return (0 if report.ok else 1), as_facts(report), "\n".join(lines)


def rebuild(running: Runtime, given: argparse.Namespace) -> Answer:
    ready(running)
    from province.projection import rebuild

    count = rebuild()
    return 0, {"ok": True, "entries": count}, f"Đã dựng lại từ {count} dòng luồng."


def new_epoch(running: Runtime, given: argparse.Namespace) -> Answer:
    from province.keyring import lock_state

    lock_state(running.options.state)
    ready(running)
    from province.database import new_epoch

    epoch = new_epoch()
    return 0, {"ok": True, "epoch": epoch}, f"Kỷ nguyên {epoch}: các máy sẽ đọc lại luồng và gửi lại nhật ký."
