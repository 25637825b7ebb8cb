"""The ciphers of a chip's access and sessions: two-key triple DES and AES in CBC, MACs, key derivation (Doc 9303-11, 9.7, 9.8).

Triple DES is old and used only because chips demand it; nothing of the kiosk's own is protected with it.
"""

from __future__ import annotations

import hashlib
from typing import Literal

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

CipherName = Literal["3des", "aes-128", "aes-192", "aes-256"]
ENCRYPTION, MAC, PASSWORD = 1, 2, 3
"""What a key is derived for."""
KEY_BYTES: dict[CipherName, int] = {"3des": 16, "aes-128": 16, "aes-192": 24, "aes-256": 32}
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


def encrypt_aes(key: bytes, data: bytes, iv: bytes = bytes(16)) -> bytes:
    """CBC; ``data`` in whole blocks of 16."""
    worker = Cipher(AES(key), modes.CBC(iv)).encryptor()
    return worker.update(data) + worker.finalize()


def decrypt_aes(key: bytes, data: bytes, iv: bytes = bytes(16)) -> bytes:
    """The inverse of :func:`encrypt_aes`. ``ValueError`` when ``data`` is not in whole blocks."""
    worker = Cipher(AES(key), modes.CBC(iv)).decryptor()
    return worker.update(data) + worker.finalize()


def aes_mac(key: bytes, data: bytes) -> bytes:
    """CMAC (RFC 4493) shortened to 8 bytes."""
    worker = CMAC(AES(key))
    worker.update(data)
    return worker.finalize()[:8]


def encrypt(cipher: CipherName, key: bytes, data: bytes) -> bytes:
    """CBC from a zero block, as nonces and proofs are encrypted."""
    return encrypt_3des(key, data) if cipher == "3des" else encrypt_aes(key, data)


def decrypt(cipher: CipherName, key: bytes, data: bytes) -> bytes:
    return decrypt_3des(key, data) if cipher == "3des" else decrypt_aes(key, data)


def derive_key(cipher: CipherName, secret: bytes, purpose: int) -> bytes:
    """The key for ``purpose`` that follows from ``secret`` (Doc 9303-11, 9.7.1); triple DES keys carry their parity."""
    digest = hashlib.sha256() if KEY_BYTES[cipher] > 16 else hashlib.sha1(usedforsecurity=False)
    digest.update(secret + purpose.to_bytes(4, "big"))
    key = digest.digest()[: KEY_BYTES[cipher]]
    return bytes(byte & 0xFE | (bin(byte >> 1).count("1") + 1) % 2 for byte in key) if cipher == "3des" else key
