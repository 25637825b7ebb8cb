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
from devices.idcard.channel import ChannelBroken, SecureMessaging
from devices.idcard.dh_keys import dh_public_key
from devices.idcard.files import File
from devices.idcard.groups import Group, Random, random_secret
from devices.idcard.proofs import ProofFailed, ProofRefused
from devices.idcard.public_keys import ec_public_key

_DH, _ECDH = 1, 2
TRIPLE_DES: Final = 1


@dataclass(frozen=True, slots=True)
class Offer:
    """What DG14 offers. ``kind``: 1 DH, 2 ECDH; ``cipher``: 1 triple DES, 2–4 AES; ``key_id``: where the chip has several keys.

    ``public_key``: DER of a SubjectPublicKeyInfo.
    """

    kind: int
    cipher: int
    key_id: int | None
    public_key: bytes

    @property
    def oid(self) -> str:
        return f"{security_infos.CHIP_AUTHENTICATION}.{self.kind}.{self.cipher}"

    def key(self) -> tuple[Group, bytes]:
        """Group and element of the chip's key. ``ValueError`` when it is none of the standard's."""
        return ec_public_key(self.public_key) if self.kind == _ECDH else dh_public_key(self.public_key)


def offer(dg14: bytes) -> Offer | None:
    """The strongest cipher that DG14 has a key for; ``None`` when it offers no chip authentication. ``ValueError`` for damage."""
    infos = security_infos.parse(tlv.find(dg14, File.DG14.tag))
    ciphers: dict[tuple[int, int | None], int] = {}
    for one in security_infos.chip_authentication(infos):
        kind, cipher = (int(arc) for arc in one.oid.split(".")[-2:])
        if cipher in range(1, 5):
            ciphers[kind, one.key_id] = max(ciphers.get((kind, one.key_id), 0), cipher)
    offers = []
    for key in security_infos.chip_keys(infos):
        kind = int(key.oid.rpartition(".")[2])
        if kind in (_DH, _ECDH):
            # A chip of the first years names no cipher: that can only mean triple DES.
            offers.append(Offer(kind, ciphers.get((kind, key.key_id), TRIPLE_DES), key.key_id, key.public_key))
    return max(offers, key=lambda one: one.cipher, default=None)


def prove(channel: SecureMessaging, offered: Offer, random: Random) -> SecureMessaging:
    """The new session, in which the chip has already answered once.

    Raises :class:`ProofRefused` when the chip does not take part, :class:`ProofFailed` when it cannot follow under the new keys, ``ValueError``
    for a key that is none of the standard's.
    """
    group, element = offered.key()
    own = random_secret(group, random)
    secret = group.secret(group.multiply(element, own))
    _hand_over(channel, offered, group.multiply(group.generator, own))
    session = channel.renewed(suite_of(offered.cipher, secret))
    try:
        session.send(select_file(File.DG14.fid))
    except ChannelBroken:
        raise ProofFailed("the chip does not hold the key in DG14") from None
    return session


def _hand_over(channel: SecureMessaging, offered: Offer, public: bytes) -> None:
    """Give the chip our ephemeral key."""
    reference = b"" if offered.key_id is None else tlv.build(0x84, _digits(offered.key_id))
    if offered.cipher == TRIPLE_DES:
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
