"""Attachments in a schedule: files encrypted at a counter, sent in pieces after the event that tells of them, whole by their hash.

The product's cipher, planner, ticket and receiver run unchanged on files in memory. A piece may be lost, doubled, cut in the middle
or altered; the province may die with bytes that were written and not yet kept; either disk may be an old one. What was kept counts,
and a file is complete when its hash is right and never before.
"""

from __future__ import annotations

import base64
import hashlib
import io
import random
from collections.abc import Collection
from contextlib import suppress

from sync.blob.cipher import encrypt
from sync.blob.ports import Lane
from sync.blob.ranges import UNIT
from sync.blob.receiver import Receiver
from sync.blob.wire import Act, Answer, Held, Ticket, read_answer
from sync.errors import BlobProtocol, SyncError
from sync.simulator.files import KioskFiles
from sync.simulator.memory import File
from sync.simulator.scene import Machine, Scene, Sent, hold

SIZES = (0, 700, 3000, 3000, 70_000)
"""Bytes of a file before it is encrypted; the last one is two records."""


def attachment(rng: random.Random, dossier: str) -> tuple[str, File, dict[str, object]]:
    """A file somebody scans: its name, its ciphertext, and what the event tells of it."""
    key, text = rng.randbytes(32), rng.randbytes(rng.choice(SIZES))
    data = b"".join(encrypt(io.BytesIO(text), key))
    name = hashlib.sha256(data).hexdigest()
    role, lane = rng.choice((("full", Lane.FULL), ("preview", Lane.PREVIEW)))
    told = {"blob": name, "key": base64.b64encode(key).decode(), "size": len(data), "plain": len(text)}
    return name, File(data, dossier, lane), {**told, "mime": "image/tiff", "name": "giay_chung_sinh", "role": role, "pages": 1}


def send(scene: Scene) -> None:
    """A kiosk sends the next piece of a file, when its events are told; now and then it asks what is held instead."""
    machine = scene.rng.choice(scene.machines)
    sent = next_piece(scene, machine)
    if sent is None:
        return
    scene.tell("{} sends {} bytes of a file", machine.name, len(sent.body))
    if scene.swarm.happens("request lost"):
        _given_up(sent)
    else:
        scene.pieces.append(sent)


def next_piece(scene: Scene, machine: Machine, unknown: Collection[str] = ()) -> Sent | None:
    """What a kiosk sends next of its files, those unknown to the province left out; ``None``: nothing to send or to ask."""
    files = KioskFiles(machine.journal)
    tasks = [task for task in files.tasks() if task.id not in unknown]
    piece = machine.planner.take(tasks)
    nonce = scene.rng.randbytes(16)
    if piece is None:
        waiting = [task for task in tasks if task.have.is_whole(task.size)]
        if not waiting:
            return None
        ticket = Ticket(Act.ASK, machine.journal.device, waiting[0].id, 0, 0, nonce)
        return Sent(machine, machine.life, None, ticket, ticket.write(machine.own.sign))
    ticket = Ticket(Act.PUT, machine.journal.device, piece.blob, piece.offset, piece.length, nonce)
    body = ticket.write(machine.own.sign) + files.read(piece.blob, piece.offset, piece.length)
    return Sent(machine, machine.life, piece, ticket, body)


def deliver(scene: Scene) -> Machine | None:
    """A piece arrives, whole or cut, once or twice; the answer may be lost, and either end may die."""
    if not scene.pieces:
        return None
    at = scene.rng.randrange(len(scene.pieces))
    sent = scene.pieces[at] if scene.swarm.happens("message twice") else scene.pieces.pop(at)
    body = scene.harmed(sent.body)
    scene.files.full = scene.swarm.happens("province disk full")
    try:
        answer = receive(scene, body, dies=scene.swarm.happens("province crash before commit"))
    finally:
        scene.files.full = False
    if sent.life != sent.machine.life:
        return None
    if answer is None or scene.swarm.happens("reply lost"):
        _given_up(sent)
        return None
    _take(scene, sent, scene.harmed(answer))
    return sent.machine


def receive(scene: Scene, body: bytes, *, dies: bool = False) -> bytes | None:
    """What the province does with a piece: its answer, ``None`` when it died or found nobody to answer."""
    call = Receiver(scene.files, scene.authority.keys.sign).open()
    with suppress(SyncError):
        for start in range(0, len(body), 3 * UNIT):
            call.feed(body[start : start + 3 * UNIT])
        if dies:
            scene.files.lose_power()
            scene.tell("the province dies in the middle of a file")
            return None
        return call.close()
    return None


def _take(scene: Scene, sent: Sent, body: bytes) -> None:
    try:
        answer = read_answer(body, scene.authority.verifier, sent.ticket.nonce)
    except SyncError as error:
        scene.tell("{} refuses an answer about a file: {}", sent.machine.name, error.code)
        _given_up(sent)
        return
    _given_up(sent, answer)
    if answer.state is not Held.UNKNOWN:
        KioskFiles(sent.machine.journal).set_have(sent.ticket.blob, answer.have)
    scene.tell("{} learns that {} of a file is held {}", sent.machine.name, answer.have.count, answer.refusal)


def _given_up(sent: Sent, answer: Answer | None = None) -> None:
    """The piece is free again; a second answer to it finds it so."""
    if sent.piece is None or sent.life != sent.machine.life:
        return
    with suppress(ValueError, KeyError):
        if answer is None:
            sent.machine.planner.broken(sent.piece)
        else:
            sent.machine.planner.answered(sent.piece, 1.0)


def hang_up(scene: Scene) -> None:
    """What is still on its way never arrives."""
    for sent in scene.pieces:
        _given_up(sent)
    scene.pieces.clear()


def settle(scene: Scene, machine: Machine) -> bool:
    """On a good line: one more piece; whether there was one.

    A file of which a province built anew knows nothing, its event gone with the backup, waits for a person, and others pass it by.
    """
    unknown: set[str] = set()
    while (sent := next_piece(scene, machine, unknown)) is not None:
        answer = receive(scene, sent.body)
        if answer is None:
            raise BlobProtocol("a good piece was not answered")
        _take(scene, sent, answer)
        if not scene.lost_safe or scene.files.announced(sent.ticket.blob) is not None:
            return True
        unknown.add(sent.ticket.blob)
    return False


def at_end(scene: Scene) -> None:
    """I11: what is called complete hashes right, and everything that is on a disk and was told of is complete."""
    state = scene.province.state
    for name in state.whole:
        hold(hashlib.sha256(state.parts[name]).hexdigest() == name, "I11", f"file {name[:8]} is called complete and is not")
    for machine in scene.honest():
        for name in machine.journal.state.files:
            told = scene.files.announced(name)
            hold(told is None or name in state.whole, "I11", f"file {name[:8]} of {machine.name} is not complete")
            hold(
                told is None or machine.journal.is_complete(name),
                "I11",
                f"{machine.name} does not know that {name[:8]} is complete",
            )
