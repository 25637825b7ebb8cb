"""A kiosk's store of the first release, opened by this one: every event, code and number is there, and it syncs on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kiosk.attachments import Paper, attach
from kiosk.machine import Machine
from kiosk.officials import add_official
from kiosk.store.check import check
from kiosk.store.connection import connect
from kiosk.store.migrations import STEPS
from kiosk.usecases import accept_dossier, file_dossier
from sync.keys import VerifyKey
from tests.kiosk.machines import MOTHERS_CARD, PROCEDURE, filled_session, make_machine
from tests.kiosk.province_twin import ProvinceTwin

FIRST = STEPS[:3]
"""What the first release knew."""
TABLES = ("meta", "incarnation", "log", "segment", "feed", "quarantine", "field", "conflict", "dossier", "print_job", "official")
COLUMNS = {
    "incarnation": "inc, ordinal, n, head, told, acked",
    "log": "inc, n, d, body, head",
    "segment": "inc, n, first, head, signature",
    "dossier": "d, code, official_code, procedure, status, name, filed_at, due, pending, fields",
    "print_job": "id, d, kind, content, copy, state, at",
    "official": "id, name, role, pin, active",
}


def rows(machine: Machine) -> dict[str, list[dict[str, Any]]]:
    return {table: machine.store.rows(f"SELECT {names} FROM {table} ORDER BY {names}") for table, names in COLUMNS.items()}


def to_first_release(machine: Machine) -> None:
    """Leave a store of the first release in the place of this one, with all that it could hold."""
    path, old = machine.store.path, machine.store.path.with_name("old.db")
    db = connect(old, machine.keyring.store)
    db.execute("CREATE TABLE _sqlite_migrations (migration_set TEXT, name TEXT, applied_at TEXT)")
    for name, step in FIRST:
        step(db)
        db.execute("INSERT INTO _sqlite_migrations VALUES ('kiosk', ?, '2026-11-24')", [name])
    for table in (*TABLES, "dossier_search"):
        known = ", ".join(row[1] for row in db.execute(f"PRAGMA table_info({table})"))
        for row in machine.store.rows(f"SELECT {known} FROM {table}"):
            db.execute(f"INSERT INTO {table} ({known}) VALUES ({', '.join('?' * len(row))})", list(row.values()))
    db.close()
    machine.close()
    old.replace(path)


@pytest.fixture
def province() -> ProvinceTwin:
    return ProvinceTwin()


@pytest.fixture
def used(tmp_path: Path, province: ProvinceTwin) -> Machine:
    """A machine that has filed and accepted, of which the province knows a part."""
    machine = province.enrol(tmp_path)
    official = add_official(machine.store, "Cán bộ Mẫu", "135790", "official")
    first = file_dossier(machine, PROCEDURE, filled_session(), MOTHERS_CARD)
    province.settle(machine)
    file_dossier(machine, PROCEDURE, filled_session(), MOTHERS_CARD)
    accept_dossier(machine, first.dossier, PROCEDURE, official, machine.store.seen())
    return machine


def test_a_store_of_the_first_release_keeps_every_event_code_and_number(tmp_path: Path, used: Machine) -> None:
    before, number = rows(used), used.store.meta("number")
    found = used.store.search("nong thi", 10)
    to_first_release(used)
    machine = make_machine(tmp_path, enrolled=False)
    assert rows(machine) == before
    assert machine.store.meta("number") == number
    assert machine.store.search("nong thi", 10) == found
    assert check(machine.store, 7, [VerifyKey(key) for key in machine.store.verify_keys()]).ok
    machine.store.rebuild()
    assert rows(machine) == before


def test_a_store_of_the_first_release_files_attaches_and_syncs_on(tmp_path: Path, used: Machine, province: ProvinceTwin) -> None:
    codes = [row["code"] for row in used.store.rows("SELECT code FROM dossier")]
    to_first_release(used)
    machine = make_machine(tmp_path, enrolled=False, sets=("store.scan_free_mb=1", "store.warn_free_mb=1"))
    filed = file_dossier(machine, PROCEDURE, filled_session(), MOTHERS_CARD)
    attach(machine, filed.dossier, Paper("giay_chung_sinh", "application/pdf"), b"%PDF-1.7")
    assert filed.code not in codes
    province.settle(machine)
    assert (province.codes(), province.doubled(), machine.store.waiting()) == (sorted([*codes, filed.code]), [], 0)
