"""Real kiosks for tests: a real store file, real keys, an enrolment signed by a root made on the spot, and a clock that is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from devices.idcard import CardPerson
from forms.procedures.catalogue import load_catalogue
from forms.procedures.procedure import Procedure
from forms.session import FormSession
from kiosk.clock import HANOI, Clock
from kiosk.config import load
from kiosk.demo.alone import enrolled_alone
from kiosk.machine import Machine, open_machine
from kiosk.services import Identified
from kiosk.viewmodels.filing import FACTS

BIRTH = "1.001193"
PROCEDURE: Procedure = load_catalogue().shown(BIRTH, date(2026, 11, 25))

MOTHER = CardPerson(
    number="004190000001",
    name="NÔNG THỊ MẪU",
    birth="1990-02-01",
    sex="Nữ",
    nationality="Việt Nam",
    ethnicity="Tày",
    origin="Xã Mẫu, Cao Bằng",
    residence="Xóm Nà Mẫu, Xã Mẫu, Cao Bằng",
    issued="2021-04-15",
    expires="2030-02-01",
    old_number="",
    source="chip",
)
MOTHERS_CARD = Identified(MOTHER)

ANSWERS: Mapping[str, Any] = {
    "req_relation": "mother",
    "child_name": "Nông Văn Thử",
    "child_dob": "2026-11-15",
    "child_sex": "nam",
    "birth_kind": "facility",
    "child_facility": "Trạm y tế xã Mẫu, tỉnh Cao Bằng",
}
"""Answers of an invented mother with her card; what is not here is answered by :func:`fill` with the first thing that fits."""


class ToldClock(Clock):
    """Wall and monotonic time that move only when told."""

    def __init__(self, now: datetime = datetime(2026, 11, 25, 8, 15, tzinfo=HANOI)) -> None:
        self.at = now.timestamp()
        self.mono = 1000.0
        self.boot = "boot-1"
        super().__init__(lambda: self.at, lambda: self.mono, lambda: self.boot)

    def advance(self, seconds: float) -> None:
        self.at += seconds
        self.mono += seconds


def make_machine(
    state: Path, clock: Clock | None = None, *, enrolled: bool = True, device: int = 7, sets: tuple[str, ...] = ()
) -> Machine:
    """A kiosk in an empty state folder, or the one that is already there."""
    small = ("store.reserve_mb=1", "store.least_free_mb=1", "province.url=https://tinh.example", *sets)
    if not enrolled:
        return open_machine(load(state, overrides=small), clock or ToldClock())
    return enrolled_alone(state, device=device, clock=clock or ToldClock(), sets=small)


def card_facts(person: CardPerson) -> dict[str, str]:
    """What a card puts into a form."""
    return {key: getattr(person, name) for key, name in FACTS.items()}


def fill(session: FormSession, answers: Mapping[str, Any] = ANSWERS) -> FormSession:
    """Answer every question on the path: as told, else skip if allowed, else the first thing that fits."""
    for _ in range(100):
        question = session.current
        if question is None:
            return session
        value = answers.get(question.name)
        if value is None and question.required and not session.value(question.name):
            value = _something(question)
        if value is not None:
            problem = session.put(question.name, value)
            assert problem is None, (question.name, problem)
        session.forward()
    raise AssertionError("the form has no end")


def _something(question: Any) -> Any:
    if question.type == "select_one":
        return question.choices[0].name
    if question.type == "select_multiple":
        return [question.choices[0].name]
    if question.type == "date":
        return "2020-05-04"
    if question.type == "integer":
        return "1"
    if question.type == "acknowledge":
        return "yes"
    return "004190000001" if question.appearance == "number" else "Mẫu"


def filled_session(today: date = date(2026, 11, 25), answers: Mapping[str, Any] = ANSWERS) -> FormSession:
    """A birth registration by :data:`MOTHER` with her card, ready to submit."""
    session = FormSession(PROCEDURE.form, today=today)
    session.prefill(card_facts(MOTHER))
    return fill(session, answers)
