"""From the content of official papers (``forms.papers``) to the JSON of a print job, and the mark of a reprint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from forms import papers

_NAMES: Mapping[type, str] = {
    papers.Line: "line",
    papers.Pair: "pair",
    papers.Rule: "rule",
    papers.QrBlock: "qr",
    papers.Gap: "gap",
    papers.Signatures: "signatures",
}


def to_content(blocks: Iterable[Any]) -> list[dict[str, Any]]:
    """JSON of a paper's blocks, as stored in the print job and as the spooler reads it back."""
    return [{"block": _NAMES[type(block)], **asdict(block)} for block in blocks]


def marked_copy(content: Sequence[Mapping[str, Any]], copy: int) -> list[dict[str, Any]]:
    """The same paper with «BẢN IN LẠI lần n» on top; an older mark is replaced."""
    rest = [dict(item) for item in content if not str(item.get("text", "")).startswith(_MARK)]
    mark = papers.Line(f"{_MARK} lần {copy}", size="large", bold=True, align="center")
    return [*to_content([mark]), *rest]


_MARK = "BẢN IN LẠI"
