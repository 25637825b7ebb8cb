"""Backup and restore of the encrypted store, whole and checked.

A backup is a copy made by ``VACUUM INTO`` inside one read snapshot, encrypted with the same key; it is written beside its final
name, fsynced, opened again and proved before it counts. A restore keeps what it replaces.
The restored store notices at its next opening that it is older than the ledger and opens a new incarnation.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from kiosk.store.connection import StoreError, connect
from kiosk.store.store import Store


def back_up(store: Store, key: bytes, target: Path) -> int:
    """Write an encrypted copy to ``target``; bytes written.

    Raises:
        StoreError: ``backup_failed`` when the copy cannot be proved.
    """
    temporary = target.with_name(target.name + ".new")
    temporary.unlink(missing_ok=True)
    store.copy_to(temporary)
    _prove(temporary, key)
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(target)
    return target.stat().st_size


def restore_file(backup: Path, target: Path, key: bytes) -> None:
    """Put a proved backup in the place of the store; the old file stays beside it as ``*.before-restore``."""
    temporary = target.with_name(target.name + ".new")
    shutil.copyfile(backup, temporary)
    _prove(temporary, key)
    for suffix in ("-wal", "-shm"):
        target.with_name(target.name + suffix).unlink(missing_ok=True)
    if target.exists():
        target.replace(target.with_name(target.name + ".before-restore"))
    temporary.replace(target)


def _prove(path: Path, key: bytes) -> None:
    try:
        db = connect(path, key)
        sound = db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close()
    except StoreError:
        sound = False
    if not sound:
        raise StoreError("backup_failed", "Bản sao lưu không dùng được.", "Sao lưu lại ra ổ khác; bản gốc vẫn nguyên.")
