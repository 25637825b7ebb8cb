"""Every refusal has a broken file that earns it, at exactly its place: forms as CSV, procedures as one change to a sound one."""

from __future__ import annotations

import ast
import inspect
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from forms.checker import FORM_RULES, PROCEDURE_RULES
from forms.checker.folder import check_file, check_folder
from forms.procedures import procedure
from forms.xlsform import Fault, reader
from kiosk.forms_cli.author import CATALOGUE

BROKEN = Path(__file__).parent / "broken"
FORMS = sorted((BROKEN / "forms").glob("*.csv"))
BASE = BROKEN / "procedures" / "base"
CASES = yaml.safe_load((BROKEN / "procedures" / "cases.yaml").read_text("utf-8"))


def expected(form: Path) -> set[tuple[int, str, str]]:
    """The faults a form announces in its first comments: row, column, rule."""
    lines = [line.decode() for line in form.read_bytes().splitlines() if line.startswith(b"# expect: ")]
    parts = [line.removeprefix("# expect: ").split("|") for line in lines]
    return {(int(row), column.strip(), rule.strip()) for row, column, rule in parts}


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.stem)
def test_a_broken_form_is_told_with_row_column_and_rule(form: Path) -> None:
    found = check_file(form, form.parent)
    assert {(fault.row, fault.column, fault.rule) for fault in found} == expected(form)
    assert all(fault.message.endswith((".", "?")) for fault in found)


def spoilt(case: Mapping[str, Any], tmp_path: Path) -> Path:
    folder = tmp_path / "base"
    shutil.copytree(BASE, folder)
    also = {"procedure.yaml": case["also"]} if "also" in case else {}
    for name, change in ({case["file"]: case} | also).items():
        text = (folder / name).read_text("utf-8")
        assert text.count(change["old"]) == 1, change["old"]
        (folder / name).write_text(text.replace(change["old"], change["new"]), "utf-8")
    return folder


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_a_broken_procedure_is_told_with_line_key_and_rule(case: Mapping[str, Any], tmp_path: Path) -> None:
    folder = spoilt(case, tmp_path)
    found = check_folder(folder, folder, CATALOGUE)
    places = [[fault.file.removeprefix("base/"), fault.row, fault.column, fault.rule] for fault in found]
    assert places == case["expect"]


def test_the_procedure_they_are_made_from_is_sound() -> None:
    assert check_folder(BASE, BASE, CATALOGUE) == ()


def test_a_file_in_another_encoding_is_told_with_its_line(tmp_path: Path) -> None:
    folder = tmp_path / "base"
    shutil.copytree(BASE, folder)
    text = (folder / "procedure.yaml").read_text("utf-8")
    (folder / "procedure.yaml").write_bytes(text.encode().replace("Thử nghiệm".encode(), b"Th\xed nghi\xeam"))
    fault = check_folder(folder, folder, CATALOGUE)[0]
    assert (fault.row, fault.rule) == (4, "encoding")


def test_a_folder_without_a_form_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "base"
    shutil.copytree(BASE, folder)
    (folder / "form.csv").unlink()
    assert [fault.rule for fault in check_folder(folder, folder, CATALOGUE)] == ["file"]


@pytest.mark.parametrize("rule", sorted({rule.code for rule in (*FORM_RULES, *PROCEDURE_RULES)}))
def test_every_rule_of_the_checker_has_a_broken_file(rule: str) -> None:
    forms = {code for form in FORMS for _, _, code in expected(form)}
    assert rule in forms | {code for case in CASES for *_, code in case["expect"]}


def codes_in(module: ModuleType, place: int) -> set[str]:
    """Rule codes a reader tells faults with, from its source: argument ``place`` of its ``fault``."""
    calls = [node for node in ast.walk(ast.parse(inspect.getsource(module))) if isinstance(node, ast.Call)]
    told = [call.args[place] for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "fault"]
    return {str(code.value) for code in told if isinstance(code, ast.Constant)}


def test_every_refusal_of_the_readers_has_a_broken_file() -> None:
    assert codes_in(reader, 2) <= {code for form in FORMS for _, _, code in expected(form)}
    assert codes_in(procedure, 1) <= {code for case in CASES for *_, code in case["expect"]}
    assert len(codes_in(reader, 2)) > 20


def test_every_rule_says_in_one_line_what_it_demands() -> None:
    for rule in (*FORM_RULES, *PROCEDURE_RULES):
        assert rule.about_vi
        assert len(rule.about_vi) <= 110
        assert not rule.about_vi.endswith(".")


def test_grave_and_light_faults_are_told_apart() -> None:
    found: dict[str, Fault] = {fault.rule: fault for form in FORMS for fault in check_file(form, form.parent)}
    light = {rule for rule, fault in found.items() if fault.severity == "warning"}
    assert light == {"media_missing", "media_gap", "unused_list", "undecided", "constant", "long_path"}
