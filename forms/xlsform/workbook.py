"""Reads an authored form, CSV text or an Excel workbook, into the same rows of plain text.

A clerk's file is hostile until proved otherwise: its size is limited before it is opened, an archive's contents before they are
unpacked, XML entities are never expanded. Nothing in it is guessed at: a formula, a date Excel made of a text, a merged or a hidden
cell is refused with its place and what to do, since the kiosk would ask something else than the clerk sees. What people cannot see
and machines can tell apart is evened out: outer and doubled spaces, a byte order mark, 12.0 for 12. Worksheets with other names
than ours are the clerk's own notes, unless one of ours is missing and the name is nearly it.
"""

from __future__ import annotations

import csv
import difflib
import io
import unicodedata
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from forms.text import nfc
from forms.xlsform.model import Fault, FormError

SHEETS: Final = ("survey", "choices", "settings")
_KEYS: Final[Mapping[str, frozenset[str]]] = {
    "survey": frozenset({"type", "name"}),
    "choices": frozenset({"list_name", "name"}),
    "settings": frozenset({"form_title", "form_id", "version"}),
}
"""Columns by which the first row of a sheet is known to be its header: one is enough."""
MAX_BYTES: Final = 8 * 1024 * 1024
"""Largest file that is opened at all; our longest form is 40 KB."""
MAX_UNPACKED: Final = 16 * 1024 * 1024
MAX_ENTRIES: Final = 300
MAX_RATIO: Final = 200
"""Bytes unpacked for one packed; worksheets reach 30."""
MAX_ROWS: Final = 3000
MAX_COLUMNS: Final = 80
MAX_CELL: Final = 4000
_EXACT: Final = 10**15
"""From here on Excel no longer keeps every digit of a number."""

_Report = Callable[[int, str, str, str], None]
"""Tells a fault: row, column, rule, message."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a sheet: ``number`` from 1 as in the file, and its non-empty cells by column name."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: column names as written, then the rows. ``where`` is the file's name in a fault: every worksheet has a row 5."""

    name: str
    header: tuple[str, ...]
    header_row: int
    rows: tuple[Row, ...]
    where: str = ""


@dataclass(frozen=True, slots=True)
class Workbook:
    """The sheets of a file by name; one that is not in the file is not here."""

    file: str
    sheets: Mapping[str, Sheet]


def read_workbook(data: bytes, file: str) -> Workbook:
    """Read the bytes of a form: a workbook when they say so, else CSV text whose first column names the sheet.

    Raises:
        FormError: with every fault found.
    """
    if len(data) > MAX_BYTES:
        raise _refusal(file, "too_big", f"Tệp nặng hơn {MAX_BYTES >> 20} MB. Xóa ảnh và trang thừa.")
    if not data.strip():
        raise _refusal(file, "empty", "Tệp trống. Bắt đầu bằng: main.py forms new TỆP.")
    tables = _xlsx(data, file) if _packed(data, file) else [_csv(data, file)]
    faults: list[Fault] = []
    sheets: dict[str, Sheet] = {}
    for table in tables:
        for sheet in table.sheets(faults):
            sheets[sheet.name] = sheet
    if "survey" not in sheets and not faults:
        faults.append(Fault(file, 0, "", "sheet", "Thiếu trang survey (các câu hỏi)."))
    if faults:
        raise FormError(faults)
    return Workbook(file, sheets)


def _refusal(file: str, rule: str, message: str, row: int = 0) -> FormError:
    return FormError([Fault(file, row, "", rule, message)])


# --- rows of plain text to sheets ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    sheet: str
    cells: Sequence[str]


def _is_header(line: _Line) -> bool:
    return not _KEYS[line.sheet].isdisjoint(map(nfc, line.cells))


