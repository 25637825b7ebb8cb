"""What both ends of PACE compute alike (ICAO Doc 9303-11, 4.4.3, 4.4.5 and 9.7.3), each from its own secrets.

The password's key, the pseudo-random number of the integrated mapping, the authentication tokens, and the encryption of a chip's
authentication data.
"""

from __future__ import annotations

import hashlib

from devices.idcard import tlv
from devices.idcard.crypto import (
    KEY_BYTES,
    MAC,
    PASSWORD,
    CipherName,
    aes_mac,
    decrypt_aes,
    derive_key,
    encrypt,
    encrypt_aes,
    pad,
    retail_mac,
    unpad,
)
from devices.idcard.facts import Can, Key
from devices.idcard.groups import Group
from devices.idcard.mrz import mrz_information
from devices.idcard.security_infos import oid_bytes

MRZ_PASSWORD, CAN_PASSWORD = 1, 2
"""Numbers of the passwords in MSE:Set AT (Doc 9303-11, 4.4.4.1)."""

_CONSTANTS = {
    16: ("A668892A7C41E3CA739F40B057D85904", "A4E136AC725F738B01C1F60217C188AD"),
    32: (
        "D463D65234124EF7897054986DCA0A174E28DF758CBAA03F240616414D5A1676",
        "54BD7255F0AAF831BEC3423FCF39D69B6CBF066677D0FAAE5AADD99DF8E53517",
    ),
}


def password(key: Key) -> bytes:
    """What the password's key is derived from."""
    if isinstance(key, Can):
        return key.digits.encode("ascii")
    return hashlib.sha1(mrz_information(key).encode("ascii"), usedforsecurity=False).digest()


def password_key(cipher: CipherName, secret: bytes) -> bytes:
    """K_pi: what the nonce is encrypted with."""
    return derive_key(cipher, secret, PASSWORD)


def nonce_bytes(cipher: CipherName) -> int:
    """How long the chip's nonce is: not shorter than the cipher's key, in whole blocks."""
    return 16 if KEY_BYTES[cipher] == 16 else 32


def pseudo_random(cipher: CipherName, s: bytes, t: bytes, p: int) -> int:
    """The number below ``p`` that follows from the two nonces (Doc 9303-11, 4.4.3.3.2).

    ``ValueError`` for nonces of wrong length.
    """
    if len(s) != nonce_bytes(cipher) or len(t) != KEY_BYTES[cipher]:
        raise ValueError("a nonce of the wrong length")
    next_key, output = (bytes.fromhex(constant) for constant in _CONSTANTS[len(s)])
    key = encrypt(cipher, t, s)
    number = b""
    while 8 * len(number) < p.bit_length() + 64:
        key = key[: KEY_BYTES[cipher]]
        number += encrypt(cipher, key, output)
        key = encrypt(cipher, key, next_key)
    return int.from_bytes(number, "big") % p


def token(oid: str, cipher: CipherName, group: Group, secret: bytes, public: bytes) -> bytes:
    """The authentication token over the other side's ``public`` element."""
    data = tlv.build(0x7F49, tlv.build(0x06, oid_bytes(oid)) + tlv.build(group.token_tag, public))
    key = derive_key(cipher, secret, MAC)
    return retail_mac(key, data) if cipher == "3des" else aes_mac(key, data)


def seal_chip_data(ks_enc: bytes, data: bytes) -> bytes:
    """The chip's authentication data as it travels (Doc 9303-11, 4.4.3.5): CBC from the encryption of −1."""
    return encrypt_aes(ks_enc, pad(data, 16), encrypt_aes(ks_enc, b"\xff" * 16))


def open_chip_data(ks_enc: bytes, sealed: bytes) -> bytes:
    """The inverse of :func:`seal_chip_data`. ``ValueError`` for damage."""
    return unpad(decrypt_aes(ks_enc, sealed, encrypt_aes(ks_enc, b"\xff" * 16)))
