"""A form as the workbook a clerk opens: three worksheets, wide columns, cells of plain text so that Excel makes no dates."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill

from forms.xlsform.workbook import SHEETS

_WIDTHS: Final = {"type": 24, "name": 20, "list_name": 16, "form_id": 24, "version": 14, "required": 10, "k_pii": 8}
_WIDE: Final = 36
_HEADER: Final = PatternFill("solid", fgColor="E3EAF6")
_ROWS_READY: Final = 300
"""Rows made ready as plain text for what the clerk still adds."""


def starter_workbook(rows: Iterable[Sequence[str]]) -> bytes:
    """The workbook of a form in its text rows; a comment stays a comment row of the worksheet that follows it."""
    book = Workbook()
    book.remove(book.worksheets[0])
    sheets: dict[str, Any] = {name: book.create_sheet(name) for name in SHEETS}
    notes: list[str] = []
    for cells in rows:
        if cells and cells[0].startswith("#"):
            notes.append(cells[0])
        elif cells and cells[0] in sheets:
            sheet = sheets[cells[0]]
            for note in notes:
                sheet.append([note])
            notes = []
            sheet.append([cell or None for cell in cells[1:]])
    for sheet in sheets.values():
        _dress(sheet)
    into = io.BytesIO()
    book.save(into)
    return into.getvalue()


def _dress(sheet: Any) -> None:
    header = next(row for row in sheet.iter_rows() if not str(row[0].value).startswith("#"))
    for cell in header:
        if cell.value:
            cell.font, cell.fill = Font(bold=True), _HEADER
            sheet.column_dimensions[cell.column_letter].width = _WIDTHS.get(cell.value, _WIDE)
    sheet.freeze_panes = sheet.cell(header[0].row + 1, 3)
    for row in sheet.iter_rows(min_row=header[0].row, max_row=_ROWS_READY, max_col=len(header)):
        for cell in row:
            cell.number_format, cell.alignment = "@", Alignment(wrap_text=True, vertical="top")
    for row in sheet.iter_rows(max_col=1):
        if str(row[0].value).startswith("#"):
            row[0].font = Font(italic=True, color="5F6675")
