"""What can only be said of two runs: one seed always tells the same story (I14), whatever the clocks say it ends the same (I12)."""

from __future__ import annotations

from dataclasses import replace

from sync.simulator.scene import Setup
from sync.simulator.shrink import Failure, play


def replayed(seed: int, setup: Setup) -> Failure | None:
    """The failure of a seed, or that it does not tell the same story twice."""
    first, failure = play(seed, setup)
    second, _ = play(seed, setup)
    if failure is None and first.trace() != second.trace():
        return _differs(seed, "I14", first.scene.told(), second.scene.told())
    return failure


def under_other_clocks(seed: int, setup: Setup, clocks: int = 3) -> Failure | None:
    """The failure of a seed, or that it ends in another way when the kiosks' clocks show something else."""
    runs = [play(seed, replace(setup, roomy=True, clocks=number)) for number in range(clocks)]
    for simulation, failure in runs:
        if failure is not None:
            return failure
        if simulation.scene.outcome() != runs[0][0].scene.outcome():
            return _differs(seed, "I12", runs[0][0].scene.told(), simulation.scene.told())
    return None


def _differs(seed: int, name: str, one: list[str], other: list[str]) -> Failure:
    at = next(
        (number for number, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), min(len(one), len(other))
    )
    story = (*one[:at], f"one run: {one[at : at + 1]}", f"the other: {other[at : at + 1]}")
    return Failure(seed, name, f"two runs of one seed part at line {at + 1} of their story", story)
