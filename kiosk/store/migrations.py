"""The shape of the store, as named migrations, each recorded in the transaction that made it (sqlite-utils' runner).

A store that carries a migration this program does not know was written by a newer one and is refused: opening it could drop what it
does not understand. ``log`` and ``feed`` are the truth; ``field``, ``dossier``, ``dossier_search``, ``conflict`` and
``blob_answer`` are projections of them and can be rebuilt. Where the feed was cut (``meta.feed_base``), the rows of ``field`` and
``conflict`` at or below the cut are the truth themselves.
"""

from __future__ import annotations

import sqlite_utils
from sqlite_utils.migrations import Migrations

from kiosk.store.connection import StoreError, immediate


def _journal(db: sqlite_utils.Database) -> None:
    db.executescript("""
        CREATE TABLE meta (k TEXT PRIMARY KEY, v) WITHOUT ROWID;
        CREATE TABLE incarnation (
            inc INTEGER PRIMARY KEY, ordinal INTEGER NOT NULL, n INTEGER NOT NULL, head BLOB NOT NULL,
            told INTEGER NOT NULL DEFAULT 0, acked INTEGER NOT NULL DEFAULT 0);
        CREATE TABLE log (
            inc INTEGER NOT NULL, n INTEGER NOT NULL, d TEXT NOT NULL, body BLOB NOT NULL, head BLOB NOT NULL,
            PRIMARY KEY (inc, n)) WITHOUT ROWID;
        CREATE INDEX log_dossier ON log (d);
        CREATE TABLE segment (
            inc INTEGER NOT NULL, n INTEGER NOT NULL, first INTEGER NOT NULL, head BLOB NOT NULL, signature BLOB NOT NULL,
            PRIMARY KEY (inc, n)) WITHOUT ROWID;
        CREATE TABLE feed (seq INTEGER PRIMARY KEY, body BLOB NOT NULL, head BLOB NOT NULL);
        CREATE TABLE quarantine (
            id INTEGER PRIMARY KEY, source TEXT NOT NULL, reason TEXT NOT NULL, body BLOB NOT NULL, at TEXT NOT NULL);
    """)


def _projections(db: sqlite_utils.Database) -> None:
    db.executescript("""
        CREATE TABLE field (
            d TEXT NOT NULL, f TEXT NOT NULL, v TEXT NOT NULL, rev INTEGER NOT NULL, PRIMARY KEY (d, f)) WITHOUT ROWID;
        CREATE TABLE conflict (
            seq INTEGER PRIMARY KEY, d TEXT NOT NULL, f TEXT, kept TEXT, lost TEXT, why TEXT NOT NULL,
            resolved INTEGER NOT NULL DEFAULT 0);
        CREATE TABLE dossier (
            d TEXT PRIMARY KEY, code TEXT, official_code TEXT, procedure TEXT, status INTEGER, name TEXT,
            filed_at TEXT, due TEXT, pending INTEGER NOT NULL, fields TEXT NOT NULL);
        CREATE INDEX dossier_status ON dossier (status, filed_at);
        CREATE INDEX dossier_code ON dossier (code);
        CREATE TABLE dossier_search (d TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
    """)


def _paper_and_people(db: sqlite_utils.Database) -> None:
    db.executescript("""
        CREATE TABLE print_job (
            id INTEGER PRIMARY KEY, d TEXT NOT NULL, kind TEXT NOT NULL, content TEXT NOT NULL, copy INTEGER NOT NULL DEFAULT 0,
            state TEXT NOT NULL, fact TEXT NOT NULL DEFAULT '', cure TEXT NOT NULL DEFAULT '', at TEXT NOT NULL);
        CREATE INDEX print_job_state ON print_job (state);
        CREATE TABLE official (
            id TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, pin BLOB NOT NULL, active INTEGER NOT NULL DEFAULT 1);
    """)


def _bases(db: sqlite_utils.Database) -> None:
    """Logs and feed that begin after a base; sealed lines, closed dossiers, what is safe off site, snapshots on their way.

    The log becomes a table with row ids: there a line of two kilobytes lies in its page; without them it took one more of its own.
    """
    db.executescript("""
        ALTER TABLE incarnation ADD COLUMN safe INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE incarnation ADD COLUMN base INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE incarnation ADD COLUMN base_head BLOB;
        ALTER TABLE incarnation ADD COLUMN sealed INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE incarnation ADD COLUMN base_acked INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE incarnation ADD COLUMN base_safe INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE log RENAME TO log_before;
        CREATE TABLE log (
            inc INTEGER NOT NULL, n INTEGER NOT NULL, d TEXT NOT NULL, body BLOB NOT NULL, head BLOB NOT NULL,
            sealed INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (inc, n));
        INSERT INTO log (inc, n, d, body, head) SELECT inc, n, d, body, head FROM log_before ORDER BY inc, n;
        DROP TABLE log_before;
        CREATE INDEX log_dossier ON log (d);
        ALTER TABLE conflict ADD COLUMN entry TEXT NOT NULL DEFAULT '{}';
        UPDATE conflict SET entry = coalesce((SELECT CAST(f.body AS TEXT) FROM feed f WHERE f.seq = conflict.seq), '{}');
        CREATE INDEX conflict_dossier ON conflict (d);
        CREATE INDEX print_job_dossier ON print_job (d);
        CREATE TABLE closed (d TEXT PRIMARY KEY, shown INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE laid_aside (id TEXT PRIMARY KEY) WITHOUT ROWID;
        CREATE TABLE blob_answer (
            id TEXT PRIMARY KEY, d TEXT NOT NULL, ok INTEGER NOT NULL, bad TEXT NOT NULL, seq INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE milestone (
            day INTEGER NOT NULL, inc INTEGER NOT NULL, n INTEGER NOT NULL, acked INTEGER NOT NULL, seq INTEGER NOT NULL,
            job INTEGER NOT NULL, refused INTEGER NOT NULL, PRIMARY KEY (day, inc)) WITHOUT ROWID;
        CREATE TABLE staged_line (n INTEGER PRIMARY KEY, body BLOB NOT NULL);
        CREATE TABLE keys_document (id INTEGER PRIMARY KEY, body BLOB NOT NULL UNIQUE);
    """)


