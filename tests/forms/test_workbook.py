"""Reading authored files: CSV and Excel give the same rows; whatever else arrives is refused with its place and a way out."""

from __future__ import annotations

import contextlib
import io
import random
import struct
import zipfile
from collections.abc import Callable
from datetime import date
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook as Excel
from openpyxl.worksheet.formula import ArrayFormula

from forms.xlsform import FormError
from forms.xlsform.workbook import MAX_BYTES, MAX_ROWS, Workbook, read_workbook
from tests.forms.workbooks import SOUND, spoilt, with_entry, xlsx

BIRTH = resources.files("forms").joinpath("catalog", "1.001193", "form.csv").read_text("utf-8")


def faults(data: bytes, file: str) -> list[tuple[int, str, str]]:
    with pytest.raises(FormError) as caught:
        read_workbook(data, file)
    return [(fault.row, fault.column, fault.rule) for fault in caught.value.faults]


def contents(book: Workbook) -> dict[str, tuple[tuple[str, ...], list[dict[str, str]]]]:
    return {name: (sheet.header, [dict(row.cells) for row in sheet.rows]) for name, sheet in book.sheets.items()}


def test_a_workbook_and_its_text_give_the_same_rows() -> None:
    assert contents(read_workbook(xlsx(BIRTH), "form.xlsx")) == contents(read_workbook(BIRTH.encode(), "form.csv"))


def test_rows_are_numbered_as_in_the_file() -> None:
    text = read_workbook(SOUND.encode(), "form.csv").sheets["survey"]
    excel = read_workbook(xlsx(), "form.xlsx").sheets["survey"]
    assert (text.header_row, [row.number for row in text.rows]) == (4, [5, 6])
    assert (excel.header_row, [row.number for row in excel.rows]) == (1, [2, 3])
    assert (text.where, excel.where) == ("form.csv", "form.xlsx, trang survey")


def test_a_quoted_cell_of_several_lines_counts_from_its_first_line() -> None:
    text = SOUND.replace("Có giấy không?", '"Có giấy\nkhông?"')
    survey = read_workbook(text.encode(), "form.csv").sheets["survey"]
    assert [row.number for row in survey.rows] == [5, 7]
    assert survey.rows[0].cells["label::Tiếng Việt (vi)"] == "Có giấy không?"


def test_what_nobody_sees_is_evened_out() -> None:
    text = "\ufeff" + SOUND.replace("Có giấy không?", "  Có\u00a0giấy  không?\u200b ")
    assert contents(read_workbook(text.encode(), "form.csv")) == contents(read_workbook(SOUND.encode(), "form.csv"))


def test_a_byte_order_mark_before_a_quoted_cell_is_no_sign_of_the_text() -> None:
    text = '\ufeff"# ghi chú, có dấu phẩy"\n' + SOUND
    assert contents(read_workbook(text.encode(), "form.csv")) == contents(read_workbook(SOUND.encode(), "form.csv"))


def test_a_number_stored_with_a_point_is_read_as_people_see_it() -> None:
    data = _with_part(spoilt(_set("settings", "C2", 12)), "xl/worksheets/sheet1.xml", b"<v>12</v>", b"<v>12.0</v>")
    assert read_workbook(data, "f.xlsx").sheets["settings"].rows[0].cells["version"] == "12"


def _with_part(data: bytes, part: str, before: bytes, after: bytes) -> bytes:
    """A workbook with one of its parts changed."""
    into = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as sound, zipfile.ZipFile(into, "w") as archive:
        for entry in sound.infolist():
            content = sound.read(entry)
            if entry.filename == part:
                assert before in content
                content = content.replace(before, after, 1)
            archive.writestr(entry.filename, content)
    return into.getvalue()


def test_empty_and_comment_rows_are_passed_over_in_a_workbook() -> None:
    def spoil(book: Excel) -> None:
        book["survey"].insert_rows(2)
        book["survey"].insert_rows(3)
        book["survey"]["A3"] = "# phần một"

    assert [row.number for row in read_workbook(spoilt(spoil), "f.xlsx").sheets["survey"].rows] == [4, 5]


