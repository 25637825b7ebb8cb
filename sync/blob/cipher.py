"""The encryption of one file: XChaCha20-Poly1305 in records of 64 KiB, a fresh random key per file, name = hash of the ciphertext.

A record's nonce is its number and whether it is the last one, so records cannot be exchanged, repeated, dropped or cut off at the
end unseen (STREAM, Hoang et al. 2015). The key is used for this file alone, which is why numbers suffice as nonces. A record of
ciphertext, tag included, is exactly 64 KiB: record r is units 64 r to 64 r + 63 of :mod:`sync.blob.ranges`, so a damaged record
names what to ask again. Anybody may carry and check a file by its name; nobody can confirm a guess of its content; who destroys
the key destroys the file everywhere. Memory stays at one record whatever the size.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from nacl import bindings, utils
from nacl.exceptions import CryptoError

from sync.blob.ranges import UNIT, Ranges, units
from sync.errors import BlobDamaged

RECORD: Final = 64 * 1024
"""Bytes of a record of ciphertext, its tag included."""
TAG: Final = bindings.crypto_aead_xchacha20poly1305_ietf_ABYTES
PLAIN: Final = RECORD - TAG
"""Bytes of text in a record that is not the last."""
KEY: Final = bindings.crypto_aead_xchacha20poly1305_ietf_KEYBYTES
MAX_SIZE: Final = 1 << 31
"""Largest ciphertext, bytes: far beyond any scan, and what a 32-bit offset reaches."""

_LABEL: Final = b"mcx blob 1"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the hash says of a file whose units are all here. ``bad``: records that do not open; none of them and not ``ok``
    means that the event told another name than the file has: asking again is of no use."""

    ok: bool
    bad: tuple[int, ...] = ()


def new_key() -> bytes:
    return utils.random(KEY)


def records(size: int) -> int:
    """Records of a ciphertext of that many bytes."""
    return -(-size // RECORD)


def plain_size(size: int) -> int:
    """Bytes of text in a ciphertext of that many bytes."""
    return size - TAG * records(size)


def encrypt(source: BinaryIO, key: bytes) -> Iterator[bytes]:
    """Records of ciphertext, the last one marked."""
    number, piece = 0, _read(source, PLAIN)
    while True:
        following = _read(source, PLAIN)
        yield bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(piece, None, _nonce(number, not following), key)
        if not following:
            return
        number, piece = number + 1, following


def decrypt(source: BinaryIO, size: int, key: bytes) -> Iterator[bytes]:
    """The text, record by record.

    Raises:
        BlobDamaged: a record does not open; nothing of it was given out.
    """
    for number, text in _opened(source, size, key):
        if text is None:
            raise BlobDamaged(f"record {number} does not open")
        yield text


def bad_records(source: BinaryIO, size: int, key: bytes) -> tuple[int, ...]:
    """Numbers of the records that do not open."""
    return tuple(number for number, text in _opened(source, size, key) if text is None)


def units_of(bad: tuple[int, ...], size: int) -> Ranges:
    """The units of records, for asking them again."""
    step = RECORD // UNIT
    return Ranges.of((number * step, min((number + 1) * step, units(size))) for number in bad)


def name_of(source: BinaryIO) -> str:
    """The name of a ciphertext: SHA-256, hex."""
    digest = hashlib.sha256()
    while piece := source.read(RECORD):
        digest.update(piece)
    return digest.hexdigest()


def judge(source: BinaryIO, name: str, size: int, key: bytes) -> Verdict:
    """Whether a ciphertext is what its name says, and if not, which records must come again. Reads it from the start."""
    source.seek(0)
    if name_of(source) == name:
        return Verdict(True)
    source.seek(0)
    return Verdict(False, bad_records(source, size, key))


def _opened(source: BinaryIO, size: int, key: bytes) -> Iterator[tuple[int, bytes | None]]:
    last = records(size) - 1
    for number in range(last + 1):
        sealed = _read(source, min(RECORD, size - number * RECORD))
        try:
            text = bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(sealed, None, _nonce(number, number == last), key)
        except (CryptoError, ValueError):
            text = None
        yield number, text


def _nonce(number: int, is_last: bool) -> bytes:
    return _LABEL.ljust(15, b"\0") + bytes([is_last]) + number.to_bytes(8, "big")


def _read(source: BinaryIO, size: int) -> bytes:
    """Up to ``size`` bytes; fewer only at the end, also from a source that gives short reads."""
    piece = source.read(size)
    while 0 < len(piece) < size and (more := source.read(size - len(piece))):
        piece += more
    return piece
