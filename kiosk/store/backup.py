"""Backup and restore of the encrypted store and its attachments, whole and checked.

A backup is one sealed file (:mod:`sync.sealed_file`), signed by the device: a copy of the store made by ``VACUUM INTO`` inside one
read snapshot, still encrypted with its own key, that key, and the attachments the province does not hold yet. It is written under
a temporary name, fsynced, read back from the first byte to the last, and only then counts. It opens on this machine, at the
province, and with the technician's passphrase if one was given; the device's own keys are not in it, so it makes no second device.

A restore needs the store for itself. It unpacks beside the store, proves everything, and keeps what it replaces, whole, under a
name of its own. Papers the backup believes unprinted become uncertain. The restored journal goes on in a new incarnation and behind
every provisional number that may be on paper: what the province holds beyond the backup stays there and comes back with the feed.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import shutil
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import sqlite_utils

from kiosk.file_trouble import why_vi
from kiosk.store.blobs import KioskFiles
from kiosk.store.connection import DatabaseError, StoreError, connect, immediate
from kiosk.store.hold import Hold
from kiosk.store.keyring import KeyFile, Keyring, make_keyring, open_keyring
from kiosk.store.ledger import UNKNOWN_NUMBERS, Ledger
from kiosk.store.store import Store
from sync.envelope import ZERO_HEAD
from sync.errors import SealedFileError, SealedFileLocked, SyncError
from sync.keys import PassphraseWrap
from sync.rollover import ProvincePublic
from sync.sealed_file import Holders, Reader, Writer, read_grant

_SIDE_FILES = ("-wal", "-shm")
_PART: Final = struct.Struct(">c32sQ")
"""Kind, SHA-256 of the bytes, how many bytes."""
_FACTS, _STORE, _BLOB, _END = b"f", b"s", b"b", b"e"
_PIECE: Final = 1024 * 1024
_MAX_FACTS: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Receivers:
    """Who may open a backup beside the machine itself."""

    province: ProvincePublic | None = None
    passphrase: str = ""


def back_up(store: Store, keyring: Keyring, target: Path, to: Receivers = Receivers()) -> int:
    """Write a sealed backup to ``target``; bytes written.

    Raises:
        StoreError: ``backup_failed`` when it cannot be written or proved, ``backup_target`` when it is the store itself.
    """
    if target.resolve() == store.path.resolve():
        raise StoreError("backup_target", "Tệp sao lưu trùng với chính kho hồ sơ.", "Chọn tên tệp khác, tốt nhất trên ổ khác.")
    temporary = _beside(target, ".new")
    try:
        with _folder_beside(store.path) as folder:
            copy = folder / "store"
            store.copy_to(copy)
            _prove(copy, keyring.store)
            with temporary.open("wb") as out:
                writer = Writer(out, keyring.device.sign, _device(store), _holders(keyring, to))
                _pack(writer, keyring.store, copy, KioskFiles(store))
                writer.finish()
                out.flush()
                os.fsync(out.fileno())
        _read_back(temporary, keyring)
        temporary.replace(target)
        _to_disk(target.parent)
        return target.stat().st_size
    except (DatabaseError, OSError, SyncError) as error:
        raise StoreError(
            "backup_failed", f"Không ghi được bản sao lưu. {_why_vi(error)}", "Sao lưu ra ổ khác; bản gốc vẫn nguyên."
        ) from None
    finally:
        temporary.unlink(missing_ok=True)


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
    hold = Hold(place.store, alone=True)
    try:
        own = open_keyring(place.keys, store_exists=True) if place.keys.path.exists() else None
        with (
            _folder_beside(place.store) as folder,
            backup.open("rb") as source,
        ):
            reader = Reader(source)
            reader.unlock(_unlocked(reader, own, secret))
            found = _unpack(reader, folder)
            reader.finish()
            _prove(found.store, found.key)
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
            f"Không khôi phục được. {_why_vi(error)}",
            "Kiểm tra tệp sao lưu và chỗ trống; kho hồ sơ vẫn còn nguyên.",
        ) from None
    finally:
        hold.free()


@contextmanager
def _folder_beside(store: Path) -> Iterator[Path]:
    """On the store's disk, gone at the end; one a killed program left is cleared away by the next copy (``Store.copy``)."""
    with TemporaryDirectory(prefix=f"{store.name}.copy-{os.getpid()}-", dir=store.parent) as folder:
        yield Path(folder)


