"""Excel files for tests: a form's CSV text as the workbook a clerk would have made of it, and ways to spoil one."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable

from openpyxl import Workbook, load_workbook

SOUND = """\
# một biểu mẫu đúng
settings,form_title,form_id,version
settings,Thử,thu,1
survey,type,name,label::Tiếng Việt (vi),relevant
survey,select_one yn,has,Có giấy không?,
survey,text,number,Giấy số mấy?,${has} = 'yes'
choices,list_name,name,label::Tiếng Việt (vi)
choices,yn,yes,Có
choices,yn,no,Không
"""


def book_of(text: str) -> Workbook:
    """The workbook of a form in CSV text; comment rows stay out."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for cells in csv.reader(io.StringIO(text)):
        if cells and any(cells) and not cells[0].startswith("#"):
            sheet = book[cells[0]] if cells[0] in book.sheetnames else book.create_sheet(cells[0])
            sheet.append([cell or None for cell in cells[1:]])
    return book


def saved(book: Workbook) -> bytes:
    into = io.BytesIO()
    book.save(into)
    return into.getvalue()


def xlsx(text: str = SOUND) -> bytes:
    return saved(book_of(text))


def spoilt(spoil: Callable[[Workbook], object], text: str = SOUND) -> bytes:
    """A sound workbook after ``spoil`` has been at it."""
    book = book_of(text)
    spoil(book)
    return saved(book)


def with_entry(name: str, content: bytes = b"x", data: bytes | None = None) -> bytes:
    """A sound workbook with one more file inside its archive."""
    into = io.BytesIO(data or xlsx())
    with zipfile.ZipFile(into, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return into.getvalue()


def reopened(data: bytes) -> Workbook:
    return load_workbook(io.BytesIO(data))
