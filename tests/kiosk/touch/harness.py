"""A real window without a display, a finger, and a judge of layouts.

``stage()`` is the process's one window (SDL's offscreen driver); ``Hand`` taps what is really on the glass through Kivy's own touch
events; ``faults`` walks the widget tree and says, in words, what would annoy a citizen: cut words, something outside its place,
a target too small or too close to another, a letter the font does not have.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

os.environ["SDL_VIDEODRIVER"] = "offscreen"
os.environ["SDL_AUDIODRIVER"] = "dummy"

from fontTools.ttLib import TTFont

from kiosk.touch.environment import prepare
from kiosk.touch.stage import LANDSCAPE, PORTRAIT, WINDOW, Stage
from kiosk.touch.theme import FONTS

prepare(WINDOW, WINDOW, max_fps=0)

__all__ = ["LANDSCAPE", "PORTRAIT", "Hand", "faults", "geometry", "letters", "stage"]

SLACK = 2.5
"""Real pixels by which a rectangle may miss: rounding of nested boxes."""


@cache
def stage() -> Stage:
    return Stage()


@cache
def letters(family: str) -> frozenset[int]:
    """Code points a family can draw."""
    file = {"be": "BeVietnamPro-400.ttf", "noto": "NotoSans-500.ttf", "icon": "Icons-outline.ttf"}[family]
    with TTFont(Path(FONTS) / file) as font:
        return frozenset(font.getBestCmap())


class Hand:
    """One finger on the glass of ``shell``. Taps act on release, as a person's do."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell

    def find(self, key: str) -> Any:
        """The control with this id, or with words containing it."""
        from kiosk.touch.controls import Tappable
        from kiosk.touch.layout import every

        root = self.shell.overlay or self.shell.screen
        parts = [part for part in every(root) if isinstance(part, Tappable) and part.opacity > 0]
        exact = [part for part in parts if part.key == key]
        found = exact or [part for part in parts if key.lower() in part.label.lower()]
        assert found, f"nothing called «{key}» on {self.shell.screen.id}: {sorted(part.key for part in parts)}"
        return found[0]

    def tap(self, key: str) -> None:
        """Put the finger down in the middle of a control and lift it."""
        part = self.find(key)
        self.press(part.center_x, part.center_y)

    def press(self, x: float, y: float) -> None:
        touch = self.down(x, y)
        touch.touch_up()
        self.let_pass()

    def down(self, x: float, y: float) -> Any:
        from kivy.tests.common import UnitTestTouch

        touch = UnitTestTouch(x, y)
        touch.touch_down()
        return touch

    def let_pass(self) -> None:
        """Half a second passes for the guard against double taps."""
        from kiosk.touch.controls import guard

        guard.forget()

    def write(self, text: str) -> None:
        """Write with the keys on the screen: ready letters, tone keys, space."""
        from kiosk.vietnamese_input import TONE_NAMES, taken_apart

        names = {key: name for name, key in TONE_NAMES.items()}
        for word in text.split(" "):
            for key in taken_apart(word):
                self.tap(f"tone:{names[key]}" if key in names else f"key:{key.lower()}")
            self.tap("key:space")


def _parts(root: Any) -> Iterator[Any]:
    from kiosk.touch.layout import Part, every

    for part in every(root):
        if isinstance(part, Part) and part.opacity > 0:
            yield part


def faults(shell: Any, *, least: tuple[float, float] = (60, 68), gap: float = 12) -> list[str]:
    """What is wrong with the layout on the glass, as sentences; empty when nothing is. Sizes are design px (unit 1)."""
    from kiosk.touch import theme
    from kiosk.touch.text import Txt

    root = shell.overlay or shell.screen
    found: list[str] = []
    large = theme.look.text > 1
    for part in _parts(root):
        where = f"{type(part).__name__} {part.key or getattr(part, 'text', '')!r}"
        if part.width > 0 and (
            part.x < -SLACK or part.y < -SLACK or part.right > shell.width + SLACK or part.top > shell.height + SLACK
        ):
            found.append(f"{where} reaches outside the screen: {part.pos} {part.size}")
        parent = part.parent
        if parent is not None and parent is not shell and part.width > 0 and part.height > 0:
            over = max(parent.x - part.x, part.right - parent.right, parent.y - part.y, part.top - parent.top)
            if over > SLACK and not isinstance(part, Txt):
                found.append(f"{where} reaches {over:.0f} px outside its {type(parent).__name__}")
        if isinstance(part, Txt) and part.text:
            found += _text_faults(part, where, large)
    found += _target_faults(root, least, gap)
    return found


def _text_faults(part: Any, where: str, large: bool) -> list[str]:
    from kiosk.touch.text import text_width
    from kiosk.touch.theme import pt

    found = []
    if part.cut:
        found.append(f"{where} is cut: {part.drawn}")
    wide = max((text_width(line, part.font_name, part.drawn_size) for line in part.drawn), default=0)
    if wide > part.width + SLACK:
        found.append(f"{where} is {wide:.0f} px wide in a place of {part.width:.0f}")
    high = len(part.drawn) * part.drawn_size * part.pitch
    if high > part.height + 4:
        found.append(f"{where} is {high:.0f} px high in a place of {part.height:.0f}")
    missing = {letter for letter in part.text if letter not in "\n" and ord(letter) not in letters(part.family)}
    if missing:
        found.append(f"{where} has letters the font lacks: {sorted(missing)}")
    if large and part.scale is pt and part.drawn_size < 24.5:
        found.append(f"{where} is only {part.drawn_size:.0f} px high in large text")
    return found


def _target_faults(root: Any, least: tuple[float, float], gap: float) -> list[str]:
    from kiosk.touch.controls import Tappable
    from kiosk.touch.keyboard import Key

    found = []
    targets = [part for part in _parts(root) if isinstance(part, Tappable) and part.interactive and part.key != "anywhere"]
    for part in targets:
        wide, high = (66, 66) if isinstance(part, Key) else least
        if part.width < wide - 1 or part.height < high - 1:
            found.append(f"target {part.key} is only {part.width:.0f} × {part.height:.0f}")
        if not part.key:
            found.append(f"a target without an id: {part.label!r}")
        if part.key in MAIN and part.height < 91:
            found.append(f"main action {part.key} is only {part.height:.0f} px high")
    for number, one in enumerate(targets):
        for other in targets[number + 1 :]:
            if _inside(one, other) or _inside(other, one):
                continue
            apart = max(other.x - one.right, one.x - other.right, other.y - one.top, one.y - other.top)
            wanted = 8 if isinstance(one, Key) and isinstance(other, Key) else gap
            if apart < wanted - 1.5:
                found.append(f"targets {one.key} and {other.key} are {apart:.0f} px apart")
    return found


MAIN = {"next", "submit", "more", "start", "accept", "stay", "go_on"}


def _inside(one: Any, other: Any) -> bool:
    """Whether ``one`` lies in the tree of ``other``, as a loudspeaker on a card does."""
    parent = one.parent
    while parent is not None and parent is not parent.parent:
        if parent is other:
            return True
        parent = parent.parent
    return False


def geometry(shell: Any) -> dict[str, list[int]]:
    """Where every control with an id lies: ``{id: [x, y, w, h]}``, origin top left."""
    from kiosk.touch.controls import Tappable

    root = shell.overlay or shell.screen
    return {
        part.key: [round(part.x), round(shell.height - part.top), round(part.width), round(part.height)]
        for part in _parts(root)
        if isinstance(part, Tappable) and part.key
    }