# --- what is in a backup --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Found:
    """An unpacked backup, not yet in its place."""

    key: bytes
    store: Path
    blobs: tuple[Path, ...]


def _holders(keyring: Keyring, to: Receivers) -> Holders:
    return Holders(keyring.store, to.province, PassphraseWrap(to.passphrase) if to.passphrase else None)


def _device(store: Store) -> int:
    return store.enrolled.device if store.enrolled is not None else 0


def _pack(writer: Writer, key: bytes, copy: Path, files: KioskFiles) -> None:
    facts = json.dumps({"key": base64.b64encode(key).decode("ascii")}).encode("ascii")
    writer.write(_PART.pack(_FACTS, hashlib.sha256(facts).digest(), len(facts)) + facts)
    for kind, path in ((_STORE, copy), *((_BLOB, files.path(blob)) for blob in _not_at_the_province(copy, key))):
        with path.open("rb") as source:
            digest = hashlib.file_digest(source, "sha256").digest()
            writer.write(_PART.pack(kind, digest, source.tell()))
            source.seek(0)
            while piece := source.read(_PIECE):
                writer.write(piece)
    writer.write(_PART.pack(_END, bytes(32), 0))


def _not_at_the_province(copy: Path, key: bytes) -> list[str]:
    """Attachments of the copy that the province has not said it holds whole: the others need no second place."""
    db = connect(copy, key)
    try:
        rows = db.execute(
            "SELECT b.id FROM blob b LEFT JOIN blob_answer a ON a.id = b.id WHERE b.here AND coalesce(a.ok, 0) = 0 ORDER BY b.id"
        ).fetchall()
        return [str(row[0]) for row in rows]
    finally:
        db.close()


def _parts(reader: Reader) -> Iterator[tuple[bytes, bytes, int]]:
    while True:
        kind, digest, size = _PART.unpack(reader.read_exactly(_PART.size))
        if kind == _END:
            return
        yield kind, digest, size


def _pieces(reader: Reader, digest: bytes, size: int) -> Iterator[bytes]:
    """The bytes of a part, which at the end were what it is called."""
    made = hashlib.sha256()
    while size:
        piece = reader.read(min(size, _PIECE))
        if not piece:
            raise SealedFileError("the file ends in the middle")
        made.update(piece)
        size -= len(piece)
        yield piece
    if made.digest() != digest:
        raise SealedFileError("a part of the backup is not what it is called")


def _unpack(reader: Reader, folder: Path) -> _Found:
    key, paths = b"", dict[bytes, list[Path]]({_STORE: [], _BLOB: []})
    for kind, digest, size in _parts(reader):
        if kind == _FACTS and size <= _MAX_FACTS:
            key = _key_in(b"".join(_pieces(reader, digest, size)))
            continue
        if kind not in paths:
            raise SealedFileError("the backup holds a part nobody knows")
        path = folder / digest.hex()
        with path.open("wb") as out:
            out.writelines(_pieces(reader, digest, size))
            out.flush()
            os.fsync(out.fileno())
        paths[kind].append(path)
    if len(paths[_STORE]) != 1 or len(key) != 32:
        raise SealedFileError("the backup holds no store")
    return _Found(key, paths[_STORE][0], tuple(paths[_BLOB]))


def _key_in(facts: bytes) -> bytes:
    try:
        return base64.b64decode(json.loads(facts)["key"])
    except (ValueError, KeyError, TypeError):
        raise SealedFileError("the facts of the backup are malformed") from None


