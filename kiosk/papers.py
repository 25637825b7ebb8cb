"""From the content of official papers (``forms.papers``) to the JSON of a print job, and the mark of a reprint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from devices.printer import copy_mark
from forms import papers

_NAMES: Mapping[type, str] = {
    papers.Line: "line",
    papers.Pair: "pair",
    papers.Rule: "rule",
    papers.QrBlock: "qr",
    papers.Gap: "gap",
    papers.Signatures: "signatures",
}

_FIELDS: Mapping[type, tuple[str, ...]] = {kind: tuple(one.name for one in fields(kind)) for kind in _NAMES}


def to_content(blocks: Iterable[Any]) -> list[dict[str, Any]]:
    """JSON of a paper's blocks, as stored in the print job and as the spooler reads it back."""
    return [{"block": _NAMES[type(block)], **{name: getattr(block, name) for name in _FIELDS[type(block)]}} for block in blocks]


def marked_copy(content: Sequence[Mapping[str, Any]], copy: int) -> list[dict[str, Any]]:
    """The same paper with the banner «BẢN IN LẠI · LẦN n» on top; an older banner is replaced."""
    return [{"block": "banner", **asdict(copy_mark(copy))}, *(dict(item) for item in content if item["block"] != "banner")]
