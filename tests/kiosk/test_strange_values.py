"""A neighbour's kiosk or a province gone bad: whatever was signed, the feed goes on or is set aside, and the screens open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from forms.dossier import change, outcome
from kiosk.app import KioskServices
from kiosk.demo.loop import LoopScheduler
from kiosk.line import engine_of
from kiosk.machine import Machine
from kiosk.officials import add_official
from kiosk.usecases import file_dossier
from sync.envelope import EnvelopeError
from tests.kiosk.machines import BIRTH, MOTHERS_CARD, PROCEDURE, filled_session, make_machine
from tests.kiosk.province_twin import COMMUNE, DEVICE, ProvinceTwin
from tests.kiosk.store.province import Province

PIN = "426813"
STRANGE: tuple[Any, ...] = ({"x": 1}, [[None]], 10**30, 1.5, True, "no time", "2026-11-25T08:00:00", "9" * 400)
FIELDS = ("code", "filed_at", "applicant", "subject")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return make_machine(tmp_path, sets=("devices.printer=none:",))


@pytest.fixture
def services(machine: Machine) -> Iterator[KioskServices]:
    add_official(machine.store, "Lương Thị Mẫu", PIN, "official")
    made = KioskServices(machine, LoopScheduler())
    made.sign_in(PIN)
    yield made
    made.close()


def filings() -> dict[str, Mapping[str, Any]]:
    """What a neighbour's filings come to at the province, each with one strange value."""
    told: dict[str, Mapping[str, Any]] = {}
    for n, (field, value) in enumerate(((field, value) for field in FIELDS for value in STRANGE), start=1):
        content = {"procedure": BIRTH, field: value, "at": value if field == "filed_at" else "2026-11-25T08:00:00+07:00"}
        told[f"9-1-{n}"] = outcome({}, change("new", content)).writes
    return told


def test_strange_values_of_a_neighbour_do_not_stop_the_feed(machine: Machine) -> None:
    told = filings()
    for dossier, fields in told.items():
        Province(machine).confirm(dossier, **fields)
    store = machine.store
    before = store.rows("SELECT * FROM dossier ORDER BY d")
    assert {row["d"] for row in before} == set(told)
    store.rebuild()
    assert store.rows("SELECT * FROM dossier ORDER BY d") == before


def test_strange_values_of_a_neighbour_do_not_shut_the_screens(services: KioskServices, machine: Machine) -> None:
    told = filings()
    for dossier, fields in told.items():
        Province(machine).confirm(dossier, **fields)
    assert {row.dossier for row in services.worklist("new")} == set(told)
    assert [services.detail(dossier).row.status for dossier in told] == [1] * len(told)


def test_a_strange_due_time_is_shown_as_none(services: KioskServices, machine: Machine) -> None:
    for n, value in enumerate(STRANGE, start=1):
        Province(machine).confirm(f"9-1-{n}", procedure=BIRTH, status=2, due=value)
    assert [row.due_vi for row in services.worklist("open")] == [""] * len(STRANGE)


@pytest.mark.parametrize("entry", [{"e": "bl"}, {"e": "bl", "id": {}}, {"e": "safe", "dev": DEVICE}])
def test_a_malformed_entry_of_the_province_is_set_aside_and_own_events_go_up(tmp_path: Path, entry: Mapping[str, Any]) -> None:
    province = ProvinceTwin()
    machine = province.enrol(tmp_path)
    with province.journal.atomic():
        province.journal.add_entry(COMMUNE, entry, None)
    filed = file_dossier(machine, PROCEDURE, filled_session(), MOTHERS_CARD)
    engine = engine_of(machine)
    for _ in range(3):
        with pytest.raises(EnvelopeError):
            province.exchange(engine)
    assert province.codes() == [filed.code]
    assert engine.pending() == 0
    assert machine.store.feed_position()[0] == 0
    assert {row["reason"] for row in machine.store.rows("SELECT reason FROM quarantine")} == {"envelope_invalid"}
