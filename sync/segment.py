"""Segments: a run of consecutive lines of one chain, compressed, closed and proven (SYNC design 1.4), in two forms.

On a stick it stands alone, HSG1, sealed to its receiver and signed::

    "HSG1" | flags 1 | dict 1 | device 4 | incarnation 5 | from 6 | count 2
           | head-before[8] | head-after[8] | len 4 | payload | sig 64

The signature covers the header, SHA-256 of the payload and the full 32-byte head after, which the receiver rebuilds from its
own head before; so a segment verifies only on the history it was cut from. Inside a signed request or reply (``sync.wire``) a
segment travels as a :class:`Run` without what the message says and signs already.

Entries of a feed are written together (``sync.packing``). Those that answer a request are compressed *behind* what it foretells
(:func:`sync.feed.foretold`): its lines and their ``ack`` are text that both ends know, and most of the answer repeats it.

A receiver bounds, opens, decompresses under a hard cap and rebuilds the chain, and stores nothing before all of it passed. A
segment may start and end anywhere; overlap is normal. Nothing here allocates more than :data:`MAX_TEXT` whatever the bytes say.
"""

from __future__ import annotations

import hashlib
import io
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Final

import zstandard

from sync.envelope import MAX_ENTRY, MAX_LINE
from sync.errors import ChainBroken, Diverged, SegmentError, SegmentTooLarge, UnknownDictionary
from sync.keys import SEAL_COST, SIGNATURE, Opener, Sealer, Signer, Verifier
from sync.packing import restored, shortened

MAGIC: Final = b"HSG1"
MAX_TEXT: Final = 16 * 1024 * 1024
"""Hard cap of the decompressed lines, bytes."""
MAX_PAYLOAD: Final = 1024 * 1024
"""Largest sealed payload, bytes. Senders aim at 64 KB and less; one incompressible line still fits."""
MAX_COUNT: Final = 0xFFFF
FEED: Final = 1
"""Flag of the downward direction: ``device`` is then :func:`commune_tag` and ``incarnation`` the province's epoch."""
SNAPSHOT: Final = 2
"""Flag of a feed's snapshot (``sync.snapshot``): its lines are numbered from 1, and each segment begins at a head of its own."""
LEVEL: Final = 19
"""zstd level: 0.15 ms for a filing, 17 % smaller than level 3."""
FAST: Final = 9
"""Level for the province, which packs for all kiosks at once, and for sticks, where bytes are plenty."""
BULK: Final = 6
"""Level for the province where much is packed at once: behind the lines of a request a tenth more bytes in half the time."""

_HEADER: Final = struct.Struct(">4sBBI5s6sH8s8sI")
HEADER_SIZE: Final = _HEADER.size
_WINDOW: Final = 1 << 24
CONTEXT: Final = b"mcx segment 1"
_HEAD: Final = b"mcx head 1"

Dictionaries = Mapping[int, bytes]
"""zstd dictionaries by number, 1..255. Number 0 is none."""

NO_DICTIONARIES: Final[Dictionaries] = {}


