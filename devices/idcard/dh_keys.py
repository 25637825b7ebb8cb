"""Diffie-Hellman public keys of chips: integers modulo a prime (RFC 3279, 2.3.3; PKCS #3; ICAO Doc 9303-11, 9.4.1)."""

from __future__ import annotations

from typing import Final

from devices.idcard import tlv
from devices.idcard.groups import PrimeField
from devices.idcard.security_infos import dotted

MIN_BITS, MAX_BITS = 1024, 4096
_X9_42: Final = "1.2.840.10046.2.1"
_PKCS_3: Final = "1.2.840.113549.1.3.1"
_INTEGER, _BIT_STRING, _OID, _SEQUENCE = 0x02, 0x03, 0x06, 0x30


def dh_public_key(info: bytes) -> tuple[PrimeField, bytes]:
    """Group and element of a SubjectPublicKeyInfo. ``ValueError`` for anything else, and for a prime too short or too long."""
    (_, algorithm), (_, bits) = _objects(tlv.find(info, _SEQUENCE), _SEQUENCE, _BIT_STRING)
    (_, oid), (_, parameters) = _objects(algorithm, _OID, _SEQUENCE)
    numbers = [int.from_bytes(value, "big") for tag, value in tlv.parse(parameters) if tag == _INTEGER]
    kind = dotted(oid)
    if kind not in (_X9_42, _PKCS_3) or len(numbers) < 2 or not MIN_BITS <= numbers[0].bit_length() <= MAX_BITS:
        raise ValueError("not a Diffie-Hellman key")
    prime, base = numbers[:2]
    # PKCS #3 does not say the order of what the base generates, which divides that of the whole group.
    order = numbers[2] if kind == _X9_42 and len(numbers) > 2 else prime - 1
    if not 0 < order < prime:
        raise ValueError("not a Diffie-Hellman group")
    field = PrimeField("of the chip", prime, order, base)
    element = int.from_bytes(tlv.find(bits[1:], _INTEGER), "big") % prime
    return field, element.to_bytes(field.size, "big")


def _objects(data: bytes, *tags: int) -> list[tuple[int, bytes]]:
    found = list(tlv.parse(data))
    if tuple(tag for tag, _ in found) != tags:
        raise ValueError("not a public key")
    return found
