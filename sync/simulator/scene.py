"""The scene of one schedule: a province, some kiosks of one or two communes, lines between them, and what was promised to people.

Everything random comes from the seed; clocks draw from a stream of their own, so that the same schedule can be played under other
clocks. What happens is told as a story, which is also the trace two runs of one seed are compared by.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from sync import segment as hsg
from sync.blob import planner as blob
from sync.blob.wire import Ticket
from sync.dictionaries import NONE, Shelf
from sync.engine import Engine, EngineKeys, Limits
from sync.envelope import Origin, dossier_device
from sync.feed import decode_entry
from sync.intake import Policy
from sync.simulator.authority import FAST_FORGE, Authority, Forge, Pair
from sync.simulator.clocks import DAY_S, Clock
from sync.simulator.files import ProvinceFiles
from sync.simulator.meaning import Counted, Meaning, Tiny, counter
from sync.simulator.memory import MemoryKiosk, MemoryProvince, ProvinceState, identity, readable
from sync.simulator.swarm import Swarm

COMMUNES = ("01273", "01273", "01279", "01273")
"""Commune of the first, second … kiosk."""
SERVER_MS = 1_764_551_000_000
SHELF = Shelf({1: b'{"n":1,"d":"z8-","k":"f","c":{"', 2: b'{"e":"f","d":"z8-'}, up=(1,), feed=(2,))
"""Dictionaries as small as can be: what matters is who has them."""
BLOB_LIMITS = blob.Limits(start=2048, least=1024, most=40_000)
LATER = 2
"""The schema of a later version of the program."""
CROWD = 5
"""Most machines, clones included."""


class Violation(AssertionError):
    """An invariant does not hold. ``name`` is its number in SYNC design 2.1."""

    def __init__(self, name: str, what: str) -> None:
        super().__init__(f"{name}: {what}")
        self.name = name


def hold(true: bool, name: str, what: str) -> None:
    """Raises :class:`Violation` unless it is true."""
    if not true:
        raise Violation(name, what)


@dataclass(frozen=True, slots=True)
class Setup:
    """On what a schedule runs."""

    meaning: Callable[[], Meaning] = Tiny
    journal: Callable[[int, random.Random, Meaning], MemoryKiosk] = MemoryKiosk
    forge: Forge = FAST_FORGE
    clocks: int = 0
    """Another number: the same schedule under other clocks."""
    roomy: bool = False
    """Messages so large that the length of a time stamp never decides what fits into one."""


@dataclass
class Machine:
    """A kiosk. ``life`` counts its starts, so that an answer to an earlier start does not reach a later one."""

    name: str
    commune: str
    journal: MemoryKiosk
    own: Pair
    keys: EngineKeys
    clock: Clock
    engine: Engine = field(init=False)
    planner: blob.Planner = field(default_factory=blob.Planner)
    life: int = 0
    shelf: Shelf = NONE
    generation: int = 1
    """Of its own keys."""
    revoked: bool = False
    schema: int = 1
    """The newest its program writes."""
    numbers: set[int] = field(default_factory=set)
    """Provisional numbers that stand on paper: no restore takes them back."""
    paused_until_s: float = 0.0
    upload_only: bool = False
    image: object = None
    checked: object = None
    """What the disks of this machine and of the province were stamped when its cursors were last checked."""
    noted: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    """Incarnation -> end of its log when its lines were last noted."""


@dataclass(frozen=True, slots=True)
class Message:
    """Bytes on a line, to or from a life of a machine."""

    machine: Machine
    life: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Sent:
    """A piece of a file on its way, or (``piece`` ``None``) a question what is held."""

    machine: Machine
    life: int
    piece: blob.Piece | None
    ticket: Ticket
    body: bytes


@dataclass(frozen=True, slots=True)
class Promise:
    """An event the kiosk confirmed to its user. ``counts``: it must have its effect (an edit of a foreign dossier has none)."""

    device: int
    dossier: str
    field: str
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Stick:
    """A volume in somebody's pocket, and the commune it belongs to."""

    data: bytes
    commune: str
    whole: bool = True
    """Nobody has cut or altered it."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What the operator keeps elsewhere."""

    state: ProvinceState


