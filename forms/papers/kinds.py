"""Every A4 paper there is: its title, the text it follows, how its number ends, the keys it takes, and how all that is known.

The table is ``templates/papers.yaml``; the Typst templates read the same file, so a title is written once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import yaml

from forms.papers.content import PaperError


@dataclass(frozen=True, slots=True)
class Kind:
    id: str
    template: str
    title_vi: str
    form_vi: str
    certainty: str
    """How the layout is known; never printed."""
    mark: str
    """What follows the running number, ``{mark}`` being the office's; '' for a declaration."""
    fields: tuple[str, ...]
    tables: Mapping[str, tuple[str, ...]]
    """Columns of each table."""
    labels: Mapping[str, str]
    """What stands before a field, over a table, over a column; only for a paper that the kiosk also writes out as a slip."""
    signed: tuple[str, ...]
    """Places for a hand: no answer fills them."""


@cache
def kinds() -> Mapping[str, Kind]:
    """All papers by id."""
    table = yaml.safe_load(files("forms.papers").joinpath("templates/papers.yaml").read_text("utf-8"))
    return MappingProxyType({id: _kind(id, row) for id, row in table.items()})


def _kind(id: str, row: Mapping[str, Any]) -> Kind:
    return Kind(
        id=id,
        template=row["template"],
        title_vi=row["title_vi"],
        form_vi=row["form_vi"],
        certainty=row["certainty"],
        mark=row.get("mark", ""),
        fields=tuple(key for group in row.get("fields", ()) for key in group),
        tables={table: tuple(columns) for table, columns in row.get("tables", {}).items()},
        labels=row.get("labels", {}),
        signed=tuple(row.get("signed", ())),
    )


def kind(id: str) -> Kind:
    """One paper.

    Raises:
        PaperError: ``unknown_paper``.
    """
    if id not in kinds():
        raise PaperError("unknown_paper", f"Không có giấy nào tên «{id}».")
    return kinds()[id]


def template_fields(id: str) -> frozenset[str]:
    """Every key a declaration's paper takes: fields, tables and places to sign. For the checker.

    Raises:
        PaperError: ``unknown_paper``.
    """
    found = kind(id)
    return frozenset((*found.fields, *found.tables, *found.signed))
