"""The same work by line, by sticks and by any mix: the suite's share of ``main.py simulate --mix``."""

from __future__ import annotations

from kiosk.simulate.runner import play_seeds

SCHEDULES = 40


def test_however_work_is_carried_the_province_ends_in_the_same_state() -> None:
    report = play_seeds(range(SCHEDULES), "mix")
    assert not report.failures, "\n".join((report.failures[0].what, *report.failures[0].story))
    assert report.schedules == SCHEDULES
