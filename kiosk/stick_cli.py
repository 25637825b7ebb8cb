"""``python3 main.py sync export`` and ``sync import``: the journal by USB stick, for the person who stands before the machine.

«Có thể rút USB» is said only after every file was flushed, read back from the stick and verified. Exit codes as everywhere: 0 done,
1 refused or only in part, with the sentence that says what to do.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kiosk.answers import answer, say
from kiosk.carrying import Carried, hold_foreign, load_held
from kiosk.counts import count
from kiosk.courier_cli import depot_of
from kiosk.line import engine_of
from kiosk.machine import Machine, add_machine_arguments
from kiosk.progress import Bar
from kiosk.stick import Imported, attachments_of, export_to, find_stick, import_from, receipt_vi
from kiosk.store.connection import StoreError
from sync import usb
from sync.bundle_errors import BundleForeign, StickGone
from sync.loading import Loaded
from sync.sizes import size_vi

MB = 1024 * 1024
NOTHING_VI = (
    "Không thấy gói nào của tỉnh gửi cho xã này. Đưa USB lên tỉnh chạy «province bundle-import» để lấy trả lời, "
    "hoặc xem lại USB và đường dẫn."
)


def export_command(argv: Sequence[str]) -> int:
    """Run ``sync export``; the exit code: 1 also when attachments found no room or could not be read."""
    parser = _parser("export", "Ghi mọi thứ tỉnh chưa nhận ra USB, đọc lại và kiểm tra.")
    parser.add_argument("folder", nargs="?", type=Path, metavar="THƯ MỤC", help="thư mục của USB; bỏ trống khi chỉ cắm một USB")
    parser.add_argument("--most-mb", type=count, metavar="MB", help="ghi nhiều nhất bấy nhiêu MB")
    parser.add_argument("--note", default="", help="ghi chú cho tỉnh (được niêm phong)")
    return answer(parser.parse_args(argv), _export)


def import_command(argv: Sequence[str]) -> int:
    """Run ``sync import``; the exit code: 1 when a volume was refused or nothing was found."""
    parser = _parser("import", "Nhận trả lời của tỉnh từ USB hoặc từ một tệp.")
    parser.add_argument("place", nargs="?", type=Path, metavar="THƯ MỤC|TỆP", help="bỏ trống khi chỉ cắm một USB")
    return answer(parser.parse_args(argv), _import)


def _parser(act: str, description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"main.py sync {act}", description=description)
    add_machine_arguments(parser)
    parser.add_argument("--json", action="store_true", help="trả lời bằng JSON")
    return parser


def _export(machine: Machine, given: argparse.Namespace) -> int:
    root = find_stick(machine.config, given.folder)
    total = sum(task.have.missing(task.size).held_bytes(task.size) for task in attachments_of(machine).stick_tasks())
    most = given.most_mb * MB if given.most_mb is not None else 1 << 50
    with Bar("Đang ghi", min(total, most), quiet=given.json) as bar:
        loaded = export_to(machine, root, most=most, note=given.note, progress=bar.add)
    carried = load_held(root, depot_of(machine), engine_of(machine).trust, max(0, most - loaded.bytes))
    facts = _export_facts(loaded, carried)
    say(given.json, facts, "\n".join([_export_vi(loaded), *_carried_vi(carried)]))
    return 0 if facts["ok"] else 1


def _export_facts(loaded: Loaded, carried: Carried) -> dict[str, Any]:
    return {
        "ok": not (loaded.left_bytes or loaded.unread or carried.left),
        "carried": carried.written,
        "carried_left": carried.left,
        "files": [path.name for path in loaded.volumes],
        "bytes": loaded.bytes,
        "attachment_bytes": loaded.blob_bytes,
        "left_bytes": loaded.left_bytes,
        "unread": loaded.unread,
        "removed": loaded.removed,
        "replaced": loaded.replaced,
    }


def _export_vi(loaded: Loaded) -> str:
    lines = [f"Đã ghi {len(loaded.volumes)} tệp ({size_vi(loaded.bytes)}), đọc lại đúng: có thể rút USB."]
    if loaded.removed:
        lines.append(f"Đã xóa {loaded.removed} tệp cũ trên USB mà tỉnh đã nhận đủ.")
    if loaded.replaced:
        lines.append(f"Đã thay {loaded.replaced} tệp cũ trên USB: tệp mới chứa đủ nội dung đó.")
    if loaded.unread:
        lines.append(
            f"Thiếu {loaded.unread} tệp giấy tờ không còn đọc được trên máy này. Xem «sync files»; quét lại, "
            "hoặc xuất từ kho cũ đã giữ bằng --set store.file=…before-restore-N."
        )
    if loaded.left_bytes:
        lines.append(f"USB đầy: còn {size_vi(loaded.left_bytes)} giấy tờ chưa ghi. Dùng thêm một USB nữa và chạy lại lệnh này.")
    return "\n".join(lines)


def _carried_vi(carried: Carried) -> list[str]:
    lines = []
    if carried.written:
        lines.append(f"Đã ghi thêm {carried.written} gói giữ hộ của máy khác, đọc lại đúng: tỉnh nhận cùng một lần.")
    if carried.left:
        lines.append(f"USB đầy: còn {carried.left} gói giữ hộ chưa ghi. Dùng thêm một USB nữa và chạy lại lệnh này.")
    return lines


def _import(machine: Machine, given: argparse.Namespace) -> int:
    place = given.place if given.place is not None else find_stick(machine.config, None)
    try:
        with usb.named():
            place.stat()
    except StickGone:
        if given.place is None:
            raise
        raise StoreError("file", f"Không thấy «{place.name}».", "Xem lại USB và đường dẫn.") from None
    found = import_from(machine, place)
    foreign = [one.path for one in found if isinstance(one.error, BundleForeign) and place.is_dir()]
    held = hold_foreign(foreign, depot_of(machine)) if foreign else []
    found = [one for one in found if one.path not in held]
    facts = {
        "ok": bool(found or held) and all(one.error is None for one in found),
        "volumes": [_import_facts(one) for one in found],
        "held": len(held),
    }
    lines = [_import_vi(one) for one in found] or ([] if held else [NOTHING_VI])
    if held:
        lines.append(f"Giữ hộ {len(held)} gói trả lời cho xã khác: xã đó lấy qua «sync courier», hoặc đưa chính USB này.")
    receipt = receipt_vi(machine.store)
    say(given.json, facts, "\n".join([*lines, receipt] if receipt else lines))
    return 0 if facts["ok"] else 1


def _import_facts(one: Imported) -> dict[str, Any]:
    if one.brought is None or one.error is not None:
        return {"file": one.path.name, "error": one.error.code if one.error else ""}
    return {"file": one.path.name, "applied": one.brought.applied, "acked": one.brought.acked}


def _import_vi(one: Imported) -> str:
    if one.brought is None or one.error is not None:
        return f"{one.path.name}: {one.error.message_vi} {one.error.cure_vi}" if one.error else one.path.name
    if not one.brought.applied:
        return f"{one.path.name}: đã nhận từ trước, không có gì mới."
    return f"{one.path.name}: nhận {one.brought.applied} thay đổi, tỉnh xác nhận thêm {one.brought.acked} sự kiện của máy này."
