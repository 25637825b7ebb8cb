"""Sticks between kiosks and province, as the product writes and reads them: lost, late, read twice, cut, altered, swapped.

A stick is a volume in a bag, like a message on a line. The province reads it, takes what is new, and writes the way back on another
one: key letters, the custody letter, the feed. Sending moves no cursor, so a stick that is never seen again costs nothing.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import BinaryIO

from sync.blob.ranges import UNIT
from sync.bundle import BlobRange, Frame, Header, Kind, VolumeWriter, Way, check, frames, province_tag
from sync.bundle_letters import Manifest, Place, seal_manifest
from sync.errors import ProvinceInconsistent, SyncError
from sync.ports import MergePort, ProvinceJournal
from sync.receiving import Office, Received, receive, way_back
from sync.segment import commune_tag
from sync.simulator.files import KioskFiles
from sync.simulator.memory import Crash, DiskFull
from sync.simulator.scene import SERVER_MS, Machine, Scene, Stick, Violation, hold
from sync.unloading import Sieve, Unloaded, unload

REFUSED = frozenset(
    (
        *(
            "bundle_damaged",
            "bundle_later_version",
            "bundle_forged",
            "bundle_foreign",
            "bundle_wrong_way",
            "bundle_stale",
            "bundle_unknown_device",
            "bundle_other_province",
            "bundle_too_large",
        ),
        *("feed_gap", "keys_out_of_turn", "bad_signature", "seal_broken", "letter_invalid", "bundle_changed"),
    )
)
"""Why a stick may be refused when somebody altered, swapped or delayed it."""
HARMED = frozenset(("bundle_damaged", "bundle_later_version", "bundle_too_large", "letter_invalid", "letter_for_another"))
"""Why none may be that is as it was written."""


def carry(scene: Scene) -> Machine | None:
    """A stick is written at a kiosk, or one that was written is read somewhere."""
    if scene.swarm.happens("stick written"):
        machine = scene.rng.choice(scene.machines)
        scene.sticks.append(Stick(write(scene, machine), machine.commune))
        scene.tell("{} writes a stick of {} bytes", machine.name, len(scene.sticks[-1].data))
    if not scene.sticks or not scene.swarm.happens("stick carried"):
        return None
    at = scene.rng.randrange(len(scene.sticks))
    stick = scene.sticks[at] if scene.swarm.happens("stick read twice") else scene.sticks.pop(at)
    if scene.swarm.happens("stick lost"):
        scene.tell("a stick is lost")
        return None
    harmed = scene.harmed(stick.data)
    stick = replace(stick, data=harmed, whole=harmed == stick.data)
    wrong = scene.swarm.happens("stick on the wrong side")
    if (stick.data[4:5] == bytes([Way.UP])) != wrong:
        read_at_province(scene, stick)
        return None
    machine = scene.rng.choice(scene.machines)
    read_at_kiosk(scene, machine, stick)
    return machine


def write(scene: Scene, machine: Machine) -> bytes:
    """A volume with everything this kiosk has to give: events above ``acked``, and files the province lacks."""
    engine, journal, suite = machine.engine, machine.journal, scene.authority.forge.suite
    trust = engine.trust
    header = Header(Way.UP, journal.device, 0, province_tag(trust.root), scene.rng.randbytes(16))
    out = io.BytesIO()
    writer = VolumeWriter(out, header, machine.own.sign)
    (seq, head), segments = journal.feed_position(), list(engine.segments_for_bundle(scene.rng.choice((400, 4000))))
    logs = tuple(Place(inc, n, head[:8]) for inc in journal.incarnations() for n, head in [journal.last(inc)])
    manifest = Manifest(
        machine.commune,
        Place(journal.epoch(), seq, head[:8]),
        logs,
        len(segments),
        generation=trust.province.generation,
        commune_generation=trust.commune_generation,
    )
    sealer = suite.sealer(trust.province.seal_key)
    for letter in machine.keys.rotations:
        writer.add(Kind.LETTER, letter)
    writer.add(Kind.MANIFEST, seal_manifest(manifest, header, machine.own.sign, sealer))
    for segment in segments:
        writer.add(Kind.SEGMENT, segment)
    files = KioskFiles(journal)
    for task in files.tasks():
        for first, end in task.have.missing(task.size).runs:
            start, stop = first * UNIT, min(end * UNIT, task.size)
            piece = BlobRange(bytes.fromhex(task.id), start, files.read(task.id, start, stop - start))
            writer.add(Kind.RANGE, piece.pack())
    writer.finish()
    return out.getvalue()


def read_at_province(scene: Scene, stick: Stick) -> None:
    """What the province's importer does with the volumes on a stick, perhaps a neighbour's too: one way back answers them all."""
    disk = scene.province.disk
    volumes = [stick, *_neighbours(scene, stick)]
    if scene.swarm.happens("province crash before commit"):
        disk.crash_at = ("before_commit", 1)
    if scene.swarm.happens("province disk full"):
        disk.room = scene.rng.randint(0, 12)
    try:
        came = [received for one in volumes if (received := _received(scene, one)) is not None]
    except (Crash, DiskFull) as failure:
        disk.cut_power()
        scene.files.lose_power()
        scene.tell("the province fails over a stick: {!r}", failure)
        return
    finally:
        disk.heal()
    for commune in dict.fromkeys(one.manifest.commune for one in came):
        back = _back(scene, [one for one in came if one.manifest.commune == commune])
        scene.sticks.append(Stick(back, commune))
        scene.tell("the province has read a stick and writes one of {} bytes", len(back))


def _neighbours(scene: Scene, stick: Stick) -> list[Stick]:
    """A volume of another kiosk of the commune that lies on the same stick."""
    others = [one for one in scene.sticks if one.commune == stick.commune and one.data[4:5] == bytes([Way.UP]) and one is not stick]
    if not others or not scene.swarm.happens("sticks read together"):
        return []
    other = scene.rng.choice(others)
    scene.sticks.remove(other)
    return [other]


def _received(scene: Scene, stick: Stick) -> Received | None:
    try:
        return _take(scene, stick.data)
    except SyncError as error:
        hold(error.code in REFUSED, "I10", f"the province refuses a stick with {error.code}: {error}")
        hold(not stick.whole or error.code not in HARMED, "I10", f"the province refuses a whole stick with {error.code}: {error}")
        scene.tell("the province refuses a stick: {}", error.code)
        return None


def _take(scene: Scene, stick: bytes) -> Received:
    received = receive(io.BytesIO(stick), _office(scene), sieve=_sieve(scene))
    scene.branched = scene.branched or received.branched > 0
    return received


def take(scene: Scene, stick: bytes) -> bytes:
    """Read a volume at the province; returns the volume that goes back. Raises what it is refused with."""
    return _back(scene, [_take(scene, stick)])


def _office(scene: Scene) -> Office:
    @contextmanager
    def recording() -> Iterator[tuple[ProvinceJournal, MergePort]]:
        with scene.province.atomic():
            yield scene.province, scene.meaning

    @contextmanager
    def reading() -> Iterator[ProvinceJournal]:
        yield scene.province

    return Office(
        root=scene.authority.root.public,
        keys=scene.authority.keys,
        recording=recording,
        reading=reading,
        attachments=scene.files,
        wall_ms=lambda: SERVER_MS + int(scene.now_s * 1000),
        random_bytes=scene.rng.randbytes,
        near=scene.policy.near,
    )


def _sieve(scene: Scene) -> Sieve:
    """Reads a volume here, where the product does it in a process without rights."""
    verifier = scene.authority.forge.suite.verifier

    def sieve(source: BinaryIO, keys: Sequence[bytes], most: int) -> Iterator[Frame]:
        return frames(source, check(source, [verifier(key) for key in keys], most))

    return sieve


def _back(scene: Scene, came: Sequence[Received]) -> bytes:
    """The answer to what came from one commune, in one volume."""
    office, commune = _office(scene), came[0].manifest.commune
    header = Header(Way.DOWN, commune_tag(commune), 0, province_tag(office.root), scene.rng.randbytes(16))
    letters, frames = way_back(commune, came, office)
    out = io.BytesIO()
    writer = VolumeWriter(out, header, office.keys.sign)
    for letter in letters:
        writer.add(Kind.LETTER, letter)
    for kind, body in frames:
        writer.add(kind, body)
    writer.finish()
    return out.getvalue()


def unload_at(scene: Scene, machine: Machine, stick: bytes) -> Unloaded:
    """What a kiosk's importer does."""
    suite = scene.authority.forge.suite
    return unload(io.BytesIO(stick), machine.engine, sieve=_sieve(scene), suite=suite)


