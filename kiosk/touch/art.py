"""The landscape of the attract screen: evening sky, moon, karst hills, terraces and stilt houses, drawn from a few functions.

No picture files: a dithered gradient, four ridges from sums of bumps with fixed seeds, terrace lines, three houses, the woven
band. Drawn once per size; the same seed always gives the same hills.
"""

from __future__ import annotations

import itertools
import math
import random

from kivy.graphics import (
    Callback,
    Color,
    Ellipse,
    Fbo,
    Line,
    Mesh,
    PopMatrix,
    PushMatrix,
    Rectangle,
    SmoothEllipse,
    SmoothLine,
    SmoothQuad,
    Translate,
)
from kivy.graphics.opengl import GL_ONE, GL_ONE_MINUS_SRC_ALPHA, GL_SRC_ALPHA, glBlendFunc, glBlendFuncSeparate
from kivy.graphics.texture import Texture

from kiosk.touch import theme
from kiosk.touch.layout import Part
from kiosk.touch.marks import draw_band
from kiosk.touch.theme import colour, faded, px

SKY = (
    (0.00, "#E0A878"),
    (0.10, "#B58FA0"),
    (0.22, "#7F79B4"),
    (0.40, "#4C5DA8"),
    (0.60, "#2C4792"),
    (0.80, "#1E336E"),
    (1.00, "#152551"),
)
"""(height share above the horizon, colour) from the glow at the horizon to the top."""

MOON = colour("#FDEFD0")
RIDGES = (
    ("#8D84B4", 150, (215, 345), (42, 62), 12),
    ("#6069A8", 100, (165, 265), (38, 58), 4),
    ("#3F5294", 80, (120, 200), (36, 60), 31),
    ("#26397A", 62, (85, 128), (40, 74), 40),
)
"""(colour, foot, heights of the towers, their half widths in design px at 800 px of height, seed) from far to near."""


