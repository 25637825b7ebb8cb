"""Active authentication (ICAO Doc 9303-11, 6.1): the chip signs our challenge with a key that never leaves it, so a copy cannot.

Its public key is DG15. An RSA signature is of ISO/IEC 9796-2, scheme 1: opened with the public key it gives 6A, a part of the
message that the chip chose, a hash over that part and our challenge, and a trailer that names the hash. An ECDSA signature is r and
s side by side; DG14 may name the hash, else the ones that fit the curve are tried. It proves something only when EF.SOD vouches
for DG15, which is for passive authentication to say.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from devices.idcard import security_infos, tlv
from devices.idcard.apdu import internal_authenticate
from devices.idcard.channel import ChannelBroken, SecureChannel
from devices.idcard.curves import Curve
from devices.idcard.files import LONG_ROOM, SHORT_ROOM, File, largest_read
from devices.idcard.groups import Random
from devices.idcard.proofs import ProofFailed, ProofRefused
from devices.idcard.public_keys import ec_public_key

CHALLENGE: Final = 8
MAX_RSA_BITS: Final = 4096
_PLAIN_ECDSA: Final = {
    "0.4.0.127.0.7.1.1.4.1.1": "sha1",
    "0.4.0.127.0.7.1.1.4.1.2": "sha224",
    "0.4.0.127.0.7.1.1.4.1.3": "sha256",
    "0.4.0.127.0.7.1.1.4.1.4": "sha384",
    "0.4.0.127.0.7.1.1.4.1.5": "sha512",
}
"""BSI TR-03111, 5.2.1."""
_TRAILERS: Final = {0x33: "sha1", 0x38: "sha224", 0x34: "sha256", 0x36: "sha384", 0x35: "sha512"}
_SHORT_TRAILER, _LONG_TRAILER = 0xBC, 0xCC
_PARTIAL: Final = 0x6A


def prove(channel: SecureChannel, dg15: bytes, random: Random, dg14: bytes | None = None) -> None:
    """Let the chip sign a challenge.

    Raises :class:`ProofRefused` when it does not sign, :class:`ProofFailed` for a wrong signature, ``ValueError`` for files that
    hold no usable key.
    """
    info = tlv.find(dg15, File.DG15.tag)
    rsa_key = rsa_public_key(info)
    challenge = random(CHALLENGE)
    if rsa_key:
        genuine = rsa_is_right(rsa_key, _signature(channel, challenge, _size(rsa_key)), challenge)
    else:
        curve, point = ec_public_key(info)
        signature = _signature(channel, challenge, 2 * _half(curve))
        genuine = ecdsa_is_right(curve, point, signature, challenge, hashes_for(curve, dg14))
    if not genuine:
        raise ProofFailed("the signature is not that of the key in DG15")


def rsa_public_key(info: bytes) -> rsa.RSAPublicKey | None:
    """The RSA key in a SubjectPublicKeyInfo; ``None`` for another key. ``ValueError`` for one too long to compute with."""
    try:
        key = load_der_public_key(info)
    except (ValueError, UnsupportedAlgorithm):
        return None
    if not isinstance(key, rsa.RSAPublicKey):
        return None
    if key.key_size > MAX_RSA_BITS:
        raise ValueError("RSA key too long")
    return key


def _size(key: rsa.RSAPublicKey) -> int:
    return (key.key_size + 7) // 8


def _signature(channel: SecureChannel, challenge: bytes, size: int) -> bytes:
    """What the chip signs. A long signature comes in parts from some chips, from others only when a long answer is asked for."""
    sw = 0
    for le in [SHORT_ROOM] if size <= largest_read(channel.block) else [SHORT_ROOM, LONG_ROOM]:
        try:
            answer = channel.send(internal_authenticate(challenge, le))
        except ChannelBroken:
            raise ProofRefused("no protected answer to the challenge") from None
        if answer.ok and answer.data:
            return answer.data
        sw = answer.sw
    raise ProofRefused(f"{sw:04X}")


def rsa_is_right(key: rsa.RSAPublicKey, signature: bytes, challenge: bytes) -> bool:
    """Whether ``signature`` opens to a message that ends in ``challenge`` (ISO/IEC 9796-2, scheme 1)."""
    numbers = key.public_numbers()
    if len(signature) != _size(key):
        return False
    opened = pow(int.from_bytes(signature, "big"), numbers.e, numbers.n)
    if opened & 0xF != 0xC:
        # The signer may give the smaller of s and n − s.
        opened = numbers.n - opened
    block = opened.to_bytes(_size(key), "big")
    name, end = _trailer(block)
    if block[0] != _PARTIAL or not name:
        return False
    digest = hashlib.new(name, usedforsecurity=False)
    chosen, proof = block[1 : end - digest.digest_size], block[end - digest.digest_size : end]
    digest.update(chosen + challenge)
    return hmac.compare_digest(digest.digest(), proof)


def _trailer(block: bytes) -> tuple[str, int]:
    """(hash, where the trailer begins); no name when the trailer names none."""
    if block[-1] == _SHORT_TRAILER:
        return "sha1", len(block) - 1
    return _TRAILERS.get(block[-2], "") if block[-1] == _LONG_TRAILER else "", len(block) - 2


def hashes_for(curve: Curve, dg14: bytes | None) -> Sequence[str]:
    """The hash that DG14 names for active authentication, or those not longer than the key, longest first."""
    for info in security_infos.active_authentication(security_infos.parse(tlv.find(dg14, File.DG14.tag))) if dg14 else ():
        if info.signature in _PLAIN_ECDSA:
            return [_PLAIN_ECDSA[info.signature]]
    return [name for name in reversed(_PLAIN_ECDSA.values()) if hashlib.new(name).digest_size <= curve.size]


def ecdsa_is_right(curve: Curve, point: bytes, signature: bytes, challenge: bytes, names: Iterable[str]) -> bool:
    """Whether ``signature`` is r and s over ``challenge`` with one of the hashes (TR-03111, 4.2.1.2)."""
    half = _half(curve)
    if len(signature) != 2 * half:
        return False
    r, s = int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
    if not (0 < r < curve.order and 0 < s < curve.order):
        return False
    return any(_verifies(curve, point, (r, s), hashlib.new(name, challenge, usedforsecurity=False).digest()) for name in names)


def _half(curve: Curve) -> int:
    return (curve.order.bit_length() + 7) // 8


def _verifies(curve: Curve, point: bytes, signature: tuple[int, int], digest: bytes) -> bool:
    r, s = signature
    number = int.from_bytes(digest, "big") >> max(8 * len(digest) - curve.order.bit_length(), 0)
    inverse = pow(s, -1, curve.order)
    try:
        base = curve.multiply(curve.generator, number * inverse)
        both = curve.combine(base, curve.multiply(point, r * inverse))
    except ValueError:
        # Infinity on the way: no signature ends there but one in 2 to the power of the key's bits.
        return False
    return int.from_bytes(curve.secret(both), "big") % curve.order == r
