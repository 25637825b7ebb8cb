"""The touch app: puts services, view models and screens together and runs the window until it is closed.

Importing this module opens nothing; :func:`run_kiosk` prepares Kivy first and only then imports widgets. In full screen the
window ignores close requests, there is no settings panel (no Kivy ``App``), Escape and F1 do nothing, and keys of a real
keyboard reach only the screen that wants them. Python's automatic garbage collection is off while the app runs (see ``shell``).
"""

from __future__ import annotations

import gc
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kiosk.config import Config
from kiosk.services import Scheduler, Services
from kiosk.touch.environment import prepare

SETTLE_S = 0.1
"""Seconds between two pieces of what is loaded after the first screen."""

if TYPE_CHECKING:
    from kiosk.touch.shell import Shell
    from kiosk.viewmodels.flow import Kiosk


def make_kiosk(services: Services, scheduler: Scheduler, *, idle_s: float = 60.0, warn_s: float = 30.0) -> Kiosk:
    """The kiosk model with the citizens' first screen and the staff's door."""
    from kiosk.viewmodels.attract import Attract
    from kiosk.viewmodels.flow import Kiosk
    from kiosk.viewmodels.official_flow import open_staff

    return Kiosk(services, scheduler, Attract, open_staff, idle_s=idle_s, warn_s=warn_s)


def make_shell(kiosk: Kiosk, *, speaker: Any = None, beat: Callable[[], None] | None = None) -> Shell:
    """The frame with every screen there is. Needs a prepared Kivy and an open window."""
    from kiosk.touch.screens import all_screens
    from kiosk.touch.screens.overlays import OVERLAYS
    from kiosk.touch.shell import Shell
    from kiosk.touch.theme import register_fonts

    register_fonts()
    return Shell(kiosk, all_screens(), OVERLAYS, speaker=speaker, beat=beat)


def _settle(shell: Shell) -> None:
    """What can wait until the first screen stands: load the other screens one by one, then put what will stay out of the
    collector's way.
    """
    from kivy.clock import Clock

    more = getattr(shell.screens, "load_next", None)
    if more is not None and more():
        Clock.schedule_once(lambda _dt: _settle(shell), SETTLE_S)
        return
    gc.collect()
    gc.freeze()


def run_kiosk(
    services: Services | Callable[[Scheduler], Services],
    config: Config,
    *,
    control: Path | None = None,
    beat: Callable[[], None] | None = None,
    ready: Callable[[], None] | None = None,
) -> None:
    """Run the touch app until its window closes.

    ``services`` may be a function that gets the UI's scheduler and returns the services; ``control`` opens the demo's socket
    (``autopilot``); ``beat`` is called about once a second while the screen is alive (watchdog); ``ready`` once, when the first
    screen is on the glass.
    """
    full = bool(config["screen.fullscreen"])
    prepare(int(config["screen.width"]), int(config["screen.height"]), fullscreen=full, pointer=not full)
    from kivy.base import EventLoop, runTouchApp, stopTouchApp
    from kivy.clock import Clock
    from kivy.core.window import Window

    from kiosk.touch import theme
    from kiosk.touch.autopilot import Autopilot
    from kiosk.touch.keys import listen
    from kiosk.touch.shell import KivyScheduler
    from kiosk.touch.voice import Voice

    theme.look.unit = float(config["screen.ppi"]) / 96.7
    EventLoop.ensure_window()
    Window.clearcolor = theme.INDIGO8
    scheduler = KivyScheduler()
    behind = services(scheduler) if callable(services) else services
    kiosk = make_kiosk(behind, scheduler, idle_s=float(config["screen.idle_warning"]), warn_s=float(config["screen.idle_grace"]))
    shell = make_shell(kiosk, speaker=Voice(), beat=beat)
    Window.bind(on_resize=lambda _w, width, height: shell.resize(width, height))
    # The window system's library takes SIGTERM for a wish to close the window, which a full screen refuses: it is meant for us.
    signal.signal(signal.SIGTERM, lambda _number, _frame: Clock.schedule_once(lambda _dt: stopTouchApp(), 0))
    if full:
        Window.bind(on_request_close=lambda *_a, **_k: True)
    listen(Window, shell)
    shell.resize(Window.width, Window.height)
    pilot = Autopilot(shell, control) if control is not None else None
    gc.disable()
    if ready is not None:
        Clock.schedule_once(lambda _dt: ready(), 0)
    Clock.schedule_once(lambda _dt: _settle(shell), SETTLE_S)
    try:
        runTouchApp(shell)
    finally:
        gc.enable()
        if pilot is not None:
            pilot.close()
        shell.close()
        kiosk.close()
