"""HSB1, the bundle: what travels by wire, in a file that a stick or a courier carries (SYNC design 1.16).

::

    volume  = header 37 | frame … | trailer
    header  = "HSB1" | way 1 | owner 4 | counter 4 | province 8 | id 16
    frame   = kind 1 | length 4 | bytes        1 letter · 2 manifest · 3 segment · 4 blob range · 5 blob states
    trailer = 255 | 100 as length 4 | frames 4 | SHA-256 of all before | Ed25519 signature over header, frames and SHA-256

Every volume stands alone: any of them, in any order, any number of times, is of use. Nothing readable is in it: the manifest is
sealed to the receiver, segments are sealed HSG1, blobs are ciphertext; header and letters (signed keys, receipts) tell no more
than numbers. A reader takes :func:`preface`, whose letters prove themselves, to know which key must have signed; then
:func:`check` walks the whole file, so a volume cut or altered at any byte is refused before a single frame is looked into; then
:func:`frames` walks it again and notices a file that changed in between. Neither holds more than one frame in memory.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import BinaryIO, Final, Protocol

from sync.bundle_errors import BundleChanged, BundleDamaged, BundleForged, BundleLater, BundleTooLarge
from sync.envelope import base32
from sync.errors import BadSignature
from sync.keys import SIGNATURE, Signer, Verifier, by_one_of
from sync.letter import MAX_LETTER

MAGIC: Final = b"HSB1"
"""Its last sign is the version of the format."""
SUFFIX: Final = ".hsb"
MAX_VOLUME: Final = 1 << 30
"""Largest volume, bytes: far under FAT32's 4 GiB."""
MAX_FRAME: Final = 1280 * 1024
"""Largest frame, bytes: a segment of the largest payload fits."""
MAX_COUNTER: Final = (1 << 32) - 1
MAX_LETTERS: Final = 1024
MAX_PREFACE: Final = 1024 * 1024
"""Bytes of letters a reader looks at before anything is proven."""
MAX_RANGE: Final = 256 * 1024
"""Most bytes of a blob in one frame."""

_HEADER: Final = struct.Struct(">4sBII8s16s")
_FRAME: Final = struct.Struct(">BI")
_RANGE: Final = struct.Struct(">32s6s")
_TRAILER: Final = struct.Struct(f">I32s{SIGNATURE}s")
_TRAILER_KIND: Final = 255
_CONTEXT: Final = b"mcx bundle 1"
_PIECE: Final = 64 * 1024

LEAST: Final = _HEADER.size + _FRAME.size + _TRAILER.size
"""Bytes of a volume without frames; each frame costs its bytes and :data:`FRAME_COST`."""
FRAME_COST: Final = _FRAME.size
RANGE_COST: Final = _FRAME.size + _RANGE.size


class Readable(Protocol):
    """What bytes come from: a file, or the body of a request."""

    def read(self, size: int, /) -> bytes: ...


class Way(IntEnum):
    """Which way a volume travels."""

    UP = 1
    """From a kiosk to the province; the owner is its device number."""
    DOWN = 2
    """From the province to a commune; the owner is the commune's tag (``sync.segment.commune_tag``)."""


class Kind(IntEnum):
    """What a frame holds."""

    LETTER = 1
    MANIFEST = 2
    SEGMENT = 3
    RANGE = 4
    STATES = 5


@dataclass(frozen=True, slots=True)
class Header:
    """Readable by anybody, so that a foreign stick is refused by name."""

    way: Way
    owner: int
    counter: int
    """Counts the volumes of one writer; for people and file names, nothing is decided by it."""
    province: bytes
    """:func:`province_tag` of the province the volume belongs to."""
    ident: bytes
    """16 random bytes: the name of this volume in receipts."""

    def pack(self) -> bytes:
        return _HEADER.pack(MAGIC, self.way, self.owner, self.counter, self.province, self.ident)

    @property
    def name(self) -> str:
        """File name: FAT32-safe, lower case, nothing of any person in it. No other volume has it, also where a writer that was
        restored, or began another stick, counts from the same number again."""
        return f"{'p' if self.way is Way.DOWN else 'm'}{base32(self.owner)}-{self.counter:06d}-{self.ident[:4].hex()}{SUFFIX}"


