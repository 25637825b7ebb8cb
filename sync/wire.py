"""The bytes of one exchange: a signed request with runs of the log, a signed reply with acknowledgements and the feed (SYNC 1.7).

::

    body  = "MCX1" | frame … | signature 64         frame = type 1 | length varint | bytes; unknown types are skipped
    1 hello · 2 run of a log · 3 reply · 4 province key letter · 5 commune key letter · 6 device rotation letter
    7 run of the feed · 8 lines of a snapshot

One signature covers a message. Of a request it covers the device, SHA-256 of the bytes before it, and last the *claims*: the full
head of every log and of every run in it. So whoever keeps what was signed (some hundred bytes, :func:`claims`) can prove every line
of the log later, without the message. Of a reply it covers the device and the nonce of the request in full: a recorded reply
answers nothing. A forged or altered message is refused before a byte of a run is opened or decompressed.

Runs are closed in a box (:mod:`sync.boxes`). Bytes behind the known fields are ignored, for versions to come. What is said is in
:mod:`sync.messages`, the lowest layer in :mod:`sync.frames`.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sync.boxes import closed, opened
from sync.errors import BadFrame
from sync.frames import MAGIC, MAX_FRAMES, Reader, int_of, is_ours, join_frames, lead, run_header, split_frames, text_of, varint
from sync.keys import Signer, Verifier
from sync.messages import (
    PROTOCOL,
    AckFrame,
    Answer,
    FeedRun,
    Hello,
    LogRun,
    Position,
    Probe,
    SnapshotRun,
    Staged,
)
from sync.segment import Run

__all__ = [
    "ECHO",
    "MAGIC",
    "MAX_FRAMES",
    "MAX_POSITIONS",
    "MAX_PROBES",
    "MAX_REPLY",
    "MAX_REQUEST",
    "NONCE",
    "PROTOCOL",
    "REPLY",
    "REQUEST",
    "SNAPSHOT",
    "AckFrame",
    "Answer",
    "FeedRun",
    "Hello",
    "LogRun",
    "Position",
    "Probe",
    "Reply",
    "Request",
    "SnapshotRun",
    "Staged",
    "claims",
    "closed",
    "encode_reply",
    "encode_request",
    "is_ours",
    "opened",
    "parse_reply",
    "parse_request",
]

MAX_REQUEST: Final = 2 * 1024 * 1024
"""Largest request body, bytes."""
MAX_REPLY: Final = 4 * 1024 * 1024
"""Largest reply body, bytes."""
MAX_POSITIONS: Final = 63
MAX_PROBES: Final = 32
"""Most probes of one incarnation."""
NONCE: Final = 8
ECHO: Final = 4
"""Bytes of the nonce a reply repeats, to be found by; its signature covers the whole."""

REQUEST: Final = b"mcx request 1"
REPLY: Final = b"mcx reply 1"
SNAPSHOT: Final = b"mcx snapshot 1"

_HELLO, _LOG, _REPLY, _PROVINCE, _COMMUNE, _ROTATION, _FEED, _SNAPSHOT, _BEHIND = range(1, 10)
_CLAIM: Final = struct.Struct(">5s6s32s")
_LEAST_WANTED: Final = 10
_DISK_UNIT: Final = 16
_RESET, _PAUSE, _REFUSAL, _UPLOAD_ONLY, _DICTIONARIES = 1, 2, 4, 8, 16
_ALL, _REFUSED = 0x80, 0x40


@dataclass(frozen=True, slots=True)
class Request:
    """A parsed request; :meth:`verify` before trusting it."""

    hello: Hello
    runs: tuple[LogRun, ...]
    rotations: tuple[bytes, ...]
    """Letters of the device's key changes, oldest first; the request is then signed with the key the last one names."""
    message: bytes
    signature: bytes

    def verify(self, key: Verifier) -> None:
        """Raises :class:`BadSignature` unless the device signed exactly these bytes."""
        key.verify(REQUEST, self.message, self.signature)


