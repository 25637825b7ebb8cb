"""Telephone numbers as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.people.phone import read_phone


@pytest.mark.parametrize(
    "text",
    [
        "0912345678",
        "0912.345.678",
        "0912 345 678",
        "0912-345-678",
        "+84912345678",
        "+84 0912 345 678",
        "84912345678",
        "0084 912 345 678",
        "912345678",
        "(0912) 345 678",
        "0912/345/678",
    ],
)
def test_one_mobile_number_however_it_is_written(text: str) -> None:
    found = read_phone(text)
    assert (found.kind, found.stored, found.shown, found.valid) == ("mobile", "+84912345678", "0912 345 678", True)


@pytest.mark.parametrize("start", ["03", "05", "07", "08", "09"])
def test_all_mobile_prefixes_are_known(start: str) -> None:
    assert read_phone(f"{start}12345678").kind == "mobile"


@pytest.mark.parametrize("text", ["0206 3852 123", "(0206) 3852123", "+84 206 3852 123"])
def test_a_landline_of_cao_bang(text: str) -> None:
    found = read_phone(text)
    assert (found.kind, found.stored, found.shown) == ("landline", "+842063852123", "0206 3852 123")


@pytest.mark.parametrize("text", ["", "  ", "-"])
def test_no_number_is_an_answer(text: str) -> None:
    found = read_phone(text)
    assert (found.kind, found.stored, found.valid) == ("none", "", True)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("01689123456", "số cũ"),
        ("+1 202 555 0100", "nước ngoài"),
        ("09123", "10 chữ số"),
        ("0612345678", "10 chữ số"),
        ("09123456789", "10 chữ số"),
        ("không có", "chỉ gồm chữ số"),
        ("٠٩١٢٣٤٥٦٧٨", "chỉ gồm chữ số"),
    ],
)
def test_a_number_that_cannot_be_is_told_why(text: str, told: str) -> None:
    found = read_phone(text)
    assert (found.kind, found.stored, found.valid) == ("unknown", "", False)
    assert told in found.why
    assert found.shown == text


@given(st.from_regex(r"0[35789][0-9]{8}|02[0-9]{9}", fullmatch=True))
def test_stored_and_shown_forms_are_read_back(number: str) -> None:
    found = read_phone(number)
    assert read_phone(found.stored) == read_phone(found.shown) == found