class Scene:
    """Everything a schedule happens to."""

    def __init__(self, seed: int, setup: Setup, without: frozenset[str] = frozenset()) -> None:
        self.seed, self.setup = seed, setup
        self.rng = random.Random(seed)
        self.swarm = Swarm(seed, without)
        self.meaning = Counted(setup.meaning())
        self.province = MemoryProvince()
        self.authority = Authority(self.rng, setup.forge)
        self.province.commune_letters = self.authority.commune_letter
        if not self.swarm.happens("dictionary missing"):
            self.authority.keys = replace(self.authority.keys, dictionaries=SHELF)
        self.limits = (
            Limits(start=1 << 16, wanted=1 << 20, level=hsg.FAST)
            if setup.roomy
            else Limits(start=600, least=300, most=2000, wanted=1024, page=4, level=hsg.FAST)
        )
        self.machines: list[Machine] = []
        self.up: list[Message] = []
        self.down: list[Message] = []
        self.pieces: list[Sent] = []
        self.files = ProvinceFiles(self.province, setup.forge.suite)
        self.now_s = 0.0
        self.serial = 0
        self.promised: dict[bytes, Promise] = {}
        self.forgotten: dict[bytes, Promise] = {}
        """Promises that seemed lost with a disk: a stick may still bring them."""
        self.endangered: set[bytes] = set()
        """Events whose disk was overwritten: what no other place holds is lost by nature."""
        self.written: dict[tuple[int, int, int], set[bytes]] = {}
        """(device, incarnation, n) -> heads that kiosks wrote there."""
        self.backups: list[Backup] = []
        self.sticks: list[Stick] = []
        self.created: set[str] = set()
        """Dossiers by the id each filing got: no two futures of a disk give the same."""
        self.dropped: set[str] = set()
        """Dossiers that ever left the kiosks."""
        self.thieves: list[Machine] = []
        """Machines run by strangers from a stolen disk with keys the device has replaced: they stand in no list of kiosks."""
        self.revoked: dict[int, dict[int, int]] = {}
        """Device -> incarnation -> last line that counts."""
        self.policy = Policy(near=self.rng.choice((2, 10, 1000)), snapshot_page=self.rng.choice((3, 4096)))
        self.province.snapshot_every = self.rng.choice((5, 20, 10_000))
        self.epochs = 1
        self.rewound = False
        """The province went back in time: kiosks may know more than it does."""
        self.lost_safe = False
        """It came back from less than it had called safe: kiosks alarm, and only then."""
        self.cloned = False
        self.branched = False
        """A stick held a future some disk has lost, or showed a disk that its log has another one."""
        self.judged: dict[tuple[int, int], int] = {}
        """(device, incarnation) -> lines of the province already compared with ``written``."""
        self.checked: object = None
        """What the province's disk was stamped when its logs were last checked."""
        self.story: list[tuple[str, tuple[Any, ...]]] = []
        for number in range(self.rng.choice((1, 2, 2, 3))):
            self.machines.append(self._enrol(COMMUNES[number]))

    def tell(self, text: str, *facts: Any) -> None:
        """One sentence of the story."""
        self.story.append((text, facts))

    def told(self) -> list[str]:
        """The story, line by line."""
        return [text.format(*facts) for text, facts in self.story]

    def trace(self) -> str:
        """What happened and what came of it, as one hash."""
        state = self.province.state
        facts = (self.story, state.logs, state.branches, state.feeds, [m.journal.state for m in self.machines])
        return hashlib.sha256(repr(facts).encode()).hexdigest()

    def outcome(self) -> str:
        """What came of it for people, without anything that a time stamp goes into (I12)."""
        feeds = self.province.state.feeds
        told = {c: [{k: v for k, v in decode_entry(e.body).items() if k != "h"} for e in feed] for c, feed in feeds.items()}
        return hashlib.sha256(repr(told).encode()).hexdigest()

    # --- machines -----------------------------------------------------------------------------------------------

    def _enrol(self, commune: str) -> Machine:
        device = 1000 + len(self.machines)
        pair, keys = self.authority.enrol(self.province, device, commune)
        journal = self.setup.journal(device, self.rng, self.meaning)
        name = f"kiosk {len(self.machines) + 1}"
        machine = Machine(name, commune, journal, pair, keys, Clock(f"{self.seed} {name} {self.setup.clocks}"))
        machine.shelf = NONE if self.swarm.happens("dictionary missing") else SHELF
        self.start(machine)
        return machine

    def honest(self) -> list[Machine]:
        """Kiosks that are not revoked."""
        return [machine for machine in self.machines if not machine.revoked]

    def start(self, machine: Machine) -> None:
        """The program starts: nothing is left but what is on the disk."""
        machine.life += 1
        machine.journal.reopen()
        machine.planner = blob.Planner(BLOB_LIMITS)
        machine.engine = Engine(
            machine.journal,
            machine.keys,
            limits=self.limits,
            dictionaries=machine.shelf,
            schemas=(1, machine.schema),
            random_bytes=self.rng.randbytes,
        )

    def lose_power(self, machine: Machine) -> None:
        """The machine stops dead and starts again."""
        machine.journal.disk.cut_power()
        machine.journal.disk.heal()
        self.start(machine)

    def clone(self, machine: Machine) -> Machine:
        """A second machine from an image of this one's disk, running beside it."""
        twin = self.copy(machine)
        self.machines.append(twin)
        self.cloned = True
        return twin

    def copy(self, machine: Machine) -> Machine:
        """Another machine with an image of this one's disk."""
        journal = self.setup.journal(machine.journal.device, self.rng, self.meaning)
        journal.put_back(machine.journal.image())
        name = f"kiosk {len(self.machines) + 1}"
        clock = Clock(f"{self.seed} {name} {self.setup.clocks}")
        twin = Machine(name, machine.commune, journal, machine.own, machine.keys, clock)
        twin.shelf, twin.generation, twin.revoked = machine.shelf, machine.generation, machine.revoked
        twin.schema = machine.schema
        self.start(twin)
        return twin

    def harmed(self, body: bytes) -> bytes:
        """The bytes after a bad line. Places are drawn as a part of the whole, so that a message of another length costs as many
        draws."""
        if self.swarm.happens("message cut"):
            body = body[: int(self.rng.random() * len(body))]
        if body and self.swarm.happens("bit flipped"):
            at = int(self.rng.random() * len(body))
            body = body[:at] + bytes([body[at] ^ (1 << self.rng.randrange(8))]) + body[at + 1 :]
        return body

    def pass_time(self) -> None:
        """Some time goes by, mostly little."""
        self.now_s += self.rng.choice((0.01, 0.2, 3.0, 60.0))
        if self.swarm.happens("days pass"):
            self.now_s += DAY_S * self.rng.randint(1, 40)

    # --- what people were promised ------------------------------------------------------------------------------

    def promise(self, machine: Machine, first: Origin, *, counts: bool = True) -> None:
        """The events from ``first`` on stand: whoever wrote them was told so."""
        for line in machine.journal.lines(first.incarnation, first.n - 1, 1 << 30):
            event = readable(line.body)
            if event is None:
                continue
            known = identity(first.device, first.incarnation, line.body)
            origin = Origin(first.device, first.incarnation, line.n)
            self.promised[known] = Promise(first.device, event.dossier, counter(event, origin), counts)

    def on_disk(self, machine: Machine) -> set[bytes]:
        """Ids of all events a kiosk holds."""
        journal = machine.journal
        return {
            identity(journal.device, inc, line.body)
            for inc in journal.incarnations()
            for line in journal.lines(inc, 0, 1 << 30)
            if readable(line.body) is not None
        }

    def commune_of(self, dossier: str) -> str:
        """Commune of the device that made a dossier."""
        device = dossier_device(dossier)
        record = self.province.device(device) if device is not None else None
        return record.commune if record is not None else ""

    def forget_destroyed(self) -> None:
        """What was on an overwritten disk alone is lost by nature, and no longer promised."""
        if not self.endangered:
            return
        held = set(self.province.state.events).union(*(self.on_disk(machine) for machine in self.machines))
        for one in [one for one in self.endangered if one not in held]:
            if one in self.promised:
                self.forgotten[one] = self.promised.pop(one)
            self.endangered.discard(one)

    def note(self, machine: Machine) -> None:
        """Remember every line this machine has written, as the province may only ever hold such."""
        journal = machine.journal
        for inc in journal.incarnations():
            end = journal.last(inc)
            before = machine.noted.get(inc)
            if before == end:
                continue
            same = before is not None and journal.head_at(inc, before[0]) == before[1]
            for line in journal.lines(inc, before[0] if before is not None and same else 0, 1 << 30):
                self.written.setdefault((journal.device, inc, line.n), set()).add(line.head)
            machine.noted[inc] = end
