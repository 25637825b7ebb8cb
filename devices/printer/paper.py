"""What stands on a slip, as data: an ordered tuple of blocks, with no size in dots and no printer in sight.

A caller describes a paper with these blocks; ``render`` decides the typography, ``encode`` the bytes. The blocks have the shapes
of the blocks in the ``forms`` room, which this room may not import, so a caller maps one to the other field by field. Texts are
brought to NFC when they are drawn, so a caller need not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Size = Literal["small", "normal", "large", "huge"]
Align = Literal["left", "center", "right"]


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph. ``huge`` is meant for a code: it is set on one line, smaller if it must be. Line feeds in ``text`` are kept."""

    text: str
    size: Size = "normal"
    bold: bool = False
    align: Align = "left"


@dataclass(frozen=True, slots=True)
class Pair:
    """A label and its value. Neighbouring pairs share one column edge, so the values stand under each other."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across the paper."""


@dataclass(frozen=True, slots=True)
class QrBlock:
    """A QR code of ``data`` (error level M, quiet zone of four modules), with a caption for those who look at it."""

    data: str
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """White paper of ``mm`` millimetres."""

    mm: float


@dataclass(frozen=True, slots=True)
class Signatures:
    """Room for two signatures. Of each text the first line is the role, further lines stand small beneath it."""

    left: str
    right: str


@dataclass(frozen=True, slots=True)
class Banner:
    """White letters on a black bar, for what nobody may overlook: a marked copy, a test print."""

    text: str


Block = Line | Pair | Rule | QrBlock | Gap | Signatures | Banner
Paper = Sequence[Block]


def copy_mark(number: int) -> Banner:
    """Mark of the ``number``-th reprint (1 for the first). Every reprint after an uncertain print begins with it."""
    if number < 1:
        raise ValueError("the first reprint has number 1")
    return Banner(f"BẢN IN LẠI · LẦN {number}")