def read_at_kiosk(scene: Scene, machine: Machine, stick: Stick) -> None:
    """What the kiosk's importer does."""
    disk = machine.journal.disk
    if scene.swarm.happens("kiosk crash before commit"):
        disk.crash_at = ("before_commit", 1)
    if scene.swarm.happens("kiosk disk full"):
        disk.room = scene.rng.randint(0, 12)
    before = len(machine.journal.incarnations())
    try:
        found = unload_at(scene, machine, stick.data)
        scene.branched = scene.branched or len(machine.journal.incarnations()) > before
        scene.tell("{} reads a stick: {} applied, {} acknowledged", machine.name, found.applied, found.acked)
        hold(stick.commune == machine.commune, "I8", f"{machine.name} takes a stick of {stick.commune}")
    except (Crash, DiskFull) as failure:
        scene.tell("{} fails over a stick: {!r}", machine.name, failure)
        scene.lose_power(machine)
    except ProvinceInconsistent as error:
        if not scene.rewound:
            raise Violation("I10", f"false alarm at {machine.name} over a stick: {error}") from error
        scene.tell("{} alarms over a stick of another feed", machine.name)
    except SyncError as error:
        hold(error.code in REFUSED, "I10", f"{machine.name} refuses a stick with {error.code}: {error}")
        whole = stick.whole and not scene.revoked  # who is out of service gets a receipt, and nothing a kiosk could take
        hold(not whole or error.code not in HARMED, "I10", f"{machine.name} refuses a whole stick with {error.code}: {error}")
        foreign = stick.whole and stick.commune != machine.commune and stick.data[4] == Way.DOWN
        hold(not foreign or error.code == "bundle_foreign", "I8", f"a stick of another commune is refused with {error.code}")
        scene.tell("{} refuses a stick: {}", machine.name, error.code)
    finally:
        disk.heal()