def _search(db: sqlite_utils.Database) -> None:
    """Search by the beginnings of words: an index of words over the folded texts, which number the dossiers oldest first.

    ``detail = column``: with less, secure deletion leaves the index at odds with itself (SQLite 3.53).
    """
    db.executescript("""
        ALTER TABLE dossier_search RENAME TO dossier_search_before;
        CREATE TABLE dossier_search (id INTEGER PRIMARY KEY, d TEXT NOT NULL UNIQUE, text TEXT NOT NULL);
        INSERT INTO dossier_search (d, text)
            SELECT s.d, s.text FROM dossier_search_before s LEFT JOIN dossier d ON d.d = s.d ORDER BY d.filed_at, d.code, s.d;
        DROP TABLE dossier_search_before;
        CREATE VIRTUAL TABLE dossier_word USING fts5 (
            text, content = 'dossier_search', content_rowid = 'id', detail = column, columnsize = 0, prefix = '1 2 3 4 5 6',
            tokenize = 'unicode61');
        INSERT INTO dossier_word (dossier_word, rank) VALUES ('secure-delete', 1);
        INSERT INTO dossier_word (dossier_word) VALUES ('rebuild');
    """)


def _tries_and_boots(db: sqlite_utils.Database) -> None:
    """What was tried for whom, and when a unit of work was written by the clock that never jumps."""
    db.executescript("""
        ALTER TABLE segment ADD COLUMN boot TEXT;
        ALTER TABLE segment ADD COLUMN mono_ms INTEGER;
        ALTER TABLE segment ADD COLUMN tried INTEGER NOT NULL DEFAULT 0;
        CREATE TABLE boot (id TEXT PRIMARY KEY, server_ms INTEGER, mono_ms INTEGER) WITHOUT ROWID;
        CREATE TABLE attempt (
            item TEXT PRIMARY KEY, tried INTEGER NOT NULL, code TEXT NOT NULL, told_vi TEXT NOT NULL, at_ms INTEGER NOT NULL,
            next_ms INTEGER NOT NULL) WITHOUT ROWID;
    """)


def _attachments(db: sqlite_utils.Database) -> None:
    """Files of dossiers on their way to the province (``kiosk.store.blobs``); ``have`` is what it said it holds."""
    db.executescript("""
        CREATE TABLE blob (
            id TEXT PRIMARY KEY, d TEXT NOT NULL, size INTEGER NOT NULL, lane INTEGER NOT NULL,
            have BLOB NOT NULL DEFAULT x'', epoch INTEGER NOT NULL DEFAULT 0, seen INTEGER NOT NULL DEFAULT 0,
            damaged TEXT NOT NULL DEFAULT '', here INTEGER NOT NULL DEFAULT 1) WITHOUT ROWID;
        CREATE INDEX blob_dossier ON blob (d);
    """)


def _set_aside(db: sqlite_utils.Database) -> None:
    """Files whose event the province did not take: ``aside`` is the place in the feed that says so, below 0 once sent again."""
    db.executescript("ALTER TABLE blob ADD COLUMN aside INTEGER NOT NULL DEFAULT 0;")


def _papers_by_boot(db: sqlite_utils.Database) -> None:
    """When a paper was queued, by the clock that never jumps. What stood there before is of no boot that is known."""
    db.executescript("""
        ALTER TABLE print_job ADD COLUMN boot TEXT NOT NULL DEFAULT '';
        ALTER TABLE print_job ADD COLUMN mono_ms INTEGER NOT NULL DEFAULT 0;
    """)


STEPS = (
    ("m001_journal", _journal),
    ("m002_projections", _projections),
    ("m003_paper_and_people", _paper_and_people),
    ("m004_bases", _bases),
    ("m005_search", _search),
    ("m006_tries_and_boots", _tries_and_boots),
    ("m007_attachments", _attachments),
    ("m008_set_aside", _set_aside),
    ("m009_papers_by_boot", _papers_by_boot),
)


def migrate(db: sqlite_utils.Database) -> None:
    """Bring a store to this program's shape; safe when the screen and the sync process start at once.

    Raises:
        StoreError: ``store_newer`` when a newer program has written here.
    """
    migrations = Migrations("kiosk")
    for name, step in STEPS:
        migrations(name=name)(step)
    with immediate(db):
        known = {name for name, _ in STEPS}
        foreign = [applied.name for applied in migrations.applied(db) if applied.name not in known]
        if foreign:
            raise StoreError(
                "store_newer",
                f"Kho hồ sơ do phần mềm mới hơn ghi (bước {foreign[-1]}).",
                "Cài lại bản phần mềm mới rồi mở lại; dữ liệu vẫn nguyên.",
            )
        migrations.apply(db)
