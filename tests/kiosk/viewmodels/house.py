"""A kiosk model on the in-memory services and a clock that stands still, and a citizen who fills the birth form."""

from __future__ import annotations

import gc
from dataclasses import dataclass, field
from typing import Any

from devices.idcard import CardPerson
from devices.idcard.facts import Face
from forms.session import NO, YES, Question
from kiosk.services import Identified
from kiosk.viewmodels.asking import Asking
from kiosk.viewmodels.attract import Attract
from kiosk.viewmodels.check import Check
from kiosk.viewmodels.filing import Filing
from kiosk.viewmodels.flow import Kiosk
from kiosk.viewmodels.official_flow import open_staff
from tests.kiosk.services_twin import BIRTH, FakeScheduler, ServicesTwin

MOTHER = CardPerson(
    number="004198000001",
    name="LÝ THỊ MẪU",
    birth="1998-03-12",
    sex="Nữ",
    nationality="Việt Nam",
    ethnicity="Nùng",
    origin="Bản Mẫu, Cao Bằng",
    residence="Xóm Nà Mẫu, xã Bản Mẫu, tỉnh Cao Bằng",
    issued="2024-08-15",
    expires="2038-03-12",
    source="chip",
)

ANSWERS = {
    "req_phone": "0900000001",
    "child_name": "Nông Thị Mẫu",
    "child_dob": "2026-11-15",
    "father_name": "Nông Văn Mẫu",
    "father_dob": "1995",
    "father_number": "004095000001",
    "req_email": "mau@thu.vn",
    "home_hamlet": "Xóm Nà Mẫu",
    "stay_until": "2027-05-31",
}


def faces() -> int:
    """How many faces from chips there are in the whole process."""
    gc.collect()
    return sum(type(one) is Face for one in gc.get_objects())


def answer(question: Question) -> Any:
    """What our citizen answers; invented, and right for the type. Of a repeat there are two entries."""
    if question.name in ANSWERS:
        return ANSWERS[question.name]
    if question.name.endswith("+"):
        return YES if question.name.endswith("[1]+") else NO
    if question.type == "integer":
        return "2"
    if question.type == "date":
        return "2020-10-20"
    if question.type == "text":
        return "004198000001" if question.appearance == "number" else "Xóm Nà Mẫu, xã Bản Mẫu"
    return question.choices[0].name if question.choices else "yes"


@dataclass
class House:
    """Everything behind one glass."""

    clock: FakeScheduler = field(default_factory=FakeScheduler)
    services: ServicesTwin = field(init=False)
    kiosk: Kiosk = field(init=False)

    def __post_init__(self) -> None:
        self.services = ServicesTwin(self.clock)
        self.kiosk = Kiosk(self.services, self.clock, Attract, open_staff)

    @property
    def screen(self) -> Any:
        return self.kiosk.screen

    def start(self) -> None:
        assert isinstance(self.screen, Attract)
        self.screen.start()

    def filing(self, card: CardPerson | None = MOTHER, code: str = BIRTH) -> Filing:
        filing = Filing(self.services, code)
        if card is not None:
            filing.take_card(Identified(card))
        return filing

    def ask(self, name: str, card: CardPerson | None = MOTHER, code: str = BIRTH) -> Asking:
        """Show the question ``name``, all before it answered."""
        filing = self.filing(card, code)
        self.walk(filing, name)
        self.kiosk.show(Asking(self.kiosk, filing))
        return self.screen

    def check(self, code: str = BIRTH) -> Check:
        """Show the check page with a complete form."""
        filing = self.filing(code=code)
        self.walk(filing)
        assert filing.session.current is None
        self.kiosk.show(Check(self.kiosk, filing))
        return self.screen

    def walk(self, filing: Filing, stop_at: str = "") -> None:
        session = filing.session
        for _ in range(100):
            question = session.current
            if question is None or question.name == stop_at:
                return
            if question.type != "note" and not session.value(question.name):
                assert session.put(question.name, answer(question)) is None, question.name
            session.forward()
        raise AssertionError("the form does not end")


def reply(page: Asking) -> None:
    """Answer the question on the screen through its view model, as fingers would."""
    value = answer(page.question)
    if page.typing is not None:
        page.typing.clear()
        page.typing.type(value)
    elif page.entry is not None:
        page.entry.clear()
        if value.count("-") == 0:
            page.entry.choose("year")
        page.entry.type("".join(reversed(value.split("-"))))
    elif page.question.type != "note":
        page.choose(value)
