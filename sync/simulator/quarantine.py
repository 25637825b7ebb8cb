"""What sticks brought too late for the keys they were signed with: kept at the province until somebody releases them.

The person knows what kiosks wrote and what a thief did; the protocol cannot. After that nothing an honest kiosk wrote may be left.
"""

from __future__ import annotations

from sync import segment as hsg
from sync.errors import SealBroken, SegmentError
from sync.intake import take_vouched
from sync.simulator.memory import identity
from sync.simulator.scene import SERVER_MS, Scene


def honest(scene: Scene) -> list[tuple[int, bytes]]:
    """(device, segment) of everything set aside that kiosks in service wrote, in the order of their logs."""
    found: list[tuple[int, int, int, bytes]] = []
    for device, reason, body in scene.province.state.quarantined:
        if reason == "former_key" and device not in scene.revoked:
            part = _segment(body)
            if part is not None and _written(scene, part):
                found.append((device, part.chain.incarnation, part.first, body))
    return [(device, body) for device, _, _, body in sorted(found)]


def release(scene: Scene) -> bool:
    """Somebody vouches for all of it; what a lost disk had promised counts again. Whether there was any."""
    found = honest(scene)
    for device, body in found:
        with scene.province.atomic():
            taken = take_vouched(device, body, scene.province, scene.meaning, scene.authority.keys, SERVER_MS)
        if taken.gaps or taken.refused:
            continue
        scene.branched = True
        scene.province.state.quarantined.remove((device, "former_key", body))
        for one in _events(scene, device, body):
            if one in scene.forgotten:
                scene.promised[one] = scene.forgotten.pop(one)
        scene.tell("somebody vouches for a segment of {}", device)
    return bool(found)


def _segment(body: bytes) -> hsg.Segment | None:
    try:
        return hsg.parse(body)
    except SegmentError:
        return None


def _written(scene: Scene, part: hsg.Segment) -> bool:
    heads = scene.written.get((part.chain.device, part.chain.incarnation, part.last), set())
    return any(head[:8] == part.after8 for head in heads)


def _events(scene: Scene, device: int, body: bytes) -> set[bytes]:
    keys, part = scene.authority.keys, hsg.parse(body)
    for opener in (keys.seal, *keys.former.values()):
        try:
            lines = hsg.unpack(part, opener, keys.dictionaries.held)
        except SealBroken:
            continue
        return {identity(device, part.chain.incarnation, line) for line in lines}
    return set()
