"""Drawn marks: progress, bars, woven band, QR, countdown ring. Sharp at every size, no picture files."""

from __future__ import annotations

from typing import Any

import qrcode
from kivy.graphics import Color, Quad, Rectangle, SmoothEllipse, SmoothLine, SmoothRoundedRectangle
from kivy.graphics.texture import Texture

from kiosk.touch import theme
from kiosk.touch.layout import Part
from kiosk.touch.text import ink
from kiosk.touch.theme import Colour, px


class Progress(Part):
    """«câu 3 / 9»: one bar per question up to ``PIECES``, then one whole bar. Done indigo, present gold, rest pale."""

    PIECES = 14

    def __init__(self, index: int, count: int, **kwargs: Any) -> None:
        kwargs.setdefault("h", 10)
        super().__init__(**kwargs)
        self.index, self.count = index, count

    def natural(self, width: float) -> tuple[float, float]:
        return width, px(10)

    def arrange(self) -> None:
        self.canvas.clear()
        h, r = self.height, self.height / 2
        with self.canvas:
            if self.count <= self.PIECES:
                gap = px(6)
                w = (self.width - gap * (self.count - 1)) / max(1, self.count)
                for number in range(self.count):
                    shade = theme.INDIGO7 if number + 1 < self.index else theme.GOLD if number + 1 == self.index else theme.INDIGO2
                    Color(*shade)
                    SmoothRoundedRectangle(pos=(self.x + number * (w + gap), self.y), size=(w, h), radius=[r])
                return
            Color(*theme.INDIGO2)
            SmoothRoundedRectangle(pos=self.pos, size=self.size, radius=[r])
            w = self.width / self.count
            if self.index > 1:
                Color(*theme.INDIGO7)
                SmoothRoundedRectangle(pos=self.pos, size=(w * (self.index - 1), h), radius=[r])
            Color(*theme.GOLD)
            wide = max(w, px(28))
            x = min(self.x + w * (self.index - 1), self.right - wide)
            SmoothRoundedRectangle(pos=(x, self.y), size=(wide, h), radius=[r])


class Bar(Part):
    """A share 0–1 as a bar (reading a card, disk room)."""

    def __init__(self, share: float, shade: Colour = theme.INDIGO7, rest: Colour = theme.INDIGO1, **kwargs: Any) -> None:
        kwargs.setdefault("h", 10)
        super().__init__(**kwargs)
        self.share, self.shade, self.rest_shade = share, shade, rest

    def natural(self, width: float) -> tuple[float, float]:
        return width, px(10)

    def arrange(self) -> None:
        self.canvas.clear()
        r = self.height / 2
        with self.canvas:
            Color(*self.rest_shade)
            SmoothRoundedRectangle(pos=self.pos, size=self.size, radius=[r])
            if self.share > 0:
                Color(*self.shade)
                wide = max(self.height, self.width * min(1.0, self.share))
                SmoothRoundedRectangle(pos=self.pos, size=(wide, self.height), radius=[r])

    def show(self, share: float) -> None:
        self.share = share
        self.arrange()


class Band(Part):
    """The woven band: Dao and Hmông diamonds on indigo, ``unit`` design px high."""

    def __init__(self, unit: float = theme.BAND, *, rich: bool = False, **kwargs: Any) -> None:
        super().__init__(h=unit, **kwargs)
        self.rich = rich

    def arrange(self) -> None:
        self.canvas.clear()
        with self.canvas:
            draw_band(self.x, self.y, self.width, self.height, rich=self.rich)


def diamond(x: float, y: float, rx: float, ry: float) -> Quad:
    return Quad(points=[x - rx, y, x, y + ry, x + rx, y, x, y - ry])


