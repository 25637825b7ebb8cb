"""A camera as a code reader: on only while somebody listens, and never more than a small share of one processor.

Most frames are dropped undecoded. At most ten a second become the small picture to aim by, at most five are searched for codes, and
after each the thread rests at least as long as it worked. Nothing of a frame is kept.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

from devices.barcode.eyes import Eye, camera, pictures
from devices.barcode.facts import Ears, Scan
from devices.barcode.listener import REOPEN_S, Clock, Listener
from devices.barcode.sight import codes_in, preview_of

__all__ = ["CameraBarcode", "camera", "pictures"]

PREVIEW_S = 0.1
DECODE_S = 0.2

OpenEye = Callable[[], contextlib.AbstractContextManager[Eye]]


class CameraBarcode(Listener):
    """``opens`` gives the eye for the time of a ``with``."""

    def __init__(self, opens: OpenEye, *, reopen_s: float = REOPEN_S, clock: Clock = time.monotonic) -> None:
        super().__init__(reopen_s, clock)
        self._opens = opens

    def _attend(self, ears: Ears) -> None:
        with self._opens() as eye:
            eye.wait()
            self._opened()
            look_at = decode_at = self._clock()
            while not self._ending.is_set():
                eye.wait()
                now = self._clock()
                if now < (decode_at if ears.on_preview is None else look_at):
                    continue
                self._look(eye, ears, now >= decode_at)
                done = self._clock()
                rest = 2 * done - now
                look_at = max(now + PREVIEW_S, rest)
                if now >= decode_at:
                    decode_at = max(now + DECODE_S, rest)

    def _look(self, eye: Eye, ears: Ears, decode: bool) -> None:
        grey = eye.grey()
        if grey is None:
            return
        if ears.on_preview is not None and not self._ending.is_set():
            ears.on_preview(preview_of(grey))
        for text in codes_in(grey) if decode else ():
            if not self._ending.is_set():
                ears.on_scan(Scan(text))
