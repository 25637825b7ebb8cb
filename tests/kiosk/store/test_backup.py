"""Backup and restore lose no promised filing: not of a running kiosk, not of a killed one, not at the second restore."""

from __future__ import annotations

import multiprocessing
import os
import tracemalloc
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from kiosk.attachments import Paper, attach
from kiosk.backup_cli import place_of
from kiosk.config import load
from kiosk.copied import is_copy
from kiosk.machine import Machine
from kiosk.store.backup import Receivers, back_up
from kiosk.store.blobs import KioskFiles
from kiosk.store.check import check
from kiosk.store.connection import StoreError, connect
from kiosk.store.hold import Hold
from kiosk.store.keyring import open_keyring
from kiosk.store.restore import Place, Secret, restore_file
from kiosk.usecases import file_dossier
from sync.envelope import ZERO_HEAD
from sync.feed import next_entry
from sync.keys import DeviceKeys, SealKey, VerifyKey
from sync.rollover import ProvincePublic
from sync.sealed_file import Reader, write_grant
from tests.kiosk.machines import MOTHERS_CARD, PROCEDURE, filled_session, make_machine
from tests.kiosk.province_twin import ProvinceTwin


def file_one(machine: Machine) -> str:
    return file_dossier(machine, PROCEDURE, filled_session(), MOTHERS_CARD).code


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
    size = back_up(machine.store, machine.keyring, folder / "b.db").size
    assert [(file.name, file.stat().st_size) for file in folder.iterdir()] == [("b.db", size)]
    assert code.encode() not in (folder / "b.db").read_bytes()


def test_a_backup_is_made_without_an_attachment_the_disk_has_lost_and_says_so(tmp_path: Path, machine: Machine) -> None:
    dossier = file_dossier(machine, PROCEDURE, filled_session(), MOTHERS_CARD).dossier
    scan = attach(machine, dossier, Paper("giay_chung_sinh", "application/pdf"), b"%PDF-1.4\n" + bytes(2000)).blob
    KioskFiles(machine.store).path(scan).unlink()
    assert back_up(machine.store, machine.keyring, tmp_path / "b.mcb").unread == (scan,)


def test_a_backup_never_replaces_the_store_itself(machine: Machine) -> None:
    inode = machine.store.path.stat().st_ino
    assert refused(back_up, machine.store, machine.keyring, machine.store.path) == "backup_target"
    assert machine.store.path.stat().st_ino == inode


def test_a_backup_is_written_over_an_earlier_one_and_over_nothing_else(tmp_path: Path, machine: Machine) -> None:
    letter, folder, pipe, link, backup = (tmp_path / name for name in ("letter", "folder", "pipe", "link", "b.mcb"))
    letter.write_bytes(b"dear reader")
    folder.mkdir()
    os.mkfifo(pipe)
    link.symlink_to(tmp_path / "absent")
    for taken in (letter, folder, pipe, link):
        assert refused(back_up, machine.store, machine.keyring, taken) == "backup_target"
    assert (letter.read_bytes(), pipe.is_fifo(), link.is_symlink()) == (b"dear reader", True, True)
    back_up(machine.store, machine.keyring, backup)
    assert back_up(machine.store, machine.keyring, backup).size == backup.stat().st_size


def test_a_backup_that_cannot_be_written_is_named(tmp_path: Path, machine: Machine) -> None:
    assert refused(back_up, machine.store, machine.keyring, tmp_path / "absent" / "b.db") == "backup_failed"


def test_a_restore_is_refused_while_the_kiosk_runs(tmp_path: Path, machine: Machine) -> None:
    backup, path, key = tmp_path / "b.db", machine.store.path, machine.keyring.store
    back_up(machine.store, machine.keyring, backup)
    before = file_one(machine)
    assert refused(restore_file, backup, place_of(machine.config)) == "store_in_use"
    after = file_one(machine)
    machine.close()
    assert codes(path, key) == sorted([before, after])
    assert restore_file(backup, place_of(machine.config)).kept is not None


def test_a_store_under_restore_is_not_opened(machine: Machine) -> None:
    machine.close()
    hold = Hold(machine.store.path, alone=True)
    assert refused(make_machine, machine.config.state) == "store_in_use"
    hold.free()
    make_machine(machine.config.state)


