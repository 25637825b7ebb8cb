"""Typing Vietnamese on the kiosk's own keyboard: which keys a text takes."""

from __future__ import annotations

import unicodedata

import pytest

from kiosk.demo.fingers import keys_for


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("Thử", ["key:t", "key:h", "key:ư", "tone:hỏi"]),
        ("Nông Thị", ["key:n", "key:ô", "key:n", "key:g", "key:space", "key:t", "key:h", "key:i", "tone:nặng"]),
        ("Mẫu", ["key:m", "key:â", "tone:ngã", "key:u"]),
        ("Đặng", ["key:đ", "key:ă", "tone:nặng", "key:n", "key:g"]),
        ("15112026", [f"key:{digit}" for digit in "15112026"]),
    ],
)
def test_a_letter_is_its_base_and_then_its_tone(text: str, keys: list[str]) -> None:
    assert [name for name, _ in keys_for(text)] == keys
    assert [name for name, _ in keys_for(unicodedata.normalize("NFD", text))] == keys


def test_capitals_are_asked_for_with_shift() -> None:
    assert [upper for _, upper in keys_for("Đé")] == [True, False, False]
