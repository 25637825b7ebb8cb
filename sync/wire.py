"""The bytes of one exchange: a signed request with segments, a signed reply with acknowledgements and the feed (SYNC design 1.7).

::

    body  = "MCX1" | frame … | Ed25519 signature 64
    frame = type 1 | length 3 | bytes        1 hello · 2 segment · 3 reply; unknown types are skipped

The signature covers everything before it, so a forged or altered body is refused before a byte of a segment is unsealed or
decompressed. A request is signed by the device named in its hello, a reply by the province. The hello carries a random nonce
and the reply echoes it: a recorded reply answers nothing. Bytes behind the known fields of a hello or reply are ignored, for
versions to come. The same bytes travel by HTTP and on a stick.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sync.errors import BadFrame, NotOurProtocol
from sync.keys import SIGNATURE, SigningKey, VerifyKey

MAGIC: Final = b"MCX1"
PROTOCOL: Final = 1
"""Protocol major spoken here."""
MAX_REQUEST: Final = 2 * 1024 * 1024
"""Largest request body, bytes."""
MAX_REPLY: Final = 4 * 1024 * 1024
"""Largest reply body, bytes."""
MAX_FRAMES: Final = 64
NONCE: Final = 16

_HELLO_FRAME, _SEGMENT_FRAME, _REPLY_FRAME = 1, 2, 3
_REQUEST_CONTEXT: Final = b"mcx request 1"
_REPLY_CONTEXT: Final = b"mcx reply 1"
_FRAME: Final = struct.Struct(">B3s")
_HELLO: Final = struct.Struct(">BBHHII6s8sI6sI16s")
_POSITION: Final = struct.Struct(">5s6s8s")
_REPLY: Final = struct.Struct(">B16sIBH6s6s")
_ACK: Final = struct.Struct(">5s6s8s6s")
_NOTHING_COMMON: Final = (1 << 48) - 1
_RESET: Final = 1


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a chain the kiosk holds: after event ``n`` of an incarnation the head starts with ``head8``."""

    incarnation: int
    n: int
    head8: bytes


@dataclass(frozen=True, slots=True)
class Hello:
    """What a kiosk says of itself in every request."""

    device: int
    epoch: int
    """Epoch of the province whose feed is applied; 0 before the first."""
    feed_seq: int
    feed_head8: bytes
    wanted: int
    """Bytes of feed it would like in the reply."""
    wall_ms: int
    """Its wall clock: evidence, never used for a decision."""
    free_disk_mib: int
    nonce: bytes
    positions: tuple[Position, ...]
    """Per incarnation that is current or not wholly acknowledged: the end of its log and the last acknowledged place."""
    dictionaries: tuple[int, ...] = ()
    protocols: tuple[int, int] = (PROTOCOL, PROTOCOL)
    schemas: tuple[int, int] = (1, 1)


@dataclass(frozen=True, slots=True)
class Request:
    """A parsed request; :meth:`verify` before trusting it."""

    hello: Hello
    segments: tuple[bytes, ...]
    signed: bytes
    signature: bytes

    def verify(self, key: VerifyKey) -> None:
        """Raises :class:`BadSignature` unless the device signed exactly these bytes."""
        key.verify(_REQUEST_CONTEXT, self.signed, self.signature)


@dataclass(frozen=True, slots=True)
class AckFrame:
    """The province's direct answer for one incarnation: a hint for what to send next, never what trims the view."""

    incarnation: int
    n: int
    head8: bytes
    common: int | None
    """Last place named in this request where both chains agree; ``None`` when there is none."""
    refused: str = ""
    """Code of the reason why a segment of it was put into quarantine, empty when none was."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the province answers."""

    nonce: bytes
    epoch: int
    server_ms: int
    feed_last: int
    """Last position of the commune's feed; the segments here may end before it."""
    acks: tuple[AckFrame, ...] = ()
    segments: tuple[bytes, ...] = ()
    reset: bool = False
    """The feed starts again from 1: drop the confirmed state, keep every log."""
    pause_s: int = 0
    refusal: str = ""
    """Code of a refusal of the whole request, empty when it was taken."""
    protocol: int = PROTOCOL


def encode_request(hello: Hello, segments: Sequence[bytes], signer: SigningKey) -> bytes:
    """The body of a request."""
    fixed = _HELLO.pack(
        *hello.protocols,
        *hello.schemas,
        hello.device,
        hello.epoch,
        _u48(hello.feed_seq),
        hello.feed_head8,
        hello.wanted,
        _u48(max(0, min(hello.wall_ms, (1 << 48) - 1))),
        min(hello.free_disk_mib, 0xFFFFFFFF),
        hello.nonce,
    )
    places = b"".join(_POSITION.pack(p.incarnation.to_bytes(5, "big"), _u48(p.n), p.head8) for p in hello.positions)
    body = fixed + bytes([len(hello.dictionaries), *hello.dictionaries, len(hello.positions)]) + places
    return _sealed_body(_REQUEST_CONTEXT, [(_HELLO_FRAME, body), *((_SEGMENT_FRAME, s) for s in segments)], signer)


def parse_request(data: bytes) -> Request:
    """Read a request; bounds only, nothing is verified.

    Raises:
        NotOurProtocol: it does not start with the magic.
        BadFrame: too large, cut short, or malformed.
    """
    signed, signature, frames = _frames(data, MAX_REQUEST)
    hello, segments = _split(frames, _HELLO_FRAME)
    return Request(_parse_hello(hello), segments, signed, signature)