def test_what_a_restore_replaces_is_kept_whole_each_time(tmp_path: Path, machine: Machine) -> None:
    backup, path, key = tmp_path / "b.db", machine.store.path, machine.keyring.store
    back_up(machine.store, machine.keyring, backup)
    first = [file_one(machine) for _ in range(2)]
    machine.close()
    one = restore_file(backup, place_of(machine.config)).kept
    machine = make_machine(tmp_path / "state")
    second = [file_one(machine)]
    machine.close()
    two = restore_file(backup, place_of(machine.config)).kept
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
    back_up(machine.store, machine.keyring, backup)
    machine.close()
    child = multiprocessing.get_context("spawn").Process(target=_file_and_die, args=(tmp_path / "state",))
    child.start()
    child.join(60)
    assert child.exitcode == 9
    assert path.with_name(path.name + "-wal").stat().st_size > 0
    kept = restore_file(backup, place_of(machine.config)).kept
    assert kept is not None
    assert len(codes(kept, key)) == 3
    assert codes(path, key) == []


def test_a_damaged_store_is_kept_with_its_wal_and_the_wal_is_not_replayed(tmp_path: Path, machine: Machine) -> None:
    backup, path, key = tmp_path / "b.db", machine.store.path, machine.keyring.store
    code = file_one(machine)
    back_up(machine.store, machine.keyring, backup)
    machine.close()
    path.write_bytes(b"x" * 8192)
    path.with_name(path.name + "-wal").write_bytes(b"w" * 100)
    kept = restore_file(backup, place_of(machine.config)).kept
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
    back_up(machine.store, machine.keyring, backup)
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("spawn").Process(target=_read_on, args=(path, key, theirs))
    child.start()
    assert ours.recv() == "reading"
    code = file_one(machine)
    machine.close()
    assert refused(restore_file, backup, place_of(machine.config)) == "store_in_use"
    assert not list(path.parent.glob("*before-restore*"))
    ours.send("enough")
    child.join(30)
    assert codes(path, key) == [code]
    assert restore_file(backup, place_of(machine.config)).kept is not None


def test_a_lost_store_is_restored_and_nothing_is_kept(tmp_path: Path, machine: Machine) -> None:
    backup, path, key = tmp_path / "b.db", machine.store.path, machine.keyring.store
    code = file_one(machine)
    back_up(machine.store, machine.keyring, backup)
    machine.close()
    path.unlink()
    assert restore_file(backup, place_of(machine.config)).kept is None
    assert codes(path, key) == [code]


@pytest.mark.parametrize("content", [None, b"", b"not a store" * 1000])
def test_what_is_no_backup_changes_nothing(tmp_path: Path, machine: Machine, content: bytes | None) -> None:
    path, key = machine.store.path, machine.keyring.store
    code = file_one(machine)
    machine.close()
    if content is not None:
        (tmp_path / "b.db").write_bytes(content)
    assert refused(restore_file, tmp_path / "b.db", place_of(machine.config)) == "backup_failed"
    assert codes(path, key) == [code]
    assert not [file.name for file in path.parent.iterdir() if ".new" in file.name or "before-restore" in file.name]


def test_a_backup_that_is_not_there_makes_nothing_where_it_was_to_come(tmp_path: Path) -> None:
    config = load(tmp_path / "new")
    with pytest.raises(StoreError) as caught:
        restore_file(tmp_path / "none.mcb", place_of(config))
    assert caught.value.code == "backup_failed"
    assert not (tmp_path / "new").exists()


def test_papers_that_waited_in_the_backup_are_uncertain_after_a_restore(tmp_path: Path, machine: Machine) -> None:
    for _ in range(3):
        file_one(machine)
    jobs = [row["id"] for row in machine.store.rows("SELECT id FROM print_job ORDER BY id")]
    machine.store.set_print_state(jobs[0], "printed")
    machine.store.set_print_state(jobs[1], "sending")
    back_up(machine.store, machine.keyring, tmp_path / "b.db")
    machine.close()
    restore_file(tmp_path / "b.db", place_of(machine.config))
    machine = make_machine(tmp_path / "state")
    assert [job.state for job in map(machine.store.print_job, jobs) if job] == ["printed", "uncertain", "uncertain"]
    assert machine.store.next_print_job() is None


# --- who opens it, and what it brings -------------------------------------------------------------------------------


def elsewhere(tmp_path: Path) -> Place:
    """A machine that is not there yet."""
    return place_of(load(tmp_path / "new"))


def province_grant(backup: Path, code: str) -> bytes:
    """What the province does for a new machine: opens its copy of the key, and closes it with a code it reads out."""
    with backup.open("rb") as source:
        header = Reader(source).header
    return write_grant(header, header.key_of_province({1: PROVINCE_SEAL}), code)


