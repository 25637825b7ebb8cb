"""From bytes to scans."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from devices.barcode.scans import MAX_SCAN, Garbled, Scans

CARD = "004190000001||Nông Thị Mẫu|01021990|Nữ|Xóm Mẫu, Vĩnh Quang, Cao Bằng|15042021"


def test_a_scan_ends_with_either_line_end_or_both() -> None:
    assert Scans().feed(b"one\rtwo\nthree\r\nfour", 0) == ["one", "two", "three"]


@given(st.lists(st.integers(1, 40), max_size=6))
def test_bytes_may_come_in_any_pieces_even_within_a_letter(cuts: list[int]) -> None:
    scans, data, found = Scans(), f"{CARD}\r\n".encode(), []
    for cut in cuts:
        found += scans.feed(data[:cut], 0)
        data = data[cut:]
    assert found + scans.feed(data, 0) == [CARD]


def test_a_code_held_before_the_reader_is_one_scan_until_two_seconds_have_passed_without_it() -> None:
    scans = Scans()
    assert [scans.feed(b"x\n", now) for now in (0, 0.5, 2.0, 3.9)] == [["x"], [], [], []]
    assert scans.feed(b"x\n", 6.0) == ["x"]


def test_another_code_at_once_is_another_scan() -> None:
    assert Scans().feed(b"x\ny\nx\n", 0) == ["x", "y", "x"]


def test_what_is_no_text_is_garbled_and_the_next_scan_is_fine() -> None:
    first, second = Scans().feed(b"\xff\xfe\r\nfine\r\n", 0)
    assert isinstance(first, Garbled)
    assert second == "fine"


def test_a_frame_without_end_is_dropped() -> None:
    scans = Scans()
    assert isinstance(scans.feed(b"x" * (MAX_SCAN + 1), 0)[0], Garbled)
    assert scans.feed(b"fine\n", 0) == ["fine"]


def test_empty_frames_are_nothing() -> None:
    assert Scans().feed(b"\r\n \r\n\n", 0) == []