@pytest.mark.parametrize(("value", "text"), [(12.0, "12"), (12, "12"), (0.5, "0.5"), (True, "yes"), (False, "no")])
def test_plain_values_are_read_as_people_see_them(value: object, text: str) -> None:
    book = read_workbook(spoilt(lambda book: book["settings"].__setitem__("C2", value)), "f.xlsx")
    assert book.sheets["settings"].rows[0].cells["version"] == text


def test_a_worksheet_of_notes_is_left_alone() -> None:
    book = read_workbook(spoilt(lambda book: book.create_sheet("Ghi chú của tôi")), "f.xlsx")
    assert set(book.sheets) == {"survey", "choices", "settings"}


def _set(sheet: str, cell: str, value: object) -> Callable[[Excel], None]:
    return lambda book: book[sheet].__setitem__(cell, value)


def _hide_column(book: Excel) -> None:
    book["survey"].column_dimensions["D"].hidden = True


def _hide_row(book: Excel) -> None:
    book["survey"].row_dimensions[3].hidden = True


def _hide_sheet(book: Excel) -> None:
    book["choices"].sheet_state = "hidden"


def _rename(name: str) -> Callable[[Excel], None]:
    def spoil(book: Excel) -> None:
        book["survey"].title = name

    return spoil


def _far_cell(cell: str) -> Callable[[Excel], None]:
    return _set("survey", cell, "x")


LABEL = "label::Tiếng Việt (vi)"


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (_set("survey", "C3", "=A1&B1"), (3, LABEL, "formula")),
        (_set("survey", "C3", "#REF!"), (3, LABEL, "cell_error")),
        (_set("choices", "B2", date(2026, 2, 1)), (2, "name", "date_cell")),
        (_set("choices", "B2", 1234567890123456), (2, "name", "number_cell")),
        (lambda book: book["survey"].merge_cells("C2:C3"), (2, LABEL, "merged")),
        (_hide_row, (3, "", "hidden")),
        (_hide_column, (1, "relevant", "hidden")),
        (_hide_sheet, (0, "", "hidden")),
        (_rename("Survey"), (0, "", "sheet")),
        (_rename("servey"), (0, "", "sheet")),
        (_rename("Câu hỏi"), (0, "", "sheet")),
        (_set("survey", "C3", "Gia\u0302\u0301y?"), (3, LABEL, "nfc")),
        (_set("survey", "F3", "thừa"), (3, "", "cells")),
        (_far_cell(f"A{MAX_ROWS + 1}"), (0, "", "too_many_cells")),
        (_far_cell("XFD2"), (0, "", "too_many_cells")),
        (_set("survey", "C3", "dài" * 2000), (3, LABEL, "too_long")),
    ],
)
def test_a_workbook_the_clerk_does_not_see_as_we_do_is_refused(spoil: Callable[[Excel], None], fault: tuple[int, str, str]) -> None:
    assert faults(spoilt(spoil), "f.xlsx") == [fault]


def test_the_worksheet_is_named_with_the_fault_and_the_near_miss_with_the_sheet() -> None:
    with pytest.raises(FormError, match=r"f\.xlsx, trang survey, dòng 3, cột label::Tiếng Việt \(vi\): Ô có công thức"):
        read_workbook(spoilt(_set("survey", "C3", "=1+1")), "f.xlsx")
    with pytest.raises(FormError, match="«servey» sai: phải viết đúng là «survey»"):
        read_workbook(spoilt(_rename("servey")), "f.xlsx")


def _lying(data: bytes) -> bytes:
    """An archive whose largest part unpacks to more than its directory declares."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entry = max(archive.infolist(), key=lambda entry: entry.file_size)
    honest = struct.pack("<LL", entry.compress_size, entry.file_size)
    return data.replace(honest, struct.pack("<LL", entry.compress_size, 10))


def _one_byte_wrong(data: bytes) -> bytes:
    """One wrong byte in the middle of what the first part packs."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entry = archive.infolist()[0]
    at = entry.header_offset + 30 + len(entry.filename) + entry.compress_size // 2
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


