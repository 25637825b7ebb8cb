"""The declarations as tests use them: a form by its folder, invented people, a person who walks through the questions."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from forms.session import FormSession
from forms.xlsform import Form, read_form
from forms.xlsform.lists import lists_beside

TODAY = date(2026, 11, 23)
FIELDS: Mapping[str, Mapping[str, bool]] = json.loads(
    (Path(__file__).parent / "data" / "declaration_fields.json").read_text("utf-8")
)
"""Fields of every official paper, by the folder of its form, and whether the paper requires them."""
SIGNED: Mapping[str, frozenset[str]] = {
    "1.000894": frozenset({"sig_f", "sig_m"}),
    "2.000815": frozenset(),
    "1.014027": frozenset(),
    "_ct01": frozenset({"c1"}),
}
"""Places for a hand, filled with a pen on the printed paper; where nothing is said, ``signature``."""

CARD: Mapping[str, str] = {
    "card.full_name": "NÔNG THỊ MẪU",
    "card.number": "004190000001",
    "card.birth": "1990-02-01",
    "card.sex": "Nữ",
    "card.ethnicity": "Tày",
    "card.nationality": "Việt Nam",
    "card.residence": "Xóm Mẫu, Vĩnh Quang, Thành phố Cao Bằng, Cao Bằng",
    "card.origin": "Vĩnh Quang, Thành phố Cao Bằng, Cao Bằng",
    "card.issued": "2021-04-15",
    "card.expires": "2030-02-01",
}
"""What the chip of a woman's card gives."""
MAN: Mapping[str, str] = {**CARD, "card.full_name": "HOÀNG VĂN THỬ", "card.number": "004088000002", "card.sex": "Nam"}
MAN = {**MAN, "card.birth": "1988-05-20", "card.ethnicity": "Nùng"}
UNIT = {"unit.place": "xã Mẫu, tỉnh Cao Bằng"}
TYPED: Mapping[str, str] = {
    "req_name": "Nông Thị Mẫu",
    "req_dob": "1990-02-01",
    "req_id_type": "card",
    "req_number": "004190000001",
    "req_id_issued": "2021-04-15",
    "pledge": "yes",
}
"""What a person without a card types about herself."""
OLD_POLICE = "Cục Cảnh sát quản lý hành chính về trật tự xã hội"
CARD_WORDS = f"Căn cước công dân số 004190000001 do {OLD_POLICE} cấp ngày 15/04/2021"


@cache
def form_of(folder: str) -> Form:
    """The form in a folder of the catalogue."""
    place = resources.files("forms").joinpath("catalog", folder)
    return read_form(place.joinpath("form.csv").read_bytes(), f"{folder}/form.csv", lists_beside(place))


@dataclass(frozen=True, slots=True)
class Walk:
    """One sitting up to the check page, and the names of the questions it asked, in order."""

    session: FormSession
    asked: tuple[str, ...]

    @property
    def answers(self) -> Mapping[str, Any]:
        return self.session.answers()

    @property
    def paper(self) -> dict[str, Any]:
        """The filled paper: its field -> value; a table as the entries of its repeat."""
        form = self.session.form
        rows = [*((item.template, item.name) for item in form.items), *((r.template, r.name) for r in form.repeats.values())]
        return {field: self.answers[name] for field, name in rows if field and name in self.answers}


def sitting(folder: str, card: Mapping[str, str] | None = None) -> FormSession:
    session = FormSession(form_of(folder), today=TODAY)
    session.prefill({**(card or {}), **UNIT})
    return session


def walk(folder: str, card: Mapping[str, str] | None, answers: Mapping[str, str]) -> Walk:
    """Answer what is asked until the check page; a question without an answer here is skipped, «more?» is answered no."""
    session, asked = sitting(folder, card), []
    while session.current is not None:
        name = session.current.name
        asked.append(name)
        answer = answers.get(name, answers.get(re.sub(r".*\.", "", name), "no" if name.endswith("+") else ""))
        if answer:
            session.put(name, answer)
        session.forward()
        assert session.problem is None, session.problem
    assert session.problems() == ()
    return Walk(session, tuple(asked))


def required(folder: str) -> frozenset[str]:
    """Fields the official paper requires, places to sign left out."""
    return frozenset(key for key, needed in FIELDS[folder].items() if needed) - SIGNED.get(folder, frozenset({"signature"}))
