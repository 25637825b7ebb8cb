"""From bytes to texts, and from texts to scans: frames end with CR or LF, and a code held before the readers counts once. Pure.

Time comes in as an argument, in monotonic seconds.
"""

from __future__ import annotations

import re

from devices.barcode.facts import Scan

MAX_SCAN = 4096
"""Bytes; the largest QR holds fewer."""
SAME_CODE_S = 2.0


class Garbled(Exception):
    """A frame that is no UTF-8 text, or has no end."""


class Lines:
    """Collects the bytes of a serial reader as they come."""

    def __init__(self) -> None:
        self._pending = b""
        self._overlong = False

    def feed(self, data: bytes, now: float) -> list[Scan | Garbled]:
        """The scans completed by ``data``, blanks at their ends removed. Of an overlong frame all is dropped up to its end."""
        *frames, self._pending = re.split(rb"[\r\n]+", self._pending + data)
        found: list[Scan | Garbled] = []
        for frame in frames:
            tail, self._overlong = self._overlong, False
            found += [] if tail else _scan(frame)
        if self._overlong or len(self._pending) > MAX_SCAN:
            found += [] if self._overlong else [Garbled()]
            self._pending, self._overlong = b"", True
        return found

    def rest(self, now: float) -> list[Scan | Garbled]:
        """Silence ends no line."""
        return []


def _scan(frame: bytes) -> list[Scan | Garbled]:
    """What a whole frame says; nothing when it is blank."""
    if len(frame) > MAX_SCAN:
        return [Garbled()]
    try:
        text = frame.decode("utf-8").strip()
    except UnicodeDecodeError:
        return [Garbled()]
    return [Scan(text)] if text else []


class SameCode:
    """One code before several readers, or held before one, is one scan until nobody has seen it for :data:`SAME_CODE_S` seconds.

    A code that a wedge typed is compared by its digits and bars: the letters it lost make no other code of it.
    """

    def __init__(self) -> None:
        self._seen: dict[str, tuple[Scan, float]] = {}

    def is_new(self, scan: Scan, now: float) -> bool:
        self._seen = {text: (one, at) for text, (one, at) in self._seen.items() if now - at < SAME_CODE_S}
        again = next((text for text, (one, _) in self._seen.items() if _same(one, scan)), None)
        self._seen[again or scan.text] = (self._seen[again][0] if again else scan, now)
        return again is None


def _same(one: Scan, other: Scan) -> bool:
    if one.text == other.text:
        return True
    return one.typed != other.typed and _skeleton(one.text) == _skeleton(other.text) != ""


def _skeleton(text: str) -> str:
    return re.sub(r"[^0-9|]", "", text.replace("\\", "|"))
