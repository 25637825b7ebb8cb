"""A suite of keys for the simulator: the same shapes and refusals as libsodium's at a tenth of the cost, and no secrecy.

A "signature" is a keyed BLAKE2b of 64 bytes whose key is the public half, so anyone could forge one; nobody in a schedule does
other than by changing bits, and those are found. A "box" names its receiver and carries a check value; its text stands open.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from sync.errors import BadSignature, SealBroken
from sync.keys import BOX_COST, SEAL_COST, SIGNATURE, Box, Opener, Sealer, Suite, Verifier

_NAME = 32
_CHECK = SEAL_COST - _NAME


def _mac(public: bytes, context: bytes, message: bytes) -> bytes:
    return hashlib.blake2b(message, digest_size=SIGNATURE, key=public, person=context[-16:]).digest()


@dataclass(frozen=True, slots=True)
class FastSigner:
    """Signs and verifies with one and the same 32 bytes."""

    public: bytes

    def sign(self, context: bytes, message: bytes) -> bytes:
        return _mac(self.public, context, message)

    def verify(self, context: bytes, message: bytes, signature: bytes) -> None:
        if signature != _mac(self.public, context, message):
            raise BadSignature(f"signature for {context.decode('ascii', 'replace')} does not verify")


@dataclass(frozen=True, slots=True)
class FastBox:
    """Seals to and opens with one and the same 32 bytes."""

    public: bytes

    @property
    def secret(self) -> bytes:
        return self.public

    def seal(self, text: bytes) -> bytes:
        return self.public + self._check(text) + text

    def open(self, sealed: bytes) -> bytes:
        text = sealed[SEAL_COST:]
        if sealed[:_NAME] != self.public or sealed[_NAME:SEAL_COST] != self._check(text):
            raise SealBroken("a sealed box does not open with this key")
        return text

    def box(self, public: bytes) -> Box:
        return FastShared(min(self.public, public) + max(self.public, public))

    def _check(self, text: bytes) -> bytes:
        return hashlib.blake2b(text, digest_size=_CHECK, key=self.public).digest()


@dataclass(frozen=True, slots=True)
class FastShared:
    """Closes for and opens from whoever knows the same two public halves."""

    both: bytes

    def close(self, nonce: bytes, text: bytes) -> bytes:
        return self._check(nonce, text) + text

    def open(self, nonce: bytes, closed: bytes) -> bytes:
        text = closed[BOX_COST:]
        if closed[:BOX_COST] != self._check(nonce, text):
            raise SealBroken("a box does not open with the key shared with its sender")
        return text

    def _check(self, nonce: bytes, text: bytes) -> bytes:
        return hashlib.blake2b(nonce + text, digest_size=BOX_COST, key=self.both).digest()


class _Fast:
    def verifier(self, public: bytes) -> Verifier:
        return FastSigner(public)

    def sealer(self, public: bytes) -> Sealer:
        return FastBox(public)

    def opener(self, secret: bytes) -> Opener:
        return FastBox(secret)


FAST: Final[Suite] = _Fast()