@dataclass(frozen=True, slots=True)
class Chain:
    """Whose chain: a device and its incarnation, or for the feed a commune tag and an epoch."""

    device: int
    incarnation: int
    feed: bool = False
    snapshot: bool = False
    """Not the feed itself but a snapshot of what it came to."""

    @property
    def flags(self) -> int:
        return (FEED if self.feed else 0) | (SNAPSHOT if self.snapshot else 0)


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment as it arrived; nothing in it is trusted before :func:`verify`."""

    chain: Chain
    dictionary: int
    first: int
    count: int
    before8: bytes
    after8: bytes
    header: bytes
    payload: bytes
    signature: bytes

    @property
    def last(self) -> int:
        """Number of the last line."""
        return self.first + self.count - 1


@dataclass(frozen=True, slots=True)
class Run:
    """A segment inside a signed message: what the message does not say already."""

    first: int
    count: int
    dictionary: int
    closed: bytes
    """The compressed lines, closed for the receiver."""

    @property
    def last(self) -> int:
        """Number of the last line."""
        return self.first + self.count - 1


def commune_tag(commune: str) -> int:
    """32 bits of SHA-256 of a commune code: marks whose feed a segment carries. Secrecy and proof come from seal and signature."""
    return int.from_bytes(hashlib.sha256(b"mcx commune " + commune.encode("utf-8")).digest()[:4], "big")


def cut(
    of: Chain,
    first: int,
    before: bytes,
    lines: Sequence[bytes],
    *,
    signer: Signer,
    seal_to: Sealer,
    dictionary: int = 0,
    dictionaries: Dictionaries = NO_DICTIONARIES,
    level: int = LEVEL,
) -> bytes:
    """Cut a segment from consecutive lines. ``before`` is the full head before line number ``first``.

    Raises:
        SegmentTooLarge: too many lines, or too many bytes before or after compression.
        UnknownDictionary: the dictionary number is not among ``dictionaries``.
    """
    packed = pack(first, lines, dictionary=dictionary, dictionaries=dictionaries, level=level, feed=of.feed)
    head = chained(before, lines)[-1]
    payload = seal_to.seal(packed)
    if len(payload) > MAX_PAYLOAD:
        raise SegmentTooLarge(f"payload of {len(payload)} bytes is over the limit of {MAX_PAYLOAD}")
    header = _HEADER.pack(
        MAGIC,
        of.flags,
        dictionary,
        of.device,
        of.incarnation.to_bytes(5, "big"),
        first.to_bytes(6, "big"),
        len(lines),
        before[:8],
        head[:8],
        len(payload),
    )
    return header + payload + signer.sign(CONTEXT, _signed(header, payload, head))


def pack(
    first: int,
    lines: Sequence[bytes],
    *,
    dictionary: int = 0,
    dictionaries: Dictionaries = NO_DICTIONARIES,
    level: int = LEVEL,
    feed: bool = False,
    behind: bytes = b"",
) -> bytes:
    """Compress consecutive lines: the same lines always give the same bytes. ``behind`` is text the receiver holds as well.

    Raises:
        SegmentTooLarge: too many lines, or too many bytes before or after compression.
        UnknownDictionary: the dictionary number is not among ``dictionaries``.
    """
    if not 1 <= len(lines) <= MAX_COUNT or first < 1 or first + len(lines) > 1 << 48:
        raise SegmentTooLarge(f"{len(lines)} lines from {first} do not fit a segment")
    text = b"\n".join(lines)
    if len(text) > MAX_TEXT or text.count(b"\n") != len(lines) - 1:
        raise SegmentTooLarge(f"{len(text)} bytes of lines are over the cap, or a line holds a line feed")
    if feed:
        text = b"\n".join(shortened(lines))
    packed = _compressed(text, level, _dictionary(dictionary, dictionaries), behind)
    if len(packed) > MAX_PAYLOAD - SEAL_COST:
        raise SegmentTooLarge(f"{len(packed)} bytes are over the limit of a payload")
    return packed


def fit(lines: Sequence[bytes], target: int, packer: Callable[[Sequence[bytes]], bytes]) -> tuple[bytes, int]:
    """Pack as many of the lines as stay near ``target`` bytes, at least one: (bytes, number of lines taken)."""
    count = min(len(lines), MAX_COUNT)
    while True:
        try:
            data = packer(lines[:count])
        except SegmentTooLarge:
            if count == 1:
                raise
            count //= 2
            continue
        if count == 1 or len(data) <= target + target // 4:
            return data, count
        count = max(1, min(count - 1, count * target // len(data)))


def chained(before: bytes, lines: Sequence[bytes]) -> list[bytes]:
    """The head after each of the lines that follow the head ``before``."""
    heads: list[bytes] = []
    head = before
    for line in lines:
        head = hashlib.sha256(head + line).digest()
        heads.append(head)
    return heads


def parse(data: bytes) -> Segment:
    """Read the frame of a segment: sizes and bounds only.

    Raises:
        SegmentError: not a segment, cut short, followed by other bytes, unknown flags, or a field out of its range.
        SegmentTooLarge: payload over the limit.
    """
    if len(data) < HEADER_SIZE + SEAL_COST + SIGNATURE:
        raise SegmentError(f"{len(data)} bytes are too few for a segment")
    magic, flags, dictionary, device, incarnation, first, count, before8, after8, size = _HEADER.unpack_from(data)
    if magic != MAGIC:
        raise SegmentError("a segment starts with HSG1")
    if flags not in (0, FEED, FEED | SNAPSHOT):
        raise SegmentError(f"unknown segment flags {flags:#x}")
    if size > MAX_PAYLOAD:
        raise SegmentTooLarge(f"payload of {size} bytes is over the limit of {MAX_PAYLOAD}")
    if len(data) != HEADER_SIZE + size + SIGNATURE:
        raise SegmentError(f"segment of {len(data)} bytes announces {HEADER_SIZE + size + SIGNATURE}")
    number = int.from_bytes(first, "big")
    if number < 1 or count < 1:
        raise SegmentError("a segment holds at least one line, counted from 1")
    return Segment(
        chain=Chain(device, int.from_bytes(incarnation, "big"), bool(flags & FEED), bool(flags & SNAPSHOT)),
        dictionary=dictionary,
        first=number,
        count=count,
        before8=before8,
        after8=after8,
        header=data[:HEADER_SIZE],
        payload=data[HEADER_SIZE : HEADER_SIZE + size],
        signature=data[HEADER_SIZE + size :],
    )


def unpack(segment: Segment, key: Opener, dictionaries: Dictionaries = NO_DICTIONARIES) -> tuple[bytes, ...]:
    """Unseal and decompress: the lines, ``segment.count`` of them.

    Raises:
        SealBroken: sealed to another key, or altered.
        SegmentTooLarge, UnknownDictionary, SegmentError: as :func:`lines_of`.
    """
    packed = key.open(segment.payload)
    return lines_of(packed, segment.count, segment.dictionary, dictionaries, feed=segment.chain.feed)


def lines_of(
    packed: bytes,
    count: int,
    dictionary: int = 0,
    dictionaries: Dictionaries = NO_DICTIONARIES,
    *,
    feed: bool = False,
    behind: bytes = b"",
) -> tuple[bytes, ...]:
    """Undo :func:`pack`.

    Raises:
        SegmentTooLarge: more than :data:`MAX_TEXT` or a line over ``MAX_LINE`` (``MAX_ENTRY`` in a feed).
        UnknownDictionary: compressed with a dictionary not among ``dictionaries``.
        SegmentError: not zstd, or another number of lines than ``count``.
    """
    text = _decompress(packed, _table(_dictionary(dictionary, dictionaries) + behind))
    packed_lines = text.split(b"\n", count)  # a line too many is enough to know; millions of them would be made for nothing
    lines = tuple(islice(restored(packed_lines), count + 1) if feed else packed_lines)
    if len(lines) != count:
        raise SegmentError(f"segment announces {count} lines and holds {'more' if len(lines) > count else len(lines)}")
    limit = MAX_ENTRY if feed else MAX_LINE
    if max(map(len, lines)) > limit:
        raise SegmentTooLarge(f"a line is over the limit of {limit} bytes")
    return lines


def verify(segment: Segment, lines: Sequence[bytes], before: bytes, key: Verifier) -> list[bytes]:
    """Rebuild the chain from the receiver's own head before ``segment.first`` and check the signature: the head after each line.

    Raises:
        Diverged: the segment was cut from another history than ``before``.
        ChainBroken: the lines do not lead to the head announced.
        BadSignature: altered, or signed with another key.
    """
    if before[:8] != segment.before8:
        raise Diverged(f"segment from {segment.first} was cut from another history")
    heads = chained(before, lines)
    if heads[-1][:8] != segment.after8:
        raise ChainBroken(f"lines {segment.first}..{segment.last} do not lead to the announced head")
    key.verify(CONTEXT, signed(segment, heads[-1]), segment.signature)
    return heads


def signed(segment: Segment, head: bytes) -> bytes:
    """What the signature of a segment covers; it ends with the full head after."""
    return _signed(segment.header, segment.payload, head)


def claim(message: bytes) -> tuple[int, int, int, bytes] | None:
    """(device, incarnation, n, head) proven by a signed message of :func:`signed`; ``None`` when it is none."""
    if len(message) != HEADER_SIZE + 64:
        return None
    _, flags, _, device, incarnation, first, count, _, _, _ = _HEADER.unpack_from(message)
    last = int.from_bytes(first, "big") + count - 1
    return None if flags & FEED else (device, int.from_bytes(incarnation, "big"), last, message[-32:])


def sign_head(signer: Signer, device: int, incarnation: int, n: int, head: bytes) -> bytes:
    """Sign the head of a local chain, 64 bytes: cut at the end of every use case, so a slip and ``store check`` have a signed
    head."""
    return signer.sign(_HEAD, _head_facts(device, incarnation, n, head))


def verify_head(key: Verifier, device: int, incarnation: int, n: int, head: bytes, signature: bytes) -> None:
    """Check :func:`sign_head`.

    Raises:
        BadSignature: it does not verify.
    """
    key.verify(_HEAD, _head_facts(device, incarnation, n, head), signature)


def _head_facts(device: int, incarnation: int, n: int, head: bytes) -> bytes:
    if len(head) != 32:
        raise ValueError("a head has 32 bytes")
    return struct.pack(">IQQ", device, incarnation, n) + head


def _signed(header: bytes, payload: bytes, head: bytes) -> bytes:
    return header + hashlib.sha256(payload).digest() + head


def _dictionary(number: int, dictionaries: Dictionaries) -> bytes:
    if number == 0:
        return b""
    try:
        return dictionaries[number]
    except KeyError:
        raise UnknownDictionary(f"dictionary {number} is not held here") from None


def _table(dictionary: bytes) -> zstandard.ZstdCompressionDict | None:
    return zstandard.ZstdCompressionDict(dictionary) if dictionary else None


@lru_cache(maxsize=8)
def _prepared(level: int, dictionary: bytes) -> zstandard.ZstdCompressionDict:
    """A dictionary digested for a level, once: digesting costs thirty times what a short text does."""
    table = zstandard.ZstdCompressionDict(dictionary)
    table.precompute_compress(compression_params=_parameters(level))
    return table


def _parameters(level: int, size: int = 0, behind: int = 0) -> zstandard.ZstdCompressionParameters:
    """No magic number, size, checksum or dictionary number: all of it is said, and proven, around the payload. Tables are made as
    large as the text and what is before it need, where that is known."""
    return zstandard.ZstdCompressionParameters.from_level(
        level,
        source_size=size,
        dict_size=behind,
        format=zstandard.FORMAT_ZSTD1_MAGICLESS,
        write_content_size=False,
        write_checksum=False,
        write_dict_id=False,
    )


def _compressed(text: bytes, level: int, dictionary: bytes, behind: bytes) -> bytes:
    """By a fresh compressor each time: it may not be shared by threads, and making one costs 10 us."""
    if behind:
        table, parameters = _table(dictionary + behind), _parameters(level, len(text), len(dictionary) + len(behind))
    else:
        table, parameters = _prepared(level, dictionary) if dictionary else None, _parameters(level)
    return zstandard.ZstdCompressor(compression_params=parameters, dict_data=table).compress(text)


def _decompress(data: bytes, table: zstandard.ZstdCompressionDict | None) -> bytes:
    """Read piece by piece: the size a frame announces is never believed, so nothing is allocated ahead of the bytes."""
    plain = zstandard.FORMAT_ZSTD1_MAGICLESS
    reader = zstandard.ZstdDecompressor(dict_data=table, max_window_size=_WINDOW, format=plain).stream_reader(io.BytesIO(data))
    text = bytearray()
    try:
        while piece := reader.read(65536):
            text += piece
            if len(text) > MAX_TEXT:
                raise SegmentTooLarge(f"segment unpacks to more than {MAX_TEXT} bytes")
    except zstandard.ZstdError as error:
        raise SegmentError(f"payload does not decompress: {error}") from None
    return bytes(text)
