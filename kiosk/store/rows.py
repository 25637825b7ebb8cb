"""What every part of the store stands on: one connection of this process behind a lock, the small facts of ``meta``, and reads.

The parts (journal, times, papers) are classes over these rows; :class:`kiosk.store.store.Store` is all of them in one. Reads take
the lock and fetch at once, so no cursor stays open across threads; writes happen inside :meth:`Rows.transaction` only.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from random import Random
from typing import Any

import sqlite_utils

from kiosk.clock import Clock


class Rows(ABC):
    """The connection and what is read through it."""

    db: sqlite_utils.Database
    clock: Clock
    random: Random
    """Where salts and incarnations come from."""
    _lock: threading.RLock

    @abstractmethod
    def transaction(self) -> AbstractContextManager[None]:
        """One write transaction of this process; durable when the block ends."""

    def meta(self, key: str, default: Any = None) -> Any:
        row = self._one("SELECT v FROM meta WHERE k = ?", key)
        return default if row is None else row[0]

    def set_meta(self, key: str, value: Any) -> None:
        with self._lock:
            self.db.conn.execute("INSERT OR REPLACE INTO meta (k, v) VALUES (?, ?)", (key, value))

    def data_version(self) -> int:
        """Changes when another connection (the sync process) has committed."""
        row = self._one("PRAGMA data_version")
        return int(row[0]) if row else 0

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Rows of a read as dictionaries, taken at once so that no cursor stays open across threads."""
        with self._lock:
            return list(self.db.query(sql, parameters))

    def _one(self, sql: str, *parameters: Any) -> tuple[Any, ...] | None:
        with self._lock:
            found: tuple[Any, ...] | None = self.db.conn.execute(sql, parameters).fetchone()
        return found

    def _write(self, sql: str, *parameters: Any) -> int:
        """Run one statement; the number of rows it changed."""
        with self._lock:
            return int(self.db.conn.execute(sql, parameters).rowcount)
