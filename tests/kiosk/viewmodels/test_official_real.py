"""The official's way with nothing pretended: a real store, real use cases, a printer that takes real bytes; only time is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from time import monotonic

import pytest

from devices.printer.twin import PrinterTwin
from kiosk.app import KioskServices
from kiosk.officials import add_official
from kiosk.services import Filed, Identified
from kiosk.viewmodels.base import ViewModel
from kiosk.viewmodels.flow import Kiosk
from kiosk.viewmodels.official import Desk, SignIn
from kiosk.viewmodels.official_flow import WorklistPage, open_staff
from tests.kiosk.machines import MOTHER, PROCEDURE, ToldClock, filled_session, make_machine
from tests.kiosk.services_twin import FakeScheduler

PIN = "482913"


class Attract(ViewModel):
    """Stands for the citizens' first screen."""

    def __init__(self, kiosk: Kiosk) -> None:
        super().__init__()


@dataclass
class RealOffice:
    scheduler: FakeScheduler
    services: KioskServices
    kiosk: Kiosk
    printer: PrinterTwin
    filed: Filed
    _breath: Event = field(default_factory=Event)

    def enter(self) -> Desk:
        self.kiosk.open_staff()
        pad = self.kiosk.screen
        assert isinstance(pad, SignIn)
        for digit in PIN:
            pad.press(digit)
        pad.submit()
        page = self.kiosk.screen
        assert isinstance(page, WorklistPage)
        return page.desk

    def wait(self, what: str, done: Callable[[], bool]) -> None:
        """Let told time and the printer's thread go on until ``done``, at most fifteen seconds."""
        end = monotonic() + 15.0
        while not done():
            assert monotonic() < end, f"never happened: {what}"
            self._breath.wait(0.02)
            self.scheduler.advance(0.1)


@pytest.fixture
def real(tmp_path: Path) -> Iterator[RealOffice]:
    with PrinterTwin(tmp_path / "paper") as printer:
        sets = (f"devices.printer=network://127.0.0.1:{printer.port}", "devices.reader=none:", "devices.barcode=none:")
        machine = make_machine(tmp_path / "state", ToldClock(), sets=sets)
        add_official(machine.store, "Nông Văn Mẫu", PIN, "official")
        scheduler = FakeScheduler()
        services = KioskServices(machine, scheduler)
        try:
            filed = services.submit(PROCEDURE, filled_session(), Identified(MOTHER))
            kiosk = Kiosk(services, scheduler, Attract, open_staff)
            yield RealOffice(scheduler, services, kiosk, printer, filed)
        finally:
            services.close()


def test_an_accepted_dossier_has_a_due_time_a_paper_and_a_history(real: RealOffice) -> None:
    desk = real.enter()
    assert [(row.code, row.due_vi) for row in desk.rows] == [(real.filed.code, "")]
    desk.choose(real.filed.dossier)
    desk.ask_accept()
    desk.confirm_accept()
    assert desk.stage == "done"
    assert desk.accepted is not None
    assert "25/11/2026" in desk.accepted.due_vi
    assert desk.selected is not None
    assert desk.selected.row.status == 2
    assert not desk.selected.can_accept
    assert any("Nông Văn Mẫu" in sentence for sentence in desk.selected.history)
    assert desk.rows == []
    real.wait("Mẫu 01 on paper", lambda: desk.print_fact is not None and desk.print_fact.state == "printed")


def test_a_name_typed_without_accents_finds_it(real: RealOffice) -> None:
    desk = real.enter()
    desk.open_search()
    desk.search("nong van thu")
    real.scheduler.advance(0.2)
    assert [row.code for row in desk.rows] == [real.filed.code]
    desk.search("khong co ai")
    real.scheduler.advance(0.2)
    assert desk.rows == []


def test_a_wrong_pin_is_refused_in_words(real: RealOffice) -> None:
    real.kiosk.open_staff()
    pad = real.kiosk.screen
    assert isinstance(pad, SignIn)
    for digit in "111999":
        pad.press(digit)
    pad.submit()
    assert pad.refusal is not None
    assert pad.refusal.code == "wrong_pin"
    assert "lần thử" in pad.refusal.cure_vi