class Landscape(Part):
    """Fills its rectangle. ``moon`` is its centre as shares of width and height; ``band`` the height of the woven band."""

    def __init__(self, *, moon: tuple[float, float] = (0.82, 0.66), band: float = 34) -> None:
        super().__init__()
        self.moon, self.band = moon, band

    def arrange(self) -> None:
        """Paint the landscape once into a picture of its own; every frame then costs one rectangle instead of thousands."""
        self.canvas.clear()
        size = max(1, round(self.width)), max(1, round(self.height))
        picture = Fbo(size=size)
        with picture:
            # Kivy's blending would thin the picture's own alpha wherever something translucent lies on the sky.
            Callback(lambda _i: glBlendFuncSeparate(GL_SRC_ALPHA, GL_ONE_MINUS_SRC_ALPHA, GL_ONE, GL_ONE))
            PushMatrix()
            Translate(-self.x, -self.y)
            self.sky()
            self.disc()
            for shade, foot, tall, wide, seed in RIDGES:
                self.ridge(colour(shade), foot, tall, wide, seed)
            self.ground()
            draw_band(self.x, self.y, self.width, px(self.band), rich=True)
            PopMatrix()
            Callback(lambda _i: glBlendFunc(GL_SRC_ALPHA, GL_ONE_MINUS_SRC_ALPHA))
        picture.draw()
        with self.canvas:
            Color(1, 1, 1, 1)
            Rectangle(texture=picture.texture, pos=self.pos, size=size)

    @property
    def rise(self) -> float:
        """Real pixels per design px of the hills: a tall screen has taller hills."""
        return px(1.0 if self.width > self.height else 1.45)

    def sky(self) -> None:
        rows, columns = 1024, 4
        rng = random.Random(5)
        horizon = rows * 0.16
        data = bytearray()
        for row in range(rows):
            share = max(0.0, (row - horizon) / (rows - horizon))
            low, high = next(((a, b) for a, b in itertools.pairwise(SKY) if a[0] <= share <= b[0]), (SKY[-1], SKY[-1]))
            t = 0.0 if high[0] == low[0] else (share - low[0]) / (high[0] - low[0])
            exact = [255 * (a + (b - a) * t) for a, b in zip(colour(low[1])[:3], colour(high[1])[:3], strict=True)]
            for _ in range(columns):
                data += bytes([min(255, int(part + rng.random())) for part in exact])
        texture = Texture.create(size=(columns, rows), colorfmt="rgb")
        texture.wrap = "repeat"
        texture.mag_filter = texture.min_filter = "nearest"
        texture.blit_buffer(bytes(data), colorfmt="rgb")
        texture.uvsize = (self.width / columns, 1)
        texture.uvpos = (0, 0)
        Color(1, 1, 1, 1)
        Rectangle(texture=texture, pos=self.pos, size=self.size)

    def disc(self) -> None:
        cx, cy = self.x + self.width * self.moon[0], self.y + self.height * self.moon[1]
        for r, share in ((120, 0.07), (95, 0.10), (75, 0.20)):
            Color(*faded(MOON, share))
            # A smooth ellipse would lay its rim over itself, which shows where it is translucent.
            Ellipse(pos=(cx - px(r), cy - px(r)), size=(px(2 * r), px(2 * r)), segments=180)
        Color(*MOON)
        SmoothEllipse(pos=(cx - px(63), cy - px(63)), size=(px(126), px(126)), segments=96)

    def ridge(self, shade: theme.Colour, foot: float, tall: tuple[float, float], wide: tuple[float, float], seed: int) -> None:
        """Karst towers: steep, round-topped, of random place, width and height over a low swell."""
        rng = random.Random(seed)
        rise, across = self.rise, px(1.0 if self.width > self.height else 1.15)
        towers: list[tuple[float, float, float]] = []
        x = -40.0 * across
        while x < self.width + 60 * across:
            half = rng.uniform(*wide) * across
            towers.append((x, half, rng.triangular(tall[0], tall[1], tall[0] + 0.3 * (tall[1] - tall[0])) * rise))
            x += half * rng.uniform(1.3, 2.6)
        points: list[float] = []
        step = max(2.0, px(2))
        base = foot * rise * 0.55
        count = int(self.width / step) + 2
        heights = [foot * rise * (0.82 + 0.12 * math.sin(min(i * step, self.width) / across / 140 + seed)) for i in range(count)]
        for centre, half, high in towers:
            # Two and a half half-widths away a tower is lower than the swell.
            first = max(0, int((centre - 2.5 * half) / step))
            for number in range(first, min(count, int((centre + 2.5 * half) / step) + 1)):
                at = min(number * step, self.width)
                bump = math.exp(-((abs(at - centre) / half) ** 2.5))
                heights[number] = max(heights[number], base + (high - base) * bump)
        for number, height in enumerate(heights):
            points += [self.x + min(number * step, self.width), self.y + height]
        vertices: list[float] = []
        for number in range(0, len(points), 2):
            vertices += [points[number], points[number + 1], 0, 0, points[number], self.y, 0, 0]
        Color(*shade)
        Mesh(vertices=vertices, indices=list(range(len(vertices) // 4)), mode="triangle_strip")
        SmoothLine(points=points, width=1.1)

    def ground(self) -> None:
        """Dark fields with terrace lines, and the houses on their edge."""
        top = self.height * (0.095 if self.width > self.height else 0.09)
        step = max(3.0, px(5))
        points: list[float] = []
        for number in range(int(self.width / step) + 2):
            x = min(number * step, self.width)
            t = x / self.width
            points += [self.x + x, self.y + top + px(11) * math.sin(t * 5.6 + 1.1) + px(5) * math.sin(t * 13 + 0.4)]
        vertices: list[float] = []
        for number in range(0, len(points), 2):
            vertices += [points[number], points[number + 1], 0, 0, points[number], self.y, 0, 0]
        house_x = self.x + self.width * (0.885 if self.width > self.height else 0.8)
        for dx, scale in ((-74, 0.72), (0, 1.06), (94, 0.82)):
            self.house(house_x + px(dx), self.edge(points, house_x + px(dx)), scale)
        Color(*theme.INDIGO9)
        Mesh(vertices=vertices, indices=list(range(len(vertices) // 4)), mode="triangle_strip")
        SmoothLine(points=points, width=1.1)
        for number, drop in enumerate((9, 19, 30, 42)):
            Color(*faded(theme.GOLD, 0.34 - 0.06 * number))
            line = [v - px(drop) * (1 + 0.2 * math.sin(i / 50)) if i % 2 else v for i, v in enumerate(points)]
            Line(points=line, width=1)

    def edge(self, points: list[float], x: float) -> float:
        return next((points[i + 1] for i in range(0, len(points), 2) if points[i] >= x), points[-1])

    def house(self, x: float, foot: float, scale: float) -> None:
        """A stilt house: posts, walls with three lit windows, a wide roof."""
        s = px(scale)
        dark, roof = colour("#111A3C"), colour("#172244")
        floor = foot + 20 * s
        Color(*dark)
        for post in (-30, -12, 12, 30):
            Rectangle(pos=(x + post * s - 1.5 * s, foot - 14 * s), size=(3 * s, floor - foot + 14 * s))
        Rectangle(pos=(x - 36 * s, floor), size=(72 * s, 22 * s))
        Color(*theme.GOLD)
        for window in (-20, 0, 20):
            Rectangle(pos=(x + (window - 4) * s, floor + 5 * s), size=(8 * s, 11 * s))
        Color(*roof)
        y = floor + 20 * s
        SmoothQuad(points=[x - 48 * s, y, x - 26 * s, y + 30 * s, x + 26 * s, y + 30 * s, x + 48 * s, y])
