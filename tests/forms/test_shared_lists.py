"""The choice lists that forms share: whole, coded as the State codes them, found by the names people use."""

from __future__ import annotations

import csv
import io
from importlib import resources

import pytest

from forms.session import match_choices
from forms.xlsform import Choice
from tests.forms.declarations import form_of


def rows(name: str) -> list[dict[str, str]]:
    text = resources.files("forms").joinpath("catalog", "_lists", name).read_text("utf-8")
    return list(csv.DictReader(io.StringIO(text)))


def choices(folder: str, question: str) -> tuple[Choice, ...]:
    return form_of(folder).item(question).choices


def test_the_communes_are_those_of_the_province_with_their_codes() -> None:
    table = resources.files("forms").joinpath("data", "cao_bang_communes.csv").read_text("utf-8")
    official = {row["code"]: row["full_name"] for row in csv.DictReader(io.StringIO(table))}
    assert {row["name"]: row["label::Tiếng Việt (vi)"] for row in rows("communes.csv")} == official
    assert len(official) == 56


def test_a_commune_names_each_of_its_former_units_once() -> None:
    for row in rows("communes.csv"):
        hint = row["k_hint"].split(", ")
        assert len(hint) == len(set(hint)), row


def test_a_commune_is_found_by_a_name_it_no_longer_has() -> None:
    found = match_choices(choices("_ct01", "home_commune"), "song bang")
    assert [choice.label for choice in found] == ["Phường Nùng Trí Cao"]


def test_ethnic_groups_begin_with_those_of_cao_bang() -> None:
    labels = [row["label::Tiếng Việt (vi)"] for row in rows("ethnic.csv")]
    assert labels[:8] == ["Tày", "Nùng", "Hmông", "Mông", "Dao", "Kinh", "Sán Chay", "Lô Lô"]
    assert {row["name"][:2] for row in rows("ethnic.csv")} == {f"{code:02d}" for code in range(1, 56)}


@pytest.mark.parametrize(("typed", "code"), [("h'mong", "08"), ("cao lan", "15-cao_lan"), ("tay", "02"), ("viet", "01")])
def test_an_ethnic_group_is_found_by_the_name_people_type(typed: str, code: str) -> None:
    assert code in [choice.name for choice in match_choices(choices("1.000656", "dec_ethnic"), typed)]


@pytest.mark.parametrize(
    "name", ["sex.csv", "yes_no.csv", "identity.csv", "other_identity.csv", "paper_identity.csv", "nation.csv"]
)
def test_choices_of_short_lists_have_pictures(name: str) -> None:
    assert all(row["k_icon"] for row in rows(name))
