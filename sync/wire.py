"""The bytes of one exchange: a signed request with runs of the log, a signed reply with acknowledgements and the feed (SYNC 1.7).

::

    body  = "MCX1" | frame … | signature 64         frame = type 1 | length varint | bytes; unknown types are skipped
    1 hello · 2 run of a log · 3 reply · 4 province key letter · 5 commune key letter · 6 device rotation letter
    7 run of the feed · 8 lines of a snapshot

One signature covers a message. Of a request it covers the device, SHA-256 of the bytes before it, and last the *claims*: the full
head of every log and of every run in it. So whoever keeps what was signed (some hundred bytes, :func:`claims`) can prove every line
of the log later, without the message. Of a reply it covers the device and the nonce of the request in full: a recorded reply
answers nothing. A forged or altered message is refused before a byte of a run is opened or decompressed.

Runs are closed in the box the device and the province share (``sync.keys.Box``). The nonce of each is the hash of its direction,
of the request's random nonce and of its own head, which names what it holds to the last bit: asking the same twice gives the same
bytes, and other lines never meet the same nonce. Bytes behind the known fields are ignored, for versions to come.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sync.errors import BadFrame, NotOurProtocol
from sync.keys import BOX_NONCE, SIGNATURE, Box, Signer, Verifier
from sync.segment import MAX_COUNT, Run

MAGIC: Final = b"MCX1"
"""Its last sign is the protocol major a message is written in."""
PROTOCOL: Final = 1
"""Protocol major spoken here."""
MAX_REQUEST: Final = 2 * 1024 * 1024
"""Largest request body, bytes."""
MAX_REPLY: Final = 4 * 1024 * 1024
"""Largest reply body, bytes."""
MAX_FRAMES: Final = 64
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
class Probe:
    """A place in a log, for finding where two histories part: after event ``n`` the head starts with ``head8``."""

    n: int
    head8: bytes


@dataclass(frozen=True, slots=True)
class Position:
    """The end of the log of an incarnation: ``n`` and the full head after it, which the request's signature claims."""

    incarnation: int
    n: int
    head: bytes
    probes: tuple[Probe, ...] = ()
    """Places before the end, when the province was seen to hold another history."""


@dataclass(frozen=True, slots=True)
class Staged:
    """A snapshot being received: its position, the start of its head, the lines held."""

    seq: int
    head8: bytes
    lines: int


@dataclass(frozen=True, slots=True)
class Hello:
    """What a kiosk says of itself in every request."""

    device: int
    epoch: int
    """Epoch of the province whose feed is applied; 0 before the first."""
    feed_seq: int
    feed_head8: bytes
    wanted: int
    """Bytes of feed it would like in the reply; travels as the next lower power of two."""
    wall_ms: int
    """Its wall clock: evidence, never used for a decision. Travels in whole seconds."""
    free_disk_mib: int
    """Travels in units of 16 MiB."""
    nonce: bytes
    positions: tuple[Position, ...]
    """Per incarnation that is current or not wholly acknowledged."""
    dictionaries: tuple[int, ...] = ()
    protocols: tuple[int, int] = (PROTOCOL, PROTOCOL)
    schemas: tuple[int, int] = (1, 1)
    generation: int = 1
    """Of the province's keys held here: runs both ways are closed with that pair."""
    commune_generation: int = 1
    staged: Staged | None = None


@dataclass(frozen=True, slots=True)
class LogRun:
    """A run of the log at place ``position`` of the hello, and the full head after it."""

    position: int
    run: Run
    after: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """A parsed request; :meth:`verify` before trusting it."""

    hello: Hello
    runs: tuple[LogRun, ...]
    rotation: bytes
    """Letter of the device's key change, empty when there is none; the request is then signed with the key it names."""
    message: bytes
    signature: bytes

    def verify(self, key: Verifier) -> None:
        """Raises :class:`BadSignature` unless the device signed exactly these bytes."""
        key.verify(REQUEST, self.message, self.signature)


