"""What the province does with volumes kiosks wrote, and what it puts on the stick for the way back (SYNC design 1.16).

One code path with the wire: segments go to ``sync.intake.take_segments`` in portions, each one durable transaction; parts of
attachments are joined to what came by air, and a file is complete by its hash. The volume is proven by a key of the device it names
before a frame of it is opened. For each volume there is a signed receipt: what the province holds now of that device's logs, and
which attachments are complete. The way back begins where the kiosk said it stands in the feed, so a commune that never has a line
works fully.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from sync import snapshot, usb
from sync.blob.ports import CommuneBlobs
from sync.blob.ranges import UNIT, Ranges
from sync.bundle import MAX_COUNTER, MAX_VOLUME, Frame, Header, Kind, VolumeWriter, Way, check, preface, province_tag, read_range
from sync.bundle_errors import (
    BundleDamaged,
    BundleError,
    BundleForeign,
    BundleForged,
    BundleOtherProvince,
    BundleUnknownDevice,
    BundleWrongWay,
    StickFull,
)
from sync.bundle_letters import Manifest, Receipt, open_manifest, write_receipt
from sync.errors import BadLetter, BadSignature, BlobProtocol, SegmentError
from sync.intake import FeedPlace, ProvinceKeys, bundle_reply, take_segments
from sync.letter import kind_of
from sync.ports import DeviceRecord, MergePort, ProvinceJournal
from sync.rollover import ROTATION, Rotation, follow, signing_keys
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

    def of(self, commune: str) -> CommuneBlobs: ...


Part = tuple[Kind, bytes]
"""A frame of the answer that need not lie in each of its volumes."""
Recording = Callable[[], AbstractContextManager[tuple[ProvinceJournal, MergePort]]]
Reading = Callable[[], AbstractContextManager[ProvinceJournal]]


@dataclass(frozen=True, slots=True)
class Office:
    """The province as a stick meets it."""

    root: bytes
    """Public root key."""
    keys: ProvinceKeys
    recording: Recording
    """One durable transaction: journal and merge in it."""
    reading: Reading
    """The journal as it stands at one moment. No writer waits for who reads it, however long."""
    attachments: Attachments
    wall_ms: Callable[[], int]
    random_bytes: Callable[[int], bytes]
    near: int = snapshot.NEAR
    """A commune no further behind than so many feed entries gets the feed, not a snapshot."""


@dataclass(slots=True)
class Received:
    """What came of one volume."""

    header: Header
    manifest: Manifest
    receipt: Receipt
    aside: tuple[str, ...] = ()
    """Codes of what was set aside: events in quarantine, parts that are of no file."""
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
    with office.reading() as journal:
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
                self._range(frame.body)
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
        self._set_aside(taken.refused)
        self._branched += taken.branched
        if not taken.refused:
            for part in map(parse, portion):
                inc = part.chain.incarnation
                self._reached[inc] = max(self._reached.get(inc, 0), part.last)

    def _range(self, body: bytes) -> None:
        """Join a part to what is held. What nobody has told of is left out: events come first. What lies outside its file is set
        aside, and stops nothing else."""
        try:
            piece = read_range(body)
        except BundleDamaged:
            self._set_aside([BlobProtocol.code])
            return
        blob, attachments = piece.blob.hex(), self._office.attachments.of(self._record.commune)
        told = attachments.announced(blob)
        if told is None or attachments.is_complete(blob):
            return
        end = piece.offset + len(piece.data)
        if end > told.size or piece.offset % UNIT or (len(piece.data) % UNIT and end != told.size):
            self._set_aside([BlobProtocol.code])
            return
        attachments.write(blob, piece.offset, piece.data)
        self._loose[blob] = self._loose.get(blob, Ranges()) | Ranges.of_bytes(piece.offset, end, told.size)

    def _set_aside(self, codes: Sequence[str]) -> None:
        self._aside += [code for code in codes if code not in self._aside]

    def _attachments(self) -> dict[str, Ranges]:
        states: dict[str, Ranges] = {}
        attachments = self._office.attachments.of(self._record.commune)
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
        with self._office.reading() as journal:
            held = {place.number: journal.position(device, place.number)[0] for place in manifest.logs} | self._held
        gap = any(held.get(inc, 0) < n for inc, n in self._reached.items())
        revoked = self._record.valid_to is not None
        refused = "revoked" if revoked else self._aside[0] if self._aside else "gap" if gap else ""
        complete = sum(map(self._office.attachments.of(self._record.commune).is_complete, states))
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

    Raises:
        StickFull, StickReadOnly, StickGone, StickUnreliable: see ``sync.usb``.
    """
    folder = usb.folder_for(root, commune)
    usb.sweep(folder)
    letters, frames = way_back(commune, came, office)
    before = _ours(folder, commune, office)
    last = max((counter for counter, _ in before), default=0)
    written: list[Path] = []
    while frames or not written:
        header = Header(
            Way.DOWN,
            commune_tag(commune),
            min(last + len(written) + 1, MAX_COUNTER),
            province_tag(office.root),
            office.random_bytes(16),
        )
        path, taken = _volume(folder, header, letters, frames, office)
        written.append(path)
        if frames and not taken:
            raise StickFull("no room for a single part of the answer")
        frames = frames[taken:]
    for _, path in before[: max(0, len(before) + len(written) - max(RETURNS_KEPT, len(written)))]:
        usb.remove(path)
    return written


