"""The province's secrets, in ``keys/`` of the state folder, made at first start and never replaced.

Whoever holds these files is the province: the folder is 0700, the files 0600, and a start with wider rights is refused. The
root key has a file of its own so that it can be taken off the machine later. Copy the folder to a safe as soon as it exists:
without it every kiosk has to be enrolled again.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from province.errors import ProvinceError
from sync.errors import SyncError
from sync.keys import SealKey, SigningKey, read_key_file, write_key_file

_FILES: Final = {"root.key": ("root",), "province.key": ("signing", "sealing", "django")}


@dataclass(frozen=True, slots=True, repr=False)
class Keyring:
    """The secrets of one province. ``repr`` tells nothing."""

    root: SigningKey
    """Signs enrolment bundles (offline in earnest: SYNC design 1.13)."""
    signing: SigningKey
    """Signs replies and the feed."""
    sealing: SealKey
    """Opens what kiosks sealed to the province."""
    django: bytes
    """Django's SECRET_KEY: sessions and CSRF tokens."""


def open_keyring(state: Path) -> Keyring:
    """Read the secrets of this state folder, making the files that do not exist yet.

    Raises:
        ProvinceError: ``keys_readable_by_others``, ``keys_damaged``.
    """
    folder = state / "keys"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_mode & 0o077:
        raise ProvinceError(
            "keys_readable_by_others", "Người khác trên máy này mở được thư mục khóa bí mật.", "Chạy chmod 700 cho thư mục keys."
        )
    found: dict[str, bytes] = {}
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name, parts in _FILES.items():
            if not (folder / name).exists():
                write_key_file(folder / name, {part: secrets.token_bytes(32) for part in parts})
            found |= _read(folder / name)
    try:
        return Keyring(SigningKey(found["root"]), SigningKey(found["signing"]), SealKey(found["sealing"]), found["django"])
    except (KeyError, ValueError):
        raise _damaged("thiếu khóa") from None


def _read(path: Path) -> dict[str, bytes]:
    if path.stat().st_mode & 0o077:
        raise ProvinceError(
            "keys_readable_by_others",
            f"Người khác trên máy này đọc được khóa bí mật {path.name}.",
            f"Chạy chmod 600 cho keys/{path.name}.",
        )
    try:
        return read_key_file(path)
    except SyncError as error:
        raise _damaged(f"{path.name}: {error}") from None


def _damaged(what: str) -> ProvinceError:
    return ProvinceError(
        "keys_damaged",
        f"Tệp khóa hỏng ({what}).",
        "Khôi phục thư mục keys từ bản sao lưu. Không tạo khóa mới: các máy ở xã sẽ không nhận ra tỉnh nữa.",
    )


def lock_state(state: Path) -> int:
    """Hold the state folder for the one serving process; the lock goes with the process, also when it is killed.

    Returns the open file descriptor.

    Raises:
        ProvinceError: ``already_serving``.
    """
    handle = os.open(state / "serving.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise ProvinceError(
            "already_serving",
            "Một tiến trình khác đang phục vụ thư mục dữ liệu này.",
            "Dừng tiến trình đó, hoặc chọn --state khác.",
        ) from None
    return handle
