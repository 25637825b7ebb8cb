"""Random but valid answers: for every form of the catalogue, and for forms that make it hard."""

from __future__ import annotations

import random
from datetime import date
from importlib import resources

import pytest

from forms.answers import NoAnswerError, random_answers, random_sitting
from forms.session import rows_of
from forms.xlsform import Form, lists_beside, read_form
from tests.forms.birth import CARD
from tests.forms.tables import form, row

TODAY = date(2026, 11, 24)
CATALOGUE = resources.files("forms").joinpath("catalog")
CODES = sorted(entry.name for entry in CATALOGUE.iterdir() if entry.joinpath("form.csv").is_file())


@pytest.fixture(scope="module", params=CODES)
def any_form(request: pytest.FixtureRequest) -> Form:
    folder = CATALOGUE.joinpath(request.param)
    return read_form(folder.joinpath("form.csv").read_bytes(), request.param, lists_beside(folder))


def test_every_form_of_the_catalogue_is_filled_to_the_end_with_and_without_a_card(any_form: Form) -> None:
    for seed in range(30):
        filling = random_sitting(any_form, random.Random(seed), TODAY, CARD if seed % 2 else None)
        assert filling.problems() == ()
        assert rows_of(any_form, filling.answers())


def test_many_ways_through_a_form_are_taken(any_form: Form) -> None:
    answers = [random_answers(any_form, random.Random(seed), TODAY) for seed in range(60)]
    assert len({tuple(given) for given in answers}) > 3
    reached = {name for given in answers for name in given}
    missed = {item.name for item in any_form.items if item.required and not item.repeat and item.keep and item.asked} - reached
    assert len(missed) <= len(any_form.items) // 10, missed


def test_the_same_dice_give_the_same_answers(any_form: Form) -> None:
    first, second = (random_answers(any_form, random.Random(7), TODAY) for _ in range(2))
    assert first == second


def test_constraints_are_met() -> None:
    said = {"required": "yes", "constraint_message": "Sai."}
    hard = form(
        row("integer", "n", "Mấy?", constraint=". >= 37 and . <= 41", **said),
        row("integer", "exact", "Mấy?", constraint=". > 123456 and . < 123458", **said),
        row("decimal", "d", "Bao nhiêu?", constraint=". > 3 and . < 5", **said),
        row("text", "number", "Số?", constraint="regex(., '[0-9]{12}')", **said),
        row("text", "mail", "Thư điện tử?", constraint="regex(., '[a-z.]+@[a-z.]+')", **said),
        row("date", "born", "Sinh ngày nào?", constraint=". <= today()", **said),
        row("date", "died", "Mất ngày nào?", constraint=". >= ${born} and . <= today()", **said),
        row("select_multiple yn", "some", "Chọn gì?", constraint="count-selected(.) = 2", **said),
        row("file", "paper", "Có giấy không?", required="yes"),
        row("begin repeat", "r", "Chuyến", k_more="Nữa không?", parameters="max=4"),
        row("date", "from", "Từ ngày nào?", **said, constraint=". <= today()"),
        row("date", "to", "Đến ngày nào?", **said, constraint=". >= ${from} and . <= today()"),
        row("end repeat"),
    )
    lengths = set()
    for seed in range(40):
        given = random_answers(hard, random.Random(seed), TODAY)
        assert 37 <= given["n"] <= 41
        assert given["born"] <= given["died"] <= TODAY.isoformat()
        assert all(trip["from"] <= trip["to"] for trip in given["r"])
        lengths.add(len(given["r"]))
    assert len(lengths) > 1


def test_a_day_close_to_one_long_ago_is_found() -> None:
    old = form(
        row("date", "born", "Sinh ngày nào?", required="yes", constraint=". < date('1990-01-01')", constraint_message="Sai."),
        row(
            "date",
            "told",
            "Báo ngày nào?",
            required="yes",
            constraint=". >= ${born} and . <= ${born} + 1",
            constraint_message="Sai.",
        ),
    )
    assert all(random_answers(old, random.Random(seed), TODAY)["told"] < "1990-01-03" for seed in range(5))


def test_an_earlier_answer_that_leaves_no_way_on_is_given_anew() -> None:
    trap = form(
        row("select_one yn", "a", "Chọn gì?", required="yes"),
        row("select_one yn", "b", "Rồi sao?", required="yes", constraint="${a} = 'yes'", constraint_message="Chọn lại câu trước."),
    )
    assert all(random_answers(trap, random.Random(seed), TODAY)["a"] == "yes" for seed in range(10))


def test_a_question_nobody_can_answer_is_named() -> None:
    closed = form(row("text", "secret", "Mật khẩu?", required="yes", constraint=". = 'xyzzy'", constraint_message="Sai."))
    with pytest.raises(NoAnswerError, match="secret"):
        random_answers(closed, random.Random(1), TODAY)
