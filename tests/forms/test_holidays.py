"""Calendar files: their faults in words, what the law and the moon say about them, and proposals for years to come."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from importlib import resources
from typing import Any

import pytest

from forms.deadlines.calendar import CalendarFileError, Special, WorkingCalendar, read_calendar
from forms.deadlines.holidays import doubts, proposal

CALENDAR = WorkingCalendar.load()
PACKAGED = json.loads(resources.files("forms").joinpath("data/calendar.json").read_text("utf-8"))


def test_the_packaged_calendar_agrees_with_the_law_and_the_moon() -> None:
    assert doubts(CALENDAR) == []


@pytest.mark.parametrize(
    ("day", "told"),
    [
        ("2026-11-24", "thiếu ngày nghỉ Ngày Văn hóa Việt Nam (24/11)"),
        ("2026-02-17", "thiếu ngày nghỉ mùng 1 Tết (17/02)"),
        ("2026-02-16", "thiếu ngày nghỉ Tết Nguyên đán (giao thừa) (16/02)"),
        ("2027-04-16", "thiếu ngày nghỉ Giỗ Tổ Hùng Vương (10/3 âm lịch) (16/04)"),
        ("2026-04-26", "chưa ghi Giỗ Tổ Hùng Vương (10/3 âm lịch) (26/04, rơi vào cuối tuần)"),
        ("2026-09-01", "thiếu ngày nghỉ liền kề Quốc khánh"),
        ("2026-04-27", "có 1 ngày lễ rơi vào cuối tuần nhưng ghi 0 ngày nghỉ bù"),
        ("2026-08-22", "có 2 ngày hoán đổi được nghỉ nhưng 1 ngày làm bù"),
    ],
)
def test_a_missing_day_is_noticed(day: str, told: str) -> None:
    special = {key: row for key, row in CALENDAR.special.items() if key.isoformat() != day}
    assert any(told in doubt for doubt in doubts(replace(CALENDAR, special=special)))


def test_half_a_year_is_not_judged() -> None:
    assert doubts(WorkingCalendar("t", date(2026, 7, 1), date(2026, 12, 31), {})) == []


@pytest.mark.parametrize("year", [2027, 2028])
def test_a_proposal_gives_the_days_expected_of_years_without_swaps(year: int) -> None:
    expected = [(day, row.kind) for day, row in sorted(CALENDAR.special.items()) if day.year == year]
    assert [(one.day, one.kind) for one in proposal(year)] == expected


def test_a_proposal_is_a_calendar_that_raises_no_doubt_in_any_year() -> None:
    for year in range(2026, 2060):
        special = {one.day: one for one in proposal(year)}
        calendar = WorkingCalendar("đề nghị", date(year, 1, 1), date(year, 12, 31), special)
        assert doubts(calendar) == []
        assert sum(one.kind == "statutory" for one in special.values()) == 12, year
        assert calendar.provisional_years == {year}


def test_what_a_decision_chooses_is_provisional_and_the_rest_is_computed() -> None:
    status = {one.day: one.status for one in proposal(2030)}
    assert status[date(2030, 2, 2)] == status[date(2030, 2, 5)] == status[date(2030, 9, 3)] == "provisional"
    assert status[date(2030, 4, 12)] == status[date(2030, 11, 25)] == "computed"


@pytest.mark.parametrize(
    ("year", "weekday", "neighbour"),
    [(2026, 2, 1), (2027, 3, 3), (2028, 5, 1), (2029, 6, 3), (2030, 0, 3), (2031, 1, 1), (2033, 4, 1)],
)
def test_the_day_beside_the_national_day_makes_the_longest_rest(year: int, weekday: int, neighbour: int) -> None:
    assert date(year, 9, 2).weekday() == weekday
    assert date(year, 9, neighbour) in {one.day for one in proposal(year) if one.name_vi == "Quốc khánh (ngày liền kề)"}


def test_the_first_and_the_last_day_of_a_table_may_be_listed() -> None:
    rows = [_row(date="2026-01-01"), _row(date="2026-12-31")]
    calendar = WorkingCalendar.of({"version": "t", "first": "2026-01-01", "last": "2026-12-31", "holidays": rows})
    assert not calendar.is_working(date(2026, 12, 31))


def test_the_culture_day_begins_in_2026() -> None:
    assert date(2025, 11, 24) not in {one.day for one in proposal(2025)}


def test_a_calendar_file_is_read_from_its_bytes() -> None:
    data = ("\ufeff" + json.dumps(PACKAGED, ensure_ascii=False)).encode()
    assert read_calendar(data) == CALENDAR


def _row(**changed: Any) -> dict[str, Any]:
    return {"date": "2026-03-02", "name": "Ngày mẫu", "kind": "statutory", "status": "official", **changed}


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([_row(), _row()], "Ngày 2026-03-02: ghi hai lần."),
        ([_row(date="2027-01-01")], "Ngày 2027-01-01: nằm ngoài khoảng 2026-01-01 đến 2026-12-31."),
        ([_row(date="2/3/2026")], "«date: 2/3/2026» không phải là ngày dạng 2026-11-24."),
        ([_row(name="")], "Ngày 2026-03-02: thiếu tên ngày nghỉ («name»)."),
        ([_row(kind="lễ")], "Ngày 2026-03-02: không có loại «lễ»; chọn statutory, compensatory, swap_off, swap_work."),
        ([_row(status="chắc")], "Ngày 2026-03-02: không có mức chắc chắn «chắc»; chọn official"),
        ([_row(kind="swap_work")], "Ngày 2026-03-02: ngày làm bù phải là thứ Bảy hoặc Chủ Nhật."),
        ([_row(date="2026-03-07", kind="swap_off")], "Ngày 2026-03-07: ngày hoán đổi được nghỉ phải là ngày từ thứ Hai"),
        (["2026-03-02"], "«holidays» phải là danh sách các ngày."),
        (None, "«holidays» phải là danh sách các ngày."),
    ],
)
def test_a_faulty_row_is_told_in_words(rows: Any, told: str) -> None:
    with pytest.raises(CalendarFileError) as caught:
        WorkingCalendar.of({"version": "t", "first": "2026-01-01", "last": "2026-12-31", "holidays": rows})
    assert told in caught.value.message_vi
    assert (caught.value.code, bool(caught.value.cure_vi)) == ("calendar_file", True)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(CalendarFileError) as caught:
        WorkingCalendar.of({"first": "hôm nay", "last": "2026-12-31", "holidays": [_row(kind="x"), _row(status="y")]})
    assert len(caught.value.faults) >= 4


@pytest.mark.parametrize(("data", "told"), [(b"{", "JSON"), (b"\xff\xfe", "JSON"), (b"[]", "một nhóm")])
def test_another_kind_of_file_is_refused(data: bytes, told: str) -> None:
    with pytest.raises(CalendarFileError) as caught:
        read_calendar(data)
    assert told in caught.value.message_vi


def test_a_listed_day_says_whether_it_is_worked() -> None:
    assert Special(date(2026, 8, 22), "Làm bù", "swap_work", "official").works
    assert CALENDAR.provisional_years == {2027, 2028}
