"""From a keyboard's events to the text a wedge types. Pure.

The kernel's input events (linux/input.h: time, type, code, value), key codes as on a US keyboard. A scan ends with Enter or with
100 ms of silence: scanners leave less than 30 ms between keys, fingers more. Keys under Ctrl or Alt are no text: scanners type
letters that the keyboard lacks as «Alt and digits» or «Ctrl+Shift+U and digits», and those digits must never be taken for digits
of the code.
"""

from __future__ import annotations

import struct

from devices.barcode.facts import Scan
from devices.barcode.scans import MAX_SCAN, Garbled

EVENT = struct.Struct("@llHHi")
EV_SYN, EV_KEY = 0, 1
SYN_DROPPED = 3
PAUSE_S = 0.1
LEAST = 4
"""Fewer characters without Enter are a finger, not a scan."""

ENTER = (28, 96)
SHIFT = (42, 54)
_CTRL_OR_ALT = (29, 97, 56, 100)
_U, _SPACE = 22, 57

_ROWS = (
    (2, "1234567890-=", "!@#$%^&*()_+"),
    (16, "qwertyuiop[]", "QWERTYUIOP{}"),
    (30, "asdfghjkl;'`", 'ASDFGHJKL:"~'),
    (43, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
    (71, "789-456+1230.", "789-456+1230."),
    (55, "*", "*"),
    (57, " ", " "),
    (98, "/", "/"),
)
LETTERS = {first + place: (plain[place], shifted[place]) for first, plain, shifted in _ROWS for place in range(len(plain))}
"""Key code to the letter without and with shift; the pad of digits counts as with NumLock on."""


class Keystrokes:
    """Collects the events of a wedge as they come."""

    def __init__(self) -> None:
        self._pending = b""
        self._text = ""
        self._last = 0.0
        self._held: set[int] = set()
        self._composing = False

    def feed(self, data: bytes, now: float) -> list[Scan | Garbled]:
        """The scans completed by the events in ``data``."""
        self._last = now
        data = self._pending + data
        whole = len(data) // EVENT.size * EVENT.size
        self._pending = data[whole:]
        found: list[Scan | Garbled] = []
        for _seconds, _micros, kind, code, value in EVENT.iter_unpack(data[:whole]):
            if (kind == EV_SYN and code == SYN_DROPPED) or len(self._text) > MAX_SCAN:
                self._forget()
                found.append(Garbled())
            elif kind == EV_KEY and value == 0:
                self._held.discard(code)
            elif kind == EV_KEY and value == 1:
                found += self._pressed(code)
        return found

    def rest(self, now: float) -> list[Scan | Garbled]:
        """A scan without Enter ends by silence."""
        if not self._text or now - self._last < PAUSE_S:
            return []
        text = self._take()
        return [Scan(text, typed=True)] if len(text) >= LEAST else []

    def _pressed(self, code: int) -> list[Scan | Garbled]:
        self._held.add(code)
        if self._composing:
            self._composing = code not in (_SPACE, *ENTER)
        elif not self._held.isdisjoint(_CTRL_OR_ALT):
            self._composing = code == _U and not self._held.isdisjoint(SHIFT)
        elif code in ENTER:
            text = self._take()
            return [Scan(text, typed=True)] if text else []
        elif code in LETTERS:
            self._text += LETTERS[code][0 if self._held.isdisjoint(SHIFT) else 1]
        return []

    def _take(self) -> str:
        text, self._text = self._text.strip(), ""
        self._composing = False
        return text

    def _forget(self) -> None:
        self._take()
        self._held.clear()
