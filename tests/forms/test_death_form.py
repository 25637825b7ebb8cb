"""The death registration: the elders' dates as far as they are known, the paper from whoever gave it, nothing asked twice."""

from __future__ import annotations

import pytest

from tests.forms.declarations import CARD, CARD_WORDS, TYPED, Walk, required, sitting, walk

ANSWERS = {
    **TYPED,
    "req_relation": "child",
    "dec_name": "Nông Văn Thử",
    "dec_sex": "nam",
    "dec_dob": "1941",
    "dec_ethnic": "02",
    "dec_nation_kind": "vn",
    "dec_last_residence": "Xóm Mẫu, xã Mẫu, tỉnh Cao Bằng",
    "dec_number": "004041000003",
    "dec_id_issued": "2021-06-01",
    "dec_date": "2026-11-20",
    "dec_hour": "5",
    "dec_minute": "30",
    "dec_place_kind": "home",
    "dec_cause_kind": "old_age",
    "paper_giay_bao_tu": "counter",
    "notice_no": "07",
    "notice_by": "Ủy ban nhân dân xã Mẫu",
    "notice_date": "2026-11-21",
    "want_copy": "yes",
    "copy_count": "3",
}


def death(card: dict[str, str] | None = None, **changes: str) -> Walk:
    return walk("1.000656", card, {**ANSWERS, **changes})


def test_a_child_with_a_card_answers_no_more_than_25_questions() -> None:
    done = death(dict(CARD))
    assert len(done.asked) <= 25
    assert [name for name in done.asked if name.startswith("req_")] == ["req_relation", "req_phone"]
    assert required("1.000656") <= done.paper.keys()
    assert done.paper["req_id"] == CARD_WORDS


def test_without_a_card_the_same_paper_is_typed() -> None:
    typed, read = death(), death(dict(CARD))
    assert set(typed.asked) - set(read.asked) == {"req_name", "req_dob", "req_id_type", "req_number", "req_id_issued"}
    assert {k: str(v).upper() for k, v in typed.paper.items()} == {k: str(v).upper() for k, v in read.paper.items()}


@pytest.mark.parametrize(
    ("relation", "sex", "words"),
    [("spouse", "nam", "Vợ"), ("spouse", "nu", "Chồng"), ("child", "nam", "Con"), ("father", "nu", "Cha"), ("mother", "nam", "Mẹ")],
)
def test_the_relation_is_written_from_the_requesters_side(relation: str, sex: str, words: str) -> None:
    assert death(req_relation=relation, dec_sex=sex).paper["req_relation"] == words


def test_a_neighbour_or_office_may_declare() -> None:
    assert death(req_relation="agency", req_agency="Trưởng xóm Mẫu").paper["req_relation"] == "Trưởng xóm Mẫu"
    assert death(req_relation="kin", req_relation_text="Cháu nội").paper["req_relation"] == "Cháu nội"


def test_an_authorised_person_is_asked_for_the_paper() -> None:
    assert "paper_giay_uy_quyen" in death(req_relation="proxy", paper_uy_quyen="counter").asked
    assert "paper_giay_uy_quyen" not in death().asked


def test_a_year_is_enough_for_an_elder_and_nothing_is_invented() -> None:
    paper = death(dec_date="1998").paper
    assert (paper["dec_dob"], paper["dec_date"]) == ("1941", "1998")


def test_a_death_before_the_birth_or_after_today_is_refused() -> None:
    session = sitting("1.000656")
    session.put("dec_dob", "1941-05-02")
    assert session.put("dec_date", "1940") is not None
    assert session.put("dec_date", "2026-11-24") is not None
    assert session.put("dec_date", "1941") is None, "born and dead in one year, the day unknown"


def test_the_hour_may_be_unknown() -> None:
    assert death().paper["dec_time"] == "05 giờ 30 phút"
    assert death(dec_minute="").paper["dec_time"] == "05 giờ"
    unknown = death(dec_hour="")
    assert "dec_minute" not in unknown.asked
    assert "dec_time" not in unknown.paper


