"""Disasters: machines that restart, disks restored from old images or cloned, a province restored or rebuilt from a backup."""

from __future__ import annotations

from sync.simulator.memory import ProvinceState
from sync.simulator.scene import CROWD, Backup, Machine, Scene


def upset(scene: Scene) -> Machine:
    """Whatever the swarm of this seed has in store."""
    machine = scene.rng.choice(scene.machines)
    if scene.swarm.happens("restart"):
        scene.tell("{} restarts", machine.name)
        scene.lose_power(machine)
    if scene.swarm.happens("kiosk restored from an image"):
        _restore(scene, machine)
    if scene.swarm.happens("kiosk cloned") and len(scene.machines) < CROWD:
        twin = scene.clone(machine)
        scene.tell("{} is cloned: {} runs beside it", machine.name, twin.name)
    if scene.swarm.happens("province restored"):
        _restore_province(scene)
    if scene.swarm.happens("province rebuilt"):
        _rebuild_province(scene)
    return machine


def _restore(scene: Scene, machine: Machine) -> None:
    """From the image taken the last time; the first time only an image is taken."""
    if machine.image is not None:
        before = scene.on_disk(machine)
        machine.journal.state = machine.image.copy()
        machine.noted.clear()
        scene.start(machine)
        scene.endangered |= before - scene.on_disk(machine)
        scene.forget_destroyed()
        scene.tell("{} is restored from an old image", machine.name)
    machine.image = machine.journal.state.copy()


def _restore_province(scene: Scene) -> None:
    """From the last backup; the first time only a backup is taken."""
    if scene.backup is not None:
        scene.province.state = scene.backup.state.copy()
        _gone_back(scene, raised=not scene.swarm.happens("epoch forgotten"))
        scene.tell("the province is restored from its backup, epoch {}", scene.province.state.epoch)
    scene.backup = Backup(scene.province.state.copy(), safe=False)


def _rebuild_province(scene: Scene) -> None:
    """Nothing is left but the register of devices and keys."""
    held = scene.province.state
    scene.province.state = ProvinceState(devices=dict(held.devices), communes=dict(held.communes))
    _gone_back(scene, raised=True)
    scene.tell("the province is built anew, epoch {}", scene.province.state.epoch)


def _gone_back(scene: Scene, *, raised: bool) -> None:
    scene.rewound = True
    scene.judged.clear()
    if raised:
        scene.epochs += 1
        scene.province.state.epoch = scene.epochs
    scene.forget_destroyed()
