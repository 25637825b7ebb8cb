"""New keys for a device that goes on being the same device: by its own word (:func:`rotate`), or by people's (:func:`take_bundle`).

Every step is durable before the next begins and may be made again after a crash at any point: the keys to come are written
first, the journal then records them, and only then are they in force. The machine always has a pair the province takes: a
request under new keys carries the rotation that explains them until it is answered. The sync process is woken by ending it, for
it holds the former keys; its supervisor starts it again.
"""

from __future__ import annotations

import json
from dataclasses import replace

from forms.dossier import Draft
from kiosk.machine import Machine, key_file, remember_key
from kiosk.store.connection import StoreError
from kiosk.store.keyring import Keyring
from sync.enrol import Enrolment, open_bundle, open_request
from sync.keys import SealKey
from sync.letter import b64
from sync.rollover import Rotation, write_rotation
from sync.steps import step


def rotate(machine: Machine) -> Keyring:
    """Put new keys in force, signed for by the present ones; a ``sys`` event in the journal says so.

    Raises:
        StoreError: ``not_enrolled``; ``rotation_waits`` while the province has not answered the last rotation.
    """
    identity = machine.store.identity_or_raise()
    file = key_file(machine.config)
    held = file.make_following()
    if held.rotation:
        raise StoreError(
            "rotation_waits", "Tỉnh chưa trả lời lần thay khóa trước.", "Chạy «sync --once» khi có mạng rồi thay khóa lại."
        )
    following = held.following
    if following is None:
        raise AssertionError("keys to come were just made")
    generation = held.generation + 1
    _record(machine, {"generation": generation, "sign": b64(following.sign.public), "seal": b64(following.seal.public)})
    store = machine.store
    # Nobody files meanwhile: what comes after is signed with the new key.
    with store.transaction(), step("keys.rotate"):
        upto = {inc: store.last(inc)[0] for inc in store.incarnations()}
        rotation = Rotation(identity.device, generation, following.sign.public, following.seal.public, upto)
        return file.change(lambda now: now.promoted(generation, write_rotation(rotation, held.device.sign)))


def _record(machine: Machine, fact: dict[str, object]) -> None:
    """Write the event, once."""
    store = machine.store
    wanted = json.dumps(fact)
    if store.meta("rotate") != wanted:
        with store.work("") as work:
            work.append([Draft("", "sys", {"rotate": fact})])
            store.set_meta("rotate", wanted)


def answered(machine: Machine) -> None:
    """The province has answered a request that carried this machine's rotation: it is sent again only when asked for."""
    sent = machine.keyring.rotation
    key_file(machine.config).change(lambda held: replace(held, untold=False) if held.rotation == sent else held)


def take_bundle(machine: Machine, bundle: bytes, request: bytes) -> Enrolment:
    """Become the device of a bundle: of the first one, or the same device again with the keys made for this request.

    The journal stays as it is; its unsent events go on under the same number.

    Raises:
        EnrolError: not a bundle for this request and these keys.
        StoreError: ``enrolled_as_other`` when the journal here belongs to another device or commune.
    """
    store, keyring = machine.store, machine.keyring
    enrolment = open_bundle(bundle, _openers(machine), request, root=_root(machine))
    if machine.former not in (0, enrolment.device):
        raise StoreError(
            "enrolled_as_other", "Tỉnh cấp số máy khác với số của kho hồ sơ này.", "Báo tỉnh: phải cấp lại đúng số máy cũ."
        )
    with step("keys.enrol"):
        key_file(machine.config).change(lambda held: _in_force(held, enrolment, open_request(request).verify_key))
    with store.transaction():
        store.set_meta("enrol_request", request)
        store.set_meta("enrol_bundle", bundle)
        store.set_meta("enrol_asking", None)
        store.set_meta("enrol_id", None)
    remember_key(store, keyring.device.sign.public)
    return enrolment


def _openers(machine: Machine) -> tuple[SealKey, ...]:
    """Read anew: keys to come may have been made since this machine was opened."""
    return key_file(machine.config).change(lambda held: held).openers


def _root(machine: Machine) -> bytes | None:
    """The province's root this machine believes: the configured one, else the one it was enrolled by."""
    configured = str(machine.config["province.root"])
    if configured:
        return bytes.fromhex(configured)
    return machine.enrolment.root if machine.enrolment is not None else None


def _in_force(held: Keyring, enrolment: Enrolment, asked: bytes) -> Keyring:
    """The keys that asked are in force; they are already at the first enrolment, and after a crash just behind this step."""
    if held.following is not None and held.following.sign.public == asked:
        return held.promoted(enrolment.generation)
    return replace(held, generation=enrolment.generation, rotations=(), untold=False)
