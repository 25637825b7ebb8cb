"""What a kiosk puts on a stick: everything above ``acked``, and attachments until the stick is full (SYNC design 1.16).

Sending moves no cursor, so a lost stick costs nothing: the next one carries the same again. Every volume begins with all events
when they are small beside it, so any single volume is of use; the rest of its room goes to attachments, first those that are on no
stick yet, then those that are on another. What was written on which volume is kept in a :class:`Log`: it says what need not be
put on the *same* stick twice, and which volumes may be removed from it – those this kiosk wrote itself and whose every event is
acknowledged and every attachment complete. A volume it does not remember is never touched: after a restore from an old backup it
may hold what this disk has lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from sync import usb
from sync.blob.planner import Planner
from sync.blob.ports import BlobTask
from sync.blob.ranges import UNIT, Ranges
from sync.bundle import (
    FRAME_COST,
    LEAST,
    MAX_RANGE,
    MAX_VOLUME,
    RANGE_COST,
    BlobRange,
    Header,
    Kind,
    VolumeWriter,
    Way,
    check,
    preface,
)
from sync.bundle_errors import BundleDamaged, BundleError, StickFull
from sync.bundle_letters import Manifest, seal_manifest
from sync.errors import BlobDamaged
from sync.keys import SODIUM, Sealer, Signer, Suite
from sync.segment import parse
from sync.steps import step

LEAST_VOLUME: Final = 64 * 1024
"""A volume smaller than this is not worth a file."""


@dataclass(frozen=True, slots=True)
class Record:
    """What this kiosk wrote on one volume."""

    logs: Mapping[int, int]
    """Incarnation -> last n in it."""
    ranges: Mapping[str, Ranges]
    """Blob -> units in it."""


class Log(Protocol):
    """The kiosk's memory of its volumes, durable."""

    def next_counter(self) -> int: ...

    def written(self) -> Mapping[bytes, Record]:
        """By the volume's id."""
        ...

    def note(self, ident: bytes, name: str, record: Record) -> None: ...

    def forget(self, ident: bytes) -> None: ...


class Attachments(Protocol):
    """The part of ``KioskBlobs`` a stick needs."""

    def stick_tasks(self) -> Sequence[BlobTask]:
        """Files the province does not have whole, told of or not: the events that tell of them are on the same stick."""
        ...

    def read(self, blob: str, offset: int, length: int) -> bytes: ...

    def set_damaged(self, blob: str, why: str) -> None: ...

    def is_complete(self, blob: str) -> bool:
        """Whether the province has said that it has the file whole."""
        ...


@dataclass(frozen=True, slots=True)
class Cargo:
    """What a kiosk has to give."""

    device: int
    commune: str
    province: bytes
    """``sync.bundle.province_tag``."""
    manifest: Manifest
    segments: Sequence[bytes]
    """Full HSG1 segments of everything above ``acked``, in order."""
    acked: Mapping[int, int]
    attachments: Attachments
    signer: Signer
    sealer: Sealer
    letters: Sequence[bytes] = ()
    """Rotation letters the province may not have yet."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes."""

    volume: int = MAX_VOLUME
    """Largest volume."""
    stick: int = 1 << 50
    """Most to write altogether."""


@dataclass(slots=True)
class Loaded:
    """What came onto the stick."""

    volumes: list[Path] = field(default_factory=list)
    bytes: int = 0
    blob_bytes: int = 0
    left_bytes: int = 0
    """Bytes of attachments that found no room."""
    removed: int = 0
    """Old volumes taken off, everything in them being at the province."""
    replaced: int = 0
    """Old volumes taken off, everything in them being in the new ones."""
    unread: int = 0
    """Attachments that are missing here or cannot be read, so on no volume of now."""


Progress = Callable[[int], None]
"""Told of bytes as they are written."""


def load(
    root: Path,
    cargo: Cargo,
    log: Log,
    random_bytes: Callable[[int], bytes],
    *,
    limits: Limits | None = None,
    progress: Progress = lambda written: None,
    suite: Suite = SODIUM,
) -> Loaded:
    """Write what a kiosk has to give onto a stick; every volume named in the result was read back and verified.

    Raises:
        StickFull: there is no room for a single volume.
        StickReadOnly, StickGone, StickUnreliable: see ``sync.usb``; the volumes written before count.
    """
    return _Loading(root, cargo, log, random_bytes, limits or Limits(), progress, suite).run()


