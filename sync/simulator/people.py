"""What people do in a schedule: at the counters, two of them at once on one dossier, and at the province."""

from __future__ import annotations

from sync.envelope import Origin
from sync.simulator.attachments import attachment
from sync.simulator.meaning import Acts, Shown
from sync.simulator.memory import DiskFull, Facts, File
from sync.simulator.scene import Machine, Scene


def at_counter(scene: Scene) -> Machine | None:
    """Somebody files, or an official works on a dossier as this kiosk shows it, lawfully or not."""
    machine = scene.rng.choice(scene.machines)
    journal = machine.journal
    listed = journal.dossiers()
    dossier = scene.rng.choice(listed) if listed and scene.rng.random() < 0.7 else ""
    if scene.swarm.happens("foreign edit"):
        dossier = _foreign(scene, machine) or dossier
    shown = Shown(journal.fields(dossier), journal.conflicts(dossier)) if dossier else Shown({})
    scene.serial += 1
    acts = scene.meaning.at_counter(scene.rng, shown, scene.serial)
    files: dict[str, File] = {}
    if dossier and scene.swarm.happens("a file is scanned"):
        name, file, told = attachment(scene, dossier)
        acts, files = [*acts, ("at", told)], {name: file}
    opened = journal.feed_position()[0]
    if scene.swarm.happens("form open for long"):
        opened = scene.rng.randint(0, opened)
    if scene.swarm.happens("kiosk disk full"):
        journal.disk.room = scene.rng.randint(0, 3)
    clock = machine.clock
    facts = Facts(opened, clock.wall_ms(scene.now_s), clock.quality(), f"cb{scene.serial}")
    try:
        first = journal.work(dossier, acts, facts, files)
    except DiskFull:
        scene.tell("{}: the disk is full, nothing was written and the person was told so", machine.name)
        return None
    finally:
        journal.disk.room = None
    dossier = dossier or first.dossier_id()
    counts = scene.commune_of(dossier) == machine.commune
    scene.tell("{} writes {} on {} as seen at {}: {}/{:x}/{}", machine.name, _words(acts), dossier, opened, *_place(first))
    scene.promise(machine, first, counts=counts)
    return machine


def _words(acts: Acts) -> str:
    """An act in few words: its kind and what stands in front."""
    return ", ".join(f"{kind} {str(dict(content))[:70]}" for kind, content in acts)


def _place(origin: Origin) -> tuple[int, int, int]:
    return origin.device, origin.incarnation, origin.n


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
    with scene.province.atomic():
        for entry in entries:
            scene.province.add_entry(commune, entry, None)
    scene.tell("the province acts on {}: {}", dossier, {entry.get("f", entry["e"]): entry.get("v") for entry in entries})


def clocks(scene: Scene) -> None:
    """Something happens to a clock."""
    machine = scene.rng.choice(scene.machines)
    for fault in ("clock jumps", "clock at 1970", "clock at 2099", "clock stands"):
        if scene.swarm.happens(fault):
            machine.clock.upset(fault, scene.now_s)
            scene.tell("{}: {}", machine.name, fault)
