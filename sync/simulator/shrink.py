"""From a failing seed to the shortest story that still fails: first whole kinds of fault are left out, then the end is cut off."""

from __future__ import annotations

from dataclasses import dataclass

from sync.simulator.scene import Setup, Violation
from sync.simulator.simulation import Simulation
from sync.simulator.swarm import FAULTS


@dataclass(frozen=True, slots=True)
class Failure:
    """A schedule that breaks an invariant, with what happened in it."""

    seed: int
    invariant: str
    what: str
    story: tuple[str, ...]
    without: frozenset[str] = frozenset()
    steps: int | None = None


def play(
    seed: int, setup: Setup, *, without: frozenset[str] = frozenset(), steps: int | None = None
) -> tuple[Simulation, Failure | None]:
    """One schedule. What the product raises where it should not is a failure like any other."""
    simulation = Simulation(seed, setup, without=without, steps=steps)
    try:
        simulation.run()
    except Violation as violation:
        return simulation, _failure(simulation, violation.name, str(violation), without, steps)
    except Exception as error:
        return simulation, _failure(simulation, "crash", f"{type(error).__name__}: {error}", without, steps)
    finally:
        simulation.close()
    return simulation, None


def _failure(simulation: Simulation, name: str, what: str, without: frozenset[str], steps: int | None) -> Failure:
    return Failure(simulation.scene.seed, name, what, tuple(simulation.scene.told()), without, steps)


def shrink(failure: Failure, setup: Setup) -> Failure:
    """The smallest failure of the same invariant that was found."""
    best = failure
    for fault in FAULTS:
        best = _try(best, setup, best.without | {fault}, best.steps) or best
    shortest, longest = 0, Simulation(best.seed, setup).steps if best.steps is None else best.steps
    while shortest < longest:
        middle = (shortest + longest) // 2
        found = _try(best, setup, best.without, middle)
        if found is not None:
            best, longest = found, middle
        else:
            shortest = middle + 1
    return best


def _try(failure: Failure, setup: Setup, without: frozenset[str], steps: int | None) -> Failure | None:
    found = play(failure.seed, setup, without=without, steps=steps)[1]
    return found if found is not None and found.invariant == failure.invariant else None
