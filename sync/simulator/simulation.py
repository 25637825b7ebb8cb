"""One seed, one schedule: kiosks, a bad line, people, disasters; the invariants at every step; then quiet, and the rest of them.

The product's engine and intake run unchanged on journals in memory. The seed decides which faults exist, how often, and every
choice, so the same seed always tells the same story (:meth:`Simulation.trace` compares two runs), and a seed that fails can be
told, replayed and shrunk (:mod:`sync.simulator.shrink`). Bugs can be planted (:mod:`sync.simulator.plants`): a simulation that does
not find them proves nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from sync.errors import SyncError
from sync.simulator import attachments, disasters, invariants, keeping, line, people, renewals, sticks
from sync.simulator.scene import Machine, Scene, Setup, Violation

Act = Callable[[Scene], Machine | None]
"""Returns the machine whose screen may have changed."""

ACTS: tuple[tuple[Act, int], ...] = (
    (people.at_counter, 5),
    (line.ask, 5),
    (line.deliver_up, 6),
    (line.deliver_down, 6),
    (attachments.send, 2),
    (attachments.deliver, 2),
    (people.at_province, 1),
    (people.clocks, 1),
    (disasters.upset, 2),
    (keeping.keep, 2),
    (renewals.renew, 1),
    (sticks.carry, 2),
)
ROUNDS = 200
"""Exchanges of every kiosk within which a quiet network must have brought everything to rest (I9)."""


class Simulation:
    """One schedule. :meth:`run` raises :class:`Violation` when an invariant breaks."""

    def __init__(
        self, seed: int, setup: Setup | None = None, *, without: frozenset[str] = frozenset(), steps: int | None = None
    ) -> None:
        self.scene = Scene(seed, setup or Setup(), without)
        drawn = self.scene.rng.randint(30, 80)
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
            touched = act(scene)
            invariants.always(scene)
            if touched is not None:
                invariants.shown(scene, touched)
        self._quiesce()
        invariants.always(scene)
        for machine in scene.machines:
            invariants.shown(scene, machine)
        invariants.at_end(scene)

    def trace(self) -> str:
        """Two runs of one seed have the same (I14)."""
        return self.scene.trace()

    def _quiesce(self) -> None:
        scene = self.scene
        scene.swarm.quiet = True
        scene.tell("the faults are over")
        attachments.hang_up(scene)
        for _ in range(ROUNDS):
            moved = False
            for machine in scene.honest():
                reply = line.serve(scene, machine.engine.make_request(scene.now_s, 0))
                try:
                    moved |= machine.engine.on_reply(reply, scene.now_s + 0.1).moved
                except SyncError as error:
                    raise Violation("I9", f"a good line ends in {error.code} at {machine.name}: {error}") from error
                moved |= attachments.settle(scene, machine)
            if not moved:
                return
        raise Violation("I9", f"no rest after {ROUNDS} rounds")