def way_back(commune: str, came: Sequence[Received], office: Office) -> tuple[list[bytes], list[Part]]:
    """Letters and parts of the answer to what came from a commune, which may be of several kiosks.

    Without anything that came the feed goes from its beginning: for a kiosk that starts anew. Who was taken out of service gets its
    receipt and nothing else.
    """
    receipts = [write_receipt(one.receipt, office.keys.sign) for one in came]
    trusted = [one for one in came if not one.revoked]
    if came and not trusted:
        return receipts, []
    places = [FeedPlace(one.manifest.feed.number, one.manifest.feed.n, one.manifest.feed.head8) for one in trusted]
    newest = max((place.epoch for place in places), default=0)
    place = min((place for place in places if place.epoch == newest), key=lambda one: one.seq, default=FeedPlace(0, 0, bytes(8)))
    logs = {one.header.owner: [log.number for log in one.manifest.logs] for one in trusted}
    with office.reading() as journal:
        parts = list(
            bundle_reply(
                commune,
                place,
                logs,
                journal,
                office.keys,
                office.wall_ms(),
                generation=min((one.manifest.generation for one in trusted), default=1),
                commune_generation=min((one.manifest.commune_generation for one in trusted), default=1),
                near=office.near,
            )
        )
        sealer = office.keys.suite.sealer(journal.commune_seal_key(commune))
    states = {blob: held for one in trusted for blob, held in one.states.items()}
    frames = [(Kind.STATES, body) for body in seal_states(states, office.keys.sign, sealer)]
    frames += [(Kind.SEGMENT, part) for part in parts if part.startswith(MAGIC)]
    return [*receipts, *(part for part in parts if not part.startswith(MAGIC))], frames


def _volume(folder: Path, header: Header, letters: Sequence[bytes], frames: Sequence[Part], office: Office) -> tuple[Path, int]:
    """Write one volume; with it, how many of the parts fitted."""
    room = min(MAX_VOLUME, usb.free(folder))
    if room < sum(map(len, letters)) + _ROOM_FOR_TRAILER + 64 * len(letters):
        raise StickFull("no room for the answer")
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
        path = usb.put(folder, header.name, fill, lambda source: check(source, [own]))
    return path, taken


def _ours(folder: Path, commune: str, office: Office) -> list[tuple[int, Path]]:
    """Volumes of the way back on a stick by their counter, oldest first: what bears our signature, for anybody may write others."""
    with office.reading() as journal:
        public = [office.keys.sign.public, *signing_keys(journal.key_documents(0))]
    keys = [office.keys.suite.verifier(key) for key in public]
    found: list[tuple[int, Path]] = []
    for path in usb.volumes(folder):
        with suppress(BundleError), usb.named(), path.open("rb") as source:
            header = check(source, keys).header
            if header.way is Way.DOWN and header.owner == commune_tag(commune):
                found.append((header.counter, path))
    return sorted(found)
