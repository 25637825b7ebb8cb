"""Projections: what screens read, made from the journal and nothing else.

A dossier's view is the confirmed fields of the feed with this kiosk's own unacknowledged events folded on top, by the same pure
code the province runs (``forms.dossier``), so an official's own edit neither flickers nor vanishes. A closed dossier (``closed``:
dropped by the feed, or sealed after its retention) keeps the fields of :data:`SUMMARY` and nothing else, once nothing of it waits.
Every function works inside the caller's transaction; everything here can be dropped and made again (:func:`rebuild`) from ``log``
and ``feed``, or, where the feed begins after a base, from them and the rows the base left.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from typing import Any, Final

import sqlite_utils

from forms.dossier import STATUS_NAMES, Draft, apply, conflict_of, due_of, fold, is_decided
from kiosk.store import search
from sync.envelope import ZERO_HEAD, EnvelopeError, decode

SUMMARY: Final = (
    "code",
    "official_code",
    "procedure",
    "status",
    "status_at",
    "filed_at",
    "due",
    "receipt.due",
    "province_received_at",
)
"""What is left of a closed dossier: codes, procedure, dates and the province's word that it has it. Nothing of a person."""

_COLUMNS: Final = ("code", "official_code", "procedure", "status", "name", "filed_at", "due", "pending", "fields")
_FILE: Final = "at."
"""How the field of a file begins; its blob follows."""
_ROW: Final = (
    f"INSERT INTO dossier (d, {', '.join(_COLUMNS)}) VALUES (?{', ?' * len(_COLUMNS)})"
    f" ON CONFLICT (d) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _COLUMNS)}"
)


# --- one dossier ------------------------------------------------------------------------------------------------------


def confirmed(db: sqlite_utils.Database, dossier: str) -> dict[str, Any]:
    """Fields the province has confirmed for a dossier."""
    rows = db.conn.execute("SELECT f, v FROM field WHERE d = ?", (dossier,)).fetchall()
    return {name: json.loads(value) for name, value in rows}


def pending(db: sqlite_utils.Database, dossier: str) -> list[bytes]:
    """This kiosk's own lines on a dossier that the feed has not acknowledged yet, in writing order; never sealed ones."""
    late = "SELECT l.body FROM log l JOIN incarnation i ON i.inc = l.inc WHERE l.d = ? AND l.n > i.acked AND NOT l.sealed"
    sql = f"{late} ORDER BY i.ordinal, l.n"
    return [row[0] for row in db.conn.execute(sql, (dossier,)).fetchall()]


def refresh(db: sqlite_utils.Database, dossier: str) -> None:
    """Make the row of one dossier anew; a dossier without any field has no row."""
    lines = pending(db, dossier)
    if not lines:
        _settle(db, dossier)
    fields = _folded(confirmed(db, dossier), lines)
    if fields:
        write_row(db, dossier, fields, len(lines))
    else:
        db.conn.execute("DELETE FROM dossier WHERE d = ?", (dossier,))
        search.remove(db, dossier)


def _settle(db: sqlite_utils.Database, dossier: str) -> None:
    """Reduce a closed dossier of which nothing waits."""
    row = db.conn.execute("SELECT shown FROM closed WHERE d = ?", (dossier,)).fetchone()
    if row is not None:
        names = SUMMARY if row[0] else ()
        marks = ", ".join("?" for _ in names)
        db.conn.execute(f"DELETE FROM field WHERE d = ? AND f NOT IN ({marks})", (dossier, *names))
        db.conn.execute("DELETE FROM conflict WHERE d = ?", (dossier,))


def _folded(fields: Mapping[str, Any], lines: Iterable[bytes]) -> Mapping[str, Any]:
    for line in lines:
        try:
            event = decode(line)
        except EnvelopeError:
            continue  # No event, so no effect, as at the province.
        fields = apply(fields, event.kind, event.content)
    return fields


def add(db: sqlite_utils.Database, dossier: str, drafts: Sequence[Draft]) -> None:
    """Fold events just appended on top of the row as it stands: what :func:`refresh` would find, without reading the journal."""
    row = db.conn.execute("SELECT fields, pending FROM dossier WHERE d = ?", (dossier,)).fetchone()
    fields: Mapping[str, Any] = json.loads(row[0]) if row else {}
    fields = fold(drafts, fields)
    if fields:
        write_row(db, dossier, fields, (row[1] if row else 0) + len(drafts))


def write_row(db: sqlite_utils.Database, dossier: str, fields: Mapping[str, Any], waiting: int) -> None:
    """Write the row and its search text from folded fields. ``waiting``: own events not yet acknowledged."""
    db.conn.execute(_ROW, _row(dossier, fields, waiting))
    search.put(db, dossier, _words(fields))
    rows = db.conn.execute("SELECT seq, entry FROM conflict WHERE d = ?", (dossier,)).fetchall()
    _mark_decided(db, fields, rows)


