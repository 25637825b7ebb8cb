"""The share of the simulation every run of the suite pays for: some hundred schedules clean, and every planted bug found."""

from __future__ import annotations

import pytest

from sync.simulator.plants import Plant, plants
from sync.simulator.simulation import Simulation, first_violation

SCHEDULES = 150
MOST = 400
"""Schedules within which a planted bug must be found."""


def test_no_schedule_breaks_an_invariant() -> None:
    assert first_violation(Plant(), range(SCHEDULES)) is None


@pytest.mark.parametrize("plant", plants(), ids=lambda plant: plant.name)
def test_a_planted_bug_is_found(plant: Plant) -> None:
    assert first_violation(plant, range(MOST)) is not None, f"{plant.name} lives through {MOST} schedules"


def test_a_seed_tells_the_same_story_twice() -> None:
    first, second = Simulation(77), Simulation(77)
    first.run()
    second.run()
    assert first.faults == second.faults
    assert first.world.province.state.logs == second.world.province.state.logs
    assert first.world.province.state.feeds == second.world.province.state.feeds


def test_the_schedules_hold_every_kind_of_fault() -> None:
    seen = set()
    for seed in range(40):
        simulation = Simulation(seed)
        simulation.run()
        seen |= {name for name, count in simulation.faults.items() if count}
    missing = set(simulation.rates) - seen
    assert not missing
