"""The ciphers of basic access: two-key triple DES in CBC, the retail MAC, key derivation (ICAO Doc 9303-11, 9.7 and 9.8.

ISO/IEC 9797-1).

Old ciphers, used because the chip demands them; nothing of the kiosk's own is protected with them.
"""

from __future__ import annotations

import hashlib

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

ZERO_IV = bytes(8)


def _cipher(key: bytes, iv: bytes) -> Cipher[modes.CBC]:
    return Cipher(TripleDES((key * 3)[:24] if len(key) == 8 else key + key[:8]), modes.CBC(iv))


def encrypt_3des(key: bytes, data: bytes, iv: bytes = ZERO_IV) -> bytes:
    """CBC with a key of 16 (or 8: single DES) bytes; ``data`` in whole blocks of 8."""
    worker = _cipher(key, iv).encryptor()
    return worker.update(data) + worker.finalize()


def decrypt_3des(key: bytes, data: bytes, iv: bytes = ZERO_IV) -> bytes:
    """The inverse of :func:`encrypt_3des`. ``ValueError`` when ``data`` is not in whole blocks."""
    worker = _cipher(key, iv).decryptor()
    return worker.update(data) + worker.finalize()


def pad(data: bytes, block: int = 8) -> bytes:
    """Padding method 2: 80, then 00 to a whole block."""
    return data + b"\x80" + bytes(-(len(data) + 1) % block)


def unpad(data: bytes) -> bytes:
    """Take padding method 2 off. ``ValueError`` when there is none."""
    body = data.rstrip(b"\x00")
    if not body.endswith(b"\x80"):
        raise ValueError("no padding")
    return body[:-1]


def retail_mac(key: bytes, data: bytes) -> bytes:
    """MAC algorithm 3 with DES, 8 bytes; pads ``data`` itself."""
    chained = encrypt_3des(key[:8], pad(data))[-8:]
    return encrypt_3des(key[:8], decrypt_3des(key[8:], chained))


def derive_3des(seed: bytes, purpose: int) -> bytes:
    """Key of 16 bytes with DES parity; ``purpose`` 1 encryption, 2 MAC."""
    digest = hashlib.sha1(seed + purpose.to_bytes(4, "big"), usedforsecurity=False).digest()[:16]
    return bytes(byte & 0xFE | (bin(byte >> 1).count("1") + 1) % 2 for byte in digest)