def _row(dossier: str, fields: Mapping[str, Any], waiting: int) -> tuple[Any, ...]:
    return (
        dossier,
        _text(fields, "code"),
        _text(fields, "official_code"),
        _text(fields, "procedure"),
        _status(fields),
        _name(fields),
        _text(fields, "filed_at"),
        due_of(fields) or None,
        waiting,
        json.dumps(fields, ensure_ascii=False, separators=(",", ":")),
    )


def _text(fields: Mapping[str, Any], name: str) -> str | None:
    """A field for a column. A neighbour's event may hold anything: what is no text is shown as missing, for the feed must go on."""
    value = fields.get(name)
    return value if isinstance(value, str) else None


def _status(fields: Mapping[str, Any]) -> int | None:
    value = fields.get("status")
    return value if isinstance(value, int) and value in STATUS_NAMES else None


def _words(fields: Mapping[str, Any]) -> str:
    return search.text_of(_name(fields), _applicant(fields), str(fields.get("code") or ""), str(fields.get("official_code") or ""))


def _name(fields: Mapping[str, Any]) -> str:
    return str(fields.get("subject") or _applicant(fields))


def _applicant(fields: Mapping[str, Any]) -> str:
    applicant = fields.get("applicant")
    return str(applicant.get("name", "")) if isinstance(applicant, Mapping) else ""


def _mark_decided(db: sqlite_utils.Database, fields: Mapping[str, Any], conflicts: Iterable[tuple[int, str]]) -> None:
    """A conflict is settled when the fold holds a person's decision on it, this kiosk's own included, or it was laid aside here."""
    for seq, entry in conflicts:
        conflict = conflict_of(json.loads(entry))
        aside = db.conn.execute("SELECT 1 FROM laid_aside WHERE id = ?", (conflict.id,)).fetchone() is not None
        decided = aside or is_decided(fields, conflict)
        db.conn.execute("UPDATE conflict SET resolved = ? WHERE seq = ?", (decided, seq))


# --- the feed ---------------------------------------------------------------------------------------------------------


def feed_base(db: sqlite_utils.Database) -> tuple[int, bytes]:
    """(seq, head) after which the feed is held entry by entry."""
    row = db.conn.execute("SELECT v FROM meta WHERE k = 'feed_base'").fetchone()
    if row is None:
        return 0, ZERO_HEAD
    seq, head = json.loads(row[0])
    return seq, bytes.fromhex(head)


def set_feed_base(db: sqlite_utils.Database, seq: int, head: bytes) -> None:
    db.conn.execute("INSERT OR REPLACE INTO meta (k, v) VALUES ('feed_base', ?)", (json.dumps([seq, head.hex()]),))


def apply_entry(db: sqlite_utils.Database, seq: int, entry: Mapping[str, Any], device: int) -> set[str]:
    """Apply one feed entry to the projections of a kiosk; returns the dossiers whose row must be made anew.

    Unknown kinds of entry are kept in ``feed`` and change nothing here.
    """
    kind = entry.get("e")
    dossier = str(entry.get("d", ""))
    if kind == "f":
        db.conn.executemany(_FIELD, _fields(seq, entry))
        _take_files(db, entry["w"])
        return {dossier}
    if kind == "ack" and entry.get("dev") == device:
        return _acknowledge(db, int(entry["inc"]), int(entry["n"]))
    if kind == "safe" and entry.get("dev") == device:
        db.conn.execute(
            "UPDATE incarnation SET safe = max(safe, min(?, acked)) WHERE inc = ?", (int(entry["n"]), int(entry["inc"]))
        )
    if kind in ("cf", "na"):
        _keep_conflict(db, seq, dossier, entry)
        _set_file_aside(db, seq, entry, device)
        _mark_decided(db, {}, [(seq, json.dumps(entry))])
        return {dossier}
    if kind == "drop":
        db.conn.execute(
            "INSERT OR IGNORE INTO closed (d, shown) SELECT ?, EXISTS (SELECT 1 FROM log WHERE d = ?)", (dossier, dossier)
        )
        return {dossier}
    if kind == "bl":
        done, bad = bool(entry.get("ok")), json.dumps(entry.get("bad") or [])
        db.conn.execute(
            "INSERT OR REPLACE INTO blob_answer (id, d, ok, bad, seq) VALUES (?, ?, ?, ?, ?)",
            (entry["id"], dossier, done, bad, seq),
        )
    if kind == "cfg" and entry.get("k") == "policy":
        db.conn.execute("INSERT OR REPLACE INTO meta (k, v) VALUES ('policy', ?)", (json.dumps(entry.get("v")),))
    return set()