@dataclass(frozen=True, slots=True)
class Reply:
    """A parsed reply; :meth:`verify` before trusting it."""

    answer: Answer
    signed: bytes
    signature: bytes

    def verify(self, key: Verifier, device: int, nonce: bytes) -> None:
        """Raises :class:`BadSignature` unless the province signed exactly these bytes for that request of that device."""
        key.verify(REPLY, _reply_message(self.signed, device, nonce), self.signature)


# --- request --------------------------------------------------------------------------------------------------------


def encode_request(hello: Hello, runs: Sequence[LogRun], signer: Signer, rotations: Sequence[bytes] = ()) -> bytes:
    """The body of a request."""
    frames = [(_HELLO, _write_hello(hello)), *((_ROTATION, letter) for letter in rotations)]
    frames += [(_LOG, _log_header(part, hello) + part.run.closed) for part in runs]
    body = join_frames(frames)
    return body + signer.sign(REQUEST, _request_message(body, hello, runs))


def parse_request(data: bytes) -> Request:
    """Read a request; bounds only, nothing is verified.

    Raises:
        NotOurProtocol: it does not start with the magic; OtherProtocol: with that of a later version.
        BadFrame: too large, cut short, or malformed.
    """
    body, signature, frames = split_frames(data, MAX_REQUEST)
    hello = _read_hello(Reader(lead(frames, _HELLO)))
    runs = tuple(_read_log(Reader(raw), hello) for kind, raw in frames if kind == _LOG)
    rotations = tuple(raw for kind, raw in frames if kind == _ROTATION)
    return Request(hello, runs, rotations, _request_message(body, hello, runs), signature)


def claims(message: bytes) -> tuple[int, list[tuple[int, int, bytes]]]:
    """(device, claims) of a signed request, each claim (incarnation, n, full head after it).

    Raises:
        BadFrame: not what :attr:`Request.message` holds.
    """
    if len(message) < 36 or (len(message) - 36) % _CLAIM.size:
        raise BadFrame("not the signed part of a request")
    found = [(int_of(inc), int_of(n), head) for inc, n, head in _CLAIM.iter_unpack(message[36:])]
    return int_of(message[:4]), found


def _request_message(body: bytes, hello: Hello, runs: Iterable[LogRun]) -> bytes:
    ends = [(p.incarnation, p.n, p.head) for p in hello.positions]
    ends += [(hello.positions[part.position].incarnation, part.run.last, part.after) for part in runs]
    claimed = b"".join(_CLAIM.pack(inc.to_bytes(5, "big"), n.to_bytes(6, "big"), head) for inc, n, head in dict.fromkeys(ends))
    return hello.device.to_bytes(4, "big") + hashlib.sha256(body).digest() + claimed