def _seventeen_megabytes() -> bytes:
    """Bytes that pack to a fifteenth only: too many, though no bomb by their ratio."""
    dice = random.Random(1)
    return b"".join(dice.randbytes(64) + bytes(960) for _ in range(17 << 10))


def _many_entries() -> bytes:
    into = io.BytesIO(xlsx())
    with zipfile.ZipFile(into, "a") as archive:
        for number in range(400):
            archive.writestr(f"xl/media/{number}.png", b"")
    return into.getvalue()


def _expanding_entities() -> bytes:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    data = _with_part(xlsx(), "xl/workbook.xml", b"survey", b"survey&b;")
    return _with_part(data, "xl/workbook.xml", b"<workbook", bomb + b"<workbook")


@pytest.mark.parametrize(
    ("data", "file", "rule"),
    [
        (b"", "f.csv", "empty"),
        (b"\n \n", "f.csv", "empty"),
        (b"PK\x03\x04" + b"rubbish" * 9, "f.xlsx", "corrupt"),
        (xlsx()[:-400], "f.xlsx", "corrupt"),
        (_one_byte_wrong(xlsx()), "f.xlsx", "corrupt"),
        (b"not a workbook", "f.xlsx", "corrupt"),
        (_lying(xlsx()), "f.xlsx", "corrupt"),
        (_expanding_entities(), "f.xlsx", "corrupt"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "f.xls", "old_excel"),
        (with_entry("xl/vbaProject.bin"), "f.xlsx", "macro"),
        (with_entry("xl/externalLinks/externalLink1.xml"), "f.xlsx", "external_link"),
        (with_entry("xl/worksheets/bomb.xml", bytes(12 << 20)), "f.xlsx", "zip_bomb"),
        (with_entry("xl/worksheets/big.xml", _seventeen_megabytes()), "f.xlsx", "zip_bomb"),
        (_many_entries(), "f.xlsx", "zip_bomb"),
        (b"PK" + bytes(MAX_BYTES), "f.xlsx", "too_big"),
    ],
)
def test_a_file_that_may_not_be_opened_is_refused_as_a_whole(data: bytes, file: str, rule: str) -> None:
    assert faults(data, file) == [(0, "", rule)]


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (SOUND.encode("utf-16"), (0, "", "encoding")),
        (SOUND.encode("utf-16-le"), (0, "", "encoding")),
        (SOUND.replace("Giấy số mấy", "Giây sô mây").encode("cp1258", "replace"), (1, "", "encoding")),
        (SOUND.encode().replace("Giấy số mấy".encode(), b"Gi\xe2y s\xf4 m\xe2y"), (6, "", "encoding")),
        (SOUND.replace(",", ";").encode(), (2, "", "delimiter")),
        (SOUND.replace(",", "\t").encode(), (2, "", "delimiter")),
        (SOUND.replace("choices,yn,no", "choice,yn,no").encode(), (9, "", "sheet")),
        (SOUND.replace("survey,text", "bang,text").encode(), (6, "", "sheet")),
        (SOUND.replace("${has} = 'yes'", "${has} = 'yes',thừa").encode(), (6, "", "cells")),
        (SOUND.replace("Giấy", "Gia\u0302\u0301y").encode(), (6, LABEL, "nfc")),
        ((SOUND + 'survey,text,x,"' + "a" * 200_000 + "\n").encode(), (10, "", "csv")),
        ((SOUND + "choices,yn,x,X\n" * MAX_ROWS).encode(), (MAX_ROWS + 2, "", "too_many_cells")),
        (b"settings,form_title\nsettings,x\n", (0, "", "sheet")),
    ],
)
def test_a_text_that_is_not_what_we_read_is_told_with_its_row(data: bytes, fault: tuple[int, str, str]) -> None:
    assert fault in faults(data, "f.csv")


