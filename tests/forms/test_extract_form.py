"""Copies of civil-status extracts: which paper first, then whose; old commune names stay as they are on the old paper."""

from __future__ import annotations

import pytest

from tests.forms.declarations import CARD, CARD_WORDS, MAN, TYPED, Walk, required, sitting, walk

ANSWERS = {
    **TYPED,
    "event": "birth",
    "req_relation": "self",
    "s_sex": "nu",
    "s_ethnic": "02",
    "s_nation_kind": "vn",
    "reg_place": "Xã Vĩnh Quang, thành phố Cao Bằng, tỉnh Cao Bằng",
    "reg_date": "1990",
    "qty": "2",
}


def extract(card: dict[str, str] | None = None, **changes: str) -> Walk:
    return walk("2.000635", card, {**ANSWERS, **changes})


def test_a_woman_asking_for_her_own_paper_answers_nine_questions() -> None:
    done = extract(dict(CARD))
    assert done.asked == ("event", "req_relation", "reg_place", "reg_date", "reg_no", "reg_book", "qty", "req_phone", "pledge")
    assert not done.answers.keys() & {"req_card", "req_id_type", "req_sex", "req_ethnic", "req_nation", "s_nation_kind"}
    assert required("2.000635") <= done.paper.keys()
    assert (done.paper["req_relation"], done.paper["s_id"], done.paper["event"]) == ("Bản thân", CARD_WORDS, "khai sinh")


def test_without_a_card_the_same_paper_is_typed() -> None:
    typed, read = extract(), extract(dict(CARD))
    assert {k: str(v).upper() for k, v in typed.paper.items()} == {k: str(v).upper() for k, v in read.paper.items()}


def test_a_mother_asks_for_her_young_child_without_an_authorisation() -> None:
    child = {"s_name": "Hoàng Văn Bé", "s_dob": "2020-05-01", "s_sex": "nam", "s_number": ""}
    done = extract(dict(CARD), req_relation="child", s_id_type="none", s_residence="Xã Mẫu", **child)
    assert not {"paper_giay_uy_quyen", "req_parent"} & set(done.asked)
    assert (done.paper["req_relation"], done.paper["s_name"], done.paper["s_residence"]) == ("Mẹ", "Hoàng Văn Bé", "Xã Mẫu")
    assert not done.answers.keys() & {"s_id", "s_id_type", "req_parent"}
    assert extract(dict(MAN), req_relation="child", s_id_type="none", **child).paper["req_relation"] == "Cha"


def test_another_relative_shows_an_authorisation() -> None:
    changes = {"s_name": "Nông Văn Thử", "s_dob": "1941", "s_number": "004041000003", "req_relation_text": "Con"}
    done = extract(dict(CARD), req_relation="kin", **changes)
    assert "paper_giay_uy_quyen" in done.asked
    assert done.paper["req_relation"] == "Con"
    assert len(done.asked) <= 25


def test_nobody_asks_for_his_own_death_paper() -> None:
    session = sitting("2.000635")
    session.put("event", "death")
    assert session.put("req_relation", "self") is not None
    assert session.put("req_relation", "kin") is None


@pytest.mark.parametrize(("event", "words"), [("correction", "thay đổi, cải chính, bổ sung"), ("foreign_note", "ghi chú hộ tịch")])
def test_the_plain_name_of_a_paper_is_printed_in_the_words_of_the_law(event: str, words: str) -> None:
    assert extract(dict(CARD), event=event).paper["event"] == words


def test_old_names_and_a_year_are_kept_as_they_were_written() -> None:
    paper = extract(dict(CARD)).paper
    assert (paper["reg_place"], paper["reg_date"]) == (ANSWERS["reg_place"], "1990")


def test_nothing_is_named_before_it_is_chosen() -> None:
    assert "event_words" not in sitting("2.000635", CARD).answers()


def test_residence_is_asked_only_without_a_number() -> None:
    assert not [name for name in extract(dict(CARD)).asked if name.endswith("residence")]


def test_the_number_of_copies_has_no_default() -> None:
    session = sitting("2.000635", CARD)
    assert session.value("qty") is None
    assert session.put("qty", "0") is not None
