"""The same work carried by line, by sticks, or by any mix of both ends in the same state at the province, byte for byte (G15, I16).

The work is fixed by the seed: who does what on which dossier, in which order it comes to the province, having seen what. How it is
carried is not: requests and answers are lost, doubled and late, sticks are lost, cut, read twice and out of order, on the way there
or back, and a kiosk may restart at any point. What is compared are all stored lines, every confirmed value with the event it
comes from, the feed without what only tells how it was carried (acknowledgements, when a file was whole), and the files.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sync.errors import SyncError
from sync.feed import decode_entry
from sync.simulator import attachments, line, sticks
from sync.simulator.files import KioskFiles
from sync.simulator.memory import Facts
from sync.simulator.people import work
from sync.simulator.scene import Machine, Scene, Setup
from sync.simulator.shrink import Failure

WAYS: Final = ("line", "stick", "mix")
ITEMS: Final = 6
"""Portions of work that come to the province one after the other."""
TRIES: Final = 200
"""Within so many tries everything must have arrived."""


@dataclass(slots=True)
class _Carrier:
    """Carries one portion at a time, over a bad line or in pockets."""

    scene: Scene
    way: str
    rng: random.Random
    old_requests: list[bytes]
    old_sticks: list[bytes]

    def carry(self, machine: Machine) -> None:
        """Until the province has everything of this kiosk and the kiosk everything of the feed."""
        for _ in range(TRIES):
            if self._arrived(machine):
                return
            way = self.way if self.way != "mix" else self.rng.choice(("line", "stick"))
            self._by_line(machine) if way == "line" else self._by_stick(machine)
            if self.rng.random() < 0.05:
                self.scene.lose_power(machine)
        raise AssertionError(f"not everything of {machine.name} arrived by {self.way}")

    def _arrived(self, machine: Machine) -> bool:
        journal = machine.journal
        acked = all(journal.acked(inc) == journal.last(inc)[0] for inc in journal.incarnations())
        read = journal.feed_position() == self.scene.province.feed_position(machine.commune)
        return acked and read and not KioskFiles(journal).tasks()

    def _by_line(self, machine: Machine) -> None:
        request = machine.engine.make_request(0.0, 0)
        self.old_requests.append(request)
        if self.rng.random() < 0.2:
            return
        if self.rng.random() < 0.2:
            line.serve(self.scene, self.rng.choice(self.old_requests))
        reply = line.serve(self.scene, request)
        if self.rng.random() < 0.2:
            return
        machine.engine.on_reply(reply, 0.1)
        attachments.settle(self.scene, machine)

    def _by_stick(self, machine: Machine) -> None:
        stick = sticks.write(self.scene, machine)
        self.old_sticks.append(stick)
        if self.rng.random() < 0.2:
            return
        for volume in (*([self.rng.choice(self.old_sticks)] if self.rng.random() < 0.3 else []), stick):
            back = self._cut(sticks.take(self.scene, volume))
            try:
                sticks.unload_at(self.scene, machine, back)
            except SyncError as error:
                self.scene.tell("{} refuses a stick: {}", machine.name, error.code)

    def _cut(self, volume: bytes) -> bytes:
        return volume[: int(self.rng.random() * len(volume))] if self.rng.random() < 0.2 else volume


def mixed(seed: int, setup: Setup) -> Failure | None:
    """The failure of a seed, or that it does not end the same by every way."""
    ends: dict[str, tuple[str, Scene]] = {}
    for way in WAYS:
        scene = Scene(seed, setup)
        scene.swarm.quiet = True
        try:
            _play(scene, way)
        except Exception as error:
            return Failure(seed, "I16", f"by {way}: {type(error).__name__}: {error}", tuple(scene.told()))
        ends[way] = (state(scene), scene)
    for way, (end, scene) in ends.items():
        if end != ends["line"][0]:
            return Failure(seed, "I16", f"by {way} it ends in another state than by line", tuple(scene.told()))
    return None


def _play(scene: Scene, way: str) -> None:
    acts = random.Random(f"work {scene.seed}")
    for machine in scene.machines:  # what a kiosk draws by chance does not hang on the way its work goes
        machine.journal.rng = random.Random(f"{machine.name} {scene.seed}")
    carrier = _Carrier(scene, way, random.Random(f"{way} {scene.seed}"), [], [])
    for machine in scene.machines:
        work(scene, machine, acts, Facts(actor=_actor(scene)))
    _settle(scene)
    opened = [machine.journal.feed_position()[0] for machine in scene.machines]
    for _ in range(ITEMS):
        number = acts.randrange(len(scene.machines))
        machine = scene.machines[number]
        scanned = acts.randrange(8)
        for act in range(acts.randint(1, 5)):
            base = acts.choice((0, opened[number]))
            work(scene, machine, acts, Facts(base, 1_764_550_991_227 + scene.serial, 2, _actor(scene)), scans=act == scanned)
        carrier.carry(machine)
        for other in _others(scene, machine):
            carrier.carry(other)


def _settle(scene: Scene) -> None:
    """Over a good line, the same for every way: the ground the work stands on."""
    for _ in range(8):
        for machine in scene.machines:
            machine.engine.on_reply(line.serve(scene, machine.engine.make_request(0.0, 0)), 0.1)


def _others(scene: Scene, machine: Machine) -> Sequence[Machine]:
    return [other for other in scene.machines if other is not machine and other.commune == machine.commune]


def _actor(scene: Scene) -> str:
    scene.serial += 1
    return f"cb{scene.serial}"


def state(scene: Scene) -> str:
    """The province's state as one hash, without what only says how often somebody came."""
    held = scene.province.state
    logs = {key: [(entry.n, entry.body, entry.head) for entry in log] for key, log in sorted(held.logs.items())}
    confirmed = {
        commune: {
            d: {f: (known.value, known.origin) for f, known in sorted(fields.items())} for d, fields in sorted(dossiers.items())
        }
        for commune, dossiers in sorted(held.confirmed.items())
    }
    feeds = {c: [e.body for e in feed if decode_entry(e.body)["e"] not in ("ack", "bl")] for c, feed in sorted(held.feeds.items())}
    facts = (logs, confirmed, feeds, sorted(held.whole), held.branches, held.quarantined)
    return hashlib.sha256(repr(facts).encode()).hexdigest()
