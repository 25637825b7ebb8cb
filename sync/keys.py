"""Keys: Ed25519 to sign, X25519 sealed boxes to keep secret, fingerprints as Vietnamese words, key files.

Every signature names what it is for: the signed bytes start with the length and text of a context, so a signature over a
segment can never pass for one over a reply. Sealed boxes are libsodium's (X25519, XSalsa20-Poly1305, 48 bytes more than the
text) and say nothing about the sender, so whatever is sealed is also signed. A fingerprint is the first 64 bits of a SHA-256
as eight plain words, to be read out on the telephone. The protocol core knows only :class:`Signer`, :class:`Verifier`,
:class:`Opener`, :class:`Sealer` and the :class:`Suite` that makes them of bytes; :data:`SODIUM` is the product's. Key files are
written whole or not at all, mode 0600; :class:`KeyWrap` is where a passphrase or a TPM comes in.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Protocol

from nacl import pwhash, utils
from nacl.exceptions import CryptoError
from nacl.public import Box as _NaclBox
from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.secret import SecretBox
from nacl.signing import SigningKey as _NaclSigningKey
from nacl.signing import VerifyKey as _NaclVerifyKey

from sync.errors import BadSignature, KeyFileError, KeyFileOpen, KeyFileWrapped, SealBroken, WrongPassphrase

SIGNATURE: Final = 64
"""Bytes of a signature."""

SEAL_COST: Final = 48
"""Bytes a sealed box is longer than its text."""

BOX_COST: Final = 16
"""Bytes a shared box is longer than its text."""

BOX_NONCE: Final = 24


class Signer(Protocol):
    """Signs, 64 bytes each, bound to a context (ASCII, at most 255 bytes)."""

    @property
    def public(self) -> bytes:
        """The public half, from which :meth:`Suite.verifier` is made."""
        ...

    def sign(self, context: bytes, message: bytes) -> bytes: ...


class Verifier(Protocol):
    """Checks what a :class:`Signer` signed with the same context; raises :class:`BadSignature`."""

    def verify(self, context: bytes, message: bytes, signature: bytes) -> None: ...


class Box(Protocol):
    """What two holders of secret keys share: each closes for the other, :data:`BOX_COST` bytes longer than the text.

    Opening proves that one of the two closed it. A nonce (:data:`BOX_NONCE` bytes) must never come back with another text.
    """

    def close(self, nonce: bytes, text: bytes) -> bytes: ...

    def open(self, nonce: bytes, closed: bytes) -> bytes:
        """Raises :class:`SealBroken`."""
        ...


class Opener(Protocol):
    """Opens what a :class:`Sealer` sealed to it; raises :class:`SealBroken`."""

    def open(self, sealed: bytes) -> bytes: ...

    def box(self, public: bytes) -> Box:
        """The box shared with the holder of another key, for a live exchange."""
        ...


class Sealer(Protocol):
    """Seals to one receiver: :data:`SEAL_COST` bytes longer than the text, and nobody learns who sealed it."""

    def seal(self, text: bytes) -> bytes: ...


class Suite(Protocol):
    """Makes the parts of other people's bytes."""

    def verifier(self, public: bytes) -> Verifier: ...

    def sealer(self, public: bytes) -> Sealer: ...

    def opener(self, secret: bytes) -> Opener:
        """For secrets handed over sealed: the commune's."""
        ...


def _bound(context: bytes, message: bytes) -> bytes:
    return bytes([len(context)]) + context + message


class VerifyKey:
    """An Ed25519 public key, 32 bytes."""

    __slots__ = ("_key",)

    def __init__(self, public: bytes) -> None:
        if len(public) != 32:
            raise ValueError("an Ed25519 public key has 32 bytes")
        self._key = _NaclVerifyKey(public)

    def __bytes__(self) -> bytes:
        return bytes(self._key)

    def verify(self, context: bytes, message: bytes, signature: bytes) -> None:
        """Check a signature made by :meth:`SigningKey.sign` with the same context.

        Raises:
            BadSignature: it does not verify.
        """
        try:
            self._key.verify(_bound(context, message), signature)
        except (CryptoError, ValueError, TypeError):
            raise BadSignature(f"signature for {context.decode('ascii', 'replace')} does not verify") from None


class SigningKey:
    """An Ed25519 secret key, from its 32-byte seed."""

    __slots__ = ("_key", "public")

    def __init__(self, seed: bytes) -> None:
        if len(seed) != 32:
            raise ValueError("an Ed25519 seed has 32 bytes")
        self._key = _NaclSigningKey(seed)
        self.public: bytes = bytes(self._key.verify_key)

    @classmethod
    def generate(cls) -> SigningKey:
        return cls(utils.random(32))

    @property
    def seed(self) -> bytes:
        return bytes(self._key)

    @property
    def verify_key(self) -> VerifyKey:
        return VerifyKey(self.public)

    def sign(self, context: bytes, message: bytes) -> bytes:
        """64-byte signature over the message, bound to the context (ASCII, at most 255 bytes)."""
        return bytes(self._key.sign(_bound(context, message)).signature)


