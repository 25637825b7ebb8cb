"""What is kept and what goes: the operator's backups and the word «safe», pruning, snapshots, closed dossiers leaving the kiosks.

A backup is first taken, then carried away, and only then does the operator say which lines are in it; so a kiosk prunes nothing
that the backup lacks. A province that is restored comes back from the newest one. Where it comes back from an older one, against
the rules, a kiosk that has pruned sees it, alarms, and loses nothing more.
"""

from __future__ import annotations

from sync.simulator.memory import DiskFull
from sync.simulator.scene import Backup, Machine, Scene


def keep(scene: Scene) -> Machine | None:
    """Somebody tidies up somewhere."""
    if scene.swarm.happens("backup taken"):
        scene.backups.append(Backup(scene.province.state.copy()))
        scene.tell("a backup of the province is taken")
    if scene.backups and scene.swarm.happens("backup declared safe"):
        _declare_safe(scene)
    if scene.swarm.happens("snapshot"):
        commune = scene.rng.choice([machine.commune for machine in scene.machines])
        with scene.province.atomic():
            info = scene.province.make_snapshot(commune)
        scene.tell("the province takes a snapshot of {} at {}", commune, info.seq)
    if scene.swarm.happens("closed dossiers dropped"):
        _drop(scene)
    machine = scene.rng.choice(scene.machines)
    return machine if scene.swarm.happens("log pruned") and _prune(scene, machine) else None


def _declare_safe(scene: Scene) -> None:
    with scene.province.atomic():
        scene.province.mark_safe({key: len(log) for key, log in scene.backups[-1].state.logs.items()})
    scene.tell("the newest backup is elsewhere, and the kiosks are told")


def _prune(scene: Scene, machine: Machine) -> bool:
    journal = machine.journal
    inc = scene.rng.choice(list(journal.incarnations()))
    if scene.swarm.happens("kiosk disk full"):
        journal.disk.room = 0
    try:
        with journal.atomic():
            base = journal.prune(inc, scene.rng.randint(0, journal.last(inc)[0]))
    except DiskFull:
        return False
    finally:
        journal.disk.room = None
    scene.tell("{} prunes {:x} up to {}", machine.name, inc, base)
    seq, head = journal.feed_position()
    if scene.lost_safe and scene.province.feed_head_at(machine.commune, seq) != head:
        # It has not heard yet that the backup it relied on is gone, and nobody could tell it.
        scene.forget_destroyed()
    return True


def _drop(scene: Scene) -> None:
    for commune, dossiers in scene.province.state.confirmed.items():
        for dossier, known in dossiers.items():
            gone = scene.province.state.dropped.get(dossier)
            if not gone and scene.meaning.closed({name: one.value for name, one in known.items()}):
                with scene.province.atomic():
                    scene.province.add_entry(commune, {"e": "drop", "d": dossier}, None)
                scene.dropped.add(dossier)
                scene.tell("{} is over and leaves the kiosks", dossier)
                return
