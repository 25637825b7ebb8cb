"""Backup and restore lose no promised filing: not of a running kiosk, not of a killed one, not at the second restore."""

from __future__ import annotations

import multiprocessing
import os
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from kiosk.machine import Machine
from kiosk.store.backup import back_up, restore_file
from kiosk.store.connection import StoreError, connect
from kiosk.store.hold import Hold
from kiosk.usecases import file_dossier
from tests.kiosk.machines import MOTHER, PROCEDURE, filled_session, make_machine


def file_one(machine: Machine) -> str:
    return file_dossier(machine, PROCEDURE, filled_session(), MOTHER).code


def codes(file: Path, key: bytes) -> list[str]:
    db = connect(file, key)
    try:
        return [row[0] for row in db.execute("SELECT code FROM dossier ORDER BY code").fetchall()]
    finally:
        db.close()


def refused(act: Any, *given: Any) -> str:
    with pytest.raises(StoreError) as caught:
        act(*given)
    return caught.value.code


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return make_machine(tmp_path / "state")


def test_a_backup_is_whole_encrypted_and_alone_in_its_folder(tmp_path: Path, machine: Machine) -> None:
    code = file_one(machine)
    folder = tmp_path / "usb"
    folder.mkdir()
    size = back_up(machine.store, machine.keyring.store, folder / "b.db")
    assert [(file.name, file.stat().st_size) for file in folder.iterdir()] == [("b.db", size)]
    assert codes(folder / "b.db", machine.keyring.store) == [code]
    assert code.encode() not in (folder / "b.db").read_bytes()


def test_a_backup_never_replaces_the_store_itself(machine: Machine) -> None:
    inode = machine.store.path.stat().st_ino
    assert refused(back_up, machine.store, machine.keyring.store, machine.store.path) == "backup_target"
    assert machine.store.path.stat().st_ino == inode


def test_a_backup_that_cannot_be_written_is_named(tmp_path: Path, machine: Machine) -> None:
    assert refused(back_up, machine.store, machine.keyring.store, tmp_path / "absent" / "b.db") == "backup_failed"


def test_a_restore_is_refused_while_the_kiosk_runs(tmp_path: Path, machine: Machine) -> None:
    backup, path, key = tmp_path / "b.db", machine.store.path, machine.keyring.store
    back_up(machine.store, key, backup)
    before = file_one(machine)
    assert refused(restore_file, backup, path, key) == "store_in_use"
    after = file_one(machine)
    machine.close()
    assert codes(path, key) == sorted([before, after])
    assert restore_file(backup, path, key) is not None


def test_a_store_under_restore_is_not_opened(machine: Machine) -> None:
    machine.close()
    hold = Hold(machine.store.path, alone=True)
    assert refused(make_machine, machine.config.state) == "store_in_use"
    hold.free()
    make_machine(machine.config.state)


def test_what_a_restore_replaces_is_kept_whole_each_time(tmp_path: Path, machine: Machine) -> None:
    backup, path, key = tmp_path / "b.db", machine.store.path, machine.keyring.store
    back_up(machine.store, key, backup)
    first = [file_one(machine) for _ in range(2)]
    machine.close()
    one = restore_file(backup, path, key)
    machine = make_machine(tmp_path / "state")
    second = [file_one(machine)]
    machine.close()
    two = restore_file(backup, path, key)
    assert one is not None
    assert two is not None
    assert codes(one, key) == sorted(first)
    assert codes(two, key) == second
    assert codes(path, key) == []


def _file_and_die(state: Path) -> None:
    machine = make_machine(state)
    for _ in range(3):
        file_one(machine)
    os._exit(9)