@dataclass(frozen=True, slots=True)
class AckFrame:
    """The province's direct answer for one log: a hint for what to send next, never what trims the view."""

    position: int
    """Place in the hello the answer is about."""
    all: bool
    """The province's log ends exactly where the hello said this one does."""
    n: int = 0
    head8: bytes = bytes(8)
    common: int | None = None
    """Last place named in this request where both logs agree; ``None`` when there is none. Not said when :attr:`all`."""
    refused: str = ""
    """Code of the reason why a run of it was put into quarantine, empty when none was."""


@dataclass(frozen=True, slots=True)
class FeedRun:
    """A run of the commune's feed and the start of the head after it."""

    run: Run
    after8: bytes
    behind: bool = False
    """Compressed behind what the request it answers foretells (:func:`sync.feed.foretold`), all of its runs, in their order."""

    @property
    def named(self) -> bytes:
        """What names the bytes in it for the box they are closed in."""
        return self.after8 + bytes([self.behind])


@dataclass(frozen=True, slots=True)
class SnapshotRun:
    """Lines of a snapshot: ``run.first`` counts from 1; the snapshot is whole at ``lines``."""

    seq: int
    head: bytes
    lines: int
    run: Run


@dataclass(frozen=True, slots=True)
class Answer:
    """What the province answers."""

    echo: bytes
    epoch: int
    server_ms: int
    feed_last: int
    """Last position of the commune's feed; the runs here may end before it."""
    acks: tuple[AckFrame, ...] = ()
    feed: tuple[FeedRun, ...] = ()
    snapshot: SnapshotRun | None = None
    province_letters: tuple[bytes, ...] = ()
    """Key letters of the province the kiosk has not seen; the newest key signs the reply."""
    commune_letter: bytes = b""
    reset: bool = False
    """The feed starts again from 1: drop the confirmed state, keep every log."""
    pause_s: int = 0
    refusal: str = ""
    """Code of a refusal of the whole request, empty when it was taken."""
    upload_only: str = ""
    """Code of the reason why this kiosk may send but not begin new dossiers, empty when it may."""
    dictionaries: tuple[int, ...] | None = None
    """Dictionaries held by the province, told when they are others than the hello named."""


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


def encode_request(hello: Hello, runs: Sequence[LogRun], signer: Signer, rotation: bytes = b"") -> bytes:
    """The body of a request."""
    frames = [(_HELLO, _write_hello(hello))]
    if rotation:
        frames.append((_ROTATION, rotation))
    frames += [(_LOG, _log_header(part, hello) + part.run.closed) for part in runs]
    body = _body(frames)
    return body + signer.sign(REQUEST, _request_message(body, hello, runs))


def parse_request(data: bytes) -> Request:
    """Read a request; bounds only, nothing is verified.

    Raises:
        NotOurProtocol: it does not start with the magic.
        BadFrame: too large, cut short, or malformed.
    """
    body, signature, frames = _frames(data, MAX_REQUEST)
    hello = _read_hello(_Reader(_lead(frames, _HELLO)))
    runs = tuple(_read_log(_Reader(raw), hello) for kind, raw in frames if kind == _LOG)
    rotation = next((raw for kind, raw in frames if kind == _ROTATION), b"")
    return Request(hello, runs, rotation, _request_message(body, hello, runs), signature)


