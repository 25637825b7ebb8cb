"""Search of dossiers by names and codes: an FTS5 index of the beginnings of words over the folded texts.

Texts are folded (``forms.text.fold``: no accents, đ as d, lower case), every word of a query must begin a word of the text, and the
newest dossiers come first: they are numbered in the order in which this kiosk learnt of them, and the index is read from the end.
Where no word begins so, the middle of words is looked for in the newest :data:`NEWEST` texts, so the time stays bounded whatever is
typed. The index deletes securely: nothing of a text that left stays behind in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import sqlite_utils

from forms.text import fold

NEWEST = 20_000
"""Texts in which the middle of a word is looked for."""

_WORDS = re.compile(r"[^\W_]+")


def text_of(*parts: str) -> str:
    """The text to be searched."""
    return fold(" | ".join(part for part in parts if part))


def put(db: sqlite_utils.Database, dossier: str, text: str) -> None:
    """Set the text of a dossier. Inside a transaction."""
    row = db.conn.execute("SELECT id, text FROM dossier_search WHERE d = ?", (dossier,)).fetchone()
    if row is not None and row[1] == text:
        return
    if row is None:
        number = db.conn.execute("INSERT INTO dossier_search (d, text) VALUES (?, ?)", (dossier, text)).lastrowid
    else:
        number = row[0]
        _unlist(db, number, row[1])
        db.conn.execute("UPDATE dossier_search SET text = ? WHERE id = ?", (text, number))
    db.conn.execute("INSERT INTO dossier_word (rowid, text) VALUES (?, ?)", (number, text))


def remove(db: sqlite_utils.Database, dossier: str) -> None:
    """Forget a dossier. Inside a transaction."""
    row = db.conn.execute("SELECT id, text FROM dossier_search WHERE d = ?", (dossier,)).fetchone()
    if row is not None:
        _unlist(db, *row)
        db.conn.execute("DELETE FROM dossier_search WHERE id = ?", (row[0],))


def fill(db: sqlite_utils.Database, texts: Iterable[tuple[str, str]]) -> None:
    """Replace everything by (dossier, text), oldest first. Inside a transaction."""
    db.conn.execute("DELETE FROM dossier_search")
    db.conn.executemany("INSERT INTO dossier_search (d, text) VALUES (?, ?)", texts)
    db.conn.execute("INSERT INTO dossier_word (dossier_word) VALUES ('rebuild')")


def find(db: sqlite_utils.Database, query: str, limit: int) -> list[str]:
    """Ids of dossiers that answer a query, newest first, at most ``limit``."""
    words = _WORDS.findall(fold(query))
    if not words:
        return []
    wanted = " ".join(f'"{word}"*' for word in words)
    listed = "SELECT rowid FROM dossier_word WHERE dossier_word MATCH ? ORDER BY rowid DESC LIMIT ?"
    found = db.conn.execute(f"SELECT d FROM dossier_search WHERE id IN ({listed}) ORDER BY id DESC", (wanted, limit)).fetchall()
    if not found:
        inside = " AND ".join("text LIKE ?" for _ in words)
        newest = "SELECT id, d, text FROM dossier_search ORDER BY id DESC LIMIT ?"
        sql = f"SELECT d FROM ({newest}) WHERE {inside} ORDER BY id DESC LIMIT ?"
        found = db.conn.execute(sql, (NEWEST, *(f"%{word}%" for word in words), limit)).fetchall()
    return [row[0] for row in found]


def damage(db: sqlite_utils.Database) -> str:
    """What the engine says is wrong with the index; empty when it agrees with the texts."""
    try:
        db.conn.execute("INSERT INTO dossier_word (dossier_word, rank) VALUES ('integrity-check', 1)")
    except Exception as error:
        return str(error)
    return ""


def _unlist(db: sqlite_utils.Database, number: int, text: str) -> None:
    db.conn.execute("INSERT INTO dossier_word (dossier_word, rowid, text) VALUES ('delete', ?, ?)", (number, text))
