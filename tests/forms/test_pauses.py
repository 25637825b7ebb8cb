"""While the clock stands: supplements and financial duties, across holidays, in both ways of counting."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.deadlines.calendar import VIETNAM, WorkingCalendar
from forms.deadlines.deadline import ClockRule, ClockStands, Due, OfficeHours, Pause, due, due_after_pause
from forms.deadlines.timerule import TimeRule

CALENDAR = WorkingCalendar.load()
HOURS = OfficeHours()
THREE_DAYS = TimeRule("working_days", 3)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


def pause(start: str, end: str) -> Pause:
    return Pause(at(start), at(end))


def after(rule: TimeRule, received: str, *paused: Pause) -> Due:
    return due(rule, at(received), CALENDAR, HOURS, paused)


def test_a_supplement_across_a_holiday_takes_out_only_the_working_day() -> None:
    assert after(THREE_DAYS, "2026-11-20T09:00").due == at("2026-11-26T17:00")
    found = after(THREE_DAYS, "2026-11-20T09:00", pause("2026-11-23T10:00", "2026-11-25T09:00"))
    assert found.due == at("2026-11-27T17:00")
    assert [(day.date.day, day.counted, day.why) for day in found.days][3:] == [
        (23, True, "Thứ Hai"),
        (24, False, "Ngày Văn hóa Việt Nam"),
        (25, False, "Chờ bổ sung hồ sơ"),
        (26, True, "Thứ Năm"),
        (27, True, "Thứ Sáu"),
    ]


def test_a_pause_within_one_day_moves_nothing() -> None:
    assert after(THREE_DAYS, "2026-11-20T09:00", pause("2026-11-25T08:00", "2026-11-25T16:00")).due == at("2026-11-26T17:00")


def test_a_pause_that_begins_on_the_last_day_moves_the_due_date() -> None:
    found = after(THREE_DAYS, "2026-11-20T09:00", pause("2026-11-26T10:00", "2026-11-30T09:00"))
    assert found.due == at("2026-11-30T17:00")
    assert found.days[-1].counted is False


def test_pauses_that_overlap_count_once() -> None:
    one, other = pause("2026-11-23T10:00", "2026-11-26T09:00"), pause("2026-11-25T08:00", "2026-11-27T09:00")
    both = after(THREE_DAYS, "2026-11-20T09:00", other, one)
    assert both.due == after(THREE_DAYS, "2026-11-20T09:00", pause("2026-11-23T10:00", "2026-11-27T09:00")).due
    assert both.due == at("2026-12-01T17:00")


def test_a_night_or_a_rest_day_of_waiting_takes_nothing_out() -> None:
    night = pause("2026-11-25T18:00", "2026-11-26T06:00")
    assert after(THREE_DAYS, "2026-11-20T09:00", night).due == at("2026-11-26T17:00")
    holiday = pause("2026-11-24T08:00", "2026-11-24T18:00")
    assert after(THREE_DAYS, "2026-11-20T09:00", holiday).due == at("2026-11-26T17:00")


def test_a_clock_that_still_stands_promises_nothing() -> None:
    with pytest.raises(ClockStands) as caught:
        after(THREE_DAYS, "2026-11-20T09:00", Pause(at("2026-11-23T10:00"), None, "Chờ nộp thuế"))
    assert caught.value.code == "clock_stands"
    assert caught.value.message_vi == "Thời hạn đang dừng từ 10:00 ngày 23/11/2026: Chờ nộp thuế."
    assert caught.value.cure_vi


def test_calendar_days_of_waiting_are_taken_out_too() -> None:
    ten_days = TimeRule("calendar_days", 10)
    assert after(ten_days, "2026-11-25T09:00").due == at("2026-12-07T17:00"), "5/12 is a Saturday"
    assert after(ten_days, "2026-11-25T09:00", pause("2026-11-27T10:00", "2026-12-01T09:00")).due == at("2026-12-09T17:00")


def test_hours_stand_to_the_minute() -> None:
    four_hours = TimeRule("hours", hours=4)
    assert after(four_hours, "2026-11-25T08:00").due == at("2026-11-25T14:00")
    found = after(four_hours, "2026-11-25T08:00", pause("2026-11-25T09:00", "2026-11-25T10:15"))
    assert found.due == at("2026-11-25T15:15")
    overnight = after(four_hours, "2026-11-25T08:00", pause("2026-11-25T11:00", "2026-11-26T09:00"))
    assert overnight.due == at("2026-11-26T10:00")
    assert [day.why for day in overnight.days] == ["Tính 3 giờ", "Tính 1 giờ"]


def test_a_day_spent_waiting_says_so() -> None:
    found = after(TimeRule("hours", hours=4), "2026-11-25T16:00", pause("2026-11-25T16:30", "2026-11-27T09:00"))
    assert [(day.date.day, day.counted, day.why) for day in found.days] == [
        (25, True, "Tính 30 phút"),
        (26, False, "Chờ bổ sung hồ sơ"),
        (27, True, "Tính 3 giờ 30 phút"),
    ]


def test_hours_of_overlapping_pauses_stand_once() -> None:
    one, other = pause("2026-11-25T09:00", "2026-11-25T10:30"), pause("2026-11-25T10:00", "2026-11-25T11:00")
    rule = TimeRule("hours", hours=4)
    assert after(rule, "2026-11-25T08:00", other, one).due == at("2026-11-25T16:00")
    inner = pause("2026-11-25T09:15", "2026-11-25T09:30")
    assert after(rule, "2026-11-25T08:00", one, inner).due == at("2026-11-25T15:30")
    moved = due_after_pause(rule, at("2026-11-25T14:00"), [one, other], ClockRule.SUBTRACT, CALENDAR, HOURS)
    assert moved.due == at("2026-11-25T16:00")


def test_a_same_day_procedure_begins_anew_when_the_supplement_comes() -> None:
    rule = TimeRule("same_day_15h")
    assert after(rule, "2026-11-23T09:00", pause("2026-11-23T10:00", "2026-11-25T15:00")).due == at("2026-11-25T17:00")
    found = after(rule, "2026-11-23T09:00", pause("2026-11-23T10:00", "2026-11-25T15:01"))
    assert found.due == at("2026-11-26T17:00")
    assert [(day.date.day, day.counted, day.why) for day in found.days] == [
        (23, False, "Chờ bổ sung hồ sơ"),
        (24, False, "Ngày Văn hóa Việt Nam"),
        (25, False, "Nhận sau 15 giờ"),
        (26, True, "Ngày làm việc tiếp theo"),
    ]


def test_after_a_pause_the_limit_restarts_or_the_waiting_is_taken_out() -> None:
    waited = [pause("2026-11-23T10:00", "2026-11-25T09:00")]
    promised = at("2026-11-26T17:00")
    restarted = due_after_pause(THREE_DAYS, promised, waited, ClockRule.RESTART, CALENDAR, HOURS)
    assert restarted.due == at("2026-11-30T17:00"), "26, 27, 30"
    subtracted = due_after_pause(THREE_DAYS, promised, waited, ClockRule.SUBTRACT, CALENDAR, HOURS)
    assert (subtracted.due, subtracted.duration_vi) == (at("2026-11-27T17:00"), "Dừng 1 ngày")
    assert subtracted.days[0].why == "Hạn trước khi dừng"


def test_a_date_set_by_hand_is_moved_too() -> None:
    moved = due_after_pause(
        TimeRule("unknown"),
        at("2026-12-10T17:00"),
        [pause("2026-11-26T10:00", "2026-11-30T09:00")],
        ClockRule.SUBTRACT,
        CALENDAR,
        HOURS,
    )
    assert moved.due == at("2026-12-14T17:00"), "27/11 and 30/11 were waited; 10/12 is a Thursday"


def test_a_pause_after_the_due_date_excuses_nothing() -> None:
    late = [pause("2026-12-01T10:00", "2026-12-03T09:00")]
    assert due_after_pause(THREE_DAYS, at("2026-11-26T17:00"), late, ClockRule.SUBTRACT, CALENDAR, HOURS).due == at(
        "2026-11-26T17:00"
    )


def test_a_promised_hour_moves_by_the_working_time_that_stood() -> None:
    waited = [pause("2026-11-25T11:00", "2026-11-26T09:00")]
    rule = TimeRule("hours", hours=4)
    moved = due_after_pause(rule, at("2026-11-25T14:00"), waited, ClockRule.SUBTRACT, CALENDAR, HOURS)
    assert moved.due == at("2026-11-26T10:00"), "5 hours and a half of office time stood"


def test_no_pause_moves_nothing() -> None:
    with pytest.raises(ValueError, match="after a pause"):
        due_after_pause(THREE_DAYS, at("2026-11-26T17:00"), [], ClockRule.SUBTRACT, CALENDAR, HOURS)


moments = st.integers(0, 970 * 1440).map(lambda minutes: datetime(2026, 1, 1, tzinfo=VIETNAM) + timedelta(minutes=minutes))


@settings(max_examples=150)
@given(moments, st.integers(1, 20), st.integers(0, 20 * 1440), st.integers(0, 20 * 1440))
def test_shifting_a_promise_equals_counting_again(received: datetime, days: int, waits: int, lasts: int) -> None:
    rule = TimeRule("working_days", days)
    promised = due(rule, received, CALENDAR, HOURS)
    start = received + timedelta(minutes=waits)
    if start < promised.due:
        paused = [Pause(start, start + timedelta(minutes=lasts))]
        again = due(rule, received, CALENDAR, HOURS, paused)
        assert again.due == due_after_pause(rule, promised.due, paused, ClockRule.SUBTRACT, CALENDAR, HOURS).due
        assert again.due >= promised.due
        assert sum(day.counted for day in again.days) == days


@settings(max_examples=80)
@given(moments, st.integers(1, 40), st.integers(0, 3 * 1440), st.integers(0, 5 * 1440))
def test_hours_again_too(received: datetime, hours: int, waits: int, lasts: int) -> None:
    rule = TimeRule("hours", hours=hours)
    promised = due(rule, received, CALENDAR, HOURS).due
    start = received + timedelta(minutes=waits)
    if start < promised:
        paused = [Pause(start, start + timedelta(minutes=lasts))]
        again = due(rule, received, CALENDAR, HOURS, paused).due
        assert again == due_after_pause(rule, promised, paused, ClockRule.SUBTRACT, CALENDAR, HOURS).due
