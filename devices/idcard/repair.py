"""Vietnamese text that a scanner garbled on its way: put right only when that can be proved, else left alone.

Some scanners read the UTF-8 of the code as a one-byte code page and send each byte as a letter («NÃ´ng» for «Nông»). Read back as
bytes of that page the whole text is strict UTF-8 again, which no honest Vietnamese text is: the second byte of each letter
becomes a sign or control character that no name or address holds. Letters may come decomposed (NFD) and leave composed
(NFC). Nothing is guessed: letters that were lost stay lost.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

_PAGES = ("latin-1", "cp1252", "cp1258")
_BYTES = range(0x80, 0x100)


def _page(codec: str) -> Mapping[str, int]:
    """Letter to byte; a byte the page does not define passes as the control character of its number, as programs do."""
    return {bytes([byte]).decode(codec, "ignore") or chr(byte): byte for byte in _BYTES}


_TABLES = tuple(_page(codec) for codec in _PAGES)


def repaired(text: str) -> str:
    """``text``, read again as UTF-8 where it provably was UTF-8 in the wrong page; in NFC."""
    text = unicodedata.normalize("NFC", text)
    if text.isascii():
        return text
    for table in _TABLES:
        for bytes_of in (_bytes_whole, _bytes_parted):
            try:
                return unicodedata.normalize("NFC", b"".join(bytes_of(letter, table) for letter in text).decode("utf-8"))
            except (KeyError, UnicodeDecodeError):
                continue
    return text


def _bytes_whole(letter: str, table: Mapping[str, int]) -> bytes:
    """The letter's own byte, or else those of its parts. ``KeyError``: not of this page."""
    if letter.isascii():
        return letter.encode()
    return bytes([table[letter]]) if letter in table else _bytes_parted(letter, table)


def _bytes_parted(letter: str, table: Mapping[str, int]) -> bytes:
    """The bytes of the letter's parts, as where a page writes tones apart and they were composed since."""
    parts = unicodedata.normalize("NFD", letter)
    if not all(part.isascii() or part in table for part in parts):
        parts = letter
    return bytes(ord(part) if part.isascii() else table[part] for part in parts)
