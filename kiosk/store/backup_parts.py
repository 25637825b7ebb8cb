"""What is in a backup: the store's key, the store, the attachments, each part with its length and SHA-256.

Writing (:mod:`kiosk.store.backup`) and restoring (:mod:`kiosk.store.restore`) share this format and the proof that an unpacked
store is sound.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, Final

from kiosk.store.blobs import KioskFiles
from kiosk.store.connection import DatabaseError, StoreError, connect
from sync.errors import SealedFileError, SyncError
from sync.file_trouble import why_vi as file_why_vi
from sync.sealed_file import Reader, Writer

_PART: Final = struct.Struct(">c32sQ")
"""Kind, SHA-256 of the bytes, how many bytes."""
_FACTS, _STORE, _BLOB, _END = b"f", b"s", b"b", b"e"
_PIECE: Final = 1024 * 1024
_MAX_FACTS: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Found:
    """An unpacked backup, not yet in its place."""

    key: bytes
    store: Path
    blobs: tuple[Path, ...]


def pack(writer: Writer, key: bytes, copy: Path, files: KioskFiles) -> tuple[str, ...]:
    """Write the parts: the key first, then the store's copy, then the attachments that are nowhere else.

    Returns the attachments that are missing here or cannot be read: a disk that begins to fail must not keep the rest from safety.
    """
    facts = json.dumps({"key": base64.b64encode(key).decode("ascii")}).encode("ascii")
    writer.write(_PART.pack(_FACTS, hashlib.sha256(facts).digest(), len(facts)) + facts)
    with copy.open("rb") as store:
        _write_part(writer, _STORE, store, hashlib.file_digest(store, "sha256").digest())
    unread: list[str] = []
    for blob in _not_at_the_province(copy, key):
        try:
            source, digest = _read_once(files.path(blob))
        except OSError:
            unread.append(blob)
            continue
        with source:
            _write_part(writer, _BLOB, source, digest)
    writer.write(_PART.pack(_END, bytes(32), 0))
    return tuple(unread)


def _read_once(path: Path) -> tuple[BinaryIO, bytes]:
    """An open file that can be read to its end, and its SHA-256."""
    source = path.open("rb")
    try:
        return source, hashlib.file_digest(source, "sha256").digest()
    except OSError:
        source.close()
        raise


def _write_part(writer: Writer, kind: bytes, source: BinaryIO, digest: bytes) -> None:
    """A file that has just been read to its end."""
    writer.write(_PART.pack(kind, digest, source.tell()))
    source.seek(0)
    while piece := source.read(_PIECE):
        writer.write(piece)


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


def unpack(reader: Reader, folder: Path) -> Found:
    """Read the parts into a folder, each under its SHA-256, durable on return. Raises SealedFileError."""
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
    return Found(key, paths[_STORE][0], tuple(paths[_BLOB]))


def _key_in(facts: bytes) -> bytes:
    try:
        return base64.b64decode(json.loads(facts)["key"])
    except (ValueError, KeyError, TypeError):
        raise SealedFileError("the facts of the backup are malformed") from None


def read_through(reader: Reader) -> None:
    """Read a whole backup as a restore would, and keep nothing. Raises SealedFileError."""
    for _, digest, size in _parts(reader):
        for _ in _pieces(reader, digest, size):
            pass
    reader.finish()


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


def prove(path: Path, key: bytes) -> None:
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


@contextmanager
def folder_beside(store: Path) -> Iterator[Path]:
    """On the store's disk, gone at the end; one a killed program left is cleared away by the next copy (``Store.copy``)."""
    with TemporaryDirectory(prefix=f"{store.name}.copy-{os.getpid()}-", dir=store.parent) as folder:
        yield Path(folder)


def why_vi(error: Exception) -> str:
    """One sentence; the system's own words are English."""
    if isinstance(error, OSError):
        return file_why_vi(error)
    return error.message_vi if isinstance(error, SyncError) else "Tệp kho hồ sơ trong đó bị hỏng."


def beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)
