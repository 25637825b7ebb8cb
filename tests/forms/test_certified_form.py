"""Certified copies: our own request sheet, one entry for each paper, so that each gets its own number and its own fee."""

from __future__ import annotations

from tests.forms.declarations import CARD, Walk, form_of, required, sitting, walk

ANSWERS = {
    "req_name": "Nông Thị Mẫu",
    "req_id_type": "card",
    "req_number": "004190000001",
    "paper": "degree",
    "name": "Nông Thị Mẫu",
    "pages": "2",
    "copies": "3",
    "need_photocopy": "yes",
}


def certified(card: dict[str, str] | None = None, **changes: str) -> Walk:
    return walk("2.000815", card, {**ANSWERS, **changes})


def test_one_paper_takes_no_more_than_eight_questions() -> None:
    done = certified(dict(CARD))
    assert len(done.asked) <= 8
    assert required("2.000815") <= done.paper.keys()
    assert done.paper["items"] == [{"kind": "Bằng, chứng chỉ", "name": "Nông Thị Mẫu", "pages": 2, "copies": 3}]


def test_papers_are_listed_one_after_another() -> None:
    more = {"items[1]+": "yes", "items[2].paper": "other", "items[2].paper_other": "Giấy xác nhận", "items[2].copies": "1"}
    done = certified(dict(CARD), **more)
    assert [(row["kind"], row["pages"], row["copies"]) for row in done.paper["items"]] == [
        ("Bằng, chứng chỉ", 2, 3),
        ("Giấy xác nhận", 2, 1),
    ]
    assert "items[1].paper_other" not in done.asked
    assert not done.paper["items"][1].keys() & {"paper", "paper_other"}
    assert not done.answers.keys() & {"req_card", "req_id_type"}


def test_the_requester_may_have_another_paper_than_a_card() -> None:
    assert certified().paper["id"] == "004190000001"
    assert certified(req_id_type="passport", req_paper_number="Hộ chiếu C1234567").paper["id"] == "Hộ chiếu C1234567"


def test_the_sheet_says_that_it_is_our_own() -> None:
    assert form_of("2.000815").title == "Phiếu yêu cầu chứng thực bản sao"


def test_the_requester_is_reminded_of_the_original_first() -> None:
    first = sitting("2.000815").current
    assert first is not None
    assert "bản chính" in first.label


def test_a_paper_has_pages_and_copies() -> None:
    session = sitting("2.000815")
    assert session.put("items[1].pages", "0") is not None
    assert session.put("items[1].copies", "0") is not None
