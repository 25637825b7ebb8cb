"""Vietnamese text: normal form, search form, sameness of names, sorting, dates and numbers in words."""

from __future__ import annotations

import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.printer.typeface import printable
from forms.text import (
    date_vi,
    date_words_vi,
    fold,
    mask_number,
    nfc,
    number_words_vi,
    same_name,
    sort_key,
    split_date,
    title_name,
    unprintable,
)


def test_every_form_of_writing_becomes_nfc_with_single_spaces() -> None:
    assert nfc(unicodedata.normalize("NFD", "  Nguyễn \t Thị\u00a0Diệu \n")) == "Nguyễn Thị Diệu"
    assert nfc("Mẫu\u200b\x00") == "Mẫu"


@given(st.text(max_size=40))
def test_normalising_twice_is_normalising_once(text: str) -> None:
    assert nfc(nfc(text)) == nfc(text)
    assert fold(fold(text)) == fold(text)


def test_folding_takes_accents_and_the_bar_of_the_d() -> None:
    assert fold("ĐÀM Thuỷ, Hoà An – Phja Đén") == "dam thuy, hoa an – phja den"


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("Lý Hoà", "LÍ  HÒA", True),
        ("Đàm Thuỷ", "Đàm Thủy", True),
        ("Quý", "Quí", True),
        (unicodedata.normalize("NFD", "Nguyễn"), "nguyễn", True),
        ("Hoà", "Hoa", False),
        ("Thuý", "Thúi", False),
        ("Đạt", "Dạt", False),
        ("Nông Mẫu", "Nông Thị Mẫu", False),
    ],
)
def test_names_are_the_same_whatever_the_place_of_the_tone(a: str, b: str, same: bool) -> None:
    assert same_name(a, b) is same


def test_people_are_sorted_by_given_name_in_vietnamese_order() -> None:
    wanted = ["Nông Văn An", "Bế Thị Ánh", "Lý Ăn", "Hà Ân", "Lý Dàt", "Lý Dạt", "Bế Đạt", "Lý Đạt", "Hà Eng", "Hà Êm"]
    assert sorted(set(wanted), key=sort_key) == wanted


def test_tones_follow_the_dictionary() -> None:
    assert sorted(["mạ", "má", "mã", "mả", "mà", "ma"], key=sort_key) == ["ma", "mà", "mả", "mã", "má", "mạ"]


def test_names_get_a_capital_per_word() -> None:
    assert title_name("NÔNG THỊ MẪU") == "Nông Thị Mẫu"
    assert title_name("ksor H’Bia a-ráp") == "Ksor H’Bia A-Ráp"


def test_a_number_shows_only_its_last_four() -> None:
    assert mask_number("004190000001") == "●●●●●●●●0001"
    assert mask_number("123") == "●●●"
    assert mask_number("") == ""


@pytest.mark.parametrize(
    ("iso", "words"),
    [
        ("2026-11-15", "Ngày mười lăm, tháng mười một, năm hai nghìn không trăm hai mươi sáu"),
        ("2005-04-04", "Ngày bốn, tháng tư, năm hai nghìn không trăm linh năm"),
        ("2000-01-31", "Ngày ba mươi mốt, tháng một, năm hai nghìn"),
        ("1990-10-21", "Ngày hai mươi mốt, tháng mười, năm một nghìn chín trăm chín mươi"),
        ("2024-12-24", "Ngày hai mươi tư, tháng mười hai, năm hai nghìn không trăm hai mươi tư"),
        ("1955-05-05", "Ngày năm, tháng năm, năm một nghìn chín trăm năm mươi lăm"),
        ("2010-08-10", "Ngày mười, tháng tám, năm hai nghìn không trăm mười"),
        ("1958-03", "Tháng ba, năm một nghìn chín trăm năm mươi tám"),
        ("1958", "Năm một nghìn chín trăm năm mươi tám"),
    ],
)
def test_dates_are_written_out(iso: str, words: str) -> None:
    assert date_words_vi(iso) == words


def test_every_day_of_a_century_has_words_of_its_own() -> None:
    days = [date.fromordinal(n).isoformat() for n in range(date(1950, 1, 1).toordinal(), date(2050, 1, 1).toordinal())]
    assert len({date_words_vi(day) for day in days}) == len(days)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "không"),
        (15, "mười lăm"),
        (101, "một trăm linh một"),
        (8_000, "tám nghìn"),
        (10_005, "mười nghìn không trăm linh năm"),
        (1_000_000, "một triệu"),
        (2_540_021, "hai triệu năm trăm bốn mươi nghìn không trăm hai mươi mốt"),
        (1_000_000_014, "một tỷ không trăm mười bốn"),
    ],
)
def test_amounts_are_written_out(number: int, words: str) -> None:
    assert number_words_vi(number) == words


@pytest.mark.parametrize("number", [-1, 10**12])
def test_amounts_out_of_range_are_refused(number: int) -> None:
    with pytest.raises(ValueError, match="0 to 999"):
        number_words_vi(number)


@pytest.mark.parametrize(("iso", "shown"), [("2026-11-05", "05/11/2026"), ("1958-03", "tháng 03/1958"), ("1958", "năm 1958")])
def test_dates_are_shown_day_first_and_never_invented(iso: str, shown: str) -> None:
    assert date_vi(iso) == shown


@pytest.mark.parametrize("wrong", ["", "58", "1958-13", "1958-00", "2025-02-29", "2026-1-5", "2026-11-15T08:00", "15/11/2026"])
def test_what_is_no_date_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - date() and ours differ in words
        split_date(wrong)


@pytest.mark.parametrize("text", ["NÔNG THỊ ĐÈO", "Phùng Jön Wăn Fệ Zô", "Xóm 3, tổ 5/7 – «Nà Mẫu» (cũ)…", "K’Brêu"])
def test_vietnamese_foreign_latin_letters_and_usual_signs_can_be_printed(text: str) -> None:
    assert unprintable(text) == ""


def test_signs_of_other_scripts_cannot_be_printed_and_are_named_once() -> None:
    assert unprintable("Lò 中 Văn ꪁ 中 А") == "中ꪁА"
    assert unprintable("١٢ 😀 Ａ") == "١٢😀Ａ"


def test_every_sign_the_form_lets_in_has_a_glyph_on_the_slip() -> None:
    carried = "".join(chr(code) for code in range(0x20, 0x2F00) if chr(code).isprintable() and not unprintable(chr(code)))
    assert len(carried) > 800
    assert printable(carried) == unicodedata.normalize("NFC", carried)
