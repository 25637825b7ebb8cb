"""The chip's side of both proofs that it is no copy: active authentication and chip authentication (ICAO Doc 9303-11, 6.1 and 6.2).

Signatures and key agreement come from ``cryptography``, not from the arithmetic of the terminal's side, so that neither vouches for
itself. A copied chip is one whose files name keys that it does not hold.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from devices.idcard import tlv
from devices.idcard.apdu import Answer, Command
from devices.idcard.channel import session_suite
from devices.idcard.crypto import CipherName
from devices.idcard.curves import Curve, curve
from devices.idcard.groups import PrimeField, Random, group
from devices.idcard.security_infos import ACTIVE_AUTHENTICATION, CHIP_AUTHENTICATION, PUBLIC_KEY, oid_bytes
from devices.idcard.twin.session import ChipSession, Reply

ActiveKind = Literal["", "rsa", "ecdsa-p256", "ecdsa-brainpool"]
ChipKind = Literal["", "3des", "aes-128", "aes-192", "aes-256", "dh-3des", "dh-aes-128"]

_RSA_BITS: Final = 2048
_ECDSA: Final[dict[str, tuple[int, ec.EllipticCurve]]] = {
    "ecdsa-p256": (12, ec.SECP256R1()),
    "ecdsa-brainpool": (13, ec.BrainpoolP256R1()),
}
"""Number of the curve in Doc 9303-11, table 6, and its name in the library."""
_CIPHERS: Final[dict[CipherName, int]] = {"3des": 1, "aes-128": 2, "aes-192": 3, "aes-256": 4}
_AGREEMENT: Final = (13, ec.BrainpoolP256R1())
_DH_GROUP: Final = 2
_KEY_NUMBER: Final = 1
_LARGEST_SECRET: Final = 1 << 180
INTERNAL_AUTHENTICATE, MANAGE_ENVIRONMENT, GENERAL_AUTHENTICATE = 0x88, 0x22, 0x86
_PLAIN_SHA256: Final = "0.4.0.127.0.7.1.1.4.1.3"
_EC_PUBLIC_KEY, _PRIME_FIELD, _X9_42 = "1.2.840.10045.2.1", "1.2.840.10045.1.1", "1.2.840.10046.2.1"


class ActiveKey(Protocol):
    """A key that signs. ``public_key``: SubjectPublicKeyInfo; ``infos``: entries for DG14."""

    @property
    def public_key(self) -> bytes: ...

    @property
    def infos(self) -> bytes: ...

    def sign(self, challenge: bytes, random: Random) -> bytes: ...


class RsaKey:
    """Signs after ISO/IEC 9796-2, scheme 1, with SHA-256 and a message of its own in front of the challenge."""

    infos = b""

    def __init__(self, key: rsa.RSAPrivateKey) -> None:
        self._key = key

    @property
    def public_key(self) -> bytes:
        return self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, challenge: bytes, random: Random) -> bytes:
        return sign_9796(self._key, challenge, random)


def sign_9796(
    key: rsa.RSAPrivateKey, challenge: bytes, random: Random, name: str = "sha256", trailer: bytes = b"\x34\xcc"
) -> bytes:
    """A signature with partial recovery over ``challenge``; ``trailer`` names the hash ``name``."""
    numbers, size = key.private_numbers(), key.key_size // 8
    chosen = random(size - 1 - hashlib.new(name).digest_size - len(trailer))
    block = b"\x6a" + chosen + hashlib.new(name, chosen + challenge).digest() + trailer
    n = numbers.public_numbers.n
    signature = pow(int.from_bytes(block, "big"), numbers.d, n)
    return min(signature, n - signature).to_bytes(size, "big")


class EcdsaKey:
    """Signs with SHA-256, r and s side by side; its curve is written out in DG15, as the standard asks."""

    def __init__(self, kind: str) -> None:
        number, self._curve = _ECDSA[kind]
        self._known = curve(number)
        self._key = ec.generate_private_key(self._curve)

    @property
    def public_key(self) -> bytes:
        return explicit_public_key(self._known, _point(self._key))

    @property
    def infos(self) -> bytes:
        return _info(ACTIVE_AUTHENTICATION, _integer(1), _oid(_PLAIN_SHA256))

    def sign(self, challenge: bytes, random: Random) -> bytes:
        r, s = decode_dss_signature(self._key.sign(challenge, ec.ECDSA(hashes.SHA256())))
        return b"".join(part.to_bytes(self._known.size, "big") for part in (r, s))


def active_key(kind: ActiveKind) -> ActiveKey | None:
    if not kind:
        return None
    return RsaKey(next(_rsa_keys())) if kind == "rsa" else EcdsaKey(kind)


@functools.cache
def _rsa_keys() -> Iterator[rsa.RSAPrivateKey]:
    """Two in turn: making one takes longer than reading a whole card, and a copied chip needs one that is not the first."""
    return itertools.cycle([rsa.generate_private_key(65537, _RSA_BITS) for _ in range(2)])


class ChipKey(Protocol):
    """A key that agrees on secrets. ``infos``: entries for DG14."""

    cipher: CipherName

    @property
    def infos(self) -> bytes: ...

    def agree(self, public: bytes) -> bytes: ...


class EcdhKey:
    """On brainpoolP256r1, its curve written out."""

    def __init__(self, cipher: CipherName, secret: int) -> None:
        self.cipher = cipher
        number, library = _AGREEMENT
        self._known = curve(number)
        self._library = library
        self._key = ec.derive_private_key(secret, library)

    @property
    def infos(self) -> bytes:
        number = _integer(_KEY_NUMBER)
        offer = _info(f"{CHIP_AUTHENTICATION}.2.{_CIPHERS[self.cipher]}", _integer(1), number)
        return offer + _info(f"{PUBLIC_KEY}.2", explicit_public_key(self._known, _point(self._key)), number)

    def agree(self, public: bytes) -> bytes:
        """The shared secret. ``ValueError`` for a point that is none."""
        return self._key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(self._library, public))


class DhKey:
    """Modulo the prime of 2,048 bits that RFC 5114 calls group 2.3 (Doc 9303-11, table 6: number 2)."""

    def __init__(self, cipher: CipherName, secret: int) -> None:
        self.cipher = cipher
        field = group(_DH_GROUP)
        assert isinstance(field, PrimeField)
        self._field, self._secret = field, secret

    @property
    def infos(self) -> bytes:
        field = self._field
        parameters = tlv.build(0x30, _integer(field.p) + _integer(field.base) + _integer(field.order))
        element = pow(field.base, self._secret, field.p)
        key = tlv.build(0x30, tlv.build(0x30, _oid(_X9_42) + parameters) + tlv.build(0x03, b"\x00" + _integer(element)))
        return _info(f"{CHIP_AUTHENTICATION}.1.{_CIPHERS[self.cipher]}", _integer(1)) + _info(f"{PUBLIC_KEY}.1", key)

    def agree(self, public: bytes) -> bytes:
        return pow(int.from_bytes(public, "big"), self._secret, self._field.p).to_bytes(self._field.size, "big")


def chip_key(kind: ChipKind, secret: int) -> ChipKey | None:
    match kind:
        case "":
            return None
        case "dh-3des":
            return DhKey("3des", secret)
        case "dh-aes-128":
            return DhKey("aes-128", secret)
        case cipher:
            return EcdhKey(cipher, secret)


@dataclass(frozen=True, slots=True)
class Keys:
    """What a chip proves with. ``secret``: the number behind its keys of agreement, and behind chip-authentication mapping on the
    ``mapped`` curves."""

    active: ActiveKey | None
    chip: ChipKey | None
    secret: int
    mapped: Sequence[Curve] = ()

    @staticmethod
    def of(active: ActiveKind, chip: ChipKind, mapped: Sequence[Curve] = ()) -> Keys:
        secret = 1 + secrets.randbelow(_LARGEST_SECRET)
        return Keys(active_key(active), chip_key(chip, secret), secret, mapped)

    def groups(self) -> dict[int, bytes]:
        """DG14 and DG15, as far as there is something to write in them."""
        infos = b"".join(key.infos for key in (self.active, self.chip) if key)
        for known in self.mapped:
            point = known.multiply(known.generator, self.secret)
            infos += _info(f"{PUBLIC_KEY}.2", explicit_public_key(known, point), _integer(_KEY_NUMBER + 1))
        found = {14: tlv.build(0x6E, tlv.build(0x31, infos))} if infos else {}
        return found | ({15: tlv.build(0x6F, self.active.public_key)} if self.active else {})


class ChipProofs:
    """The part of the chip's program that proves, with the ``keys`` it holds."""

    def __init__(self, keys: Keys, random: Random) -> None:
        self._keys, self._random = keys, random
        self.power_on()

    def power_on(self) -> None:
        self._chosen = False

    def answer(self, command: Command) -> Reply | None:
        head = command.ins, command.p1, command.p2
        if head == (INTERNAL_AUTHENTICATE, 0, 0) and self._keys.active:
            return Reply.of(self._keys.active.sign(command.data, self._random))
        if self._keys.chip is None:
            return None
        if head == (MANAGE_ENVIRONMENT, 0x41, 0xA6) and self._keys.chip.cipher == "3des":
            return self._agree(self._keys.chip, tlv.find(command.data, 0x91), b"")
        if head == (MANAGE_ENVIRONMENT, 0x41, 0xA4):
            self._chosen = True
            return Reply.of()
        if head == (GENERAL_AUTHENTICATE, 0, 0) and self._chosen:
            self._chosen = False
            return self._agree(self._keys.chip, tlv.find(command.data, 0x7C, 0x80), b"\x7c\x00")
        return None

    def _agree(self, key: ChipKey, public: bytes, data: bytes) -> Reply:
        return Reply(Answer(data, 0x9000), ChipSession(session_suite(key.cipher, key.agree(public))))


def explicit_public_key(known: Curve, point: bytes) -> bytes:
    """SubjectPublicKeyInfo with the curve's parameters written out (RFC 3279, 2.3.5)."""
    field = tlv.build(0x30, _oid(_PRIME_FIELD) + _integer(known.p))
    shape = tlv.build(0x30, b"".join(tlv.build(0x04, number.to_bytes(known.size, "big")) for number in (known.a, known.b)))
    base = tlv.build(0x04, known.generator)
    parameters = tlv.build(0x30, _integer(1) + field + shape + base + _integer(known.order) + _integer(1))
    return tlv.build(0x30, tlv.build(0x30, _oid(_EC_PUBLIC_KEY) + parameters) + tlv.build(0x03, b"\x00" + point))


def _point(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _info(oid: str, *parts: bytes) -> bytes:
    return tlv.build(0x30, _oid(oid) + b"".join(parts))


def _oid(oid: str) -> bytes:
    return tlv.build(0x06, oid_bytes(oid))


def _integer(number: int) -> bytes:
    return tlv.build(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))
