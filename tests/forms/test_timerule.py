"""The time group of a procedure file: what may stand in it, and how a mistake is told."""

from __future__ import annotations

from typing import Any

import pytest

from forms.deadlines.timerule import Extension, Stage, Step, read_time


def test_days_text_and_extension_are_read() -> None:
    rule = read_time(
        {
            "rule": "working_days",
            "days": 3,
            "text_vi": "03 ngày làm việc",
            "extension": {"days": 3, "unit": "working_days", "when_vi": "cần xác minh"},
        }
    )
    assert (rule.kind, rule.days, rule.text_vi) == ("working_days", 3, "03 ngày làm việc")
    assert rule.extension == Extension(3, "working_days", "added", "cần xác minh")


def test_the_extension_of_a_same_day_procedure_is_the_whole_limit_unless_it_says_otherwise() -> None:
    extension = {"days": 5, "unit": "working_days"}
    assert read_time({"rule": "same_day_15h", "extension": extension}).extension == Extension(5, "working_days", "total")
    added = read_time({"rule": "same_day_15h", "extension": {**extension, "counts": "added"}})
    assert added.extension == Extension(5, "working_days", "added")


def test_stages_and_steps_keep_their_order() -> None:
    rule = read_time(
        {
            "rule": "stages",
            "stages": [{"where_vi": "xã", "days": 3}, {"where_vi": "tỉnh", "days": 5}],
            "steps": [{"name_vi": "Tiếp nhận", "quarters": 1}, {"name_vi": "Thụ lý", "quarters": 31}, {"name_vi": "Trả kết quả"}],
        }
    )
    assert rule.stages == (Stage("xã", 3), Stage("tỉnh", 5))
    assert rule.steps == (Step("Tiếp nhận", 1), Step("Thụ lý", 31), Step("Trả kết quả", 0))


def test_hours_and_quarters_are_read() -> None:
    assert read_time({"rule": "hours", "hours": 8}).hours == 8
    assert read_time({"rule": "quarter_days", "quarters": 5}).quarters == 5
    assert read_time({"rule": "unknown"}).kind == "unknown"


def test_a_limit_in_days_may_count_from_the_next_day_after_15_00() -> None:
    assert read_time({"rule": "working_days", "days": 3, "next_day_after_15h": True}).next_day_after_15h
    assert not read_time({"rule": "working_days", "days": 3}).next_day_after_15h


@pytest.mark.parametrize(
    ("data", "names"),
    [
        ({"rule": "working_days", "days": 3, "next_day_after_15h": "15:00"}, "next_day_after_15h"),
        ({"rule": "same_day_15h", "next_day_after_15h": True}, "next_day_after_15h"),
        ({}, "None"),
        ({"rule": "soon"}, "soon"),
        ({"rule": "unknown", "day": 3}, "day"),
        ({"rule": "working_days"}, "days"),
        ({"rule": "working_days", "days": 0}, "days"),
        ({"rule": "working_days", "days": True}, "days"),
        ({"rule": "working_days", "days": "3"}, "days"),
        ({"rule": "hours"}, "hours"),
        ({"rule": "quarter_days", "quarters": -1}, "quarters"),
        ({"rule": "stages"}, "stages"),
        ({"rule": "working_days", "days": 3, "stages": [{"where_vi": "xã", "days": 3}]}, "stages"),
        ({"rule": "stages", "stages": [{"days": 3}]}, "where_vi"),
        ({"rule": "stages", "stages": ["xã"]}, "stages"),
        ({"rule": "working_days", "days": 1, "steps": [{"name_vi": "Tiếp nhận", "quarters": 3}]}, "3 phần tư"),
        ({"rule": "same_day_15h", "extension": "5"}, "extension"),
        ({"rule": "same_day_15h", "extension": {"days": 5, "unit": "hours"}}, "unit"),
        ({"rule": "same_day_15h", "extension": {"unit": "working_days"}}, "days"),
        ({"rule": "same_day_15h", "extension": {"days": 5, "unit": "working_days", "counts": "maybe"}}, "counts"),
    ],
)
def test_a_mistake_is_told_by_its_key(data: dict[str, Any], names: str) -> None:
    with pytest.raises(ValueError, match=names):
        read_time(data)
