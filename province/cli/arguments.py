"""The words of ``main.py province``: standard library only, so that help and mistakes cost no Django."""

from __future__ import annotations

import argparse
import os
from pathlib import Path


def default_state() -> Path:
    """``$STATE_DIRECTORY`` (systemd), else the user's own state folder."""
    given = os.environ.get("STATE_DIRECTORY")
    if given:
        return Path(given)
    base = os.environ.get("XDG_STATE_HOME")
    return Path(base if base else Path.home() / ".local" / "state") / "mot-cua-xa-province"


def _port(text: str) -> int:
    return _between(text, 0, 65_535)


def _days(text: str) -> int:
    return _between(text, 0, 36_500)


def _between(text: str, least: int, most: int) -> int:
    number = int(text)
    if not least <= number <= most:
        raise argparse.ArgumentTypeError(f"cần số nguyên từ {least} đến {most}, không phải {text}")
    return number


def parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--state", type=Path, default=default_state(), help="thư mục trạng thái: khóa, dữ liệu (state folder)")
    common.add_argument(
        "--database", default="", metavar="URL", help="sqlite:///tệp hoặc postgres://… (mặc định: province.sqlite3 trong --state)"
    )
    common.add_argument("--config", type=Path, help="tệp cấu hình (mặc định: province.toml trong --state)")
    common.add_argument("--set", action="append", default=[], metavar="MỤC.KHÓA=GIÁ TRỊ", help="ghi đè một khóa cho lần chạy này")
    common.add_argument("--base-url", default="", help="địa chỉ mà người dân và các máy dùng (mặc định http://HOST:PORT)")
    common.add_argument("--host", default="127.0.0.1", help="địa chỉ nghe")
    common.add_argument("--port", type=_port, default=8420, help="cổng nghe; 0 = cổng trống bất kỳ")
    common.add_argument("--trusted-proxy", default="", metavar="ĐỊA CHỈ", help="tin X-Forwarded-For từ máy chuyển tiếp này")
    common.add_argument("--root", type=Path, metavar="TỆP", help="tệp khóa gốc của tỉnh (mặc định: keys/root.key trong --state)")
    common.add_argument("--json", action="store_true", help="trả lời bằng JSON")
    whole = argparse.ArgumentParser(
        prog="main.py province", description="Dịch vụ một cửa mẫu của tỉnh (reference provincial service)"
    )
    acts = whole.add_subparsers(dest="act", required=True)

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
    act("quarantine", "những gói bị giữ lại, vì sao, bao nhiêu; không hiện nội dung (what was set aside)")
    accept = act("quarantine-accept", "nhận gói bị giữ vì khóa cũ, khi biết rõ USB từ đâu tới (take in what was set aside)")
    accept.add_argument("id", type=int, nargs="*", metavar="MỤC")
    accept.add_argument("--device", default="", metavar="SỐ MÁY", help="mọi gói của máy này")
    create = act("create-official", "tạo tài khoản cho màn hình cán bộ (console account)")
    create.add_argument("name")
    create.add_argument(
        "--role", choices=("official", "operator", "chief"), default="official", help="cán bộ, người vận hành máy, hay cả hai"
    )
    create.add_argument("--commune", default="", metavar="MÃ XÃ", help="chỉ thấy hồ sơ của xã này; bỏ trống = cả tỉnh")
    create.add_argument(
        "--password-stdin", action="store_true", help="đọc mật khẩu từ đầu vào chuẩn; không có thì máy tự tạo và in ra"
    )
    point = act("safe-point", "ghi mốc trước khi sao lưu cơ sở dữ liệu và thư mục blobs (before a backup)")
    point.add_argument("file", type=Path, metavar="TỆP MỐC")
    confirmed = act("safe-confirm", "bản sao lưu sau mốc này đã cất nơi khác (the backup lies off-site)")
    confirmed.add_argument("file", type=Path, metavar="TỆP MỐC")
    drop = act("drop-closed", "đưa hồ sơ đã xong khỏi máy ở xã (closed dossiers leave the kiosks)")
    drop.add_argument("--days", type=_days, default=90, metavar="NGÀY", help="đã xong ít nhất bấy nhiêu ngày (mặc định 90)")
    act("check", "chứng minh chuỗi sự kiện, vị trí và bảng hiển thị nguyên vẹn (prove the journal)")
    act("rebuild", "dựng lại bảng hiển thị từ luồng (rebuild projections)")
    act("new-epoch", "sau khi khôi phục từ bản sao lưu: mở kỷ nguyên mới (after a restore)")
    return whole
