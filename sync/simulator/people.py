"""What people do in a schedule: at the counters, two of them at once on one dossier, and at the province."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any, Final

from sync.envelope import Origin
from sync.simulator.attachments import attachment
from sync.simulator.meaning import Acts, Shown
from sync.simulator.memory import DiskFull, Facts, File
from sync.simulator.scene import LATER, Machine, Scene, hold

STRANGE: Final[Sequence[Any]] = ({"x": 1}, [[None]], 10**30, 1.5, True, "no time", "2026-11-25T08:00:00", "9" * 400)
"""What no field is made for, and JSON allows."""


def at_counter(scene: Scene) -> Machine | None:
    """Somebody files, or an official works on a dossier as this kiosk shows it, lawfully or not."""
    machine = scene.rng.choice(scene.machines)
    journal = machine.journal
    if scene.swarm.happens("line that is no event"):
        _write_garbage(scene, machine)
    listed = journal.dossiers()
    if machine.upload_only and not listed:
        return None
    dossier = scene.rng.choice(listed) if listed and (machine.upload_only or scene.rng.random() < 0.7) else ""
    if scene.swarm.happens("foreign edit"):
        dossier = _foreign(scene, machine) or dossier
    shown = Shown(journal.fields(dossier), journal.conflicts(dossier)) if dossier else Shown({})
    scene.serial += 1
    acts = scene.meaning.at_counter(scene.rng, shown, scene.serial)
    files: dict[str, File] = {}
    if scene.commune_of(dossier) == machine.commune and scene.swarm.happens("a file is scanned"):
        name, file, told = attachment(scene.rng, dossier)
        acts, files = [*acts, ("at", told)], {name: file}
    extra: dict[str, object] = {}
    if machine.schema >= LATER:
        extra = {"later": [scene.serial, None]}
        acts = [*acts, ("later", {"anything": {"deep": scene.serial}})] if scene.rng.random() < 0.3 else acts
    if scene.swarm.happens("strange value"):
        acts = [(kind, _strange(scene, content)) for kind, content in acts if kind != "at"]
        files = {}
    if dossier and scene.swarm.happens("event the merge fails on"):
        acts, files = [("boom", {"why": scene.serial})], {}
    opened = journal.feed_position()[0]
    if scene.swarm.happens("form open for long"):
        opened = scene.rng.randint(0, opened)
    if scene.swarm.happens("kiosk disk full"):
        journal.disk.room = scene.rng.randint(0, 3)
    clock = machine.clock
    facts = Facts(opened, clock.wall_ms(scene.now_s), clock.quality(), f"cb{scene.serial}", machine.schema, extra)
    exhausted = not dossier and scene.swarm.happens("number block exhausted")
    try:
        with journal.out_of_numbers() if exhausted else nullcontext():
            first = journal.work(dossier, acts, facts, files)
    except DiskFull:
        scene.tell("{}: the disk is full, nothing was written and the person was told so", machine.name)
        return None
    finally:
        journal.disk.room = None
    if not dossier:
        hold(journal.number not in machine.numbers, "numbers", f"{machine.name} gives number {journal.number} twice")
        machine.numbers.add(journal.number)
        dossier = journal.dossier_at(first)
        hold(dossier not in scene.created, "dossiers", f"{machine.name} files for two people under {dossier}")
        scene.created.add(dossier)
    counts = scene.commune_of(dossier) == machine.commune and acts[0][0] != "boom"
    scene.tell("{} writes {} on {} as seen at {}: {}/{:x}/{}", machine.name, _words(acts), dossier, opened, *_place(first))
    scene.promise(machine, first, counts=counts)
    return machine


def _write_garbage(scene: Scene, machine: Machine) -> None:
    """A line as only a faulty program writes it: chained and signed like any other, but no event."""
    n = machine.journal.last(machine.journal.identity()[1])[0] + 1
    line = scene.rng.choice(
        (b"\xff\xfe", b"{}", b"[1]", b'{"n":%d,"d":5}' % n, b'{"n":1,"d":"","k":"f","c":{},"s":0,"t":0,"q":0,"a":"","v":1}')
    )
    machine.journal.write_raw(line)
    scene.tell("{} writes a line that is no event: {}", machine.name, line)


def _strange(scene: Scene, content: Mapping[str, Any]) -> Mapping[str, Any]:
    """The content of an event with one value that a faulty program put there."""
    name = scene.rng.choice(sorted(content))
    return {**content, name: scene.rng.choice(STRANGE)}


def _words(acts: Acts) -> str:
    """An act in few words: its kind and what stands in front."""
    return ", ".join(f"{kind} {str(dict(content))[:70]}" for kind, content in acts)


def _place(origin: Origin) -> tuple[int, int, int]:
    return origin.device, origin.incarnation, origin.n


def work(scene: Scene, machine: Machine, rng: random.Random, facts: Facts, *, scans: bool = False) -> None:
    """Somebody does something at this kiosk, as ``rng`` has it; with ``scans`` a file comes along."""
    journal = machine.journal
    listed = [dossier for dossier in journal.dossiers() if scene.commune_of(dossier) == machine.commune]
    dossier = rng.choice(sorted(listed)) if listed and rng.random() < 0.7 else ""
    shown = Shown(journal.fields(dossier), journal.conflicts(dossier)) if dossier else Shown({})
    acts, files = scene.meaning.at_counter(rng, shown, scene.serial), {}
    if dossier and scans:
        name, file, told = attachment(rng, dossier)
        acts, files = [*acts, ("at", told)], {name: file}
    first = journal.work(dossier, acts, facts, files)
    scene.tell("{} writes {}: {}/{:x}/{}", machine.name, _words(acts), *_place(first))


def _foreign(scene: Scene, machine: Machine) -> str:
    """A dossier of another commune."""
    others = [d for c, dossiers in scene.province.state.confirmed.items() if c != machine.commune for d in dossiers]
    return scene.rng.choice(others) if others else ""


def at_province(scene: Scene) -> None:
    """The province's people act on a dossier they see."""
    commune = scene.rng.choice([machine.commune for machine in scene.machines])
    dossiers = scene.province.state.confirmed.get(commune)
    if not dossiers:
        return
    dossier = scene.rng.choice(list(dossiers))
    scene.serial += 1
    entries = scene.meaning.at_province(scene.rng, dossier, dossiers[dossier], scene.serial)
    if scene.swarm.happens("entry of a later version"):
        strange = {"e": "later", "d": dossier, "anything": [scene.serial]}
        entries = [*({**entry, "later": scene.serial} for entry in entries), strange]
    with scene.province.atomic():
        for entry in entries:
            scene.province.add_entry(commune, entry, None)
    scene.tell("the province acts on {}: {}", dossier, [entry.get("w", entry["e"]) for entry in entries])


def clocks(scene: Scene) -> None:
    """Something happens to a clock."""
    machine = scene.rng.choice(scene.machines)
    for fault in ("clock jumps", "clock at 1970", "clock at 2099", "clock stands"):
        if scene.swarm.happens(fault):
            machine.clock.upset(fault, scene.now_s)
            scene.tell("{}: {}", machine.name, fault)
