"""A window without people: puts a kiosk model on the glass, draws frames on demand, takes pictures.

The gallery and the tests share it. It works with no display (SDL's offscreen driver) and draws the real widget tree; only time
stands still until a frame is asked for. One window serves a whole process; each kiosk gets a fresh shell.
"""

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kiosk.touch.environment import prepare

if TYPE_CHECKING:
    from kiosk.touch.shell import Shell
    from kiosk.viewmodels.flow import Kiosk

LANDSCAPE = (1280, 800)
PORTRAIT = (800, 1280)
WINDOW = 1280


class Stage:
    """Opens the process's window. The screen is its lower left part, so that turning it needs no new window."""

    def __init__(self) -> None:
        prepare(WINDOW, WINDOW, max_fps=0)
        from kivy.base import EventLoop
        from kivy.core.window import Window

        from kiosk.touch.theme import register_fonts

        EventLoop.ensure_window()
        if EventLoop.status != "started":
            EventLoop.start()
        register_fonts()
        self.loop, self.window = EventLoop, Window
        self.shell: Shell | None = None

    def play(self, kiosk: Kiosk, size: tuple[int, int] = LANDSCAPE, *, speaker: Any = None, frames: int = 2) -> Shell:
        """Show ``kiosk`` on a screen of ``size``; the shell before is closed. With no ``frames`` it is placed, not drawn."""
        from kiosk.touch.app import make_shell

        self.clear()
        self.shell = make_shell(kiosk, speaker=speaker)
        self.window.add_widget(self.shell)
        self.shell.resize(*size)
        self.frames(frames)
        return self.shell

    def resize(self, size: tuple[int, int]) -> None:
        assert self.shell is not None
        self.shell.resize(*size)
        self.frames(2)

    def frames(self, count: int = 1) -> None:
        """Let the event loop run ``count`` times."""
        for _ in range(count):
            self.loop.idle()

    def picture(self, path: Path) -> None:
        """The screen as PNG."""
        from kiosk.touch.picture import save

        assert self.shell is not None
        self.frames(1)
        save(path, (round(self.shell.width), round(self.shell.height)))

    def clear(self) -> None:
        """Take the shell off the window and forget it; the empty frame after it lets go of its textures."""
        if self.shell is not None:
            self.shell.close()
            self.window.remove_widget(self.shell)
            self.shell = None
            gc.collect()
            self.frames(1)
