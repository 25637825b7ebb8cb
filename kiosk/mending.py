"""What the province did not take as it was sent, and how an official mends it and sends it again (SYNC design 1.10).

Everything open is listed with what was done, why it did not count and what stands instead. Mending never touches the log: new
events carry the mended content, and a decision says that the old thing has been dealt with, in one transaction. A decision of a
dossier travels like any act, so every kiosk of the commune sees it; what names no dossier of ours, or one that never came to be, is
laid aside here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from forms import dossier as acts
from forms.dossier.sentences import FIELD_NAMES, WHY_VI, act_vi
from kiosk.machine import Machine
from kiosk.services import Official, Refused
from kiosk.store.blobs import KioskFiles
from sync.envelope import EnvelopeError, Event, decode

_CARRIED_VI: Mapping[str, str] = {
    "envelope_invalid": "dòng ghi bị hỏng, tỉnh không đọc được",
    "merge_failed": "máy của tỉnh không ghép được nội dung này",
    "content_unreadable": "nội dung không đọc được",
    "foreign_dossier": "hồ sơ thuộc xã khác",
    "effect_too_large": "nội dung quá dài",
    "gap": "còn thiếu gói xuất trước đó, hãy xuất lại USB",
    "revoked": "máy này đã bị tỉnh thu hồi quyền ghi",
}


def why_vi(code: str) -> str:
    """Why something did not count, as a phrase."""
    return WHY_VI.get(code) or _CARRIED_VI.get(code) or f"lý do {code}"


@dataclass(frozen=True, slots=True)
class Review:
    """One open thing. ``content`` is what was sent, for the form in which it is mended; ``None`` when this machine no longer reads
    it.
    """

    seq: int
    dossier: str
    code: str
    """Code of the dossier for people, empty when it has none here."""
    what_vi: str
    why: str
    why_vi: str
    field: str
    kept: Any
    lost: Any
    kind: str
    content: Mapping[str, Any] | None
    seen: int
    """Feed position this was read at, for :func:`resend`."""


def reviews(machine: Machine) -> list[Review]:
    """Everything open, oldest first."""
    store, seen = machine.store, machine.store.seen()
    rows = store.rows(
        "SELECT c.seq, c.d, c.entry, coalesce(d.official_code, d.code, '') AS code"
        " FROM conflict c LEFT JOIN dossier d ON d.d = c.d WHERE NOT c.resolved ORDER BY c.seq"
    )
    return [_review(machine, row, seen) for row in rows]


def _review(machine: Machine, row: Mapping[str, Any], seen: int) -> Review:
    entry = json.loads(row["entry"])
    conflict = acts.conflict_of(entry)
    event = _own_event(machine, entry)
    label = FIELD_NAMES.get(conflict.field, "thông tin trong tờ khai")
    what = f"Ghi {label}" if conflict.field else act_vi(event.kind, event.content, _label) if event else "Một bước"
    return Review(
        seq=row["seq"],
        dossier=row["d"],
        code=row["code"],
        what_vi=what or "Một bước",
        why=conflict.why,
        why_vi=why_vi(conflict.why),
        field=conflict.field,
        kept=conflict.kept,
        lost=conflict.lost,
        kind="f" if conflict.field else event.kind if event else "",
        content={conflict.field: conflict.lost} if conflict.field else event.content if event else None,
        seen=seen,
    )


def _label(name: str) -> str:
    return FIELD_NAMES.get(name, "thông tin trong tờ khai")


def _own_event(machine: Machine, entry: Mapping[str, Any]) -> Event | None:
    """The line of this machine that an entry speaks of, while it can be read."""
    if entry.get("dev") != machine.store.identity_or_raise().device:
        return None
    rows = machine.store.rows("SELECT body FROM log WHERE inc = ? AND n = ? AND NOT sealed", [entry.get("inc"), entry.get("n")])
    try:
        return decode(bytes(rows[0]["body"])) if rows else None
    except EnvelopeError:
        return None


def resend(machine: Machine, review: Review, official: Official, content: Mapping[str, Any] | None = None) -> None:
    """Mend and send again (sửa và gửi lại): the content, mended or as it was, as a new event, and the decision on the old one.

    Raises:
        Refused: ``nothing_to_send`` when this machine no longer reads what was sent; ``still_refused`` when it would not count now
            either, with why.
        StoreError: ``disk_full``.
    """
    again = review.content if content is None else content
    if again is None or not review.dossier:
        raise Refused("nothing_to_send", "Máy này không còn đọc được nội dung đã gửi.", "Mở hồ sơ, làm lại bước này.")
    draft = acts.Draft(review.dossier, review.kind, again)
    fields = machine.store.fields(review.dossier)
    done = acts.outcome(fields, acts.change(draft.kind, draft.content))
    refused = done.refused or (done.losses[0].why if done.losses and not done.writes else None)
    if refused is not None:
        raise Refused(
            "still_refused", f"Gửi lại cũng chưa được tính: {why_vi(refused)}.", "Sửa nội dung, hoặc bấm «Giữ như hiện nay»."
        )
    _write(machine, review, official, (draft,) if done.writes else ())


def settle(machine: Machine, review: Review, official: Official) -> None:
    """Leave things as they stand (giữ như hiện nay) and close the matter. Raises StoreError ``disk_full``."""
    _write(machine, review, official, ())


def _write(machine: Machine, review: Review, official: Official, drafts: tuple[acts.Draft, ...]) -> None:
    store = machine.store

    def act() -> None:
        with store.work(official.id) as work:
            fields = acts.fold(drafts, store.fields(review.dossier))
            by = acts.By(acts.Role.OFFICIAL, official.name_vi)
            on = acts.Situation(review.dossier, fields, by, store.clock.now())
            row = store.rows("SELECT entry FROM conflict WHERE seq = ?", [review.seq])
            conflict = acts.conflict_of(json.loads(row[0]["entry"]))
            try:
                decided = acts.decide(on, conflict, acts.Choice.KEPT)
            except acts.DossierError:
                decided = ()
                store.lay_aside(review.seq, conflict.id)
            work.append((*drafts, *decided), review.seen)
            for draft in drafts:
                if draft.kind == "at":
                    KioskFiles(store).send_again(str(draft.content["blob"]))

    store.with_reserve(act)
