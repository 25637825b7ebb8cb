"""The journal: chained, signed at the end of every use case, provable, and one with what screens read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from forms.dossier import Draft, Status
from kiosk.machine import Machine
from kiosk.store import projections
from kiosk.store.check import Report, check
from kiosk.usecases import file_dossier
from sync.envelope import ZERO_HEAD, chain, decode
from sync.feed import ack_entry, next_entry
from sync.keys import VerifyKey
from sync.ports import FeedEntry
from tests.kiosk.machines import BIRTH, MOTHER, filled_session, load_catalogue, make_machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return make_machine(tmp_path)


def file_one(machine: Machine) -> str:
    return file_dossier(machine, load_catalogue()[BIRTH], filled_session(), MOTHER).dossier


def proof(machine: Machine) -> Report:
    identity = machine.store.identity_or_raise()
    return check(machine.store, identity.device, VerifyKey(identity.signing.public))


def feed_of(*entries: Mapping[str, Any], after: tuple[int, bytes] = (0, ZERO_HEAD)) -> list[FeedEntry]:
    made, (seq, head) = [], after
    for entry in entries:
        made.append(next_entry(seq, head, entry))
        seq, head = made[-1].seq, made[-1].head
    return made


def test_events_are_chained_without_gaps(machine: Machine) -> None:
    file_one(machine)
    file_one(machine)
    inc, n, head = machine.store.current()
    lines = machine.store.lines(inc, 0, 100)
    assert [line.n for line in lines] == list(range(1, n + 1))
    walked = ZERO_HEAD
    for line in lines:
        walked = chain(walked, line.body)
        assert walked == line.head
    assert walked == head


def test_every_use_case_ends_with_a_signed_head(machine: Machine) -> None:
    file_one(machine)
    file_one(machine)
    report = proof(machine)
    assert report.ok
    assert (report.events, report.segments) == (4, 2)


def test_an_act_that_fails_leaves_neither_event_nor_paper_nor_number(machine: Machine) -> None:
    before = machine.store.current()
    with pytest.raises(ZeroDivisionError), machine.store.work("citizen") as work:
        work.take_number()
        work.append([Draft(work.next().dossier_id(), "new", {"procedure": BIRTH})])
        work.queue_print("x", "slip", [])
        raise ZeroDivisionError
    assert machine.store.current() == before
    assert machine.store.next_print_job() is None
    assert machine.store.rows("SELECT count(*) AS n FROM dossier")[0]["n"] == 0


@pytest.mark.parametrize(
    ("damage", "where"),
    [
        ("UPDATE log SET body = CAST(replace(CAST(body AS TEXT), 'Nông', 'Nùng') AS BLOB) WHERE n = 2", "/2"),
        ("DELETE FROM log WHERE n = 2", "log"),
        ("UPDATE segment SET signature = zeroblob(64) WHERE n = 2", "segment"),
        ("DELETE FROM segment WHERE n = 4", "incarnation"),
        ("DELETE FROM log WHERE n = 4", "segment"),
        ("UPDATE dossier SET name = 'KHÁC'", "dossier"),
    ],
)
def test_store_check_names_the_first_bad_record(machine: Machine, damage: str, where: str) -> None:
    file_one(machine)
    file_one(machine)
    machine.store.db.execute(damage)
    report = proof(machine)
    assert not report.ok
    assert where in report.findings[0].where


def test_the_feed_confirms_and_acknowledges(machine: Machine) -> None:
    dossier = file_one(machine)
    inc, n, head = machine.store.current()
    entries = feed_of(
        {"e": "f", "d": dossier, "f": "official_code", "v": "H14.99-261125-0001"},
        ack_entry(7, inc, n, head),
    )
    with machine.store.transaction():
        machine.store.apply_feed(entries)
    row = machine.store.rows("SELECT * FROM dossier")[0]
    assert row["official_code"] == "H14.99-261125-0001"
    assert row["pending"] == 0
    assert machine.store.acked(inc) == n
    assert machine.store.feed_position() == (2, entries[-1].head)


def test_an_unacknowledged_own_event_stands_on_top_of_the_feed(machine: Machine) -> None:
    dossier = file_one(machine)
    inc, _, head = machine.store.current()
    with machine.store.work("cb1") as work:
        work.append([Draft(dossier, "f", {"phone": "0912 000 001"})])
    entries = feed_of({"e": "f", "d": dossier, "f": "phone", "v": "0912 000 000"}, ack_entry(7, inc, 2, head))
    with machine.store.transaction():
        machine.store.apply_feed(entries)
    assert machine.store.fields(dossier)["phone"] == "0912 000 001"
    assert machine.store.rows("SELECT pending FROM dossier")[0]["pending"] == 1


def test_projections_can_be_made_anew_from_the_journal(machine: Machine) -> None:
    dossier = file_one(machine)
    inc, n, head = machine.store.current()
    conflict = {"e": "cf", "d": dossier, "f": "phone", "kept": "1", "lost": "2", "why": "unseen"}
    with machine.store.transaction():
        machine.store.apply_feed(feed_of({"e": "f", "d": dossier, "f": "phone", "v": "1"}, conflict, ack_entry(7, inc, n, head)))
    tables = ("dossier", "dossier_search", "field", "conflict", "incarnation")
    before = {table: machine.store.rows(f"SELECT * FROM {table}") for table in tables}
    for table in tables[:-1]:
        machine.store.db.execute(f"DELETE FROM {table}")
    with machine.store.transaction():
        assert projections.rebuild(machine.store.db) == 1
    assert {table: machine.store.rows(f"SELECT * FROM {table}") for table in tables} == before


def test_a_reset_feed_leaves_every_own_event_pending(machine: Machine) -> None:
    dossier = file_one(machine)
    inc, n, head = machine.store.current()
    with machine.store.transaction():
        machine.store.apply_feed(feed_of(ack_entry(7, inc, n, head)))
    with machine.store.transaction():
        machine.store.reset_feed(2)
    assert machine.store.epoch() == 2
    assert machine.store.feed_position() == (0, ZERO_HEAD)
    assert machine.store.fields(dossier)["status"] == Status.NEW
    assert machine.store.waiting() == n


def test_a_rebase_carries_the_rest_to_a_fresh_incarnation(machine: Machine) -> None:
    first = file_one(machine)
    second = file_one(machine)
    inc = machine.store.current()[0]
    with machine.store.transaction():
        fresh = machine.store.rebase_incarnation(inc, 2)
    assert machine.store.current()[:2] == (fresh, 2)
    assert machine.store.last(inc)[0] == 2
    moved = [decode(line.body) for line in machine.store.lines(fresh, 0, 10)]
    assert [event.moved_from for event in moved] == [(inc, 3), (inc, 4)]
    assert {event.dossier for event in moved} == {second}
    assert machine.store.fields(first)["status"] == Status.NEW
    assert proof(machine).ok


def test_search_needs_no_accents_and_finds_codes(machine: Machine) -> None:
    file_one(machine)
    code = machine.store.rows("SELECT code FROM dossier")[0]["code"]
    texts = machine.store.rows("SELECT text FROM dossier_search")[0]["text"]
    assert "nong van thu" in texts
    assert "nong thi mau" in texts
    assert str(code).lower() in texts


def test_personal_data_stay_inside_the_form(machine: Machine) -> None:
    dossier = file_one(machine)
    kept = json.dumps(machine.store.fields(dossier), ensure_ascii=False)
    assert "004190000001" in kept
    for dropped in ("religion", "portrait", "expires"):
        assert dropped not in kept
