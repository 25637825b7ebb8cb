"""What an off-site backup holds, told to the kiosks: only what is safe there may be pruned at a commune (SYNC design 1.6).

The operator writes a *safe point* (the ends of all logs), **then** makes the backup of the database, carries it off, and only
when it lies there confirms the safe point. Whatever stood in the safe point is in the backup, whichever database and tool made
it. A safe point of another history than this database holds is refused.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from province.errors import ProvinceError
from province.journal import recording
from province.models import Position
from sync.durable import write_whole

_KIND: Final = "MCX-SAFE-POINT-1"


def write_safe_point(path: Path) -> int:
    """Write the ends of all logs to a file; returns how many logs."""
    rows = Position.objects.order_by("device", "incarnation")
    logs = [[row.device, row.incarnation, row.n, bytes(row.head).hex()] for row in rows]
    write_whole(path, json.dumps({"kind": _KIND, "logs": logs}).encode())
    return len(logs)


def confirm_safe_point(path: Path, now_ms: int) -> int:
    """The backup made after this safe point is in a safe place: tell the kiosks. Returns how many logs moved on.

    Raises:
        ProvinceError: ``safe_point_damaged``, ``safe_point_foreign``.
    """
    logs = _read(path)
    with recording(now_ms) as journal:
        for (device, incarnation), (n, head) in logs.items():
            if journal.head_at(device, incarnation, n) != head:
                raise ProvinceError(
                    "safe_point_foreign",
                    "Tệp này ghi một nhật ký khác với cơ sở dữ liệu đang dùng.",
                    "Dùng tệp của chính lần sao lưu này, tạo sau lần khôi phục gần nhất.",
                )
        fresh = {log: n for log, (n, _) in logs.items() if n > journal.safe(*log)}
        journal.mark_safe(fresh)
    return len(fresh)


def _read(path: Path) -> dict[tuple[int, int], tuple[int, bytes]]:
    try:
        raw: Any = json.loads(path.read_bytes())
        if raw["kind"] != _KIND:
            raise ValueError("another kind of file")
        return {(int(device), int(inc)): (int(n), bytes.fromhex(head)) for device, inc, n, head in raw["logs"]}
    except (OSError, ValueError, KeyError, TypeError):
        raise ProvinceError(
            "safe_point_damaged", "Không đọc được tệp mốc sao lưu.", "Kiểm tra đường dẫn, hoặc tạo mốc mới bằng safe-point."
        ) from None
