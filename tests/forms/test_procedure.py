"""A procedure: which papers an answer calls for, who files, how long it takes, and how a wrong file is told with its place."""

from __future__ import annotations

from datetime import date
from importlib import resources
from typing import Any

import pytest
import yaml

from forms.deadlines.deadline import TimeRule
from forms.procedures.catalogue import load_catalogue
from forms.procedures.marked_yaml import Marked, read_marked
from forms.procedures.procedure import Procedure, procedure_of
from forms.xlsform import Fault, FormError
from tests.forms.birth import ANSWERS, BIRTH, CARD, TODAY, filled

SOURCE = resources.files("forms").joinpath("catalog", "1.001193", "procedure.yaml").read_text("utf-8")


def test_the_facts_of_the_birth_registration() -> None:
    assert (BIRTH.code, BIRTH.name_vi, BIRTH.sector_vi) == ("1.001193", "Thủ tục đăng ký khai sinh", "Hộ tịch")
    assert BIRTH.time == TimeRule("same_day_15h", 0, BIRTH.time.text_vi)
    assert (BIRTH.result_code, BIRTH.channels, BIRTH.online_vi) == ("KQ.G15.000031", (1, 2, 3), "toàn trình")
    assert BIRTH.fee.amount_vnd is None, "the province's amount was not found: never invented"
    assert BIRTH.form_version == BIRTH.form.version != ""
    assert BIRTH.papers == ("to_khai_dang_ky_khai_sinh",)


def test_the_law_of_civil_status_changes_on_the_first_of_march_2027() -> None:
    law = next(basis for basis in BIRTH.legal_basis if "Luật Hộ tịch" in basis.title)
    assert law.in_force(date(2027, 2, 28))
    assert not law.in_force(date(2027, 3, 1))
    assert BIRTH.in_force(date(2027, 2, 28))
    assert not BIRTH.in_force(date(2027, 3, 1))


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
    persons = BIRTH.persons(answers, "chip")
    applicant = persons.applicant
    assert (applicant.name, applicant.number, applicant.birth, applicant.relation, applicant.phone, applicant.by) == (
        "NÔNG THỊ MẪU",
        "004190000001",
        "1990-02-01",
        "Mẹ",
        "",
        "chip",
    )
    assert persons.owner is None
    assert BIRTH.subject(answers) == ANSWERS["child_name"]


def test_the_owner_is_told_only_when_somebody_else_files() -> None:
    extract = known("2.000635")
    both = {"req_name": "Nông Thị Mẫu", "req_number": "004190000001", "s_name": "Nông Văn Thử", "s_number": "004090000002"}
    found = extract.persons(both, "typed").owner
    assert found is not None
    assert (found.name, found.number) == ("Nông Văn Thử", "004090000002")
    assert extract.persons({**both, "s_name": "Nông Thị Mẫu", "s_number": "004190000001"}, "typed").owner is None


def known(code: str) -> Procedure:
    return load_catalogue().shown(code, TODAY)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("1.001193", "Xong trong ngày"),
        ("2.001035", "Hẹn 2 ngày làm việc"),
        ("2.000286", "Hẹn 25 ngày làm việc"),
        ("2.001263", "Khoảng 30 ngày"),
        ("1.004884", "Khoảng 5 ngày làm việc"),
        ("1.012753", "Cán bộ hẹn ngày trả"),
    ],
)
def test_how_long_it_takes_is_said_in_plain_words_and_no_surer_than_known(code: str, words: str) -> None:
    assert known(code).how_long_vi == words


def test_residence_belongs_to_the_police_and_is_only_printed() -> None:
    for code in ("1.004222", "1.004194", "1.003677", "1.003197", "1.010038"):
        procedure = known(code)
        assert (procedure.routing.backend, procedure.routing.filed_here) == ("police", False)
        assert procedure.papers == ("ct01",)
        assert "Công an" in procedure.routing.note_vi


def test_interlinked_sets_are_filed_at_the_national_portal_only() -> None:
    for code in ("2.000986", "2.002913"):
        procedure = known(code)
        assert (procedure.routing.backend, procedure.routing.filed_here) == ("portal_only", False)
        assert procedure.channels == (2,)


def test_household_businesses_go_to_the_business_registry() -> None:
    assert {known(code).routing.backend for code in ("1.001612", "2.000720", "1.001570", "1.001266", "2.000575")} == {"business"}


def test_a_marriage_is_prepared_and_both_must_come() -> None:
    assert "cùng đến" in known("1.000894").routing.note_vi


def test_victims_of_trafficking_are_never_named_on_a_shared_screen() -> None:
    confidential = [code for code in load_catalogue().codes() if known(code).confidential]
    assert confidential == ["2.001661"]


# --- wrong files -------------------------------------------------------------------------------------------------------


def faults(text: str) -> tuple[Fault, ...]:
    with pytest.raises(FormError) as caught:
        procedure_of(read_marked(text, "procedure.yaml"), BIRTH.form)
    return caught.value.faults


def wrong(**changes: Any) -> list[tuple[str, str]]:
    text = yaml.safe_dump({**yaml.safe_load(SOURCE), **changes}, allow_unicode=True)
    return [(fault.column, fault.rule) for fault in faults(text)]