class SealKey:
    """An X25519 secret key, 32 bytes: opens what was sealed to its public half."""

    __slots__ = ("_box", "public", "secret")

    def __init__(self, secret: bytes) -> None:
        if len(secret) != 32:
            raise ValueError("an X25519 secret key has 32 bytes")
        key = PrivateKey(secret)
        self._box = SealedBox(key)
        self.secret: bytes = secret
        self.public: bytes = bytes(key.public_key)

    @classmethod
    def generate(cls) -> SealKey:
        return cls(utils.random(32))

    def open(self, sealed: bytes) -> bytes:
        """The text of a sealed box.

        Raises:
            SealBroken: sealed to another key, altered, or shorter than a box can be.
        """
        try:
            return bytes(self._box.decrypt(sealed))
        except (CryptoError, ValueError, TypeError):
            raise SealBroken("a sealed box does not open with this key") from None

    def box(self, public: bytes) -> Box:
        """The box shared with the holder of another X25519 key."""
        return _shared(self.secret, public)


class _SharedBox:
    """X25519, XSalsa20-Poly1305."""

    __slots__ = ("_box",)

    def __init__(self, secret: bytes, public: bytes) -> None:
        self._box = _NaclBox(PrivateKey(secret), PublicKey(public))

    def close(self, nonce: bytes, text: bytes) -> bytes:
        return bytes(self._box.encrypt(text, nonce).ciphertext)

    def open(self, nonce: bytes, closed: bytes) -> bytes:
        try:
            return bytes(self._box.decrypt(closed, nonce))
        except (CryptoError, ValueError, TypeError):
            raise SealBroken("a box does not open with the key shared with its sender") from None


@lru_cache(maxsize=512)
def _shared(secret: bytes, public: bytes) -> Box:
    """Agreeing on a key costs 60 us; a province talks to the same few hundred kiosks all day."""
    return _SharedBox(secret, public)


class BoxSealer:
    """Seals to an X25519 public key, 32 bytes."""

    __slots__ = ("_box",)

    def __init__(self, public: bytes) -> None:
        self._box = SealedBox(PublicKey(public))

    def seal(self, text: bytes) -> bytes:
        return bytes(self._box.encrypt(text))


def seal(public: bytes, text: bytes) -> bytes:
    """Seal a text to an X25519 public key: only the holder of the secret half reads it, and nobody learns who sealed it."""
    return BoxSealer(public).seal(text)


class _Sodium:
    """libsodium: Ed25519 signatures, X25519 sealed boxes."""

    def verifier(self, public: bytes) -> Verifier:
        return VerifyKey(public)

    def sealer(self, public: bytes) -> Sealer:
        return BoxSealer(public)

    def opener(self, secret: bytes) -> Opener:
        return SealKey(secret)


SODIUM: Final[Suite] = _Sodium()


# --- fingerprints ---------------------------------------------------------------------------------------------------


@cache
def word_list() -> tuple[str, ...]:
    """The 256 words of a fingerprint, one per byte value."""
    words = tuple(files("sync").joinpath("data/words_vi.txt").read_text(encoding="utf-8").split("\n")[:256])
    if len(words) != 256 or len(set(words)) != 256:
        raise RuntimeError("data/words_vi.txt must hold 256 different words")
    return words


def words(data: bytes) -> tuple[str, ...]:
    """Eight words: the first 64 bits of SHA-256 over the data. Two people compare them by reading them out."""
    table = word_list()
    return tuple(table[byte] for byte in hashlib.sha256(data).digest()[:8])


# --- key files ------------------------------------------------------------------------------------------------------


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


def write_whole(path: Path, body: bytes) -> None:
    """Write a small file whole or not at all: temporary name, mode 0600, fsync, rename, fsync of the folder."""
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(body)
        out.flush()
        os.fsync(out.fileno())
    os.replace(temporary, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


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


@dataclass(frozen=True, slots=True)
class DeviceKeys:
    """The two keys of a device: made on it, never leaving it."""

    sign: SigningKey
    seal: SealKey

    @classmethod
    def generate(cls) -> DeviceKeys:
        return cls(SigningKey.generate(), SealKey.generate())

    def secrets(self) -> dict[str, bytes]:
        """For :func:`write_key_file`; other secrets of the machine may stand beside them."""
        return {"sign": self.sign.seed, "seal": self.seal.secret}

    @classmethod
    def from_secrets(cls, secrets: Mapping[str, bytes]) -> DeviceKeys:
        """From :func:`read_key_file`.

        Raises:
            KeyFileError: a key is missing or has the wrong size.
        """
        try:
            return cls(SigningKey(secrets["sign"]), SealKey(secrets["seal"]))
        except (KeyError, ValueError):
            raise KeyFileError("key file: a device key is missing or has the wrong size") from None


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _unb64(text: Any) -> bytes:
    if not isinstance(text, str):
        raise KeyFileError("key file: a value is missing")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise KeyFileError("key file: a value is not base64") from None
