"""The history of a dossier as sentences, from its own events and the entries of the feed, in the order they stand there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from forms.dossier import Conflict, open_conflicts
from forms.dossier.reading import SUGGESTED
from forms.dossier.sentences import FIELD_NAMES, act_vi
from kiosk.clock import HANOI
from kiosk.mending import why_vi
from kiosk.store.store import Store
from kiosk.usecases import CITIZEN
from sync.envelope import Event, decode


def history_vi(store: Store, dossier: str, names: Mapping[str, str]) -> list[str]:
    """Sentences, oldest first. ``names`` gives officials by id; an unknown actor is shown by id."""
    return [*_own(store, dossier, names), *_confirmed(store, dossier)]


def _own(store: Store, dossier: str, names: Mapping[str, str]) -> Iterator[str]:
    rows = store.rows(
        "SELECT l.inc, l.body, l.sealed FROM log l JOIN incarnation i ON i.inc = l.inc WHERE l.d = ? ORDER BY i.ordinal, l.n",
        [dossier],
    )
    if any(row["sealed"] for row in rows):
        yield "Nội dung đã niêm phong cho tỉnh; máy này chỉ còn mã, ngày và xác nhận của tỉnh."
    for row in rows:
        if row["sealed"]:
            continue
        event = decode(bytes(row["body"]))
        told = _told(event, names)
        if told:
            moment = store.moment(row["inc"], event.n, event.wall_ms, event.quality)
            when = datetime.fromtimestamp(moment.ms / 1000, HANOI).strftime("%H:%M %d/%m/%Y")
            unsure = "" if moment.sure else " (giờ chưa xác minh)"
            yield f"{when}{unsure}: {told}"


def _told(event: Event, names: Mapping[str, str]) -> str:
    """The sentence of an event; the answers of a filing are on the page, not in its history."""
    if event.kind == "new":
        return f"nộp tại kiosk, mã tạm {event.content.get('code', '')}."
    if event.actor == CITIZEN and event.kind == "f":
        return ""
    told = act_vi(event.kind, event.content, _field)
    return f"{told.rstrip('.')} – {names.get(event.actor, event.actor)}." if told else ""


def _field(name: str) -> str:
    return FIELD_NAMES.get(name, "thông tin trong tờ khai")


def _confirmed(store: Store, dossier: str) -> Iterator[str]:
    """What only the province can say: the official code, and acts that were not applied or overwrote something."""
    rows = store.rows(
        "SELECT f, v FROM field WHERE d = ? AND f IN ('official_code', 'province_received_at') ORDER BY rev, f DESC", [dossier]
    )
    for row in rows:
        value = json.loads(row["v"])
        if row["f"] == "official_code":
            yield f"Tỉnh cấp mã hồ sơ {value}."
        else:
            yield f"Tỉnh đã nhận hồ sơ lúc {_when(value)}."
    rows = store.rows("SELECT entry FROM conflict WHERE d = ? ORDER BY seq", [dossier])
    for conflict in open_conflicts(store.fields(dossier), [json.loads(row["entry"]) for row in rows]):
        yield _waiting(conflict)


def _waiting(conflict: Conflict) -> str:
    if conflict.why == SUGGESTED:
        return f"Tỉnh đề nghị sửa {_field(conflict.field)}. Cần cán bộ xem."
    why = why_vi(conflict.why)
    if not conflict.field:
        return f"Một bước không được áp dụng: {why}. Cần cán bộ xem."
    return f"Có thông tin hai nơi ghi khác nhau: {why}. Cần cán bộ xem."


def _when(value: Any) -> str:
    try:
        return datetime.fromisoformat(str(value)).astimezone(HANOI).strftime("%H:%M %d/%m/%Y")
    except ValueError:
        return str(value)