COMPONENT: dict[str, Any] = {"id": "x", "name_vi": "Giấy", "kind": "submit", "form": "original", "when": "always"}
ROUTING: dict[str, Any] = {"backend": "province", "filed_here": True}


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"name_vi": ""}, ("name_vi", "missing")),
        ({"legal_basis": []}, ("legal_basis", "missing")),
        ({"legal_basis": [{"title": "Luật", "from": "hôm qua"}]}, ("legal_basis.from", "date")),
        ({"legal_basis": ["Luật"]}, ("legal_basis.title", "missing")),
        ({"valid": None}, ("valid", "missing")),
        ({"components": [{**COMPONENT, "kind": "give"}]}, ("components.kind", "kind")),
        ({"components": [{**COMPONENT, "form": "scan"}]}, ("components.form", "form")),
        ({"components": [{**COMPONENT, "quantity": 0}]}, ("components.quantity", "quantity")),
        ({"components": [{**COMPONENT, "when": "${no_such} = 1"}]}, ("components.when", "reference")),
        ({"components": [{**COMPONENT, "when": "(1"}]}, ("components.when", "expression")),
        ({"components": [{**COMPONENT, "capture": "no_such"}]}, ("components.capture", "reference")),
        ({"components": [COMPONENT, COMPONENT]}, ("components.id", "duplicate")),
        ({"components": ["Giấy"]}, ("components.name_vi", "missing")),
        ({"time": {"rule": "soon", "text_vi": "x"}}, ("time", "rule")),
        ({"time": {"rule": "working_days", "text_vi": "x"}}, ("time", "rule")),
        ({"fee": {"rule": "guess", "text_vi": "x"}}, ("fee", "rule")),
        ({"fee": {"rule": "free_within_days", "days": 60, "from": "no_such", "text_vi": "x"}}, ("fee.from", "reference")),
        ({"routing": {**ROUTING, "backend": "mail"}}, ("routing.backend", "routing")),
        ({"routing": {**ROUTING, "filed_here": "yes"}}, ("routing.filed_here", "routing")),
        ({"routing": {**ROUTING, "backend": "police"}}, ("routing.filed_here", "routing")),
        ({"applicant": {"name": "no_such"}}, ("applicant.name", "reference")),
        ({"applicant": {"shoe": "req_name"}}, ("applicant.shoe", "key")),
        ({"owner": {"name": "no_such"}}, ("owner.name", "reference")),
        ({"subject": "no_such"}, ("subject", "reference")),
        ({"outside_the_form": {"child_name": "x"}}, ("outside_the_form.child_name", "duplicate")),
    ],
)
def test_a_wrong_file_is_told(changes: dict[str, Any], fault: tuple[str, str]) -> None:
    assert fault in wrong(**changes)


def test_a_fault_stands_on_its_line() -> None:
    text = SOURCE.replace("backend: province", "backend: post")
    line = text.splitlines().index("  backend: post") + 1
    assert [(fault.row, fault.column) for fault in faults(text)] == [(line, "routing.backend")]


def test_a_missing_key_is_told_at_the_group_it_is_missing_from() -> None:
    text = SOURCE.replace("  code: KQ.G15.000031\n", "").replace("    name_vi: Giấy chứng sinh\n", "")
    line = text.splitlines().index("  - id: giay_chung_sinh") + 1
    assert (line, "components.name_vi") in [(fault.row, fault.column) for fault in faults(text)]


def test_everything_wrong_is_told_at_once() -> None:
    assert len(wrong(name_vi="", subject="no_such", valid=None)) >= 3


@pytest.mark.parametrize("text", ["a: [", "- 1\n- 2\n", "", "chữ", "a: 2026-02-31", "? [1]\n: 2"])
def test_what_is_no_procedure_is_refused(text: str) -> None:
    assert faults(text)


def test_broken_yaml_is_told_with_its_line() -> None:
    assert faults("code: x\nname: [\n")[0].row >= 2


def test_a_key_written_twice_is_refused_and_not_dropped_in_silence() -> None:
    found = faults(SOURCE + "\ncode: '1.000000'\n")
    assert (found[0].column, found[0].rule) == ("code", "duplicate")
    assert found[0].row == len(SOURCE.splitlines()) + 2


def test_the_same_data_make_the_same_procedure_without_their_file() -> None:
    marked = read_marked(SOURCE, "procedure.yaml")
    assert procedure_of(Marked("pack", marked.data), BIRTH.form) == load_catalogue().versions("1.001193")[0]


@pytest.mark.parametrize(
    ("line", "cure"),
    [
        ("name_vi: Giấy: bản sao", "dấu hai chấm trong câu chữ"),
        ("\tname_vi: Giấy", "phím Tab"),
        ("words: [đẻ, sinh", "mở mà không đóng"),
        ("name_vi: 'Giấy", "mở mà không đóng"),
    ],
)
def test_a_file_that_is_no_pairs_is_told_in_the_words_of_its_author(line: str, cure: str) -> None:
    with pytest.raises(FormError) as caught:
        read_marked(f'code: "1.001193"\n{line}\n', "procedure.yaml")
    message = caught.value.faults[0].message
    assert cure in message
    assert "\n" not in message


@pytest.mark.parametrize("key", ["outside_the_form", "owner", "words", "papers"])
def test_a_group_that_is_a_number_is_told_and_never_a_traceback(key: str) -> None:
    source = read_marked(SOURCE, "procedure.yaml")
    with pytest.raises(FormError) as caught:
        procedure_of(Marked(source.file, {**source.data, key: 5}, source.lines), BIRTH.form)
    assert key in [fault.column for fault in caught.value.faults]
