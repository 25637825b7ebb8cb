"""Design tokens of the touch app («Chàm»): colours, type, sizes and the one scale number.

Every length in the app is written in design pixels (96.7 per inch) and passes through :func:`px`; every letter size through
:func:`pt`, which also carries the citizen's large-text factor, or through :func:`chrome` for text in places that cannot
grow as much (head bar, keys). :data:`look` holds the present scale; screens are rebuilt when it changes, so nothing watches it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

FONTS: Final = Path(__file__).parent / "fonts"

Colour = tuple[float, float, float, float]


def colour(code: str, alpha: float = 1.0) -> Colour:
    """``"#12214A"`` as four shares 0–1."""
    return int(code[1:3], 16) / 255, int(code[3:5], 16) / 255, int(code[5:7], 16) / 255, alpha


def pressed(shade: Colour) -> Colour:
    """The shade under a finger: 15 % darker."""
    return shade[0] * 0.85, shade[1] * 0.85, shade[2] * 0.85, shade[3]


def faded(shade: Colour, alpha: float) -> Colour:
    return shade[0], shade[1], shade[2], alpha


def contrast(one: Colour, other: Colour) -> float:
    """Contrast ratio of two opaque colours, 1–21 (WCAG 2.2, relative luminance)."""

    def luminance(shade: Colour) -> float:
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shade[:3]]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


INDIGO9: Final = colour("#12214A")
INDIGO8: Final = colour("#182C5E")
INDIGO7: Final = colour("#1F3A7A")
INDIGO6: Final = colour("#2B4E9B")
INDIGO2: Final = colour("#C9D5EC")
INDIGO1: Final = colour("#E3EAF6")
INDIGO0: Final = colour("#F0F4FB")
GOLD: Final = colour("#F4B23E")
GOLD1: Final = colour("#FFF3D9")
GOLDLINE: Final = colour("#EBCB8B")
GOLDINK: Final = colour("#7A4B00")
RED: Final = colour("#B3261E")
RED1: Final = colour("#FCE9E7")
GREEN: Final = colour("#17693A")
GREEN1: Final = colour("#E2F3E8")
BLUE: Final = colour("#0B5CAD")
BLUE1: Final = colour("#E3F0FC")
INK: Final = colour("#1A1E29")
INK2: Final = colour("#474D5C")
INK3: Final = colour("#5F6675")
LINE: Final = colour("#D6D0C4")
LINE2: Final = colour("#8A8578")
PAPER: Final = colour("#F7F4EE")
SURFACE: Final = colour("#FFFFFF")
STONE: Final = colour("#ECE8E0")
"""Ground of quiet chips and of the keyboard."""
KEYGREY: Final = colour("#E3DFD5")
TECH: Final = colour("#2A2E37")
DISABLED: Final = colour("#D9D6CF")
WHITE: Final = colour("#FFFFFF")
CLEAR: Final[Colour] = (0.0, 0.0, 0.0, 0.0)

TILE_COLOURS: Final = {
    "tile_red": colour("#C8443A"),
    "tile_plum": colour("#A3376F"),
    "tile_indigo": INDIGO7,
    "tile_green": GREEN,
    "tile_brown": GOLDINK,
    "tile_blue": BLUE,
}

CHIPS: Final = {
    "green": (GREEN1, GREEN),
    "gold": (GOLD1, GOLDINK),
    "red": (RED1, RED),
    "blue": (BLUE1, BLUE),
    "grey": (STONE, INK2),
}
"""Tone of a chip: (ground, ink)."""

TITLE: Final = 46
QUESTION: Final = 42
FIELD: Final = 42
MAIN: Final = 32
CARD: Final = 34
ANSWER: Final = 28
BODY: Final = 26
LABEL: Final = 22
SMALL: Final = 20

HEAD: Final = 88
STAFF_HEAD: Final = 80
BAND: Final = 12
TOUCH_MIN: Final = 68
"""Least height of anything a citizen touches, design px (18 mm)."""
LARGE: Final = 1.3
LEAST_LARGE: Final = 25
"""Smallest letters of needed text in large mode, design px: capitals of 4.8 mm (3/16 inch)."""

LINE_PITCH: Final = 1.36
"""Distance of baselines in ems: stacked Vietnamese marks need air."""
CAP: Final = 0.74
ASCENT: Final = {"be": 1.240, "noto": 1.069}
"""Where a font's baseline lies under the top of its picture, in ems (deploy/build_fonts.py)."""


@dataclass
class Look:
    """The present scale. ``unit`` = ppi / 96.7; ``text`` is 1 or 1.3; sizes are those of the window in real pixels."""

    unit: float = 1.0
    text: float = 1.0
    width: float = 1280.0
    height: float = 800.0

    @property
    def portrait(self) -> bool:
        return self.height > self.width

    @property
    def large(self) -> bool:
        return self.text > 1.0

    @property
    def margin(self) -> float:
        """Page margin in real pixels."""
        return px(28 if self.portrait else 36)


look: Final = Look()


def px(length: float) -> float:
    """Design pixels to real ones."""
    return length * look.unit


def pt(size: float) -> float:
    """Letter size in real pixels, grown in large-text mode."""
    return size * look.unit * look.text


def chrome(size: float) -> float:
    """Letter size for head bars and keys: grows half as much, so that everything still fits."""
    return size * look.unit * (1 + (look.text - 1) / 2)


@cache
def icons() -> dict[str, str]:
    """Icon name (Material Symbols) to its character."""
    return {name: chr(code) for name, code in json.loads((FONTS / "icons.json").read_text(encoding="utf-8")).items()}


@cache
def register_fonts() -> None:
    """Make the fonts known to Kivy as ``be-400`` … ``be-800``, ``noto-400`` … ``noto-700``, ``icon`` and ``icon-filled``."""
    from kivy.core.text import LabelBase

    for weight in (400, 500, 600, 700, 800):
        LabelBase.register(f"be-{weight}", str(FONTS / f"BeVietnamPro-{weight}.ttf"))
    for weight in (400, 500, 600, 700):
        LabelBase.register(f"noto-{weight}", str(FONTS / f"NotoSans-{weight}.ttf"))
    LabelBase.register("icon", str(FONTS / "Icons-outline.ttf"))
    LabelBase.register("icon-filled", str(FONTS / "Icons-filled.ttf"))
