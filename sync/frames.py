"""The lowest layer of a message: its frame of frames, and the numbers and texts in them. Knows nothing of what they mean.

A body is the magic, frames, and one signature; a frame is its type, its length and its bytes. Numbers are seven bits a byte, lowest
first. Everything is bounded, and whatever is missing is a :class:`BadFrame`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from sync.errors import BadFrame, NotOurProtocol, OtherProtocol
from sync.keys import SIGNATURE
from sync.segment import MAX_COUNT, Run

MAGIC: Final = b"MCX1"
"""Its last sign is the protocol major a message is written in."""
MAX_FRAMES: Final = 64


def is_ours(data: bytes) -> bool:
    """Whether the bytes start like one of our bodies, of any version. True says nothing about who made them."""
    return data.startswith(MAGIC[:-1]) and data[len(MAGIC) - 1 : len(MAGIC)].isdigit()


def join_frames(frames: Iterable[tuple[int, bytes]]) -> bytes:
    return MAGIC + b"".join(bytes([kind]) + varint(len(raw)) + raw for kind, raw in frames)


def split_frames(data: bytes, limit: int) -> tuple[bytes, bytes, list[tuple[int, bytes]]]:
    if not is_ours(data):
        raise NotOurProtocol("the body does not start with the magic of this protocol")
    if not data.startswith(MAGIC):
        raise OtherProtocol(f"a body of protocol {data[len(MAGIC) - 1 : len(MAGIC)].decode('ascii')}")
    if len(data) > limit:
        raise BadFrame(f"body of {len(data)} bytes is over the limit of {limit}")
    body, signature = data[:-SIGNATURE], data[-SIGNATURE:]
    source = Reader(body, len(MAGIC))
    frames: list[tuple[int, bytes]] = []
    while source.left():
        if len(frames) == MAX_FRAMES:
            raise BadFrame(f"more than {MAX_FRAMES} frames")
        frames.append((source.byte(), source.take(source.varint())))
    return body, signature, frames


def lead(frames: Sequence[tuple[int, bytes]], kind: int) -> bytes:
    if not frames or frames[0][0] != kind:
        raise BadFrame("the first frame is not the expected one")
    return frames[0][1]


class Reader:
    """Reads fields off a body; whatever is missing is a :class:`BadFrame`."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self._data = data
        self._at = at
        self._end = len(data)

    def left(self) -> int:
        return max(0, self._end - self._at)

    def take(self, size: int) -> bytes:
        at = self._at
        if size > self.left():
            raise BadFrame("a frame is cut short")
        self._at = at + size
        return self._data[at : at + size]

    def rest(self) -> bytes:
        return self.take(self.left())

    def byte(self) -> int:
        at = self._at
        if at >= self._end:
            raise BadFrame("a frame is cut short")
        self._at = at + 1
        return self._data[at]

    def number(self, size: int) -> int:
        return int_of(self.take(size))

    def varint(self, bits: int = 48) -> int:
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if value >> bits:
                raise BadFrame("a number is out of its range")
            if not byte & 0x80:
                return value
            if shift >= 49:
                raise BadFrame("a number does not end")

    def run_header(self) -> tuple[int, int, int]:
        dictionary, first, count = self.byte(), self.varint(), self.varint()
        if not 1 <= count <= MAX_COUNT or not 1 <= first <= (1 << 48) - count:
            raise BadFrame("a run holds at least one line, counted from 1")
        return first, count, dictionary

    def text(self) -> str:
        return self.take(self.byte()).decode("ascii", "replace")


def run_header(run: Run) -> bytes:
    return bytes([run.dictionary]) + varint(run.first) + varint(run.count)


def varint(number: int) -> bytes:
    """Seven bits a byte, lowest first; the high bit says that more follow."""
    if number <= 0x7F:
        return bytes((number,))
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def text_of(code: str) -> bytes:
    raw = code.encode("ascii")[:255]
    return bytes([len(raw)]) + raw


def int_of(data: bytes) -> int:
    return int.from_bytes(data, "big")