def test_a_near_miss_of_a_sheet_is_named_in_text_too() -> None:
    with pytest.raises(FormError, match="Có phải «choices» không"):
        read_workbook(SOUND.replace("choices,yn,no", "choice,yn,no").encode(), "f.csv")


@settings(max_examples=150)
@given(
    base=st.sampled_from([xlsx(), SOUND.encode()]),
    places=st.lists(st.tuples(st.integers(0, 10**6), st.binary(min_size=1, max_size=4)), min_size=1, max_size=6),
    kept=st.integers(1, 100),
)
def test_damaged_bytes_areexpect_read_or_refused_but_never_crash(base: bytes, places: list[tuple[int, bytes]], kept: int) -> None:
    data = bytearray(base)
    for place, new in places:
        data[place % len(data) : place % len(data) + len(new)] = new
    whole = bytes(data[: max(1, len(data) * kept // 100)])
    expect_read_or_refused(whole, "f.xlsx" if base.startswith(b"PK") else "f.csv")


@settings(max_examples=120)
@given(part=st.sampled_from(["workbook.xml", "worksheets/sheet1.xml", "sharedStrings.xml", "styles.xml"]), data=st.data())
def test_damaged_parts_of_a_sound_archive_never_crash(part: str, data: st.DataObject) -> None:
    into = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(xlsx())) as sound, zipfile.ZipFile(into, "w") as archive:
        for entry in sound.infolist():
            content = bytearray(sound.read(entry))
            if entry.filename == f"xl/{part}":
                at = data.draw(st.integers(0, len(content) - 1))
                content[at : at + data.draw(st.integers(0, 6))] = data.draw(
                    st.sampled_from([b"", b"9", b"-1", b'"', b"<", b"&#1;", b"zz"])
                )
            archive.writestr(entry.filename, bytes(content))
    expect_read_or_refused(into.getvalue(), "f.xlsx")


def expect_read_or_refused(data: bytes, file: str) -> None:
    with contextlib.suppress(FormError):
        read_workbook(data, file)


def starter(spoil: Callable[[Excel], object]) -> bytes:
    """A workbook whose survey begins with a comment, as ``forms new`` makes it."""

    def with_comment(book: Excel) -> None:
        book["survey"].insert_rows(1)
        book["survey"]["A1"] = "# mỗi dòng một câu hỏi"
        spoil(book)

    return spoilt(with_comment)


def test_a_comment_before_the_header_does_not_name_the_columns() -> None:
    def spoil(book: Excel) -> None:
        book["survey"]["C3"] = "=1+1"
        book["survey"].merge_cells("A4:A5")

    assert faults(starter(spoil), "form.xlsx") == [(4, "type", "merged"), (3, "label::Tiếng Việt (vi)", "formula")]


def test_a_title_above_the_header_is_told_once() -> None:
    def spoil(book: Excel) -> None:
        book["survey"].insert_rows(1)
        book["survey"]["A1"] = "BIỂU MẪU MƯỢN HỘI TRƯỜNG"

    assert faults(spoilt(spoil), "form.xlsx") == [(1, "", "header")]


def test_a_formula_over_many_cells_is_shown_as_it_is_written() -> None:
    def spoil(book: Excel) -> None:
        book["survey"]["C2"] = ArrayFormula("C2:C3", "=A1:A2")

    with pytest.raises(FormError, match="=A1:A2"):
        read_workbook(spoilt(spoil), "form.xlsx")


def test_a_line_that_cannot_be_read_is_told_without_english() -> None:
    for line in ('survey,text,a,"chưa đóng', f"survey,text,a,{'x' * 200_000}"):
        with pytest.raises(FormError) as caught:
            read_workbook((SOUND + line).encode(), "form.csv")
        assert "dấu nháy kép" in str(caught.value)
        assert "limit" not in str(caught.value)
        assert "unexpected" not in str(caught.value)
