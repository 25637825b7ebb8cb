"""A picture of the window as it is now, read from the graphics memory before it is shown.

``Window.screenshot`` is black now and then without a display; drawing once and reading the pixels at once is not (UI_FACTS
§1.5).
"""

from __future__ import annotations

import os
from pathlib import Path

from kivy.core.window import Window
from kivy.graphics.opengl import GL_RGBA, GL_UNSIGNED_BYTE, glFinish, glReadPixels
from PIL import Image


def picture(size: tuple[int, int] | None = None) -> Image.Image:
    """The window, or the ``size`` real pixels from its lower left corner, in RGB."""
    width, height = size or Window.system_size
    for child in Window.children:
        if hasattr(child, "sheet"):
            child.sheet.whole()
    Window.canvas.ask_update()
    Window.dispatch("on_draw")
    glFinish()
    pixels = glReadPixels(0, 0, int(width), int(height), GL_RGBA, GL_UNSIGNED_BYTE)
    image = Image.frombytes("RGBA", (int(width), int(height)), pixels)
    return image.transpose(Image.Transpose.FLIP_TOP_BOTTOM).convert("RGB")


def save(path: Path, size: tuple[int, int] | None = None) -> None:
    """Write the window as PNG; the file appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    picture(size).save(part, format="PNG", compress_level=3)
    os.replace(part, path)