@dataclass(frozen=True, slots=True)
class _Table:
    """Rows of text of one file or worksheet, with the faults found while they were read."""

    where: str
    lines: Iterable[_Line]
    faults: Sequence[Fault] = ()

    def sheets(self, faults: list[Fault]) -> Iterator[Sheet]:
        faults += self.faults

        def report(row: int, column: str, rule: str, message: str) -> None:
            faults.append(Fault(self.where, row, column, rule, message))

        headers: dict[str, _Line] = {}
        rows: dict[str, list[Row]] = {}
        for line in self.lines:
            if line.sheet not in headers:
                headers[line.sheet] = line
                rows[line.sheet] = []
                self._header(line, report)
            elif not _is_header(headers[line.sheet]):
                continue  # told at the header; without it every cell would be a fault of its own
            else:
                rows[line.sheet].append(self._row(line, headers[line.sheet].cells, report))
        for name, header in headers.items():
            yield Sheet(name, tuple(filter(None, map(nfc, header.cells))), header.number, tuple(rows[name]), self.where)

    def _header(self, line: _Line, report: _Report) -> None:
        if not _is_header(line):
            written = next((cell.strip() for cell in line.cells if cell.strip()), "")
            named = ", ".join(sorted(_KEYS[line.sheet]))
            message = f"Dòng đầu của {line.sheet} phải là tên các cột ({named}, …), không phải «{written[:40]}»."
            report(line.number, "", "header", f"{message} Xóa các dòng, cột phía trước, hoặc sửa tên cột.")
        for cell in line.cells:
            _composed(cell, line.number, nfc(cell), report)
        if len(line.cells) > MAX_COLUMNS:
            report(
                line.number, "", "too_many_cells", f"Trang có {len(line.cells)} cột, nhiều nhất {MAX_COLUMNS}. Xóa các cột thừa."
            )

    def _row(self, line: _Line, header: Sequence[str], report: _Report) -> Row:
        cells: dict[str, str] = {}
        for place, text in enumerate(line.cells):
            column = nfc(header[place]) if place < len(header) else ""
            if not text.strip():
                continue
            if not column:
                report(line.number, "", "cells", f"Ô thứ {place + 1} có chữ nhưng cột không có tên ở dòng tiêu đề.")
                continue
            _composed(text, line.number, column, report)
            if len(text) > MAX_CELL:
                report(line.number, column, "too_long", f"Ô dài {len(text)} ký tự, nhiều nhất {MAX_CELL}.")
            cells[column] = nfc(text)
        return Row(line.number, cells)


def _composed(text: str, row: int, column: str, report: _Report) -> None:
    if not unicodedata.is_normalized("NFC", text):
        report(row, column, "nfc", "Chữ ở dạng tổ hợp (NFD). Gõ lại với bảng mã «Unicode dựng sẵn».")


# --- CSV -------------------------------------------------------------------------------------------------------------------


def _csv(data: bytes, file: str) -> _Table:
    text = _decoded(data, file)
    faults: list[Fault] = []
    return _Table(file, list(_csv_lines(text, file, faults)), faults)


def _decoded(data: bytes, file: str) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data:
        raise _refusal(file, "encoding", "Tệp ghi bằng UTF-16 («Unicode Text»). Lưu lại: «CSV UTF-8 (Comma delimited)».")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        message = "Chữ không phải UTF-8 (có lẽ Windows-1258 hoặc TCVN3). Lưu lại: «CSV UTF-8 (Comma delimited)»."
        raise _refusal(file, "encoding", message, row) from None


def _csv_lines(text: str, file: str, faults: list[Fault]) -> Iterator[_Line]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    number, seen = 1, 0
    try:
        for cells in reader:
            start, number = number, reader.line_num + 1
            name = nfc(cells[0]) if cells else ""
            if not any(cell.strip() for cell in cells) or name.startswith("#"):
                continue
            seen += 1
            if seen > MAX_ROWS:
                faults.append(Fault(file, start, "", "too_many_cells", f"Tệp có hơn {MAX_ROWS} dòng."))
                return
            if name in SHEETS:
                yield _Line(start, name, cells[1:])
            else:
                faults.append(Fault(file, start, "", *_unknown_sheet(cells[0])))
                if faults[-1].rule == "delimiter":
                    return
    except csv.Error as error:
        why = "ô quá dài" if "limit" in str(error) else "dấu nháy kép mở mà không đóng, hoặc đóng sai chỗ"
        faults.append(Fault(file, number, "", "csv", f"Dòng không đọc được: {why}. Xem lại dấu nháy kép của dòng."))


