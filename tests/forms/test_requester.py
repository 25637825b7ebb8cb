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
