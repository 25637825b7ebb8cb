"""Limits in hours, quarter days, stages and steps, and the extension for verification: hand-worked on the calendar of 2026–2030."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.deadlines.calendar import VIETNAM, Special, WorkingCalendar
from forms.deadlines.deadline import DeadlineError, Due, OfficeHours, due, extended, step_dues
from forms.deadlines.holidays import proposal
from forms.deadlines.timerule import Extension, Stage, Step, TimeRule

CALENDAR = WorkingCalendar.load()
HOURS = OfficeHours()
EIGHT_HOURS = OfficeHours(((time(7, 30), time(11, 30)), (time(13, 30), time(17, 30))))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


def after(rule: TimeRule, received: str, hours: OfficeHours = HOURS) -> Due:
    return due(rule, at(received), CALENDAR, hours)


@pytest.mark.parametrize(
    ("hours", "received", "wanted"),
    [
        (2, "2026-11-25T09:00", "2026-11-25T11:00"),
        (2, "2026-11-25T10:30", "2026-11-25T14:30"),
        (1, "2026-11-25T10:30", "2026-11-25T11:30"),
        (8, "2026-11-25T16:30", "2026-11-26T17:00"),
        (2, "2026-11-27T16:30", "2026-11-30T09:00"),
        (2, "2026-11-27T19:00", "2026-11-30T09:30"),
        (2, "2026-02-13T16:00", "2026-02-23T08:30"),
        (8, "2026-11-23T16:30", "2026-11-25T17:00"),
        (2, "2026-08-21T16:30", "2026-08-22T09:00"),
    ],
)
def test_hours_are_spent_only_while_the_office_is_open(hours: int, received: str, wanted: str) -> None:
    assert after(TimeRule("hours", hours=hours), received).due == at(wanted)


@pytest.mark.parametrize(
    ("quarters", "office", "received", "wanted"),
    [
        (1, EIGHT_HOURS, "2026-11-25T10:30", "2026-11-25T14:30"),
        (1, HOURS, "2026-11-25T10:30", "2026-11-25T14:22:30"),
        (4, HOURS, "2026-11-25T10:30", "2026-11-26T10:30"),
        (5, EIGHT_HOURS, "2026-11-27T15:30", "2026-11-30T17:30"),
        (2, EIGHT_HOURS, "2026-11-23T15:30", "2026-11-25T09:30"),
    ],
)
def test_a_quarter_day_is_a_fourth_of_that_offices_day(quarters: int, office: OfficeHours, received: str, wanted: str) -> None:
    assert after(TimeRule("quarter_days", quarters=quarters), received, office).due == at(wanted)


def test_each_day_tells_how_much_of_it_was_spent() -> None:
    found = after(TimeRule("hours", hours=2), "2026-11-23T16:00")
    assert [(day.date.day, day.counted, day.why) for day in found.days] == [
        (23, True, "Tính 1 giờ"),
        (24, False, "Ngày Văn hóa Việt Nam"),
        (25, True, "Tính 1 giờ"),
    ]
    assert found.duration_vi == "02 giờ làm việc"


def test_quarters_are_told_as_decimal_days() -> None:
    assert after(TimeRule("quarter_days", quarters=5), "2026-11-25T09:00").duration_vi == "1,25 ngày làm việc"
    assert after(TimeRule("quarter_days", quarters=8), "2026-11-25T09:00").duration_vi == "2 ngày làm việc"


@pytest.mark.parametrize("rule", [TimeRule("hours"), TimeRule("quarter_days")])
def test_a_limit_in_time_needs_time(rule: TimeRule) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        after(rule, "2026-11-25T09:00")


@settings(max_examples=60)
@given(st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 1)), st.integers(1, 12))  # noqa: DTZ001 - zone added below
def test_four_quarters_are_the_same_time_a_working_day_later(moment: datetime, days: int) -> None:
    whole = due(TimeRule("quarter_days", quarters=4 * days), moment.replace(tzinfo=VIETNAM), CALENDAR, HOURS).due
    part = due(TimeRule("quarter_days", quarters=4 * days - 1), moment.replace(tzinfo=VIETNAM), CALENDAR, HOURS).due
    rest = due(TimeRule("quarter_days", quarters=1), part, CALENDAR, HOURS).due
    assert rest == whole
    assert CALENDAR.is_working(whole.date())


def test_stages_follow_each_other() -> None:
    found = after(TimeRule("stages", stages=(Stage("xã", 3), Stage("tỉnh", 5))), "2026-11-25T09:00")
    assert [(stage.where_vi, stage.due) for stage in found.stages] == [
        ("xã", at("2026-11-30T17:00")),
        ("tỉnh", at("2026-12-07T17:00")),
    ]
    assert found.due == at("2026-12-07T17:00")
    assert sum(day.counted for day in found.days) == 8
    assert found.duration_vi == "08 ngày làm việc (xã 03, tỉnh 05)"


def test_steps_of_a_process_end_one_after_the_other_and_the_last_has_no_limit() -> None:
    steps = tuple(Step(f"Bước {number}", quarters) for number, quarters in enumerate((1, 1, 2, 1, 1, 1, 5, 0), start=1))
    found = step_dues(TimeRule("working_days", 3, steps=steps), at("2026-11-30T07:30"), CALENDAR, EIGHT_HOURS)
    assert [step.due for step in found] == [
        at("2026-11-30T09:30"),
        at("2026-11-30T11:30"),
        at("2026-11-30T17:30"),
        at("2026-12-01T09:30"),
        at("2026-12-01T11:30"),
        at("2026-12-01T15:30"),
        at("2026-12-02T17:30"),
        None,
    ]
    assert found[0].name_vi == "Bước 1"


def test_verification_may_replace_the_limit_or_be_added_to_it() -> None:
    marriage = TimeRule("same_day_15h", extension=Extension(5, "working_days", "total"))
    received, promised = at("2026-11-25T09:00"), at("2026-11-25T17:00")
    assert extended(marriage, received, promised, CALENDAR, HOURS).due == at("2026-12-02T17:00")
    correction = TimeRule("working_days", 3, extension=Extension(3, "working_days", "added"))
    found = extended(correction, received, at("2026-11-30T17:00"), CALENDAR, HOURS)
    assert (found.due, found.duration_vi) == (at("2026-12-03T17:00"), "Thêm 03 ngày làm việc")
    assert found.days[0].why == "Hạn trước khi kéo dài"
    longer = TimeRule("working_days", 3, extension=Extension(6, "calendar_days", "added"))
    assert extended(longer, received, at("2026-11-30T17:00"), CALENDAR, HOURS).due == at("2026-12-07T17:00"), "6/12 is a Sunday"


def test_a_rule_without_an_extension_grants_none() -> None:
    with pytest.raises(DeadlineError):
        extended(TimeRule("same_day_15h"), at("2026-11-25T09:00"), at("2026-11-25T17:00"), CALENDAR, HOURS)


def test_days_outside_office_hours_lead_to_the_next_session() -> None:
    friday_evening = after(TimeRule("working_days", 1), "2026-11-27T18:00")
    assert friday_evening.due == at("2026-12-01T17:00"), "received on Monday, due on Tuesday"
    eve_of_tet = after(TimeRule("same_day_15h"), "2026-02-13T17:30")
    assert eve_of_tet.due == at("2026-02-23T17:00")
    assert [day.why for day in eve_of_tet.days][:3] == [
        "Ngoài giờ làm việc, tính từ buổi làm việc sau",
        "Thứ Bảy",
        "Chủ Nhật",
    ]


def test_tet_of_2030_falls_by_the_moon_over_vietnam() -> None:
    special = {day.day: Special(day.day, day.name_vi, day.kind, day.status) for day in proposal(2030)}
    calendar = WorkingCalendar("vn-2030.0", date(2030, 1, 1), date(2030, 12, 31), special)
    found = due(TimeRule("working_days", 1), at("2030-01-30T09:00"), calendar, HOURS)
    assert found.due == at("2030-02-07T17:00"), "off from Thursday 31/1, two days before mùng 1 on 2/2, to Wednesday 6/2"
    assert found.provisional_years == (2030,)


def test_only_years_that_wait_for_a_decision_are_flagged() -> None:
    assert after(TimeRule("working_days", 3), "2026-12-28T09:00").provisional_years == ()
    assert after(TimeRule("working_days", 5), "2026-12-30T09:00").provisional_years == (2027,)


def test_office_hours_are_read_from_text() -> None:
    assert OfficeHours.parse("07:30-11:30, 13:30-17:00") == HOURS
    assert EIGHT_HOURS.length == timedelta(hours=8)
    for text in ("", "8-12", "07:30", "13:00-11:00", "07:30-11:30,09:00-10:00"):
        with pytest.raises(ValueError, match=r".+"):
            OfficeHours.parse(text)