def _unknown_sheet(name: str) -> tuple[str, str]:
    """Rule and message for a first column that names no sheet of ours."""
    for sign in (";", "\t"):
        if name.partition(sign)[0] in SHEETS and sign in name:
            return "delimiter", "Các ô ngăn bằng «;» hoặc tab. Lưu lại với dấu phẩy: «CSV UTF-8 (Comma delimited)»."
    return "sheet", f"Cột đầu phải là survey, choices hoặc settings, không phải «{name.strip()[:40]}».{_near(name)}"


def _near(name: str, among: Sequence[str] = SHEETS) -> str:
    near = difflib.get_close_matches(name.casefold(), among, 1)
    return f" Có phải «{near[0]}» không?" if near else ""


# --- Excel -----------------------------------------------------------------------------------------------------------------


def _packed(data: bytes, file: str) -> bool:
    """Whether the bytes are a workbook; what only looks like one is refused with what it is."""
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise _refusal(file, "old_excel", "Tệp Excel đời cũ (.xls) hoặc có mật khẩu. Bỏ mật khẩu, lưu lại dạng .xlsx.")
    if data.startswith(b"PK"):
        return True
    if file.lower().endswith((".xlsx", ".xlsm")):
        raise _refusal(file, "corrupt", "Tệp không phải là bảng tính Excel, hoặc đã hỏng. Mở và lưu lại dạng .xlsx.")
    return False


def _xlsx(data: bytes, file: str) -> Iterator[_Table]:
    _safe_to_open(data, file)
    from openpyxl import load_workbook  # slow to import, and a kiosk loads packs

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and print settings, which a form does not have
            book = load_workbook(io.BytesIO(data), keep_links=False)
    except Exception as error:
        # The reader has no one kind of error for a broken workbook: each of its parsers raises its own.
        raise _refusal(file, "corrupt", f"Tệp Excel hỏng, không đọc được ({type(error).__name__}). Mở và lưu lại.") from None
    names = [sheet.title for sheet in book.worksheets]
    missing = [name for name in SHEETS if name not in names]
    for name in names:
        near = difflib.get_close_matches(nfc(name).casefold(), missing, 1)
        if near and name not in SHEETS:
            message = f"Tên trang «{name}» sai: phải viết đúng là «{near[0]}», chữ thường."
            raise _refusal(file, "sheet", message)
    return (_worksheet(sheet, file) for sheet in book.worksheets if sheet.title in SHEETS)


