"""What the declarations have in common: the requester's identity paper in one line, copies, the phone, the place and the day."""

from __future__ import annotations

import pytest

from forms.session import FormSession
from tests.forms.declarations import CARD, CARD_WORDS, FIELDS, TODAY, form_of, sitting

CIVIL_STATUS = ("1.001193", "1.000656", "1.000894", "1.004873", "2.000635")
COPIES = ("1.001193", "1.000656", "1.000894")


def visible(session: FormSession) -> set[str]:
    return {question.name for question in session.visible()}


def put(session: FormSession, **answers: str) -> FormSession:
    for name, answer in answers.items():
        assert session.put(name, answer) is None, name
    return session


@pytest.mark.parametrize("folder", CIVIL_STATUS)
def test_a_card_gives_the_whole_identity_line(folder: str) -> None:
    session = sitting(folder, CARD)
    assert session.value("req_id") == CARD_WORDS
    assert not visible(session) & {"req_name", "req_dob", "req_id_type", "req_number", "req_id_issued", "req_id_issuer"}


@pytest.mark.parametrize("folder", CIVIL_STATUS)
@pytest.mark.parametrize(("issued", "words"), [("2024-06-30", "Căn cước công dân"), ("2024-07-01", "Căn cước")])
def test_a_typed_card_takes_kind_and_issuer_from_its_day(folder: str, issued: str, words: str) -> None:
    session = put(sitting(folder), req_id_type="card", req_number="004 190 000 001", req_id_issued=issued)
    line = str(session.value("req_id"))
    assert line.startswith(f"{words} số 004190000001 do ")
    assert ("Bộ Công an" in line) == (words == "Căn cước")
    assert "req_id_issuer" not in visible(session)


@pytest.mark.parametrize("folder", CIVIL_STATUS)
def test_with_another_paper_its_issuer_and_the_residence_are_asked(folder: str) -> None:
    session = put(sitting(folder), req_id_type="passport", req_paper_number="C1234567", req_id_issued="2021-04-15")
    assert {"req_id_issuer", "req_residence"} <= visible(session)
    assert "req_number" not in visible(session)
    put(session, req_id_issuer="Cục Mẫu", req_residence="Xã Mẫu")
    assert session.value("req_id") == "Hộ chiếu số C1234567 do Cục Mẫu cấp ngày 15/04/2021"
    put(session, req_id_type="other", req_paper_name="Giấy phép lái xe")
    assert session.value("req_id") == "Giấy phép lái xe số C1234567 do Cục Mẫu cấp ngày 15/04/2021"


@pytest.mark.parametrize("folder", CIVIL_STATUS)
def test_nothing_about_a_paper_is_asked_before_its_kind_is_known(folder: str) -> None:
    session = sitting(folder)
    assert not visible(session) & {"req_number", "req_paper_number", "req_id_issued", "req_id_issuer", "req_residence"}
    assert "req_id" not in session.answers()


@pytest.mark.parametrize("folder", CIVIL_STATUS)
def test_the_card_offers_its_residence_where_it_is_wanted(folder: str) -> None:
    session = put(sitting(folder, {"card.residence": CARD["card.residence"]}), req_id_type="passport")
    assert session.answers()["req_residence"] == CARD["card.residence"]


@pytest.mark.parametrize("folder", COPIES)
def test_copies_are_counted_only_when_wanted(folder: str) -> None:
    session = put(sitting(folder), want_copy="no")
    assert "copy_count" not in visible(session)
    put(session, want_copy="yes")
    assert "copy_count" in visible(session)
    assert session.value("copy_count") is None, "a default of one would be wrong"
    assert session.put("copy_count", "0") is not None
    assert session.put("copy_count", "51") is not None
    assert session.put("copy_count", "50") is None


