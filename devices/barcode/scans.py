"""From bytes to scans: frames end with CR or LF, and a code held before the reader counts once. Pure.

Time comes in as an argument.
"""

from __future__ import annotations

import re

MAX_SCAN = 4096
"""Bytes; the largest QR holds fewer."""
SAME_CODE_S = 2.0


class Garbled(Exception):
    """A frame that is no UTF-8 text, or has no end."""


class Scans:
    """Collects bytes as they come. One scan is one frame that is not the one just seen, within :data:`SAME_CODE_S` seconds."""

    def __init__(self) -> None:
        self._pending = b""
        self._last = ""
        self._last_at = 0.0

    def feed(self, data: bytes, now: float) -> list[str | Garbled]:
        """The scans completed by ``data`` at monotonic second ``now``, blanks at their ends removed."""
        *frames, self._pending = re.split(rb"[\r\n]+", self._pending + data)
        found: list[str | Garbled] = []
        if len(self._pending) > MAX_SCAN:
            self._pending = b""
            found.append(Garbled())
        for frame in frames:
            try:
                text = frame.decode("utf-8").strip()
            except UnicodeDecodeError:
                found.append(Garbled())
                continue
            if text and self._is_new(text, now):
                found.append(text)
        return found

    def _is_new(self, text: str, now: float) -> bool:
        again = text == self._last and now - self._last_at < SAME_CODE_S
        self._last, self._last_at = text, now
        return not again

    def forget(self) -> None:
        """Drop half a frame, as after a pulled cable."""
        self._pending = b""
