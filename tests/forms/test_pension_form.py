"""The social pension: the card is that of whoever stands at the kiosk, the pension may be another's; nobody is judged by age."""

from __future__ import annotations

import pytest

from tests.forms.declarations import CARD, Walk, required, sitting, walk

ELDER = {**CARD, "card.full_name": "NÔNG THỊ GIÀ", "card.number": "004149000005", "card.birth": "1949"}
ANSWERS = {
    "request": "apply",
    "req_relation": "self",
    "req_name": "Nông Thị Già",
    "req_dob": "1949",
    "req_number": "004149000005",
    "p_sex": "nu",
    "p_ethnic": "02",
    "p_residence": "Xóm Mẫu, xã Mẫu, tỉnh Cao Bằng",
    "has_benefits": "no",
    "p_poverty": "poor",
    "pay_way": "commune",
    "pledge": "yes",
}
GRANDMOTHER = {
    "req_relation": "guardian",
    "p_name": "Nông Thị Già",
    "p_dob": "1949",
    "p_number": "004149000005",
}


def pension(card: dict[str, str] | None = None, **changes: str) -> Walk:
    return walk("1.014027", card, {**ANSWERS, **changes})


def test_an_elder_with_a_card_answers_eight_questions() -> None:
    done = pension(ELDER)
    assert done.asked == ("request", "req_relation", "p_contact", "has_benefits", "p_poverty", "pay_way", "req_phone", "pledge")
    assert not done.answers.keys() & {"req_sex", "req_ethnic", "req_home", "has_benefits", "p_phone"}
    assert done.answers["req_relation_words"] == "Bản thân"
    assert required("1.014027") <= done.paper.keys()
    assert (done.paper["p_name"], done.paper["p_dob"], done.paper["p_id"]) == ("NÔNG THỊ GIÀ", "1949", "004149000005")
    assert done.paper["p_residence"] == CARD["card.residence"]
    assert not {"g_name", "g_dob", "g_id"} & done.paper.keys()


def test_without_a_card_everything_can_be_typed() -> None:
    done = pension()
    assert {"req_name", "req_dob", "req_number", "p_sex", "p_ethnic", "p_residence"} <= set(done.asked)
    assert not {"p_name", "p_dob", "p_number"} & set(done.asked), "asked once, as the requester's"
    assert required("1.014027") <= done.paper.keys()


def test_a_guardians_card_is_not_taken_for_the_elders() -> None:
    done = pension(dict(CARD), **GRANDMOTHER)
    assert (done.paper["p_name"], done.paper["p_id"]) == ("Nông Thị Già", "004149000005")
    assert (done.paper["g_name"], done.paper["g_dob"], done.paper["g_id"]) == ("NÔNG THỊ MẪU", "1990-02-01", "004190000001")
    assert {"p_sex", "p_ethnic", "p_residence", "p_phone"} <= set(done.asked)
    assert done.answers["req_relation_words"] == "Người giám hộ"
    assert CARD["card.residence"] not in map(str, done.answers.values())


def test_the_phone_on_the_paper_is_the_elders() -> None:
    assert pension(ELDER, req_phone="0912345678").paper["p_phone"] == "0912345678"
    guarded = pension(dict(CARD), **GRANDMOTHER, req_phone="0912345678", p_phone="0987654321")
    assert guarded.paper["p_phone"] == "0987654321"
    assert "p_phone" not in pension(dict(CARD), **GRANDMOTHER, req_phone="0912345678").paper


@pytest.mark.parametrize(
    ("request_", "words"), [("apply", "hưởng trợ cấp"), ("move", "nhận tại nơi cư trú mới"), ("change", "thay đổi thông tin")]
)
def test_what_is_asked_for_is_printed_in_the_words_of_the_form(request_: str, words: str) -> None:
    assert pension(ELDER, request=request_, p_change="Chuyển đến xã Thử").paper["kind"] == words


def test_a_change_is_described_only_when_there_is_one() -> None:
    assert "p_change" not in pension(ELDER).asked
    assert pension(ELDER, request="move", p_change="Chuyển đến xã Thử").paper["p_change"] == "Chuyển đến xã Thử"


def test_money_is_paid_at_the_commune_or_to_an_account() -> None:
    assert pension(ELDER).paper["p_payplace"] == "Điểm chi trả xã Mẫu, tỉnh Cao Bằng"
    account = {"bank_holder": "Nông Thị Già", "bank_number": "8300 2010 0012 30", "bank_name": "Ngân hàng Mẫu"}
    paper = pension(ELDER, pay_way="bank", **account).paper
    assert paper["p_payplace"] == "Qua tài khoản ngân hàng"
    assert paper["p_bank"] == "Nông Thị Già, số 83002010001230, Ngân hàng Mẫu"
    assert "p_bank" not in pension(ELDER).paper


def test_nothing_is_written_before_it_is_chosen() -> None:
    assert not sitting("1.014027", ELDER).answers().keys() & {"request_words", "p_payplace", "p_bank", "g_name"}


def test_another_place_to_be_paid_is_written_as_told() -> None:
    done = pension(ELDER, pay_way="elsewhere", pay_elsewhere="Bưu điện xã Mẫu")
    assert (done.paper["p_payplace"], "pay_elsewhere" in done.answers) == ("Bưu điện xã Mẫu", False)


def test_money_is_told_in_whole_dong() -> None:
    session = sitting("1.014027")
    session.put("has_benefits", "yes")
    assert session.put("benefits[1].amount", "500") is not None
    assert session.put("benefits[1].amount", "500 000") is None


def test_nobody_is_refused_for_being_too_young() -> None:
    assert sitting("1.014027").put("p_dob", "1980") is None


def test_benefits_already_received_are_the_rows_of_a_table() -> None:
    done = pension(
        ELDER,
        **{
            "has_benefits": "yes",
            "benefits[1].benefit": "merit",
            "benefits[1].amount": "1 500 000",
            "benefits[1].since": "2015",
            "benefits[1]+": "yes",
            "benefits[2].benefit": "other",
            "benefits[2].benefit_other": "Trợ cấp của dòng họ",
        },
    )
    assert done.paper["p_benefits"] == [
        {"kind": "Trợ cấp ưu đãi người có công", "amount": 1500000, "since": "2015"},
        {"kind": "Trợ cấp của dòng họ"},
    ]
    assert "p_benefits" not in pension(ELDER).paper
