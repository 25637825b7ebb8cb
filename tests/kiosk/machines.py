"""Real kiosks for tests: a real store file, real keys, an enrolment signed by a root made on the spot, and a clock that is told."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from devices.card import CardPerson
from forms.procedure import load_catalogue
from forms.session import FormSession
from kiosk.clock import HANOI, Clock
from kiosk.config import load
from kiosk.machine import Machine, open_machine
from sync.enrol import ProvincePublic, issue_bundle, make_request, open_request
from sync.keys import SealKey, SigningKey

BIRTH = "1.001193"

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


@dataclass(frozen=True)
class Root:
    """Keys of a province made for one test."""

    root: SigningKey
    sign: SigningKey
    seal: SealKey
    commune: SealKey


def make_root() -> Root:
    return Root(SigningKey.generate(), SigningKey.generate(), SealKey.generate(), SealKey.generate())


def make_machine(state: Path, clock: Clock | None = None, *, enrolled: bool = True, device: int = 7, sets: tuple[str, ...] = ()) -> Machine:
    """A kiosk in an empty state folder, or the one that is already there."""
    small = ("store.reserve_mb=1", "store.least_free_mb=1", "province.url=https://tinh.example")
    config = load(state, overrides=(*small, *sets))
    machine = open_machine(config, clock or ToldClock())
    if not enrolled or machine.enrolment is not None:
        return machine
    keys, root = machine.keyring.device, make_root()
    request = make_request(keys, "01290", "Kỹ thuật viên Mẫu", secrets.token_bytes(16))
    bundle = issue_bundle(
        open_request(request),
        device=device,
        commune="01290",
        commune_secret=root.commune.secret,
        province=ProvincePublic(root.sign.public, root.seal.public),
        root=root.root,
    )
    with machine.store.transaction():
        machine.store.set_meta("enrol_request", request)
        machine.store.set_meta("enrol_bundle", bundle)
    machine.close()
    return open_machine(config, clock or ToldClock())


def card_facts(person: CardPerson) -> dict[str, str]:
    """What a card puts into a form."""
    return {
        "card.full_name": person.name,
        "card.number": person.number,
        "card.birth": person.birth,
        "card.sex": person.sex,
        "card.ethnicity": person.ethnicity,
        "card.nationality": person.nationality,
        "card.residence": person.residence,
        "card.origin": person.origin,
        "card.issued": person.issued,
        "card.expires": person.expires,
    }


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
    session = FormSession(load_catalogue()[BIRTH].form, today=today)
    session.prefill(card_facts(MOTHER))
    return fill(session, answers)
