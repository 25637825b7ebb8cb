"""Projections: what screens read, made from the journal and nothing else.

A dossier's view is the confirmed fields of the feed with this kiosk's own unacknowledged events folded on top, by the same
pure code the province runs (``forms.dossier``), so an official's own edit neither flickers nor vanishes. Every function
works inside the caller's transaction; everything here can be dropped and made again from ``log`` and ``feed``
(:func:`rebuild`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlite_utils

from forms.dossier import Draft, apply, conflict_of, due_of, fold, is_decided
from forms.text import fold as folded
from sync.envelope import decode


def confirmed(db: sqlite_utils.Database, dossier: str) -> dict[str, Any]:
    """Fields the province has confirmed for a dossier."""
    rows = db.execute("SELECT f, v FROM field WHERE d = ?", [dossier]).fetchall()
    return {name: json.loads(value) for name, value in rows}


def pending(db: sqlite_utils.Database, dossier: str) -> list[bytes]:
    """This kiosk's own lines on a dossier that the feed has not acknowledged yet, in writing order."""
    return [
        row[0]
        for row in db.execute(
            "SELECT l.body FROM log l JOIN incarnation i ON i.inc = l.inc WHERE l.d = ? AND l.n > i.acked ORDER BY i.ordinal, l.n",
            [dossier],
        ).fetchall()
    ]


def refresh(db: sqlite_utils.Database, dossier: str) -> None:
    """Make the row of one dossier anew; a dossier without any field has no row."""
    fields: Mapping[str, Any] = confirmed(db, dossier)
    lines = pending(db, dossier)
    for line in lines:
        event = decode(line)
        fields = apply(fields, event.kind, event.content)
    if not fields:
        return
    write_row(db, dossier, fields, len(lines))


def add(db: sqlite_utils.Database, dossier: str, drafts: Sequence[Draft]) -> None:
    """Fold events just appended on top of the row as it stands: what :func:`refresh` would find, without reading the journal."""
    row = db.conn.execute("SELECT fields, pending FROM dossier WHERE d = ?", (dossier,)).fetchone()
    fields: Mapping[str, Any] = json.loads(row[0]) if row else {}
    fields = fold(drafts, fields)
    if fields:
        write_row(db, dossier, fields, (row[1] if row else 0) + len(drafts))


def write_row(db: sqlite_utils.Database, dossier: str, fields: Mapping[str, Any], waiting: int) -> None:
    """Write the row and its search text from folded fields. ``waiting``: own events not yet acknowledged."""
    name = str(fields.get("subject") or _applicant(fields))
    db.execute(
        "INSERT OR REPLACE INTO dossier (d, code, official_code, procedure, status, name, filed_at, due, pending, fields)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            dossier,
            fields.get("code"),
            fields.get("official_code"),
            fields.get("procedure"),
            fields.get("status"),
            name,
            fields.get("filed_at"),
            due_of(fields) or None,
            waiting,
            json.dumps(fields, ensure_ascii=False, separators=(",", ":")),
        ],
    )
    words = (name, _applicant(fields), str(fields.get("code") or ""), str(fields.get("official_code") or ""))
    db.execute("INSERT OR REPLACE INTO dossier_search (d, text) VALUES (?, ?)", [dossier, folded(" | ".join(words))])
    _mark_decided(db, dossier, fields)


def _mark_decided(db: sqlite_utils.Database, dossier: str, fields: Mapping[str, Any]) -> None:
    """A conflict is settled when the fold holds a person's decision on it, this kiosk's own included."""
    rows = db.execute("SELECT c.seq, f.body FROM conflict c JOIN feed f ON f.seq = c.seq WHERE c.d = ?", [dossier]).fetchall()
    for seq, body in rows:
        db.execute("UPDATE conflict SET resolved = ? WHERE seq = ?", [is_decided(fields, conflict_of(json.loads(body))), seq])


def _applicant(fields: Mapping[str, Any]) -> str:
    applicant = fields.get("applicant")
    return str(applicant.get("name", "")) if isinstance(applicant, Mapping) else ""


def apply_entry(db: sqlite_utils.Database, seq: int, entry: Mapping[str, Any]) -> set[str]:
    """Apply one feed entry to the projections; returns the dossiers whose row must be made anew.

    Unknown kinds of entry are kept in ``feed`` and change nothing here.
    """
    kind = entry.get("e")
    dossier = str(entry.get("d", ""))
    if kind == "f":
        db.execute(
            "INSERT OR REPLACE INTO field (d, f, v, rev) VALUES (?, ?, ?, ?)",
            [dossier, entry["f"], json.dumps(entry["v"], ensure_ascii=False), seq],
        )
        return {dossier}
    if kind == "ack":
        inc, n = int(entry["inc"]), int(entry["n"])
        touched = {
            row[0]
            for row in db.execute(
                "SELECT DISTINCT l.d FROM log l JOIN incarnation i ON i.inc = l.inc WHERE l.inc = ? AND l.n > i.acked AND l.n <= ?",
                [inc, n],
            ).fetchall()
        }
        db.execute("UPDATE incarnation SET acked = max(acked, min(?, n)) WHERE inc = ?", [n, inc])
        return touched
    if kind in ("cf", "na"):
        db.execute(
            "INSERT OR REPLACE INTO conflict (seq, d, f, kept, lost, why) VALUES (?, ?, ?, ?, ?, ?)",
            [
                seq,
                dossier,
                entry.get("f"),
                json.dumps(entry.get("kept"), ensure_ascii=False),
                json.dumps(entry.get("lost"), ensure_ascii=False),
                str(entry.get("why", "")),
            ],
        )
        return {dossier}
    return set()


def refresh_all(db: sqlite_utils.Database, dossiers: Iterable[str]) -> None:
    """Make several rows anew, each once."""
    for dossier in sorted(set(dossiers)):
        refresh(db, dossier)


def rebuild(db: sqlite_utils.Database) -> int:
    """Drop every projection and make it again from ``log`` and ``feed``; returns the number of dossiers."""
    for table in ("field", "conflict", "dossier", "dossier_search"):
        db.execute(f"DELETE FROM {table}")
    db.execute("UPDATE incarnation SET acked = 0")
    dossiers = {row[0] for row in db.execute("SELECT DISTINCT d FROM log WHERE d <> ''").fetchall()}
    for seq, body in db.execute("SELECT seq, body FROM feed ORDER BY seq").fetchall():
        dossiers |= apply_entry(db, seq, json.loads(body))
    refresh_all(db, dossiers)
    return int(db.execute("SELECT count(*) FROM dossier").fetchone()[0])
