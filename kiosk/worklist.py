"""What an official reads of dossiers: tabs, the worklist, one dossier with its history, and what waits or was not taken.

Everything here is read from the projections of the store at one moment and put into words; nothing is decided or written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from forms.dossier import STATUS_NAMES, Person, Role, Status, forbidden
from forms.dossier.identity import IdentityCheck
from forms.procedures.catalogue import load_catalogue
from kiosk import mending, usecases
from kiosk.clock import HANOI, hour_day_vi, span_vi
from kiosk.history import history_vi
from kiosk.machine import Machine
from kiosk.services import Detail, Refused, Review, Row, Tab, TabKey, Waiting
from kiosk.store import outbox
from kiosk.store.store import Store

ROWS = 200
"""Longest worklist shown at once."""

_TAB_LABELS: Mapping[TabKey, str] = {
    "new": "Mới",
    "late": "Quá hạn",
    "today": "Hôm nay",
    "open": "Đang xử lý",
    "ready": "Chờ trả",
}
_OPEN = "(2, 4, 5, 6)"


def tabs(store: Store) -> Sequence[Tab]:
    waiting = int(store.rows("SELECT count(*) AS n FROM conflict WHERE NOT resolved")[0]["n"])
    review = [Tab("review", "Cần xem", waiting)] if waiting else []
    now = store.clock.now()
    return review + [
        Tab(key, label, int(store.rows(f"SELECT count(*) AS n FROM dossier WHERE {sql}", given)[0]["n"]))
        for key, label in _TAB_LABELS.items()
        for sql, given in [_where(key, now)]
    ]


def _where(tab: str, now: datetime) -> tuple[str, list[Any]]:
    """Condition of a tab. Stored times are ISO in +07:00, so text order is time order."""
    tonight = now.replace(hour=23, minute=59, second=59)
    return {
        "new": ("status = 1", []),
        "late": (f"status IN {_OPEN} AND due < ?", [now.isoformat()]),
        "today": (f"status IN {_OPEN} AND due >= ? AND due <= ?", [now.isoformat(), tonight.isoformat()]),
        "open": (f"status IN {_OPEN}", []),
        "ready": ("status = 9", []),
    }[tab]


def worklist(store: Store, tab: str, query: str) -> Sequence[Row]:
    """Rows of a tab, or of all dossiers when there is a query."""
    now = store.clock.now()
    if query.strip():
        found = store.search(query, ROWS)
        marks = ", ".join("?" for _ in found)
        sql = f"SELECT * FROM dossier WHERE d IN ({marks}) ORDER BY filed_at DESC"
        return [_row(row, now) for row in store.rows(sql, found)]
    condition, given = _where(tab, now)
    order = "filed_at DESC" if tab == "new" else "due, filed_at"
    return [_row(row, now) for row in store.rows(f"SELECT * FROM dossier WHERE {condition} ORDER BY {order} LIMIT {ROWS}", given)]


def find(store: Store, code: str) -> Row | None:
    """A dossier by one of its codes, for anybody: without the name. Of a code that stands on two slips nothing is told: only a
    person can say whose slip it is."""
    found = store.rows("SELECT * FROM dossier WHERE code = ? OR official_code = ?", [code, code])
    if not found:
        return None
    row = replace(_row(found[0], store.clock.now()), name="")
    if len(found) == 1:
        return row
    return replace(
        row, dossier="", code=code, procedure_vi=DOUBLED_VI, when_vi="", due_vi="", due_kind="none", status=0, status_vi=ASK_VI
    )


DOUBLED_VI = "Mã này in trên hai phiếu khác nhau."
ASK_VI = "Bà con đưa phiếu cho cán bộ xem giúp."


def _row(row: Mapping[str, Any], now: datetime) -> Row:
    code = str(row["code"] or "")
    filed = _moment(row["filed_at"])
    when = "" if filed is None else f"{filed:%H:%M}" if filed.date() == now.date() else f"{filed:%d/%m}"
    status = int(row["status"] or 0)
    due_vi, kind = _due(_moment(row["due"]), status, now)
    return Row(
        dossier=row["d"],
        number=_short_number(code),
        code=str(row["official_code"] or code),
        name=str(row["name"] or ""),
        procedure_vi=load_catalogue().title(str(row["procedure"])) or str(row["procedure"]),
        when_vi=when,
        due_vi=due_vi,
        due_kind=kind,
        status=status,
        status_vi=STATUS_NAMES.get(status, "Chưa rõ"),
        sent=int(row["pending"]) == 0,
    )


def _due(due: datetime | None, status: int, now: datetime) -> tuple[str, Literal["none", "late", "today", "soon", "later"]]:
    if due is None or status not in (Status.ACCEPTED, Status.PROCESSING, Status.SUPPLEMENT, Status.PAYMENT):
        return "", "none"
    days = (due.date() - now.date()).days
    if due < now:
        return (f"Quá {-days} ngày" if days < 0 else "Quá giờ hẹn"), "late"
    if days == 0:
        return f"Hôm nay {due:%H:%M}", "today"
    return f"Còn {days} ngày", "soon" if days <= 2 else "later"


def detail(machine: Machine, dossier: str) -> Detail:
    """Raises Refused ``dossier_unknown``."""
    store = machine.store
    # Before the fields: what arrives in between then counts as not seen.
    seen = store.seen()
    found = store.rows("SELECT * FROM dossier WHERE d = ?", [dossier])
    if not found:
        raise Refused("dossier_unknown", "Không tìm thấy hồ sơ này.", "Tải lại danh sách.")
    fields = store.fields(dossier)
    row = _row(found[0], store.clock.now())
    procedure = load_catalogue().filed(fields)
    applicant = Person.read(fields.get("applicant"))
    checked = IdentityCheck.read(applicant.by).told_vi
    filed, due = _moment(fields.get("filed_at")), _moment(found[0]["due"])
    facts = [
        ("Mã hồ sơ", row.code),
        *([("Mã tạm", str(fields.get("code")))] if row.code != fields.get("code") else []),
        *([("Lưu ý", f"{DOUBLED_VI} So tên và giấy tờ trước khi làm.")] if _doubled(store, found[0]["code"]) else []),
        ("Người nộp", applicant.name),
        *([("Kiểm tra thẻ", checked)] if checked else []),
        ("Nộp lúc", hour_day_vi(filed) if filed else ""),
        *([("Hẹn trả", hour_day_vi(due))] if due else []),
        ("Về tỉnh", "Tỉnh đã nhận" if row.sent else "Chờ gửi"),
    ]
    return Detail(
        row=row,
        facts=facts,
        answers=[(one.section, one.label, one.text) for one in usecases.review_rows(procedure, fields)] if procedure else [],
        papers=usecases.paper_states(procedure, fields) if procedure else [],
        history=history_vi(store, dossier, machine.official_names()),
        can_accept=forbidden(fields, "accept", Role.OFFICIAL) is None,
        official_code=str(fields.get("official_code") or ""),
        seen=seen,
        applicant=applicant,
    )


def _doubled(store: Store, code: str | None) -> bool:
    """Whether another dossier has this provisional code: printed by a disk that was put back from an image."""
    return bool(code) and len(store.rows("SELECT 1 FROM dossier WHERE code = ? LIMIT 2", [code])) > 1


def reviews(machine: Machine) -> Sequence[Review]:
    return [
        Review(
            seq=one.seq,
            dossier=one.dossier if one.code else "",
            code=one.code,
            what_vi=one.what_vi,
            why_vi=one.why_vi,
            kept_vi=_value_vi(one.kept) if one.field else "",
            lost_vi=_value_vi(one.lost) if one.field else "",
            mend=_mend(one),
        )
        for one in mending.reviews(machine)
    ]


def waiting(store: Store) -> Sequence[Waiting]:
    now_ms = store.clock.wall_ms()
    return [_on_its_way(one, now_ms) for one in store.outbox()]


def _on_its_way(one: outbox.Waiting, now_ms: int) -> Waiting:
    upcoming = max(0.0, (one.next_ms - now_ms) / 1000) if one.next_ms else 0.0
    return Waiting(
        title_vi=one.code or ("Hồ sơ chưa có mã" if one.events else "Bản quét"),
        what_vi=f"{one.events} việc" if one.events else f"bản quét, {one.share:.0%}",
        since_vi=_hour_vi(one.since_ms) or "–",
        tried=one.tried,
        answer_vi=one.answer_vi,
        next_vi=f"thử lại sau {span_vi(upcoming)}" if upcoming >= 60 else "",
        trouble=bool(one.answer),
    )


def _value_vi(value: Any) -> str:
    """A value of a field for people; a person is shown by name."""
    if isinstance(value, Mapping):
        return str(value.get("name") or json.dumps(value, ensure_ascii=False))
    return "" if value is None else str(value)


def _mend(review: mending.Review) -> Literal["text", "again", "no"]:
    if review.content is None or not review.dossier:
        return "no"
    return "text" if review.field and isinstance(review.lost, str) else "again"


def _hour_vi(wall_ms: int) -> str:
    return hour_day_vi(datetime.fromtimestamp(wall_ms / 1000, HANOI)) if wall_ms else ""


def _moment(text: Any) -> datetime | None:
    """A stored time; none for what is no time with a zone: a neighbour's event may hold anything, and the list must open."""
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


def _short_number(code: str) -> str:
    """The running number inside a provisional code, four digits and its check sign left off."""
    last = code.rsplit("-", 1)[-1]
    return last[:-1][-4:] if len(last) > 4 else last
