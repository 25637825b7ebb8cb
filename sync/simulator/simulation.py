"""A seeded simulation of kiosks, a bad line and a province that crashes: the product's engine and intake on journals in memory.

One seed is one schedule: which faults exist, how often, and every choice come from it, so a failing seed can be run again.
After every step the invariants that must hold always are checked (I2, I3, I7, I10, I13 of SYNC design 2.1); then the faults
stop, the kiosks exchange a bounded number of rounds, and the ones about the end are checked (I1, I4, I9). Bugs can be planted
(:mod:`sync.simulator.plants`): a simulation that does not find them proves nothing.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from sync import wire
from sync.engine import Engine, Limits
from sync.envelope import decode, event_id
from sync.errors import ProvinceInconsistent, SyncError
from sync.simulator.memory import Crash, KioskState, MemoryKiosk, ProvinceState
from sync.simulator.plants import Plant
from sync.simulator.world import SERVER_MS, Kiosk, World

PORTAL = b"<!doctype html><title>Wi-Fi</title><form action=/login>"

FAULTS = (
    "drop_request",
    "drop_reply",
    "duplicate",
    "flip",
    "portal",
    "kiosk_crash_before_commit",
    "kiosk_crash_after_commit",
    "province_crash_before_commit",
    "province_crash_after_commit",
    "restart",
    "restore_kiosk",
    "clone_kiosk",
    "skewed_hello",
    "restore_province",
    "forget_epoch",
)


class Violation(AssertionError):
    """An invariant does not hold."""


@dataclass
class Machine:
    """A kiosk in the simulation; ``life`` counts its starts, so an answer to an earlier start does not reach a later one."""

    kiosk: Kiosk
    commune: str
    life: int = 0
    image: KioskState | None = None


@dataclass
class Message:
    machine: int
    life: int
    body: bytes


@dataclass
class Simulation:
    """One schedule. :meth:`run` raises :class:`Violation` when an invariant breaks."""

    seed: int
    plant: Plant = field(default_factory=Plant)
    steps: int = 50
    faults: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        limits = Limits(start=600, least=300, most=2000, wanted=1024, page=4)
        self.world = World(self.seed, limits)
        self.rates = {name: self.rng.choice((0.0, 0.05, 0.3)) for name in FAULTS}
        for rare in ("restore_kiosk", "clone_kiosk", "skewed_hello", "restore_province"):
            self.rates[rare] = self.rng.choice((0.0, 0.1, 0.3))
        self.machines: list[Machine] = []
        for commune in ("01273", "01273", "01279")[: self.rng.choice((1, 2, 3))]:
            self.machines.append(self._machine(self.world.kiosk(commune), commune))
        self.up: list[Message] = []
        self.down: list[Message] = []
        self.heads: set[tuple[int, int, int, bytes]] = set()
        self.promised: dict[bytes, str] = {}
        self.backup: ProvinceState | None = None
        self.rewound = False
        """The province was restored: until the end, kiosks may know more than it does."""
        self.epochs = 1
        self.tags = 0
        self.dossiers: dict[str, list[str]] = {}
        self.bodies: set[bytes] = set()

    def run(self) -> None:
        for _ in range(self.steps):
            self._step()
            self._check_always()
        self._quiesce()
        self._check_always()
        self._check_end()

    # --- what happens -------------------------------------------------------------------------------------------

    def _step(self) -> None:
        act = self.rng.choices(
            (self._write, self._ask, self._deliver_up, self._deliver_down, self._province_writes, self._upset),
            (5, 5, 6, 6, 1, 2),
        )[0]
        act()

    def _write(self) -> None:
        machine = self.rng.choice(self.machines)
        journal = machine.kiosk.journal
        known = self.dossiers.setdefault(machine.commune, [])
        dossier = self.rng.choice(known) if known and self.rng.random() < 0.6 else ""
        self.tags += 1
        kind = "tag" if self.rng.random() < 0.8 else "f"
        content = {"tag": str(self.tags)} if kind == "tag" else {"a.phone": f"09{self.tags:08d}"}
        origin = journal.write(dossier, kind, content, base=journal.feed_position()[0])
        line = journal.lines(origin.incarnation, origin.n - 1, 1)[0]
        self.promised[event_id(origin.device, origin.incarnation, line.body)] = content.get("tag", "")
        if not dossier:
            known.append(origin.dossier_id())

    def _ask(self) -> None:
        number = self.rng.randrange(len(self.machines))
        machine = self.machines[number]
        body = machine.kiosk.engine.make_request(0.0, self.rng.getrandbits(41))
        if self._happens("skewed_hello"):
            body = self._skewed(machine, body)
        if not self._happens("drop_request"):
            self.up.append(Message(number, machine.life, body))

    def _deliver_up(self) -> None:
        message = self._pick(self.up)
        if message is None:
            return
        body = self._flipped(message.body)
        crash = self._happens("province_crash_before_commit")
        reply = b""
        try:
            with self.world.province.atomic():
                reply = self.plant.handle(body, self.world.province, self.world.merge, self.world.keys, SERVER_MS)
                if crash:
                    raise Crash
        except Crash:
            if not self.plant.ack_before_commit:
                return
        if self._happens("province_crash_after_commit") or self._happens("drop_reply"):
            return
        self.down.append(Message(message.machine, message.life, reply))

    def _deliver_down(self) -> None:
        message = self._pick(self.down)
        if message is None or message.life != self.machines[message.machine].life:
            return
        machine = self.machines[message.machine]
        journal = machine.kiosk.journal
        body = PORTAL if self._happens("portal") else self._flipped(message.body)
        for when in ("before_commit", "after_commit"):
            if self._happens(f"kiosk_crash_{when}"):
                journal.crash_at = _crash_at(when, self.rng.randint(1, 4))
        try:
            machine.kiosk.engine.on_reply(body, 0.1)
        except Crash:
            self._restart(machine)
        except ProvinceInconsistent as error:
            raise Violation(f"false alarm: {error}") from error
        except SyncError as error:
            self.faults[error.code] += 1
        finally:
            journal.crash_at = lambda _: None

    def _province_writes(self) -> None:
        commune = self.rng.choice([machine.commune for machine in self.machines])
        known = self.dossiers.get(commune)
        if known:
            entry = {"e": "f", "d": self.rng.choice(known), "f": "status", "v": self.rng.randint(2, 9)}
            with self.world.province.atomic():
                self.world.province.add_entry(commune, entry, None)

    def _upset(self) -> None:
        machine = self.rng.choice(self.machines)
        if self._happens("restart"):
            self._restart(machine)
        if self._happens("restore_kiosk"):
            if machine.image is not None:
                machine.kiosk.journal.state = machine.image.copy()
                self._restart(machine)
                self._forget_destroyed()
            machine.image = machine.kiosk.journal.state.copy()
        if self._happens("clone_kiosk") and len(self.machines) < 4:
            self.machines.append(self._clone(machine))

        if self._happens("restore_province"):
            self._restore_province()

    def _restore_province(self) -> None:
        province = self.world.province
        if self.backup is not None:
            province.state = self.backup.copy()
            self.rewound = True
            if not self._happens("forget_epoch"):
                self.epochs += 1
                province.state.epoch = self.epochs
            self._forget_destroyed()
        self.backup = province.state.copy()

    # --- parts --------------------------------------------------------------------------------------------------

    def _machine(self, kiosk: Kiosk, commune: str) -> Machine:
        kiosk.journal = self.plant.kiosk_journal(kiosk.journal.device, kiosk.journal.rng)
        kiosk.engine = self._engine(kiosk)
        return Machine(kiosk, commune)

    def _engine(self, kiosk: Kiosk) -> Engine:
        made: Engine = self.plant.engine(kiosk.journal, kiosk.keys, limits=kiosk.limits, random_bytes=self.rng.randbytes)
        return made

    def _restart(self, machine: Machine) -> None:
        machine.life += 1
        machine.kiosk.engine = self._engine(machine.kiosk)

    def _clone(self, machine: Machine) -> Machine:
        twin = self._machine(replace(machine.kiosk), machine.commune)
        twin.kiosk.journal.state = machine.kiosk.journal.state.copy()
        return twin

    def _happens(self, fault: str) -> bool:
        if self.rng.random() >= self.rates[fault]:
            return False
        self.faults[fault] += 1
        return True

    def _pick(self, queue: list[Message]) -> Message | None:
        """Any message, not the oldest: the line reorders. A duplicate stays in the queue."""
        if not queue:
            return None
        at = self.rng.randrange(len(queue))
        return queue[at] if self._happens("duplicate") else queue.pop(at)

    def _flipped(self, body: bytes) -> bytes:
        if not body or not self._happens("flip"):
            return body
        at = self.rng.randrange(len(body))
        return body[:at] + bytes([body[at] ^ (1 << self.rng.randrange(8))]) + body[at + 1 :]

    def _skewed(self, machine: Machine, body: bytes) -> bytes:
        """The same request, asking for the feed from one entry further than the kiosk has applied."""
        parsed = wire.parse_request(body)
        seq = parsed.hello.feed_seq + 1
        head = self.world.province.feed_head_at(machine.commune, seq)
        if head is None:
            return body
        hello = replace(parsed.hello, feed_seq=seq, feed_head8=head[:8])
        return wire.encode_request(hello, parsed.segments, machine.kiosk.keys.sign)

    def _forget_destroyed(self) -> None:
        """A disk was overwritten: what was on it alone is lost by nature."""
        held = set(self.world.province.state.events).union(*(_on_disk(m.kiosk.journal) for m in self.machines))
        for identity in [identity for identity in self.promised if identity not in held]:
            del self.promised[identity]

    # --- invariants ---------------------------------------------------------------------------------------------

    def _check_always(self) -> None:
        province = self.world.province
        for machine in self.machines:
            self._check_kiosk(machine)
        for (device, inc), log in province.state.logs.items():
            for line in log[-3:]:
                _hold(
                    (device, inc, line.n, line.head) in self.heads, f"I3/I10: {device}/{inc:x}/{line.n} is not what a kiosk wrote"
                )
        _hold(not province.state.quarantined, f"I10: honest kiosks were put into quarantine: {province.state.quarantined[:1]}")
        for commune in province.state.feeds:
            for (_, name), value in province.view(commune).items():
                _hold(not name.startswith("tag.") or value == 1, f"I2: {name} was applied {value} times")

    def _check_kiosk(self, machine: Machine) -> None:
        """Its cursors, its feed, and that its user sees every own event.

        After a clone an event may show twice for a while: it came down through the other machine, and still waits here.
        """
        journal, province = machine.kiosk.journal, self.world.province
        for inc in journal.incarnations():
            log = journal.state.logs.get(inc, [])
            for line in log[-8:]:
                self.heads.add((journal.device, inc, line.n, line.head))
            acked, told = journal.acked(inc), journal.told(inc)
            stored = province.position(journal.device, inc)[0]
            _hold(acked <= told <= len(log), f"I7: acked {acked} told {told} length {len(log)}")
            _hold(self.rewound or told <= stored, f"I7: told {told}, the province stores {stored}")
        feed = province.state.feeds.get(machine.commune, [])
        _hold(
            self.rewound or journal.state.feed == feed[: len(journal.state.feed)], "I10/I7: the applied feed is not the province's"
        )
        view = journal.view()
        for inc in journal.incarnations():
            for line in journal.state.logs.get(inc, []):
                event = decode(line.body)
                if event.kind == "tag":
                    seen = view.get((event.dossier, f"tag.{event.content['tag']}"), 0)
                    most = 2 if self.faults["clone_kiosk"] else 1
                    _hold(1 <= seen <= most, f"I13: own event {inc:x}/{line.n} shows {seen} times")

    def _quiesce(self) -> None:
        self.rates = dict.fromkeys(self.rates, 0.0)
        self.up.clear()
        self.down.clear()
        for _ in range(200):
            moved = False
            for machine in self.machines:
                request = machine.kiosk.engine.make_request(0.0, 0)
                with self.world.province.atomic():
                    reply = self.plant.handle(request, self.world.province, self.world.merge, self.world.keys, SERVER_MS)
                try:
                    outcome = machine.kiosk.engine.on_reply(reply, 0.1)
                except SyncError as error:
                    raise Violation(f"I9: a good line ends in {error.code}: {error}") from error
                moved |= outcome.moved
            if not moved:
                return
        raise Violation("I9: no rest after 200 rounds")

    def _check_end(self) -> None:
        province = self.world.province
        for machine in self.machines:
            journal = machine.kiosk.journal
            _hold(machine.kiosk.engine.pending() == 0, "I4: a kiosk still has something to send")
            _hold(journal.state.feed == province.state.feeds.get(machine.commune, []), "I4: a kiosk has not the whole feed")
            _hold(journal.view() == province.view(machine.commune), "I4: a kiosk shows another state than the province")
            for identity in _on_disk(journal):
                _hold(identity in province.state.events, "I1: an event on a disk is not at the province")
        applied = {name for commune in province.state.feeds for _, name in province.view(commune)}
        for identity, tag in self.promised.items():
            _hold(identity in province.state.events, "I1: a confirmed event is not at the province")
            _hold(not tag or f"tag.{tag}" in applied, "I2: a stored event had no effect")


def _hold(true: bool, what: str) -> None:
    if not true:
        raise Violation(what)


def _on_disk(journal: MemoryKiosk) -> set[bytes]:
    return {event_id(journal.device, inc, line.body) for inc in journal.incarnations() for line in journal.state.logs.get(inc, [])}


def _crash_at(when: str, commit: int) -> Callable[[str], None]:
    """Crash at the n-th commit of this kind."""
    left = [commit]

    def crash(point: str) -> None:
        if point == when:
            left[0] -= 1
            if left[0] == 0:
                raise Crash

    return crash


def first_violation(plant: Plant, seeds: range) -> tuple[int, str] | None:
    """The first seed that breaks an invariant, with its story; ``None`` when none does."""
    for seed in seeds:
        try:
            Simulation(seed, plant).run()
        except Violation as violation:
            return seed, str(violation)
    return None
