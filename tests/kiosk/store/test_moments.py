"""When things were really written: dead clocks, clocks far ahead, clocks set meanwhile, sleeping machines. Stored times never
change.
"""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

import pytest

from kiosk.boots import note_boot
from kiosk.clock import HANOI, Clock
from kiosk.history import history_vi
from kiosk.machine import Machine
from kiosk.usecases import file_dossier
from sync.clock import CHECKED, DRIFTED, UNKNOWN, Reading, ServerMark, mark
from sync.envelope import decode
from tests.kiosk.machines import MOTHERS_CARD, PROCEDURE, ToldClock, filled_session, make_machine

NOW = datetime(2026, 11, 25, 8, 15, tzinfo=HANOI)
NOW_MS = int(NOW.timestamp() * 1000)


@pytest.fixture
def clock() -> ToldClock:
    return ToldClock(NOW)


@pytest.fixture
def machine(tmp_path: Path, clock: ToldClock) -> Machine:
    return make_machine(tmp_path, clock)


def learn(machine: Machine, server_ms: int) -> None:
    now = machine.store.clock.reading()
    with machine.store.transaction():
        machine.store.learn_time(ServerMark(server_ms, now.mono, now.boot))


def written(machine: Machine, n: int = 1) -> tuple[int, int]:
    """Wall time and quality as they stand in the log."""
    inc = machine.store.current()[0]
    event = decode(machine.store.lines(inc, n - 1, 1)[0].body)
    return event.wall_ms, event.quality


def shown(machine: Machine, n: int = 1) -> tuple[int, bool]:
    """The time that is shown for line ``n``, and whether it is sure."""
    inc = machine.store.current()[0]
    moment = machine.store.moment(inc, n, *written(machine, n))
    return moment.ms, moment.sure


@pytest.mark.parametrize("wrong", [datetime(1970, 1, 1, 7, tzinfo=HANOI), datetime(2099, 1, 1, tzinfo=HANOI)], ids=["1970", "2099"])
def test_work_goes_on_with_an_impossible_clock_and_the_shown_time_is_mended_later(
    tmp_path: Path, clock: ToldClock, machine: Machine, wrong: datetime
) -> None:
    learn(machine, NOW_MS)
    clock.boot, clock.mono, clock.at = "boot-2", 5.0, wrong.timestamp()
    note_boot(machine)
    assert written(machine)[1] == UNKNOWN
    assert shown(machine) == (int(wrong.timestamp() * 1000), False)
    clock.advance(3600)
    learn(machine, NOW_MS + 3 * 3_600_000)
    assert shown(machine) == (NOW_MS + 2 * 3_600_000, True)
    assert written(machine) == (int(wrong.timestamp() * 1000), UNKNOWN)


def test_a_clock_set_right_meanwhile_does_not_move_what_was_written_before(clock: ToldClock, machine: Machine) -> None:
    clock.at -= 86_400
    note_boot(machine)
    clock.advance(60)
    clock.at += 86_400
    clock.advance(60)
    learn(machine, NOW_MS + 120_000)
    assert shown(machine) == (NOW_MS, True)


@pytest.mark.parametrize("jump", [3600.0, -3600.0], ids=["ahead", "back"])
def test_a_jump_of_the_wall_clock_costs_its_trust_until_it_is_right_again(clock: ToldClock, machine: Machine, jump: float) -> None:
    learn(machine, NOW_MS)
    assert machine.store.clock_quality() == CHECKED
    clock.at += jump
    assert machine.store.clock_quality() == (DRIFTED if jump > 0 else UNKNOWN)
    note_boot(machine)
    assert shown(machine) == (NOW_MS, True)
    clock.at -= jump
    assert machine.store.clock_quality() == CHECKED


def test_a_time_learnt_before_a_sleep_holds_after_it(clock: ToldClock, machine: Machine) -> None:
    learn(machine, NOW_MS)
    clock.advance(8 * 3600)
    assert machine.store.clock_quality() == CHECKED
    note_boot(machine)
    assert shown(machine) == (NOW_MS + 8 * 3_600_000, True)


def test_the_kiosks_monotonic_clock_counts_sleep() -> None:
    assert abs(Clock().monotonic() - time.clock_gettime(time.CLOCK_BOOTTIME)) < 1


def test_a_boot_whose_time_nobody_knows_stays_as_the_machine_believed(clock: ToldClock, machine: Machine) -> None:
    note_boot(machine)
    clock.boot, clock.mono = "boot-2", 5.0
    learn(machine, NOW_MS + 9 * 3_600_000)
    assert shown(machine) == (NOW_MS, False)


def test_each_boot_says_once_by_which_clocks_it_goes(tmp_path: Path, clock: ToldClock, machine: Machine) -> None:
    learn(machine, NOW_MS + 5000)
    assert note_boot(machine)
    assert not note_boot(machine)
    assert not note_boot(make_machine(tmp_path, clock))
    inc = machine.store.current()[0]
    event = decode(machine.store.lines(inc, 0, 1)[0].body)
    assert (event.kind, event.dossier) == ("sys", "")
    facts = {"boot": "boot-1", "mono_ms": 1_000_000, "server_ms": NOW_MS + 5000, "offset_ms": 5000, "version": machine.version}
    assert event.content == facts
    clock.boot, clock.mono = "boot-2", 5.0
    assert note_boot(machine)
    assert decode(machine.store.lines(inc, 1, 1)[0].body).content["offset_ms"] is None


def test_a_machine_that_is_not_enrolled_writes_no_boot(tmp_path: Path) -> None:
    assert not note_boot(make_machine(tmp_path, enrolled=False))


def test_the_history_shows_mended_times_and_says_which_are_not_verified(clock: ToldClock, machine: Machine) -> None:
    learn(machine, NOW_MS)
    clock.boot, clock.mono, clock.at = "boot-2", 5.0, clock.at - 7200
    dossier = file_dossier(machine, PROCEDURE, filled_session(), MOTHERS_CARD).dossier
    assert history_vi(machine.store, dossier, {})[0].startswith("06:15 25/11/2026 (giờ chưa xác minh)")
    learn(machine, NOW_MS)
    assert history_vi(machine.store, dossier, {})[0].startswith("08:15 25/11/2026: ")


def test_a_mark_lies_half_way_between_asking_and_hearing() -> None:
    heard = mark(NOW_MS, Reading(0, 10.0, "b"), Reading(0, 14.0, "b"))
    assert (heard.server_ms, heard.mono) == (NOW_MS, 12.0)
