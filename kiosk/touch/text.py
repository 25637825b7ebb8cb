"""Letters and symbols: a text drawn line by line, and a symbol of the icon font.

One texture per line, so that baselines, line pitch and centring on the capitals are exact whatever marks a line carries. A text
asked to ``fit`` shrinks before it is cut. Textures are never cached: what a citizen wrote must not stay in memory after the
screen.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

from kivy.core.text import Label as Ink
from kivy.graphics import Color, Rectangle

from kiosk.touch import theme
from kiosk.touch.layout import Part
from kiosk.touch.theme import Colour, icons, pt, px


def font(family: str, weight: int) -> str:
    return f"{family}-{weight}"


def ink(text: str, name: str, size: float) -> Ink:
    """A label of Kivy's text core in white; colour comes from the canvas."""
    return Ink(text=text, font_name=name, font_size=size, font_hinting="light", color=(1, 1, 1, 1))


def text_width(text: str, name: str, size: float) -> float:
    return float(ink("", name, size).get_extents(text)[0])


def wrapped(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """Lines no wider than ``width``; breaks at spaces and newlines, and inside a word only if it alone is too wide."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            trial = f"{line} {word}" if line else word
            if measure(trial) <= width:
                line = trial
                continue
            if line:
                lines.append(line)
            while len(word) > 1 and measure(word) > width:
                cut = max(1, next((n for n in range(len(word) - 1, 0, -1) if measure(word[:n]) <= width), 1))
                lines.append(word[:cut])
                word = word[cut:]
            line = word
        lines.append(line)
    return lines


class Txt(Part):
    """A text. ``size`` in design px, ``scale`` one of ``pt`` (grows with large text), ``chrome``, ``px``.

    ``wrap`` breaks lines; ``lines`` is how many may be shown; ``fit`` is the smallest size (design px) it may shrink to before it
    is cut with «…». ``halign`` is left, center or right; ``valign`` top, middle or bottom; ``balance`` makes two lines about
    equally long.
    """

    def __init__(
        self,
        text: str = "",
        size: float = theme.BODY,
        weight: int = 400,
        shade: Colour = theme.INK,
        *,
        family: str = "be",
        halign: str = "left",
        valign: str = "middle",
        wrap: bool = True,
        lines: int = 99,
        fit: float | None = None,
        scale: Callable[[float], float] = pt,
        pitch: float = theme.LINE_PITCH,
        balance: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.text = text
        self.shade = shade
        self.family, self.weight = family, weight
        self.halign, self.valign, self.wrap, self.lines = halign, valign, wrap, lines
        self.scale = scale
        self.font_size = scale(size)
        least = fit if fit is None or scale is not pt or not theme.look.large else max(fit, theme.LEAST_LARGE)
        self.least = self.font_size if least is None else min(self.font_size, px(least))
        self.pitch = pitch
        self.balance = balance
        self.drawn: list[str] = []
        self.drawn_size = self.font_size
        self.cut = False

    @property
    def font_name(self) -> str:
        return font(self.family, self.weight)

    def broken(self, width: float, size: float) -> list[str]:
        if not self.wrap:
            return self.text.split("\n")
        measure = partial(text_width, name=self.font_name, size=size)
        lines = wrapped(self.text, width, measure)
        if self.balance and len(lines) == 2:
            for share in (0.6, 0.7, 0.8, 0.9):
                even = wrapped(self.text, width * share, measure)
                if len(even) == 2:
                    return even
        return lines

    def chosen(self, width: float, height: float | None = None) -> tuple[float, list[str]]:
        """The largest size at which the text fits the width, the line count and (if given) the height; and its lines."""
        size = self.font_size
        while True:
            lines = self.broken(width, size)
            fits = len(lines) <= self.lines and (height is None or len(lines) * size * self.pitch <= height + 1)
            fits = fits and all(text_width(line, self.font_name, size) <= width + 0.5 for line in lines)
            if fits or size <= self.least:
                return size, lines
            size = max(self.least, size * 0.95)

    def natural(self, width: float) -> tuple[float, float]:
        if self.fixed_h is not None:
            size, lines = self.chosen(width, self.fixed_h)
        else:
            size, lines = self.chosen(width)
        lines = lines[: self.lines]
        widest = max(text_width(line, self.font_name, size) for line in lines)
        return math.ceil(min(widest, width) if self.wrap else widest) + 1, len(lines) * size * self.pitch

    def arrange(self) -> None:
        self.canvas.clear()
        size, lines = self.chosen(self.width, self.height)
        room = max(1, int((self.height + 1) / (size * self.pitch)))
        keep = min(self.lines, max(room, 1))
        self.cut = len(lines) > keep
        lines = [self.shortened(line, size) for line in lines[:keep]]
        if self.cut:
            lines[-1] = self.shortened(lines[-1] + "…", size)
        self.drawn, self.drawn_size = lines, size
        block = len(lines) * size * self.pitch
        slack = self.height - block
        top = self.top - {"top": 0.0, "middle": slack / 2, "bottom": slack}[self.valign]
        with self.canvas:
            Color(*self.shade)
            for number, line in enumerate(lines):
                if not line.strip():
                    continue
                label = ink(line, self.font_name, size)
                label.refresh()
                texture = label.texture
                x = (
                    self.x
                    + {"left": 0.0, "center": (self.width - texture.width) / 2, "right": self.width - texture.width}[self.halign]
                )
                middle = top - (number + 0.5) * size * self.pitch
                baseline = round(middle - size * theme.CAP / 2)
                y = baseline + round(size * theme.ASCENT[self.family]) - texture.height
                Rectangle(texture=texture, pos=(round(x), y), size=texture.size)

    def shortened(self, line: str, size: float) -> str:
        if text_width(line, self.font_name, size) <= self.width + 1:
            return line
        self.cut = True
        line = line.rstrip("…")
        while line and text_width(line + "…", self.font_name, size) > self.width:
            line = line[:-1]
        return line.rstrip() + "…"

    def say(self, text: str) -> None:
        """Show another text in the same rectangle."""
        if text != self.text:
            self.text = text
            self.arrange()

    def tint(self, shade: Colour) -> None:
        if shade != self.shade:
            self.shade = shade
            self.arrange()


class Icon(Part):
    """A Material symbol, ``size`` design px square."""

    def __init__(
        self,
        name: str,
        size: float = 28,
        shade: Colour = theme.INK,
        *,
        filled: bool = True,
        scale: Callable[[float], float] = px,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name, self.shade, self.filled = name, shade, filled
        self.edge = scale(size)

    def natural(self, width: float) -> tuple[float, float]:
        return self.edge, self.edge

    def arrange(self) -> None:
        self.canvas.clear()
        label = ink(icons()[self.name], "icon-filled" if self.filled else "icon", self.edge)
        label.refresh()
        texture = label.texture
        with self.canvas:
            Color(*self.shade)
            pos = (round(self.center_x - texture.width / 2), round(self.center_y - texture.height / 2))
            Rectangle(texture=texture, pos=pos, size=texture.size)

    def tint(self, shade: Colour) -> None:
        if shade != self.shade:
            self.shade = shade
            self.arrange()