_FIELD: Final = "INSERT OR REPLACE INTO field (d, f, v, rev) VALUES (?, ?, ?, ?)"


def _fields(seq: int, entry: Mapping[str, Any]) -> Iterator[tuple[str, str, str, int]]:
    dossier = str(entry.get("d", ""))
    return ((dossier, name, json.dumps(value, ensure_ascii=False), seq) for name, value in entry["w"].items())


def _acknowledge(db: sqlite_utils.Database, inc: int, n: int) -> set[str]:
    rows = db.conn.execute(
        "SELECT DISTINCT l.d FROM log l JOIN incarnation i ON i.inc = l.inc WHERE l.inc = ? AND l.n > i.acked AND l.n <= ?",
        (inc, n),
    ).fetchall()
    db.conn.execute("UPDATE incarnation SET acked = max(acked, min(?, n)) WHERE inc = ?", (n, inc))
    return {row[0] for row in rows}


def _keep_conflict(db: sqlite_utils.Database, seq: int, dossier: str, entry: Mapping[str, Any]) -> None:
    db.conn.execute(
        "INSERT OR REPLACE INTO conflict (seq, d, f, kept, lost, why, entry) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            seq,
            dossier,
            entry.get("f"),
            json.dumps(entry.get("kept"), ensure_ascii=False),
            json.dumps(entry.get("lost"), ensure_ascii=False),
            str(entry.get("why", "")),
            json.dumps(entry, ensure_ascii=False, separators=(",", ":")),
        ),
    )


def _take_files(db: sqlite_utils.Database, fields: Iterable[str]) -> None:
    """The province knows of these files of ours, perhaps told again after it had set one aside."""
    blobs = [(name.removeprefix(_FILE),) for name in fields if name.startswith(_FILE)]
    db.conn.executemany("UPDATE blob SET aside = 0 WHERE id = ? AND aside", blobs)


def _set_file_aside(db: sqlite_utils.Database, seq: int, entry: Mapping[str, Any], device: int) -> None:
    """The event of a file had no effect: the province knows of no such file and would refuse it for ever."""
    if entry.get("e") != "na" or entry.get("dev") != device:
        return
    for (body,) in db.conn.execute("SELECT body FROM log WHERE inc = ? AND n = ? AND NOT sealed", (entry["inc"], entry["n"])):
        try:
            event = decode(bytes(body))
        except EnvelopeError:
            continue
        blob = event.content.get("blob") if event.kind == "at" else None
        known = "SELECT 1 FROM field WHERE d = ? AND f = ?"
        db.conn.execute(
            f"UPDATE blob SET aside = ? WHERE id = ? AND abs(aside) < ? AND NOT EXISTS ({known})",
            (seq, blob, seq, event.dossier, f"{_FILE}{blob}"),
        )


def refresh_all(db: sqlite_utils.Database, dossiers: Iterable[str]) -> None:
    """Make several rows anew, each once."""
    for dossier in sorted(set(dossiers) - {""}):
        refresh(db, dossier)


def cut_feed(db: sqlite_utils.Database, seq: int, device: int) -> None:
    """Forget the feed up to ``seq``, which is held; what it said stands in the rows, which are the base from now on."""
    row = db.conn.execute("SELECT head FROM feed WHERE seq = ?", (seq,)).fetchone()
    for (body,) in db.conn.execute("SELECT body FROM feed WHERE seq <= ? ORDER BY seq", (seq,)):
        if b'"ack"' in body or b'"safe"' in body:
            _raise_base(db, json.loads(body), device)
    set_feed_base(db, seq, bytes(row[0]))
    db.conn.execute("DELETE FROM feed WHERE seq <= ?", (seq,))


def _raise_base(db: sqlite_utils.Database, entry: Mapping[str, Any], device: int) -> None:
    column = {"ack": "base_acked", "safe": "base_safe"}.get(str(entry.get("e")))
    if column is not None and entry.get("dev") == device:
        db.conn.execute(
            f"UPDATE incarnation SET {column} = max({column}, min(?, n)) WHERE inc = ?", (int(entry["n"]), int(entry["inc"]))
        )