class _Loading:
    def __init__(
        self,
        root: Path,
        cargo: Cargo,
        log: Log,
        random_bytes: Callable[[int], bytes],
        limits: Limits,
        progress: Progress,
        suite: Suite,
    ) -> None:
        self._folder = usb.folder_for(root, cargo.commune)
        self._cargo = cargo
        self._log = log
        self._random = random_bytes
        self._limits = limits
        self._progress = progress
        self._own = suite.verifier(cargo.signer.public)
        self._report = Loaded()
        self._tasks = {task.id: task for task in cargo.attachments.stick_tasks()}
        self._damaged: set[str] = set()
        self._here: dict[str, Ranges] = {}
        self._anywhere: dict[str, Ranges] = {}
        for record in log.written().values():
            _join(self._anywhere, record.ranges)

    def run(self) -> Loaded:
        usb.sweep(self._folder)
        known = dict(self._known())
        self._report.removed = self._remove(known, self._arrived)
        for _, record in known.values():
            _join(self._here, record.ranges)
        at = 0
        while True:
            at = self._volume(at)
            if at >= len(self._cargo.segments) and (self._full(at) or not self._wanting()):
                break
            if self._full(at):
                raise StickFull("no room for all events")
        # The new volumes carry all events again; older ones with nothing else only take room.
        fresh = _ends(self._cargo.segments)
        self._report.replaced = self._remove(known, lambda record: not record.ranges and _covers(fresh, record.logs))
        self._report.left_bytes = self._left()
        self._report.unread = len(self._damaged)
        return self._report

    # --- volumes on the stick --------------------------------------------------------------------------------------

    def _known(self) -> Iterator[tuple[bytes, tuple[Path, Record]]]:
        """Volumes on this stick that this kiosk remembers and that are whole; what is damaged is taken off."""
        written = self._log.written()
        for path in usb.volumes(self._folder):
            ident = self._ident(path)
            if ident is None or ident not in written:
                continue
            try:
                with usb.named(), path.open("rb") as source:
                    check(source, [self._own])
            except BundleDamaged:
                usb.remove(path)
                continue
            except BundleError:
                continue
            yield ident, (path, written[ident])

    def _ident(self, path: Path) -> bytes | None:
        try:
            with usb.named(), path.open("rb") as source:
                header, _ = preface(source)
        except BundleDamaged:
            return None
        return header.ident if header.way is Way.UP and header.owner == self._cargo.device else None

    def _remove(self, known: dict[bytes, tuple[Path, Record]], useless: Callable[[Record], bool]) -> int:
        """How many went."""
        before = len(known)
        for ident, (path, record) in list(known.items()):
            if useless(record):
                usb.remove(path)
                self._log.forget(ident)
                del known[ident]
        return before - len(known)

    def _arrived(self, record: Record) -> bool:
        """A file that cannot be read here any more may be whole on this stick alone: only the province's word lets it go."""
        return _covers(self._cargo.acked, record.logs) and all(map(self._cargo.attachments.is_complete, record.ranges))

    # --- a volume --------------------------------------------------------------------------------------------------

    def _full(self, at: int) -> bool:
        return self._room() < self._least(at)

    def _least(self, at: int) -> int:
        """Bytes of the smallest volume that is of use: the segment at ``at`` fits, or without any more events a piece of a file."""
        cargo = self._cargo
        if at >= len(cargo.segments) and self._wanting():
            return LEAST_VOLUME
        header = Header(Way.UP, cargo.device, 0, cargo.province, bytes(16))
        parts = [*(body for _, body in self._opening(header)), *cargo.segments[at : at + 1]]
        return LEAST + sum(FRAME_COST + len(part) for part in parts)

    def _opening(self, header: Header) -> list[tuple[Kind, bytes]]:
        """The manifest stands before what it speaks of, so a reader need not go through a gigabyte for the feed position."""
        cargo = self._cargo
        manifest = seal_manifest(self._manifest(), header, cargo.signer, cargo.sealer)
        return [*((Kind.LETTER, letter) for letter in cargo.letters), (Kind.MANIFEST, manifest)]

    def _room(self) -> int:
        left = self._limits.stick - self._report.bytes
        return min(self._limits.volume, left, usb.free(self._folder))

    def _volume(self, at: int) -> int:
        """Write one volume with the segments from ``at`` on; returns where the next one begins."""
        if self._full(at):
            raise StickFull("no room for a volume")
        room, cargo = self._room(), self._cargo
        total = sum(len(segment) + FRAME_COST for segment in cargo.segments)
        first = 0 if total <= room // 4 else at
        header = self._header()
        ranges: dict[str, Ranges] = {}
        reached = first

        def fill(out: BinaryIO) -> None:
            nonlocal reached
            writer = VolumeWriter(out, header, cargo.signer, room)
            for kind, body in self._opening(header):
                writer.add(kind, body)
            while reached < len(cargo.segments) and writer.fits(len(cargo.segments[reached])):
                writer.add(Kind.SEGMENT, cargo.segments[reached])
                reached += 1
            # A volume that ends within the events brings nothing of a file: it might be taken in before the event that tells of it.
            pieces = self._pieces(writer) if reached == len(cargo.segments) else iter(())
            for task, piece in pieces:
                writer.add(Kind.RANGE, piece.pack())
                end = piece.offset + len(piece.data)
                _join(ranges, {task.id: Ranges.of_bytes(piece.offset, end, task.size)})
                self._progress(len(piece.data))
            writer.finish()

        with step("stick.write"):
            path = usb.put(self._folder, header.name, fill, lambda source: check(source, [self._own]))
        self._note(header, path, Record(_ends(cargo.segments[first:reached]), ranges))
        if reached == first < len(cargo.segments):
            raise StickFull("no room for a single segment")
        return max(at, reached)

    def _header(self) -> Header:
        """With a name that is free: the counter of a restored disk has gone back, and what it lost may be on this stick by that
        name."""
        while True:
            header = Header(Way.UP, self._cargo.device, self._log.next_counter(), self._cargo.province, self._random(16))
            if not usb.is_taken(self._folder, header.name):
                return header

    def _manifest(self) -> Manifest:
        return replace(self._cargo.manifest, segments=len(self._cargo.segments), waiting_bytes=self._left())

    def _left(self) -> int:
        return sum(ranges.held_bytes(self._tasks[blob].size) for blob, ranges in self._wanting().items())

    def _note(self, header: Header, path: Path, record: Record) -> None:
        self._log.note(header.ident, path.name, record)
        _join(self._here, record.ranges)
        _join(self._anywhere, record.ranges)
        self._report.volumes.append(path)
        self._report.bytes += path.stat().st_size
        self._report.blob_bytes += sum(ranges.held_bytes(self._tasks[blob].size) for blob, ranges in record.ranges.items())

    def _wanting(self) -> dict[str, Ranges]:
        """What is neither at the province nor on this stick."""
        found = {blob: task.have.missing(task.size) - self._here.get(blob, Ranges()) for blob, task in self._tasks.items()}
        return {blob: ranges for blob, ranges in found.items() if ranges.count and blob not in self._damaged}

    def _pieces(self, writer: VolumeWriter) -> Iterator[tuple[BlobTask, BlobRange]]:
        wanting = self._wanting()
        ordered = Planner().order(iter([self._tasks[blob] for blob in wanting]))
        for elsewhere in (False, True):
            for task in ordered:
                on_another = self._anywhere.get(task.id, Ranges())
                of = wanting[task.id] - on_another if not elsewhere else wanting[task.id] - (wanting[task.id] - on_another)
                yield from self._of_one(writer, task, of)

    def _of_one(self, writer: VolumeWriter, task: BlobTask, of: Ranges) -> Iterator[tuple[BlobTask, BlobRange]]:
        for first, end in of.runs:
            at, stop = first * UNIT, min(end * UNIT, task.size)
            while at < stop:
                size = min(MAX_RANGE, stop - at, (writer.room - RANGE_COST) // UNIT * UNIT)
                if size <= 0:
                    return
                try:
                    data = self._cargo.attachments.read(task.id, at, size)
                except BlobDamaged as error:
                    self._cargo.attachments.set_damaged(task.id, error.code)
                    self._damaged.add(task.id)
                    return
                yield task, BlobRange(bytes.fromhex(task.id), at, data)
                at += size


def _ends(segments: Sequence[bytes]) -> dict[int, int]:
    """Incarnation -> last n."""
    ends: dict[int, int] = {}
    for part in map(parse, segments):
        ends[part.chain.incarnation] = max(ends.get(part.chain.incarnation, 0), part.last)
    return ends


def _covers(reached: Mapping[int, int], logs: Mapping[int, int]) -> bool:
    return all(reached.get(inc, 0) >= n for inc, n in logs.items())


def _join(into: dict[str, Ranges], more: Mapping[str, Ranges]) -> None:
    for blob, ranges in more.items():
        into[blob] = into.get(blob, Ranges()) | ranges
