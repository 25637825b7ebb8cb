"""Keys of a real keyboard (an official's USB keyboard, a keypad for blind users): text to the screen, names to the shell.

F1, Escape, Alt and Ctrl combinations reach nobody. Tab and Shift-Tab walk the controls, Enter presses the focused one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kiosk.touch.shell import Shell

NAMES = {8: "backspace", 9: "tab", 13: "enter", 271: "enter", 276: "left", 275: "right"}
"""Kivy's key codes of the named keys that mean something here."""


def listen(window: Any, shell: Shell) -> None:
    """Bind the window's keyboard to ``shell`` for good."""

    def text(_window: Any, letters: str) -> None:
        if letters.isprintable():
            shell.typed(letters)

    def down(_window: Any, key: int, _scan: int, _letter: str, modifiers: list[str]) -> bool:
        name = NAMES.get(key)
        if name is not None and not {"ctrl", "alt", "meta"} & set(modifiers):
            shell.pressed_key(name, backwards="shift" in modifiers)
        return True

    window.bind(on_textinput=text, on_key_down=down)
