"""Backup and restore of the encrypted store, whole and checked.

A backup is a copy made by ``VACUUM INTO`` inside one read snapshot, encrypted with the same key; it is written beside its final
name, fsynced, opened again and proved before it counts. A restore needs the store for itself and keeps what it replaces, whole,
under a name of its own, so no filing that was promised is ever lost by it. Papers the backup believes unprinted become uncertain.
The restored store notices at its next opening that it is older than the ledger and opens a new incarnation.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from kiosk.store.connection import DatabaseError, StoreError, connect, immediate
from kiosk.store.hold import Hold
from kiosk.store.store import Store

_SIDE_FILES = ("-wal", "-shm")


def back_up(store: Store, key: bytes, target: Path) -> int:
    """Write an encrypted copy to ``target``; bytes written.

    Raises:
        StoreError: ``backup_failed`` when the copy cannot be written or proved, ``backup_target`` when it is the store itself.
    """
    if target.resolve() == store.path.resolve():
        raise StoreError("backup_target", "Tệp sao lưu trùng với chính kho hồ sơ.", "Chọn tên tệp khác, tốt nhất trên ổ khác.")
    temporary = _beside(target, ".new")
    try:
        temporary.unlink(missing_ok=True)
        store.copy_to(temporary)
        _prove(temporary, key)
        _to_disk(temporary)
        temporary.replace(target)
        _to_disk(target.parent)
        return target.stat().st_size
    except (DatabaseError, OSError) as error:
        raise StoreError(
            "backup_failed", f"Không ghi được bản sao lưu: {error}", "Sao lưu ra ổ khác; bản gốc vẫn nguyên."
        ) from None
    finally:
        _drop(temporary)


def restore_file(backup: Path, target: Path, key: bytes) -> Path | None:
    """Put a proved backup in the place of the store, durable on return.

    Returns where the replaced store is kept, beside the new one as ``*.before-restore-N``; ``None`` when there was none.

    Raises:
        StoreError: ``store_in_use`` while any program has the store open, ``backup_failed`` when the backup cannot be read
            or proved. The store is then as it was.
    """
    hold = Hold(target, alone=True)
    temporary = _beside(target, ".new")
    try:
        _drop(temporary)
        shutil.copyfile(backup, temporary)
        _prove(temporary, key)
        _doubt_papers(temporary, key)
        _to_disk(temporary)
        kept = _keep(target, key)
        temporary.replace(target)
        _to_disk(target.parent)
        return kept
    except (DatabaseError, OSError) as error:
        raise StoreError(
            "backup_failed", f"Không khôi phục được: {error}", "Kiểm tra tệp sao lưu và chỗ trống; kho hồ sơ vẫn còn nguyên."
        ) from None
    finally:
        _drop(temporary)
        hold.free()


def _prove(path: Path, key: bytes) -> None:
    """A sound store of this key with a journal in it, and nothing left in its WAL."""
    try:
        db = connect(path, key)
        try:
            sound = db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            db.execute("SELECT count(*) FROM incarnation, log").fetchone()
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            db.close()
    except (StoreError, DatabaseError):
        sound = False
    if not sound:
        raise StoreError("backup_failed", "Bản sao lưu không dùng được.", "Sao lưu lại ra ổ khác; bản gốc vẫn nguyên.")


def _doubt_papers(path: Path, key: bytes) -> None:
    """What waited for the printer when the backup was made may have come out since: a person looks before it is printed again."""
    db = connect(path, key)
    try:
        with immediate(db):
            db.execute(
                "UPDATE print_job SET state = 'uncertain', fact = ?, cure = ? WHERE state IN ('queued', 'sending')",
                ["Máy đã khôi phục dữ liệu cũ; phiếu này có thể đã in rồi.", "Hỏi xem phiếu đã in chưa; nếu chưa, bấm «In lại»."],
            )
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        db.close()


def _keep(target: Path, key: bytes) -> Path | None:
    """Copy the present store, bytes as they are and WAL included, to a free name; then leave no WAL beside it. Durable on return.

    A copy, not a move: until the new store replaces it in one step, the present one stays usable under its own name.
    """
    if not any(_beside(target, suffix).exists() for suffix in ("", *_SIDE_FILES)):
        return None
    number = 1
    while any(_beside(target, f".before-restore-{number}{suffix}").exists() for suffix in ("", *_SIDE_FILES)):
        number += 1
    kept = _beside(target, f".before-restore-{number}")
    try:
        # The -shm is only an index of the WAL; SQLite makes it anew.
        for suffix in ("", "-wal"):
            if _beside(target, suffix).exists():
                shutil.copyfile(_beside(target, suffix), _beside(kept, suffix))
                _to_disk(_beside(kept, suffix))
        _to_disk(target.parent)
        _fold_wal(target, key)
    except BaseException:
        _drop(kept)
        raise
    return kept


def _fold_wal(path: Path, key: bytes) -> None:
    """End the WAL, which would be replayed into the restored store: fold it in, or drop it if the store is too damaged."""
    busy = 0
    try:
        if path.exists():
            db = connect(path, key)
            try:
                db.execute("PRAGMA busy_timeout = 500")
                busy = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            finally:
                db.close()
    except (StoreError, DatabaseError):
        busy = 0
    if busy:
        raise StoreError("store_in_use", "Kho hồ sơ đang được một chương trình khác mở.", "Đóng chương trình đó rồi chạy lại lệnh.")
    for suffix in _SIDE_FILES:
        _beside(path, suffix).unlink(missing_ok=True)
    _to_disk(path.parent)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _drop(path: Path) -> None:
    for suffix in ("", *_SIDE_FILES):
        _beside(path, suffix).unlink(missing_ok=True)


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
