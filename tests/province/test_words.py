"""Facts as sentences: the way of a dossier, times, the words of a history."""

from __future__ import annotations

from typing import Any

import pytest

from forms.dossier import STATUS_NAMES
from province import words
from sync.envelope import Event

AT = "2025-12-01T08:02:00+07:00"


def way(status: int, *reached: int) -> list[tuple[str, str]]:
    """(title, state) of every step."""
    return [(step.title_vi, step.state) for step in words.steps(status, AT, AT, {str(number): AT for number in reached})]


@pytest.mark.parametrize(
    ("status", "reached", "states"),
    [
        (1, (1,), ["done", "now", "later", "later", "later", "later"]),
        (2, (1, 2), ["done", "done", "now", "later", "later", "later"]),
        (4, (1, 2, 4), ["done", "done", "done", "now", "later", "later"]),
        (9, (1, 2, 9), ["done", "done", "done", "done", "now", "later"]),
        (10, (1, 2, 9, 10), ["done"] * 6),
        (5, (1, 2, 5), ["done", "done", "done", "act", "later", "later", "later"]),
        (6, (1, 2, 4, 6), ["done", "done", "done", "done", "act", "later", "later"]),
        (5, (1, 5), ["done", "done", "act", "later", "later", "later", "later"]),
        (3, (1, 3), ["done", "done", "end"]),
        (7, (1, 2, 7), ["done", "done", "done", "end"]),
        (8, (1, 2, 4, 8), ["done", "done", "done", "done", "end"]),
    ],
)
def test_a_dossier_stands_at_one_step_of_its_way(status: int, reached: tuple[int, ...], states: list[str]) -> None:
    assert [state for _, state in way(status, *reached)] == states


def test_the_way_reads_from_the_kiosk_to_the_result() -> None:
    titles = ["Đã nộp tại kiosk", "Đã nhận về tỉnh", "Được tiếp nhận", "Đang giải quyết", "Có kết quả", "Đã trả kết quả"]
    assert [title for title, _ in way(2, 2)] == titles


def test_a_step_that_was_left_out_has_no_time() -> None:
    steps = words.steps(9, AT, AT, {"2": AT, "9": AT})
    assert [step.when_vi for step in steps][2:5] == ["08:02, thứ Hai 01/12/2025", "", "08:02, thứ Hai 01/12/2025"]


@pytest.mark.parametrize("status", [0, *STATUS_NAMES])
def test_every_status_has_words_without_anybody_in_them(status: int) -> None:
    said = words.state_words(status)
    assert said.title_vi
    assert said.meaning_vi.endswith(".")
    assert said.next_vi.endswith(".")


@pytest.mark.parametrize(
    ("iso", "said"),
    [
        ("2026-11-23T08:15:00+07:00", "08:15, thứ Hai 23/11/2026"),
        ("2026-11-22T18:15:00+00:00", "01:15, thứ Hai 23/11/2026"),
        ("2026-11-22T08:15:00", "08:15, Chủ nhật 22/11/2026"),
        ("", ""),
        ("hôm qua", ""),
        ("0001-01-01T00:00:00+14:00", ""),
    ],
)
def test_times_are_read_in_vietnam(iso: str, said: str) -> None:
    assert words.iso_vi(iso) == said


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(0, "vừa xong"), (12, "12 phút trước"), (200, "3 giờ trước"), (5 * 1440, "5 ngày trước"), (-9, "vừa xong")],
)
def test_how_long_ago(minutes: int, said: str) -> None:
    assert words.ago_vi(10_000_000_000, 10_000_000_000 + minutes * 60_000) == said


def test_no_time_and_times_beyond_the_calendar_do_not_break_a_page() -> None:
    assert words.ago_vi(None, 0) == "chưa bao giờ"
    assert words.ms_vi(None) == ""
    assert words.ms_vi(2**62) == ""


@pytest.mark.parametrize(
    ("kind", "content", "said"),
    [
        ("new", {}, "Người dân nộp hồ sơ tại kiosk."),
        ("f", {"a.x": 1}, "Ghi: <a.x>."),
        ("f", {f"a.{n}": 1 for n in range(5)}, "Điền tờ khai: 5 câu trả lời."),
        ("f", {"remark": 1, **{f"a.{n}": 1 for n in range(5)}}, "Ghi 6 mục thông tin."),
        ("f", {}, "Không ghi mục nào."),
        ("st", {"from": 1, "to": 2}, "Chuyển từ «Mới đăng ký» sang «Được tiếp nhận»."),
        ("st", {"from": 1, "to": 99}, "Chuyển từ «Mới đăng ký» sang «Chưa đủ dữ liệu»."),
        ("st", {"from": []}, "Chuyển trạng thái (nội dung không đọc được)."),
        ("note", {"id": "a", "text": "đã gọi"}, "Ghi chú: đã gọi"),
        ("zz", {}, "Sự kiện loại «zz», được giữ nguyên."),
    ],
)
def test_an_event_is_one_sentence(kind: str, content: dict[str, Any], said: str) -> None:
    event = Event(1, "d", kind, content, 0, 0, 1, "cb07", 1)
    assert words.act_vi(event, lambda name: f"<{name}>") == said


@pytest.mark.parametrize(
    ("stored", "said"),
    [('"x"', "x"), ("true", "có"), ('["a","b"]', "a, b"), ("null", "(trống)"), ('{"a":1}', '{"a": 1}'), ("not json", "not json")],
)
def test_a_stored_value_is_shown_plainly(stored: str, said: str) -> None:
    assert words.value_vi(stored) == said