def install(db: sqlite_utils.Database, seq: int, head: bytes, device: int) -> None:
    """Make the staged snapshot the confirmed state at ``(seq, head)``.

    A snapshot holds open dossiers only: an own dossier that is not in it, and of which nothing waits, is closed.
    """
    own = db.conn.execute("SELECT d, fields FROM dossier WHERE d IN (SELECT d FROM log)").fetchall()
    db.conn.execute("DELETE FROM field WHERE d NOT IN (SELECT d FROM closed WHERE shown)")
    db.conn.execute("DELETE FROM conflict")
    db.conn.execute("DELETE FROM feed")
    db.conn.execute("UPDATE incarnation SET acked = 0, safe = 0")
    set_feed_base(db, seq, head)
    safe = []
    for (body,) in db.conn.execute("SELECT body FROM staged_line ORDER BY n").fetchall():
        entry = json.loads(body)
        if entry.get("e") == "safe":
            safe.append(entry)
        else:
            apply_entry(db, int(entry.get("r", seq)), entry, device)
    for entry in safe:
        apply_entry(db, seq, entry, device)
    db.conn.execute("UPDATE incarnation SET base_acked = acked, base_safe = safe")
    for dossier, fields in own:
        if not confirmed(db, dossier) and not pending(db, dossier):
            close(db, dossier, json.loads(fields), seq)
    _make_rows(db)


def close(db: sqlite_utils.Database, dossier: str, fields: Mapping[str, Any], rev: int) -> None:
    """Leave the summary of a dossier, read off its fields, as its confirmed fields; the caller makes the row anew."""
    db.conn.execute("INSERT OR IGNORE INTO closed (d, shown) VALUES (?, 1)", (dossier,))
    db.conn.executemany(
        "INSERT OR IGNORE INTO field (d, f, v, rev) VALUES (?, ?, ?, ?)",
        [(dossier, name, json.dumps(fields[name], ensure_ascii=False), rev) for name in SUMMARY if name in fields],
    )


# --- all of them ------------------------------------------------------------------------------------------------------


def rebuild(db: sqlite_utils.Database, device: int) -> int:
    """Drop every projection and make it again from the base, ``feed`` and ``log``; returns the number of dossiers."""
    base, _ = feed_base(db)
    # A summary is the truth itself: the lines and entries it was read off may be gone.
    db.conn.execute("DELETE FROM field WHERE rev > ? AND d NOT IN (SELECT d FROM closed WHERE shown)", (base,))
    for table in ("conflict", "blob_answer"):
        db.conn.execute(f"DELETE FROM {table} WHERE seq > ?", (base,))
    db.conn.execute("UPDATE incarnation SET acked = base_acked, safe = base_safe")
    for some in _batches(db.conn.execute("SELECT seq, body FROM feed ORDER BY seq")):
        entries = [(seq, json.loads(body.decode("utf-8"))) for seq, body in some]
        # Values first: no other kind of entry reads or writes them.
        db.conn.executemany(_FIELD, (row for seq, entry in entries if entry.get("e") == "f" for row in _fields(seq, entry)))
        for seq, entry in entries:
            if entry.get("e") != "f":
                apply_entry(db, seq, entry, device)
            else:
                _take_files(db, entry["w"])
    return _make_rows(db)


def _batches(rows: Iterator[tuple[int, bytes]], size: int = 5_000) -> Iterator[list[tuple[int, bytes]]]:
    while some := list(islice(rows, size)):
        yield some


def _make_rows(db: sqlite_utils.Database) -> int:
    """Make every row in one pass over the fields and the waiting lines, both read in the order of dossiers."""
    late = "SELECT DISTINCT l.d FROM log l JOIN incarnation i ON i.inc = l.inc WHERE l.n > i.acked AND NOT l.sealed"
    waiting = {row[0] for row in db.conn.execute(late)}
    for (dossier,) in db.conn.execute("SELECT d FROM closed").fetchall():
        if dossier not in waiting:
            _settle(db, dossier)
    conflicts: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for seq, dossier, entry in db.conn.execute("SELECT seq, d, entry FROM conflict"):
        conflicts[dossier].append((seq, entry))
    db.conn.execute("DELETE FROM dossier")
    texts: list[tuple[str, str, str, str]] = []

    def rows() -> Iterator[tuple[Any, ...]]:
        for dossier, fields in _all_confirmed(db, waiting):
            lines = pending(db, dossier) if dossier in waiting else []
            view = _folded(fields, lines)
            if view:
                # Codes count on within a day: of two filed in the same second the second is the newer.
                texts.append((str(view.get("filed_at") or ""), str(view.get("code") or ""), dossier, _words(view)))
                _mark_decided(db, view, conflicts.get(dossier, ()))
                yield _row(dossier, view, len(lines))

    db.conn.executemany(_ROW, rows())
    search.fill(db, ((dossier, text) for _, _, dossier, text in sorted(texts)))
    return len(texts)


def _all_confirmed(db: sqlite_utils.Database, waiting: set[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every dossier with its confirmed fields, and those that so far only wait."""
    seen = set()
    for dossier, rows in groupby(db.conn.execute("SELECT d, f, v FROM field ORDER BY d"), key=lambda row: row[0]):
        seen.add(dossier)
        yield dossier, {name: json.loads(value) for _, name, value in rows}
    for dossier in waiting - seen - {""}:
        yield dossier, {}
