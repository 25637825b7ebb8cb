"""Keys: Ed25519 to sign, X25519 sealed boxes to keep secret, fingerprints as Vietnamese words.

Every signature names what it is for: the signed bytes start with the length and text of a context, so a signature over a
segment can never pass for one over a reply. Sealed boxes are libsodium's (X25519, XSalsa20-Poly1305, 48 bytes more than the
text) and say nothing about the sender, so whatever is sealed is also signed. A fingerprint is the first 64 bits of a SHA-256
as eight plain words, to be read out on the telephone. The protocol core knows only :class:`Signer`, :class:`Verifier`,
:class:`Opener`, :class:`Sealer` and the :class:`Suite` that makes them of bytes; :data:`SODIUM` is the product's. How
secret keys lie on a disk is :mod:`sync.key_file`'s matter.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final, Protocol, TypeVar

from nacl import utils
from nacl.exceptions import CryptoError
from nacl.public import Box as _NaclBox
from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.signing import SigningKey as _NaclSigningKey
from nacl.signing import VerifyKey as _NaclVerifyKey

from sync.errors import BadSignature, KeyFileError, SealBroken

K = TypeVar("K")
T = TypeVar("T")

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


def by_one_of(keys: Iterable[K], verify: Callable[[K], T]) -> T:
    """What ``verify`` gives with the first of these keys it verifies with.

    Raises:
        BadSignature: signed with none of them.
    """
    for key in keys:
        with suppress(BadSignature):
            return verify(key)
    raise BadSignature("signed with none of the keys")


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


@dataclass(frozen=True, slots=True)
class DeviceKeys:
    """The two keys of a device: made on it, never leaving it."""

    sign: SigningKey
    seal: SealKey

    @classmethod
    def generate(cls) -> DeviceKeys:
        return cls(SigningKey.generate(), SealKey.generate())

    def secrets(self) -> dict[str, bytes]:
        """For :func:`sync.key_file.write_key_file`; other secrets of the machine may stand beside them."""
        return {"sign": self.sign.seed, "seal": self.seal.secret}

    @classmethod
    def from_secrets(cls, secrets: Mapping[str, bytes]) -> DeviceKeys:
        """From :func:`sync.key_file.read_key_file`.

        Raises:
            KeyFileError: a key is missing or has the wrong size.
        """
        try:
            return cls(SigningKey(secrets["sign"]), SealKey(secrets["seal"]))
        except (KeyError, ValueError):
            raise KeyFileError("key file: a device key is missing or has the wrong size") from None


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