PROVINCE_SEAL = SealKey(b"p" * 32)
PROVINCE = ProvincePublic(b"v" * 32, PROVINCE_SEAL.public)


def test_a_new_machine_takes_a_backup_with_the_technicians_passphrase(tmp_path: Path, machine: Machine) -> None:
    code = file_one(machine)
    back_up(machine.store, machine.keyring, tmp_path / "b", Receivers(passphrase="mật khẩu sao lưu"))
    place = elsewhere(tmp_path)
    assert refused(restore_file, tmp_path / "b", place, Secret("sai")) == "backup_locked"
    assert not place.keys.path.exists()
    done = restore_file(tmp_path / "b", place, Secret("mật khẩu sao lưu"))
    assert (done.kept, done.new_machine) == (None, True)
    assert codes(place.store, machine.keyring.store) == [code]
    fresh = open_keyring(place.keys, store_exists=True)
    assert fresh.store == machine.keyring.store
    assert fresh.device.sign.public != machine.keyring.device.sign.public


def test_a_new_machine_takes_a_backup_with_a_code_the_province_reads_out(tmp_path: Path, machine: Machine) -> None:
    code = file_one(machine)
    back_up(machine.store, machine.keyring, tmp_path / "b", Receivers(PROVINCE))
    grant, place = province_grant(tmp_path / "b", "K7F3-M9QX"), elsewhere(tmp_path)
    assert refused(restore_file, tmp_path / "b", place, Secret("K7F3-M9QY", grant)) == "backup_locked"
    restore_file(tmp_path / "b", place, Secret("K7F3-M9QX", grant))
    assert codes(place.store, machine.keyring.store) == [code]


def test_a_backup_of_another_machine_never_replaces_a_store(tmp_path: Path, machine: Machine) -> None:
    back_up(machine.store, machine.keyring, tmp_path / "b", Receivers(passphrase="mật khẩu"))
    other = make_machine(tmp_path / "other", device=8)
    code = file_one(other)
    other.close()
    assert refused(restore_file, tmp_path / "b", place_of(other.config), Secret("mật khẩu")) == "backup_foreign"
    assert codes(other.store.path, other.keyring.store) == [code]


def attached(machine: Machine, *texts: bytes) -> list[Path]:
    """Files attached to one dossier, as they lie on the disk."""
    dossier = file_dossier(machine, PROCEDURE, filled_session(), MOTHERS_CARD).dossier
    files = KioskFiles(machine.store)
    return [files.path(attach(machine, dossier, Paper("giay_chung_sinh", "application/pdf"), text).blob) for text in texts]


def test_attachments_the_province_does_not_hold_come_back_under_their_names(tmp_path: Path, machine: Machine) -> None:
    kept, gone = attached(machine, b"%PDF-" + b"a" * 200_000, b"%PDF-b")
    with machine.store.transaction():
        machine.store.apply_feed([next_entry(0, ZERO_HEAD, {"e": "bl", "id": gone.name, "d": "", "ok": 1})])
    back_up(machine.store, machine.keyring, tmp_path / "b", Receivers(passphrase="mật khẩu"))
    place = elsewhere(tmp_path)
    restore_file(tmp_path / "b", place, Secret("mật khẩu"))
    assert {path.name: path.read_bytes() for path in place.blobs.glob("??/*")} == {kept.name: kept.read_bytes()}
    db = connect(place.store, machine.keyring.store)
    assert dict(db.execute("SELECT id, here FROM blob").fetchall()) == {kept.name: 1, gone.name: 0}
    db.close()


def test_attachments_newer_than_a_restored_backup_are_kept_with_the_replaced_store(tmp_path: Path, machine: Machine) -> None:
    back_up(machine.store, machine.keyring, tmp_path / "b")
    (newer,) = attached(machine, b"%PDF-newer")
    data = newer.read_bytes()
    machine.close()
    restore_file(tmp_path / "b", place_of(machine.config))
    machine = make_machine(tmp_path / "state")
    KioskFiles(machine.store).sweep()
    assert not newer.exists()
    assert (tmp_path / "state/blobs.before-restore-1" / newer.name[:2] / newer.name).read_bytes() == data


