"""The screen as one kept picture, so that a finger's answer costs only the place under it.

Drawing a whole screen takes tens of milliseconds without a graphics card; redrawing the button that was pressed takes
three. So everything is drawn into an off-screen picture, and :meth:`Sheet.narrow` says that until further notice only one
box of it can have changed. A tenth of a second later the whole is drawn again, so whatever changed elsewhere meanwhile
shows then at the latest; :meth:`Sheet.whole` shows it at once.
"""

from __future__ import annotations

from typing import Any

from kivy.clock import Clock
from kivy.graphics import Callback, ClearBuffers, ClearColor, Color, Fbo, Rectangle, ScissorPop, ScissorPush
from kivy.graphics.opengl import GL_BLEND, glDisable, glEnable

HEAL_S = 0.1
"""Seconds after a narrow drawing until the whole is drawn again."""

Box = tuple[float, float, float, float]


class Sheet:
    """The kept picture, shown on ``canvas``; drawings go into ``fbo``."""

    def __init__(self, canvas: Any) -> None:
        self.fbo = Fbo(size=(1, 1), with_stencilbuffer=True)
        with self.fbo.before:
            self._clip = ScissorPush(x=0, y=0, width=1, height=1)
            ClearColor(0, 0, 0, 1)
            ClearBuffers()
        with self.fbo.after:
            ScissorPop()
        canvas.add(self.fbo)
        with canvas:
            Color(1, 1, 1, 1)
            # What is translucent on the screen has thinned the picture's own alpha; nothing lies behind the picture.
            Callback(lambda _i: glDisable(GL_BLEND))
            self._shown = Rectangle(size=(1, 1))
            Callback(lambda _i: glEnable(GL_BLEND))
        self._box: Box | None = None
        self._owed = True
        self._heal: Any = None

    def resize(self, width: float, height: float) -> None:
        """The screen has this many real pixels now."""
        size = max(1, round(width)), max(1, round(height))
        self.fbo.size = size
        self._shown.texture = self.fbo.texture
        self._shown.size = size
        self.whole()

    def whole(self, *_: Any) -> None:
        """Anything may have changed: draw everything in the next frame."""
        if self._heal is not None:
            self._heal.cancel()
            self._heal = None
        self._box = None
        self._owed = True
        self._set(0, 0, *self.fbo.size)
        Clock.schedule_once(self._paid, 0)

    def _paid(self, _dt: float) -> None:
        self._owed = False

    def narrow(self, box: Box) -> None:
        """Only inside ``box`` (left, bottom, right, top; real pixels) has anything changed that must show at once."""
        if self._owed:
            return
        if self._box is not None:
            a, b = self._box, box
            box = min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])
        self._box = box
        left, bottom = max(0, int(box[0])), max(0, int(box[1]))
        self._set(left, bottom, int(box[2]) + 1 - left, int(box[3]) + 1 - bottom)
        if self._heal is None:
            self._heal = Clock.schedule_once(self.whole, HEAL_S)

    def _set(self, x: int, y: int, width: int, height: int) -> None:
        self._clip.x, self._clip.y, self._clip.width, self._clip.height = x, y, max(0, width), max(0, height)
        self.fbo.ask_update()
