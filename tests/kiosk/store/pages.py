"""What really stands in the pages of an encrypted store: every page of the file and of its WAL, opened one by one with the key.

SQLCipher 4 with a raw key: AES-256-CBC, 4,096-byte pages that end in 80 reserved bytes, the first 16 of which are the IV; the first
page begins with 16 bytes of salt. Read so, free pages and the rests of deleted cells show as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_PAGE, _RESERVE, _SALT = 4096, 80, 16
_WAL_HEADER, _FRAME_HEADER = 32, 24


def plain_pages(path: Path, key: bytes) -> Iterator[bytes]:
    """The text of every page and of every frame in the WAL."""
    data = path.read_bytes()
    for at in range(0, len(data), _PAGE):
        yield _opened(data[at : at + _PAGE], key, _SALT if at == 0 else 0)
    wal = path.with_name(path.name + "-wal")
    frames = wal.read_bytes()[_WAL_HEADER:] if wal.exists() else b""
    for at in range(0, len(frames), _PAGE + _FRAME_HEADER):
        page = frames[at + _FRAME_HEADER : at + _FRAME_HEADER + _PAGE]
        first = int.from_bytes(frames[at : at + 4], "big") == 1
        yield _opened(page, key, _SALT if first else 0)


def _opened(page: bytes, key: bytes, skip: int) -> bytes:
    iv = page[_PAGE - _RESERVE : _PAGE - _RESERVE + 16]
    opener = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    return opener.update(page[skip : _PAGE - _RESERVE]) + opener.finalize()
