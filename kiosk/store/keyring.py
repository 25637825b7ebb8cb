"""The kiosk's secrets in one key file: the store's 32-byte key, and the device's keys, past, present and next.

A copied database alone tells nothing: its key is here, and here it is wrapped as ``store.key_wrap`` says (:func:`machine_wrap`).
The file is made at the first start. Later it is only ever replaced whole, under a lock, by one that still holds everything the
one before held, so there is no moment without a file that works: keys that are to come are written first (``following``), put in
force second, and the sealing keys they replace stay for what was sealed to them.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from kiosk.store.connection import StoreError
from kiosk.store.tpm import TpmWrap
from sync.errors import KeyFileError, KeyFileOpen, KeyFileWrapped, WrongPassphrase
from sync.key_file import KeyWrap, PassphraseWrap, PlainWrap, read_key_file, write_key_file
from sync.keys import DeviceKeys, SealKey, SigningKey
from sync.rollover import MAX_ROTATIONS

log = logging.getLogger(__name__)

CREDENTIAL = "kiosk-passphrase"


@dataclass(frozen=True, slots=True, repr=False)
class Keyring:
    """``store``: raw key of the encrypted store. ``device``: keys made on this machine, never leaving it."""

    store: bytes
    device: DeviceKeys
    generation: int = 1
    """Of the device's keys, as the province counts them."""
    former: tuple[SealKey, ...] = ()
    """Sealing keys of earlier generations, newest first."""
    following: DeviceKeys | None = None
    """Keys made but not yet in force."""
    rotations: tuple[bytes, ...] = ()
    """The letters that lead to the keys in force, oldest first, the newest of them kept: a province restored from an older backup
    than a change of keys is told again."""
    untold: bool = False
    """The last of them is not answered yet."""

    @property
    def openers(self) -> tuple[SealKey, ...]:
        """Whatever was sealed to this machine opens with one of these."""
        following = () if self.following is None else (self.following.seal,)
        return (self.device.seal, *following, *self.former)

    @property
    def rotation(self) -> bytes:
        """The letter that tells the province of the keys in force, until an answer to it came."""
        return self.rotations[-1] if self.untold else b""

    def promoted(self, generation: int, rotation: bytes = b"") -> Keyring:
        """The following keys in force, by a letter of the keys before; without one the letters before lead nowhere."""
        if self.following is None:
            raise ValueError("there are no following keys")
        former = (self.device.seal, *self.former)
        letters = (*self.rotations, rotation)[-MAX_ROTATIONS:] if rotation else ()
        return Keyring(self.store, self.following, generation, former, rotations=letters, untold=bool(rotation))

    def secrets(self) -> dict[str, bytes]:
        """As they stand in the file."""
        held = {"store": self.store, **self.device.secrets(), "generation": str(self.generation).encode("ascii")}
        held["former"] = b"".join(key.secret for key in self.former)
        if self.following is not None:
            held["following"] = self.following.sign.seed + self.following.seal.secret
        if self.rotations:
            held["rotations"] = json.dumps([letter.decode("ascii") for letter in self.rotations]).encode("ascii")
            held["untold"] = bytes([self.untold])
        return held

    @classmethod
    def from_secrets(cls, held: Mapping[str, bytes]) -> Keyring:
        """Raises KeyFileError: a secret is missing or has the wrong size."""
        try:
            following, former = held.get("following"), held["former"]
            return cls(
                store=held["store"],
                device=DeviceKeys.from_secrets(held),
                generation=int(held["generation"]),
                former=tuple(SealKey(former[at : at + 32]) for at in range(0, len(former), 32)),
                following=DeviceKeys(SigningKey(following[:32]), SealKey(following[32:])) if following else None,
                rotations=tuple(str(letter).encode("ascii") for letter in json.loads(held.get("rotations", b"[]"))),
                untold=bool(int.from_bytes(held.get("untold", b""))),
            )
        except (KeyError, ValueError):
            raise KeyFileError("a secret is missing or has the wrong size") from None


