"""The catalogue: what is known of the birth registration, which papers an answer calls for, and how a wrong file is told."""

from __future__ import annotations

import json
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml

from forms.deadline import TimeRule
from forms.procedure import load_catalogue, read_procedure, services_index
from forms.xlsform import FormError
from tests.forms.birth import ANSWERS, BIRTH, CARD, filled

SOURCE = resources.files("forms").joinpath("catalog", "1.001193", "procedure.yaml").read_text("utf-8")
TODAY = date(2026, 11, 23)


def test_the_catalogue_is_read_once_and_cannot_be_changed() -> None:
    assert load_catalogue() is load_catalogue()
    with pytest.raises(TypeError):
        load_catalogue()["x"] = BIRTH  # type: ignore[index]


def test_the_facts_of_the_birth_registration() -> None:
    assert (BIRTH.code, BIRTH.name_vi, BIRTH.sector_vi) == ("1.001193", "Thủ tục đăng ký khai sinh", "Hộ tịch")
    assert BIRTH.time == TimeRule("same_day_15h", 0, BIRTH.time.text_vi)
    assert (BIRTH.result_code, BIRTH.channels, BIRTH.online_vi) == ("KQ.G15.000031", (1, 2, 3), "toàn trình")
    assert BIRTH.fee.amount_vnd is None, "the province's amount was not found: never invented"
    assert BIRTH.form_version == BIRTH.form.version != ""
    assert BIRTH.certainty["code"] == "seen"


def test_its_laws_are_in_force_today_and_no_repealed_one_is_named() -> None:
    assert all(basis.in_force(TODAY) for basis in BIRTH.legal_basis)
    for repealed in ("61/2018", "01/2018", "42/2022"):
        assert repealed not in SOURCE


def test_the_law_of_civil_status_changes_on_the_first_of_march_2027() -> None:
    law = next(basis for basis in BIRTH.legal_basis if "Luật Hộ tịch" in basis.title)
    assert law.in_force(date(2027, 2, 28))
    assert not law.in_force(date(2027, 3, 1))
    assert BIRTH.in_force(date(2027, 2, 28))
    assert not BIRTH.in_force(date(2027, 3, 1))


def test_a_basis_whose_day_is_unknown_says_so() -> None:
    for basis in BIRTH.legal_basis:
        assert basis.valid_from is not None or "chưa xác minh" in basis.note


def test_every_published_paper_is_listed_with_its_condition_and_the_database_that_replaces_it() -> None:
    published = json.loads((Path(__file__).parent / "data" / "birth_components.json").read_text("utf-8"))
    for theirs, ours in zip(published, BIRTH.components, strict=True):
        assert ours.name_vi.split(" của người yêu cầu")[0] in theirs["name_vi"]
        assert (ours.kind, ours.form, ours.quantity) == (theirs["kind"], theirs["form"], theirs["quantity"])
        assert bool(ours.condition_vi) == ("condition" in theirs), ours.name_vi
        assert bool(ours.replaced_by_database_vi) == ("replaced_by_database" in theirs), ours.name_vi


def needed(**changes: str) -> dict[str, str]:
    answers = filled(CARD, **changes)[0].answers()
    return {item.component.id: item.state for item in BIRTH.checklist(answers)}


def test_papers_follow_the_answers() -> None:
    assert needed() == {
        "to_khai": "yes",
        "giay_chung_sinh": "yes",
        "nguoi_lam_chung": "no",
        "cam_doan_viec_sinh": "no",
        "bien_ban_bo_roi": "no",
        "mang_thai_ho": "official",
        "uy_quyen": "no",
        "giay_to_tuy_than": "yes",
        "noi_cu_tru": "official",
        "giay_ket_hon": "no",
    }


@pytest.mark.parametrize(
    ("changes", "paper", "state"),
    [
        ({"has_birth_paper": "no", "has_witness": "yes"}, "nguoi_lam_chung", "yes"),
        ({"has_birth_paper": "no", "has_witness": "yes"}, "giay_chung_sinh", "no"),
        ({"has_birth_paper": "no", "has_witness": "no"}, "cam_doan_viec_sinh", "yes"),
        ({"has_birth_paper": "no", "has_witness": "no"}, "nguoi_lam_chung", "no"),
        ({"parents_married": "paper"}, "giay_ket_hon", "yes"),
        ({"parents_married": "no_paper"}, "giay_ket_hon", "no"),
    ],
)
def test_a_paper_is_asked_exactly_when_its_condition_holds(changes: dict[str, str], paper: str, state: str) -> None:
    assert needed(**changes)[paper] == state


