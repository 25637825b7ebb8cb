"""The same schedules on the kiosk's real, encrypted store: the suite's share."""

from __future__ import annotations

from kiosk.simulate.runner import play_seeds

SCHEDULES = 300


def test_no_schedule_on_the_real_store_breaks_an_invariant() -> None:
    report = play_seeds(range(SCHEDULES), "sqlite")
    assert not report.failures, "\n".join((report.failures[0].what, *report.failures[0].story))
    assert report.schedules == SCHEDULES
