"""The face on the chip, large. It exists in graphics memory alone, and :meth:`FacePicture.forget` empties that at once.

The bytes go through no cache of Kivy's; automatic garbage collection is off (``shell``), so nothing here waits for it.
"""

from __future__ import annotations

import io
from typing import Any

from kivy.graphics import Color, Rectangle, RoundedRectangle, StencilPop, StencilPush, StencilUnUse, StencilUse
from kivy.graphics.texture import Texture
from PIL import Image

from devices.idcard.facts import Face
from kiosk.touch import theme
from kiosk.touch.layout import Part
from kiosk.touch.theme import px


class FacePicture(Part):
    """Shows ``face`` whole, as large as its rectangle allows."""

    def __init__(self, face: Face, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._ratio = face.height / face.width
        self.texture: Texture | None = Texture.create(size=(face.width, face.height), colorfmt="rgb")
        with Image.open(io.BytesIO(face.jpeg)) as image:
            self.texture.blit_buffer(image.convert("RGB").tobytes(), colorfmt="rgb", bufferfmt="ubyte")
        self.texture.flip_vertical()

    def natural(self, width: float) -> tuple[float, float]:
        return width, width * self._ratio

    def forget(self) -> None:
        """Nothing of the face stays here."""
        self.canvas.clear()
        self.texture = None

    def arrange(self) -> None:
        self.canvas.clear()
        if self.texture is None:
            return
        w = min(self.width, self.height / self._ratio)
        h = w * self._ratio
        place = {"pos": (self.center_x - w / 2, self.center_y - h / 2), "size": (w, h)}
        corner = [px(20)]
        with self.canvas:
            Color(*theme.WHITE)
            # A rounded rectangle would stretch the picture over itself, so it only masks a plain one.
            StencilPush()
            RoundedRectangle(radius=corner, **place)
            StencilUse()
            Rectangle(texture=self.texture, **place)
            StencilUnUse()
            RoundedRectangle(radius=corner, **place)
            StencilPop()
