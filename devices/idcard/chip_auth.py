"""Chip authentication, version 1 (ICAO Doc 9303-11, 6.2; BSI TR-03110-3, B.2): a key agreement that only the true chip ends.

DG14 publishes the chip's public key. We answer with an ephemeral one, both sides derive new session keys, and secure messaging
starts again with them: the first protected answer under the new keys is the proof. With triple DES our key travels in MSE:Set
KAT, with AES in GENERAL AUTHENTICATE after MSE:Set AT. It proves something only when EF.SOD vouches for DG14, which is for
passive authentication to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from devices.idcard import security_infos, tlv
from devices.idcard.apdu import Command, select_file
from devices.idcard.channel import ChannelBroken, SecureMessaging, session_suite
from devices.idcard.crypto import CipherName
from devices.idcard.dh_keys import dh_public_key
from devices.idcard.files import File
from devices.idcard.groups import Group, Random, random_secret
from devices.idcard.proofs import ProofFailed, ProofRefused
from devices.idcard.public_keys import ec_public_key

_DH, _ECDH = "1", "2"
_CIPHERS: Final[dict[str, CipherName]] = {"1": "3des", "2": "aes-128", "3": "aes-192", "4": "aes-256"}
_STRENGTH: Final = list(_CIPHERS.values())


@dataclass(frozen=True, slots=True)
class Offer:
    """What DG14 offers: a protocol, and a key of the chip for it. ``key_id``: which, where the chip has several.

    ``public_key``: DER of a SubjectPublicKeyInfo.
    """

    oid: str
    key_id: int | None
    public_key: bytes

    @property
    def cipher(self) -> CipherName:
        return _CIPHERS[self.oid.rpartition(".")[2]]

    def key(self) -> tuple[Group, bytes]:
        """Group and element of the chip's key. ``ValueError`` when it is none of the standard's."""
        return ec_public_key(self.public_key) if _kind(self.oid) == _ECDH else dh_public_key(self.public_key)


def offer(dg14: bytes) -> Offer | None:
    """The strongest cipher that DG14 has a key for; ``None`` when it offers no chip authentication. ``ValueError`` for damage."""
    infos = security_infos.parse(tlv.find(dg14, File.DG14.tag))
    protocols = [one for one in security_infos.chip_authentication(infos) if one.oid.rpartition(".")[2] in _CIPHERS]
    offers = []
    for key in security_infos.chip_keys(infos):
        kind = key.oid.rpartition(".")[2]
        fitting = [one.oid for one in protocols if _kind(one.oid) == kind and one.key_id == key.key_id]
        # A chip of the first years names no protocol: that can only mean triple DES.
        for oid in fitting or [f"{security_infos.CHIP_AUTHENTICATION}.{kind}.1"]:
            offers.append(Offer(oid, key.key_id, key.public_key))
    known = [one for one in offers if _kind(one.oid) in (_DH, _ECDH)]
    return max(known, key=lambda one: _STRENGTH.index(one.cipher), default=None)


def _kind(oid: str) -> str:
    return oid.split(".")[-2]


def prove(channel: SecureMessaging, offered: Offer, random: Random) -> SecureMessaging:
    """The new session, in which the chip has already answered once.

    Raises :class:`ProofRefused` when the chip does not take part, :class:`ProofFailed` when it cannot follow under the new keys,
    ``ValueError`` for a key that is none of the standard's.
    """
    group, element = offered.key()
    own = random_secret(group, random)
    secret = group.secret(group.multiply(element, own))
    _hand_over(channel, offered, group.multiply(group.generator, own))
    session = SecureMessaging(channel.transport, session_suite(offered.cipher, secret))
    try:
        session.send(select_file(File.DG14.fid))
    except ChannelBroken:
        raise ProofFailed("the chip does not hold the key in DG14") from None
    return session


def _hand_over(channel: SecureMessaging, offered: Offer, public: bytes) -> None:
    """Give the chip our ephemeral key."""
    reference = b"" if offered.key_id is None else tlv.build(0x84, _digits(offered.key_id))
    if offered.cipher == "3des":
        commands = [Command(0x00, 0x22, 0x41, 0xA6, tlv.build(0x91, public) + reference)]
    else:
        protocol = tlv.build(0x80, security_infos.oid_bytes(offered.oid))
        commands = [
            Command(0x00, 0x22, 0x41, 0xA4, protocol + reference),
            Command(0x00, 0x86, 0x00, 0x00, tlv.build(0x7C, tlv.build(0x80, public)), 256),
        ]
    for command in commands:
        try:
            answer = channel.send(command)
        except ChannelBroken:
            raise ProofRefused("no protected answer to our key") from None
        if not answer.ok:
            raise ProofRefused(f"{answer.sw:04X}")


def _digits(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8 or 1, "big")
