"""Every planted bug is found where it was recorded; where schedules have shifted since, within some hundred others."""

from __future__ import annotations

import pytest

from kiosk.simulate.plants import PLANTS
from kiosk.simulate.record import find, recorded
from sync.simulator.planting import Plant

OTHERS = range(10_000, 10_600)


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_a_planted_bug_is_found(plant: Plant) -> None:
    place = recorded()[plant.name]
    assert place.seed is not None
    assert find(plant, [place.seed, *OTHERS], place.stage) is not None, f"{plant.name}: look again with main.py simulate --record"


def test_there_are_at_least_thirty_bugs_each_with_a_name_of_its_own() -> None:
    names = [plant.name for plant in PLANTS]
    assert len(names) == len(set(names)) >= 30
