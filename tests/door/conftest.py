"""Houses for the tests of the door: a fresh one for each test, and one that stands already for tests that only enter."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.door.building import Building


@pytest.fixture
def building(tmp_path: Path) -> Building:
    """A house that nobody has entered yet."""
    return Building(tmp_path / "house")


@pytest.fixture(scope="session")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Building:
    """A house whose environment stands."""
    house = Building(tmp_path_factory.mktemp("standing") / "house")
    house.first = house.enter("forms", "check", "--json")
    assert house.first.returncode == 0, house.first.stderr
    return house


@pytest.fixture
def furnished(standing: Building, tmp_path: Path) -> Building:
    """A copy of a house that stands, for tests that change it."""
    return Building(tmp_path / "house", furnished=standing)
