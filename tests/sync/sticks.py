"""A world with sticks: kiosks and a province in memory, folders as sticks, volumes that really are written and read."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from sync import usb
from sync.blob.cipher import name_of
from sync.blob.ports import NO_DUE, Announced, BlobTask, Lane
from sync.blob.ranges import Ranges
from sync.bundle import Frame, check, frames, province_tag
from sync.bundle_letters import Manifest, Place
from sync.keys import SODIUM, VerifyKey
from sync.loading import Cargo, Limits, Loaded, Record, load
from sync.ports import MergePort, ProvinceJournal
from sync.receiving import Office, Received, receive, write_return
from sync.simulator.world import SERVER_MS, Kiosk, World
from sync.unloading import Unloaded, unload
from tests.sync.blob.memory import MemoryKioskBlobs, MemoryProvinceBlobs


def in_process(source: BinaryIO, keys: Sequence[bytes], most: int) -> Iterator[Frame]:
    """The sieve without its process: the same two readings."""
    return frames(source, check(source, [VerifyKey(key) for key in keys], most))


class Remembered:
    """A log of volumes in memory."""

    def __init__(self) -> None:
        self.counter = 0
        self.records: dict[bytes, Record] = {}

    def next_counter(self) -> int:
        self.counter += 1
        return self.counter

    def written(self) -> Mapping[bytes, Record]:
        return dict(self.records)

    def note(self, ident: bytes, name: str, record: Record) -> None:
        self.records[ident] = record

    def forget(self, ident: bytes) -> None:
        del self.records[ident]


class Files(MemoryKioskBlobs):
    """Attachments of a kiosk, as a stick asks for them."""

    def stick_tasks(self) -> Sequence[BlobTask]:
        return self.tasks()

    def is_complete(self, blob: str) -> bool:
        return blob in self.files and blob not in self.waiting


@dataclass
class Sender:
    """A kiosk with what it needs for sticks."""

    world: World
    kiosk: Kiosk
    log: Remembered = field(default_factory=Remembered)
    files: Files = field(default_factory=Files)

    def write(self, *tags: str) -> None:
        for tag in tags:
            self.kiosk.journal.write("", "tag", {"tag": tag})

    def add_file(self, data: bytes) -> str:
        blob = name_of(io.BytesIO(data))
        self.files.add(BlobTask(blob, len(data), Lane.FULL, "d", NO_DUE, Ranges()), data)
        return blob

    def cargo(self) -> Cargo:
        journal, trust = self.kiosk.journal, self.kiosk.engine.trust
        with journal.atomic():
            seq, head = journal.feed_position()
            logs = {inc: journal.last(inc) for inc in journal.incarnations()}
            acked = {inc: journal.acked(inc) for inc in logs}
            place = Place(journal.epoch(), seq, head[:8])
        manifest = Manifest(trust.commune, place, tuple(Place(inc, n, at[:8]) for inc, (n, at) in logs.items()))
        return Cargo(
            device=trust.device,
            commune=trust.commune,
            province=province_tag(trust.root),
            manifest=manifest,
            segments=list(self.kiosk.engine.segments_for_bundle(48 * 1024)),
            acked=acked,
            attachments=self.files,
            signer=self.kiosk.keys.sign,
            sealer=SODIUM.sealer(trust.province.seal_key),
        )

    def export(self, stick: Path, limits: Limits | None = None) -> Loaded:
        stick.mkdir(exist_ok=True)
        return load(stick, self.cargo(), self.log, self.world.rng.randbytes, limits=limits)

    def take(self, path: Path) -> Unloaded:
        with path.open("rb") as source:
            return unload(source, self.kiosk.engine, sieve=in_process)

    def take_all(self, stick: Path) -> list[Unloaded]:
        """Every volume of the way back on a stick, in order of their names."""
        return [self.take(path) for path in usb.volumes(stick) if path.name.startswith("p")]


class Desk:
    """The province's desk for sticks."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.files = MemoryProvinceBlobs()
        self.office = Office(
            root=world.root.public,
            keys=world.keys,
            recording=self._recording,
            reading=self._reading,
            attachments=self.files,
            wall_ms=lambda: SERVER_MS,
            random_bytes=world.rng.randbytes,
        )

    @contextmanager
    def _recording(self) -> Iterator[tuple[ProvinceJournal, MergePort]]:
        with self.world.province.atomic():
            yield self.world.province, self.world.merge

    @contextmanager
    def _reading(self) -> Iterator[ProvinceJournal]:
        with self.world.province.atomic():
            yield self.world.province

    def announce(self, sender: Sender) -> None:
        """What the ``at`` events of a kiosk's files told."""
        commune = sender.kiosk.engine.trust.commune
        for task in sender.files.tasks():
            self.files.told[task.id] = Announced(task.id, task.size, bytes(32), commune)

    def take(self, path: Path) -> Received:
        with path.open("rb") as source:
            return receive(source, self.office, sieve=in_process)

    def take_all(self, stick: Path) -> list[Received]:
        return [self.take(path) for path in usb.volumes(stick) if path.name.startswith("m")]

    def answer(self, stick: Path, came: Sequence[Received]) -> list[Path]:
        by_commune: dict[str, list[Received]] = {}
        for one in came:
            by_commune.setdefault(one.manifest.commune, []).append(one)
        return [path for commune, those in by_commune.items() for path in write_return(stick, commune, those, self.office)]


def make(commune: str = "01273", world: World | None = None) -> tuple[Sender, Desk]:
    world = world or World()
    return Sender(world, world.kiosk(commune)), Desk(world)