def province_tag(root: bytes) -> bytes:
    """Eight bytes that tell provinces apart, of the public root key."""
    return hashlib.sha256(b"mcx province " + root).digest()[:8]


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of a checked volume."""

    kind: int
    body: bytes


@dataclass(frozen=True, slots=True)
class BlobRange:
    """Bytes of a blob's ciphertext from an offset on."""

    blob: bytes
    offset: int
    data: bytes

    def pack(self) -> bytes:
        return _RANGE.pack(self.blob, self.offset.to_bytes(6, "big")) + self.data


def read_range(body: bytes) -> BlobRange:
    """Raises BundleDamaged."""
    if not _RANGE.size < len(body) <= _RANGE.size + MAX_RANGE:
        raise BundleDamaged("a blob range of a wrong size")
    blob, offset = _RANGE.unpack_from(body)
    return BlobRange(blob, int.from_bytes(offset, "big"), body[_RANGE.size :])


# --- writing --------------------------------------------------------------------------------------------------------


class VolumeWriter:
    """Writes one volume front to back. Letters first, then the manifest, :meth:`finish` last."""

    def __init__(self, out: BinaryIO, header: Header, signer: Signer, most: int = MAX_VOLUME) -> None:
        self._out = out
        self._head = header.pack()
        self._signer = signer
        self._hash = hashlib.sha256()
        self._count = 0
        self.room = most - LEAST
        """Bytes of frames that still fit, their :data:`FRAME_COST` included."""
        self._put(self._head)

    def fits(self, size: int) -> bool:
        """Whether a frame with so many bytes fits."""
        return FRAME_COST + size <= self.room

    def add(self, kind: int, body: bytes) -> None:
        """``kind``: a :class:`Kind`, or the number of one. Raises BundleTooLarge when it does not fit; ask :meth:`fits` before."""
        if len(body) > MAX_FRAME or not self.fits(len(body)):
            raise BundleTooLarge(f"a frame of {len(body)} bytes does not fit")
        self.room -= FRAME_COST + len(body)
        self._count += 1
        self._put(_FRAME.pack(kind, len(body)))
        self._put(body)

    def finish(self) -> None:
        digest = self._hash.digest()
        signature = self._signer.sign(_CONTEXT, _signed(self._head, self._count, digest))
        self._out.write(_FRAME.pack(_TRAILER_KIND, _TRAILER.size) + _TRAILER.pack(self._count, digest, signature))

    def _put(self, data: bytes) -> None:
        self._hash.update(data)
        self._out.write(data)


def _signed(head: bytes, count: int, digest: bytes) -> bytes:
    return head + count.to_bytes(4, "big") + digest


# --- reading --------------------------------------------------------------------------------------------------------


def preface(stream: BinaryIO) -> tuple[Header, tuple[bytes, ...]]:
    """Header and the letters that follow it. Neither is proven yet: letters carry their own signatures.

    Raises:
        BundleDamaged: not a volume, or cut short within them.
        BundleLater: of a later version of the format.
    """
    stream.seek(0)
    head = _header(_exactly(stream, _HEADER.size))
    letters: list[bytes] = []
    room = MAX_PREFACE
    while len(letters) < MAX_LETTERS:
        kind, size = _FRAME.unpack(_exactly(stream, _FRAME.size))
        room -= size
        if kind != Kind.LETTER or size > MAX_LETTER or room < 0:
            break
        letters.append(_exactly(stream, size))
    return head, tuple(letters)


@dataclass(frozen=True, slots=True)
class Checked:
    """A volume whose signature verified: what :func:`frames` compares the second reading with."""

    header: Header
    count: int
    digest: bytes
    size: int
    """Bytes of the whole volume."""


