"""Disasters: machines that restart, disks restored from old images or cloned, a province restored or rebuilt from a backup."""

from __future__ import annotations

from dataclasses import replace

from sync.simulator import renewals, sticks
from sync.simulator.memory import ProvinceState
from sync.simulator.scene import CROWD, Backup, Machine, Scene, Stick


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
    if scene.swarm.happens("province loses power"):
        scene.province.disk.cut_power()
        scene.files.lose_power()
        scene.tell("the province loses power")
    if scene.swarm.happens("province restored"):
        _restore_province(scene)
    if scene.swarm.happens("province rebuilt"):
        _rebuild_province(scene)
    return machine


def _restore(scene: Scene, machine: Machine) -> None:
    """From the image taken the last time; the first time only an image is taken."""
    if machine.image is not None:
        if scene.swarm.happens("stick written before a restore"):
            scene.sticks.append(Stick(sticks.write(scene, machine), machine.commune))
        before = scene.on_disk(machine)
        machine.journal.put_back(machine.image)
        machine.noted.clear()
        scene.start(machine)
        scene.endangered |= before - scene.on_disk(machine)
        scene.forget_destroyed()
        scene.tell("{} is restored from an old image", machine.name)
        if scene.swarm.happens("kiosk enrolled again"):
            renewals.enrol_again(scene, machine)
    machine.image = machine.journal.image()


def _restore_province(scene: Scene) -> None:
    """From the newest backup; where there is none, one is taken."""
    if not scene.backups:
        scene.backups.append(Backup(scene.province.state.copy()))
        return
    backup, too_old = scene.backups[-1], len(scene.backups) > 1 and scene.swarm.happens("province restored from too old a backup")
    if too_old:
        backup = scene.backups[0]
        scene.endangered |= set(scene.promised)
        scene.lost_safe = True
    _go_back(scene, backup.state.copy(), raised=not scene.swarm.happens("epoch forgotten"))
    del scene.backups[scene.backups.index(backup) + 1 :]
    scene.tell("the province is restored from its backup, epoch {}", scene.province.state.epoch)


def _rebuild_province(scene: Scene) -> None:
    """Nothing is left but the register of devices and keys; the kiosks are the backup."""
    held = scene.province.state
    scene.endangered |= set(scene.promised)
    scene.lost_safe = True
    _go_back(scene, ProvinceState(devices=dict(held.devices), communes=dict(held.communes)), raised=True)
    scene.backups.clear()
    scene.tell("the province is built anew, epoch {}", scene.province.state.epoch)


def _go_back(scene: Scene, state: ProvinceState, *, raised: bool) -> None:
    state.communes = dict(scene.province.state.communes)
    scene.province.put_back(state)
    for machine in scene.honest():
        record = state.devices[machine.journal.device]
        if record.generation < machine.generation - min(1, len(machine.keys.rotations)):
            # It has changed its keys more than once since, or no letter tells of it: people enrol it again, comparing words.
            state.devices[record.device] = replace(scene.authority.record(machine.own, record), generation=machine.generation)
    for device, held in scene.revoked.items():
        state.devices[device] = replace(state.devices[device], valid_to=held)
    scene.rewound = True
    scene.judged.clear()
    if raised:
        scene.epochs += 1
        state.epoch = scene.epochs
    scene.forget_destroyed()
