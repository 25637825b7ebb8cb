"""What a rule looks at and what it says.

A rule sees the whole draft at once: the tables as their author wrote them (for rows and column names), the form read from them,
and the procedure when there is one. It yields findings; which file they stand in and how grave they are, the caller adds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from forms.checker.world import Search
from forms.procedures.marked_yaml import Marked
from forms.procedures.procedure import Component, Procedure
from forms.xlsform import Form
from forms.xlsform.workbook import Row, Workbook

Severity = Literal["error", "warning"]
Place = Literal["survey", "choices", "settings", "procedure"]


@dataclass(frozen=True, slots=True)
class Draft:
    """A form in the making, alone or with its procedure. ``media`` names the pictures and sounds beside it."""

    book: Workbook
    form: Form
    search: Search
    procedure: Procedure | None = None
    yaml: Marked | None = None
    """The procedure's file as written."""
    media: frozenset[str] = field(default_factory=frozenset)

    @property
    def components(self) -> tuple[Component, ...]:
        return self.procedure.components if self.procedure is not None else ()

    def rows(self, sheet: Place) -> tuple[Row, ...]:
        return self.book.sheets[sheet].rows if sheet in self.book.sheets else ()

    def line(self, *path: str | int) -> int:
        """Line of a key of the procedure's file; 0 when that is not there."""
        return self.yaml.line(path) if self.yaml is not None else 0

    def where(self, place: Place) -> str:
        """The file a fault in that place is told with."""
        if place == "procedure":
            return self.yaml.file if self.yaml is not None else ""
        return self.book.sheets[place].where if place in self.book.sheets else self.book.file


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a rule objects to, at a row and column of a sheet (0: the sheet as a whole)."""

    row: int
    column: str
    message: str
    place: Place = "survey"


@dataclass(frozen=True, slots=True)
class Rule:
    """A check with its stable code, what it demands in one line, and whether it stops the form."""

    code: str
    about_vi: str
    severity: Severity
    find: Callable[[Draft], Iterator[Finding]]
