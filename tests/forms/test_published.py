"""The catalogue against what was published: nothing that was found out about the 63 procedures was lost or invented."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from forms.procedures.catalogue import load_catalogue
from forms.procedures.procedure import Procedure

DATA = Path(__file__).parent / "data"
PUBLISHED: Mapping[str, Any] = json.loads((DATA / "published_procedures.json").read_text("utf-8"))
NAMES: Mapping[str, str] = json.loads((DATA / "published_names.json").read_text("utf-8"))
TODAY = date(2026, 11, 24)
CODES = sorted(PUBLISHED)


def procedure(code: str) -> Procedure:
    found = load_catalogue().on(code, TODAY)
    assert found is not None
    return found


def test_every_published_procedure_is_in_force_today_and_no_other_one() -> None:
    assert list(load_catalogue().codes()) == CODES
    assert len([procedure(code) for code in CODES]) == 63


def test_the_codes_of_which_only_the_name_is_known_are_found_by_name_and_never_filed() -> None:
    catalogue = load_catalogue()
    for code, name in NAMES.items():
        tile = catalogue.search(name, TODAY, frozenset())[0]
        assert tile.code == code
        assert not tile.available
        assert "cán bộ" in tile.note_vi


@pytest.mark.parametrize("code", CODES)
def test_names_results_and_codes_are_as_published(code: str) -> None:
    ours, theirs = procedure(code), PUBLISHED[code]
    assert (ours.name_vi, ours.result_vi, ours.result_code) == (theirs["name_vi"], theirs["result_vi"], theirs["result_code"])
    assert ours.online_vi.startswith(theirs["online"])


@pytest.mark.parametrize("code", CODES)
def test_every_paper_is_kept_with_its_kind_condition_and_database(code: str) -> None:
    for ours, theirs in zip(procedure(code).components, PUBLISHED[code]["components"], strict=True):
        name, kind, form, quantity, condition, database = theirs
        assert ours.name_vi.split(" (")[0].removesuffix(" của người yêu cầu") in name
        assert ("VNeID" in ours.name_vi) == ("VNeID" in name), "which documents identify is told on every slip"
        assert (ours.kind, ours.form, ours.quantity) == (kind, form, quantity)
        assert (bool(ours.condition_vi), bool(ours.replaced_by_database_vi)) == (condition, database), ours.name_vi


@pytest.mark.parametrize("code", CODES)
def test_the_limit_is_as_published_and_an_unknown_one_stays_unknown(code: str) -> None:
    time = procedure(code).time
    found = [time.kind, time.days, [stage.days for stage in time.stages], time.extension is not None]
    assert found == PUBLISHED[code]["time"]
    assert time.text_vi


@pytest.mark.parametrize("code", CODES)
def test_the_amount_is_as_published_and_an_unknown_one_stays_unknown(code: str) -> None:
    fee, published = procedure(code).fee, PUBLISHED[code]["fee_vnd"]
    if fee.kind == "free":
        assert published == 0
    elif fee.kind == "free_within_days":
        assert (published, fee.amount_vnd) == (0, None), "free in time; what comes after was not found"
    elif fee.kind == "per_page":
        assert published == fee.first_vnd
    else:
        assert published == fee.amount_vnd


@pytest.mark.parametrize("code", CODES)
def test_how_sure_each_fact_is_is_kept(code: str) -> None:
    ours = procedure(code).certainty
    for group, mark in PUBLISHED[code]["certainty"].items():
        assert ours[group].startswith(mark), group


@pytest.mark.parametrize("code", CODES)
def test_each_law_stands_by_itself_and_one_without_a_day_says_so(code: str) -> None:
    basis = procedure(code).legal_basis
    assert len(basis) >= PUBLISHED[code]["laws"]
    assert all(one.in_force(TODAY) for one in basis)
    for one in basis:
        assert ";" not in one.title
        assert one.valid_from is not None or "xác minh" in one.note


def test_no_repealed_decree_is_named() -> None:
    titles = " ".join(one.title for code in CODES for one in procedure(code).legal_basis)
    for repealed in ("61/2018", "01/2018", "42/2022"):
        assert repealed not in titles


@pytest.mark.parametrize("code", CODES)
def test_every_text_is_vietnamese_and_short_enough_for_its_place(code: str) -> None:
    ours = procedure(code)
    assert len(ours.short_vi) <= 30
    assert len(ours.for_whom_vi) <= 40
    assert ours.words
    for item in ours.form.items:
        assert len(item.label) <= 60, item.label
        assert len(item.hint) <= 110, item.hint


def test_every_procedure_has_a_group_of_the_screen() -> None:
    groups = [group.id for group in load_catalogue().groups()]
    assert {procedure(code).group for code in CODES} == set(groups)
