"""Which characters a TrueType file can draw: its ``cmap`` table, formats 4 and 12 (OpenType specification), read without a font
library.

Pillow draws a box for a character it lacks and does not say so; a slip must not leave the machine with a box in a name.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator


def characters(font: bytes) -> frozenset[int]:
    """Code points with a glyph other than .notdef. Raises ``ValueError`` for a file without a Unicode ``cmap``."""
    cmap = _table(font, b"cmap")
    (count,) = struct.unpack_from(">H", cmap, 2)
    subtables: dict[int, bytes] = {}
    for index in range(count):
        platform, encoding, offset = struct.unpack_from(">HHI", cmap, 4 + 8 * index)
        if platform == 0 or (platform == 3 and encoding in (1, 10)):
            subtables[struct.unpack_from(">H", cmap, offset)[0]] = cmap[offset:]
    if 12 in subtables:
        return frozenset(_groups(subtables[12]))
    if 4 in subtables:
        return frozenset(_segments(subtables[4]))
    raise ValueError("font without a Unicode cmap of format 4 or 12")


def _table(font: bytes, tag: bytes) -> bytes:
    (count,) = struct.unpack_from(">H", font, 4)
    for index in range(count):
        name, _, offset, length = struct.unpack_from(">4sIII", font, 12 + 16 * index)
        if name == tag:
            return font[offset : offset + length]
    raise ValueError(f"font without table {tag!r}")


def _groups(table: bytes) -> Iterator[int]:
    (count,) = struct.unpack_from(">I", table, 12)
    for index in range(count):
        first, last, glyph = struct.unpack_from(">III", table, 16 + 12 * index)
        yield from (code for code in range(first, last + 1) if glyph + code - first)


def _segments(table: bytes) -> Iterator[int]:
    count = struct.unpack_from(">H", table, 6)[0] // 2
    ends = struct.unpack_from(f">{count}H", table, 14)
    starts, deltas, offsets = (struct.unpack_from(f">{count}H", table, 16 + 2 * count * part) for part in (1, 2, 3))
    for index, (first, last, delta, offset) in enumerate(zip(starts, ends, deltas, offsets, strict=True)):
        for code in range(first, last + 1):
            glyph = code
            if offset:
                at = 16 + 6 * count + 2 * index + offset + 2 * (code - first)
                (glyph,) = struct.unpack_from(">H", table, at)
                if not glyph:
                    continue
            if (glyph + delta) & 0xFFFF and code != 0xFFFF:
                yield code
