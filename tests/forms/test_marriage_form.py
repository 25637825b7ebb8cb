"""The marriage declaration: asked of the one who stands at the kiosk, printed in two columns with the woman's first."""

from __future__ import annotations

import pytest

from tests.forms.declarations import CARD, CARD_WORDS, MAN, TYPED, Walk, required, sitting, walk

ANSWERS = {
    **TYPED,
    "req_side": "woman",
    "req_ethnic": "02",
    "my_nation_kind": "vn",
    "req_times": "1",
    "par_name": "Hoàng Văn Thử",
    "par_dob": "1988-05-20",
    "par_number": "004088000002",
    "par_id_issued": "2024-08-01",
    "par_ethnic": "07",
    "par_nation_kind": "vn",
    "par_times": "1",
    "want_copy": "no",
}


def marriage(card: dict[str, str] | None = None, **changes: str) -> Walk:
    return walk("1.000894", card, {**ANSWERS, **changes})


def test_the_bride_with_her_card_answers_few_questions_about_herself() -> None:
    done = marriage(dict(CARD))
    assert len(done.asked) <= 15
    assert [name for name in done.asked if name.startswith(("req_", "my_"))] == ["req_times", "req_phone"]
    assert required("1.000894") <= done.paper.keys()


def test_both_are_told_first_that_they_must_come_together() -> None:
    first = sitting("1.000894").current
    assert first is not None
    assert (first.type, "cả hai" in first.hint) == ("note", True)


def test_the_womans_column_is_hers_whoever_stands_at_the_kiosk() -> None:
    by_bride = marriage(dict(CARD)).paper
    changes = {"par_name": "Nông Thị Mẫu", "par_dob": "1990-02-01", "par_number": "004190000001", "par_id_issued": "2021-04-15"}
    by_groom = marriage({**MAN, "card.issued": "2024-08-01"}, par_ethnic="02", **changes).paper
    assert by_bride["f_id"] == CARD_WORDS
    assert {k: str(v).upper() for k, v in by_bride.items()} == {k: str(v).upper() for k, v in by_groom.items()}
    assert (by_groom["m_name"], by_groom["m_ethnic"], by_groom["f_ethnic"]) == ("HOÀNG VĂN THỬ", "Nùng", "Tày")
    assert (by_groom["f_name"], by_groom["f_dob"], by_groom["m_dob"]) == ("Nông Thị Mẫu", "1990-02-01", "1988-05-20")


def test_nothing_is_written_in_a_column_before_it_is_known_whose_it_is() -> None:
    session = sitting("1.000894")
    session.put("req_name", "Nông Thị Mẫu")
    assert not [name for name in session.answers() if name.startswith(("f_", "m_", "partners")) or name.endswith("_marital")]


def test_the_dossier_is_about_both() -> None:
    assert marriage(dict(CARD)).answers["partners"] == "NÔNG THỊ MẪU và Hoàng Văn Thử"


@pytest.mark.parametrize("name", ["req_times", "par_times"])
def test_a_marriage_is_at_least_somebodys_first(name: str) -> None:
    assert sitting("1.000894").put(name, "0") is not None
    assert sitting("1.000894").put(name, "10") is not None


def test_without_a_card_everything_can_be_typed() -> None:
    done = marriage()
    assert {"req_side", "req_name", "req_dob", "req_number", "req_ethnic"} <= set(done.asked)
    assert required("1.000894") <= done.paper.keys()
    assert "my_nation_kind" not in done.asked, "the identity card is a Vietnamese citizen's"


@pytest.mark.parametrize(
    ("name", "side", "birth", "fine"),
    [
        ("req_dob", "woman", "2008-11-23", True),
        ("req_dob", "woman", "2008-11-24", False),
        ("req_dob", "man", "2006-11-23", True),
        ("req_dob", "man", "2006-11-24", False),
        ("par_dob", "woman", "2006-11-24", False),
        ("par_dob", "man", "2008-11-23", True),
        ("par_dob", "man", "2004-02-29", True),
    ],
)
def test_a_woman_is_18_and_a_man_20_on_the_day(name: str, side: str, birth: str, fine: bool) -> None:
    session = sitting("1.000894")
    session.put("req_side", side)
    assert (session.put(name, birth) is None) == fine


def test_a_first_marriage_needs_no_story() -> None:
    done = marriage(dict(CARD))
    assert "foreign_note" not in done.asked
    assert not [name for name in done.asked if name.endswith("_before") or name.startswith("paper_")]
    assert done.paper["f_marital"] == done.paper["m_marital"] == "Hiện tại chưa đăng ký kết hôn với ai"


def test_who_was_married_before_says_how_it_ended_and_is_asked_for_the_paper() -> None:
    done = marriage(dict(CARD), par_times="2", par_before="divorced", paper_ban_an_ly_hon="counter")
    assert {"par_before", "paper_ban_an_ly_hon"} <= set(done.asked)
    assert "đã ly hôn" in done.paper["m_marital"]
    assert (done.paper["f_times"], done.paper["m_times"]) == ("1", "2")


def test_residence_is_asked_only_of_the_one_without_a_number() -> None:
    assert not [name for name in marriage(dict(CARD)).asked if name.endswith(("residence", "issuer", "paper_number"))]
    assert "par_id_issued" not in {question.name for question in sitting("1.000894").visible()}
    done = marriage(
        dict(CARD),
        par_number="",
        par_id_type="passport",
        par_paper_number="B7654321",
        par_id_issuer="Cục Mẫu",
        par_residence="Xã Mẫu",
    )
    assert (done.paper["m_residence"], "f_residence" in done.paper) == ("Xã Mẫu", False)
    assert done.paper["m_id"] == "Hộ chiếu số B7654321 do Cục Mẫu cấp ngày 01/08/2024"


def test_a_foreign_partner_is_announced_not_refused() -> None:
    done = marriage(dict(CARD), par_nation_kind="other", par_nation_other="Trung Quốc")
    assert "foreign_note" in done.asked
    assert (done.paper["m_nation"], done.paper["f_nation"]) == ("Trung Quốc", "Việt Nam")


def test_a_foreigner_at_the_kiosk_is_not_taken_for_a_citizen() -> None:
    passport = {"req_id_type": "passport", "req_paper_number": "E1", "req_id_issuer": "Cục Mẫu", "req_residence": "Xã Mẫu"}
    done = marriage(None, **passport, my_nation_kind="other", my_nation_other="Lào")
    assert {"my_nation_kind", "my_nation_other", "foreign_note"} <= set(done.asked)
    assert (done.paper["f_nation"], done.paper["m_nation"]) == ("Lào", "Việt Nam")
    by_chip = marriage({"card.nationality": "Lào"}, **passport)
    assert not {"my_nation_kind", "my_nation_other"} & set(by_chip.asked)
    assert by_chip.paper["f_nation"] == "Lào"
    assert not done.answers.keys() & {"my_nation_kind", "my_nation_other"}


def test_facts_that_only_helped_are_not_handed_over() -> None:
    number = {"par_number": "", "par_id_type": "other", "par_paper_number": "Giấy phép lái xe 12", "par_id_issuer": "Sở Mẫu"}
    done = marriage(dict(CARD), par_nation_kind="other", par_nation_other="Lào", **number)
    helpers = {"par_nation_kind", "par_nation_other", "par_id_type", "my_nation_kind", "my_nation_other", "req_id_type"}
    assert not done.answers.keys() & (helpers | {"req_sex", "req_card", "req_nation"})
    assert CARD["card.residence"] not in map(str, done.answers.values())
