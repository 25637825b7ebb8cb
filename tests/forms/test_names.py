"""Names of people: kept, compared, printed, searched and sorted."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.people.names import read_name
from forms.text import same_name, tone_in_place


def test_a_name_stays_as_the_paper_has_it_and_gains_its_other_forms() -> None:
    found = read_name("  lý   thị hòa ")
    assert (found.written, found.normal, found.capitals, found.folded) == ("lý thị hòa", "Lý Thị Hoà", "LÝ THỊ HÒA", "ly thi hoa")
    assert found.why == ""


def test_decomposed_text_becomes_one_with_composed_text() -> None:
    assert read_name(unicodedata.normalize("NFD", "Đàm Thị Thuỷ")) == read_name("Đàm Thị Thuỷ")
    assert read_name("Đàm Thị Đèo").folded == "dam thi deo"


@pytest.mark.parametrize(
    ("early", "late"),
    [("hòa", "hoà"), ("HÒA", "HOÀ"), ("khỏe", "khoẻ"), ("thủy", "thuỷ"), ("Thúy", "Thuý"), ("qúy", "quý"), ("ọa", "oạ")],
)
def test_the_tone_mark_has_one_place(early: str, late: str) -> None:
    assert tone_in_place(early) == tone_in_place(late) == late


@pytest.mark.parametrize("word", ["Hoàn", "Mùa", "của", "thời", "Thuận", "Tủa", "Súa", "Lý", "Ngọc", "Quả", "Mẫu", "Nguyễn"])
def test_other_tone_marks_stay_where_they_are(word: str) -> None:
    assert tone_in_place(word) == word


@given(st.text("aăâeêioôơuưyhqtnADĐ" + "\u0300\u0301\u0303\u0309\u0323 ", max_size=12))
def test_the_place_of_the_tone_mark_never_makes_another_name(text: str) -> None:
    assert same_name(" ".join(tone_in_place(word) for word in text.split()), text)


def test_one_word_is_a_name() -> None:
    found = read_name("Pá")
    assert (found.normal, found.why) == ("Pá", "")


def test_people_are_listed_by_given_name_then_from_the_family_name_on() -> None:
    people = ["Vàng A Súa", "Nông Văn Ân", "Nông Thị An", "Hoàng Văn An", "Đàm Văn Dũng", "Pá", "Bế Văn Đạt", "Nông Thị Ánh"]
    assert sorted(people, key=lambda name: read_name(name).sort_key) == [
        "Hoàng Văn An",
        "Nông Thị An",
        "Nông Thị Ánh",
        "Nông Văn Ân",
        "Đàm Văn Dũng",
        "Bế Văn Đạt",
        "Pá",
        "Vàng A Súa",
    ]


@pytest.mark.parametrize(("text", "told"), [("", "Chưa có tên"), ("Nông Thị M4u", "«4»"), ("Nông_Thị", "«_»"), ("王 Mẫu", "«王»")])
def test_what_looks_wrong_is_told_and_not_refused(text: str, told: str) -> None:
    assert told in read_name(text).why


@pytest.mark.parametrize("text", ["H'Nông Mẫu", "Nông Thị Mẫu-Liên", "Lò Mí Páo", "NGUYỄN THỊ MẪU"])
def test_usual_names_raise_no_question(text: str) -> None:
    assert read_name(text).why == ""
