"""How the store under the power cuts is opened: as the product does, without encryption, or carelessly to prove the rig.

``naive`` is what is often advised: ``synchronous=NORMAL``, and files that are never fsynced. A rig that finds no loss there would
find none anywhere. A variant holds for the process that installs it, and only processes of the rig do.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import sqlcipher3.dbapi2 as driver
import sqlite_utils

from kiosk.store import backup_parts, connection, store

Variant = Literal["encrypted", "plain", "naive"]
VARIANTS: tuple[Variant, ...] = ("encrypted", "plain", "naive")


class _Unencrypted(driver.Connection):
    """The same SQLite, never told a key."""

    def execute(self, sql: str, *parameters: Any) -> Any:
        return super().execute("SELECT 1" if sql.startswith("PRAGMA key") else sql, *parameters)


def install(variant: Variant) -> None:
    """Open every store of this process in that way from now on."""
    if variant == "plain":
        opening: Callable[..., Any] = driver.connect
        connection.driver.connect = lambda *words, **more: opening(*words, factory=_Unencrypted, **more)
    if variant == "naive":
        backup_parts.connect = store.connect = _careless


def neglect() -> None:
    """From now on no file of this process is fsynced by it; what was written before is on the disk."""
    os.sync()
    os.fsync = os.fdatasync = _nothing


def _nothing(fd: object) -> None:
    """What a careless program does for durability."""


def _careless(path: Path, key: bytes) -> sqlite_utils.Database:
    db = connection.connect(path, key)
    db.execute("PRAGMA synchronous = NORMAL")
    return db
