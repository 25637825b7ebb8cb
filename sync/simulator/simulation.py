"""One seed, one schedule: kiosks, a bad line, people, disasters; the invariants at every step; then quiet, and the rest of them.

The product's engine and intake run unchanged on journals in memory. The seed decides which faults exist, how often, and every
choice, so the same seed always tells the same story (:meth:`Simulation.trace` compares two runs), and a seed that fails can be
told, replayed and shrunk (:mod:`sync.simulator.shrink`). Bugs can be planted (:mod:`sync.simulator.plants`): a simulation that does
not find them proves nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from sync.bundle import Way
from sync.errors import Refused, SyncError
from sync.simulator import attachments, disasters, invariants, keeping, line, people, quarantine, renewals, sticks
from sync.simulator.scene import Machine, Scene, Setup, Violation

Act = Callable[[Scene], Machine | None]
"""Returns the machine whose screen may have changed."""

ACTS: tuple[tuple[Act, int], ...] = (
    (people.at_counter, 6),
    (line.ask, 5),
    (line.deliver_up, 6),
    (line.deliver_down, 6),
    (attachments.send, 4),
    (attachments.deliver, 4),
    (people.at_province, 1),
    (people.clocks, 1),
    (disasters.upset, 2),
    (keeping.keep, 3),
    (renewals.renew, 1),
    (renewals.steal, 1),
    (sticks.carry, 3),
)
ROUNDS = 200
"""Exchanges of every kiosk within which a quiet network must have brought everything to rest (I9)."""


class Simulation:
    """One schedule. :meth:`run` raises :class:`Violation` when an invariant breaks."""

    def __init__(
        self, seed: int, setup: Setup | None = None, *, without: frozenset[str] = frozenset(), steps: int | None = None
    ) -> None:
        self.scene = Scene(seed, setup or Setup(), without)
        drawn = self.scene.rng.randint(30, 100)
        self.steps = drawn if steps is None else min(steps, drawn)

    @property
    def faults(self) -> Counter[str]:
        """Faults that struck."""
        return self.scene.swarm.count

    def run(self) -> None:
        """Play the schedule to its end."""
        acts, weights = [act for act, _ in ACTS], [weight for _, weight in ACTS]
        scene = self.scene
        for act in scene.rng.choices(acts, weights, k=self.steps):
            scene.pass_time()
            invariants.always(scene, act(scene))
        self._quiesce()
        for machine in scene.machines:
            invariants.always(scene, machine)
        invariants.at_end(scene)

    def close(self) -> None:
        """Scrap the machines."""
        for machine in (*self.scene.machines, *self.scene.thieves):
            machine.journal.close()

    def trace(self) -> str:
        """Two runs of one seed have the same (I14)."""
        return self.scene.trace()

    def _quiesce(self) -> None:
        scene = self.scene
        scene.swarm.quiet = True
        scene.tell("the faults are over")
        attachments.hang_up(scene)
        self._rest()
        for stick in [one for one in scene.sticks if one.data[4:5] == bytes([Way.UP])]:
            sticks.read_at_province(scene, stick)  # whatever is still in a pocket comes in the end
        quarantine.release(scene)
        self._rest()

    def _rest(self) -> None:
        scene = self.scene
        for _ in range(ROUNDS):
            moved = [self._exchange(machine) | attachments.settle(scene, machine) for machine in scene.honest()]
            if not any(moved):
                return
        raise Violation("I9", f"no rest after {ROUNDS} rounds")

    def _exchange(self, machine: Machine) -> bool:
        """On a good line. A refusal may be answered by telling more in the next request: it must not come again and again."""
        scene = self.scene
        reply = line.serve(scene, machine.engine.make_request(scene.now_s, 0))
        try:
            outcome = machine.engine.on_reply(reply, scene.now_s + 0.1)
            return outcome.moved or bool(outcome.refusals)
        except Refused as refused:
            scene.tell("{}: {}", machine.name, refused)
            return True
        except SyncError as error:
            raise Violation("I9", f"a good line ends in {error.code} at {machine.name}: {error}") from error
