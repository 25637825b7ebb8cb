"""A neighbour's kiosk gone bad: whatever its signed events hold, the feed of the commune goes on and the screens open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from forms.dossier.merge import Writing, merge
from kiosk.app import KioskServices
from kiosk.demo.loop import LoopScheduler
from kiosk.machine import Machine
from kiosk.officials import add_official
from tests.kiosk.machines import BIRTH, make_machine
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


def filings() -> dict[str, list[Any]]:
    """What the province's merge makes of a neighbour's filings, each with one strange value."""
    told: dict[str, list[Any]] = {}
    for n, (field, value) in enumerate(((field, value) for field in FIELDS for value in STRANGE), start=1):
        content = {"procedure": BIRTH, field: value, "at": value if field == "filed_at" else "2026-11-25T08:00:00+07:00"}
        told[f"9-1-{n}"] = list(merge({}, Writing(9, 1, n, f"9-1-{n}", "new", content, 0)))
    return told


def test_strange_values_of_a_neighbour_do_not_stop_the_feed(machine: Machine) -> None:
    told = filings()
    for entries in told.values():
        Province(machine).tell(*entries)
    store = machine.store
    before = store.rows("SELECT * FROM dossier ORDER BY d")
    assert {row["d"] for row in before} == set(told)
    store.rebuild()
    assert store.rows("SELECT * FROM dossier ORDER BY d") == before


def test_strange_values_of_a_neighbour_do_not_shut_the_screens(services: KioskServices, machine: Machine) -> None:
    told = filings()
    for entries in told.values():
        Province(machine).tell(*entries)
    assert {row.dossier for row in services.worklist("new")} == set(told)
    assert [services.detail(dossier).row.status for dossier in told] == [1] * len(told)


def test_a_strange_due_time_is_shown_as_none(services: KioskServices, machine: Machine) -> None:
    for n, value in enumerate(STRANGE, start=1):
        told = {"procedure": BIRTH, "status": 2, "due": value}
        Province(machine).tell(*({"e": "f", "d": f"9-1-{n}", "f": name, "v": said} for name, said in told.items()))
    assert [row.due_vi for row in services.worklist("open")] == [""] * len(STRANGE)
