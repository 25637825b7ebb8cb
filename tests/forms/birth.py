"""Invented people filing a birth registration, and a person who walks through the questions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from forms.procedures.catalogue import load_catalogue
from forms.procedures.procedure import Procedure
from forms.session import FormSession

TODAY = date(2026, 11, 23)
BIRTH: Procedure = load_catalogue().shown("1.001193", TODAY)

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
"""What the chip of the mother's card gives."""

_NOT_IN_THE_QR = ("card.ethnicity", "card.nationality", "card.origin", "card.expires")
QR_CARD = {key: value for key, value in CARD.items() if key not in _NOT_IN_THE_QR}
"""What the QR on the card's face gives."""

ANSWERS: Mapping[str, str] = {
    "req_relation": "mother",
    "req_name": "Nông Thị Mẫu",
    "req_dob": "1990-02-01",
    "req_id_type": "card",
    "req_number": "004190000001",
    "req_id_issued": "2021-04-15",
    "child_name": "Hoàng Văn Bé",
    "child_dob": "2026-11-15",
    "child_sex": "nam",
    "birth_kind": "facility",
    "child_facility": "Trạm y tế xã Mẫu, tỉnh Cao Bằng",
    "has_birth_paper": "yes",
    "parents_married": "no_paper",
    "mother_ethnic": "02",
    "father_name": "Hoàng Văn Thử",
    "father_dob": "1988",
    "father_ethnic": "07",
    "father_number": "004088000002",
    "father_id_issued": "2024-08-01",
    "all_vietnamese": "yes",
    "child_ethnic_from": "father",
    "child_origin_from": "mother",
    "child_origin": "Xã Mẫu, tỉnh Cao Bằng",
    "want_copy": "yes",
    "copy_count": "2",
    "pledge": "yes",
}
"""Answers of the mother; what is not asked on a path is not used. Optional questions without an answer here are skipped."""


def sitting() -> FormSession:
    return FormSession(BIRTH.form, today=TODAY)


def filled(card: Mapping[str, str] | None = None, **changes: str) -> tuple[FormSession, list[str]]:
    """Walk to the check page; returns the session and the names of the questions asked, in order."""
    session = sitting()
    session.prefill(card or {})
    answers = {**ANSWERS, **changes}
    asked: list[str] = []
    while session.current is not None:
        asked.append(session.current.name)
        if session.current.name in answers:
            session.put(session.current.name, answers[session.current.name])
        session.forward()
        assert session.problem is None, session.problem
    assert session.problems() == ()
    return session, asked
