"""The columns of the three sheets: which there are, in which languages, and how a header is read.

A text that people see has a column for each language, ``label::Tiếng Việt (vi)``; Vietnamese must be there, the others may. Own
columns begin with ``k_``; their texts without a language are Vietnamese. Pictures and sounds without a language serve all of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from forms.xlsform.model import VIETNAMESE
from forms.xlsform.workbook import Row

LANGUAGE: Final = "Tiếng Việt (vi)"
_LANGUAGE: Final = re.compile(r"\S.* \(([a-z]{2,3})\)")
_MEDIA: Final = frozenset({"media::image", "media::audio"})
_OWN_TEXTS: Final = frozenset({"k_short", "k_more", "k_hint"})

TEXTS: Final[Mapping[str, frozenset[str]]] = {
    "survey": frozenset({"label", "hint", "guidance_hint", "required_message", "constraint_message", "k_short", "k_more"} | _MEDIA),
    "choices": frozenset({"label", "k_hint"} | _MEDIA),
    "settings": frozenset(),
}
"""Columns that may be written in several languages."""
PLAIN: Final[Mapping[str, frozenset[str]]] = {
    "survey": frozenset(
        {"type", "name", "required", "relevant", "constraint", "calculation", "default", "appearance", "choice_filter"}
        | {"repeat_count", "parameters"}
        | {"k_autofill", "k_pii", "k_review", "k_keep", "k_template", "k_as", "k_check"}
    ),
    "choices": frozenset({"list_name", "name", "k_icon"}),
    "settings": frozenset({"form_title", "form_id", "version", "default_language"}),
}
"""Columns that have no language."""


@dataclass(frozen=True, slots=True)
class Header:
    """The columns of one sheet: written header by column and language ('' where the column has none)."""

    sheet: str
    written: Mapping[tuple[str, str], str]
    unknown: Sequence[str]

    def cell(self, row: Row, column: str, language: str = "") -> str:
        return row.cells.get(self.written.get((column, language), column), "")

    def text(self, row: Row, column: str) -> str:
        """The Vietnamese text of a row."""
        return self.cell(row, column, VIETNAMESE)

    def title(self, column: str) -> str:
        """The header as its author wrote it or should have written it, for messages: the Vietnamese one of several."""
        named = self.written.get((column, VIETNAMESE)) or self.written.get((column, ""))
        return named or (f"{column}::{LANGUAGE}" if column in TEXTS[self.sheet] and column not in _OWN_TEXTS else column)

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes of the languages other than Vietnamese, in the order of the columns."""
        return tuple(dict.fromkeys(code for _, code in self.written if code not in ("", VIETNAMESE)))

    def others(self, row: Row) -> Mapping[str, Mapping[str, str]]:
        """Texts of a row in the other languages, by code and column."""
        found: dict[str, dict[str, str]] = {}
        for (column, code), written in self.written.items():
            if code not in ("", VIETNAMESE) and row.cells.get(written):
                found.setdefault(code, {})[column] = row.cells[written]
        return found


def read_header(sheet: str, columns: Sequence[str]) -> Header:
    """Header of a sheet; what is no column of it stands in ``unknown``."""
    written: dict[tuple[str, str], str] = {}
    unknown: list[str] = []
    for column in columns:
        key = _key(sheet, column)
        if key is None or key in written:
            unknown.append(column)
        else:
            written[key] = column
    return Header(sheet, written, unknown)


def _key(sheet: str, column: str) -> tuple[str, str] | None:
    base, _, language = column.rpartition("::")
    found = _LANGUAGE.fullmatch(language)
    if base in TEXTS[sheet] and found is not None and (found[1] != VIETNAMESE or language == LANGUAGE):
        return base, found[1]
    if column in PLAIN[sheet]:
        return column, ""
    return (column, VIETNAMESE) if column in _MEDIA | _OWN_TEXTS and column in TEXTS[sheet] else None
