"""Opening the encrypted store: SQLCipher with a raw key, WAL, ``synchronous=FULL``, through sqlite-utils.

FULL, because WAL with NORMAL loses acknowledged commits in a power cut (SYNC design 3.2). The SQLite inside must be 3.51.3
or newer: older ones can lose committed pages when two connections reset the WAL. Both are checked after opening and refused
loudly. Rules learnt of sqlite-utils over SQLCipher: transactions only through :func:`immediate`, no ``alter=True`` (it
catches another driver's exceptions).
"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as driver
import sqlite_utils

from sync.steps import step

DatabaseError = driver.DatabaseError
OperationalError = driver.OperationalError
InterfaceError = driver.InterfaceError
"""A value of a kind that no column takes."""

LEAST_SQLITE = (3, 51, 3)


class StoreError(Exception):
    """A store that cannot be used: stable ``code``, Vietnamese sentence, cure."""

    def __init__(self, code: str, message_vi: str, cure_vi: str) -> None:
        super().__init__(f"{code}: {message_vi} {cure_vi}")
        self.code = code
        self.message_vi = message_vi
        self.cure_vi = cure_vi


def connect(path: Path, key: bytes) -> sqlite_utils.Database:
    """Open (and create) the encrypted file with a raw 32-byte key.

    Raises:
        StoreError: ``store_key`` wrong key or not a store, ``store_engine`` SQLite too old, ``store_wal`` no WAL here,
            ``disk_full``, ``store_damaged``, ``store_io``.
    """
    if driver.sqlite_version_info < LEAST_SQLITE:
        raise StoreError(
            "store_engine",
            f"Thư viện SQLite {driver.sqlite_version} quá cũ.",
            "Cần bản 3.51.3 trở lên: chạy lại lệnh cài đặt.",
        )
    if len(key) != 32:
        raise ValueError("the store key is 32 bytes")
    try:
        connection = driver.connect(str(path), isolation_level=None, check_same_thread=False, timeout=5.0)
    except driver.DatabaseError as error:
        raise named(error, path) from None
    # A wrong key is reported by our own error; SQLCipher's lines on stderr would only frighten.
    connection.execute("PRAGMA cipher_log_level = NONE")
    connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
    try:
        prepare(connection)
    except driver.DatabaseError as error:
        connection.close()
        raise named(error, path) from None
    except StoreError:
        connection.close()
        raise
    return sqlite_utils.Database(connection)


def prepare(connection: Any) -> None:
    """Set what durability and secrecy need, and see that it holds.

    Raises:
        StoreError: ``store_wal`` when the file system gives no WAL.
    """
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    for pragma in (
        "synchronous = FULL",
        "foreign_keys = ON",
        "busy_timeout = 5000",
        "wal_autocheckpoint = 1000",
        "temp_store = MEMORY",
        "secure_delete = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")
    if mode != "wal" or connection.execute("PRAGMA synchronous").fetchone()[0] != 2:
        raise StoreError("store_wal", "Ổ đĩa này không hỗ trợ ghi an toàn (WAL).", "Đặt kho hồ sơ trên ổ đĩa trong máy.")


def named(error: Exception, path: Path) -> StoreError:
    """What a failure of the engine means for the people at the machine; the cure never asks to overwrite a sound store."""
    text = str(error)
    cramped = any(word in text for word in ("unable to open", "I/O")) and shutil.disk_usage(path.parent).free < CRAMPED
    if "full" in text or cramped:
        return StoreError("disk_full", "Ổ đĩa của máy đã đầy.", "Giải phóng ổ đĩa rồi mở lại; hồ sơ vẫn nguyên.")
    if "not a database" in text:
        return StoreError(
            "store_key", "Không mở được kho hồ sơ: sai khóa hoặc tệp hỏng.", "Khôi phục từ bản sao lưu; đừng xóa tệp này."
        )
    if "malformed" in text:
        return StoreError(
            "store_damaged",
            "Tệp kho hồ sơ bị hỏng.",
            "Giữ nguyên tệp, gọi kỹ thuật: khôi phục từ bản sao lưu bằng «store restore».",
        )
    if "locked" in text or "busy" in text:
        return StoreError("store_busy", "Máy đang bận ghi dữ liệu.", "Chờ một chút rồi thử lại.")
    return _store_io(text)


def cannot_write(error: OSError) -> StoreError:
    """What a file beside the store that cannot be written means; says nothing of where it lies."""
    return _store_io(error.strerror or type(error).__name__)


def _store_io(why: str) -> StoreError:
    return StoreError("store_io", f"Không đọc ghi được kho hồ sơ ({why}).", "Kiểm tra ổ đĩa và quyền của thư mục trạng thái.")


PASSING = ("store_busy", "disk_full")
"""Codes of troubles that pass: whoever works on its own waits and tries again."""

CRAMPED = 1024 * 1024
"""Free bytes below which a failure to open or write is put down to the full disk."""


@contextmanager
def immediate(db: sqlite_utils.Database) -> Iterator[None]:
    """One write transaction, taken at once (``BEGIN IMMEDIATE``), durable when the block ends, undone when it raises.

    Raises:
        StoreError: ``store_busy`` when another process kept the store longer than ``busy_timeout``; nothing is left behind.
    """
    connection: Any = db.conn
    with _busy_named():
        connection.execute("BEGIN IMMEDIATE")
    try:
        before = connection.total_changes
        yield
        # Only what changes something becomes durable: an empty commit is no durable step.
        with step("store.commit") if connection.total_changes != before else nullcontext(), _busy_named():
            connection.execute("COMMIT")
    except BaseException:
        # A full disk or a trigger may have ended the transaction already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def undone_alone(db: sqlite_utils.Database) -> Iterator[None]:
    """A part of a transaction that is undone by itself when it raises; what went before it stays."""
    connection: Any = db.conn
    connection.execute("SAVEPOINT part")
    try:
        yield
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK TO part")
            connection.execute("RELEASE part")
        raise
    connection.execute("RELEASE part")


@contextmanager
def _busy_named() -> Iterator[None]:
    try:
        yield
    except driver.OperationalError as error:
        if not any(word in str(error) for word in ("locked", "busy")):
            raise
        raise StoreError("store_busy", "Máy đang bận ghi dữ liệu.", "Chờ một chút rồi thử lại.") from None


def named_trouble(error: Exception, path: Path) -> Exception:
    """A disk that is full, fails or has become read-only, in words; any other error as it is."""
    if is_full(error):
        return StoreError("disk_full", "Ổ đĩa của máy đã đầy.", "Bà con chờ một chút, cán bộ sẽ giúp. Kỹ thuật: giải phóng ổ đĩa.")
    if isinstance(error, OSError):
        return cannot_write(error) if error.errno in (errno.EIO, errno.EROFS) else error
    return named(error, path) if any(word in str(error) for word in ("I/O", "readonly")) else error


def is_full(error: Exception) -> bool:
    """Whether no room is left on the disk."""
    return "full" in str(error) or getattr(error, "errno", None) == errno.ENOSPC