@pytest.mark.parametrize(("name", "value"), [("dec_hour", "24"), ("dec_minute", "60")])
def test_a_clock_has_24_hours_of_60_minutes(name: str, value: str) -> None:
    assert sitting("1.000656").put(name, value) is not None


def test_the_day_the_family_knew_is_asked_only_when_the_death_is_not_recent() -> None:
    recent = death()
    assert "known_date" not in recent.asked
    assert recent.answers["known_from"] == "2026-11-20"
    late = death(dec_date="2026-05-01", known_date="2026-11-19")
    assert "known_date" in late.asked
    assert late.answers["known_from"] == "2026-11-19"
    assert death(dec_date="2026-05-01").answers["known_from"] == "2026-05-01"


def test_who_died_at_home_need_not_have_the_place_written_again() -> None:
    assert death().paper["dec_place"] == ANSWERS["dec_last_residence"]
    elsewhere = death(dec_place_kind="facility", dec_place_text="Bệnh viện Mẫu, tỉnh Cao Bằng")
    assert elsewhere.paper["dec_place"] == "Bệnh viện Mẫu, tỉnh Cao Bằng"


def test_the_cause_is_written_as_it_was_told() -> None:
    assert death().paper["dec_cause"] == "Già yếu"
    assert death(dec_cause_kind="illness", dec_cause_text="Bệnh phổi").paper["dec_cause"] == "Bệnh phổi"


def test_without_a_death_notice_another_paper_is_asked_for_and_nobody_is_stopped() -> None:
    done = death(paper_giay_bao_tu="none", paper_chung_cu_su_kien_chet="none")
    assert not [name for name in done.asked if name.startswith("notice")]
    assert "paper_chung_cu_su_kien_chet" in done.asked
    assert required("1.000656") <= done.paper.keys()


def test_a_number_not_known_is_replaced_by_another_paper_or_left_out() -> None:
    done = death(dec_number="", dec_id_type="other", dec_paper_number="chứng minh nhân dân 080000001")
    assert done.paper["dec_id"] == "Giấy tờ chứng minh nhân dân 080000001 cấp ngày 01/06/2021"
    nothing = death(dec_number="", dec_id_type="none")
    assert "dec_id" not in nothing.paper
    assert not {"dec_paper_number", "dec_id_issued", "dec_id_issuer"} & set(nothing.asked)


def test_a_number_that_does_not_fit_the_deceased_warns_only() -> None:
    session = death(dec_sex="nu").session
    assert [caution.code for caution in session.cautions()] == ["sex_differs"]


def test_the_check_page_shows_what_will_be_printed() -> None:
    rows = {row.name: row.text for row in death().session.review()}
    assert rows["dec_nation"] == "Việt Nam"
    assert rows["dec_place"] == ANSWERS["dec_last_residence"]
    assert not rows.keys() & HELPERS


HELPERS = {"dec_nation_kind", "dec_nation_other", "dec_place_kind", "dec_place_text", "dec_cause_kind", "dec_cause_text"}


def test_answers_that_only_helped_to_write_a_line_are_not_handed_over() -> None:
    abroad = {
        "dec_nation_kind": "other",
        "dec_nation_other": "Trung Quốc",
        "dec_place_kind": "elsewhere",
        "dec_place_text": "Xã Thử",
    }
    done = death(dict(CARD), **abroad, dec_cause_kind="other", dec_cause_text="Ngã", dec_number="", dec_id_type="none")
    assert set(done.asked) >= HELPERS
    assert not done.answers.keys() & (HELPERS | {"req_card", "req_id_type", "dec_id_type"})
    assert (done.paper["dec_nation"], done.paper["dec_place"], done.paper["dec_cause"]) == ("Trung Quốc", "Xã Thử", "Ngã")


def test_a_notice_at_hand_leaves_no_other_paper_to_look_for() -> None:
    assert "paper_chung_cu_su_kien_chet" not in death().asked