def test_what_a_killed_kiosk_left_in_its_wal_is_kept_too(tmp_path: Path, machine: Machine) -> None:
    backup, path, key = tmp_path / "b.db", machine.store.path, machine.keyring.store
    back_up(machine.store, key, backup)
    machine.close()
    child = multiprocessing.get_context("spawn").Process(target=_file_and_die, args=(tmp_path / "state",))
    child.start()
    child.join(60)
    assert child.exitcode == 9
    assert path.with_name(path.name + "-wal").stat().st_size > 0
    kept = restore_file(backup, path, key)
    assert kept is not None
    assert len(codes(kept, key)) == 3
    assert codes(path, key) == []


def test_a_damaged_store_is_kept_with_its_wal_and_the_wal_is_not_replayed(tmp_path: Path, machine: Machine) -> None:
    backup, path, key = tmp_path / "b.db", machine.store.path, machine.keyring.store
    code = file_one(machine)
    back_up(machine.store, key, backup)
    machine.close()
    path.write_bytes(b"x" * 8192)
    path.with_name(path.name + "-wal").write_bytes(b"w" * 100)
    kept = restore_file(backup, path, key)
    assert kept is not None
    assert kept.read_bytes() == b"x" * 8192
    assert kept.with_name(kept.name + "-wal").read_bytes() == b"w" * 100
    assert codes(path, key) == [code]


def _read_on(path: Path, key: bytes, line: Connection) -> None:
    db = connect(path, key)
    db.conn.execute("BEGIN")
    db.conn.execute("SELECT count(*) FROM meta").fetchone()
    line.send("reading")
    line.recv()
    os._exit(0)


def test_a_foreign_program_that_reads_the_store_stops_the_restore(tmp_path: Path, machine: Machine) -> None:
    backup, path, key = tmp_path / "b.db", machine.store.path, machine.keyring.store
    back_up(machine.store, key, backup)
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("spawn").Process(target=_read_on, args=(path, key, theirs))
    child.start()
    assert ours.recv() == "reading"
    code = file_one(machine)
    machine.close()
    assert refused(restore_file, backup, path, key) == "store_in_use"
    assert not list(path.parent.glob("*before-restore*"))
    ours.send("enough")
    child.join(30)
    assert codes(path, key) == [code]
    assert restore_file(backup, path, key) is not None


def test_a_lost_store_is_restored_and_nothing_is_kept(tmp_path: Path, machine: Machine) -> None:
    backup, path, key = tmp_path / "b.db", machine.store.path, machine.keyring.store
    code = file_one(machine)
    back_up(machine.store, key, backup)
    machine.close()
    path.unlink()
    assert restore_file(backup, path, key) is None
    assert codes(path, key) == [code]


@pytest.mark.parametrize("content", [None, b"", b"not a store" * 1000])
def test_what_is_no_backup_changes_nothing(tmp_path: Path, machine: Machine, content: bytes | None) -> None:
    path, key = machine.store.path, machine.keyring.store
    code = file_one(machine)
    machine.close()
    if content is not None:
        (tmp_path / "b.db").write_bytes(content)
    assert refused(restore_file, tmp_path / "b.db", path, key) == "backup_failed"
    assert codes(path, key) == [code]
    assert not [file.name for file in path.parent.iterdir() if ".new" in file.name or "before-restore" in file.name]


def test_papers_that_waited_in_the_backup_are_uncertain_after_a_restore(tmp_path: Path, machine: Machine) -> None:
    for _ in range(3):
        file_one(machine)
    jobs = [row["id"] for row in machine.store.rows("SELECT id FROM print_job ORDER BY id")]
    machine.store.set_print_state(jobs[0], "printed")
    machine.store.set_print_state(jobs[1], "sending")
    back_up(machine.store, machine.keyring.store, tmp_path / "b.db")
    machine.close()
    restore_file(tmp_path / "b.db", machine.store.path, machine.keyring.store)
    machine = make_machine(tmp_path / "state")
    assert [job.state for job in map(machine.store.print_job, jobs) if job] == ["printed", "uncertain", "uncertain"]
    assert machine.store.next_print_job() is None
