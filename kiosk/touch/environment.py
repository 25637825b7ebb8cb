"""Settings that must stand before the first Kivy window module is imported.

Kivy reads environment and configuration at import: its own command line, log files, settings panel, the escape key and a second
touch provider beside the window system's (every tap twice) are switched off here, and the density is pinned so that a design
pixel is the same everywhere. Call :func:`prepare` first: a ``kiosk.touch`` module with widgets imported before it would open a
window with Kivy's defaults.
"""

from __future__ import annotations

import logging
import os


def prepare(
    width: int,
    height: int,
    *,
    fullscreen: bool = False,
    max_fps: int = 60,
    pointer: bool = False,
    place: tuple[int, int] | None = None,
) -> None:
    """Set environment and Kivy's ``Config`` for a window of ``width`` × ``height`` real pixels. Safe to call once per process.

    ``place`` is the window's (left, top) on the desktop; by default the desktop decides.
    """
    for name, value in {
        "KIVY_NO_ARGS": "1",
        "KIVY_NO_CONFIG": "1",
        "KIVY_NO_FILELOG": "1",
        "KIVY_NO_CONSOLELOG": "1",
        "KIVY_NO_ENV_CONFIG": "1",
        "KIVY_LOG_MODE": "PYTHON",
        "KIVY_DPI": "96",
        "KIVY_METRICS_DENSITY": "1",
        "KIVY_METRICS_FONTSCALE": "1",
        "SDL_MOUSE_FOCUS_CLICKTHROUGH": "1",
    }.items():
        os.environ.setdefault(name, value)
    if not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
        os.environ.setdefault("SDL_VIDEODRIVER", "offscreen")
    logging.getLogger("kivy").setLevel(logging.WARNING)
    logging.getLogger("PIL").setLevel(logging.WARNING)
    from kivy.config import Config

    for option in list(Config.options("input")):
        Config.remove_option("input", option)
    Config.set("input", "mouse", "mouse,disable_multitouch")
    for option, setting in {
        "width": str(width),
        "height": str(height),
        "fullscreen": "auto" if fullscreen else "0",
        "multisamples": "0",
        "maxfps": str(max_fps),
        "resizable": "0" if fullscreen else "1",
        "allow_screensaver": "0",
        "show_cursor": "1" if pointer else "0",
    }.items():
        Config.set("graphics", option, setting)
    if place is not None:
        for option, setting in {"position": "custom", "left": str(place[0]), "top": str(place[1])}.items():
            Config.set("graphics", option, setting)
    for option, setting in {"exit_on_escape": "0", "keyboard_mode": "", "log_level": "warning", "log_enable": "0"}.items():
        Config.set("kivy", option, setting)
    for option in list(Config.options("modules")):
        Config.remove_option("modules", option)
