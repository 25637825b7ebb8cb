"""The line between kiosks and province: it loses, doubles, reorders, cuts, alters, delays, and answers with a login page.

A message waits in a bag until the schedule delivers it, so any order and any delay comes about; an answer may reach a machine that
has restarted or was restored meanwhile. Either end may die, or find its disk full, at any commit of what it does with a message.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from sync import intake, wire
from sync.errors import ProvinceInconsistent, SyncError
from sync.simulator.memory import Crash, DiskFull
from sync.simulator.scene import LATER, SERVER_MS, Machine, Message, Scene, Violation, hold

PORTAL = b"<!doctype html><title>Wi-Fi</title><form action=/login>"


def ask(scene: Scene) -> None:
    """A kiosk asks."""
    machine = scene.rng.choice(scene.machines)
    if scene.now_s < machine.paused_until_s:
        return
    body = machine.engine.make_request(scene.now_s, machine.clock.wall_ms(scene.now_s))
    if scene.swarm.happens("skewed hello"):
        body = _skewed(scene, machine, body)
    scene.tell("{} asks with {} bytes", machine.name, len(body))
    if not scene.swarm.happens("request lost"):
        scene.up.append(Message(machine, machine.life, body))


def deliver_up(scene: Scene) -> None:
    """A request arrives at the province."""
    message = _pick(scene, scene.up)
    if message is None:
        return
    body = scene.harmed(message.body)
    disk = scene.province.disk
    for point in ("before", "after"):
        if scene.swarm.happens(f"province crash {point} commit"):
            disk.crash_at = (f"{point}_commit", 1)
    if scene.swarm.happens("province disk full"):
        disk.room = scene.rng.randint(0, 12)
    try:
        reply = serve(scene, body)
    except (Crash, DiskFull) as failure:
        disk.cut_power()
        scene.tell("the province fails at a request of {}: {!r}", message.machine.name, failure)
        return
    finally:
        disk.heal()
    scene.tell("the province answers {} with {} bytes", message.machine.name, len(reply))
    if not scene.swarm.happens("reply lost"):
        scene.down.append(replace(message, body=reply))


def serve(scene: Scene, body: bytes) -> bytes:
    """What the province's web view does: one transaction, and only then the answer."""
    with scene.province.atomic():
        pause, floor = scene.swarm.happens("province asks for a pause"), scene.swarm.happens("schema floor raised")
        policy = scene.policy
        if pause or floor:
            policy = replace(policy, pause_s=30 if pause else 0, schema_floor=LATER if floor else 0)
        received = SERVER_MS + int(scene.now_s * 1000)
        reply = intake.handle(body, scene.province, scene.meaning, scene.authority.keys, received, policy)
    return _gone_bad(scene, body, received) if scene.swarm.happens("malformed entry") else reply


class _Undone(Exception):
    """Takes back what a province gone bad did for one answer."""


def _gone_bad(scene: Scene, body: bytes, received: int) -> bytes:
    """The same answer again, with entries at the end of the feed that nobody can apply: chained and signed, and never heard of
    again."""
    reply = b""
    with suppress(_Undone), scene.province.atomic():
        for commune in {machine.commune for machine in scene.machines}:
            scene.province.add_entry(commune, {"e": "bl"}, None)
        reply = intake.handle(body, scene.province, scene.meaning, scene.authority.keys, received, scene.policy)
        raise _Undone
    return reply


def deliver_down(scene: Scene) -> Machine | None:
    """An answer arrives at a kiosk, if that life of it still runs."""
    message = _pick(scene, scene.down)
    if message is None or message.life != message.machine.life:
        return None
    machine = message.machine
    body = PORTAL if scene.swarm.happens("login page") else scene.harmed(message.body)
    disk = machine.journal.disk
    for fault, point in (
        ("kiosk crash before commit", "before_commit"),
        ("kiosk crash after commit", "after_commit"),
        ("kiosk power cut while writing", "before_commit"),
    ):
        if scene.swarm.happens(fault):
            disk.crash_at = (point, scene.rng.randint(1, 3))
    if scene.swarm.happens("kiosk disk full"):
        disk.room = scene.rng.randint(0, 12)
    disk.read_only = scene.swarm.happens("kiosk disk read-only")
    try:
        outcome = machine.engine.on_reply(body, scene.now_s)
        machine.paused_until_s = scene.now_s + outcome.pause_s
        machine.upload_only = bool(outcome.upload_only)
        hold(machine.schema < LATER or not machine.upload_only, "versions", f"{machine.name} is new enough and may begin nothing")
        hold(scene.lost_safe or "province_lost_safe" not in outcome.alarms, "I10", f"{machine.name} alarms for nothing")
        scene.tell("{} takes an answer: {} applied, {} acknowledged", machine.name, outcome.applied, outcome.acked)
    except Crash:
        scene.tell("{} loses power over an answer", machine.name)
        scene.lose_power(machine)
    except DiskFull as failure:
        scene.tell("{} cannot write an answer: {!r}", machine.name, failure)
    except ProvinceInconsistent as error:
        raise Violation("I10", f"false alarm at {machine.name}: {error}") from error
    except SyncError as error:
        scene.tell("{} refuses an answer: {}", machine.name, error.code)
    finally:
        disk.heal()
    return machine


def _pick(scene: Scene, bag: list[Message]) -> Message | None:
    """Any message, not the oldest: the line reorders. A doubled one stays in the bag."""
    if not bag:
        return None
    at = scene.rng.randrange(len(bag))
    return bag[at] if scene.swarm.happens("message twice") else bag.pop(at)


def _skewed(scene: Scene, machine: Machine, body: bytes) -> bytes:
    """The same request, asking for the feed from one entry further than the kiosk has applied."""
    parsed = wire.parse_request(body)
    seq = parsed.hello.feed_seq + 1
    head = scene.province.feed_head_at(machine.commune, seq)
    if head is None:
        return body
    hello = replace(parsed.hello, feed_seq=seq, feed_head8=head[:8])
    return wire.encode_request(hello, parsed.runs, machine.keys.sign)
