"""The history of a dossier as sentences, from its own events and the entries of the feed, in the order they stand there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from forms.dossier import STATUS_NAMES
from kiosk.clock import HANOI
from kiosk.store.store import Store
from sync.envelope import decode


def history_vi(store: Store, dossier: str, names: Mapping[str, str]) -> list[str]:
    """Sentences, oldest first. ``names`` gives officials by id; an unknown actor is shown by id."""
    return [*_own(store, dossier, names), *_confirmed(store, dossier)]


def _own(store: Store, dossier: str, names: Mapping[str, str]) -> Iterator[str]:
    rows = store.rows(
        "SELECT l.body FROM log l JOIN incarnation i ON i.inc = l.inc WHERE l.d = ? ORDER BY i.ordinal, l.n", [dossier]
    )
    for row in rows:
        event = decode(bytes(row["body"]))
        when = datetime.fromtimestamp(event.wall_ms / 1000, HANOI).strftime("%H:%M %d/%m/%Y")
        unsure = " (giờ chưa xác minh)" if event.quality == 0 else ""
        if event.kind == "new":
            yield f"{when}{unsure}: nộp tại kiosk, mã tạm {event.content.get('code', '')}."
        elif event.kind == "st":
            who = names.get(event.actor, event.actor)
            step = STATUS_NAMES.get(_whole(event.content.get("to")), "chuyển trạng thái")
            yield f"{when}{unsure}: {step.lower()} – {who}."


def _confirmed(store: Store, dossier: str) -> Iterator[str]:
    """What only the province can say: the official code, and acts that were not applied or overwrote something."""
    rows = store.rows(
        "SELECT f, v FROM field WHERE d = ? AND f IN ('official_code', 'province_received_at') ORDER BY rev", [dossier]
    )
    for row in rows:
        value = json.loads(row["v"])
        if row["f"] == "official_code":
            yield f"Tỉnh cấp mã hồ sơ {value}."
        else:
            yield f"Tỉnh đã nhận hồ sơ lúc {_when(value)}."
    for row in store.rows("SELECT why, f FROM conflict WHERE d = ? AND resolved = 0 ORDER BY seq", [dossier]):
        if row["f"] is None:
            yield "Một bước không được áp dụng vì hồ sơ đã ở trạng thái khác. Cần cán bộ xem."
        else:
            yield "Có thông tin hai nơi ghi khác nhau. Cần cán bộ xem."


def _when(value: Any) -> str:
    try:
        return datetime.fromisoformat(str(value)).astimezone(HANOI).strftime("%H:%M %d/%m/%Y")
    except ValueError:
        return str(value)


def _whole(value: Any) -> int:
    return value if isinstance(value, int) else 0
