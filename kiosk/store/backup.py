"""Backup of the encrypted store and its attachments, whole and checked.

A backup is one sealed file (:mod:`sync.sealed_file`), signed by the device: a copy of the store made by ``VACUUM INTO`` inside one
read snapshot, still encrypted with its own key, that key, and the attachments the province does not hold yet. It is written under
a temporary name, fsynced, read back from the first byte to the last, and only then counts. It opens on this machine, at the
province, and with the technician's passphrase if one was given; the device's own keys are not in it, so it makes no second device.
:mod:`kiosk.store.restore` is the way back.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from kiosk.store.backup_parts import beside, folder_beside, pack, prove, read_through, why_vi
from kiosk.store.blobs import KioskFiles
from kiosk.store.connection import DatabaseError, StoreError
from kiosk.store.keyring import Keyring
from kiosk.store.store import Store
from sync.durable import to_disk
from sync.errors import SyncError
from sync.key_file import PassphraseWrap
from sync.rollover import ProvincePublic
from sync.sealed_file import MAGIC, Holders, Reader, Writer


@dataclass(frozen=True, slots=True)
class Receivers:
    """Who may open a backup beside the machine itself."""

    province: ProvincePublic | None = None
    passphrase: str = ""


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A backup that was written and read back. ``unread``: attachments that are missing here or cannot be read, so not in it."""

    size: int
    unread: tuple[str, ...] = ()


def back_up(store: Store, keyring: Keyring, target: Path, to: Receivers = Receivers()) -> BackedUp:
    """Write a sealed backup to ``target``.

    Raises:
        StoreError: ``backup_failed`` when it cannot be written or proved, ``backup_target`` when something else than a backup
            bears that name.
    """
    if not _is_free(target):
        raise StoreError(
            "backup_target",
            "Tên này đang là của thứ khác, không phải tệp sao lưu; chưa ghi gì.",
            "Chọn tên tệp khác, tốt nhất trên ổ khác.",
        )
    temporary = beside(target, ".new")
    try:
        with folder_beside(store.path) as folder:
            copy = folder / "store"
            store.copy_to(copy)
            prove(copy, keyring.store)
            with temporary.open("wb") as out:
                writer = Writer(out, keyring.device.sign, _device(store), _holders(keyring, to))
                unread = pack(writer, keyring.store, copy, KioskFiles(store))
                writer.finish()
                out.flush()
                os.fsync(out.fileno())
        _read_back(temporary, keyring)
        temporary.replace(target)
        to_disk(target.parent)
        return BackedUp(target.stat().st_size, unread)
    except (DatabaseError, OSError, SyncError) as error:
        raise StoreError(
            "backup_failed", f"Không ghi được bản sao lưu. {why_vi(error)}", "Sao lưu ra ổ khác; bản gốc vẫn nguyên."
        ) from None
    finally:
        temporary.unlink(missing_ok=True)


def _is_free(target: Path) -> bool:
    """Whether nothing bears the name, or an earlier backup: anything else (a device, a folder, somebody's letter) stays."""
    if not target.is_symlink() and not target.exists():
        return True
    try:
        return target.is_file() and not target.is_symlink() and target.open("rb").read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def _holders(keyring: Keyring, to: Receivers) -> Holders:
    return Holders(keyring.store, to.province, PassphraseWrap(to.passphrase) if to.passphrase else None)


def _device(store: Store) -> int:
    return store.enrolled.device if store.enrolled is not None else 0


def _read_back(path: Path, keyring: Keyring) -> None:
    """Read the whole file as a restore would; what the disk gives back is what counts."""
    with path.open("rb") as source:
        os.posix_fadvise(source.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        reader = Reader(source)
        reader.unlock(reader.header.key_of_machine(keyring.store))
        read_through(reader)