def _read_back(path: Path, keyring: Keyring) -> None:
    """Read the whole file as a restore would; what the disk gives back is what counts."""
    with path.open("rb") as source:
        os.posix_fadvise(source.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        reader = Reader(source)
        reader.unlock(reader.header.key_of_machine(keyring.store))
        for _, digest, size in _parts(reader):
            for _ in _pieces(reader, digest, size):
                pass
        reader.finish()


# --- putting it in its place ----------------------------------------------------------------------------------------


def _unlocked(reader: Reader, own: Keyring | None, secret: Secret) -> bytes:
    header = reader.header
    if own is not None:
        with suppress(SealedFileLocked):
            return header.key_of_machine(own.store)
    if secret.grant:
        return read_grant(secret.grant, header, secret.passphrase)
    return header.key_of_passphrase(secret.passphrase)


def _install(found: _Found, place: Place, own: Keyring | None) -> Restored:
    if own is not None and own.store != found.key and place.store.exists():
        raise StoreError(
            "backup_foreign", "Bản sao lưu này của máy khác.", "Chọn bản sao lưu của máy này; kho hồ sơ chưa có gì thay đổi."
        )
    for blob in found.blobs:
        _put_blob(blob, place.blobs)
    db = connect(found.store, found.key)
    try:
        with immediate(db):
            _doubt_papers(db)
            _begin_anew(db, Ledger(place.ledger))
            _note_absent(db, place.blobs)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        db.close()
    _to_disk(found.store)
    if own is None:
        make_keyring(place.keys, found.key)
    elif own.store != found.key:
        place.keys.change(lambda held: replace(held, store=found.key))
    kept = _keep(place.store, found.key)
    if kept is not None:
        _keep_blobs(place.blobs, place.blobs.with_name(place.blobs.name + kept.name.removeprefix(place.store.name)))
    found.store.replace(place.store)
    _to_disk(place.store.parent)
    return Restored(kept, own is None or own.store != found.key)


def _know_signer(found: _Found, signer: bytes) -> None:
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


def _begin_anew(db: sqlite_utils.Database, ledger: Ledger) -> None:
    """A new incarnation, and provisional numbers beyond all that may be on paper."""
    db.execute(
        "INSERT INTO incarnation (inc, ordinal, n, head) SELECT ?, coalesce(max(ordinal), 0) + 1, 0, ? FROM incarnation",
        [secrets.randbits(40) or 1, ZERO_HEAD],
    )
    row = db.execute("SELECT v FROM meta WHERE k = 'number'").fetchone()
    number = int(row[0]) if row else 0
    beyond = max(number, ledger.below - 1) if ledger.below else number + UNKNOWN_NUMBERS
    db.execute("INSERT OR REPLACE INTO meta (k, v) VALUES ('number', ?)", [beyond])


def _put_blob(blob: Path, folder: Path) -> None:
    """An attachment under its name: its bytes, then its name, then the folder, each on disk before the next."""
    target = folder / blob.name[:2] / blob.name
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = _beside(target, ".new")
    shutil.copyfile(blob, temporary)
    _to_disk(temporary)
    temporary.replace(target)
    for changed in (target.parent, folder, folder.parent):
        _to_disk(changed)


def _note_absent(db: sqlite_utils.Database, folder: Path) -> None:
    """Attachments that were whole at the province did not come along."""
    here = [(row[0],) for row in db.execute("SELECT id FROM blob WHERE here").fetchall()]
    absent = [(blob,) for (blob,) in here if not (folder / blob[:2] / blob).exists()]
    db.conn.executemany("UPDATE blob SET here = 0 WHERE id = ?", absent)


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
        _beside(path, suffix).unlink(missing_ok=True)
    _to_disk(path.parent)


def _why_vi(error: Exception) -> str:
    """One sentence; the system's own words are English."""
    if isinstance(error, OSError):
        return why_vi(error)
    return error.message_vi if isinstance(error, SyncError) else "Tệp kho hồ sơ trong đó bị hỏng."


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
