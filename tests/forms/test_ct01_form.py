"""CT01: filled and printed for the citizen to take to the police; what is asked for is put together from plain answers."""

from __future__ import annotations

import pytest

from tests.forms.declarations import CARD, Walk, form_of, required, sitting, walk

ANSWERS = {
    "kind": "permanent",
    "req_name": "Nông Thị Mẫu",
    "req_dob": "1990-02-01",
    "req_sex": "nu",
    "req_number": "004190000001",
    "is_head": "yes",
    "home_commune": "01279",
    "home_hamlet": "Xóm Mẫu",
    "away_place": "Phường Thử, tỉnh Bắc Ninh",
    "away_from": "2026-12-01",
    "away_reason": "đi làm",
    "remove_reason": "ra nước ngoài sống",
    "paper_giay_to_cho_o": "yes",
    "has_members": "no",
}
CODES = {"permanent": "1.004222", "temporary": "1.004194", "absent": "1.003677", "remove": "1.003197", "split": "1.010038"}


def ct01(card: dict[str, str] | None = None, **changes: str) -> Walk:
    return walk("_ct01", card, {**ANSWERS, **changes})


HOME = ("home_commune", "home_hamlet")
HELPERS = {*HOME, "is_head", "stay_until", "away_place", "away_from", "away_to", "away_reason", "remove_reason", "content_more"}


def test_a_head_of_household_with_a_card_answers_ten_questions() -> None:
    done = ct01(dict(CARD))
    assert done.asked[:5] == ("police_note", "kind", "req_phone", "req_email", "is_head")
    assert done.asked[5:] == (*HOME, "content_more", "paper_giay_to_cho_o", "has_members")
    assert required("_ct01") <= done.paper.keys()
    assert (done.paper["n7"], done.paper["n8"], done.paper["n9"]) == ("NÔNG THỊ MẪU", "Chủ hộ", "004190000001")


def test_without_a_card_the_same_paper_is_typed() -> None:
    typed, read = ct01(), ct01(dict(CARD))
    assert {"req_name", "req_dob", "req_sex", "req_number"} <= set(typed.asked)
    assert {k: str(v).upper() for k, v in typed.paper.items()} == {k: str(v).upper() for k, v in read.paper.items()}


def test_another_head_of_household_is_named() -> None:
    done = ct01(dict(CARD), is_head="no", head_name="Nông Văn Thử", head_relation="con", head_number="004041000003")
    assert (done.paper["n7"], done.paper["n8"], done.paper["n9"]) == ("Nông Văn Thử", "con", "004041000003")


def test_the_citizen_is_told_first_that_the_police_decide() -> None:
    first = sitting("_ct01").current
    assert first is not None
    assert "công an xã" in first.label


@pytest.mark.parametrize(("kind", "code"), CODES.items())
def test_the_procedure_says_what_is_asked_for(kind: str, code: str) -> None:
    done = ct01({**CARD, "procedure.code": code})
    assert "kind" not in done.asked
    assert done.answers["kind"] == kind
    assert "procedure" not in done.answers


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("permanent", "Đăng ký thường trú tại Xóm Mẫu, Phường Nùng Trí Cao, tỉnh Cao Bằng"),
        ("temporary", "Đăng ký tạm trú tại Xóm Mẫu, Phường Nùng Trí Cao, tỉnh Cao Bằng"),
        ("absent", "Khai báo tạm vắng từ ngày 01/12/2026; nơi đến: Phường Thử, tỉnh Bắc Ninh; lý do: đi làm"),
        ("remove", "Xóa đăng ký thường trú tại Xóm Mẫu, Phường Nùng Trí Cao, tỉnh Cao Bằng; lý do: ra nước ngoài sống"),
        ("split", "Tách hộ tại Xóm Mẫu, Phường Nùng Trí Cao, tỉnh Cao Bằng"),
    ],
)
def test_the_request_is_written_for_the_citizen(kind: str, content: str) -> None:
    assert ct01(dict(CARD), kind=kind).paper["n10"] == content


@pytest.mark.parametrize(
    ("kind", "about"),
    [
        ("permanent", HOME),
        ("temporary", (*HOME, "stay_until")),
        ("absent", ("away_place", "away_from", "away_to", "away_reason")),
        ("remove", (*HOME, "remove_reason")),
        ("split", HOME),
    ],
)
def test_only_what_the_request_needs_is_asked_and_none_of_it_is_kept_beside_it(kind: str, about: tuple[str, ...]) -> None:
    done = ct01(dict(CARD), kind=kind, stay_until="2027-05-31", away_to="2027-01-15", content_more="Cảm ơn")
    assert tuple(name for name in done.asked if name in HELPERS - {"is_head", "content_more"}) == about
    assert not done.answers.keys() & (HELPERS | {"has_members"})
    assert ("home" in done.answers) == (kind != "absent")


def test_nothing_is_written_before_it_is_chosen() -> None:
    session = sitting("_ct01", CARD)
    assert not {"content", "home"} & session.answers().keys()
    assert not [question.name for question in session.visible() if question.name.startswith("head_")]


def test_a_stay_does_not_end_before_today() -> None:
    session = sitting("_ct01", CARD)
    session.put("kind", "temporary")
    assert session.put("stay_until", "2026-11-22") is not None
    assert session.put("stay_until", "2026-11-23") is None


def test_days_and_own_words_are_added_to_the_request() -> None:
    assert ct01(dict(CARD), kind="temporary", stay_until="2027-05-31").paper["n10"].endswith(", đến ngày 31/05/2027")
    assert ct01(dict(CARD), content_more="Về ở cùng bố mẹ").paper["n10"].endswith(". Về ở cùng bố mẹ")
    assert " đến ngày 15/01/2027;" in ct01(dict(CARD), kind="absent", away_to="2027-01-15").paper["n10"]


def test_an_absence_does_not_end_before_it_begins() -> None:
    session = sitting("_ct01", CARD)
    session.put("kind", "absent")
    session.put("away_from", "2026-12-01")
    assert session.put("away_to", "2026-11-30") is not None


def test_only_a_new_home_needs_its_papers() -> None:
    assert "paper_giay_to_cho_o" in ct01(dict(CARD), kind="temporary").asked
    assert "paper_giay_to_cho_o" not in ct01(dict(CARD), kind="absent").asked


def test_phone_and_mail_may_be_left_out() -> None:
    assert not {"n5", "n6"} & ct01(dict(CARD)).paper.keys()
    assert sitting("_ct01").put("req_email", "không có") is not None
    assert sitting("_ct01").put("req_email", "mau@thu.vn") is None


def test_others_who_change_with_her_are_the_rows_of_a_table() -> None:
    child = {"name": "Hoàng Văn Bé", "dob": "2020-05-01", "sex": "nam", "relation": "con"}
    done = ct01(dict(CARD), has_members="yes", **child)
    assert done.paper["n11"] == [child]
    assert "n11" not in ct01(dict(CARD)).paper


def test_no_form_of_the_police_asks_for_a_pledge_or_a_fee() -> None:
    assert not [item.name for item in form_of("_ct01").items if item.type == "acknowledge"]
