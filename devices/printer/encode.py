"""Dots to ESC/POS bytes: raster bands (GS v 0), white rows as paper feed (ESC J), a cut, and nothing a printer could take for an
order.

A band has at most ``band_rows`` rows, so a job that breaks off leaves a printer waiting for little, and is cut to the width it
uses. Many printers obey the real-time commands DLE EOT, DLE ENQ and DLE DC4 even inside picture data (bytes 10 04, 10 05, 10 14):
``shield`` changes one dot so that those pairs never stand in a row, and a band ends where they would meet across two rows. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from PIL import Image

from devices.printer.profiles import Profile

INITIALISE = b"\x1b@"
FENCE = b"\x1dr\x01"
"""GS r 1: transmit paper status. It is answered in its turn, so the answer proves that everything before it has been carried out.
"""
CLEAR = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"
"""DLE DC4 8: empty the buffers at once (printers of profile ``clear: dle_dc4_8``)."""

REALTIME_FOLLOWERS = frozenset((0x04, 0x05, 0x14))
MIN_FEED_ROWS = 6
"""Shorter white gaps stay inside the band: a feed command would cost more than it saves and stops the paper."""


def shield(image: Image.Image) -> Image.Image:
    """``image`` (mode "1") without a real-time pair inside any row: a byte 10 before 04, 05 or 14 becomes 18, which is one dot
    more ink.
    """
    width_bytes = image.width // 8
    data = bytearray(_ink_bytes(image))
    changed = False
    at = data.find(0x10)
    while at >= 0:
        if (at + 1) % width_bytes and data[at + 1] in REALTIME_FOLLOWERS:
            data[at] = 0x18
            changed = True
        at = data.find(0x10, at + 1)
    if not changed:
        return image
    return Image.frombytes("1", image.size, bytes(byte ^ 0xFF for byte in data))


def encode(image: Image.Image, profile: Profile) -> bytes:
    """The whole job of one slip: initialise, picture, cut, without the fence.

    ``image`` is of mode "1" (0 black), its width a multiple of 8 and no wider than the printer; anything else raises
    ``ValueError``.
    """
    if image.mode != "1" or image.width % 8 or image.width > profile.width_dots:
        raise ValueError(f"cannot print mode {image.mode}, {image.width} dots on {profile.width_dots}")
    body = b"".join(_body(shield(image), profile))
    return INITIALISE + body + feed(profile.dots(profile.feed_before_cut_mm), profile) + cut(profile)


def feed(rows: int, profile: Profile) -> bytes:
    """Move the paper by that many dots."""
    units = rows * profile.feed_units_per_dot
    out = b""
    while units > 0:
        step = min(units, 255 - 255 % profile.feed_units_per_dot)
        out += b"\x1bJ" + bytes((step,))
        units -= step
    return out


def cut(profile: Profile) -> bytes:
    """Cut, or nothing on a printer that is torn by hand."""
    return {"feed_partial": b"\x1dVB\x00", "partial": b"\x1dV\x01", "none": feed(profile.dots(12), profile)}[profile.cut]


def recovery(profile: Profile) -> bytes:
    """What frees a printer that may wait for the rest of a broken job: one band of zeros, initialise, line feed, cut the torn
    piece off.
    """
    return bytes(profile.band_rows * profile.width_dots // 8) + INITIALISE + b"\n" + cut(profile)


def _ink_bytes(image: Image.Image) -> bytes:
    """Rows of bits, a set bit being a black dot."""
    return bytes(byte ^ 0xFF for byte in image.tobytes())


def _body(image: Image.Image, profile: Profile) -> Iterator[bytes]:
    width_bytes = image.width // 8
    data = _ink_bytes(image)
    rows = [data[start : start + width_bytes] for start in range(0, len(data), width_bytes)]
    inked = [bool(row.strip(b"\0")) for row in rows]
    at = 0
    while at < len(rows):
        end = at
        if not inked[at]:
            while end < len(rows) and not inked[end]:
                end += 1
            if end - at >= MIN_FEED_ROWS or end == len(rows):
                yield feed(end - at, profile)
                at = end
                continue
        end = _band_end(rows, inked, at, profile.band_rows)
        yield _band(rows[at:end])
        at = end


def _band_end(rows: list[bytes], inked: list[bool], start: int, most: int) -> int:
    """Where the band that starts at row ``start`` ends: before a long white gap, or before two rows that would meet as a
    real-time pair.
    """
    end = start
    while end < len(rows) and end - start < most:
        if not any(inked[end : end + MIN_FEED_ROWS]):
            break
        if end > start and rows[end][0] in REALTIME_FOLLOWERS and 0x10 in rows[end - 1]:
            break
        end += 1
    return max(end, start + 1)


def _band(rows: list[bytes]) -> bytes:
    used = max(max(len(row.rstrip(b"\0")) for row in rows), 1)
    head = b"\x1dv0\0" + used.to_bytes(2, "little") + len(rows).to_bytes(2, "little")
    return head + b"".join(row[:used] for row in rows)
