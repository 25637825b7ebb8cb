"""No citizen's screen cuts a word, lets anything out of its place, or makes a target too small: both orientations, both sizes."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from kiosk.touch.gallery import CITIZEN, SIZES, Aloud, kiosk_for
from tests.kiosk.touch.harness import faults, geometry, stage

GOLDEN = Path(__file__).parent / "geometry.json"
PINNED = (
    "attract",
    "services",
    "card",
    "question",
    "question_error",
    "choice",
    "choice_search",
    "date",
    "number",
    "check",
    "slip",
    "slip_uncertain",
    "find",
    "timeout",
    "language",
)


def variant(name: str, shape: str, large: bool) -> str:
    return f"{name} {shape} {'large' if large else 'normal'}"


@cache
def golden() -> dict[str, dict[str, list[int]]]:
    return dict(json.loads(GOLDEN.read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", CITIZEN)
@pytest.mark.parametrize("shape", SIZES)
@pytest.mark.parametrize("large", [False, True], ids=["normal", "large"])
def test_every_screen_is_laid_out_without_fault_and_stays_as_designed(name: str, shape: str, large: bool) -> None:
    """After a wanted change: ``python -m tests.kiosk.touch.test_layout`` writes the places anew; look at the gallery first."""
    shell = stage().play(kiosk_for(CITIZEN[name], large=large), SIZES[shape], speaker=Aloud(), frames=0)
    assert faults(shell) == []
    if name in PINNED:
        wanted, now = golden()[variant(name, shape, large)], geometry(shell)
        assert now.keys() == wanted.keys()
        assert {key: (place, now[key]) for key, place in wanted.items() if far(place, now[key])} == {}


@pytest.mark.parametrize(
    "name", ["attract", "services", "card", "question", "choice", "check", "slip_uncertain", "find", "timeout"]
)
@pytest.mark.parametrize("shape", SIZES)
def test_english_fits_as_well(name: str, shape: str) -> None:
    shell = stage().play(kiosk_for(CITIZEN[name], large=False, language="en"), SIZES[shape], speaker=Aloud(), frames=0)
    assert faults(shell) == []


def far(one: list[int], other: list[int]) -> bool:
    return any(abs(a - b) > 3 for a, b in zip(one, other, strict=True))


def measured() -> dict[str, dict[str, list[int]]]:
    """Geometry of the pinned scenes, by scene, orientation and letter size."""
    found = {}
    for name in PINNED:
        for shape, size in SIZES.items():
            for large in (False, True):
                shell = stage().play(kiosk_for(CITIZEN[name], large=large), size, speaker=Aloud(), frames=0)
                found[variant(name, shape, large)] = geometry(shell)
    return found


def _compact(places: dict[str, dict[str, list[int]]]) -> str:
    scenes = [
        f" {json.dumps(scene)}: {{\n"
        + ",\n".join(f"  {json.dumps(key, ensure_ascii=False)}: {value}" for key, value in found.items())
        + "\n }"
        for scene, found in places.items()
    ]
    return "{\n" + ",\n".join(scenes) + "\n}\n"


if __name__ == "__main__":
    GOLDEN.write_text(_compact(measured()), encoding="utf-8")
