"""Inside the screen process: how long from a finger on the glass to the first frame that shows it, for the benchmarks.

``kiosk STATE`` measures the start button and a key of the keyboard in the real app over real services; ``bare`` a plain
button of :mod:`kiosk.touch.bare`. The touch enters Kivy where a touch screen's would; the frame counts when the pixels
under the finger have changed in what was drawn. The frame rate is not capped, so the figures are work, not waiting. One
line of JSON, medians in milliseconds.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

TIMES = 24
REST = 0.2
"""Seconds between two presses: nobody taps faster, and the glass comes to rest."""

PATIENCE = 2.0
"""Seconds after which a frame is given up."""


def press(x: float, y: float, shown: Callable[[], bytes]) -> float:
    """Lay a finger at window pixels, wait for a changed frame, lift it; milliseconds until the change."""
    from kivy.base import EventLoop
    from kivy.core.window import Window
    from kivy.input.motionevent import MotionEvent

    class Finger(MotionEvent):
        def __init__(self) -> None:
            super().__init__("probe", 1, {"x": x / Window.width, "y": y / Window.height}, is_touch=True, type_id="touch")

        def depack(self, args: dict[str, float]) -> None:
            self.sx, self.sy = args["x"], args["y"]
            self.profile = ["pos"]
            super().depack(args)

    before = shown()
    finger = Finger()
    started = time.perf_counter()
    EventLoop.post_dispatch_input("begin", finger)
    while shown() == before:
        EventLoop.idle()
        if time.perf_counter() - started > PATIENCE:
            raise RuntimeError("the glass does not answer a finger")
    took = (time.perf_counter() - started) * 1000
    # Lifted elsewhere, the finger presses nothing.
    finger.move({"x": 0.999, "y": 0.001})
    EventLoop.post_dispatch_input("update", finger)
    EventLoop.post_dispatch_input("end", finger)
    rested = time.perf_counter() + REST
    while time.perf_counter() < rested:
        EventLoop.idle()
        time.sleep(0.005)
    return took


def pixel(x: float, y: float) -> bytes:
    """A few drawn pixels around a point, before the frame is shown."""
    from kivy.graphics.opengl import GL_RGBA, GL_UNSIGNED_BYTE, glReadPixels

    return bytes(glReadPixels(round(x) - 2, round(y) - 2, 5, 5, GL_RGBA, GL_UNSIGNED_BYTE))


def measure(x: float, y: float) -> float:
    """Median milliseconds of many presses at one place. A frame is read before it is shown: afterwards it is the screen's."""
    from kivy.base import EventLoop
    from kivy.core.window import Window

    last = [b""]
    flip = Window.flip

    def read_and_flip() -> None:
        last[0] = pixel(x, y)
        flip()

    Window.flip = read_and_flip
    try:
        Window.canvas.ask_update()
        for _ in range(5):
            EventLoop.idle()
        took = [press(x, y, lambda: last[0]) for _ in range(TIMES)]
    finally:
        Window.flip = flip
    return median(took[TIMES // 4 :])


def bare() -> dict[str, float]:
    """The plain button."""
    from kiosk.touch.environment import prepare

    prepare(1280, 800, max_fps=0)
    from kivy.base import EventLoop
    from kivy.core.window import Window

    from kiosk.touch.bare import content

    EventLoop.ensure_window()
    EventLoop.start()
    box: Any = content()
    Window.add_widget(box)
    for _ in range(5):
        EventLoop.idle()
    button = box.children[0]
    return {"button": measure(button.x + button.width * 0.2, button.y + button.height * 0.2)}


def kiosk(state: Path) -> dict[str, float]:
    """The start button, and a key on the first screen that has a keyboard."""
    from kiosk.app import KioskServices
    from kiosk.config import load
    from kiosk.machine import open_machine
    from kiosk.touch.stage import Stage

    stage = Stage()
    stage.window.size = (1280, 800)
    from kiosk.touch.app import make_kiosk
    from kiosk.touch.layout import every
    from kiosk.touch.shell import KivyScheduler
    from kiosk.viewmodels.attract import Attract
    from kiosk.viewmodels.find import Find

    scheduler = KivyScheduler()
    services = KioskServices(open_machine(load(state, overrides=("devices.reader=none:",))), scheduler)
    model = make_kiosk(services, scheduler)
    shell = stage.play(model)

    def corner(key: str) -> tuple[float, float]:
        part = next(one for one in every(shell.screen) if getattr(one, "key", "") == key)
        left, bottom = part.to_window(part.x, part.y)
        return left + part.width * 0.2, bottom + part.height * 0.2

    try:
        model.show(Attract(model))
        stage.frames(5)
        button = measure(*corner("start"))
        model.show(Find(model))
        stage.frames(5)
        return {"button": button, "key": measure(*corner("key:a"))}
    finally:
        services.close()


if __name__ == "__main__":
    found = bare() if sys.argv[1] == "bare" else kiosk(Path(sys.argv[2]))
    sys.stdout.write(json.dumps(found) + "\n")