def encode_reply(reply: Reply, signer: SigningKey) -> bytes:
    """The body of a reply."""
    body = _REPLY.pack(
        reply.protocol,
        reply.nonce,
        reply.epoch,
        _RESET if reply.reset else 0,
        min(reply.pause_s, 0xFFFF),
        _u48(reply.server_ms),
        _u48(reply.feed_last),
    )
    body += _text(reply.refusal) + bytes([len(reply.acks)])
    for ack in reply.acks:
        common = _NOTHING_COMMON if ack.common is None else ack.common
        body += _ACK.pack(ack.incarnation.to_bytes(5, "big"), _u48(ack.n), ack.head8, _u48(common)) + _text(ack.refused)
    return _sealed_body(_REPLY_CONTEXT, [(_REPLY_FRAME, body), *((_SEGMENT_FRAME, s) for s in reply.segments)], signer)


def parse_reply(data: bytes, key: VerifyKey) -> Reply:
    """Read a reply whose signature verifies.

    Raises:
        NotOurProtocol: it does not start with the magic.
        BadFrame: too large, cut short, or malformed.
        BadSignature: not signed by this province.
    """
    signed, signature, frames = _frames(data, MAX_REPLY)
    key.verify(_REPLY_CONTEXT, signed, signature)
    body, segments = _split(frames, _REPLY_FRAME)
    source = _Reader(body)
    protocol, nonce, epoch, flags, pause_s, server_ms, feed_last = source.unpack(_REPLY)
    refusal = source.text()
    acks: list[AckFrame] = []
    for _ in range(source.byte()):
        incarnation, n, head8, common = source.unpack(_ACK)
        place = _int(common)
        acks.append(AckFrame(_int(incarnation), _int(n), head8, None if place == _NOTHING_COMMON else place, source.text()))
    return Reply(
        nonce=nonce,
        epoch=epoch,
        server_ms=_int(server_ms),
        feed_last=_int(feed_last),
        acks=tuple(acks),
        segments=segments,
        reset=bool(flags & _RESET),
        pause_s=pause_s,
        refusal=refusal,
        protocol=protocol,
    )


def is_ours(data: bytes) -> bool:
    """Whether the bytes start like one of our bodies. True says nothing about who made them."""
    return data.startswith(MAGIC)


def _parse_hello(body: bytes) -> Hello:
    source = _Reader(body)
    p_low, p_high, s_low, s_high, device, epoch, seq, head8, wanted, wall, disk, nonce = source.unpack(_HELLO)
    dictionaries = tuple(source.take(source.byte()))
    positions: list[Position] = []
    for _ in range(source.byte()):
        incarnation, n, place8 = source.unpack(_POSITION)
        positions.append(Position(_int(incarnation), _int(n), place8))
    return Hello(
        device=device,
        epoch=epoch,
        feed_seq=_int(seq),
        feed_head8=head8,
        wanted=wanted,
        wall_ms=_int(wall),
        free_disk_mib=disk,
        nonce=nonce,
        positions=tuple(positions),
        dictionaries=dictionaries,
        protocols=(p_low, p_high),
        schemas=(s_low, s_high),
    )


def _sealed_body(context: bytes, frames: Sequence[tuple[int, bytes]], signer: SigningKey) -> bytes:
    body = MAGIC + b"".join(_FRAME.pack(kind, len(data).to_bytes(3, "big")) + data for kind, data in frames)
    return body + signer.sign(context, body)


def _frames(data: bytes, limit: int) -> tuple[bytes, bytes, list[tuple[int, bytes]]]:
    if not is_ours(data):
        raise NotOurProtocol("the body does not start with the magic of this protocol")
    if len(data) > limit:
        raise BadFrame(f"body of {len(data)} bytes is over the limit of {limit}")
    signed, signature = data[:-SIGNATURE], data[-SIGNATURE:]
    source = _Reader(signed, len(MAGIC))
    frames: list[tuple[int, bytes]] = []
    while source.left():
        if len(frames) == MAX_FRAMES:
            raise BadFrame(f"more than {MAX_FRAMES} frames")
        kind, size = source.unpack(_FRAME)
        frames.append((kind, source.take(_int(size))))
    return signed, signature, frames


def _split(frames: Sequence[tuple[int, bytes]], lead: int) -> tuple[bytes, tuple[bytes, ...]]:
    if not frames or frames[0][0] != lead:
        raise BadFrame("the first frame is not the expected one")
    return frames[0][1], tuple(data for kind, data in frames[1:] if kind == _SEGMENT_FRAME)


class _Reader:
    """Reads fields off a body; whatever is missing is a :class:`BadFrame`."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self._data = data
        self._at = at

    def left(self) -> int:
        return len(self._data) - self._at

    def take(self, size: int) -> bytes:
        if size > self.left():
            raise BadFrame("a frame is cut short")
        piece = self._data[self._at : self._at + size]
        self._at += size
        return piece

    def byte(self) -> int:
        return self.take(1)[0]

    def unpack(self, layout: struct.Struct) -> tuple[Any, ...]:
        return layout.unpack(self.take(layout.size))

    def text(self) -> str:
        return self.take(self.byte()).decode("ascii", "replace")


def _text(code: str) -> bytes:
    raw = code.encode("ascii")[:255]
    return bytes([len(raw)]) + raw


def _u48(number: int) -> bytes:
    return number.to_bytes(6, "big")


def _int(data: bytes) -> int:
    return int.from_bytes(data, "big")
