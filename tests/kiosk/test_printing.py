"""The spooler on a printer twin: no slip without a record, none twice without a mark, nothing lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.printer import open_printer
from devices.printer.twin import PrinterTwin
from kiosk import printing
from kiosk.printing import Spooler
from kiosk.store.store import Store
from kiosk.usecases import file_dossier, print_test, reprint
from tests.kiosk.machines import BIRTH, MOTHER, Machine, filled_session, load_catalogue, make_machine
from tests.waiting import until


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return make_machine(tmp_path / "state")


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[PrinterTwin]:
    with PrinterTwin(tmp_path / "paper") as printer:
        yield printer


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "RETRY_SECONDS", 0.05)


def spooler_for(machine: Machine, twin: PrinterTwin | None) -> Spooler:
    printer = open_printer(f"network://127.0.0.1:{twin.port}", "generic80") if twin else None
    spooler = Spooler(machine.store, printer, 576, lambda: None)
    spooler.start()
    return spooler


def state(store: Store, job: int) -> str:
    found = store.print_job(job)
    assert found is not None
    return found.state


def slips(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "paper").glob("*.png"))


def test_a_filing_comes_out_as_one_slip(machine: Machine, twin: PrinterTwin, tmp_path: Path) -> None:
    filed = file_dossier(machine, load_catalogue()[BIRTH], filled_session(), MOTHER)
    spooler = spooler_for(machine, twin)
    until("the slip", lambda: state(machine.store, filed.job) == "printed")
    spooler.stop()
    assert len(slips(tmp_path)) == 1


def test_without_paper_the_slip_waits_and_then_comes(machine: Machine, twin: PrinterTwin, tmp_path: Path) -> None:
    twin.set(paper_out=True)
    job = print_test(machine)
    spooler = spooler_for(machine, twin)
    until("the printer's complaint", lambda: "hết giấy" in (machine.store.print_job(job) or pytest.fail("no job")).fact)
    assert state(machine.store, job) == "queued"
    assert spooler.fact.state == "broken"
    assert slips(tmp_path) == []
    twin.set(paper_out=False)
    spooler.wake()
    until("the slip", lambda: state(machine.store, job) == "printed")
    spooler.stop()
    assert len(slips(tmp_path)) == 1


def test_a_kiosk_without_a_printer_keeps_the_slip_queued_with_a_cure(machine: Machine) -> None:
    job = print_test(machine)
    spooler = spooler_for(machine, None)
    until("a word on it", lambda: (machine.store.print_job(job) or pytest.fail("no job")).cure)
    spooler.stop()
    assert state(machine.store, job) == "queued"


def test_a_slip_that_was_being_sent_at_a_crash_is_never_sent_again(machine: Machine, twin: PrinterTwin, tmp_path: Path) -> None:
    doubtful = print_test(machine)
    machine.store.set_print_state(doubtful, "sending")
    later = print_test(machine)
    spooler = spooler_for(machine, twin)
    until("the later slip", lambda: state(machine.store, later) == "printed")
    assert state(machine.store, doubtful) == "uncertain"
    assert len(slips(tmp_path)) == 1
    copy = reprint(machine, doubtful)
    spooler.wake()
    until("the marked copy", lambda: state(machine.store, copy) == "printed")
    spooler.stop()
    assert len(slips(tmp_path)) == 2


def test_a_connection_cut_in_the_middle_leaves_the_job_uncertain(machine: Machine, twin: PrinterTwin) -> None:
    twin.set(reset_after=3000)
    job = print_test(machine)
    spooler = spooler_for(machine, twin)
    until("an end", lambda: state(machine.store, job) != "sending" and state(machine.store, job) != "queued")
    spooler.stop()
    assert state(machine.store, job) == "uncertain"
    assert "BẢN IN LẠI" in (machine.store.print_job(job) or pytest.fail("no job")).cure
