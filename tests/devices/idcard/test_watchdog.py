"""The watchdog: nothing waits for a call that does not come back."""

from __future__ import annotations

import threading

import pytest

from devices.idcard.watchdog import Watchdog
from tests.devices.idcard.waiting import until


def test_a_result_comes_back_and_so_does_an_error() -> None:
    watchdog = Watchdog("card-test")
    assert watchdog.run(lambda: 41 + 1, 1) == 42
    with pytest.raises(ZeroDivisionError):
        watchdog.run(lambda: 1 // 0, 1)
    assert watchdog.run(lambda: threading.current_thread().name, 1) == "card-test"


def test_a_call_that_hangs_is_given_up_further_calls_at_once_and_all_is_well_when_it_ends() -> None:
    watchdog = Watchdog("card-test")
    release, cleaned = threading.Event(), threading.Event()
    with pytest.raises(TimeoutError):
        watchdog.run(release.wait, 0.05)
    assert watchdog.stuck
    with pytest.raises(TimeoutError):
        watchdog.run(lambda: None, 60)
    watchdog.post(cleaned.set)
    assert not cleaned.is_set()
    release.set()
    until(cleaned.is_set)
    assert watchdog.run(lambda: "again", 1) == "again"


def test_what_posted_clean_up_raises_is_nobodys_business() -> None:
    watchdog = Watchdog("card-test")
    watchdog.post(lambda: 1 // 0)
    assert watchdog.run(lambda: "well", 1) == "well"
