"""Acts on sticks. Models are imported once Django is set up."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from province.cli.answers import Answer, ready
from province.runtime import Runtime


def bundle_import(running: Runtime, given: argparse.Namespace) -> Answer:
    ready(running)
    from province.bundles import import_stick
    from province.words import left_vi
    from sync.envelope import base32

    done = import_stick(running, given.place, answer=not given.no_answer, told=_show_reading(given))
    left = [(path, code, *left_vi(code)) for path, came in done.taken for code in came.left]
    came_whole = bool(done.taken) and not done.refused and not left and done.unanswered is None
    facts = {
        "ok": came_whole,
        "taken": [
            {
                "file": path.name,
                "device": came.header.owner,
                "commune": came.manifest.commune,
                "held": {f"{inc:x}": n for inc, n in came.receipt.held.items()},
                "blobs_complete": came.receipt.complete,
                "refused": came.receipt.refused,
                "quarantined": list(came.aside),
                "branched": came.branched,
            }
            for path, came in done.taken
        ],
        "refused": [{"file": path.name, "code": error.code} for path, error in done.refused],
        "left": [{"file": path.name, "code": code, "message": what, "cure": cure} for path, code, what, cure in left],
        "unanswered": done.unanswered.code if done.unanswered is not None else "",
        "answers": [path.name for path in done.answers],
    }
    lines = [
        f"{path.name}: máy {base32(came.header.owner).upper()}, xã {came.manifest.commune}: "
        + ("chưa nhận hết." if came.left else "đã nhận đủ.")
        + (f" {came.receipt.complete} giấy tờ đủ bản gốc." if came.receipt.complete else "")
        for path, came in done.taken
    ]
    lines += [f"{path.name}: {what} {cure}" for path, _, what, cure in left]
    lines += [f"{path.name}: {error.message_vi} {error.cure_vi}" for path, error in done.refused]
    lines += ["Không có gói nào của máy xã ở đây. Xem lại USB và đường dẫn." if not done.taken and not done.refused else ""]
    lines += [f"Đã ghi {len(done.answers)} gói trả lời và đọc lại đúng: có thể rút USB." if done.answers else ""]
    if done.unanswered is not None:
        lines += [
            "Gói ghi «đã nhận» ở trên tỉnh đã nhận rồi, không mất; chỉ chưa ghi được đủ trả lời cho xã lên USB: "
            f"{done.unanswered.message_vi} {done.unanswered.cure_vi}"
        ]
    return (0 if came_whole else 1), facts, "\n".join(line for line in lines if line)


def _show_reading(given: argparse.Namespace) -> Callable[[Path], None]:
    def show(path: Path) -> None:
        if not given.json and sys.stderr.isatty():
            sys.stderr.write(f"Đang đọc {path.name}…\n")

    return show


def bundle_export(running: Runtime, given: argparse.Namespace) -> Answer:
    ready(running)
    from province.bundles import export_stick

    written = export_stick(running, given.place, given.commune)
    return 0, {"ok": True, "files": [path.name for path in written]}, f"Đã ghi {len(written)} gói: có thể rút USB."
