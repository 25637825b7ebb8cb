"""A full disk: the filing in hand is finished from the reserve, new ones are refused before they start."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.store.connection import StoreError
from kiosk.store.reserve import Reserve
from kiosk.usecases import check_can_file, file_dossier
from tests.kiosk.machines import MOTHERS_CARD, PROCEDURE, Machine, filled_session, make_machine


def fill_disk(machine: Machine) -> None:
    """Let the store grow no further, as a full disk does; SQLite then says «database or disk is full»."""
    machine.store.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    pages = machine.store.rows("PRAGMA page_count")[0]["page_count"]
    machine.store.rows(f"PRAGMA max_page_count = {pages}")


class RoomyReserve(Reserve):
    """A reserve whose giving-up really makes room in a store filled by :func:`fill_disk`."""

    machine: Machine

    def give_up(self) -> bool:
        given = super().give_up()
        self.machine.store.rows("PRAGMA max_page_count = 100000")
        return given


def test_the_reserve_really_takes_space(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "reserve.bin", 2, 1)
    assert reserve.make()
    assert (tmp_path / "reserve.bin").stat().st_blocks * 512 >= 2 * 1024 * 1024


def test_the_filing_in_hand_is_finished_from_the_reserve(tmp_path: Path) -> None:
    machine = make_machine(tmp_path)
    reserve = RoomyReserve(tmp_path / "reserve.bin", 1, 1)
    reserve.machine = machine
    machine.store.reserve = reserve
    fill_disk(machine)
    procedure = PROCEDURE
    filed = [file_dossier(machine, procedure, filled_session(), MOTHERS_CARD) for _ in range(30)]
    assert not reserve.stands()
    assert machine.store.rows("SELECT count(*) AS n FROM dossier")[0]["n"] == len({one.code for one in filed}) == 30
    assert machine.store.rows("SELECT count(*) AS n FROM print_job")[0]["n"] == 30


def test_without_any_reserve_the_filing_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    machine = make_machine(tmp_path)
    machine.store.reserve.give_up()
    fill_disk(machine)
    procedure = PROCEDURE

    def file_many() -> None:
        for _ in range(30):
            file_dossier(machine, procedure, filled_session(), MOTHERS_CARD)

    with pytest.raises(StoreError) as caught:
        file_many()
    assert caught.value.code == "disk_full"
    events = machine.store.current()[1]
    assert events == 2 * machine.store.rows("SELECT count(*) AS n FROM dossier")[0]["n"]


def test_new_filings_are_refused_before_they_start(tmp_path: Path) -> None:
    machine = make_machine(tmp_path, sets=("store.least_free_mb=90000000",))
    with pytest.raises(StoreError) as caught:
        check_can_file(machine)
    assert caught.value.code == "disk_full"
    assert caught.value.cure_vi