@dataclass(frozen=True, slots=True)
class KeyFile:
    """The key file of a machine and how it is wrapped."""

    path: Path
    wrap: KeyWrap

    def change(self, change: Callable[[Keyring], Keyring]) -> Keyring:
        """Replace the file whole by what ``change`` makes of its content; no other process changes it meanwhile.

        Raises:
            StoreError: as :func:`open_keyring`.
        """
        with self._locked():
            held = _read(self.path, self.wrap)
            fresh = change(held)
            if fresh is not held:
                write_key_file(self.path, fresh.secrets(), self.wrap)
            return fresh

    def make_following(self) -> Keyring:
        """Make the keys to come, or find those made before a crash."""
        return self.change(lambda held: held if held.following else replace(held, following=DeviceKeys.generate()))

    def rewrap(self, wrap: KeyWrap) -> None:
        """Wrap the same secrets in another way; no other process changes the file meanwhile."""
        with self._locked():
            held = _read(self.path, self.wrap)
            write_key_file(self.path, held.secrets(), wrap)
            _read(self.path, wrap)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self.path.with_name(self.path.name + ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


class KeyInForce:
    """The device's signing key, also when another process puts a new one in force while this one runs (``kiosk.rotation``).

    The file is only ever replaced whole, so a look at its entry in the folder tells whether there is anything new to read.
    """

    def __init__(self, path: Path, key: SigningKey, seen: Stamp) -> None:
        self._path = path
        self._key = key
        self._seen = seen

    def __call__(self) -> SigningKey:
        now = stamp(self._path)
        if now != self._seen:
            try:
                self._key = _read(self._path, present_wrap(self._path)).device.sign
                self._seen = now
            except StoreError as error:
                # The filing in hand matters more: the key held still proves it in the journal of this machine.
                log.warning("the key file was replaced and cannot be read: %s", error.code)
        return self._key


CURE_VI: Final = "Chạy «store restore» với bản sao lưu: trong đó có khóa của kho. Đừng xóa kho."
"""A backup holds the store's key, closed with the passphrase and for the province."""

Stamp = tuple[int, int] | None


def stamp(path: Path) -> Stamp:
    """What changes when a file is replaced; ``None`` when there is none."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_ino, facts.st_mtime_ns


def machine_wrap(choice: str = "auto", environment: Mapping[str, str] = os.environ) -> KeyWrap:
    """How this machine wraps its key file (``store.key_wrap``).

    ``auto``: with the passphrase that systemd hands to the service, where there is one, else not at all; ``passphrase``: the
    same, and never without; ``tpm``: with the machine's TPM; ``none``: not at all.

    Raises:
        StoreError: ``key_locked`` when the passphrase is asked for and not there.
    """
    if choice == "tpm":
        return TpmWrap()
    passphrase = "" if choice == "none" else _credential(environment)
    if passphrase:
        return PassphraseWrap(passphrase)
    if choice == "passphrase":
        raise StoreError(
            "key_locked", "Máy không nhận được mật khẩu mở kho hồ sơ.", "Đặt kiosk-passphrase cho dịch vụ như lúc cài máy."
        )
    return PlainWrap()


def present_wrap(path: Path, environment: Mapping[str, str] = os.environ) -> KeyWrap:
    """How a key file is wrapped now, by its own word.

    Raises:
        StoreError: ``key_unreadable``, ``key_locked`` as :func:`machine_wrap`.
    """
    choices = {PlainWrap.name: "none", PassphraseWrap.name: "passphrase", TpmWrap.name: "tpm"}
    try:
        return machine_wrap(choices[json.loads(path.read_bytes())["wrap"]], environment)
    except (OSError, ValueError, KeyError, TypeError):
        raise StoreError("key_unreadable", "Không đọc được tệp khóa.", f"Dời tệp khóa sang tên khác. {CURE_VI}") from None


def _credential(environment: Mapping[str, str]) -> str:
    folder = environment.get("CREDENTIALS_DIRECTORY")
    try:
        return Path(folder, CREDENTIAL).read_text(encoding="utf-8").strip() if folder else ""
    except FileNotFoundError:
        return ""


def open_keyring(file: KeyFile, *, store_exists: bool) -> Keyring:
    """Read the secrets, making them at the first start of a machine.

    Raises:
        StoreError: ``key_missing`` when there is a store but no key file (never made anew: that would lose the store),
            ``key_unreadable`` for a damaged or unguarded file, ``key_locked`` for a wrong or missing passphrase,
            ``tpm_missing`` and ``tpm_refused`` of the TPM.
    """
    if not file.path.exists():
        if store_exists:
            raise StoreError("key_missing", "Mất tệp khóa của kho hồ sơ.", CURE_VI)
        make_keyring(file, secrets.token_bytes(32))
    return _read(file.path, file.wrap)


def make_keyring(file: KeyFile, store: bytes) -> Keyring:
    """A key file for the store of this key, with device keys of its own."""
    fresh = Keyring(store, DeviceKeys.generate())
    file.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_key_file(file.path, fresh.secrets(), file.wrap)
    return fresh


def _read(path: Path, wrap: KeyWrap) -> Keyring:
    try:
        return Keyring.from_secrets(read_key_file(path, wrap))
    except WrongPassphrase:
        raise StoreError("key_locked", "Mật khẩu mở kho hồ sơ không đúng.", "Đặt lại kiosk-passphrase như lúc cài máy.") from None
    except (KeyFileOpen, KeyFileWrapped) as error:
        raise StoreError("key_unreadable", error.message_vi, error.cure_vi) from None
    except KeyFileError:
        raise StoreError("key_unreadable", "Không đọc được tệp khóa.", f"Dời tệp khóa sang tên khác. {CURE_VI}") from None