def _write_hello(hello: Hello) -> bytes:
    staged = hello.staged
    return b"".join(
        (
            bytes([hello.protocols[0] << 4 | hello.protocols[1], 1 if staged is not None else 0]),
            *map(varint, hello.schemas),
            hello.device.to_bytes(4, "big"),
            varint(hello.epoch),
            varint(hello.feed_seq),
            hello.feed_head8,
            bytes([max(_LEAST_WANTED, hello.wanted.bit_length() - 1)]),
            max(0, min(hello.wall_ms // 1000, 0xFFFFFFFF)).to_bytes(4, "big"),
            varint(max(0, hello.free_disk_mib) // _DISK_UNIT),
            hello.nonce,
            varint(hello.generation),
            varint(hello.commune_generation),
            bytes([len(hello.dictionaries), *hello.dictionaries, len(hello.positions)]),
            *map(_write_position, hello.positions),
            b"" if staged is None else varint(staged.seq) + staged.head8 + varint(staged.lines),
        )
    )


def _write_position(position: Position) -> bytes:
    head = position.incarnation.to_bytes(5, "big") + varint(position.n) + position.head + bytes([len(position.probes)])
    return head + b"".join(varint(probe.n) + probe.head8 for probe in position.probes)


def _read_hello(source: Reader) -> Hello:
    protocols, flags = source.byte(), source.byte()
    schemas = source.varint(), source.varint()
    device, epoch, seq, head8 = source.number(4), source.varint(32), source.varint(), source.take(8)
    wanted, wall, disk, nonce = source.byte(), source.number(4), source.varint(), source.take(NONCE)
    generation, commune_generation = source.varint(32), source.varint(32)
    dictionaries = tuple(source.take(source.byte()))
    count = source.byte()
    if count > MAX_POSITIONS or wanted > 32:
        raise BadFrame("a hello names too much")
    positions = tuple(_read_position(source) for _ in range(count))
    staged = Staged(source.varint(), source.take(8), source.varint()) if flags & 1 else None
    return Hello(
        device=device,
        epoch=epoch,
        feed_seq=seq,
        feed_head8=head8,
        wanted=1 << wanted,
        wall_ms=wall * 1000,
        free_disk_mib=disk * _DISK_UNIT,
        nonce=nonce,
        positions=positions,
        dictionaries=dictionaries,
        protocols=(protocols >> 4, protocols & 15),
        schemas=schemas,
        generation=generation,
        commune_generation=commune_generation,
        staged=staged,
    )


def _read_position(source: Reader) -> Position:
    incarnation, n, head, count = source.number(5), source.varint(), source.take(32), source.byte()
    if count > MAX_PROBES:
        raise BadFrame("a hello names too many places")
    return Position(incarnation, n, head, tuple(Probe(source.varint(), source.take(8)) for _ in range(count)))


def _log_header(part: LogRun, hello: Hello) -> bytes:
    """What stands before the closed bytes of a run. The head after is left out where the hello says it already."""
    end = hello.positions[part.position]
    known = part.run.last == end.n and part.after == end.head
    return bytes([part.position | (0 if known else _ALL)]) + run_header(part.run) + (b"" if known else part.after)


def _read_log(source: Reader, hello: Hello) -> LogRun:
    place = source.byte()
    position, explicit = place & ~_ALL, bool(place & _ALL)
    if position >= len(hello.positions):
        raise BadFrame("a run of a log the hello does not name")
    first, count, dictionary = source.run_header()
    end = hello.positions[position]
    if not explicit and first + count - 1 != end.n:
        raise BadFrame("a run without its head ends before its log")
    after = source.take(32) if explicit else end.head
    return LogRun(position, Run(first, count, dictionary, source.rest()), after)


# --- reply ----------------------------------------------------------------------------------------------------------


def encode_reply(answer: Answer, signer: Signer, device: int, nonce: bytes) -> bytes:
    """The body of a reply to the request of ``device`` with that nonce."""
    frames = [(_REPLY, _write_answer(answer))]
    frames += [(_PROVINCE, letter) for letter in answer.province_letters]
    if answer.commune_letter:
        frames.append((_COMMUNE, answer.commune_letter))
    frames += [(_BEHIND if part.behind else _FEED, _feed_header(part) + part.run.closed) for part in answer.feed]
    if answer.snapshot is not None:
        frames.append((_SNAPSHOT, _snapshot_header(answer.snapshot) + answer.snapshot.run.closed))
    body = join_frames(frames)
    return body + signer.sign(REPLY, _reply_message(body, device, nonce))


def parse_reply(data: bytes) -> Reply:
    """Read a reply; bounds only, nothing is verified.

    Raises:
        NotOurProtocol: it does not start with the magic; OtherProtocol: with that of a later version.
        BadFrame: too large, cut short, or malformed.
    """
    body, signature, frames = split_frames(data, MAX_REPLY)
    parts = [(kind, Reader(raw)) for kind, raw in frames[1:]]
    snapshot = next((_read_snapshot(source) for kind, source in parts if kind == _SNAPSHOT), None)
    answer = _read_answer(
        Reader(lead(frames, _REPLY)),
        feed=tuple(_read_feed(source, kind == _BEHIND) for kind, source in parts if kind in (_FEED, _BEHIND)),
        snapshot=snapshot,
        province_letters=tuple(source.rest() for kind, source in parts if kind == _PROVINCE),
        commune_letter=next((source.rest() for kind, source in parts if kind == _COMMUNE), b""),
    )
    return Reply(answer, body, signature)


def _reply_message(body: bytes, device: int, nonce: bytes) -> bytes:
    return device.to_bytes(4, "big") + nonce + hashlib.sha256(body).digest()


def _write_answer(answer: Answer) -> bytes:
    flags = _RESET if answer.reset else 0
    extra = b""
    if answer.pause_s:
        flags, extra = flags | _PAUSE, extra + varint(answer.pause_s)
    if answer.refusal:
        flags, extra = flags | _REFUSAL, extra + text_of(answer.refusal)
    if answer.upload_only:
        flags, extra = flags | _UPLOAD_ONLY, extra + text_of(answer.upload_only)
    if answer.dictionaries is not None:
        flags, extra = flags | _DICTIONARIES, extra + bytes([len(answer.dictionaries), *answer.dictionaries])
    lead = answer.echo + bytes([flags]) + varint(answer.epoch) + answer.server_ms.to_bytes(6, "big") + varint(answer.feed_last)
    return lead + extra + bytes([len(answer.acks)]) + b"".join(map(_write_ack, answer.acks))


def _write_ack(ack: AckFrame) -> bytes:
    place = ack.position | (_ALL if ack.all else 0) | (_REFUSED if ack.refused else 0)
    ends = b"" if ack.all else varint(ack.n) + ack.head8 + varint(0 if ack.common is None else ack.common + 1)
    return bytes([place]) + ends + (text_of(ack.refused) if ack.refused else b"")


def _read_answer(
    source: Reader,
    *,
    feed: tuple[FeedRun, ...],
    snapshot: SnapshotRun | None,
    province_letters: tuple[bytes, ...],
    commune_letter: bytes,
) -> Answer:
    echo, flags, epoch, server_ms, feed_last = (
        source.take(ECHO),
        source.byte(),
        source.varint(32),
        source.number(6),
        source.varint(),
    )
    pause_s = source.varint() if flags & _PAUSE else 0
    refusal = source.text() if flags & _REFUSAL else ""
    upload_only = source.text() if flags & _UPLOAD_ONLY else ""
    dictionaries = tuple(source.take(source.byte())) if flags & _DICTIONARIES else None
    acks = tuple(_read_ack(source) for _ in range(source.byte()))
    return Answer(
        echo=echo,
        epoch=epoch,
        server_ms=server_ms,
        feed_last=feed_last,
        acks=acks,
        feed=feed,
        snapshot=snapshot,
        province_letters=province_letters,
        commune_letter=commune_letter,
        reset=bool(flags & _RESET),
        pause_s=pause_s,
        refusal=refusal,
        upload_only=upload_only,
        dictionaries=dictionaries,
    )


def _read_ack(source: Reader) -> AckFrame:
    place = source.byte()
    position = place & ~(_ALL | _REFUSED)
    if place & _ALL:
        return AckFrame(position, True, refused=source.text() if place & _REFUSED else "")
    n, head8, common = source.varint(), source.take(8), source.varint()
    return AckFrame(position, False, n, head8, common - 1 if common else None, source.text() if place & _REFUSED else "")


def _feed_header(part: FeedRun) -> bytes:
    """What stands before the closed bytes of a run of the feed."""
    return run_header(part.run) + part.after8


def _read_feed(source: Reader, behind: bool) -> FeedRun:
    first, count, dictionary = source.run_header()
    after8 = source.take(8)
    return FeedRun(Run(first, count, dictionary, source.rest()), after8, behind)


def _snapshot_header(part: SnapshotRun) -> bytes:
    """What stands before the closed lines of a snapshot."""
    return varint(part.seq) + part.head + varint(part.lines) + run_header(part.run)


def _read_snapshot(source: Reader) -> SnapshotRun:
    seq, head, lines = source.varint(), source.take(32), source.varint()
    first, count, dictionary = source.run_header()
    if first + count - 1 > lines:
        raise BadFrame("a snapshot holds more lines than it announces")
    return SnapshotRun(seq, head, lines, Run(first, count, dictionary, source.rest()))
