"""Keys that change in the middle of everything: the province's, a commune's, a device's; and a kiosk that is stolen and revoked."""

from __future__ import annotations

from dataclasses import replace

from sync.ports import FormerKey
from sync.simulator import line
from sync.simulator.memory import Facts
from sync.simulator.scene import LATER, Machine, Scene


def renew(scene: Scene) -> None:
    """Whatever is due."""
    machine = scene.rng.choice(scene.machines)
    if scene.swarm.happens("province keys renewed"):
        scene.authority.renew_province(scene.province)
        scene.tell("the province has new keys, generation {}", scene.authority.public.generation)
    if scene.swarm.happens("commune key renewed"):
        scene.authority.renew_commune(scene.province, machine.commune)
        scene.tell("commune {} has a new key", machine.commune)
    if scene.swarm.happens("kiosk upgraded") and machine.schema < LATER:
        machine.schema = LATER
        scene.start(machine)
        scene.tell("{} runs a later version of the program", machine.name)
    if scene.swarm.happens("device keys rotated") and _alone(scene, machine):
        _rotate(scene, machine)
    if scene.swarm.happens("kiosk revoked") and len({m.journal.device for m in scene.honest()}) > 1:
        revoke(scene, machine)


def steal(scene: Scene) -> None:
    """A stranger with a stolen disk and keys that were replaced since writes and sends; what the province stores of it is no
    honest kiosk's line, and that is checked at every step (I3)."""
    if not scene.thieves:
        return
    thief = scene.rng.choice(scene.thieves)
    if scene.province.devices[thief.journal.device].generation == thief.generation:
        return  # the new keys have not arrived: until then nobody can tell them apart
    thief.journal.work("", [("f", {"c.phone": "stolen"})], Facts(actor="thief"))
    line.serve(scene, thief.engine.make_request(scene.now_s, 0))
    scene.tell("a thief sends what he wrote with old keys of {}", thief.journal.device)


def _alone(scene: Scene, machine: Machine) -> bool:
    """A cloned machine that changes its keys locks its twin out: that needs people, not a protocol."""
    return sum(other.journal.device == machine.journal.device for other in scene.machines) == 1 and not machine.revoked


def _rotate(scene: Scene, machine: Machine) -> None:
    record = scene.province.devices[machine.journal.device]
    if record.generation != machine.generation:
        return  # the one before is still on its way
    if scene.swarm.happens("replaced keys stolen"):
        scene.thieves.append(scene.copy(machine))
    machine.own, machine.keys = scene.authority.rotate(machine.journal, machine.keys, machine.generation)
    machine.generation += 1
    scene.tell("{} has new keys, generation {}", machine.name, machine.generation)
    scene.start(machine)


def enrol_again(scene: Scene, machine: Machine) -> None:
    """People compare words: the same number with new keys, and those before end at what is held."""
    journal, record = machine.journal, scene.province.devices[machine.journal.device]
    if record.generation != machine.generation or not _alone(scene, machine):
        return
    if scene.swarm.happens("replaced keys stolen"):
        scene.thieves.append(scene.copy(machine))
    held = {inc: len(log) for (owner, inc), log in scene.province.state.logs.items() if owner == journal.device}
    former = FormerKey(record.verify_key, held, record.seal_key)
    machine.own, machine.generation = scene.authority.pair(), machine.generation + 1
    fresh = replace(scene.authority.record(machine.own, record), generation=machine.generation, former=(former, *record.former))
    scene.province.devices[journal.device] = fresh
    opened = (machine.keys.seal, *machine.keys.former)
    machine.keys = replace(machine.keys, sign=machine.own.sign, seal=machine.own.seal, former=opened, rotations=(), untold=False)
    scene.tell("{} is enrolled again, its former keys end at {}", machine.name, held)
    scene.start(machine)


def revoke(scene: Scene, machine: Machine) -> None:
    """Stolen: what the province holds of it stays, nothing after that counts, and it reads no feed any more."""
    device = machine.journal.device
    held = {inc: len(log) for (owner, inc), log in scene.province.state.logs.items() if owner == device}
    scene.revoked[device] = held
    scene.province.devices[device] = replace(scene.province.devices[device], valid_to=held)
    for other in scene.machines:
        other.revoked = other.revoked or other.journal.device == device
    scene.authority.renew_commune(scene.province, machine.commune)
    scene.tell("{} is stolen and revoked at {}", machine.name, held)