def draw_band(x: float, y: float, w: float, h: float, *, rich: bool) -> None:
    """Into the open canvas. ``rich``: the tall band under the landscape; else the thin one under the head."""
    Color(*theme.INDIGO9)
    Rectangle(pos=(x, y), size=(w, h))
    step = h * 2.5 if not rich else h * 1.47
    count = max(1, round(w / step))
    step = w / count
    ivory, brick = theme.colour("#FFF6E0"), theme.colour("#C8443A")
    middle = y + h / 2
    for number in range(count + 1):
        cx = x + number * step
        if rich:
            for shade, rx, ry in (
                (theme.GOLD, 0.50, 0.38),
                (theme.INDIGO9, 0.38, 0.29),
                (brick, 0.30, 0.23),
                (ivory, 0.11, 0.09),
            ):
                Color(*shade)
                diamond(cx + step / 2, middle, h * rx * 1.05, h * ry * 1.1)
            Color(*ivory)
            for dy, edge in ((0.0, 0.12), (0.2, 0.07), (-0.2, 0.07)):
                diamond(cx, middle + h * dy, h * edge * 0.9, h * edge)
        else:
            for shade, rx, ry in ((theme.GOLD, 0.68, 0.34), (brick, 0.36, 0.18)):
                Color(*shade)
                diamond(cx + step / 2, middle, h * rx, h * ry)
            Color(*theme.colour("#7D96CF"))
            diamond(cx, middle, h * 0.14, h * 0.14)
    if rich:
        Color(*theme.GOLD)
        Rectangle(pos=(x, y), size=(w, max(1.0, h * 0.05)))
        Rectangle(pos=(x, y + h - max(1.0, h * 0.05)), size=(w, max(1.0, h * 0.05)))


class Qr(Part):
    """A QR code of ``data`` (error level M), drawn sharp at a whole multiple inside ``size`` design px, quiet zone included."""

    def __init__(self, data: str, size: float = 220, **kwargs: Any) -> None:
        super().__init__(w=size, h=size, **kwargs)
        code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=2)
        code.add_data(data)
        code.make()
        self.matrix: list[list[bool]] = code.get_matrix()

    def arrange(self) -> None:
        self.canvas.clear()
        n = len(self.matrix)
        texture = Texture.create(size=(n, n), colorfmt="rgb")
        texture.mag_filter = texture.min_filter = "nearest"
        dark = bytes(round(c * 255) for c in theme.INK[:3])
        texture.blit_buffer(
            b"".join(dark if cell else b"\xff\xff\xff" for row in reversed(self.matrix) for cell in row), colorfmt="rgb"
        )
        edge = n * max(1, int(min(self.width, self.height) // n))
        with self.canvas:
            Color(1, 1, 1, 1)
            Rectangle(texture=texture, pos=(round(self.center_x - edge / 2), round(self.center_y - edge / 2)), size=(edge, edge))


class Ring(Part):
    """A countdown: gold arc of ``share`` 0–1 and the seconds in the middle."""

    def __init__(self, share: float, text: str, *, size: float = 116, **kwargs: Any) -> None:
        super().__init__(w=size, h=size, **kwargs)
        self.share, self.text = share, text

    def arrange(self) -> None:
        self.canvas.clear()
        width = self.width * 0.05
        r = self.width / 2 - width
        size = self.width * 0.4
        label = ink(self.text, "noto-600", size)
        label.refresh()
        with self.canvas:
            Color(*theme.INDIGO1)
            SmoothLine(circle=(self.center_x, self.center_y, r), width=width)
            if self.share > 0:
                Color(*theme.GOLD)
                SmoothLine(circle=(self.center_x, self.center_y, r, 0, 360 * min(1.0, self.share)), width=width, cap="none")
            Color(*theme.INK)
            texture = label.texture
            baseline = self.center_y - size * 0.714 / 2
            y = baseline + round(size * theme.ASCENT["noto"]) - texture.height
            Rectangle(texture=texture, pos=(round(self.center_x - texture.width / 2), round(y)), size=texture.size)

    def show(self, share: float, text: str) -> None:
        self.share, self.text = share, text
        self.arrange()


class Spinner(Part):
    """Three dots that say «working»; still (nothing moves by itself), the words beside it tell the step."""

    def __init__(self, *, size: float = 84, **kwargs: Any) -> None:
        super().__init__(w=size, h=size, **kwargs)

    def arrange(self) -> None:
        self.canvas.clear()
        r = self.width * 0.09
        with self.canvas:
            for number in range(3):
                Color(*(theme.GOLD if number == 1 else theme.INDIGO7))
                SmoothEllipse(pos=(self.center_x + (number - 1) * self.width * 0.3 - r, self.center_y - r), size=(2 * r, 2 * r))