def _safe_to_open(data: bytes, file: str) -> None:
    """Refuse an archive that is broken, unpacks to far more than it holds, or carries what a form never needs."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            _refuse_bomb(entries, file)
            broken = archive.testzip()
    except FormError:
        raise
    except Exception:
        # A broken archive fails in many ways: no directory, wrong sums, an unknown method, a password.
        raise _refusal(file, "corrupt", "Tệp Excel hỏng hoặc tải về chưa đủ. Mở và lưu lại dạng .xlsx.") from None
    if broken:
        raise _refusal(file, "corrupt", f"Tệp Excel hỏng ở phần «{broken[:40]}». Mở và lưu lại dạng .xlsx.")
    names = [entry.filename.lower() for entry in entries]
    if any(name.endswith("vbaproject.bin") for name in names):
        raise _refusal(file, "macro", "Tệp có macro. Lưu lại dạng «Excel Workbook (.xlsx)», không macro.")
    if any("externallinks/" in name for name in names):
        raise _refusal(file, "external_link", "Tệp lấy dữ liệu từ tệp khác. Bỏ liên kết: Data → Edit Links → Break Link.")
    if "xl/workbook.xml" not in names:
        raise _refusal(file, "corrupt", "Tệp nén này không phải bảng tính Excel. Lưu lại dạng .xlsx.")


def _refuse_bomb(entries: Sequence[zipfile.ZipInfo], file: str) -> None:
    """Judge by the sizes the archive declares: the unpacker stops at them, so one that lies is found broken instead."""
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if len(entries) > MAX_ENTRIES or unpacked > MAX_UNPACKED or unpacked > (packed + 1024) * MAX_RATIO:
        size = f"{unpacked >> 20} MB trong {len(entries)} phần"
        raise _refusal(file, "zip_bomb", f"Tệp nén bung ra {size}, quá mức một biểu mẫu. Chép bảng sang tệp mới.")


def _worksheet(sheet: Any, file: str) -> _Table:
    where = f"{file}, trang {sheet.title}"
    faults: list[Fault] = []

    def report(row: int, column: str, rule: str, message: str) -> None:
        faults.append(Fault(where, row, column, rule, message))

    if sheet.max_row > MAX_ROWS or sheet.max_column > MAX_COLUMNS:
        size = f"Trang có đến dòng {sheet.max_row}, cột {sheet.max_column}; nhiều nhất {MAX_ROWS} dòng, {MAX_COLUMNS} cột."
        report(0, "", "too_many_cells", f"{size} Chọn các dòng, cột trống thừa rồi xóa (Delete).")
        return _Table(where, (), faults)
    rows = list(sheet.iter_rows())
    said = ([_plain(cell.value) for cell in row] for row in rows)
    header = next((texts for texts in said if any(map(str.strip, texts)) and not texts[0].lstrip().startswith("#")), [])
    _unseen(sheet, header, report)
    lines = []
    for cells in rows:
        texts = [_cell_text(cell, _column(header, cell.column), report) for cell in cells]
        if any(text.strip() for text in texts) and not texts[0].lstrip().startswith("#"):
            lines.append(_Line(cells[0].row, sheet.title, texts))
    return _Table(where, lines, faults)


def _column(header: Sequence[str], number: int) -> str:
    """A column as its author knows it: its name in the header, or its letter."""
    name = nfc(header[number - 1]) if number <= len(header) else ""
    return name or _letter(number)


def _letter(number: int) -> str:
    before, last = divmod(number - 1, 26)
    return (_letter(before) if before else "") + chr(ord("A") + last)


def _unseen(sheet: Any, header: Sequence[str], report: _Report) -> None:
    """Tell what the clerk does not see and the kiosk would read, and cells that stand for several rows at once."""
    if sheet.sheet_state != "visible":
        report(0, "", "hidden", f"Trang «{sheet.title}» đang ẩn. Nhấp chuột phải vào tên trang, chọn Unhide.")
    hidden = sorted(row for row, facts in sheet.row_dimensions.items() if facts.hidden and row <= sheet.max_row)
    for row in hidden:
        report(row, "", "hidden", "Dòng đang ẩn. Hiện lại (Unhide) rồi giữ hoặc xóa hẳn.")
    for facts in sheet.column_dimensions.values():
        if facts.hidden and facts.min <= sheet.max_column:
            report(1, _column(header, facts.min), "hidden", "Cột đang ẩn. Hiện lại (Unhide) rồi giữ hoặc xóa hẳn.")
    for area in sheet.merged_cells.ranges:
        message = f"Các ô {area.coord} gộp làm một. Bỏ gộp (Unmerge) và ghi đủ từng dòng."
        report(area.min_row, _column(header, area.min_col), "merged", message)


def _cell_text(cell: Any, column: str, report: _Report) -> str:
    """A cell as text; '' after telling why it may not be used."""
    refused = _refused_cell(cell)
    if refused:
        report(cell.row, column, *refused)
        return ""
    return _plain(cell.value)


def _refused_cell(cell: Any) -> tuple[str, str] | None:
    """Rule and message for a cell whose text only Excel knows."""
    value = cell.value
    if cell.data_type == "f":
        text = str(getattr(value, "text", value))  # a formula over many cells is an object
        return "formula", f"Ô có công thức Excel ({text[:30]}). Chép rồi dán giá trị (Paste Special → Values)."
    if cell.data_type == "e":
        return "cell_error", f"Ô báo lỗi {value}. Gõ lại nội dung."
    if isinstance(value, date | datetime | time | timedelta):
        return "date_cell", "Excel đã đổi ô này thành ngày giờ. Định dạng ô là Text rồi gõ lại, ngày dạng 2026-11-24."
    if isinstance(value, int | float) and abs(value) >= _EXACT:
        return "number_cell", "Số dài quá, Excel không giữ đủ chữ số. Định dạng ô là Text rồi gõ lại."
    return None


def _plain(value: Any) -> str:
    """Text of a cell's value: what Excel shows of a plain number, yes/no for TRUE/FALSE."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)
