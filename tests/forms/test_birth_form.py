"""The birth registration: every field of the paper is filled, nothing is asked twice, every lawful case finds its way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.forms.birth import ANSWERS, BIRTH, CARD, QR_CARD, filled, sitting

PAPER: list[Mapping[str, Any]] = json.loads((Path(__file__).parent / "data" / "birth_declaration.json").read_text("utf-8"))[
    "fields"
]


def template_values(answers: Mapping[str, Any]) -> dict[str, Any]:
    """The filled paper: field of the declaration -> value."""
    return {item.template: answers[item.name] for item in BIRTH.form.items if item.template and item.name in answers}


def test_every_field_of_the_paper_has_a_source_or_a_reason() -> None:
    fields = {field.field: field for field in BIRTH.paper_fields}
    assert set(fields) == {row["key"] for row in PAPER}
    assert [field.field for field in BIRTH.paper_fields if not field.source] == ["signature"]
    assert fields["signature"].reason_vi


def test_every_field_the_paper_requires_is_filled_by_a_complete_filing() -> None:
    session = filled(CARD)[0]
    session.prefill({"unit.place": "xã Mẫu, tỉnh Cao Bằng"})
    paper = template_values(session.answers())
    required = {row["key"] for row in PAPER if row["required"]} - {"signature"}
    assert required <= set(paper)


def test_the_mother_with_her_card_answers_no_more_than_22_questions() -> None:
    session, asked = filled(CARD, child_origin_from="father")
    assert len(asked) <= 22
    assert not [name for name in asked if name.startswith("mother")], "all of it is on her card"
    assert not [name for name in asked if name.startswith("req") and name not in ("req_relation", "req_phone")]
    paper = template_values(session.answers())
    assert paper["mother_name"] == paper["req_name"] == "NÔNG THỊ MẪU"
    assert paper["mother_dob"] == "1990-02-01"
    assert (paper["mother_ethnic"], paper["mother_nation"]) == ("02", "Việt Nam")
    assert paper["mother_id"] == paper["req_id"]


def test_a_mother_alone_answers_fewest() -> None:
    session, asked = filled(CARD, parents_married="single", father_known="no", want_copy="no", has_birth_paper="yes")
    assert len(asked) <= 13
    assert "father_name" not in session.answers()
    assert (session.answers()["child_ethnic"], session.answers()["child_nation"]) == ("02", "Việt Nam")
    assert session.answers()["child_origin"] == CARD["card.origin"]


def test_the_card_is_seen_on_the_check_page() -> None:
    rows = {row.name: row for row in filled(CARD)[0].review()}
    assert rows["mother_name"].text == "NÔNG THỊ MẪU"
    assert rows["mother_number"].text == "004190000001"
    assert rows["mother_number"].pii
    assert rows["req_id_issuer"].text == "Cục Cảnh sát quản lý hành chính về trật tự xã hội"
    assert rows["child_dob_words"].text == "Ngày mười lăm, tháng mười một, năm hai nghìn không trăm hai mươi sáu"


def test_the_qr_of_the_card_leaves_only_what_it_does_not_hold() -> None:
    by_chip, by_qr = filled(CARD)[1], filled(QR_CARD)[1]
    assert set(by_qr) - set(by_chip) == {"mother_ethnic", "child_origin"}


def test_without_a_card_everything_can_be_typed_and_the_paper_is_the_same() -> None:
    typed, asked = filled()
    assert {"req_name", "req_dob", "req_id_type", "req_number", "req_id_issued"} <= set(asked)
    by_qr = filled(QR_CARD)[0].answers()
    assert {k: str(v).upper() for k, v in typed.answers().items()} == {k: str(v).upper() for k, v in by_qr.items()}


def test_the_father_may_file_with_his_card() -> None:
    father = {**CARD, "card.full_name": "HOÀNG VĂN THỬ", "card.number": "004088000002", "card.ethnicity": "Nùng"}
    session, asked = filled(father, req_relation="father", mother_name="Nông Thị Mẫu", mother_number="004190000001")
    assert not [name for name in asked if name.startswith("father")]
    paper = template_values(session.answers())
    assert (paper["father_name"], paper["father_ethnic"], paper["mother_name"]) == ("HOÀNG VĂN THỬ", "07", "Nông Thị Mẫu")
    assert paper["req_relation"] == "Cha"


def test_identity_is_written_as_type_number_issuer_and_date() -> None:
    answers = filled(CARD)[0].answers()
    assert answers["req_id"] == (
        "Căn cước công dân số 004190000001 do Cục Cảnh sát quản lý hành chính về trật tự xã hội cấp ngày 15/04/2021"
    )
    assert answers["father_id"] == "Căn cước số 004088000002 do Bộ Công an cấp ngày 01/08/2024"
    assert filled(CARD, father_id_issued="")[0].answers()["father_id"] == "Số định danh cá nhân 004088000002"


def test_residence_is_asked_only_without_a_personal_number() -> None:
    _, asked = filled(CARD)
    assert not [name for name in asked if name.endswith("residence")]
    session, asked = filled(
        None,
        req_id_type="passport",
        req_paper_number="C1234567",
        req_id_issuer="Cục Quản lý xuất nhập cảnh",
        req_residence="Xóm Mẫu, xã Mẫu, tỉnh Cao Bằng",
        father_number="",
        father_id_type="none",
        father_residence="Xóm Thử, xã Mẫu, tỉnh Cao Bằng",
    )
    answers = session.answers()
    assert {"req_residence", "father_residence"} <= set(asked)
    assert "mother_residence" not in asked, "she is the requester"
    assert answers["mother_residence"] == answers["req_residence"]
    assert answers["req_id"] == "Hộ chiếu số C1234567 do Cục Quản lý xuất nhập cảnh cấp ngày 15/04/2021"
    assert answers["mother_id"] == answers["req_id"]
    assert "father_id" not in answers


def test_a_fathers_other_paper_is_written_with_what_is_known() -> None:
    answers = filled(
        CARD,
        father_number="",
        father_id_type="passport",
        father_paper_number="B7654321",
        father_id_issued="2020-01-02",
        father_id_issuer="Cục Quản lý xuất nhập cảnh",
        father_residence="",
    )[0].answers()
    assert answers["father_id"] == "Hộ chiếu số B7654321 do Cục Quản lý xuất nhập cảnh cấp ngày 02/01/2020"


@pytest.mark.parametrize("number", ["00419000000", "0041900000011", "00419000000A", "190000001"])
def test_a_personal_number_has_twelve_digits(number: str) -> None:
    problem = sitting().put("father_number", number)
    assert problem is not None
    assert "12 số" in problem.message_vi


def test_a_personal_number_may_be_typed_in_groups() -> None:
    session = sitting()
    assert session.put("father_number", "004 088 000 002") is None
    assert session.value("father_number") == "004088000002"


def test_a_number_that_does_not_fit_warns_but_never_stops_a_filing() -> None:
    session = filled(CARD, father_number="004190000009")[0]
    assert [(caution.name, caution.code) for caution in session.cautions()] == [
        ("father_number", "sex_differs"),
        ("father_number", "year_differs"),
    ]
    assert filled(CARD)[0].cautions() == ()


def test_a_birth_in_the_future_is_refused() -> None:
    problem = sitting().put("child_dob", "2026-11-24")
    assert problem is not None
    assert (problem.code, "sau hôm nay" in problem.message_vi) == ("constraint", True)
    assert sitting().put("child_dob", "2026-11-23") is None


def test_a_parent_may_know_only_the_year() -> None:
    assert sitting().put("father_dob", "1988") is None
    assert sitting().put("mother_dob", "1990-02") is None
    assert sitting().put("child_dob", "2026") is not None


@pytest.mark.parametrize("name", ["Nông Văn 2", "Nông_Thị", "Mẫu@", "Bé (Tèo)"])
def test_a_name_has_no_digits_or_signs(name: str) -> None:
    assert sitting().put("child_name", name) is not None


@pytest.mark.parametrize("name", ["Nông Thị Mẫu", "H’Bia Ksor", "Y-Thử", "Phja Đén", "Mẫu"])
def test_a_name_of_any_people_is_taken(name: str) -> None:
    assert sitting().put("child_name", name) is None


def test_copies_are_asked_and_their_number_has_no_default() -> None:
    session, asked = filled(CARD, want_copy="no")
    assert "copy_count" not in asked
    assert "copy_count" not in session.answers()
    session = sitting()
    session.put("want_copy", "yes")
    assert session.value("copy_count") is None
    assert session.put("copy_count", "0") is not None


def test_at_least_one_parent_is_declared() -> None:
    session = sitting()
    for name, value in (("req_relation", "kin"), ("parents_married", "single"), ("mother_known", "no")):
        session.put(name, value)
    problem = session.put("father_known", "no")
    assert problem is not None
    assert "ít nhất mẹ hoặc cha" in problem.message_vi
    assert session.put("father_known", "yes") is None


def test_an_abandoned_child_needs_no_parent_but_its_paper() -> None:
    session, asked = filled(
        None, req_relation="carer", parents_married="unknown", has_birth_paper="no", has_witness="no", child_ethnic="02"
    )
    answers = session.answers()
    assert not [name for name in asked if name.startswith(("mother", "father", "all_"))]
    assert (answers["child_nation"], answers["child_ethnic"]) == ("Việt Nam", "02")
    assert "Biên bản về việc trẻ bị bỏ rơi" in [component.name_vi for component in BIRTH.to_bring(answers)]


def test_a_mother_cannot_say_that_the_parents_are_unknown() -> None:
    session = sitting()
    session.put("req_relation", "mother")
    assert session.put("parents_married", "unknown") is not None


def test_a_childs_ethnic_group_is_asked_only_when_the_parents_differ() -> None:
    session, asked = filled(CARD, father_ethnic="02")
    assert not {"child_ethnic", "child_ethnic_from"} & set(asked)
    assert session.answers()["child_ethnic"] == "02"
    session, asked = filled(CARD, child_ethnic_from="father")
    assert "child_ethnic_from" in asked
    assert session.answers()["child_ethnic"] == "07"
    _, asked = filled(QR_CARD, mother_ethnic="", father_ethnic="", child_ethnic="09")
    assert "child_ethnic" in asked, "neither parent's is known"


def test_the_childs_origin_comes_from_the_card_when_it_follows_the_requester() -> None:
    assert filled(CARD, child_origin_from="mother")[0].answers()["child_origin"] == CARD["card.origin"]
    assert filled(CARD, child_origin_from="father")[0].answers()["child_origin"] == ANSWERS["child_origin"]


def test_a_foreign_parent_is_asked_for_and_the_citizen_is_told() -> None:
    session, asked = filled(CARD, all_vietnamese="no", father_nation="Trung Quốc", child_nation="Việt Nam")
    assert {"foreign_note", "father_nation", "child_nation"} <= set(asked)
    assert "mother_nation" not in asked, "it is on her card"
    assert session.answers()["father_nation"] == "Trung Quốc"


def test_the_marriage_certificate_is_copied_only_when_it_is_at_hand() -> None:
    assert not [name for name in filled(CARD)[1] if name.startswith("mc_")]
    certificate = {"mc_no": "12", "mc_book": "01/2020", "mc_date": "2020-10-20", "mc_place": "Ủy ban nhân dân xã Mẫu"}
    session, asked = filled(CARD, parents_married="paper", **certificate)
    assert certificate.keys() <= set(asked)
    assert template_values(session.answers())["mc_date"] == "2020-10-20"


def test_ethnic_groups_begin_with_those_of_cao_bang_and_keep_the_spelling_of_the_paper() -> None:
    choices = BIRTH.form.item("father_ethnic").choices
    assert [choice.label for choice in choices[:8]] == ["Tày", "Nùng", "Hmông", "Mông", "Dao", "Kinh", "Sán Chay", "Lô Lô"]
    assert {choice.name[:2] for choice in choices} == {f"{code:02d}" for code in range(1, 56)}
    for label in ("Mông", "Cao Lan"):
        session = filled({**CARD, "card.ethnicity": label})[0]
        assert [row.text for row in session.review() if row.name == "mother_ethnic"] == [label]


def test_a_phone_is_never_required_but_checked() -> None:
    assert "req_phone" not in filled(CARD)[0].answers()
    assert sitting().put("req_phone", "0912 345 678") is None
    assert sitting().put("req_phone", "0206 385 0000") is None
    assert sitting().put("req_phone", "12345") is not None


def test_card_facts_that_no_field_needs_are_not_handed_over() -> None:
    handed = json.dumps(filled(CARD)[0].answers(), ensure_ascii=False)
    assert CARD["card.residence"] not in handed
    assert not {"req_card", "req_ethnic", "req_nation", "req_origin"} & filled(CARD)[0].answers().keys()


def test_every_part_has_a_short_title() -> None:
    titles = list(dict.fromkeys(item.section for item in BIRTH.form.items))
    assert [title.split(":")[0] for title in titles] == [f"Phần {n}" for n in range(1, 6)]


_choices = {item.name: [choice.name for choice in item.choices] for item in BIRTH.form.items if item.type == "select_one"}


@settings(max_examples=40)
@given(st.fixed_dictionaries({name: st.sampled_from(values) for name, values in _choices.items()}), st.booleans())
def test_every_combination_of_choices_reaches_the_check_page_or_says_why_not(choices: dict[str, str], with_card: bool) -> None:
    session = sitting()
    session.prefill(CARD if with_card else {})
    answers = {**dict.fromkeys(BIRTH.form.by_name, "Mẫu"), **ANSWERS, **choices}
    answers |= {
        "mother_number": "004190000001",
        "mother_dob": "1990",
        "mother_id_issued": "2022-02-02",
        "mc_date": "2020-02-02",
        "req_phone": "",
        "paper_uy_quyen": "counter",
        "paper_bien_ban_bo_roi": "none",
    }
    for _ in range(60):
        if session.current is None:
            break
        if session.current.type != "note":
            session.put(session.current.name, answers[session.current.name])
        session.forward()
        if session.problem is not None:
            assert session.problem.name in ("parents_married", "father_known"), session.problem
            return
    assert session.current is None
    assert session.problems() == ()
    paper = template_values(session.answers())
    assert {row["key"] for row in PAPER if row["required"]} - {"signature", "place"} <= set(paper)