@pytest.mark.parametrize(("relation", "state"), [("proxy", "yes"), ("kin", "no"), ("carer", "no")])
def test_only_an_authorised_stranger_brings_an_authorisation(relation: str, state: str) -> None:
    changes = {
        "req_relation": relation,
        "req_relation_text": "bà ngoại",
        "mother_name": "Nông Thị Mẫu",
        "mother_number": "004190000001",
    }
    assert needed(**changes)["uy_quyen"] == state


def test_the_declaration_is_printed_here_and_need_not_be_brought() -> None:
    assert "to_khai" not in [component.id for component in BIRTH.to_bring(filled(CARD)[0].answers())]
    assert BIRTH.components[0].made_by_kiosk


def test_filer_and_child_are_found_in_the_answers() -> None:
    answers = filled(CARD)[0].answers()
    applicant = BIRTH.applicant(answers)
    assert (applicant["name"], applicant["number"], applicant["birth"], applicant["relation"]) == (
        "NÔNG THỊ MẪU",
        "004190000001",
        "1990-02-01",
        "Mẹ",
    )
    assert "phone" not in applicant
    assert BIRTH.subject(answers) == ANSWERS["child_name"]
    assert BIRTH.applicant({}) == {}


def test_six_services_are_offered_and_only_what_is_in_the_catalogue_is_available() -> None:
    tiles = services_index()
    assert len(tiles) == 6
    assert [tile.code for tile in tiles if tile.available] == list(load_catalogue())
    assert all("cán bộ" in tile.note_vi for tile in tiles if not tile.available)
    assert all(tile.title_vi and tile.for_whom_vi and tile.how_long_vi and tile.icon and tile.colour for tile in tiles)
    assert tiles[0].title_vi == "Khai sinh"
    assert not {"1.004222", "1.004194"} & {tile.code for tile in tiles}, "residence belongs to the police"


def wrong(**changes: Any) -> list[tuple[str, str]]:
    data = {**yaml.safe_load(SOURCE), **changes}
    with pytest.raises(FormError) as caught:
        read_procedure(yaml.safe_dump(data, allow_unicode=True), BIRTH.form)
    return [(fault.column, fault.rule) for fault in caught.value.faults]


COMPONENT: dict[str, Any] = {"id": "x", "name_vi": "Giấy", "kind": "submit", "form": "original", "when": "always"}


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"name_vi": ""}, ("name_vi", "missing")),
        ({"legal_basis": []}, ("legal_basis", "missing")),
        ({"legal_basis": [{"title": "Luật", "from": "hôm qua"}]}, ("legal_basis «Luật» from", "date")),
        ({"valid": None}, ("valid", "missing")),
        ({"components": [{**COMPONENT, "kind": "give"}]}, ("components", "kind")),
        ({"components": [{**COMPONENT, "form": "scan"}]}, ("components", "form")),
        ({"components": [{**COMPONENT, "quantity": 0}]}, ("components", "quantity")),
        ({"components": [{**COMPONENT, "when": "${no_such} = 1"}]}, ("components", "reference")),
        ({"components": [{**COMPONENT, "when": "(1"}]}, ("components", "expression")),
        ({"time": {"rule": "soon", "text_vi": "x"}}, ("time", "rule")),
        ({"time": {"rule": "working_days", "text_vi": "x"}}, ("time", "rule")),
        ({"fee": {"rule": "guess", "text_vi": "x"}}, ("fee", "rule")),
        ({"fee": {"rule": "free_within_days", "days": 60, "from": "no_such", "text_vi": "x"}}, ("fee.from", "reference")),
        ({"applicant": {"name": "no_such"}}, ("applicant.name", "reference")),
        ({"applicant": {"shoe": "req_name"}}, ("applicant", "key")),
        ({"subject": "no_such"}, ("subject", "reference")),
        ({"outside_the_form": {"child_name": "x"}}, ("outside_the_form", "duplicate")),
    ],
)
def test_a_wrong_file_is_told(changes: dict[str, Any], fault: tuple[str, str]) -> None:
    assert fault in wrong(**changes)


@pytest.mark.parametrize("text", ["a: [", "- 1\n- 2\n", "", "chữ"])
def test_what_is_no_procedure_is_refused(text: str) -> None:
    with pytest.raises(FormError):
        read_procedure(text, BIRTH.form)


def test_broken_yaml_is_told_with_its_line() -> None:
    with pytest.raises(FormError) as caught:
        read_procedure("code: x\nname: [\n", BIRTH.form, "p.yaml")
    assert caught.value.faults[0].row >= 2
