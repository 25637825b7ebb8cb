"""What a camera sees, live, under a frame to aim by.

The picture fills its rectangle and is cut to it around the middle, so that a hand finds the frame; the camera itself looks at
all of it. Only the newest picture is kept, in graphics memory, and it goes with the screen.
"""

from __future__ import annotations

from typing import Any

from kivy.graphics import Color, Rectangle, RoundedRectangle, SmoothLine, StencilPop, StencilPush, StencilUnUse, StencilUse
from kivy.graphics.texture import Texture

from devices.barcode import Preview
from kiosk.touch import theme
from kiosk.touch.cardart import RATIO
from kiosk.touch.layout import Part
from kiosk.touch.theme import faded, px

AIM = 0.62
"""Edge of the frame to aim by, in shorter sides of the picture."""


class LivePicture(Part):
    """Shows ``preview`` and whatever :meth:`show` brings after it."""

    def __init__(self, preview: Preview, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._size = preview.width, preview.height
        self._texture = Texture.create(size=self._size, colorfmt="luminance")
        self._fill(preview)

    def natural(self, width: float) -> tuple[float, float]:
        return width, width * RATIO

    def show(self, preview: Preview) -> None:
        """The next picture; only this rectangle is drawn anew."""
        if (preview.width, preview.height) != self._size:
            self._size = preview.width, preview.height
            self._texture = Texture.create(size=self._size, colorfmt="luminance")
            self._fill(preview)
            self.arrange()
        else:
            self._fill(preview)

    def _fill(self, preview: Preview) -> None:
        self._texture.blit_buffer(preview.grey, colorfmt="luminance", bufferfmt="ubyte")

    def arrange(self) -> None:
        self.canvas.clear()
        radius = min(self.width, self.height) * 0.06
        edge = min(self.width, self.height) * AIM
        with self.canvas:
            Color(1, 1, 1, 1)
            # A rounded rectangle would stretch the whole picture over itself, so it only masks a plain one.
            StencilPush()
            RoundedRectangle(pos=self.pos, size=self.size, radius=[radius])
            StencilUse()
            Rectangle(pos=self.pos, size=self.size, texture=self._texture, tex_coords=self._cut())
            StencilUnUse()
            RoundedRectangle(pos=self.pos, size=self.size, radius=[radius])
            StencilPop()
            Color(*theme.PAPER)
            SmoothLine(rounded_rectangle=(*self.pos, *self.size, radius), width=px(1.5))
            for shade, width in ((faded(theme.INDIGO9, 0.55), px(7)), (theme.GOLD, px(4))):
                Color(*shade)
                for corner in _corners(self.center_x, self.center_y, edge / 2):
                    SmoothLine(points=corner, width=width, cap="round", joint="round")

    def _cut(self) -> tuple[float, ...]:
        """Texture coordinates of the middle of the picture that has the shape of the rectangle, its first row on top."""
        room = self.width * self._size[1] / max(1.0, self.height * self._size[0])
        x, y = max(0.0, (1 - room) / 2), max(0.0, (1 - 1 / max(room, 1e-6)) / 2)
        return x, 1 - y, 1 - x, 1 - y, 1 - x, y, x, y


def _corners(x: float, y: float, half: float) -> list[list[float]]:
    """Four angles around the point, each a fifth of the edge long."""
    leg = half * 0.4
    return [
        [x + sx * (half - leg), y + sy * half, x + sx * half, y + sy * half, x + sx * half, y + sy * (half - leg)]
        for sx in (-1, 1)
        for sy in (-1, 1)
    ]
