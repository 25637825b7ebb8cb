"""What the province does with volumes kiosks wrote, and what it puts on the stick for the way back (SYNC design 1.16).

One code path with the wire: segments go to ``sync.intake.take_segments`` in portions, each one durable transaction; parts of
attachments are joined to what came by air, and a file is complete by its hash. The volume is proven by a key of the device it names
before a frame of it is opened. For each volume there is a signed receipt: what the province holds now of that device's logs, and
which attachments are complete. The way back begins where the kiosk said it stands in the feed, so a commune that never has a line
works fully.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from sync import usb
from sync.blob.ports import Announced
from sync.blob.ranges import UNIT, Ranges
from sync.bundle import MAX_VOLUME, BlobRange, Frame, Header, Kind, VolumeWriter, Way, check, preface, province_tag, read_range
from sync.bundle_errors import (
    BundleDamaged,
    BundleForeign,
    BundleForged,
    BundleOtherProvince,
    BundleUnknownDevice,
    BundleWrongWay,
    StickFull,
)
from sync.bundle_letters import Manifest, Receipt, open_manifest, write_receipt
from sync.errors import BadLetter, BadSignature, SegmentError
from sync.intake import FeedPlace, ProvinceKeys, bundle_reply, take_segments
from sync.letter import kind_of
from sync.ports import DeviceRecord, MergePort, ProvinceJournal
from sync.rollover import ROTATION, Rotation, follow
from sync.segment import MAGIC, commune_tag, parse
from sync.sieve import sift
from sync.steps import step
from sync.unloading import Sieve, seal_states
from sync.visit import Beyond

PORTION: Final = 16
"""Most segments taken in one transaction."""
PORTION_LINES: Final = 8192
"""Lines after which a transaction takes no further segment: the service beside it waits for each."""
RETURNS_KEPT: Final = 8
"""Volumes of the way back left on a stick; another kiosk of the commune may still want an older one."""
_ROOM_FOR_TRAILER: Final = 4096


class Attachments(Protocol):
    """The part of ``ProvinceBlobs`` a stick needs."""

    def announced(self, blob: str) -> Announced | None: ...

    def have(self, blob: str) -> Ranges: ...

    def is_complete(self, blob: str) -> bool: ...

    def write(self, blob: str, offset: int, data: bytes) -> None: ...

    def keep(self, blob: str, units: Ranges) -> Ranges: ...

    def finish(self, blob: str) -> bool: ...


Recording = Callable[[], AbstractContextManager[tuple[ProvinceJournal, MergePort]]]


@dataclass(frozen=True, slots=True)
class Office:
    """The province as a stick meets it."""

    root: bytes
    """Public root key."""
    keys: ProvinceKeys
    recording: Recording
    """One durable transaction: journal and merge in it."""
    attachments: Attachments
    wall_ms: Callable[[], int]
    random_bytes: Callable[[int], bytes]


@dataclass(slots=True)
class Received:
    """What came of one volume."""

    header: Header
    manifest: Manifest
    receipt: Receipt
    aside: tuple[str, ...] = ()
    """Codes of what was put into quarantine."""
    branched: int = 0
    """Lines of a future some disk lost, applied beside their log."""
    states: dict[str, Ranges] = field(default_factory=dict)
    """Blob of the volume -> what is held of it now."""
    revoked: bool = False

    @property
    def left(self) -> tuple[str, ...]:
        """Codes of what of it is not held now: set aside, or missing what comes before it."""
        missing = ("gap",) if self.receipt.refused == "gap" else ()
        return self.aside + missing


def receive(source: BinaryIO, office: Office, *, sieve: Sieve = sift) -> Received:
    """Take a volume in; durable when it returns.

    Raises:
        BundleError: why nothing of it was taken: for a kiosk, of another province, of an unknown device, damaged, forged.
    """
    header, letters = preface(source)
    if header.province != province_tag(office.root):
        raise BundleOtherProvince("another root")
    if header.way is not Way.UP:
        raise BundleWrongWay("a downward volume")
    with office.recording() as (journal, _):
        record = journal.device(header.owner)
    if record is None:
        raise BundleUnknownDevice("not enrolled")
    rotations = _rotations(letters, record, office)
    public = [record.verify_key, *(former.verify_key for former in record.former)]
    public[:0] = [rotation.verify_key for rotation in reversed(rotations)]
    source.seek(0)
    return _Reception(office, header, record, rotations).take(sieve(source, public, MAX_VOLUME))


def _rotations(letters: Sequence[bytes], record: DeviceRecord, office: Office) -> Sequence[Rotation]:
    """The rotations among the letters that follow the keys held; none where one of them proves nothing."""
    told = [document for document in letters if kind_of(document) == ROTATION]
    try:
        return follow(told, record.device, record.generation, record.verify_key, office.keys.suite)
    except (BadLetter, BadSignature):
        return ()


class _Reception:
    def __init__(self, office: Office, header: Header, record: DeviceRecord, rotations: Sequence[Rotation]) -> None:
        self._office = office
        self._header = header
        self._record = record
        self._rotations = rotations
        self._held: dict[int, int] = {}
        self._reached: dict[int, int] = {}
        self._aside: list[str] = []
        self._beyond: Beyond = {}
        self._branched = 0
        self._loose: dict[str, Ranges] = {}

    def take(self, frames: Iterator[Frame]) -> Received:
        manifest = self._manifest(frames)
        portion: list[bytes] = []
        for frame in frames:
            if frame.kind == Kind.SEGMENT:
                portion.append(frame.body)
            if portion and (frame.kind != Kind.SEGMENT or _is_full(portion)):
                self._segments(portion)
                portion = []
            if frame.kind == Kind.RANGE:
                self._range(read_range(frame.body))
        self._segments(portion)
        return self._received(manifest, self._attachments())

    def _manifest(self, frames: Iterator[Frame]) -> Manifest:
        body = next((frame.body for frame in frames if frame.kind != Kind.LETTER), b"")
        keys, suite = self._office.keys, self._office.keys.suite
        openers = [keys.seal, *keys.former.values()]
        record, rotations = self._record, self._rotations
        if rotations:
            try:
                manifest = open_manifest(body, self._header, openers, [suite.verifier(rotations[-1].verify_key)])
            except BundleForged:
                pass
            else:
                with self._office.recording() as (journal, _):
                    for rotation in rotations:
                        journal.rotate_device(record.device, rotation)
                return self._of_commune(manifest)
        known = [suite.verifier(key) for key in (record.verify_key, *(former.verify_key for former in record.former))]
        return self._of_commune(open_manifest(body, self._header, openers, known))

    def _of_commune(self, manifest: Manifest) -> Manifest:
        if manifest.commune != self._record.commune:
            raise BundleForeign("the device is enrolled in another commune")
        return manifest

    def _segments(self, portion: Sequence[bytes]) -> None:
        if not portion:
            return
        office, device = self._office, self._record.device
        with step("province.stick"), office.recording() as (journal, merge):
            taken = take_segments(device, portion, journal, merge, office.keys, office.wall_ms(), self._beyond)
        self._held |= taken.held
        self._aside += [code for code in taken.refused if code not in self._aside]
        self._branched += taken.branched
        if not taken.refused:
            for part in map(parse, portion):
                inc = part.chain.incarnation
                self._reached[inc] = max(self._reached.get(inc, 0), part.last)

    def _range(self, piece: BlobRange) -> None:
        """Join a part to what is held. What nobody has told of, or lies outside its file, is left out: events come first."""
        blob, attachments = piece.blob.hex(), self._office.attachments
        told = attachments.announced(blob)
        if told is None or told.commune != self._record.commune or attachments.is_complete(blob):
            return
        end = piece.offset + len(piece.data)
        if end > told.size or piece.offset % UNIT or (len(piece.data) % UNIT and end != told.size):
            raise BundleDamaged("a blob range outside its file")
        attachments.write(blob, piece.offset, piece.data)
        self._loose[blob] = self._loose.get(blob, Ranges()) | Ranges.of_bytes(piece.offset, end, told.size)

    def _attachments(self) -> dict[str, Ranges]:
        states: dict[str, Ranges] = {}
        attachments = self._office.attachments
        for blob, units in self._loose.items():
            told = attachments.announced(blob)
            have = attachments.keep(blob, units)
            if told is not None and have.is_whole(told.size):
                attachments.finish(blob)
                have = attachments.have(blob)
            states[blob] = have
        return states

    def _received(self, manifest: Manifest, states: dict[str, Ranges]) -> Received:
        device = self._record.device
        with self._office.recording() as (journal, _):
            held = {place.number: journal.position(device, place.number)[0] for place in manifest.logs} | self._held
        gap = any(held.get(inc, 0) < n for inc, n in self._reached.items())
        revoked = self._record.valid_to is not None
        refused = "revoked" if revoked else self._aside[0] if self._aside else "gap" if gap else ""
        complete = tuple(bytes.fromhex(blob) for blob in states if self._office.attachments.is_complete(blob))
        receipt = Receipt(self._header.ident, device, held, complete, refused, self._office.wall_ms())
        return Received(self._header, manifest, receipt, tuple(self._aside), self._branched, states, revoked)


def _is_full(portion: Sequence[bytes]) -> bool:
    return len(portion) == PORTION or sum(map(_lines_in, portion)) >= PORTION_LINES


def _lines_in(segment: bytes) -> int:
    """Lines a segment announces; it holds no others. Of one that does not read, none."""
    try:
        return parse(segment).count
    except SegmentError:
        return 0


# --- the way back ---------------------------------------------------------------------------------------------------


def write_return(root: Path, commune: str, came: Sequence[Received], office: Office) -> list[Path]:
    """Write the answer for a commune beside what came from it: receipts, keys, the feed, states of attachments; verified.

    Without anything that came the feed goes from its beginning: for a kiosk that starts anew. Who was taken out of service gets its
    receipt and nothing else.

    Raises:
        StickFull, StickReadOnly, StickGone, StickUnreliable: see ``sync.usb``.
    """
    folder = usb.folder_for(root, commune)
    usb.sweep(folder)
    trusted = [one for one in came if not one.revoked]
    letters, segments, states = _parts(commune, trusted, office) if trusted or not came else ([], [], [])
    letters = [*(write_receipt(one.receipt, office.keys.sign) for one in came), *letters]
    frames: Sequence[tuple[Kind, bytes]] = [*((Kind.STATES, body) for body in states), *((Kind.SEGMENT, body) for body in segments)]
    written: list[Path] = []
    while frames or not written:
        left = _volume(folder, commune, letters, frames, office, written)
        if len(left) == len(frames) and frames:
            raise StickFull("no room for a single part of the answer")
        frames = left
    _prune(folder, commune, len(written))
    return written


def _parts(commune: str, came: Sequence[Received], office: Office) -> tuple[list[bytes], list[bytes], list[bytes]]:
    places = [FeedPlace(one.manifest.feed.number, one.manifest.feed.n, one.manifest.feed.head8) for one in came]
    newest = max((place.epoch for place in places), default=0)
    place = min((place for place in places if place.epoch == newest), key=lambda one: one.seq, default=FeedPlace(0, 0, bytes(8)))
    logs = {one.header.owner: [log.number for log in one.manifest.logs] for one in came}
    states: dict[str, Ranges] = {}
    for one in came:
        states |= one.states
    with office.recording() as (journal, _):
        parts = list(
            bundle_reply(
                commune,
                place,
                logs,
                journal,
                office.keys,
                office.wall_ms(),
                generation=min((one.manifest.generation for one in came), default=1),
                commune_generation=min((one.manifest.commune_generation for one in came), default=1),
            )
        )
        sealer = office.keys.suite.sealer(journal.commune_seal_key(commune))
    sealed = list(seal_states(states, office.keys.sign, sealer))
    return [part for part in parts if not part.startswith(MAGIC)], [part for part in parts if part.startswith(MAGIC)], sealed


def _volume(
    folder: Path,
    commune: str,
    letters: Sequence[bytes],
    frames: Sequence[tuple[Kind, bytes]],
    office: Office,
    written: list[Path],
) -> Sequence[tuple[Kind, bytes]]:
    """Write one volume; what did not fit."""
    room = min(MAX_VOLUME, usb.free(folder))
    if room < sum(map(len, letters)) + _ROOM_FOR_TRAILER + 64 * len(letters):
        raise StickFull("no room for the answer")
    header = Header(Way.DOWN, commune_tag(commune), _last(folder, commune) + 1, province_tag(office.root), office.random_bytes(16))
    taken = 0

    def fill(out: BinaryIO) -> None:
        nonlocal taken
        writer = VolumeWriter(out, header, office.keys.sign, room)
        for document in letters:
            writer.add(Kind.LETTER, document)
        while taken < len(frames) and writer.fits(len(frames[taken][1])):
            writer.add(*frames[taken])
            taken += 1
        writer.finish()

    own = office.keys.suite.verifier(office.keys.sign.public)
    with step("stick.write"):
        written.append(usb.put(folder, header.name, fill, lambda source: check(source, [own])))
    return frames[taken:]


def _ours(folder: Path, commune: str) -> Mapping[int, Path]:
    """Volumes of the way back on a stick, by their counter."""
    found: dict[int, Path] = {}
    for path in usb.volumes(folder):
        with usb.named(), path.open("rb") as source:
            try:
                header, _ = preface(source)
            except BundleDamaged:
                continue
        if header.way is Way.DOWN and header.owner == commune_tag(commune):
            found[header.counter] = path
    return found


def _last(folder: Path, commune: str) -> int:
    return max(_ours(folder, commune), default=0)


def _prune(folder: Path, commune: str, fresh: int) -> None:
    for _, path in sorted(_ours(folder, commune).items())[: -max(RETURNS_KEPT, fresh)]:
        usb.remove(path)
