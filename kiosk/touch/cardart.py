"""Pictures of what the hands do with an identity card, drawn like the rest: under the scanner, on the reader, done, or failed.

The card is nobody's: lines instead of words, a plain square pattern instead of a code that could be scanned.
"""

from __future__ import annotations

import random
from typing import Any

from kivy.graphics import Color, Quad, Rectangle, SmoothEllipse, SmoothLine, SmoothRoundedRectangle

from kiosk.touch import theme
from kiosk.touch.layout import Part
from kiosk.touch.text import Icon
from kiosk.touch.theme import colour, faded

RATIO = 0.63
"""Height to width of a card (ISO 7810 ID-1)."""


class CardPicture(Part):
    """``kind``: «qr», «reader», «done», «problem» or «back» (where its digits stand); drawn in the middle of its rectangle."""

    def __init__(self, kind: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kind = kind

    def natural(self, width: float) -> tuple[float, float]:
        return width, width * RATIO

    def arrange(self) -> None:
        self.clear_widgets()
        canvas = self.canvas
        canvas.clear()
        plain = self.kind in ("done", "back")
        w = min(self.width * (0.96 if plain else 0.74), self.height * (1.45 if plain else 0.98))
        h = w * RATIO
        x, y = self.center_x - w / 2, self.center_y - h / 2
        with canvas:
            if not plain:
                Color(*theme.INDIGO1)
                SmoothRoundedRectangle(pos=self.pos, size=self.size, radius=[self.corner()])
            if self.kind == "qr":
                self.scanner(x, y + h * 0.16, w, h)
                self.card(x, y - h * 0.14, w, h)
            elif self.kind in ("reader", "problem"):
                self.reader(x, y - h * 0.2, w, h)
                self.card(x + w * 0.09, y + h * 0.14, w * 0.82, h * 0.82)
            elif self.kind == "back":
                self.back(x, y, w, h)
            else:
                self.card(x, y, w, h)
        if self.kind == "problem":
            self.stamp("error", theme.RED)
        elif self.kind == "done":
            self.stamp("check_circle", theme.GREEN)

    def corner(self) -> float:
        return min(self.width, self.height) * 0.06

    def ground(self, x: float, y: float, w: float, h: float) -> None:
        r = w * 0.045
        Color(*faded(theme.INDIGO9, 0.18))
        SmoothRoundedRectangle(pos=(x, y - w * 0.015), size=(w, h), radius=[r])
        Color(*colour("#F2E9D8"))
        SmoothRoundedRectangle(pos=(x, y), size=(w, h), radius=[r])

    def card(self, x: float, y: float, w: float, h: float) -> None:
        self.ground(x, y, w, h)
        Color(*colour("#C8443A"))
        SmoothRoundedRectangle(pos=(x + w * 0.05, y + h * 0.80), size=(w * 0.11, w * 0.11 * 0.85), radius=[w * 0.02])
        Color(*theme.INK3)
        for row, (share, tall) in enumerate(((0.5, 0.05), (0.34, 0.04))):
            Rectangle(pos=(x + w * 0.2, y + h * (0.885 - row * 0.075)), size=(w * share, h * tall))
        Color(*theme.INDIGO2)
        SmoothRoundedRectangle(pos=(x + w * 0.05, y + h * 0.14), size=(w * 0.24, h * 0.5), radius=[w * 0.02])
        Color(*theme.INDIGO6)
        SmoothEllipse(pos=(x + w * 0.12, y + h * 0.40), size=(w * 0.1, w * 0.1))
        SmoothRoundedRectangle(pos=(x + w * 0.09, y + h * 0.14), size=(w * 0.16, h * 0.2), radius=[w * 0.05, w * 0.05, 0, 0])
        Color(*faded(theme.INK3, 0.6))
        for row, share in enumerate((0.30, 0.24, 0.32, 0.27, 0.18)):
            Rectangle(pos=(x + w * 0.33, y + h * (0.58 - row * 0.1)), size=(w * share, h * 0.035))
        self.square(x + w * 0.72, y + h * 0.34, w * 0.22)

    def back(self, x: float, y: float, w: float, h: float) -> None:
        """The side with the three lines of thirty characters; of the second, those after the letter are framed."""
        self.ground(x, y, w, h)
        Color(*theme.GOLD)
        SmoothRoundedRectangle(pos=(x + w * 0.08, y + h * 0.62), size=(w * 0.15, h * 0.2), radius=[w * 0.015])
        cell, gap, left = w * 0.029, h * 0.125, x + w * 0.065
        for row in range(3):
            low = y + h * 0.36 - row * gap
            for col in range(30):
                letter = row == 1 and col == 7
                sought = row == 1 and 8 <= col < 15
                Color(*(theme.RED if letter else theme.INDIGO8 if sought else faded(theme.INK3, 0.45)))
                Rectangle(pos=(left + col * cell, low), size=(cell * 0.62, h * 0.07))
            if row == 1:
                Color(*theme.GOLD)
                frame = (left + 7.8 * cell, low - h * 0.035, cell * 7.02, h * 0.14, w * 0.012)
                SmoothLine(rounded_rectangle=frame, width=max(1.5, w * 0.006))

    def square(self, x: float, y: float, edge: float) -> None:
        """A pattern that looks like a code and is none."""
        rng = random.Random(3)
        n = 9
        cell = edge / n
        Color(*theme.WHITE)
        Rectangle(pos=(x - cell * 0.6, y - cell * 0.6), size=(edge + cell * 1.2, edge + cell * 1.2))
        Color(*theme.INK)
        for row in range(n):
            for col in range(n):
                corner = (row < 3 and col < 3) or (row < 3 and col > 5) or (row > 5 and col < 3)
                if (corner and (row, col) not in ((1, 1), (1, 7), (7, 1))) or (not corner and rng.random() < 0.45):
                    Rectangle(pos=(x + col * cell, y + edge - (row + 1) * cell), size=(cell + 0.5, cell + 0.5))

    def scanner(self, x: float, y: float, w: float, h: float) -> None:
        """A light cone from above onto the code."""
        Color(*theme.INDIGO8)
        SmoothRoundedRectangle(pos=(x + w * 0.62, y + h * 0.92), size=(w * 0.42, h * 0.2), radius=[w * 0.04])
        Color(*faded(theme.GOLD, 0.4))
        top, low = y + h * 0.92, y + h * 0.28
        Quad(points=[x + w * 0.73, top, x + w * 0.93, top, x + w * 1.02, low, x + w * 0.64, low])

    def reader(self, x: float, y: float, w: float, h: float) -> None:
        """The pad of a reader with its waves."""
        Color(*faded(theme.INDIGO9, 0.2))
        SmoothRoundedRectangle(pos=(x, y - w * 0.02), size=(w, h), radius=[w * 0.06])
        Color(*theme.INDIGO8)
        SmoothRoundedRectangle(pos=(x, y), size=(w, h), radius=[w * 0.06])
        Color(*theme.GOLD)
        for r in (0.05, 0.085, 0.12):
            SmoothLine(ellipse=(x + w * (0.5 - r), y + h * 0.14 - w * r, w * 2 * r, w * 2 * r, -42, 42), width=max(1.2, w * 0.006))

    def stamp(self, icon: str, shade: theme.Colour) -> None:
        edge = min(self.width, self.height) * 0.27
        mark = Icon(icon, edge, shade, scale=float)
        ground = min(self.width, self.height) * 0.115
        x = self.center_x + self.width * 0.26
        y = self.center_y - self.height * 0.24
        with self.canvas:
            Color(*theme.WHITE)
            SmoothEllipse(pos=(x - ground, y - ground), size=(2 * ground, 2 * ground))
        self.add_widget(mark)
        mark.place(x - edge / 2, y - edge / 2, edge, edge)
