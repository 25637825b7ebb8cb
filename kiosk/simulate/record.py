"""Where each planted bug was found: bug -> stage and seed, in ``recorded.json`` beside this file.

The suite plants a bug and plays the recorded seed. A change of the protocol or of the schedules shifts what a seed means; then some
are found elsewhere, and ``main.py simulate --record`` writes the file anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path

from kiosk.simulate.plants import PLANTS
from kiosk.simulate.runner import first_failure, spread_over
from sync.simulator.planting import Plant
from sync.simulator.shrink import Failure


@dataclass(frozen=True, slots=True)
class Found:
    """Where a bug was found; ``seed`` is ``None`` when it was not."""

    plant: str
    stage: str = ""
    seed: int | None = None


def recorded() -> dict[str, Found]:
    """By the name of the bug."""
    raw = json.loads(files("kiosk.simulate").joinpath("recorded.json").read_text(encoding="ascii"))
    return {name: Found(name, stage, seed) for name, (stage, seed) in raw.items()}


def stage_of(plant: Plant) -> str:
    """Where a bug is looked for: the store's need the store, those of ``forms`` the real merge, the others the fastest stage."""
    if plant.module.startswith("kiosk.store"):
        return "sqlite"
    return "tiny" if plant.module.startswith("sync.") else "office"


def find(plant: Plant, seeds: Iterable[int], stage: str = "") -> Failure | None:
    """The first of these seeds that finds a bug."""
    return first_failure(plant, seeds, stage or stage_of(plant))


def _find(plant: Plant, most: int) -> Found:
    known = recorded().get(plant.name, Found(plant.name))
    stage = known.stage or stage_of(plant)
    seeds = iter([*([known.seed] if known.seed is not None else []), *range(most)])
    failure = find(plant, seeds, stage)
    while failure is not None and first_failure(None, [failure.seed], stage) is not None:
        failure = find(plant, seeds, stage)  # that schedule fails without the bug as well, and so shows nothing of it
    return Found(plant.name, stage, failure.seed if failure is not None else None)


def record(workers: int, most: int) -> list[Found]:
    """Look for every bug again, first where it was found the last time, and write the file; returns what was found."""
    found = list(spread_over(partial(_find, most=most), PLANTS, workers))
    facts = {one.plant: [one.stage, one.seed] for one in found if one.seed is not None}
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(place)}" for name, place in facts.items())
    Path(str(files("kiosk.simulate").joinpath("recorded.json"))).write_text(f"{{\n{lines}\n}}\n", encoding="ascii")
    return found
