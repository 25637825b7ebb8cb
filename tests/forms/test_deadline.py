"""Working days and due dates: the announced calendar, the 15:00 rule, office hours, and days one by one."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.deadlines.calendar import VIETNAM, CalendarError, WorkingCalendar
from forms.deadlines.deadline import DeadlineError, Due, OfficeHours, TimeRule, counts_from, due, extended
from forms.procedures.catalogue import load_catalogue

CALENDAR = WorkingCalendar.load()
HOURS = OfficeHours()
SAME_DAY = TimeRule("same_day_15h")
VECTORS = json.loads((Path(__file__).parent / "data" / "deadline_vectors.json").read_text("utf-8"))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


def same_day(text: str) -> Due:
    return due(SAME_DAY, at(text), CALENDAR, HOURS)


def days(count: int, text: str) -> Due:
    return due(TimeRule("working_days", count), at(text), CALENDAR, HOURS)


@pytest.mark.parametrize("vector", VECTORS["test_vectors_working_days"], ids=lambda vector: vector["received"])
def test_working_days_follow_the_vectors(vector: dict[str, Any]) -> None:
    assert days(vector["working_days"], vector["received"]).due.date().isoformat() == vector["due_date"]


@pytest.mark.parametrize("vector", VECTORS["test_vectors_same_day_15h"], ids=lambda vector: vector["received"])
def test_the_same_day_rule_follows_the_vectors(vector: dict[str, Any]) -> None:
    assert same_day(vector["received"]).due.date().isoformat() == vector["due_date"]


@pytest.mark.parametrize(
    ("received", "wanted"),
    [
        ("2026-11-25T15:00:00", "2026-11-25T17:00"),
        ("2026-11-25T15:00:59", "2026-11-25T17:00"),
        ("2026-11-25T15:01:00", "2026-11-26T17:00"),
        ("2026-11-25T07:29", "2026-11-25T17:00"),
        ("2026-11-25T12:30", "2026-11-25T17:00"),
        ("2026-11-25T17:00", "2026-11-26T17:00"),
        ("2026-11-25T23:59", "2026-11-26T17:00"),
        ("2026-11-26T00:30", "2026-11-26T17:00"),
        ("2026-11-27T16:00", "2026-11-30T17:00"),
        ("2026-11-28T09:00", "2026-11-30T17:00"),
        ("2026-11-24T10:00", "2026-11-25T17:00"),
        ("2026-08-22T10:00", "2026-08-22T17:00"),
        ("2026-08-31T10:00", "2026-09-03T17:00"),
    ],
)
def test_a_same_day_result_is_due_at_the_end_of_that_or_the_next_working_day(received: str, wanted: str) -> None:
    assert same_day(received).due == at(wanted)


@pytest.mark.parametrize(
    ("received", "wanted"),
    [
        ("2026-11-26T15:00", "2026-12-01T17:00"),
        ("2026-11-26T15:01", "2026-12-02T17:00"),
        ("2026-11-27T15:30", "2026-12-03T17:00"),
        ("2026-11-27T18:00", "2026-12-03T17:00"),
        ("2026-08-21T16:00", "2026-08-26T17:00"),
    ],
)
def test_interlinked_procedures_received_after_15_00_count_as_received_the_next_working_day(received: str, wanted: str) -> None:
    rule = load_catalogue().shown("2.000986", date(2026, 11, 24)).time
    assert due(rule, at(received), CALENDAR, HOURS).due == at(wanted)


def test_verification_of_an_interlinked_procedure_counts_from_the_same_day() -> None:
    rule = load_catalogue().shown("2.000986", date(2026, 11, 24)).time
    received, frozen = at("2026-11-26T15:30"), at("2026-12-02T17:00")
    assert extended(rule, received, frozen, CALENDAR, HOURS).due == at("2026-12-04T17:00")


def test_the_day_a_late_filing_waits_is_told_with_its_reason() -> None:
    rule = TimeRule("working_days", 1, next_day_after_15h=True)
    told = [(day.date.day, day.counted, day.why) for day in due(rule, at("2026-11-23T15:30"), CALENDAR, HOURS).days]
    assert told == [
        (23, False, "Nhận sau 15 giờ, tính từ ngày làm việc tiếp theo"),
        (24, False, "Ngày Văn hóa Việt Nam"),
        (25, False, "Ngày nhận hồ sơ không tính"),
        (26, True, "Thứ Năm"),
    ]


def test_filing_on_a_rest_day_counts_from_the_next_session() -> None:
    assert counts_from(at("2026-11-28T09:00"), CALENDAR, HOURS) == at("2026-11-30T07:30")
    assert counts_from(at("2026-11-30T12:00"), CALENDAR, HOURS) == at("2026-11-30T13:30")
    assert counts_from(at("2026-11-30T11:30"), CALENDAR, HOURS) == at("2026-11-30T13:30")
    assert counts_from(at("2026-11-30T17:00"), CALENDAR, HOURS) == at("2026-12-01T07:30")
    assert counts_from(at("2026-11-30T16:59"), CALENDAR, HOURS) == at("2026-11-30T16:59")
    assert days(1, "2026-11-28T09:00").due == at("2026-12-01T17:00")


def test_the_moment_may_come_in_another_time_zone_but_not_without_one() -> None:
    utc = datetime(2026, 11, 25, 8, 1, tzinfo=UTC)
    assert due(SAME_DAY, utc, CALENDAR, HOURS).due == at("2026-11-26T17:00")
    assert due(SAME_DAY, utc, CALENDAR, HOURS).due.utcoffset() == timedelta(hours=7)
    with pytest.raises(ValueError, match="time zone"):
        due(SAME_DAY, datetime(2026, 11, 25, 8, 1), CALENDAR, HOURS)  # noqa: DTZ001 - the mistake under test


def test_every_day_on_the_way_says_why_it_counted_or_not() -> None:
    found = days(3, "2026-11-23T08:00")
    assert [(day.date.day, day.counted, day.why) for day in found.days] == [
        (23, False, "Ngày nhận hồ sơ không tính"),
        (24, False, "Ngày Văn hóa Việt Nam"),
        (25, True, "Thứ Tư"),
        (26, True, "Thứ Năm"),
        (27, True, "Thứ Sáu"),
    ]
    assert (found.duration_vi, found.calendar) == ("03 ngày làm việc", CALENDAR.version)


def test_a_made_up_saturday_counts_and_is_named() -> None:
    assert [(day.date.isoformat(), day.counted, day.why) for day in days(1, "2026-08-21T08:00").days][-1] == (
        "2026-08-22",
        True,
        "Làm bù (Quốc khánh)",
    )


def test_a_late_same_day_filing_tells_about_fifteen_hours() -> None:
    found = same_day("2026-11-23T15:01")
    assert [(day.date.day, day.counted, day.why) for day in found.days] == [
        (23, False, "Nhận sau 15 giờ"),
        (24, False, "Ngày Văn hóa Việt Nam"),
        (25, True, "Ngày làm việc tiếp theo"),
    ]
    assert found.duration_vi == "Trong ngày làm việc tiếp theo"
    assert same_day("2026-11-23T09:00").duration_vi == "Trong ngày làm việc"


def test_calendar_days_ending_on_a_rest_day_move_on() -> None:
    found = due(TimeRule("calendar_days", 30), at("2026-10-25T09:00"), CALENDAR, HOURS)
    assert found.due == at("2026-11-25T17:00"), "counted from Monday 26/10; 25/11 is a Wednesday"
    found = due(TimeRule("calendar_days", 5), at("2026-11-23T09:00"), CALENDAR, HOURS)
    assert found.due == at("2026-11-30T17:00"), "28/11 is a Saturday"
    assert [day.counted for day in found.days] == [False, True, True, True, True, True, False, False]


@pytest.mark.parametrize("kind", ["unknown", "by_law", "stages"])
def test_a_rule_without_a_number_promises_nothing(kind: str) -> None:
    with pytest.raises(DeadlineError) as caught:
        due(TimeRule(kind, text_vi="theo quyết định của tỉnh"), at("2026-11-25T09:00"), CALENDAR, HOURS)
    assert caught.value.code == "no_stated_limit"
    assert "theo quyết định của tỉnh" in caught.value.message_vi


def test_a_rule_in_days_needs_days() -> None:
    with pytest.raises(ValueError, match="at least 1 day"):
        days(0, "2026-11-25T09:00")


def test_outside_the_years_of_the_table_nothing_is_guessed() -> None:
    with pytest.raises(CalendarError, match="calendar_missing"):
        CALENDAR.is_working(date(2029, 1, 2))
    with pytest.raises(CalendarError):
        days(5, "2028-12-28T09:00")


@given(st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 1)), st.integers(1, 15))  # noqa: DTZ001 - zone added below
def test_a_due_moment_is_the_close_of_a_working_day_with_the_right_number_counted(moment: datetime, count: int) -> None:
    found = due(TimeRule("working_days", count), moment.replace(tzinfo=VIETNAM), CALENDAR, HOURS)
    assert CALENDAR.is_working(found.due.date())
    assert found.due.time() == HOURS.closes
    assert sum(day.counted for day in found.days) == count
    assert all(CALENDAR.is_working(day.date) for day in found.days if day.counted)
    assert (found.days[0].date, found.days[-1].date) == (moment.date(), found.due.date())


@given(st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 1)))  # noqa: DTZ001 - zone added below
def test_a_same_day_result_is_never_due_before_it_was_received(moment: datetime) -> None:
    received = moment.replace(tzinfo=VIETNAM)
    found = due(SAME_DAY, received, CALENDAR, HOURS)
    assert found.due >= received
    assert sum(day.counted for day in found.days) == 1


def test_the_packaged_calendar_keeps_the_status_of_each_row() -> None:
    assert CALENDAR.special[date(2026, 11, 24)].status == "official"
    assert CALENDAR.special[date(2027, 2, 4)].status == "provisional"
    assert not CALENDAR.is_working(date(2026, 11, 24))


@pytest.mark.parametrize(
    "row",
    [
        {"date": "2026-01-01", "name": "x", "kind": "statutory", "status": "official"},
        {"date": "2030-01-01", "name": "x", "kind": "statutory", "status": "official"},
        {"date": "2026-03-03", "name": "x", "kind": "swap_work", "status": "official"},
        {"date": "2026-03-03", "name": "x", "kind": "holiday", "status": "official"},
    ],
)
def test_a_wrong_table_is_refused(row: dict[str, str]) -> None:
    first = {"date": "2026-01-01", "name": "Tết Dương lịch", "kind": "statutory", "status": "official"}
    with pytest.raises(ValueError, match=r"2026|2030"):
        WorkingCalendar.of({"version": "t", "first": "2026-01-01", "last": "2026-12-31", "holidays": [first, row]})


def test_office_sessions_must_be_in_order() -> None:
    with pytest.raises(ValueError, match="sessions"):
        OfficeHours(((time(13, 0), time(11, 0)),))
    with pytest.raises(ValueError, match="sessions"):
        OfficeHours(())
