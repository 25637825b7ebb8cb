"""The journal: chained, signed at the end of every use case, provable, and one with what screens read."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from forms.dossier import Draft, Status
from kiosk.machine import Machine
from kiosk.store.check import Report, check
from kiosk.store.connection import StoreError
from kiosk.store.journal import QUARANTINE_BYTES, QUARANTINE_MOST
from kiosk.usecases import file_dossier
from sync.envelope import ZERO_HEAD, chain, decode
from sync.feed import ack_entry, next_entry
from sync.keys import VerifyKey
from sync.ports import FeedEntry
from tests.kiosk.machines import BIRTH, MOTHERS_CARD, PROCEDURE, filled_session, make_machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return make_machine(tmp_path)


def file_one(machine: Machine) -> str:
    return file_dossier(machine, PROCEDURE, filled_session(), MOTHERS_CARD).dossier


def proof(machine: Machine) -> Report:
    identity = machine.store.identity_or_raise()
    return check(machine.store, identity.device, [VerifyKey(identity.signing.public)])


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
        work.append([Draft(work.new_dossier(), "new", {"procedure": BIRTH})])
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


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE dossier_search SET text = 'khac'",
        "DELETE FROM dossier_search",
        "UPDATE field SET v = '\"9\"'",
        "UPDATE conflict SET kept = '\"9\"'",
        "DELETE FROM conflict",
    ],
)
def test_store_check_compares_every_projection(machine: Machine, damage: str) -> None:
    dossier = file_one(machine)
    conflict = {"e": "cf", "d": dossier, "f": "phone", "kept": "1", "lost": "2", "why": "unseen"}
    with machine.store.transaction():
        machine.store.apply_feed(feed_of({"e": "f", "d": dossier, "w": {"phone": "1"}}, conflict))
    assert proof(machine).ok
    machine.store.db.execute(damage)
    assert [one.where.split()[0] for one in proof(machine).findings] == [damage.split()[2 if "FROM" in damage else 1]]


def test_store_check_finds_no_fault_while_the_kiosk_files(tmp_path: Path, machine: Machine) -> None:
    checker = make_machine(tmp_path)
    done = threading.Event()

    def work() -> None:
        for _ in range(25):
            file_one(machine)
        done.set()

    desk = threading.Thread(target=work)
    desk.start()
    walked = []
    while not done.is_set():
        report = proof(checker)
        assert report.findings == ()
        walked.append(report.events)
    desk.join()
    assert any(0 < events < 50 for events in walked)
    assert proof(checker).events == 50
    assert not list(tmp_path.glob("*.copy-*"))


def test_store_check_neither_waits_for_a_writer_nor_changes_anything(tmp_path: Path, machine: Machine) -> None:
    file_one(machine)
    checker = make_machine(tmp_path)
    before = checker.store.data_version(), checker.store.db.conn.total_changes
    with machine.store.transaction():
        assert proof(checker).ok
    assert (checker.store.data_version(), checker.store.db.conn.total_changes) == before


def test_store_check_clears_away_the_copy_of_one_that_was_killed(tmp_path: Path, machine: Machine) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    left, living = (tmp_path / f"kiosk.db.copy-{pid}-x" for pid in (dead.pid, os.getpid()))
    for folder in (left, living):
        folder.mkdir()
        (folder / "copy.db").write_bytes(b"x")
    assert proof(machine).ok
    assert not left.exists()
    assert living.exists()


def test_a_busy_store_is_named_and_nothing_is_left_behind(tmp_path: Path, machine: Machine) -> None:
    other = make_machine(tmp_path)
    machine.store.db.execute("PRAGMA busy_timeout = 20")
    with other.store.transaction(), pytest.raises(StoreError) as caught:
        file_one(machine)
    assert (caught.value.code, caught.value.cure_vi) == ("store_busy", "Chờ một chút rồi thử lại.")
    assert machine.store.current()[1] == 0
    assert machine.store.next_print_job() is None
    assert not machine.store.db.conn.in_transaction
    file_one(machine)
    assert machine.store.current()[1] == 2


def test_the_feed_confirms_and_acknowledges(machine: Machine) -> None:
    dossier = file_one(machine)
    inc, n, head = machine.store.current()
    entries = feed_of(
        {"e": "f", "d": dossier, "w": {"official_code": "H14.99-261125-0001"}},
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
    entries = feed_of({"e": "f", "d": dossier, "w": {"phone": "0912 000 000"}}, ack_entry(7, inc, 2, head))
    with machine.store.transaction():
        machine.store.apply_feed(entries)
    assert machine.store.fields(dossier)["phone"] == "0912 000 001"
    assert machine.store.rows("SELECT pending FROM dossier")[0]["pending"] == 1


def test_projections_can_be_made_anew_from_the_journal(machine: Machine) -> None:
    dossier = file_one(machine)
    inc, n, head = machine.store.current()
    conflict = {"e": "cf", "d": dossier, "f": "phone", "kept": "1", "lost": "2", "why": "unseen"}
    with machine.store.transaction():
        machine.store.apply_feed(feed_of({"e": "f", "d": dossier, "w": {"phone": "1"}}, conflict, ack_entry(7, inc, n, head)))
    tables = ("dossier", "dossier_search", "field", "conflict", "incarnation")
    before = {table: machine.store.rows(f"SELECT * FROM {table}") for table in tables}
    for table in tables[:-1]:
        machine.store.db.execute(f"DELETE FROM {table}")
    assert machine.store.rebuild() == 1
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


def test_a_line_that_is_no_event_shows_nothing_stops_nothing_and_moves_along(machine: Machine) -> None:
    dossier = file_one(machine)
    inc = machine.store.current()[0]
    fields = machine.store.fields(dossier)
    with machine.store.work("cb1") as work:
        line = b'{"n":3,"junk":true}'
        work.n, work.head, work.first = 3, chain(work.head, line), 3
        machine.store.db.execute("INSERT INTO log (inc, n, d, body, head) VALUES (?, 3, ?, ?, ?)", [inc, dossier, line, work.head])
    machine.store.rebuild()
    assert machine.store.fields(dossier) == fields
    with machine.store.transaction():
        fresh = machine.store.rebase_incarnation(inc, 1)
    assert machine.store.last(fresh)[0] == 2
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


def test_what_is_refused_is_kept_within_bounds_and_its_reason_in_any_case(machine: Machine) -> None:
    store = machine.store
    with store.transaction():
        for number in range(2 * QUARANTINE_MOST):
            store.quarantine("feed", "feed_gap", number.to_bytes(4, "big"))
        store.quarantine("province", "province_lost_safe", b"facts")
    kept = store.rows("SELECT reason, body FROM quarantine")
    assert len(kept) == QUARANTINE_MOST + 2
    assert kept[-1] == {"reason": "province_lost_safe", "body": b""}


def test_few_large_refused_things_fill_the_room_as_well(machine: Machine) -> None:
    store, large = machine.store, QUARANTINE_BYTES // 3
    with store.transaction():
        for sign in (b"a", b"b", b"c", b"d"):
            store.quarantine("feed", "province_inconsistent", sign * large)
    assert store.rows("SELECT sum(length(body)) AS bytes FROM quarantine")[0]["bytes"] == 3 * large
