"""How far the wall clock is believed: own events certainly happened, a signed server time of this boot outranks them."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.machine import Machine
from kiosk.usecases import file_dossier
from sync.clock import CHECKED, DRIFTED, UNKNOWN, ServerMark
from tests.kiosk.machines import MOTHERS_CARD, PROCEDURE, ToldClock, filled_session, make_machine

HOUR = 3600.0
DAY = 24 * HOUR


@pytest.fixture
def clock() -> ToldClock:
    return ToldClock()


@pytest.fixture
def machine(tmp_path: Path, clock: ToldClock) -> Machine:
    machine = make_machine(tmp_path, clock)
    learn(machine)
    return machine


def learn(machine: Machine, wrong_by: float = 0.0) -> None:
    """A signed server time arrives; the wall clock is ``wrong_by`` seconds ahead of it."""
    now = machine.store.clock.reading()
    with machine.store.transaction():
        machine.store.learn_time(ServerMark(now.wall_ms - int(wrong_by * 1000), now.mono, now.boot))


def file_one(machine: Machine) -> None:
    file_dossier(machine, PROCEDURE, filled_session(), MOTHERS_CARD)


def reboot(clock: ToldClock) -> None:
    clock.boot, clock.mono = clock.boot + "+", 0.0


def test_a_clock_that_stands_before_the_last_own_event_is_unknown(machine: Machine, clock: ToldClock) -> None:
    clock.advance(6 * HOUR)
    file_one(machine)
    reboot(clock)
    assert machine.store.clock_quality() == DRIFTED
    clock.at -= 3 * HOUR
    assert machine.store.clock_quality() == UNKNOWN


def test_own_events_carry_trust_over_days_without_a_line(machine: Machine, clock: ToldClock) -> None:
    for _ in range(3):
        reboot(clock)
        clock.advance(20 * HOUR)
        assert machine.store.clock_quality() == DRIFTED
        file_one(machine)


def test_one_event_far_ahead_does_not_poison_the_right_time(machine: Machine, clock: ToldClock) -> None:
    reboot(clock)
    clock.at += 40 * DAY
    file_one(machine)
    clock.at -= 40 * DAY
    assert machine.store.clock_quality() == DRIFTED
    learn(machine)
    assert machine.store.clock_quality() == CHECKED


def test_under_a_signed_time_of_this_boot_the_mark_rules(machine: Machine, clock: ToldClock) -> None:
    reboot(clock)
    clock.at += 20 * HOUR
    file_one(machine)
    clock.at -= 20 * HOUR
    assert machine.store.clock_quality() == UNKNOWN
    learn(machine)
    assert machine.store.clock_quality() == CHECKED
    reboot(clock)
    assert machine.store.clock_quality() == DRIFTED


def test_an_event_is_noted_at_the_signed_time_when_the_wall_clock_is_wrong(machine: Machine, clock: ToldClock) -> None:
    clock.at += 5 * HOUR
    file_one(machine)
    clock.at -= 5 * HOUR
    reboot(clock)
    assert machine.store.clock_quality() == DRIFTED
