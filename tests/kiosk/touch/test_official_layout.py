"""No staff screen cuts a word, lets anything out of its place, or makes a target too small for an official, wide or tall."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from kiosk.touch.gallery import SIZES, kiosk_for
from kiosk.touch.official_scenes import STAFF
from tests.kiosk.touch.harness import faults, stage

LEAST = (56, 56)
"""Design px: officials sit at the machine and know it (DESIGN.md, touch sizes)."""

GAP = 8


def complaints(name: str, shape: str) -> list[str]:
    """Faults of a scene; of its dialog alone if one lies over it. Citizens' rule for main actions (92 px) is not theirs, and
    rows of the scrolling list have places of their own, not the screen's."""
    from kivy.clock import Clock

    shell = stage().play(kiosk_for(STAFF[name], large=False), SIZES[shape], frames=0)
    for _ in range(3):
        Clock.tick()
        Clock.tick_draw()
    screen = shell.screen
    assert screen is not None
    over = getattr(screen, "over", None)
    dialog = over if over is not None and over.children else None
    glass = SimpleNamespace(overlay=dialog, screen=screen, width=shell.width, height=shell.height)
    told = faults(glass, least=LEAST, gap=GAP)
    return [one for one in told if not one.startswith("main action") and "row:" not in one]


@pytest.mark.parametrize("name", STAFF)
@pytest.mark.parametrize("shape", SIZES)
def test_every_staff_screen_is_laid_out_without_fault(name: str, shape: str) -> None:
    assert complaints(name, shape) == []
