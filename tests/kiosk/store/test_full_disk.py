"""A disk that is really full, as a small file system in memory: nothing promised is lost, and the sentence names the right cure."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.attachments import Paper, attach
from kiosk.file_line import FileLine
from kiosk.store.connection import StoreError
from kiosk.usecases import check_can_file, file_dossier
from sync.blob.crossing import Crossing
from tests.kiosk.machines import MOTHERS_CARD, PROCEDURE, Machine, filled_session, make_machine
from tests.waiting import until

SETS = ("store.reserve_mb=2", "store.least_free_mb=1")


def as_root(*command: str) -> None:
    subprocess.run([*([] if os.geteuid() == 0 else ["sudo", "-n"]), *command], check=True, capture_output=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of six megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    as_root("mount", "-t", "tmpfs", "-o", f"size=6m,mode=0700,uid={os.geteuid()}", "tmpfs", str(folder))
    yield folder
    as_root("umount", "-l", str(folder))


def stuff(folder: Path, leave: int = 0) -> Path:
    """Fill the disk but for ``leave`` bytes."""
    ballast = folder / "ballast"
    with ballast.open("wb") as file:
        free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_bsize
        file.write(bytes(max(0, free - leave)))
    return ballast


def file_one(machine: Machine) -> str:
    return file_dossier(machine, PROCEDURE, filled_session(), MOTHERS_CARD).code


def test_the_filing_in_hand_ends_on_the_reserve_and_the_next_does_not_start(small_disk: Path) -> None:
    machine = make_machine(small_disk, sets=SETS)
    codes = [file_one(machine)]
    stuff(small_disk)
    codes.append(file_one(machine))
    assert not machine.store.reserve.stands()
    with pytest.raises(StoreError) as caught:
        check_can_file(machine)
    assert caught.value.code == "disk_full"
    assert sorted(row["code"] for row in machine.store.rows("SELECT code FROM dossier")) == sorted(codes)


def test_a_store_on_a_full_disk_opens_on_its_reserve(small_disk: Path) -> None:
    machine = make_machine(small_disk, sets=SETS)
    code = file_one(machine)
    machine.close()
    stuff(small_disk)
    machine = make_machine(small_disk, sets=SETS)
    assert [row["code"] for row in machine.store.rows("SELECT code FROM dossier")] == [code]


def test_a_store_on_a_full_disk_without_reserve_says_full_and_not_wrong_key(small_disk: Path) -> None:
    machine = make_machine(small_disk, sets=SETS)
    code = file_one(machine)
    machine.store.reserve.give_up()
    machine.close()
    ballast = stuff(small_disk)
    with pytest.raises(StoreError) as caught:
        make_machine(small_disk, sets=SETS)
    assert caught.value.code == "disk_full"
    ballast.unlink()
    machine = make_machine(small_disk, sets=SETS)
    assert [row["code"] for row in machine.store.rows("SELECT code FROM dossier")] == [code]


def test_a_ledger_on_another_full_disk_refuses_before_the_start_and_keeps_the_reserve(tmp_path: Path, small_disk: Path) -> None:
    machine = make_machine(tmp_path / "state", sets=(*SETS, f"store.ledger={small_disk}/ledger.json"))
    file_one(machine)
    stuff(small_disk)
    with pytest.raises(StoreError) as caught:
        check_can_file(machine)
    assert caught.value.code == "disk_full"
    with pytest.raises(StoreError) as caught:
        for _ in range(17):
            file_one(machine)
    assert caught.value.code == "disk_full"
    assert machine.store.reserve.stands()


def test_the_sending_of_files_outlives_a_full_disk(small_disk: Path, caplog: pytest.LogCaptureFixture) -> None:
    """GIVEN a file to send and no room for a word WHEN files are looked at THEN the sync process goes on: sending is the cure."""
    caplog.set_level(logging.WARNING)
    ended: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: ended.append(number))
    sets = (*SETS, "store.scan_free_mb=1", "province.url=http://127.0.0.1:9", "sync.timeout=1.0")
    machine = make_machine(small_disk, sets=sets)
    code = file_one(machine)
    dossier = machine.store.rows("SELECT d FROM dossier WHERE code = ?", [code])[0]["d"]
    attach(machine, dossier, Paper("giay_chung_sinh", "application/pdf"), b"%PDF-1.7".ljust(2000))
    with machine.store.transaction():
        for inc in machine.store.incarnations():
            machine.store.set_told(inc, machine.store.last(inc)[0])
    machine.store.reserve.give_up()
    machine.store.scrub()
    ballast = stuff(small_disk)
    line = FileLine(machine, Crossing())
    try:
        with pytest.raises(Exception, match="full"):
            line.once()
        line.start()
        until("the full disk is met", lambda: "disk_full" in caplog.text or ended)
        ballast.unlink()
        line.nudge()
        until("the next try is noted", lambda: machine.store.outbox() or ended)
        line.stop()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert ended == []
