"""The kiosk's secrets in one key file: the store's 32-byte key and the device's signing and sealing keys.

On a machine with systemd credentials the passphrase comes as the credential ``kiosk-passphrase`` and the file is useless
without it; elsewhere the file's mode 0600 is the only guard, so that a copied database alone tells nothing. The file is
made at the first start and never changed.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kiosk.store.connection import StoreError
from sync.errors import KeyFileError, WrongPassphrase
from sync.keys import DeviceKeys, KeyWrap, PassphraseWrap, PlainWrap, read_key_file, write_key_file

CREDENTIAL = "kiosk-passphrase"


@dataclass(frozen=True, slots=True)
class Keyring:
    """``store``: raw key of the encrypted store. ``device``: keys made on this machine, never leaving it."""

    store: bytes
    device: DeviceKeys


def machine_wrap(environment: Mapping[str, str] = os.environ) -> KeyWrap:
    """How this machine wraps its key file: with the passphrase it hands to its services, or not at all."""
    folder = environment.get("CREDENTIALS_DIRECTORY")
    if folder:
        try:
            passphrase = Path(folder, CREDENTIAL).read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            passphrase = ""
        if passphrase:
            return PassphraseWrap(passphrase)
    return PlainWrap()


def open_keyring(file: Path, wrap: KeyWrap, *, store_exists: bool) -> Keyring:
    """Read the secrets, making them at the first start of a machine.

    Raises:
        StoreError: ``key_missing`` when there is a store but no key file (never made anew: that would lose the store),
            ``key_unreadable`` for a damaged or unguarded file, ``key_locked`` for a wrong or missing passphrase.
    """
    if not file.exists():
        if store_exists:
            raise StoreError("key_missing", "Mất tệp khóa của kho hồ sơ.", "Chép lại tệp khóa từ bản sao lưu; đừng xóa kho.")
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_key_file(file, {"store": secrets.token_bytes(32), **DeviceKeys.generate().secrets()}, wrap)
    try:
        held = read_key_file(file, wrap)
        return Keyring(held["store"], DeviceKeys.from_secrets(held))
    except WrongPassphrase:
        raise StoreError("key_locked", "Mật khẩu mở kho hồ sơ không đúng.", "Đặt lại kiosk-passphrase như lúc cài máy.") from None
    except (KeyFileError, KeyError) as error:
        raise StoreError("key_unreadable", f"Không đọc được tệp khóa: {error}.", "Khôi phục tệp khóa từ bản sao lưu.") from None
