"""The judges of the torment find what is missing, doubled or unpaid for; a small torment of real processes passes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from devices.printer import open_printer
from devices.printer.twin import PrinterTwin
from kiosk.chaos.command import Promises, _judge_paper, _judge_records, torment
from kiosk.printing import Spooler
from kiosk.usecases import file_dossier
from sync.envelope import base32
from tests.kiosk.machines import BIRTH, MOTHER, Machine, filled_session, load_catalogue, make_machine
from tests.waiting import until


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return make_machine(tmp_path / "state")


def file_one(machine: Machine) -> str:
    return file_dossier(machine, load_catalogue()[BIRTH], filled_session(), MOTHER).code


def province_of(machine: Machine, dossiers: int) -> dict[str, object]:
    inc, _, head = machine.store.current()
    return {"dossiers": dossiers, "heads": {f"{base32(7)}-{base32(inc)}": head.hex()}}


def test_kept_promises_are_no_finding(machine: Machine) -> None:
    code = file_one(machine)
    promised = Promises(frozenset({code}), frozenset())
    assert list(_judge_records(machine, promised, province_of(machine, 1))) == []


def test_a_lost_promise_is_found(machine: Machine) -> None:
    code = file_one(machine)
    promised = Promises(frozenset({code, "TAM-7-261125-0099X"}), frozenset())
    (finding,) = _judge_records(machine, promised, province_of(machine, 1))
    assert finding == "promised and lost: TAM-7-261125-0099X"


def test_a_forgotten_acceptance_is_found(machine: Machine) -> None:
    code = file_one(machine)
    promised = Promises(frozenset({code}), frozenset({code}))
    (finding,) = _judge_records(machine, promised, province_of(machine, 1))
    assert "accepted and forgotten" in finding


def test_a_province_with_another_journal_or_another_count_is_found(machine: Machine) -> None:
    file_one(machine)
    promised = Promises(frozenset(), frozenset())
    other = {**province_of(machine, 2), "heads": {}}
    findings = list(_judge_records(machine, promised, other))
    assert [finding.split()[2] for finding in findings] == ["has", "holds"]


def test_a_doubled_slip_and_one_without_a_record_are_found(machine: Machine, tmp_path: Path) -> None:
    with PrinterTwin(tmp_path / "paper") as twin:
        code = file_one(machine)
        spooler = Spooler(machine.store, open_printer(twin.url), 576, lambda: None)
        spooler.start()
        until("the slip", lambda: machine.store.rows("SELECT state FROM print_job")[0]["state"] == "printed")
        spooler.stop()
    assert list(_judge_paper(machine, tmp_path / "paper")) == []
    (slip,) = (tmp_path / "paper").glob("slip-*.png")
    (tmp_path / "paper" / "slip-0002.png").write_bytes(slip.read_bytes())
    (doubled,) = _judge_paper(machine, tmp_path / "paper")
    assert doubled == f"{code}: 2 papers, 1 printed and 0 uncertain jobs"
    machine.store.db.execute("DELETE FROM print_job")
    (unrecorded,) = _judge_paper(machine, tmp_path / "paper")
    assert unrecorded == f"a slip without a record: {code}"


def test_a_small_torment_of_real_processes_loses_and_doubles_nothing(tmp_path: Path) -> None:
    report = torment(tmp_path, kills=4, share=0, seed=20261124, seconds=60, quiet=True)
    assert report["findings"] == []
    assert report["kills"] >= 4
    assert report["filed"] > 0
