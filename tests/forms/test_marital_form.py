"""The marital-status certificate: requester and subject apart, each status with its own paper, the purpose in full."""

from __future__ import annotations

import pytest

from tests.forms.declarations import CARD, CARD_WORDS, MAN, OLD_POLICE, TYPED, Walk, form_of, required, sitting, walk

ANSWERS = {
    **TYPED,
    "req_relation": "self",
    "s_sex": "nu",
    "s_ethnic": "02",
    "s_nation_kind": "vn",
    "s_marital": "never",
    "asked_before": "no",
    "s_period": "now",
    "s_purpose_kind": "marriage",
    "fiance_name": "Hoàng Văn Thử",
    "fiance_dob": "1988-05-20",
    "fiance_number": "004088000002",
    "fiance_residence": "Xóm Thử, xã Mẫu, tỉnh Cao Bằng",
    "marriage_place": "Ủy ban nhân dân xã Mẫu",
    "qty": "1",
}
BROTHER = {
    "req_relation": "kin",
    "req_relation_text": "Anh ruột",
    "s_name": "Hoàng Thị Em",
    "s_dob": "1995-03-04",
    "s_number": "004195000004",
    "s_id_issued": "2022-01-02",
    "paper_giay_uy_quyen": "counter",
}


def marital(card: dict[str, str] | None = None, **changes: str) -> Walk:
    return walk("1.004873", card, {**ANSWERS, **changes})


def test_a_woman_asking_for_herself_is_asked_nothing_twice() -> None:
    done = marital(dict(CARD))
    assert len(done.asked) <= 15
    assert not [name for name in done.asked if name in ("s_name", "s_dob", "s_sex", "s_ethnic", "s_nation_kind", "s_number")]
    assert required("1.004873") <= done.paper.keys()
    assert done.paper["s_id"] == done.paper["req_id"] == CARD_WORDS
    assert (done.paper["req_relation"], done.paper["s_name"], done.paper["s_sex"]) == ("Bản thân", "NÔNG THỊ MẪU", "nu")


def test_without_a_card_only_what_the_card_would_have_said_is_asked_more() -> None:
    asked = set(marital().asked) - set(marital(dict(CARD)).asked)
    assert asked == {"req_name", "req_dob", "req_id_type", "req_number", "req_id_issued", "s_sex", "s_ethnic"}


def test_a_brother_fills_in_the_subject_and_shows_the_authorisation() -> None:
    done = marital(dict(MAN), **BROTHER)
    assert {"s_name", "s_dob", "s_sex", "s_ethnic", "s_nation_kind", "s_number", "paper_giay_uy_quyen"} <= set(done.asked)
    assert len(done.asked) <= 25
    assert (done.paper["req_name"], done.paper["s_name"], done.paper["req_relation"]) == (
        "HOÀNG VĂN THỬ",
        "Hoàng Thị Em",
        "Anh ruột",
    )
    assert done.paper["s_id"] == f"Căn cước công dân số 004195000004 do {OLD_POLICE} cấp ngày 02/01/2022"
    assert required("1.004873") <= done.paper.keys()


def test_the_statuses_are_the_four_that_are_known() -> None:
    choices = form_of("1.004873").item("s_marital").choices
    assert [choice.name for choice in choices] == ["never", "married", "divorced", "widowed"]


@pytest.mark.parametrize(
    ("status", "facts", "words"),
    [
        ("never", {}, "Hiện tại chưa đăng ký kết hôn với ai"),
        (
            "married",
            {"spouse_name": "Lý Văn Chồng", "mc_no": "12", "mc_date": "2015-10-20", "mc_by": "UBND xã Mẫu"},
            "Hiện tại đang có chồng là ông Lý Văn Chồng theo Giấy chứng nhận kết hôn số 12 do UBND xã Mẫu cấp ngày 20/10/2015",
        ),
        (
            "divorced",
            {"divorce_no": "05/2020/QĐST-HNGĐ", "divorce_date": "2020-03-02", "divorce_by": "Tòa án Mẫu"},
            "Đã đăng ký kết hôn nhưng đã ly hôn theo bản án, quyết định ly hôn số 05/2020/QĐST-HNGĐ của Tòa án Mẫu ngày 02/03/2020,"
            " hiện tại chưa đăng ký kết hôn với ai",
        ),
        (
            "widowed",
            {"death_no": "03"},
            "Đã đăng ký kết hôn nhưng chồng đã chết theo giấy chứng tử, trích lục khai tử số 03,"
            " hiện tại chưa đăng ký kết hôn với ai",
        ),
        ("divorced", {}, "Đã đăng ký kết hôn nhưng đã ly hôn, hiện tại chưa đăng ký kết hôn với ai"),
    ],
)
def test_each_status_is_written_in_the_words_of_the_law(status: str, facts: dict[str, str], words: str) -> None:
    done = marital(dict(CARD), s_marital=status, s_purpose_kind="loan", **facts)
    assert done.paper["s_status"] == words