@pytest.mark.parametrize("folder", CIVIL_STATUS)
def test_the_declaration_is_dated_and_placed_by_the_kiosk(folder: str) -> None:
    answers = sitting(folder).answers()
    assert (answers["date"], answers["place"]) == (TODAY.isoformat(), "xã Mẫu, tỉnh Cao Bằng")


@pytest.mark.parametrize("folder", FIELDS)
def test_a_phone_is_taken_as_people_write_it(folder: str) -> None:
    for phone in ("0912 345 678", "0912.345.678", "0206 385 0000", ""):
        assert sitting(folder).put("req_phone", phone) is None
    assert sitting(folder).put("req_phone", "12345") is not None


@pytest.mark.parametrize("folder", [folder for folder in FIELDS if folder not in ("2.000815", "_ct01")])
def test_the_pledge_is_given_by_hand_and_never_for_the_citizen(folder: str) -> None:
    assert form_of(folder).item("pledge").required
    assert "pledge" not in sitting(folder, CARD).answers()


SUBJECT = ("1.004873", "2.000635")
PASSPORT = {
    "req_id_type": "passport",
    "req_paper_number": "E1234567",
    "req_id_issued": "2021-04-15",
    "req_id_issuer": "Cục Mẫu",
    "req_residence": "Xã Mẫu",
}
OF_THE_SUBJECT = {"s_name", "s_dob", "s_number", "s_id_type", "s_paper_number", "s_id_issued", "s_id_issuer", "s_residence"}


@pytest.mark.parametrize("folder", SUBJECT)
def test_who_asks_for_herself_with_a_passport_is_the_subject_whole(folder: str) -> None:
    session = put(
        sitting(folder, {"card.nationality": "Lào"}), req_relation="self", req_name="Mẫu", req_dob="1990-02-01", **PASSPORT
    )
    assert not visible(session) & (OF_THE_SUBJECT | {"s_nation_kind", "s_nation_other", "paper_giay_uy_quyen"})
    answers = session.answers()
    assert (answers["s_id"], answers["s_residence"], answers["s_nation"]) == (answers["req_id"], "Xã Mẫu", "Lào")
    assert "s_number" not in answers


@pytest.mark.parametrize("folder", SUBJECT)
def test_without_a_chip_or_card_the_nationality_is_asked(folder: str) -> None:
    session = put(sitting(folder), req_relation="self", **PASSPORT)
    assert "s_nation_kind" in visible(session)
    put(session, s_nation_kind="other")
    assert "s_nation_other" in visible(session)
    put(session, s_nation_other="Lào")
    assert (session.answers()["s_nation"], "s_nation_other" in session.answers()) == ("Lào", False)
    assert put(session, s_nation_kind="vn").answers()["s_nation"] == "Việt Nam"


@pytest.mark.parametrize("folder", SUBJECT)
def test_another_person_without_a_number_is_known_by_another_paper(folder: str) -> None:
    session = put(sitting(folder, CARD), req_relation="kin")
    assert {"s_number", "s_id_type", "s_residence", "paper_giay_uy_quyen"} <= visible(session)
    assert not visible(session) & {"s_paper_number", "s_id_issued", "s_id_issuer"}
    put(session, s_id_type="passport", s_paper_number="E7654321", s_id_issuer="Cục Mẫu", s_residence="Xã Thử")
    assert (session.value("s_id"), session.value("s_residence")) == ("Hộ chiếu số E7654321 do Cục Mẫu", "Xã Thử")
    put(session, s_number="004088000002", s_id_issued="2024-08-01")
    assert not visible(session) & {"s_id_type", "s_residence", "s_paper_number", "s_id_issuer"}
    assert session.value("s_id") == "Căn cước số 004088000002 do Bộ Công an cấp ngày 01/08/2024"


@pytest.mark.parametrize("folder", SUBJECT)
def test_the_number_of_papers_wanted_is_at_least_one(folder: str) -> None:
    assert sitting(folder).put("qty", "0") is not None
    assert sitting(folder).put("qty", "51") is not None
    assert sitting(folder).put("qty", "20") is None
