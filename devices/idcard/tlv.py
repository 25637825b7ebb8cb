"""BER-TLV, as chips write it: tags of one to three bytes, definite lengths (ISO/IEC 7816-4, 5.2.2).

Damaged input raises ``ValueError``.
"""

from __future__ import annotations

from collections.abc import Iterator

CONSTRUCTED = 0x20


def constructed(tag: int) -> bool:
    """Whether the value under ``tag`` is made of objects."""
    while tag > 0xFF:
        tag >>= 8
    return bool(tag & CONSTRUCTED)


def header(data: bytes, at: int = 0) -> tuple[int, int, int]:
    """``(tag, length of the value, position of the value)`` of the object at ``at``."""
    try:
        tag = first = data[at]
        at += 1
        if first & 0x1F == 0x1F:
            while True:
                tag = tag << 8 | data[at]
                at += 1
                if not data[at - 1] & 0x80:
                    break
                if tag > 0xFFFF:
                    raise ValueError("tag too long")
        length = data[at]
        at += 1
        if length & 0x80:
            count = length & 0x7F
            if not 1 <= count <= 3:
                raise ValueError("length form not allowed")
            if at + count > len(data):
                raise ValueError("object cut off")
            length = int.from_bytes(data[at : at + count], "big")
            at += count
    except IndexError:
        raise ValueError("object cut off") from None
    return tag, length, at


def parse(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The objects in ``data``, one after the other; filler bytes 00 between them are skipped."""
    at = 0
    while at < len(data):
        if data[at] == 0:
            at += 1
            continue
        tag, length, start = header(data, at)
        if start + length > len(data):
            raise ValueError("object cut off")
        yield tag, data[start : start + length]
        at = start + length


def find(data: bytes, *path: int) -> bytes:
    """The value at the end of ``path``, one tag per level. Raises ``ValueError`` when it is not there."""
    for wanted in path:
        for tag, value in parse(data):
            if tag == wanted:
                data = value
                break
        else:
            raise ValueError(f"no object {wanted:X}")
    return data


def build(tag: int, value: bytes) -> bytes:
    """The object with ``tag`` around ``value``."""
    size = len(value)
    if size < 0x80:
        length = bytes([size])
    else:
        digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
        length = bytes([0x80 | len(digits)]) + digits
    return tag.to_bytes((tag.bit_length() + 7) // 8 or 1, "big") + length + value
