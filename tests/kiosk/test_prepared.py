"""CT01 on a real kiosk: a paper comes out, nothing is filed, and the machine forgets it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from devices.printer import open_printer
from devices.printer.twin import PrinterTwin
from forms.procedures.catalogue import load_catalogue
from forms.session import FormSession
from kiosk import printing
from kiosk.printing import Spooler
from kiosk.services import Prepared, Refused
from kiosk.store.papers import PREPARED, PREPARED_MINUTES
from kiosk.usecases import prepare_paper, reprint
from tests.kiosk.machines import MOTHER, Machine, ToldClock, card_facts, fill, make_machine
from tests.waiting import until

TODAY = date(2026, 11, 25)
STAY = load_catalogue().shown("1.004194", TODAY)
ANSWERS = {"is_head": "yes", "has_members": "no", "home_hamlet": "Xóm Nà Mẫu", "paper_giay_to_cho_o": "yes"}


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


def session() -> FormSession:
    made = FormSession(STAY.form, today=TODAY)
    made.prefill({**card_facts(MOTHER), "procedure.code": STAY.code})
    return fill(made, ANSWERS)


def prepare(machine: Machine) -> Prepared:
    return prepare_paper(machine, STAY, session())


def job(machine: Machine, number: int) -> Any:
    return machine.store.print_job(number)


def spooler_for(machine: Machine, twin: PrinterTwin | None) -> Spooler:
    lock = machine.config.state / "printer.lock"  # its memory must not come from another test that had this port
    printer = open_printer(f"network://127.0.0.1:{twin.port}", "generic80", lock=lock) if twin else None
    spooler = Spooler(machine.store, printer, 576, lambda: None, lambda: None)
    spooler.start()
    return spooler


def clock_of(machine: Machine) -> ToldClock:
    clock = machine.store.clock
    assert isinstance(clock, ToldClock)
    return clock


def later(machine: Machine, minutes: float) -> None:
    clock_of(machine).advance(minutes * 60)


def test_it_is_a_paper_and_nothing_else(machine: Machine) -> None:
    told = prepare(machine)
    assert "Công an" in told.next_vi
    found = job(machine, told.job)
    assert (found.kind, found.dossier, found.state) == (PREPARED, "", "queued")
    texts = [block.get("text") for block in found.content]
    assert MOTHER.number in texts
    assert any("Đăng ký tạm trú tại Xóm Nà Mẫu" in str(text) for text in texts)
    assert any("Giấy tờ chứng minh chỗ ở" in str(text) for text in texts)
    for table in ("log", "dossier", "field", "dossier_search"):
        assert machine.store.rows(f"SELECT count(*) AS n FROM {table}") == [{"n": 0}]


def test_a_machine_that_may_not_file_can_write_it_out(tmp_path: Path) -> None:
    assert prepare(make_machine(tmp_path / "alone", enrolled=False)).job


def test_an_unfinished_form_is_refused(machine: Machine) -> None:
    unfinished = session()
    unfinished.put("req_name", "")
    with pytest.raises(Refused) as caught:
        prepare_paper(machine, STAY, unfinished)
    assert caught.value.code == "form_incomplete"


def test_what_stood_on_it_is_gone_once_it_is_printed(machine: Machine, twin: PrinterTwin, tmp_path: Path) -> None:
    told = prepare(machine)
    spooler = spooler_for(machine, twin)
    until("the paper", lambda: job(machine, told.job).state == "printed")
    spooler.stop()
    assert len(list((tmp_path / "paper").glob("*.png"))) == 1
    assert job(machine, told.job).content == []
    assert not machine.store.rows("SELECT 1 FROM print_job WHERE content LIKE ?", [f"%{MOTHER.number}%"])


def test_a_slip_of_a_dossier_is_not_forgotten(machine: Machine) -> None:
    with machine.store.work("citizen") as work:
        slip = work.queue_print("d1", "slip", [{"block": "line", "text": "Phiếu"}])
    machine.store.set_print_state(slip, "printed")
    later(machine, PREPARED_MINUTES + 1)
    assert not machine.store.forget_unfetched()
    assert job(machine, slip).content


def test_what_nobody_fetched_is_forgotten_and_never_printed(machine: Machine, twin: PrinterTwin, tmp_path: Path) -> None:
    told = prepare(machine)
    later(machine, PREPARED_MINUTES + 1)
    spooler = spooler_for(machine, twin)
    until("the wiping", lambda: job(machine, told.job).state == "uncertain")
    spooler.stop()
    assert job(machine, told.job).content == []
    assert "đã xóa" in job(machine, told.job).fact
    assert list((tmp_path / "paper").glob("*.png")) == []


def test_until_then_it_waits_for_the_printer(machine: Machine) -> None:
    told = prepare(machine)
    later(machine, PREPARED_MINUTES - 1)
    assert not machine.store.forget_unfetched()
    assert job(machine, told.job).content


@pytest.mark.parametrize("days", [-1, 1])
def test_a_wall_clock_that_jumps_neither_wipes_nor_keeps_it(machine: Machine, days: int) -> None:
    told = prepare(machine)
    clock_of(machine).at += days * 86_400
    assert not machine.store.forget_unfetched()
    assert job(machine, told.job).content
    later(machine, PREPARED_MINUTES + 1)
    assert machine.store.forget_unfetched()


def test_after_a_restart_of_the_machine_it_waits_no_longer_than_before(machine: Machine) -> None:
    told = prepare(machine)
    clock_of(machine).boot, clock_of(machine).mono = "boot-2", 20.0
    assert not machine.store.forget_unfetched()
    later(machine, PREPARED_MINUTES)
    assert machine.store.forget_unfetched()
    assert job(machine, told.job).content == []


def test_a_copy_of_an_uncertain_one_is_marked_and_the_first_one_forgotten(machine: Machine) -> None:
    first = prepare(machine).job
    machine.store.set_print_state(first, "uncertain")
    prepare(machine)
    copy = job(machine, reprint(machine, first))
    assert copy.copy == 1
    assert "LẦN 1" in str(copy.content[0])
    assert job(machine, first).content == []


def test_what_is_forgotten_cannot_be_printed_again(machine: Machine) -> None:
    told = prepare(machine)
    machine.store.set_print_state(told.job, "printed")
    with pytest.raises(Refused) as caught:
        reprint(machine, told.job)
    assert caught.value.code == "paper_forgotten"
    assert caught.value.cure_vi
