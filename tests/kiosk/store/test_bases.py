"""Journals that begin after a base: snapshots, resets, pruned logs, settings and files told by the feed; older stores."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from forms.dossier import Draft
from kiosk.machine import Machine
from kiosk.store import projections
from kiosk.store.connection import connect
from kiosk.store.migrations import STEPS, migrate
from kiosk.tidying import policy_of
from sync.envelope import ZERO_HEAD
from sync.feed import encode_entry
from tests.kiosk.machines import make_machine
from tests.kiosk.store.province import Province
from tests.kiosk.store.test_journal import feed_of, file_one, proof

HEAD = bytes(range(32))
AFTER = 10_000


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return make_machine(tmp_path)


@pytest.fixture
def province(machine: Machine) -> Province:
    return Province(machine)


def install(machine: Machine, *entries: Mapping[str, Any]) -> None:
    """A snapshot arrives in two pieces and is installed."""
    lines = [encode_entry(entry) for entry in entries]
    half = len(lines) // 2
    for after, some in ((0, lines[:half]), (half, lines[half:])):
        with machine.store.transaction():
            machine.store.stage(AFTER, HEAD, after, some)
    with machine.store.transaction():
        machine.store.install()


def confirmed(fields: Mapping[str, Any], dossier: str, rev: int = 9) -> Iterable[Mapping[str, Any]]:
    return [{"e": "f", "d": dossier, "w": fields, "r": rev, "o": None}]


def ack(machine: Machine, kind: str, n: int) -> Mapping[str, Any]:
    inc = machine.store.current()[0]
    return {"e": kind, "dev": 7, "inc": inc, "n": n, "h": "00" * 8}


def test_a_snapshot_is_received_piece_by_piece_and_another_one_starts_over(machine: Machine) -> None:
    store = machine.store
    assert store.staged() == (0, b"", 0)
    with store.transaction():
        store.stage(AFTER, HEAD, 0, [b"{}", b"{}"])
        store.stage(AFTER, HEAD, 2, [b"{}"])
    assert store.staged() == (AFTER, HEAD, 3)
    with store.transaction():
        store.stage(AFTER + 1, HEAD, 0, [b"{}"])
    assert store.staged() == (AFTER + 1, HEAD, 1)


def test_an_installed_snapshot_is_the_confirmed_state_with_waiting_events_on_top(machine: Machine, province: Province) -> None:
    dossier, foreign = file_one(machine), "9-1-1"
    province.tell({"e": "f", "d": "9-1-2", "w": {"subject": "gone"}})
    fields = machine.store.fields(dossier)
    with machine.store.work("cb1") as work:
        work.append([Draft(dossier, "f", {"phone": "0912 000 001"})])
    na = {"e": "na", "d": dossier, "dev": 7, "inc": 1, "n": 1, "why": "found_other", "r": 8}
    install(
        machine,
        *confirmed({**fields, "phone": "0912 000 000"}, dossier),
        *confirmed({"subject": "Nông Văn Thử"}, foreign),
        ack(machine, "safe", 1),
        ack(machine, "ack", 2),
        na,
    )
    store, inc = machine.store, machine.store.current()[0]
    assert store.fields(dossier) == {**fields, "phone": "0912 000 001"}
    assert store.fields(foreign) == {"subject": "Nông Văn Thử"}
    assert store.fields("9-1-2") == {}
    assert (store.acked(inc), store.safe(inc), store.last(inc)[0]) == (2, 1, 3)
    assert store.rows("SELECT seq, resolved FROM conflict") == [{"seq": 8, "resolved": 0}]
    assert store.feed_position() == (AFTER, HEAD)
    assert [store.feed_head_at(seq) for seq in (0, 1, AFTER)] == [ZERO_HEAD, None, HEAD]
    assert store.staged() == (0, b"", 0)
    assert proof(machine).ok


def test_the_feed_goes_on_after_a_snapshot_and_a_rebuild_yields_the_same(machine: Machine) -> None:
    dossier = file_one(machine)
    install(machine, *confirmed({**machine.store.fields(dossier), "phone": "1"}, dossier), ack(machine, "ack", 2))
    more = feed_of({"e": "f", "d": dossier, "w": {"phone": "2"}}, after=(AFTER, HEAD))
    with machine.store.transaction():
        machine.store.apply_feed(more)
    assert machine.store.feed_position() == (AFTER + 1, more[-1].head)
    tables = ("dossier", "field", "conflict", "incarnation")
    before = {table: machine.store.rows(f"SELECT * FROM {table}") for table in tables}
    machine.store.rebuild()
    assert {table: machine.store.rows(f"SELECT * FROM {table}") for table in tables} == before
    assert machine.store.fields(dossier)["phone"] == "2"


def test_an_own_dossier_that_is_not_in_the_snapshot_keeps_its_summary(machine: Machine) -> None:
    dossier = file_one(machine)
    code = machine.store.fields(dossier)["code"]
    install(machine, ack(machine, "ack", 2))
    assert machine.store.fields(dossier)["code"] == code
    assert "applicant" not in machine.store.fields(dossier)
    assert proof(machine).ok


def test_a_waiting_dossier_that_is_not_in_the_snapshot_is_shown_whole(machine: Machine) -> None:
    dossier = file_one(machine)
    before = machine.store.fields(dossier)
    install(machine, ack(machine, "ack", 0))
    assert machine.store.fields(dossier) == before


def test_a_reset_forgets_the_base_what_is_safe_and_what_was_staged(machine: Machine) -> None:
    dossier = file_one(machine)
    fields = machine.store.fields(dossier)
    install(machine, *confirmed(fields, dossier), ack(machine, "ack", 2), ack(machine, "safe", 2))
    with machine.store.transaction():
        machine.store.stage(3, HEAD, 0, [b"{}"])
        machine.store.reset_feed(2)
    store, inc = machine.store, machine.store.current()[0]
    assert (store.acked(inc), store.safe(inc), store.waiting()) == (0, 0, 2)
    assert store.feed_position() == (0, ZERO_HEAD)
    assert store.staged() == (0, b"", 0)
    assert store.fields(dossier) == fields


@pytest.mark.parametrize(
    ("acked", "safe", "wanted", "base"), [(4, 4, 9, 4), (4, 2, 9, 2), (4, 3, 9, 2), (4, 4, 3, 2), (4, 0, 9, 0)]
)
def test_pruning_stops_at_whole_segments_that_are_acknowledged_and_safe(
    machine: Machine, acked: int, safe: int, wanted: int, base: int
) -> None:
    file_one(machine)
    file_one(machine)
    inc = machine.store.current()[0]
    with machine.store.transaction():
        machine.store.apply_feed(feed_of(ack(machine, "ack", acked), ack(machine, "safe", safe)))
        assert machine.store.prune(inc, wanted) == base
    assert [line.n for line in machine.store.lines(inc, 0, 9)] == list(range(base + 1, 5))
    assert proof(machine).ok


def test_what_is_safe_is_never_beyond_what_is_acknowledged(machine: Machine) -> None:
    file_one(machine)
    with machine.store.transaction():
        machine.store.apply_feed(feed_of(ack(machine, "ack", 1), ack(machine, "safe", 2)))
    assert machine.store.safe(machine.store.current()[0]) == 1


def test_a_rebase_below_the_base_moves_what_is_still_held(machine: Machine) -> None:
    file_one(machine)
    file_one(machine)
    inc = machine.store.current()[0]
    with machine.store.transaction():
        machine.store.apply_feed(feed_of(ack(machine, "ack", 2), ack(machine, "safe", 2)))
        machine.store.prune(inc, 2)
        fresh = machine.store.rebase_incarnation(inc, 0)
    assert (machine.store.last(inc)[0], machine.store.last(fresh)[0]) == (2, 2)
    assert proof(machine).ok


def test_entries_for_another_device_move_no_cursor(machine: Machine) -> None:
    file_one(machine)
    inc = machine.store.current()[0]
    with machine.store.transaction():
        machine.store.apply_feed(feed_of({"e": "ack", "dev": 8, "inc": inc, "n": 2, "h": ""}))
    assert machine.store.acked(inc) == 0


def test_the_feed_tells_settings_and_what_became_of_files(machine: Machine) -> None:
    name = "ab" * 32
    entries = (
        {"e": "cfg", "k": "policy", "v": {"retention_days": 30}},
        {"e": "bl", "id": name, "d": "7-1-1", "ok": 0, "bad": [3]},
        {"e": "future", "x": 1},
    )
    with machine.store.transaction():
        machine.store.apply_feed(feed_of(*entries))
    assert policy_of(machine).days == 30
    assert machine.store.rows("SELECT id, ok, bad FROM blob_answer") == [{"id": name, "ok": 0, "bad": "[3]"}]
    assert machine.store.feed_position()[0] == 3


def test_key_documents_are_kept_once_and_in_their_order(machine: Machine) -> None:
    with machine.store.transaction():
        for document in (b"one", b"two", b"one"):
            machine.store.keep_keys_document(document)
    assert machine.store.keys_documents() == [b"one", b"two"]


def test_a_store_of_an_older_program_is_brought_up_with_everything_in_it(tmp_path: Path) -> None:
    key = bytes(32)
    db = connect(tmp_path / "old.db", key)
    for name, step in STEPS[:3]:
        step(db)
        db.execute("CREATE TABLE IF NOT EXISTS _sqlite_migrations (migration_set TEXT, name TEXT, applied_at TEXT)")
        db.execute("INSERT INTO _sqlite_migrations VALUES ('kiosk', ?, '2026-11-24')", [name])
    entry = {"e": "cf", "d": "7-1-1", "f": "phone", "kept": "1", "lost": "2", "why": "unseen"}
    db.execute("INSERT INTO feed VALUES (1, ?, ?)", [encode_entry(entry), HEAD])
    db.execute("INSERT INTO conflict VALUES (1, '7-1-1', 'phone', '\"1\"', '\"2\"', 'unseen', 0)")
    db.execute("INSERT INTO incarnation VALUES (5, 1, 2, ?, 1, 1)", [HEAD])
    db.execute("INSERT INTO log VALUES (5, 1, '7-1-1', x'00', ?)", [HEAD])
    db.execute("INSERT INTO dossier_search VALUES ('7-1-1', 'nong thi mau | 7-261125-0001')")
    migrate(db)
    assert db.execute("SELECT safe, base, sealed FROM incarnation").fetchone() == (0, 0, 0)
    assert json.loads(db.execute("SELECT entry FROM conflict").fetchone()[0]) == entry
    assert db.execute("SELECT sealed FROM log").fetchone() == (0,)
    assert projections.feed_base(db) == (0, ZERO_HEAD)
    assert db.execute("SELECT rowid FROM dossier_word WHERE dossier_word MATCH 'mau*'").fetchone() == (1,)


def test_a_dossier_that_had_left_is_shown_again_where_a_restored_province_goes_on_with_it(
    machine: Machine, province: Province
) -> None:
    told = {"e": "f", "d": "9-1-1", "w": {"subject": "Nông Văn Thử"}}
    province.tell(told, {"e": "drop", "d": "9-1-1"})
    assert machine.store.fields("9-1-1") == {}
    with machine.store.transaction():
        machine.store.reset_feed(2)
        machine.store.apply_feed(feed_of(told))
    assert machine.store.fields("9-1-1") == {"subject": "Nông Văn Thử"}
