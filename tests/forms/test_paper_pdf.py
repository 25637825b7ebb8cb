"""PDFs of official papers: our fonts only, every Vietnamese letter, the same bytes each time, nothing clipped or substituted."""

from __future__ import annotations

import io
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from importlib.resources import files
from itertools import product
from typing import Any

import pytest
import typst
from fontTools.ttLib import TTFont
from PIL import Image

from forms.papers import Declaration, PaperError, declaration, kind, sheet
from forms.papers.declarations import declaration_data
from forms.papers.sheets import SheetFacts, sheet_data
from forms.text import nfc
from tests.forms.paper_samples import DECLARATIONS, LONG_SHEETS, SHEETS, SUPPLEMENT, empty, filled, longest
from tests.forms.pdf_text import page_text, pdf_text, read_pdf, squeezed

BOOK = files("forms.papers")
STYLES = ("Regular", "Bold", "Italic", "BoldItalic")
VOWELS = "aăâeêioôơuưy"
TONES = ("", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323")
LETTERS = sorted({nfc(v + t) for v, t in product(VOWELS, TONES)} - set("aeiouy") | {"đ"})
ALPHABET = "".join(LETTERS + [letter.upper() for letter in LETTERS])


@pytest.mark.parametrize("style", STYLES)
def test_every_style_has_every_vietnamese_letter(style: str) -> None:
    letters = TTFont(str(BOOK.joinpath(f"fonts/LiberationSerif-{style}.ttf"))).getBestCmap()
    assert [letter for letter in ALPHABET if ord(letter) not in letters] == []


def test_every_letter_comes_out_of_the_paper_as_it_went_in() -> None:
    words = " ".join(ALPHABET)
    assert squeezed(words) in pdf_text(declaration(replace(filled("general_request"), values={"request": words})))


@pytest.mark.parametrize("paper", ["ct01", "to_khai_dang_ky_ket_hon"])
def test_only_our_fonts_are_used_and_all_are_embedded(paper: str) -> None:
    pdf = read_pdf(declaration(filled(paper)))
    assert pdf.fonts() <= {"LiberationSerif", "LiberationSerif-Bold", "LiberationSerif-Italic", "LiberationSerif-BoldItalic"}
    described = [body for body in pdf.objects.values() if b"/Type/FontDescriptor" in body]
    assert len(described) >= 3
    assert all(b"/FontFile2 " in body for body in described)


def test_the_same_facts_give_the_same_bytes() -> None:
    assert sheet(SUPPLEMENT) == sheet(SUPPLEMENT)
    assert declaration(filled("ct01")) == declaration(filled("ct01"))


def test_a_paper_carries_the_day_it_was_made_and_no_other() -> None:
    pdf = sheet(SUPPLEMENT)
    assert b"/CreationDate(D:20261123010500Z)" in pdf, "08:05 in Vietnam"
    later = replace(SUPPLEMENT, head=replace(SUPPLEMENT.head, made=SUPPLEMENT.head.made + timedelta(minutes=1)))
    assert sheet(later) != pdf


def test_a_paper_is_archival_tagged_and_vietnamese() -> None:
    pdf = sheet(SUPPLEMENT)
    assert b"<pdfaid:part>2</pdfaid:part>" in pdf
    assert b"<pdfaid:conformance>A</pdfaid:conformance>" in pdf
    assert b"/Lang(vi)" in pdf


@pytest.mark.parametrize("sign", ["中", "ỻ", "☑"])
def test_a_sign_the_font_lacks_is_refused_by_name_and_never_replaced(sign: str) -> None:
    with pytest.raises(PaperError, match="glyph_missing") as refused:
        declaration(replace(filled("general_request"), values={"request": f"Chữ {sign} lạ"}))
    assert sign in refused.value.message_vi
    assert refused.value.cure_vi


@pytest.mark.parametrize("words", ["#panic()", "*đậm* $x$ `mã`", "\\ ] ) #let a = 1", "// mất", "= Mục"])
def test_an_answer_is_text_and_never_markup(words: str) -> None:
    assert squeezed(words) in pdf_text(declaration(replace(filled("general_request"), values={"request": words})))


def test_papers_are_made_from_several_threads_at_once() -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: declaration(filled("chung_thuc_ban_sao")), range(12)))
    assert set(made) == {declaration(filled("chung_thuc_ban_sao"))}


@pytest.mark.parametrize("paper", SHEETS)
def test_a_reprint_is_marked_on_every_page(paper: str) -> None:
    pdf = sheet(LONG_SHEETS[paper], copy=3)
    assert pdf_text(pdf).count("BẢNINLẠI·LẦN3") == len(read_pdf(pdf).pages())
    assert "BẢNINLẠI" not in pdf_text(sheet(SHEETS[paper]))


# --- nothing leaves the page


def pages(paper: str, data: Any, ppi: int = 50) -> list[Image.Image]:
    """The pages of a paper as grey pictures, ``ppi`` dots an inch."""
    compiler = typst.Compiler(
        str(BOOK.joinpath(f"templates/{kind(paper).template}.typ")),
        font_paths=[str(BOOK.joinpath("fonts"))],
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps({**data, "paper": paper, "copy": 1})},
    )
    made = compiler.compile(format="png", ppi=ppi)
    return [Image.open(io.BytesIO(page or b"")).convert("L") for page in (made if isinstance(made, list) else [made])]


def margins_are_white(page: Image.Image) -> bool:
    """No ink within 14 mm of the left and right edge, 10 mm of the upper and 8 mm of the lower one."""
    ink = page.point(lambda grey: 255 if grey < 160 else 0).getbbox()
    assert ink is not None
    left, top, right, bottom = (at / 50 * 25.4 for at in (ink[0], ink[1], page.width - ink[2], page.height - ink[3]))
    return left >= 14 and top >= 10 and right >= 14 and bottom >= 8


ENDLESS = "Nghuyễn" * 70


def endless(paper: str) -> Declaration:
    """Answers as long as a form takes, without one space in them."""
    found = kind(paper)
    cells = (ENDLESS[:120], ENDLESS[:19].upper())
    rows = {table: [dict.fromkeys(columns, cell) for cell in cells] for table, columns in found.tables.items()}
    return replace(longest(paper), values={**dict.fromkeys(found.fields, ENDLESS[:500]), **rows})


@pytest.mark.parametrize("paper", DECLARATIONS)
def test_long_answers_and_tables_stay_inside_the_page(paper: str) -> None:
    for facts in (longest(paper), endless(paper)):
        assert all(margins_are_white(page) for page in pages(paper, declaration_data(facts)))


@pytest.mark.parametrize("facts", LONG_SHEETS.values(), ids=LONG_SHEETS)
def test_long_notices_stay_inside_the_page(facts: SheetFacts) -> None:
    assert all(margins_are_white(page) for page in pages(*sheet_data(facts)))


@pytest.mark.parametrize("paper", DECLARATIONS)
def test_a_sheet_without_answers_has_dots_for_a_pen(paper: str) -> None:
    assert "......" in pdf_text(declaration(empty(paper)))


def test_no_page_holds_a_signature_alone() -> None:
    many = tuple(f"Giấy tờ thứ {place}" for place in range(1, 60))
    for count in range(14, 34):
        pdf = read_pdf(sheet(replace(SUPPLEMENT, wanted=many[:count])))
        assert "Ông/Bàbổsung" in page_text(pdf, pdf.pages()[-1])
