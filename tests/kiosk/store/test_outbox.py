"""What waits: for every dossier since when, how often tried, the last answer, the next try."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.machine import Machine
from kiosk.store.outbox import EVENTS, Answer
from tests.kiosk.machines import ToldClock, make_machine
from tests.kiosk.store.province import Province
from tests.kiosk.store.test_journal import file_one

OFFLINE = Answer("offline", "Không có mạng.", 4.0)


@pytest.fixture
def clock() -> ToldClock:
    return ToldClock()


@pytest.fixture
def machine(tmp_path: Path, clock: ToldClock) -> Machine:
    return make_machine(tmp_path, clock)


def test_a_dossier_waits_since_it_was_written_and_was_not_tried_yet(machine: Machine, clock: ToldClock) -> None:
    machine.store.note_attempt(EVENTS, OFFLINE)
    dossier = file_one(machine)
    waiting = machine.store.outbox()
    assert [(one.item, one.events, one.tried, one.answer, one.last_ms) for one in waiting] == [(dossier, 2, 0, "", 0)]
    assert waiting[0].since_ms == clock.wall_ms()
    assert waiting[0].code == machine.store.fields(dossier)["code"]


def test_tries_count_for_whoever_was_there(machine: Machine, clock: ToldClock) -> None:
    first = file_one(machine)
    machine.store.note_attempt(EVENTS, OFFLINE)
    clock.advance(5)
    second = file_one(machine)
    machine.store.note_attempt(EVENTS, OFFLINE)
    one, two = machine.store.outbox()
    assert [(one.item, one.tried), (two.item, two.tried)] == [(first, 2), (second, 1)]
    assert (two.answer, two.answer_vi) == ("offline", "Không có mạng.")
    assert two.next_ms - two.last_ms == 4000


def test_what_is_acknowledged_waits_no_more(machine: Machine) -> None:
    file_one(machine)
    Province(machine).acknowledge()
    assert machine.store.outbox() == []


def test_a_file_is_counted_for_itself_until_it_has_arrived(machine: Machine) -> None:
    name = "ab" * 32
    machine.store.note_attempt(name, OFFLINE)
    machine.store.note_attempt(name, Answer("", "", 0.0))
    assert [(one.item, one.tried, one.answer) for one in machine.store.outbox()] == [(name, 2, "")]
    Province(machine).tell({"e": "bl", "id": name, "d": "", "ok": 1})
    machine.store.forget_arrived()
    assert machine.store.outbox() == []


def test_files_that_arrived_long_ago_cost_no_write_at_each_look(machine: Machine) -> None:
    Province(machine).tell(*({"e": "bl", "id": f"{n:064x}", "d": "", "ok": 1} for n in range(3)))
    before = machine.store.db.conn.total_changes
    machine.store.forget_arrived()
    assert machine.store.db.conn.total_changes == before
