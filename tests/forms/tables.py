"""Small forms written as dictionaries instead of CSV with many commas."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from forms.xlsform import Form, read_form

VI = "Tiếng Việt (vi)"
LABEL = f"label::{VI}"
YES_NO: Sequence[Mapping[str, str]] = (
    {"list_name": "yn", "name": "yes", LABEL: "Có"},
    {"list_name": "yn", "name": "no", LABEL: "Không"},
)
Rows = Sequence[Mapping[str, str]]


def row(type_: str, name: str = "", label: str = "", **cells: str) -> dict[str, str]:
    """A row of the survey; ``constraint_message`` and the like are the Vietnamese ones."""
    texts = ("hint", "guidance_hint", "required_message", "constraint_message")
    named = {f"{column}::{VI}" if column in texts else column: text for column, text in cells.items()}
    return {"type": type_, "name": name, **({LABEL: label} if label else {}), **named}


def table(survey: Rows, choices: Rows = YES_NO) -> str:
    """The text form; rows of the survey begin at line 4, choices two lines after the last of them."""
    settings = [{"form_title": "Thử", "form_id": "thu", "version": "1"}]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for sheet, rows in (("settings", settings), ("survey", survey), ("choices", choices)):
        header = list(dict.fromkeys(column for each in rows for column in each))
        writer.writerow([sheet, *header])
        writer.writerows([sheet, *(each.get(column, "") for column in header)] for each in rows)
    return out.getvalue()


def form(*survey: Mapping[str, str], choices: Rows = YES_NO, lists: Mapping[str, str] | None = None) -> Form:
    files = {name: text.encode() for name, text in (lists or {}).items()}
    return read_form(table(survey, choices), "thu.csv", files.__getitem__)
