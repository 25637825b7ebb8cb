"""From bytes to texts, and from texts to scans."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from devices.barcode.facts import Scan
from devices.barcode.scans import MAX_SCAN, Garbled, Lines, SameCode

CARD = "004190000001||Nông Thị Mẫu|01021990|Nữ|Xóm Mẫu, Vĩnh Quang, Cao Bằng|15042021"
TYPED = Scan("004190000001||Nng Th Mu|01021990|N|Xm Mu, Vnh Quang, Cao Bng|15042021", typed=True)


def texts(found: list[Scan | Garbled]) -> list[str]:
    return [one.text for one in found if isinstance(one, Scan)]


def test_a_scan_ends_with_either_line_end_or_both() -> None:
    assert texts(Lines().feed(b"one\rtwo\nthree\r\nfour", 0)) == ["one", "two", "three"]


@given(st.lists(st.integers(1, 40), max_size=6))
def test_bytes_may_come_in_any_pieces_even_within_a_letter(cuts: list[int]) -> None:
    lines, data, found = Lines(), f"{CARD}\r\n".encode(), []
    for cut in cuts:
        found += lines.feed(data[:cut], 0)
        data = data[cut:]
    assert texts(found + lines.feed(data, 0)) == [CARD]


def test_what_is_no_text_is_garbled_and_the_next_scan_is_fine() -> None:
    first, second = Lines().feed(b"\xff\xfe\r\nfine\r\n", 0)
    assert isinstance(first, Garbled)
    assert second == Scan("fine")


def test_a_frame_without_end_is_dropped() -> None:
    lines = Lines()
    assert isinstance(lines.feed(b"x" * (MAX_SCAN + 1), 0)[0], Garbled)
    assert texts(lines.feed(b"fine\n", 0)) == []
    assert texts(lines.feed(b"fine\n", 0)) == ["fine"]


@given(st.lists(st.integers(1, MAX_SCAN), max_size=4))
def test_an_overlong_frame_is_garbled_once_however_it_comes_and_its_tail_is_no_scan(cuts: list[int]) -> None:
    lines, data, found = Lines(), b"x" * (MAX_SCAN + 1) + b"004190000001\r\nfine\r\n", []
    for cut in cuts:
        found += lines.feed(data[:cut], 0)
        data = data[cut:]
    first, second = found + lines.feed(data, 0)
    assert isinstance(first, Garbled)
    assert second == Scan("fine")


def test_a_scan_shows_nothing_in_a_log() -> None:
    assert "004190000001" not in repr(Scan(CARD))


def test_empty_frames_are_nothing() -> None:
    assert Lines().feed(b"\r\n \r\n\n", 0) == []


def test_a_code_held_before_the_reader_is_one_scan_until_two_seconds_have_passed_without_it() -> None:
    codes = SameCode()
    assert [codes.is_new(Scan("x"), now) for now in (0, 0.5, 2.0, 3.9, 6.0)] == [True, False, False, False, True]


def test_two_codes_in_one_picture_are_two_scans_however_long_they_are_held() -> None:
    codes = SameCode()
    assert [codes.is_new(Scan(text), now) for now in (0, 0.2, 0.4) for text in "xy"] == [True, True, False, False, False, False]


def test_a_code_seen_by_camera_and_wedge_is_one_scan_whoever_was_first() -> None:
    for first, second in ((Scan(CARD), TYPED), (TYPED, Scan(CARD))):
        codes = SameCode()
        assert codes.is_new(first, 0)
        assert not codes.is_new(second, 0.5)
        assert not codes.is_new(first, 2.2)


def test_two_codes_of_the_same_digits_are_two_when_no_letter_was_lost() -> None:
    codes = SameCode()
    assert codes.is_new(Scan("VN-1"), 0)
    assert codes.is_new(Scan("XN-1"), 0)


def test_codes_without_digits_are_never_the_same_by_what_they_lack() -> None:
    codes = SameCode()
    assert codes.is_new(Scan("một"), 0)
    assert codes.is_new(Scan("mt hai", typed=True), 0)