def check(stream: BinaryIO, keys: Sequence[Verifier], most: int = MAX_VOLUME) -> Checked:
    """Read a volume to its end and verify the signature; nothing in a frame is looked at.

    Raises:
        BundleDamaged: cut short, lengthened, or altered.
        BundleTooLarge: over ``most`` bytes.
        BundleForged: whole, but signed by none of these keys.
    """
    checked, signed, signature = _walk(stream, most)
    _verify(keys, signed, signature)
    return checked


def intact(stream: BinaryIO, most: int = MAX_VOLUME) -> Checked:
    """Read a volume to its end for a courier, who cannot know whose signature it must bear: whole, but not proven.

    Raises:
        BundleDamaged, BundleTooLarge: as :func:`check`.
    """
    return _walk(stream, most)[0]


def _walk(stream: BinaryIO, most: int) -> tuple[Checked, bytes, bytes]:
    """(what was read, the bytes that were signed, the signature)"""
    stream.seek(0)
    head = _exactly(stream, _HEADER.size)
    header = _header(head)
    hashing, size, count = hashlib.sha256(head), len(head), 0
    while True:
        lead = _exactly(stream, _FRAME.size)
        kind, length = _FRAME.unpack(lead)
        if kind == _TRAILER_KIND:
            break
        size += _FRAME.size + length
        if length > MAX_FRAME or size > most:
            raise BundleTooLarge(f"a volume of more than {most} bytes, or a frame of {length}")
        hashing.update(lead)
        for piece in pieces(stream, length):
            hashing.update(piece)
        count += 1
    if length != _TRAILER.size:
        raise BundleDamaged("the trailer is malformed")
    claimed, digest, signature = _TRAILER.unpack(_exactly(stream, length))
    if stream.read(1) or claimed != count or digest != hashing.digest():
        raise BundleDamaged("the volume was altered after it was written")
    return Checked(header, count, digest, size + _FRAME.size + _TRAILER.size), _signed(head, count, digest), signature


def frames(stream: BinaryIO, checked: Checked) -> Iterator[Frame]:
    """The frames of a checked volume, one at a time.

    Raises:
        BundleChanged: the file is another one than was checked; what was handed out before must prove itself, as it does.
    """
    try:
        stream.seek(0)
        hashing = hashlib.sha256(_exactly(stream, _HEADER.size))
        for _ in range(checked.count):
            lead = _exactly(stream, _FRAME.size)
            kind, length = _FRAME.unpack(lead)
            if length > MAX_FRAME:
                raise BundleChanged("a frame grew between two readings")
            body = _exactly(stream, length)
            hashing.update(lead)
            hashing.update(body)
            yield Frame(kind, body)
    except BundleDamaged:
        raise BundleChanged("the file shrank between two readings") from None
    if hashing.digest() != checked.digest:
        raise BundleChanged("the file changed between two readings")


def _header(data: bytes) -> Header:
    magic, way, owner, counter, province, ident = _HEADER.unpack(data)
    if magic != MAGIC and magic[:-1] == MAGIC[:-1] and magic[-1:].isdigit():
        raise BundleLater("a volume of a later version")
    if magic != MAGIC or way not in (Way.UP, Way.DOWN):
        raise BundleDamaged("not a volume of a bundle")
    return Header(Way(way), owner, counter, province, ident)


def _verify(keys: Sequence[Verifier], signed: bytes, signature: bytes) -> None:
    try:
        by_one_of(keys, lambda key: key.verify(_CONTEXT, signed, signature))
    except BadSignature:
        raise BundleForged("the volume is signed by none of the keys its owner has") from None


def _exactly(stream: BinaryIO, size: int) -> bytes:
    return b"".join(pieces(stream, size))


def pieces(stream: Readable, size: int) -> Iterator[bytes]:
    """So many bytes of a stream, one piece at a time. Raises BundleDamaged when it ends early."""
    while size:
        piece = stream.read(min(size, _PIECE))
        if not piece:
            raise BundleDamaged("the volume is cut short")
        size -= len(piece)
        yield piece
