"""Schedules over the real merge of ``forms``: the suite's share, its second half."""

from __future__ import annotations

from kiosk.simulate.runner import play_seeds

SEEDS = range(1500, 3000)


def test_no_schedule_over_the_real_merge_breaks_an_invariant() -> None:
    report = play_seeds(SEEDS, "office")
    assert not report.failures, "\n".join((report.failures[0].what, *report.failures[0].story))
    assert report.schedules == len(SEEDS)
