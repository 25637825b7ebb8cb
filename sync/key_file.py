"""Key files: named secrets on the disk, whole or not at all, mode 0600, wrapped as the machine's owner chose.

A file that others of the machine can read, that is wrapped in another way than asked for, or that is damaged is refused with a name
of its own: a machine never makes itself new keys because it could not read its old ones. :class:`KeyWrap` is where a passphrase or
a TPM comes in.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from nacl import pwhash, utils
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from sync.durable import write_whole
from sync.errors import KeyFileError, KeyFileOpen, KeyFileWrapped, WrongPassphrase


class KeyWrap(Protocol):
    """How the secrets of a key file are wrapped on the disk."""

    name: str

    def wrap(self, secret: bytes) -> dict[str, Any]:
        """JSON-ready facts from which :meth:`unwrap` gives the secret back."""
        ...

    def unwrap(self, facts: Mapping[str, Any]) -> bytes: ...


class PlainWrap:
    """No wrapping: the file's mode 0600 and the encrypted disk below it are the only protection."""

    name = "none"

    def wrap(self, secret: bytes) -> dict[str, Any]:
        return {"data": _b64(secret)}

    def unwrap(self, facts: Mapping[str, Any]) -> bytes:
        return _unb64(facts.get("data"))


@dataclass(frozen=True, slots=True)
class PassphraseWrap:
    """Wrapped with a key from the opening passphrase: Argon2id, then XSalsa20-Poly1305. About 0.2 s on two cores."""

    passphrase: str
    operations: int = pwhash.argon2id.OPSLIMIT_INTERACTIVE
    memory: int = pwhash.argon2id.MEMLIMIT_INTERACTIVE
    """Bytes of memory Argon2id uses."""

    name = "argon2id"

    def wrap(self, secret: bytes) -> dict[str, Any]:
        salt = utils.random(pwhash.argon2id.SALTBYTES)
        box = self._box(salt, self.operations, self.memory)
        return {"salt": _b64(salt), "ops": self.operations, "mem": self.memory, "data": _b64(bytes(box.encrypt(secret)))}

    def unwrap(self, facts: Mapping[str, Any]) -> bytes:
        operations, memory = facts.get("ops"), facts.get("mem")
        if not (isinstance(operations, int) and isinstance(memory, int) and 1 <= operations <= 20 and 8192 <= memory <= 1 << 30):
            raise KeyFileError("key file: Argon2id limits are missing or unreasonable")
        salt = _unb64(facts.get("salt"))
        if len(salt) != pwhash.argon2id.SALTBYTES:
            raise KeyFileError("key file: salt has the wrong size")
        box = self._box(salt, operations, memory)
        try:
            return bytes(box.decrypt(_unb64(facts.get("data"))))
        except (CryptoError, ValueError):
            raise WrongPassphrase("the passphrase does not open this key file") from None

    def _box(self, salt: bytes, operations: int, memory: int) -> SecretBox:
        key = pwhash.argon2id.kdf(SecretBox.KEY_SIZE, self.passphrase.encode("utf-8"), salt, opslimit=operations, memlimit=memory)
        return SecretBox(key)


def write_key_file(path: Path, secrets: Mapping[str, bytes], wrap: KeyWrap | None = None) -> None:
    """Write named secrets, whole or not at all."""
    wrap = wrap or PlainWrap()
    inner = json.dumps({name: _b64(value) for name, value in secrets.items()}, separators=(",", ":")).encode()
    body = json.dumps({"v": 1, "wrap": wrap.name, **wrap.wrap(inner)}, separators=(",", ":")).encode() + b"\n"
    write_whole(path, body)


def read_key_file(path: Path, wrap: KeyWrap | None = None) -> dict[str, bytes]:
    """Read named secrets back.

    Raises:
        KeyFileError: missing, damaged, wrapped in another way, or readable by group or others.
        WrongPassphrase: the passphrase does not open it.
    """
    wrap = wrap or PlainWrap()
    try:
        with path.open("rb") as source:
            if os.fstat(source.fileno()).st_mode & 0o077:
                raise KeyFileOpen("key file can be read by other users: set its mode to 0600")
            raw = json.loads(source.read(1 << 20))
    except (OSError, ValueError, RecursionError) as error:
        raise KeyFileError(f"key file cannot be read: {type(error).__name__}") from None
    if not isinstance(raw, dict) or raw.get("v") != 1:
        raise KeyFileError("not a key file of this version")
    if raw.get("wrap") != wrap.name:
        raise KeyFileWrapped(f"key file is wrapped with {raw.get('wrap')!r}, not {wrap.name!r}")
    try:
        inner = json.loads(wrap.unwrap(raw))
    except (ValueError, RecursionError):
        raise KeyFileError("key file: the secrets are damaged") from None
    if not isinstance(inner, dict):
        raise KeyFileError("key file: the secrets are damaged")
    return {str(name): _unb64(value) for name, value in inner.items()}


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _unb64(text: Any) -> bytes:
    if not isinstance(text, str):
        raise KeyFileError("key file: a value is missing")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise KeyFileError("key file: a value is not base64") from None
