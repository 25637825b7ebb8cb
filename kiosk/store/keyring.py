"""The store's key: 32 random bytes in a file of its own, wrapped by a passphrase where the machine has one.

On a machine with systemd credentials the passphrase comes as the credential ``kiosk-passphrase`` and the key file is useless without it; elsewhere the
file holds the key itself with mode 0600, so that a copied database alone tells nothing. The device's signing keys lie inside the encrypted store.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

import nacl.exceptions
import nacl.pwhash
import nacl.secret

from kiosk.store.connection import StoreError

CREDENTIAL = "kiosk-passphrase"


def machine_passphrase(environment: Mapping[str, str] = os.environ) -> bytes | None:
    """The passphrase this machine hands to its services, or ``None`` when it has none."""
    folder = environment.get("CREDENTIALS_DIRECTORY")
    if not folder:
        return None
    try:
        return Path(folder, CREDENTIAL).read_bytes().strip() or None
    except FileNotFoundError:
        return None


def store_key(file: Path, passphrase: bytes | None = None) -> bytes:
    """Read the store's key, making it at the first start.

    Raises:
        StoreError: ``key_unreadable`` for a damaged file, ``key_locked`` when the passphrase is missing or wrong.
    """
    if not file.exists():
        _make(file, passphrase)
    try:
        raw = json.loads(file.read_text(encoding="ascii"))
        wrapped = bytes.fromhex(raw["key"])
        salt = bytes.fromhex(raw["salt"]) if raw.get("salt") else None
    except (OSError, ValueError, KeyError, TypeError):
        raise StoreError("key_unreadable", "Tệp khóa của kho hồ sơ bị hỏng.", "Khôi phục tệp khóa từ bản sao lưu.") from None
    if salt is None:
        return wrapped
    if passphrase is None:
        raise StoreError("key_locked", "Kho hồ sơ đang khóa.", "Máy chưa trao mật khẩu (kiosk-passphrase) cho dịch vụ.")
    try:
        return nacl.secret.SecretBox(_derive(passphrase, salt)).decrypt(wrapped)
    except nacl.exceptions.CryptoError:
        raise StoreError("key_locked", "Mật khẩu mở kho hồ sơ không đúng.", "Đặt lại kiosk-passphrase như lúc cài máy.") from None


def _make(file: Path, passphrase: bytes | None) -> None:
    key = secrets.token_bytes(32)
    fact = {"key": key.hex(), "salt": ""}
    if passphrase is not None:
        salt = secrets.token_bytes(nacl.pwhash.argon2id.SALTBYTES)
        fact = {"key": nacl.secret.SecretBox(_derive(passphrase, salt)).encrypt(key).hex(), "salt": salt.hex()}
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = file.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as out:
        json.dump(fact, out)
        out.flush()
        os.fsync(out.fileno())
    temporary.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _derive(passphrase: bytes, salt: bytes) -> bytes:
    return nacl.pwhash.argon2id.kdf(
        nacl.secret.SecretBox.KEY_SIZE,
        passphrase,
        salt,
        opslimit=nacl.pwhash.argon2id.OPSLIMIT_INTERACTIVE,
        memlimit=nacl.pwhash.argon2id.MEMLIMIT_INTERACTIVE,
    )
