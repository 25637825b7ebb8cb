"""Finding a procedure by the words people use."""

from __future__ import annotations

from datetime import date

import pytest

from forms.procedures.catalogue import load_catalogue

TODAY = date(2026, 11, 24)


def found(words: str) -> list[str]:
    return [tile.title_vi for tile in load_catalogue().search(words, TODAY, frozenset())]


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("đẻ", "Khai sinh"),
        ("de", "Khai sinh"),
        ("làm giấy khai sinh cho con", "Khai sinh"),
        ("mất giấy khai sinh", "Đăng ký lại khai sinh"),
        ("sổ đỏ", "Làm sổ đỏ lần đầu"),
        ("SO DO", "Làm sổ đỏ lần đầu"),
        ("độc thân", "Xác nhận độc thân"),
        ("công chứng", "Chứng thực"),
        ("người chết", "Khai tử"),
        ("tiền người già", "Trợ cấp"),
        ("hộ khẩu", "Đăng ký thường trú"),
        ("kiện", "Khiếu nại"),
        ("buôn bán", "Mở hộ kinh doanh"),
        ("khoan giếng", "Đăng ký giếng, nước ngầm"),
        ("1.012753", "Làm sổ đỏ lần đầu"),
    ],
)
def test_people_find_it_by_their_own_words(words: str, first: str) -> None:
    assert found(words)[0] == first


def test_a_word_written_half_finds_already() -> None:
    assert "khuyết tật" in found("khuyế")[0]


def test_a_rare_word_says_more_than_two_common_ones() -> None:
    assert found("làm giấy zzz khoan")[0] == "Đăng ký giếng, nước ngầm"


def test_a_word_that_agrees_with_its_accents_comes_first() -> None:
    assert found("giếng")[0] == "Đăng ký giếng, nước ngầm"
    assert found("đẻ") != found("đề nghị")


def test_nothing_written_and_nothing_known_find_nothing() -> None:
    assert found("") == []
    assert found("   ") == []
    assert found("zzz") == []


def test_what_only_distracts_is_left_out() -> None:
    assert len(found("sổ đỏ")) <= 3


@pytest.mark.parametrize(
    ("typed", "code"),
    [("khai sinh muộn", "1.001193"), ("khai sinh quá hạn", "1.001193"), ("nhường thừa kế", "2.001406")],
)
def test_a_late_birth_is_still_a_birth_and_a_share_given_away_is_still_a_division(typed: str, code: str) -> None:
    """1.004772 is for people who already have papers; who gives a share away has accepted it (2.001016 is for refusing it)."""
    assert load_catalogue().search(typed, TODAY, frozenset())[0].code == code