def test_nothing_is_declared_before_it_is_chosen() -> None:
    assert not sitting("1.004873", CARD).answers().keys() & {"s_status", "s_purpose", "s_period_from"}


def test_only_the_papers_of_the_status_are_asked_about() -> None:
    asked = set(marital(dict(CARD), s_marital="divorced").asked)
    assert {"divorce_no", "divorce_date", "divorce_by", "paper_ban_an_ly_hon"} <= asked
    assert not asked & {"mc_no", "death_no", "spouse_name"}
    assert "paper_ban_an_ly_hon" not in marital(dict(CARD)).asked


def test_an_answer_of_another_status_is_not_handed_over() -> None:
    session = sitting("1.004873", CARD)
    for name, value in (("req_relation", "self"), ("s_marital", "divorced"), ("divorce_no", "05"), ("s_marital", "never")):
        session.put(name, value)
    assert "divorce_no" not in session.answers()
    assert session.value("divorce_no") == "05", "kept, should she change her mind again"


def test_for_a_marriage_the_intended_spouse_is_named_in_full() -> None:
    assert marital(dict(CARD)).paper["s_purpose"] == (
        "Để đăng ký kết hôn với ông Hoàng Văn Thử, sinh ngày 20/05/1988, số định danh cá nhân 004088000002,"
        " nơi cư trú: Xóm Thử, xã Mẫu, tỉnh Cao Bằng; đăng ký kết hôn tại Ủy ban nhân dân xã Mẫu"
    )
    assert "sinh năm 1988, nơi" in marital(dict(CARD), fiance_dob="1988", fiance_number="").paper["s_purpose"]


def test_another_purpose_needs_no_spouse() -> None:
    done = marital(dict(CARD), s_purpose_kind="other", s_purpose_text="Làm hồ sơ đi làm việc")
    assert done.paper["s_purpose"] == "Làm hồ sơ đi làm việc"
    assert not [name for name in done.asked if name.startswith("fiance")]


def test_who_is_married_cannot_ask_for_a_marriage() -> None:
    session = sitting("1.004873", CARD)
    session.put("s_marital", "married")
    assert session.put("s_purpose_kind", "marriage") is not None
    assert session.put("s_purpose_kind", "land") is None


def test_a_past_period_has_its_place_and_its_days() -> None:
    now = marital(dict(CARD))
    assert not {"s_period_place", "s_period_from", "s_period_to"} & now.paper.keys()
    period = {"s_period_place": "xã Mẫu, huyện Thử", "s_period_from": "2010-03-15", "s_period_to": "2015-06-20"}
    past = marital(dict(CARD), s_period="past", **period).paper
    assert (past["s_period_from"], past["s_period_to"]) == ("2010-03-15", "2015-06-20")
    assert past["s_period_place"] == "xã Mẫu, huyện Thử", "on its own line, beside the days"
    assert past["s_status"] == now.paper["s_status"]


def test_a_period_does_not_end_before_it_begins() -> None:
    session = sitting("1.004873", CARD)
    session.put("s_period", "past")
    session.put("s_period_from", "2015-01-01")
    assert session.put("s_period_to", "2014-12-31") is not None


def test_an_earlier_certificate_is_asked_for_only_when_there_was_one() -> None:
    assert "paper_giay_xac_nhan_cu" not in marital(dict(CARD)).asked
    assert "paper_giay_xac_nhan_cu" in marital(dict(CARD), asked_before="yes").asked


def test_answers_that_only_helped_to_write_a_line_are_not_handed_over() -> None:
    paper = {"s_number": "", "s_id_type": "other", "s_paper_number": "Giấy phép lái xe 12"}
    done = marital(
        dict(MAN),
        **{**BROTHER, "s_nation_kind": "other", **paper},
        s_nation_other="Lào",
        s_purpose_kind="other",
        s_purpose_text="Đi làm",
    )
    helpers = {"s_nation_kind", "s_nation_other", "s_purpose_text", "s_id_type"}
    assert set(done.asked) >= helpers
    assert not done.answers.keys() & (helpers | {"req_card", "req_id_type", "req_sex", "req_ethnic", "req_nation"})
    assert (done.paper["s_nation"], done.paper["s_purpose"]) == ("Lào", "Đi làm")
