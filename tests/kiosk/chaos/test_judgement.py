"""The judges of the torment find what is missing, doubled or unpaid for; a small torment of real processes passes them."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from devices.printer import open_printer
from devices.printer.twin import PrinterTwin
from kiosk.chaos.judge import Promises, _judge_paper, _judge_records
from kiosk.chaos.kill import torment
from kiosk.officials import add_official
from kiosk.printing import Spooler
from kiosk.usecases import accept_dossier, file_dossier, reprint
from sync.envelope import base32
from tests.kiosk.machines import MOTHERS_CARD, PROCEDURE, Machine, filled_session, make_machine
from tests.waiting import until


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return make_machine(tmp_path / "state")


def file_one(machine: Machine) -> str:
    return file_dossier(machine, PROCEDURE, filled_session(), MOTHERS_CARD).code


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


def print_all(machine: Machine, folder: Path) -> list[Path]:
    """Let a spooler print what is queued; the papers that came out by then."""
    with PrinterTwin(folder) as twin:
        spooler = Spooler(machine.store, open_printer(twin.url, lock=machine.config.state / "printer.lock"), 576, lambda: None)
        spooler.start()
        until("the papers", lambda: not machine.store.rows("SELECT id FROM print_job WHERE state <> 'printed'"))
        spooler.stop()
        return twin.slips()


def test_a_doubled_slip_and_one_without_a_record_are_found(machine: Machine, tmp_path: Path) -> None:
    code = file_one(machine)
    paper = tmp_path / "paper"
    (slip,) = print_all(machine, paper)
    assert list(_judge_paper(machine, paper)) == []
    (paper / "slip-0002.png").write_bytes(slip.read_bytes())
    assert list(_judge_paper(machine, paper)) == [f"{code} slip: 2 papers, 1 printed and 0 uncertain jobs"]
    machine.store.db.execute("DELETE FROM print_job")
    found = list(_judge_paper(machine, paper))
    assert found == [f"a slip without a record: {code}"] * 2 + [f"filed without a slip: {code}"]


def test_a_second_slip_in_place_of_the_receipt_is_found_though_the_number_of_papers_is_right(
    machine: Machine, tmp_path: Path
) -> None:
    code = file_one(machine)
    dossier = machine.store.rows("SELECT d FROM dossier")[0]["d"]
    official = add_official(machine.store, "Cán bộ Mẫu", "135790", "official")
    job = accept_dossier(machine, dossier, PROCEDURE, official, 0).job
    reprint(machine, job)
    paper = tmp_path / "paper"
    slip, receipt, copy = print_all(machine, paper)
    assert list(_judge_paper(machine, paper)) == []
    kept = receipt.read_bytes()
    receipt.write_bytes(slip.read_bytes())
    assert list(_judge_paper(machine, paper)) == [
        f"{code} slip: 2 papers, 1 printed and 0 uncertain jobs",
        f"{code} mau01: 0 papers, 1 printed and 0 uncertain jobs",
    ]
    receipt.write_bytes(kept)
    copy.write_bytes(kept)
    assert [finding.split(":")[0] for finding in _judge_paper(machine, paper)] == [f"{code} mau01", f"{code} mau01 copy 1"]


def test_a_paper_that_begins_like_no_job_may_be_one_of_them_but_none_more(machine: Machine, tmp_path: Path) -> None:
    code = file_one(machine)
    paper = tmp_path / "paper"
    (slip,) = print_all(machine, paper)
    with Image.open(slip) as picture:
        marred = picture.copy()
    marred.paste(0, (200, 0, 300, 5))
    marred.save(slip)
    assert list(_judge_paper(machine, paper)) == []
    marred.save(paper / "slip-0002.png")
    assert list(_judge_paper(machine, paper)) == [f"{code}: 2 papers, 1 printed and 0 uncertain jobs"]


def test_a_small_torment_of_real_processes_loses_and_doubles_nothing(tmp_path: Path) -> None:
    report = torment(tmp_path, kills=4, share=0, seed=20261124, seconds=60, quiet=True)
    assert report.findings == ()
    assert report.facts["kills"] >= 4
    assert report.facts["filed"] > 0
