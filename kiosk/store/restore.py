"""Restore of a backup (:mod:`kiosk.store.backup`) into the place of the store.

A restore needs the store for itself. It unpacks beside the store, proves everything, and keeps what it replaces, whole, under a
name of its own. Papers the backup believes unprinted become uncertain. The restored journal goes on in a new incarnation and behind
every provisional number that may be on paper: what the province holds beyond the backup stays there and comes back with the feed.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import sqlite_utils

from kiosk.store.backup_parts import Found, beside, folder_beside, prove, unpack, why_vi
from kiosk.store.blobs import KEPT, folder_of
from kiosk.store.connection import DatabaseError, StoreError, connect, immediate
from kiosk.store.hold import Hold
from kiosk.store.keyring import KeyFile, Keyring, make_keyring, open_keyring
from kiosk.store.ledger import Ledger, Witness, elsewhere
from sync.durable import to_disk
from sync.envelope import ZERO_HEAD
from sync.errors import SealedFileError, SealedFileLocked, SyncError
from sync.sealed_file import Reader, read_grant

_SIDE_FILES = ("-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a machine keeps what a restore brings."""

    store: Path
    ledger: Path
    blobs: Path
    keys: KeyFile


@dataclass(frozen=True, slots=True)
class Secret:
    """What opens a backup that this machine did not write: its passphrase, or the code of the province's ``grant``."""

    passphrase: str = ""
    grant: bytes = b""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did."""

    kept: Path | None
    """The replaced store, beside the new one as ``*.before-restore-N``; ``None`` when there was none."""
    new_machine: bool
    """The device's keys of the backup are not here: the machine has to be enrolled again."""


def restore_file(backup: Path, place: Place, secret: Secret = Secret()) -> Restored:
    """Put a proved backup in the place of the store, durable on return.

    Raises:
        StoreError: ``store_in_use`` while any program has the store open; ``backup_locked`` when nothing here opens the backup;
            ``backup_foreign`` when it is of another machine than the store here; ``backup_failed`` when it cannot be read or
            proved. The store is then as it was.
    """
    try:
        # The lock makes the folder it lies in: not for a backup that is not there.
        with backup.open("rb") as source, _alone(place.store), folder_beside(place.store) as folder:
            own = open_keyring(place.keys, store_exists=True) if place.keys.path.exists() else None
            reader = Reader(source)
            reader.unlock(_unlocked(reader, own, secret))
            found = unpack(reader, folder)
            reader.finish()
            prove(found.store, found.key)
            _know_signer(found, reader.header.signer)
            return _install(found, place, own)
    except SealedFileLocked:
        raise StoreError(
            "backup_locked",
            "Không có khóa mở bản sao lưu này.",
            "Gõ đúng mật khẩu sao lưu, hoặc nhờ tỉnh mở bằng «province backup-open» rồi thêm --key.",
        ) from None
    except (DatabaseError, OSError, SyncError) as error:
        raise StoreError(
            "backup_failed",
            f"Không khôi phục được. {why_vi(error)}",
            "Kiểm tra tệp sao lưu và chỗ trống; kho hồ sơ vẫn còn nguyên.",
        ) from None


@contextmanager
def _alone(store: Path) -> Iterator[None]:
    hold = Hold(store, alone=True)
    try:
        yield
    except BaseException:
        hold.undo()
        raise
    hold.free()


def _unlocked(reader: Reader, own: Keyring | None, secret: Secret) -> bytes:
    header = reader.header
    if own is not None:
        with suppress(SealedFileLocked):
            return header.key_of_machine(own.store)
    if secret.grant:
        return read_grant(secret.grant, header, secret.passphrase)
    return header.key_of_passphrase(secret.passphrase)


def _install(found: Found, place: Place, own: Keyring | None) -> Restored:
    if own is not None and own.store != found.key and place.store.exists():
        raise StoreError(
            "backup_foreign", "Bản sao lưu này của máy khác.", "Chọn bản sao lưu của máy này; kho hồ sơ chưa có gì thay đổi."
        )
    for blob in found.blobs:
        _put_blob(blob, place.blobs)
    db, ledger = connect(found.store, found.key), Ledger(place.ledger)
    try:
        with immediate(db):
            _doubt_papers(db)
            begun = _begin_anew(db, ledger)
            _note_absent(db, place.blobs)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        db.close()
    to_disk(found.store)
    if own is None:
        make_keyring(place.keys, found.key)
    elif own.store != found.key:
        place.keys.change(lambda held: replace(held, store=found.key))
    kept = _keep(place.store, found.key)
    if kept is not None:
        _keep_blobs(place.blobs, folder_of(kept))
    found.store.replace(place.store)
    to_disk(place.store.parent)
    if not ledger.is_copy:  # else the first opening notices the copy, as without a restore
        ledger.remember(begun)
    return Restored(kept, own is None or own.store != found.key)


