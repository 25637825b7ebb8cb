"""The share of the simulation every run of the suite pays for, with the smallest merge: schedules, their story, their faults."""

from __future__ import annotations

from collections import Counter

import pytest

from sync.simulator.planting import Plant, planted
from sync.simulator.scene import Setup
from sync.simulator.shrink import play, shrink
from sync.simulator.simulation import Simulation
from sync.simulator.swarm import FAULTS
from sync.simulator.twice import replayed, under_other_clocks

SCHEDULES = 1000


def test_no_schedule_breaks_an_invariant_and_every_kind_of_fault_strikes() -> None:
    faults: Counter[str] = Counter()
    for seed in range(SCHEDULES):
        simulation, failure = play(seed, Setup())
        assert failure is None, "\n".join((failure.what, *failure.story))
        faults += simulation.faults
    assert set(FAULTS) == set(faults)


@pytest.mark.parametrize("seed", range(5))
def test_a_seed_tells_the_same_story_twice(seed: int) -> None:
    assert replayed(seed, Setup()) is None


@pytest.mark.parametrize("seed", range(5))
def test_a_schedule_ends_the_same_whatever_the_clocks_say(seed: int) -> None:
    assert under_other_clocks(seed, Setup()) is None


def test_another_seed_tells_another_story() -> None:
    first, second = Simulation(1), Simulation(2)
    first.run()
    second.run()
    assert first.trace() != second.trace()


FORK_IGNORED = Plant(
    "fork", "sync.answers", (("            self._take_fork(ack, position, request, gain)\n", "            pass\n"),)
)


def test_a_failing_schedule_is_shrunk_to_a_story_that_still_fails_the_same() -> None:
    with planted(FORK_IGNORED):
        failure = next(found for seed in range(400) if (found := play(seed, Setup())[1]) is not None)
        small = shrink(failure, Setup())
        again = play(small.seed, Setup(), without=small.without, steps=small.steps)[1]
    assert again == small
    assert small.invariant == failure.invariant
    assert len(small.without) > len(FAULTS) // 2
    assert len(small.story) <= len(failure.story)


def test_a_planted_bug_is_gone_after_the_block() -> None:
    with planted(FORK_IGNORED):
        pass
    assert play(next(seed for seed in range(3)), Setup())[1] is None


def test_a_plant_whose_text_is_gone_fails_loudly() -> None:
    with pytest.raises(LookupError, match="holds"), planted(Plant("old", "sync.engine", (("no such text", ""),))):
        pass


def test_a_plant_that_changes_no_function_fails_loudly() -> None:
    comment = (("# A province restored from before", "# Some province restored from before"),)
    with pytest.raises(LookupError, match="changes no function"), planted(Plant("comment", "sync.engine", comment)):
        pass
