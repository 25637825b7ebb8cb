"""PACE from the terminal's side (ICAO Doc 9303-11, 4.4; TR-03110-3, B.1).

A short password opens the chip, and nobody who listens learns it. The chip sends a nonce encrypted under the password; both sides
turn it into a new generator of the group and agree on a secret over that. Who did not know the password holds another secret, which
the tokens at the end show. With chip-authentication mapping the chip also proves that it holds its own private key, see
:func:`verify_cam`. What the chip sends is checked before it is used: elements must belong to the group and must not be ours sent
back.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from devices.idcard import tlv
from devices.idcard.apdu import Answer, Command
from devices.idcard.channel import ChannelBroken, PlainChannel, SecureMessaging, Transport, session_suite
from devices.idcard.crypto import ENCRYPTION, KEY_BYTES, decrypt, derive_key
from devices.idcard.facts import Can, Key
from devices.idcard.groups import Group, Random, random_secret
from devices.idcard.pace_keys import (
    CAN_PASSWORD,
    MRZ_PASSWORD,
    open_chip_data,
    password,
    password_key,
    pseudo_random,
    token,
)
from devices.idcard.pace_offers import PaceOffer
from devices.idcard.public_keys import ec_public_key
from devices.idcard.refusals import AccessRefused, KeyRefused
from devices.idcard.security_infos import oid_bytes

_WRONG_PASSWORD = {0x6300, 0x6982, 0x6983, 0x6984}
_LAST_TRY = (0x63C0, 0x63C1)
_NONCE, _MAP_OURS, _MAP_THEIRS, _KEY_OURS, _KEY_THEIRS, _TOKEN_OURS, _TOKEN_THEIRS, _CHIP_DATA = 0x80, *range(0x81, 0x87), 0x8A


@dataclass(frozen=True, slots=True)
class CamEvidence:
    """What a chip-authentication mapping leaves to be judged once the chip's public key has been read and believed."""

    group: Group
    mapping_key: bytes
    data: int


def verify_cam(evidence: CamEvidence, public_key: bytes) -> bool:
    """Whether the chip that gave ``evidence`` holds the private key to ``public_key`` (DER of a SubjectPublicKeyInfo).

    The key counts only when it is signed: it comes from DG14 whose hash EF.SOD lists. ``ValueError`` for what is no such key.
    """
    group, point = ec_public_key(public_key)
    if group != evidence.group or not evidence.data % group.order:
        return False
    return hmac.compare_digest(group.multiply(point, evidence.data), evidence.mapping_key)


def authenticate(transport: Transport, offer: PaceOffer, key: Key, random: Random) -> tuple[SecureMessaging, CamEvidence | None]:
    """Open the chip with ``key`` in the way ``offer`` says. The evidence is there with chip-authentication mapping only.

    Raises :class:`KeyRefused` for a wrong key, and before it is tried when that would be the last try; :class:`AccessRefused` when
    the chip stops on the way; :class:`ChannelBroken` when it cannot prove that it knows the key too, or sends what it must not.
    """
    chip = PlainChannel(transport)
    _choose(chip, offer, key)
    try:
        return _agree(transport, chip, offer, key, random)
    except ValueError as error:
        raise ChannelBroken(f"not what PACE allows: {error}") from error


def _choose(chip: PlainChannel, offer: PaceOffer, key: Key) -> None:
    """MSE:Set AT. Many chips want the number of the group even where it is the only one."""
    reference = CAN_PASSWORD if isinstance(key, Can) else MRZ_PASSWORD
    data = tlv.build(0x80, oid_bytes(offer.oid)) + tlv.build(0x83, bytes([reference])) + tlv.build(0x84, bytes([offer.number]))
    sw = chip.send(Command(0x00, 0x22, 0xC1, 0xA4, data)).sw
    if sw in _LAST_TRY:
        raise KeyRefused(sw)
    # 63Cx greets who comes after a failure: go on.
    if sw != 0x9000 and sw >> 4 != 0x63C:
        raise AccessRefused(sw)


def _agree(
    transport: Transport, chip: PlainChannel, offer: PaceOffer, key: Key, random: Random
) -> tuple[SecureMessaging, CamEvidence | None]:
    group, cipher = offer.group, offer.cipher
    nonce = decrypt(cipher, password_key(cipher, password(key)), _ask(chip, b"", _NONCE))
    if not 8 <= len(nonce) <= 64:
        raise ValueError("a nonce of no use")
    generator, mapping_key = _map(chip, offer, nonce, random)

    secret = random_secret(group, random)
    ours = group.multiply(generator, secret)
    theirs = _exchange(chip, _KEY_OURS, ours, _KEY_THEIRS)
    shared = group.secret(group.multiply(theirs, secret))

    answer = _prove(chip, token(offer.oid, cipher, group, shared, theirs))
    if not hmac.compare_digest(tlv.find(answer.data, 0x7C, _TOKEN_THEIRS), token(offer.oid, cipher, group, shared, ours)):
        raise ValueError("the chip does not know the password")
    evidence = None
    if offer.mapping == "chip-authentication":
        sealed = tlv.find(answer.data, 0x7C, _CHIP_DATA)
        data = open_chip_data(derive_key(cipher, shared, ENCRYPTION), sealed)
        evidence = CamEvidence(group, mapping_key, int.from_bytes(data, "big"))
    return SecureMessaging(transport, session_suite(cipher, shared)), evidence


def _map(chip: PlainChannel, offer: PaceOffer, nonce: bytes, random: Random) -> tuple[bytes, bytes]:
    """The new generator, and the chip's element it was made with (empty with integrated mapping)."""
    group = offer.group
    if offer.mapping == "integrated":
        ours = random(KEY_BYTES[offer.cipher])
        number = pseudo_random(offer.cipher, nonce, ours, group.p)
        _general_authenticate(chip, tlv.build(_MAP_OURS, ours))
        return group.element_from(number), b""
    secret = random_secret(group, random)
    theirs = _exchange(chip, _MAP_OURS, group.multiply(group.generator, secret), _MAP_THEIRS)
    shared = group.multiply(theirs, secret)
    return group.combine(group.multiply(group.generator, int.from_bytes(nonce, "big")), shared), theirs


def _exchange(chip: PlainChannel, our_tag: int, ours: bytes, their_tag: int) -> bytes:
    theirs = _ask(chip, tlv.build(our_tag, ours), their_tag)
    if hmac.compare_digest(theirs, ours):
        raise ValueError("our own key sent back")
    return theirs


def _ask(chip: PlainChannel, data: bytes, wanted: int) -> bytes:
    return tlv.find(_general_authenticate(chip, data).data, 0x7C, wanted)


def _general_authenticate(chip: PlainChannel, data: bytes) -> Answer:
    answer = chip.send(Command(0x10, 0x86, 0x00, 0x00, tlv.build(0x7C, data), _le(data)))
    if not answer.ok:
        raise AccessRefused(answer.sw)
    return answer


def _prove(chip: PlainChannel, proof: bytes) -> Answer:
    """The last command, in which the chip judges the password."""
    answer = chip.send(Command(0x00, 0x86, 0x00, 0x00, tlv.build(0x7C, tlv.build(_TOKEN_OURS, proof)), 256))
    if answer.sw in _WRONG_PASSWORD or answer.sw >> 4 == 0x63C:
        raise KeyRefused(answer.sw)
    if not answer.ok:
        raise AccessRefused(answer.sw)
    return answer


def _le(data: bytes) -> int:
    """As many bytes as there are; more than a short answer holds when our own element does not fit a short command either."""
    return 256 if len(data) < 250 else 65_536
