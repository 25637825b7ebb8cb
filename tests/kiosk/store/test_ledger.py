"""Numbers that may be on paper never come back, and a store older than this machine's last word is noticed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from kiosk.app import KioskServices
from kiosk.copied import COPY_VI, is_copy
from kiosk.demo.loop import LoopScheduler
from kiosk.store.connection import StoreError
from kiosk.store.ledger import BLOCK, UNKNOWN_NUMBERS, Ledger, Witness, elsewhere
from kiosk.store_cli import store_command
from kiosk.sync_report import report_of, report_vi
from kiosk.usecases import file_dossier
from sync.keys import SigningKey
from tests.kiosk.machines import MOTHERS_CARD, PROCEDURE, Machine, filled_session, make_machine


def file_one(machine: Machine) -> str:
    return file_dossier(machine, PROCEDURE, filled_session(), MOTHERS_CARD).code


def test_a_block_is_on_the_disk_before_its_first_number_is_used(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.json")
    ledger.set_aside(1)
    assert Ledger(tmp_path / "ledger.json").below == 1 + BLOCK
    ledger.set_aside(5)
    assert Ledger(tmp_path / "ledger.json").below == 1 + BLOCK


def test_a_torn_ledger_counts_as_empty(tmp_path: Path) -> None:
    (tmp_path / "ledger.json").write_text('{"below": 1', encoding="ascii")
    ledger = Ledger(tmp_path / "ledger.json")
    assert (ledger.below, ledger.witness) == (0, None)


def test_the_witness_survives_a_reopening(tmp_path: Path) -> None:
    Ledger(tmp_path / "ledger.json").remember(Witness(5, 7, bytes(32)))
    assert Ledger(tmp_path / "ledger.json").witness == Witness(5, 7, bytes(32))


def test_codes_differ_also_after_the_store_is_restored_from_an_old_image(tmp_path: Path) -> None:
    machine = make_machine(tmp_path)
    codes = [file_one(machine)]
    machine.close()
    for file in tmp_path.glob("kiosk.db*"):
        shutil.copy(file, tmp_path / f"old-{file.name}")
    machine = make_machine(tmp_path)
    old = machine.store.current()[0]
    codes += [file_one(machine) for _ in range(3)]
    machine.close()
    for file in tmp_path.glob("kiosk.db*"):
        file.unlink()
    for file in tmp_path.glob("old-*"):
        shutil.copy(file, tmp_path / file.name.removeprefix("old-"))
    machine = make_machine(tmp_path)
    assert machine.store.current()[0] != old
    codes += [file_one(machine) for _ in range(3)]
    assert len(set(codes)) == len(codes) == 7


def test_a_lost_store_is_never_replaced_by_an_empty_one_in_silence(tmp_path: Path) -> None:
    machine = make_machine(tmp_path)
    file_one(machine)
    machine.close()
    for file in tmp_path.glob("kiosk.db*"):
        file.unlink()
    with pytest.raises(StoreError) as caught:
        make_machine(tmp_path)
    assert caught.value.code == "store_missing"
    assert not (tmp_path / "kiosk.db").exists()


def test_codes_differ_also_after_the_store_is_lost(tmp_path: Path) -> None:
    machine = make_machine(tmp_path)
    first = {file_one(machine) for _ in range(3)}
    machine.close()
    for file in tmp_path.glob("kiosk.db*"):
        file.unlink()
    Ledger(tmp_path / "ledger.json").start_anew()
    machine = make_machine(tmp_path)
    assert not first & {file_one(machine) for _ in range(3)}


def test_a_clean_restart_goes_on_in_the_same_incarnation(tmp_path: Path) -> None:
    machine = make_machine(tmp_path)
    first = file_one(machine)
    before = machine.store.current()[0]
    machine.close()
    machine = make_machine(tmp_path)
    assert machine.store.current()[0] == before
    number = int(file_one(machine).rsplit("-", 1)[1][:-1])
    assert number == int(first.rsplit("-", 1)[1][:-1]) + 1


def test_a_rebase_that_is_undone_leaves_no_trace_in_the_ledger(tmp_path: Path) -> None:
    machine = make_machine(tmp_path)
    file_one(machine)
    inc = machine.store.current()[0]
    with pytest.raises(ZeroDivisionError), machine.store.transaction():
        machine.store.rebase_incarnation(inc, 1)
        raise ZeroDivisionError
    assert Ledger(machine.config.path("store.ledger")).witness == Witness(*machine.store.current())
    machine.close()
    machine = make_machine(tmp_path)
    assert machine.store.current()[0] == inc
    with machine.store.transaction():
        fresh = machine.store.rebase_incarnation(inc, 1)
    assert Ledger(machine.config.path("store.ledger")).witness == Witness(*machine.store.current())
    assert machine.store.current()[0] == fresh


def test_two_copies_of_one_state_folder_give_neither_one_code_nor_one_dossier_twice(tmp_path: Path) -> None:
    machine = make_machine(tmp_path / "one")
    file_one(machine)
    machine.close()
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    first, second = make_machine(tmp_path / "one"), make_machine(tmp_path / "two")
    filed = [file_dossier(each, PROCEDURE, filled_session(), MOTHERS_CARD) for each in (first, second) for _ in range(2)]
    assert len({one.code for one in filed}) == len({one.dossier for one in filed}) == 4
    for each in (first, second):
        each.close()


def test_a_state_folder_copied_without_its_ledger_begins_anew_as_a_copy(tmp_path: Path) -> None:
    machine = make_machine(tmp_path / "one")
    file_one(machine)
    machine.close()
    shutil.copytree(tmp_path / "one", tmp_path / "two", ignore=shutil.ignore_patterns("ledger.*"))
    first, second = make_machine(tmp_path / "one"), make_machine(tmp_path / "two")
    assert (is_copy(first.store), is_copy(second.store)) == (False, True)
    assert first.store.current()[0] != second.store.current()[0]
    filed = [file_dossier(each, PROCEDURE, filled_session(), MOTHERS_CARD) for each in (first, second)]
    assert len({one.code for one in filed}) == 2


def test_an_image_put_back_with_its_ledger_gives_two_people_two_dossiers(tmp_path: Path) -> None:
    """Nobody can notice it at once: all of it is as it was. The code is printed twice, each with a key of its own."""
    machine = make_machine(tmp_path)
    file_one(machine)
    machine.close()
    kept = {path: path.read_bytes() for path in tmp_path.glob("*") if path.is_file()}
    filed = []
    for _ in range(2):
        for path, data in kept.items():
            path.write_bytes(data)
        machine = make_machine(tmp_path)
        filed.append(file_dossier(machine, PROCEDURE, filled_session(), MOTHERS_CARD))
        machine.close()
    assert filed[0].code == filed[1].code
    assert filed[0].dossier != filed[1].dossier
    assert filed[0].qr != filed[1].qr


def test_two_copies_go_on_at_different_numbers() -> None:
    assert elsewhere(7, 5) == 7 + 6 * UNKNOWN_NUMBERS
    assert elsewhere(7, 6) - elsewhere(7, 5) == UNKNOWN_NUMBERS


def test_a_copy_is_told_to_the_technician_until_its_keys_are_new(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    machine = make_machine(tmp_path / "one")
    file_one(machine)
    assert not report_of(machine).copied
    machine.close()
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    machine = make_machine(tmp_path / "two")
    report = report_of(machine)
    services = KioskServices(machine, LoopScheduler())
    assert COPY_VI in report_vi(report)
    assert [fact.fact_vi for fact in services.devices() if fact.name == "line"] == [COPY_VI]
    services.close()
    machine.close()
    store_command(["check", "--state", str(tmp_path / "two"), "--json"])
    assert json.loads(capsys.readouterr().out)["copied"]
    machine = make_machine(tmp_path / "two")
    with machine.store.transaction():
        machine.store.remember_key(SigningKey(b"n" * 32).public)
    assert not report_of(machine).copied


def test_a_copy_begins_anew_once_and_then_goes_on(tmp_path: Path) -> None:
    machine = make_machine(tmp_path / "one")
    file_one(machine)
    machine.close()
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    machine = make_machine(tmp_path / "two")
    begun = machine.store.current()
    machine.close()
    machine = make_machine(tmp_path / "two")
    assert machine.store.current() == begun