def test_a_backup_altered_or_cut_anywhere_is_refused_and_leaves_nothing(tmp_path: Path, machine: Machine) -> None:
    back_up(machine.store, machine.keyring, tmp_path / "b")
    whole = (tmp_path / "b").read_bytes()
    machine.close()
    before = machine.store.path.read_bytes()
    places = [*range(8, 300, 37), *range(300, len(whole), len(whole) // 12), len(whole) - 1]
    damaged = [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in places]
    damaged += [whole[:-1], whole[:-64], whole[: len(whole) // 2], whole + b"x"]
    for data in damaged:
        (tmp_path / "d").write_bytes(data)
        assert refused(restore_file, tmp_path / "d", place_of(machine.config)) in ("backup_failed", "backup_locked")
    assert machine.store.path.read_bytes() == before
    assert not list(machine.config.state.glob("*.copy-*"))


def test_a_backup_signed_by_a_stranger_is_refused(tmp_path: Path, machine: Machine) -> None:
    stranger = replace(machine.keyring, device=DeviceKeys.generate())
    back_up(machine.store, stranger, tmp_path / "b")
    machine.close()
    assert refused(restore_file, tmp_path / "b", place_of(machine.config)) == "backup_failed"


def test_writing_and_reading_a_big_attachment_takes_little_memory(tmp_path: Path, machine: Machine) -> None:
    (big,) = attached(machine, b"%PDF-")
    with big.open("r+b") as out:
        out.truncate(48 * 1024 * 1024)
    tracemalloc.start()
    back_up(machine.store, machine.keyring, tmp_path / "b")
    machine.close()
    restore_file(tmp_path / "b", place_of(machine.config))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * 1024 * 1024


def test_a_restored_journal_goes_on_in_a_new_incarnation_and_behind_every_printed_number(tmp_path: Path, machine: Machine) -> None:
    file_one(machine)
    back_up(machine.store, machine.keyring, tmp_path / "b", Receivers(passphrase="mật khẩu"))
    printed = {file_one(machine) for _ in range(3)}
    before = machine.store.current()[0]
    machine.close()
    restore_file(tmp_path / "b", place_of(machine.config))
    machine = make_machine(tmp_path / "state")
    assert machine.store.current()[0] != before
    assert machine.store.current()[1] == 0
    assert {file_one(machine) for _ in range(3)}.isdisjoint(printed)


def test_a_new_machine_prints_no_number_again_though_no_ledger_came_along(tmp_path: Path, machine: Machine) -> None:
    file_one(machine)
    back_up(machine.store, machine.keyring, tmp_path / "b", Receivers(passphrase="mật khẩu"))
    printed = int(machine.store.meta("number"))
    place = elsewhere(tmp_path)
    restore_file(tmp_path / "b", place, Secret("mật khẩu"))
    db = connect(place.store, machine.keyring.store)
    passed_over = int(db.execute("SELECT v FROM meta WHERE k = 'number'").fetchone()[0]) - printed
    assert passed_over >= 10_000
    assert passed_over % 10_000 == 0


def test_a_restore_where_no_ledger_was_is_no_copy(tmp_path: Path, machine: Machine) -> None:
    file_one(machine)
    back_up(machine.store, machine.keyring, tmp_path / "b")
    machine.close()
    for file in machine.config.state.glob("ledger.*"):
        file.unlink()
    restore_file(tmp_path / "b", place_of(machine.config))
    machine = make_machine(tmp_path / "state")
    assert not is_copy(machine.store)
    assert machine.store.current()[1] == 0


def test_what_the_province_has_beyond_an_old_backup_comes_back_and_the_queue_is_sent_once(tmp_path: Path) -> None:
    province = ProvinceTwin()
    machine = province.enrol(tmp_path / "state")
    filed = [file_one(machine)]
    province.settle(machine)
    filed.append(file_one(machine))
    back_up(machine.store, machine.keyring, tmp_path / "b")
    filed += [file_one(machine) for _ in range(2)]
    province.settle(machine)
    filed.append(file_one(machine))
    unsent = filed.pop()
    machine.close()
    restore_file(tmp_path / "b", place_of(machine.config))
    machine = make_machine(tmp_path / "state", enrolled=False)
    filed.append(file_one(machine))
    province.settle(machine)
    shown = sorted(row["code"] for row in machine.store.rows("SELECT code FROM dossier"))
    assert shown == province.codes() == sorted(filed)
    assert unsent not in shown
    assert machine.store.waiting() == 0
    assert province.doubled() == []
    assert check(machine.store, 7, [VerifyKey(key) for key in machine.store.verify_keys()]).ok
