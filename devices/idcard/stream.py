"""What the screen sees of a reading: a stream of states, each with a stable code, a sentence, and what to do.

``waiting``: the card is wanted (``card_absent``), or what opens it (``key_missing``). ``reading``: a card lies there; ``progress``
runs from 0 to 1. ``done``: ``reading`` holds what was read, and nothing follows. ``failed``: why not; the codes are those of
:mod:`devices.idcard.errors`. A failure stays until something changes: a card is laid, the reader comes back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from devices.errors import DeviceError
from devices.idcard.errors import card_error
from devices.idcard.facts import CardReading

Phase = Literal["waiting", "reading", "done", "failed"]

HOLD_STILL = "Để thẻ nằm yên, đừng nhấc lên."
NO_READER = ("reader_absent", "pcscd_absent")
"""Failures that end when the reader is there again, card or not."""


@dataclass(frozen=True, slots=True)
class CardState:
    """One state of the stream. ``cure_vi``: what to do with the hands; empty when there is nothing to do."""

    phase: Phase
    code: str
    message_vi: str
    cure_vi: str = ""
    progress: float = 0.0
    reading: CardReading | None = field(default=None, repr=False)


def waiting(code: str) -> CardState:
    """``code``: ``card_absent`` or ``key_missing``."""
    error = card_error(code)
    return CardState("waiting", code, error.message_vi, error.cure_vi)


def progressing(share: float, sentence: str) -> CardState:
    return CardState("reading", "reading", sentence, HOLD_STILL, share)


def done(reading: CardReading) -> CardState:
    return CardState("done", "done", "Đã đọc xong thẻ.", "Bà con nhấc thẻ ra và cất giữ.", 1.0, reading)


def failed(error: DeviceError) -> CardState:
    return CardState("failed", error.code, error.message_vi, error.cure_vi)