def _know_signer(found: Found, signer: bytes) -> None:
    """A journal knows the keys of its device; a backup signed by another one was put together by somebody else."""
    db = connect(found.store, found.key)
    try:
        row = db.execute("SELECT v FROM meta WHERE k = 'verify_keys'").fetchone()
    finally:
        db.close()
    known = bytes(row[0]) if row else signer
    if signer not in (known[at : at + 32] for at in range(0, len(known), 32)):
        raise SealedFileError("signed by a device this journal does not know")


def _doubt_papers(db: sqlite_utils.Database) -> None:
    """What waited for the printer when the backup was made may have come out since: a person looks before it is printed again."""
    db.execute(
        "UPDATE print_job SET state = 'uncertain', fact = ?, cure = ? WHERE state IN ('queued', 'sending')",
        ["Máy đã khôi phục dữ liệu cũ; phiếu này có thể đã in rồi.", "Hỏi xem phiếu đã in chưa; nếu chưa, bấm «In lại»."],
    )


def _begin_anew(db: sqlite_utils.Database, ledger: Ledger) -> Witness:
    """A new incarnation, and provisional numbers beyond all that may be on paper."""
    fresh = secrets.randbits(40) or 1
    db.execute(
        "INSERT INTO incarnation (inc, ordinal, n, head) SELECT ?, coalesce(max(ordinal), 0) + 1, 0, ? FROM incarnation",
        [fresh, ZERO_HEAD],
    )
    row = db.execute("SELECT v FROM meta WHERE k = 'number'").fetchone()
    number = int(row[0]) if row else 0
    beyond = max(number, ledger.below - 1) if ledger.below else elsewhere(number, fresh)
    db.execute("INSERT OR REPLACE INTO meta (k, v) VALUES ('number', ?)", [beyond])
    return Witness(fresh, 0, ZERO_HEAD)


def _put_blob(blob: Path, folder: Path) -> None:
    """An attachment under its name: its bytes, then its name, then the folder, each on disk before the next."""
    target = folder / blob.name[:2] / blob.name
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = beside(target, ".new")
    shutil.copyfile(blob, temporary)
    to_disk(temporary)
    temporary.replace(target)
    for changed in (target.parent, folder, folder.parent):
        to_disk(changed)


def _note_absent(db: sqlite_utils.Database, folder: Path) -> None:
    """Attachments that were whole at the province did not come along."""
    here = [(row[0],) for row in db.execute("SELECT id FROM blob WHERE here").fetchall()]
    absent = [(blob,) for (blob,) in here if not (folder / blob[:2] / blob).exists()]
    db.conn.executemany("UPDATE blob SET here = 0 WHERE id = ?", absent)


def _keep(target: Path, key: bytes) -> Path | None:
    """Copy the present store, bytes as they are and WAL included, to a free name; then leave no WAL beside it. Durable on return.

    A copy, not a move: until the new store replaces it in one step, the present one stays usable under its own name.
    """
    if not any(beside(target, suffix).exists() for suffix in ("", *_SIDE_FILES)):
        return None
    number = 1
    while any(beside(target, f"{KEPT}{number}{suffix}").exists() for suffix in ("", *_SIDE_FILES)):
        number += 1
    kept = beside(target, f"{KEPT}{number}")
    try:
        # The -shm is only an index of the WAL; SQLite makes it anew.
        for suffix in ("", "-wal"):
            if beside(target, suffix).exists():
                shutil.copyfile(beside(target, suffix), beside(kept, suffix))
                to_disk(beside(kept, suffix))
        to_disk(target.parent)
        _fold_wal(target, key)
    except BaseException:
        _drop(kept)
        raise
    return kept


def _keep_blobs(folder: Path, kept: Path) -> None:
    """Every attachment under a second name: those the restored store does not know are swept away under their first one."""
    for file in sorted(folder.glob("??/*")):
        name = kept / file.parent.name / file.name
        name.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.link(file, name)


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
        beside(path, suffix).unlink(missing_ok=True)
    to_disk(path.parent)


def _drop(path: Path) -> None:
    for suffix in ("", *_SIDE_FILES):
        beside(path, suffix).unlink(missing_ok=True)
