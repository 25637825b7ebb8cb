"""Basic access control from the terminal's side (ICAO Doc 9303-11, 4.3): who knows number, birth and expiry may read.

Both sides prove the same key to each other and agree on a session key. Randomness comes in as an argument so that the worked
example of the standard can be replayed byte for byte.
"""

from __future__ import annotations

import hashlib
import hmac

from devices.idcard.apdu import external_authenticate, get_challenge
from devices.idcard.channel import ChannelBroken, PlainChannel, SecureMessaging, Transport, session_suite
from devices.idcard.crypto import ENCRYPTION, MAC, decrypt_3des, derive_key, encrypt_3des, retail_mac
from devices.idcard.facts import MrzKey
from devices.idcard.groups import Random
from devices.idcard.mrz import mrz_information
from devices.idcard.refusals import AccessRefused, KeyRefused

_REFUSED_KEY = {0x6300, 0x6982, 0x6983, 0x6984, 0x6985, 0x6988, 0x6A80}


def access_keys(key: MrzKey) -> tuple[bytes, bytes]:
    """Document keys for encryption and MAC, 16 bytes each (Doc 9303-11, 9.7.2)."""
    seed = hashlib.sha1(mrz_information(key).encode("ascii"), usedforsecurity=False).digest()[:16]
    return derive_key("3des", seed, ENCRYPTION), derive_key("3des", seed, MAC)


def authenticate(transport: Transport, key: MrzKey, random: Random) -> SecureMessaging:
    """Open the selected application with ``key``.

    Raises :class:`KeyRefused`, :class:`AccessRefused`, or :class:`ChannelBroken` when the chip cannot prove that it knows the
    key too.
    """
    channel = PlainChannel(transport)
    k_enc, k_mac = access_keys(key)
    challenge = channel.send(get_challenge())
    if not challenge.ok or len(challenge.data) != 8:
        raise AccessRefused(challenge.sw)
    rnd_ic, rnd_ifd, k_ifd = challenge.data, random(8), random(16)
    token = encrypt_3des(k_enc, rnd_ifd + rnd_ic + k_ifd)
    answer = channel.send(external_authenticate(token + retail_mac(k_mac, token)))
    if answer.sw in _REFUSED_KEY or answer.sw >> 4 == 0x63C:
        raise KeyRefused(answer.sw)
    if not answer.ok or len(answer.data) != 40:
        raise AccessRefused(answer.sw)
    if not hmac.compare_digest(retail_mac(k_mac, answer.data[:32]), answer.data[32:]):
        raise ChannelBroken("the chip's proof has a wrong MAC")
    proof = decrypt_3des(k_enc, answer.data[:32])
    if proof[:16] != rnd_ic + rnd_ifd:
        raise ChannelBroken("the chip's proof does not repeat the challenge")
    return session(transport, k_ifd, proof[16:], rnd_ic, rnd_ifd)


def session(transport: Transport, k_ifd: bytes, k_ic: bytes, rnd_ic: bytes, rnd_ifd: bytes) -> SecureMessaging:
    """The protected session both sides agreed on (Doc 9303-11, 9.7.4 and 9.8.6.3)."""
    seed = bytes(a ^ b for a, b in zip(k_ifd, k_ic, strict=True))
    return SecureMessaging(transport, session_suite("3des", seed), rnd_ic[4:] + rnd_ifd[4:])
