"""A kiosk with old forms: everything goes up, only new dossiers wait for the update."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk import outdated
from kiosk.line import engine_of
from kiosk.machine import Machine
from kiosk.outdated import SCHEMAS
from kiosk.services import Refused
from kiosk.sync_process import Reporter
from kiosk.usecases import check_can_file, file_dossier
from sync.intake import Policy, handle
from sync.worker import SyncStatus, attempt
from tests.kiosk.machines import MOTHERS_CARD, PROCEDURE, filled_session
from tests.kiosk.province_twin import SERVER_MS, ProvinceTwin


class Line:
    """The way to a province that takes new dossiers from a version of events on."""

    hedged_s = 0.0

    def __init__(self, province: ProvinceTwin) -> None:
        self._province = province
        self.floor = 0

    def exchange(self, request: bytes, hedge_after_s: float) -> bytes:
        twin = self._province
        with twin.journal.atomic():
            return handle(request, twin.journal, twin, twin.keys, SERVER_MS, Policy(schema_floor=self.floor))

    def talk(self, machine: Machine, floor: int, times: int = 1) -> None:
        """What exchanges of the sync process do."""
        self.floor = floor
        clock = machine.store.clock

        class Clock:
            mono, wall_ms = staticmethod(clock.monotonic), staticmethod(clock.wall_ms)

        engine = engine_of(machine)
        for _ in range(times):
            Reporter(machine)(attempt(engine, self, SyncStatus(), Clock()))


@pytest.fixture
def province() -> ProvinceTwin:
    return ProvinceTwin()


@pytest.fixture
def machine(province: ProvinceTwin, tmp_path: Path) -> Machine:
    return province.enrol(tmp_path)


@pytest.fixture
def line(province: ProvinceTwin) -> Line:
    return Line(province)


def test_a_kiosk_tells_the_version_of_its_forms(machine: Machine, line: Line) -> None:
    line.talk(machine, SCHEMAS[1])
    check_can_file(machine)


def test_below_the_floor_no_dossier_is_begun_and_what_waits_goes_up(machine: Machine, province: ProvinceTwin, line: Line) -> None:
    filed = file_dossier(machine, PROCEDURE, filled_session(), MOTHERS_CARD)
    line.talk(machine, SCHEMAS[1] + 1, times=3)
    with pytest.raises(Refused) as caught:
        check_can_file(machine)
    assert caught.value.code == "update_needed"
    assert province.codes() == [filed.code]


def test_when_the_floor_is_lowered_dossiers_begin_again(machine: Machine, line: Line) -> None:
    line.talk(machine, SCHEMAS[1] + 1)
    line.talk(machine, 0)
    check_can_file(machine)


def test_an_update_without_a_line_ends_the_wait(machine: Machine, line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    line.talk(machine, SCHEMAS[1] + 1)
    monkeypatch.setattr(outdated, "SCHEMA", SCHEMAS[1] + 1)
    check_can_file(machine)
