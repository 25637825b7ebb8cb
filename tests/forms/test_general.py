"""The general request: one form for procedures without a declaration, with a question for each paper."""

from __future__ import annotations

from datetime import date

import pytest

from forms.procedures.catalogue import load_catalogue
from forms.procedures.procedure import Procedure
from forms.session import FormSession

TODAY = date(2026, 11, 24)
GENERAL = [
    version
    for code in load_catalogue().codes()
    for version in load_catalogue().versions(code)
    if version.papers == ("general_request",)
]
REBIRTH = load_catalogue().shown("1.004884", TODAY)
"""Registering a birth again: a printed form, a copy of papers, a letter that only officials' employers write, an identity card."""

ANSWERS = {
    "req_for": "self",
    "req_name": "Nông Thị Mẫu",
    "req_dob": "1990-02-01",
    "req_residence": "Xóm Nà Mẫu, xã Mẫu, tỉnh Cao Bằng",
    "owner_name": "Nông Văn Thử",
    "owner_dob": "1950",
    "req_relation": "con",
    "request": "Tôi xin làm lại giấy khai sinh bị mất.",
    "return_way": "here",
    "return_address": "Xóm Nà Mẫu, xã Mẫu, tỉnh Cao Bằng",
    "pledge": "yes",
}


def walked(procedure: Procedure, **changes: str) -> tuple[FormSession, list[str]]:
    session = FormSession(procedure.form, today=TODAY)
    answers = {**ANSWERS, **changes}
    asked: list[str] = []
    while session.current is not None:
        name = session.current.name
        asked.append(name)
        if name in answers:
            session.put(name, answers[name])
        session.forward()
        assert session.problem is None, session.problem
    return session, asked


def test_most_procedures_are_filed_by_it() -> None:
    assert len(GENERAL) == 51


@pytest.mark.parametrize("procedure", GENERAL, ids=lambda procedure: procedure.code)
def test_every_paper_to_hand_in_has_its_question(procedure: Procedure) -> None:
    for component in procedure.components:
        if component.kind == "submit":
            item = procedure.form.item(component.capture)
            assert item.type == "image"
            assert not item.required, "a kiosk never says that a paper is missing"


@pytest.mark.parametrize("procedure", GENERAL, ids=lambda procedure: procedure.code)
def test_a_person_filing_for_herself_answers_few_questions(procedure: Procedure) -> None:
    session, asked = walked(procedure)
    assert session.problems() == ()
    assert len(asked) <= 15
    assert procedure.subject(session.answers()) == "Nông Thị Mẫu"
    assert procedure.persons(session.answers(), "typed").owner is None


def test_papers_are_asked_before_other_papers_in_the_order_of_the_list() -> None:
    _, asked = walked(REBIRTH)
    assert asked[asked.index("request") : asked.index("return_way")] == [
        "request",
        "paper_to_khai",
        "paper_ban_sao_giay_to",
        "paper_xac_nhan_co_quan",
        "other_papers",
    ]


def test_questions_are_put_in_plain_words() -> None:
    item = REBIRTH.form.item
    assert item("paper_to_khai").label == "Bà con đã viết tờ khai đăng ký lại khai sinh chưa?"
    assert "cán bộ đưa mẫu" in item("paper_to_khai").hint
    assert item("paper_ban_sao_giay_to").label == "Bà con có bản sao giấy tờ có ghi ngày sinh không?"
    assert item("paper_xac_nhan_co_quan").hint == "Cần khi người yêu cầu là cán bộ, công chức, người trong lực lượng vũ trang."


def states(**changes: str) -> dict[str, str]:
    answers = walked(REBIRTH, **changes)[0].answers()
    return {needed.component.id: needed.state for needed in REBIRTH.checklist(answers)}


def test_a_conditional_paper_is_the_officials_question_until_the_citizen_has_it() -> None:
    assert states()["xac_nhan_co_quan"] == "official"
    assert states(paper_xac_nhan_co_quan="none")["xac_nhan_co_quan"] == "official"
    assert states(paper_xac_nhan_co_quan="counter")["xac_nhan_co_quan"] == "yes"


def test_a_paper_that_is_always_needed_stays_on_the_list_even_when_the_citizen_lacks_it() -> None:
    assert states(paper_ban_sao_giay_to="none")["ban_sao_giay_to"] == "yes"


def test_filing_for_another_person_keeps_owner_and_filer_apart() -> None:
    session, asked = walked(REBIRTH, req_for="authorised")
    answers = session.answers()
    assert {"owner_name", "req_relation", "owner_dob", "paper_giay_uy_quyen"} <= set(asked)
    persons = REBIRTH.persons(answers, "typed")
    assert persons.applicant.name == "Nông Thị Mẫu"
    assert persons.owner is not None
    assert persons.owner.json() == {"name": "Nông Văn Thử", "birth": "1950"}
    assert REBIRTH.subject(answers) == "Nông Văn Thử"


def test_a_parent_needs_no_authorisation() -> None:
    assert "paper_giay_uy_quyen" not in walked(REBIRTH, req_for="representative")[1]


def test_an_address_is_asked_only_for_the_post() -> None:
    assert "return_address" not in walked(REBIRTH)[1]
    assert "return_address" in walked(REBIRTH, return_way="post")[1]


def test_the_version_names_the_questions() -> None:
    versions = {procedure.form_version: [item.name for item in procedure.form.items] for procedure in GENERAL}
    for procedure in GENERAL:
        assert versions[procedure.form_version] == [item.name for item in procedure.form.items]
    assert len(versions) > 10


@pytest.mark.parametrize("procedure", GENERAL, ids=lambda procedure: procedure.code)
def test_when_a_paper_is_needed_is_said_as_a_sentence(procedure: Procedure) -> None:
    """«Cần khi người khuyết tật» says nothing; neither does «Cần khi có tài liệu kèm theo» under «Bà con có tài liệu kèm theo?»."""
    for item in procedure.form.items:
        if item.type == "image" and item.hint.startswith("Cần khi "):
            condition = item.hint.removeprefix("Cần khi ")
            assert not condition.startswith(("người ", "cán bộ", "phụ nữ")) or " là " in condition, item.hint
            assert not condition.startswith("có "), item.hint


def test_a_paper_that_one_may_or_may_not_have_stops_nobody() -> None:
    item = load_catalogue().shown("2.002409", TODAY).form.item("paper_tai_lieu")
    assert item.hint == "Không có vẫn khai tiếp."
