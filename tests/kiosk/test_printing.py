"""The spooler on a printer twin: no slip without a record, none twice without a mark, nothing lost."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from PIL import Image

from devices.printer import Printer, PrinterStatus, PrintOutcome, open_printer
from devices.printer.twin import PrinterTwin
from kiosk import printing
from kiosk.printing import Spooler
from kiosk.store.store import Store
from kiosk.usecases import file_dossier, print_test, reprint
from tests.kiosk.machines import MOTHERS_CARD, PROCEDURE, Machine, filled_session, make_machine
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
    lock = machine.config.state / "printer.lock"  # its memory must not come from another test that had this port
    printer = open_printer(f"network://127.0.0.1:{twin.port}", "generic80", lock=lock) if twin else None
    spooler = Spooler(machine.store, printer, 576, lambda: None, lambda: None)
    spooler.start()
    return spooler


def state(store: Store, job: int) -> str:
    found = store.print_job(job)
    assert found is not None
    return found.state


def slips(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "paper").glob("*.png"))


def test_a_filing_comes_out_as_one_slip(machine: Machine, twin: PrinterTwin, tmp_path: Path) -> None:
    filed = file_dossier(machine, PROCEDURE, filled_session(), MOTHERS_CARD)
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


@pytest.mark.parametrize("content", [[{"block": "line", "text": "Lò Văn ꪁꪫ"}], [{"block": "hologram"}], [{"block": "gap"}]])
def test_a_paper_that_cannot_be_drawn_is_parked_and_the_next_one_comes(
    machine: Machine, twin: PrinterTwin, tmp_path: Path, content: list[dict[str, Any]]
) -> None:
    with machine.store.work("citizen") as work:
        poison = work.queue_print("", "test", content)
    later = print_test(machine)
    spooler = spooler_for(machine, twin)
    until("the later slip", lambda: state(machine.store, later) == "printed")
    spooler.stop()
    parked = machine.store.print_job(poison) or pytest.fail("no job")
    assert (parked.state, parked.fact) == ("uncertain", "Phiếu có chữ máy in không in được.")
    assert "chép lại mã" in parked.cure
    assert len(slips(tmp_path)) == 1


class Odd:
    """A printer whose driver breaks in a way nobody foresaw."""

    width_dots = 576

    def status(self) -> PrinterStatus:
        raise ZeroDivisionError("NÔNG THỊ MẪU")

    def print(self, image: Image.Image) -> PrintOutcome:
        raise AssertionError("never reached")

    def close(self) -> None:
        """Nothing is open."""


def test_a_fault_nobody_foresaw_ends_the_process_and_tells_no_name(machine: Machine, caplog: pytest.LogCaptureFixture) -> None:
    ended: list[bool] = []
    spooler = Spooler(machine.store, cast(Printer, Odd()), 576, lambda: None, lambda: ended.append(True))
    spooler.start()
    until("the end", lambda: ended)
    spooler.stop()
    assert "ZeroDivisionError" in caplog.text
    assert "MẪU" not in caplog.text


def test_the_end_of_the_process_is_real() -> None:
    code = "from kiosk.printing import end_process; end_process()"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == printing.BROKEN_EXIT


@pytest.mark.parametrize(("blocked", "after"), [("sending", "printed"), ("printed", "uncertain")])
def test_a_disk_too_full_to_note_a_print_holds_printing_up_and_does_not_end_it(
    machine: Machine, twin: PrinterTwin, tmp_path: Path, blocked: str, after: str
) -> None:
    job = print_test(machine)
    machine.store.reserve.give_up()
    machine.store.db.execute("PRAGMA max_page_count = 1")
    fills = "INSERT INTO meta (k, v) VALUES ('full', zeroblob(1000000));"
    when = f"BEFORE UPDATE ON print_job WHEN NEW.state = '{blocked}'"
    machine.store.db.execute(f"CREATE TEMP TRIGGER full {when} BEGIN {fills} END")
    spooler = spooler_for(machine, twin)
    until("the complaint", lambda: "đầy" in spooler.fact.fact_vi)
    machine.store.db.execute("DROP TRIGGER full")
    spooler.wake()
    until("an end", lambda: state(machine.store, job) == after)
    until("the printer's word", lambda: spooler.fact.state == "ok")
    spooler.stop()
    assert [paper.name for paper in slips(tmp_path)] == ["slip-0001.png"]
