"""The content of a slip as data: what stands on it, block by block, never how a printer draws it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Size = Literal["small", "normal", "large", "huge"]
Align = Literal["left", "center", "right"]


@dataclass(frozen=True, slots=True)
class Line:
    """One paragraph; the renderer wraps it."""

    text: str
    size: Size = "normal"
    bold: bool = False
    align: Align = "left"


@dataclass(frozen=True, slots=True)
class Pair:
    """A labelled value."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across the paper."""


@dataclass(frozen=True, slots=True)
class QrBlock:
    data: str
    caption: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Empty paper, in millimetres."""

    mm: int


@dataclass(frozen=True, slots=True)
class Signatures:
    """Titles of the two signature fields, side by side, with room to sign."""

    left: str
    right: str


Block = Line | Pair | Rule | QrBlock | Gap | Signatures
PaperContent = tuple[Block, ...]


class PaperError(Exception):
    """A paper that may not be printed so.

    ``code``: ``wrong_code`` (not a code this paper carries), ``due_before_receipt``, ``new_due_not_later``, ``nothing_listed``,
    ``glyph_missing`` (a sign the paper's font lacks), ``unknown_paper`` or ``unknown_field`` (a value no line of the paper takes).
    """

    def __init__(self, code: str, message_vi: str, cure_vi: str = "Cán bộ ghi giấy này bằng tay và gọi kỹ thuật.") -> None:
        super().__init__(f"{code}: {message_vi}")
        self.code = code
        self.message_vi = message_vi
        self.cure_vi = cure_vi