def claims(message: bytes) -> tuple[int, list[tuple[int, int, bytes]]]:
    """(device, claims) of a signed request, each claim (incarnation, n, full head after it).

    Raises:
        BadFrame: not what :attr:`Request.message` holds.
    """
    if len(message) < 36 or (len(message) - 36) % _CLAIM.size:
        raise BadFrame("not the signed part of a request")
    found = [(_int(inc), _int(n), head) for inc, n, head in _CLAIM.iter_unpack(message[36:])]
    return _int(message[:4]), found


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
            *map(_varint, hello.schemas),
            hello.device.to_bytes(4, "big"),
            _varint(hello.epoch),
            _varint(hello.feed_seq),
            hello.feed_head8,
            bytes([max(_LEAST_WANTED, hello.wanted.bit_length() - 1)]),
            max(0, min(hello.wall_ms // 1000, 0xFFFFFFFF)).to_bytes(4, "big"),
            _varint(max(0, hello.free_disk_mib) // _DISK_UNIT),
            hello.nonce,
            _varint(hello.generation),
            _varint(hello.commune_generation),
            bytes([len(hello.dictionaries), *hello.dictionaries, len(hello.positions)]),
            *map(_write_position, hello.positions),
            b"" if staged is None else _varint(staged.seq) + staged.head8 + _varint(staged.lines),
        )
    )


def _write_position(position: Position) -> bytes:
    head = position.incarnation.to_bytes(5, "big") + _varint(position.n) + position.head + bytes([len(position.probes)])
    return head + b"".join(_varint(probe.n) + probe.head8 for probe in position.probes)


def _read_hello(source: _Reader) -> Hello:
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


def _read_position(source: _Reader) -> Position:
    incarnation, n, head, count = source.number(5), source.varint(), source.take(32), source.byte()
    if count > MAX_PROBES:
        raise BadFrame("a hello names too many places")
    return Position(incarnation, n, head, tuple(Probe(source.varint(), source.take(8)) for _ in range(count)))


def _log_header(part: LogRun, hello: Hello) -> bytes:
    """What stands before the closed bytes of a run. The head after is left out where the hello says it already."""
    end = hello.positions[part.position]
    known = part.run.last == end.n and part.after == end.head
    return bytes([part.position | (0 if known else _ALL)]) + _run_header(part.run) + (b"" if known else part.after)


def _read_log(source: _Reader, hello: Hello) -> LogRun:
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
    body = _body(frames)
    return body + signer.sign(REPLY, _reply_message(body, device, nonce))


def parse_reply(data: bytes) -> Reply:
    """Read a reply; bounds only, nothing is verified.

    Raises:
        NotOurProtocol: it does not start with the magic.
        BadFrame: too large, cut short, or malformed.
    """
    body, signature, frames = _frames(data, MAX_REPLY)
    parts = [(kind, _Reader(raw)) for kind, raw in frames[1:]]
    snapshot = next((_read_snapshot(source) for kind, source in parts if kind == _SNAPSHOT), None)
    answer = _read_answer(
        _Reader(_lead(frames, _REPLY)),
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
        flags, extra = flags | _PAUSE, extra + _varint(answer.pause_s)
    if answer.refusal:
        flags, extra = flags | _REFUSAL, extra + _text(answer.refusal)
    if answer.upload_only:
        flags, extra = flags | _UPLOAD_ONLY, extra + _text(answer.upload_only)
    if answer.dictionaries is not None:
        flags, extra = flags | _DICTIONARIES, extra + bytes([len(answer.dictionaries), *answer.dictionaries])
    lead = answer.echo + bytes([flags]) + _varint(answer.epoch) + answer.server_ms.to_bytes(6, "big") + _varint(answer.feed_last)
    return lead + extra + bytes([len(answer.acks)]) + b"".join(map(_write_ack, answer.acks))


def _write_ack(ack: AckFrame) -> bytes:
    place = ack.position | (_ALL if ack.all else 0) | (_REFUSED if ack.refused else 0)
    ends = b"" if ack.all else _varint(ack.n) + ack.head8 + _varint(0 if ack.common is None else ack.common + 1)
    return bytes([place]) + ends + (_text(ack.refused) if ack.refused else b"")


def _read_answer(
    source: _Reader,
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


def _read_ack(source: _Reader) -> AckFrame:
    place = source.byte()
    position = place & ~(_ALL | _REFUSED)
    if place & _ALL:
        return AckFrame(position, True, refused=source.text() if place & _REFUSED else "")
    n, head8, common = source.varint(), source.take(8), source.varint()
    return AckFrame(position, False, n, head8, common - 1 if common else None, source.text() if place & _REFUSED else "")


def _feed_header(part: FeedRun) -> bytes:
    """What stands before the closed bytes of a run of the feed."""
    return _run_header(part.run) + part.after8


def _read_feed(source: _Reader, behind: bool) -> FeedRun:
    first, count, dictionary = source.run_header()
    after8 = source.take(8)
    return FeedRun(Run(first, count, dictionary, source.rest()), after8, behind)


def _snapshot_header(part: SnapshotRun) -> bytes:
    """What stands before the closed lines of a snapshot."""
    return _varint(part.seq) + part.head + _varint(part.lines) + _run_header(part.run)


def _read_snapshot(source: _Reader) -> SnapshotRun:
    seq, head, lines = source.varint(), source.take(32), source.varint()
    first, count, dictionary = source.run_header()
    if first + count - 1 > lines:
        raise BadFrame("a snapshot holds more lines than it announces")
    return SnapshotRun(seq, head, lines, Run(first, count, dictionary, source.rest()))


# --- frames ---------------------------------------------------------------------------------------------------------


def closed(box: Box, direction: bytes, nonce: bytes, run: Run, named: bytes) -> Run:
    """The run with its packed lines closed. ``direction`` is :data:`REQUEST`, :data:`REPLY` or :data:`SNAPSHOT`; ``named`` is the
    hash the message gives for what the run holds."""
    return replace(run, closed=box.close(_box_nonce(direction, nonce, run, named), run.closed))


def opened(box: Box, direction: bytes, nonce: bytes, run: Run, named: bytes) -> bytes:
    """The packed lines of a run closed by :func:`closed`.

    Raises:
        SealBroken: closed with other keys or for another message, or altered.
    """
    return box.open(_box_nonce(direction, nonce, run, named), run.closed)


def _box_nonce(direction: bytes, nonce: bytes, run: Run, named: bytes) -> bytes:
    return hashlib.blake2b(nonce + _run_header(run) + named, digest_size=BOX_NONCE, person=direction).digest()


def is_ours(data: bytes) -> bool:
    """Whether the bytes start like one of our bodies. True says nothing about who made them."""
    return data.startswith(MAGIC)


def _body(frames: Iterable[tuple[int, bytes]]) -> bytes:
    return MAGIC + b"".join(bytes([kind]) + _varint(len(raw)) + raw for kind, raw in frames)


def _frames(data: bytes, limit: int) -> tuple[bytes, bytes, list[tuple[int, bytes]]]:
    if not is_ours(data):
        raise NotOurProtocol("the body does not start with the magic of this protocol")
    if len(data) > limit:
        raise BadFrame(f"body of {len(data)} bytes is over the limit of {limit}")
    body, signature = data[:-SIGNATURE], data[-SIGNATURE:]
    source = _Reader(body, len(MAGIC))
    frames: list[tuple[int, bytes]] = []
    while source.left():
        if len(frames) == MAX_FRAMES:
            raise BadFrame(f"more than {MAX_FRAMES} frames")
        frames.append((source.byte(), source.take(source.varint())))
    return body, signature, frames


def _lead(frames: Sequence[tuple[int, bytes]], kind: int) -> bytes:
    if not frames or frames[0][0] != kind:
        raise BadFrame("the first frame is not the expected one")
    return frames[0][1]


class _Reader:
    """Reads fields off a body; whatever is missing is a :class:`BadFrame`."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self._data = data
        self._at = at

    def left(self) -> int:
        return max(0, len(self._data) - self._at)

    def take(self, size: int) -> bytes:
        if size > self.left():
            raise BadFrame("a frame is cut short")
        piece = self._data[self._at : self._at + size]
        self._at += size
        return piece

    def rest(self) -> bytes:
        return self.take(self.left())

    def byte(self) -> int:
        return self.take(1)[0]

    def number(self, size: int) -> int:
        return _int(self.take(size))

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


def _run_header(run: Run) -> bytes:
    return bytes([run.dictionary]) + _varint(run.first) + _varint(run.count)


def _varint(number: int) -> bytes:
    """Seven bits a byte, lowest first; the high bit says that more follow."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _text(code: str) -> bytes:
    raw = code.encode("ascii")[:255]
    return bytes([len(raw)]) + raw


def _int(data: bytes) -> int:
    return int.from_bytes(data, "big")
