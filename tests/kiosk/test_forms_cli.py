"""``forms check``: the packaged catalogue is sound, and a mistake in somebody's draft is told with file, row and a sentence."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import forms
from kiosk.forms_cli import forms_command

BIRTH = Path(forms.__file__).parent / "catalog" / "1.001193"


def test_the_packaged_catalogue_is_sound(capsys: pytest.CaptureFixture[str]) -> None:
    assert forms_command(["check", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"errors": [], "warnings": []}


def test_a_mistake_in_a_draft_is_told_with_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    draft = tmp_path / "draft"
    shutil.copytree(BIRTH, draft)
    text = (draft / "form.csv").read_text("utf-8")
    (draft / "form.csv").write_text(text.replace("select_one", "select_won", 1), "utf-8")
    assert forms_command(["check", "--json", str(draft)]) == 1
    error = json.loads(capsys.readouterr().out)["errors"][0]
    assert error["file"] == "draft/form.csv"
    assert error["row"] > 1
    assert "select_won" in error["message"]


def test_a_missing_file_is_told_and_people_get_plain_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    draft = tmp_path / "draft"
    shutil.copytree(BIRTH, draft)
    (draft / "procedure.yaml").unlink()
    assert forms_command(["check", str(draft), str(BIRTH)]) == 1
    said = capsys.readouterr().out
    assert "draft/procedure.yaml" in said
    assert "Không đọc được tệp" in said
    assert "1.001193" not in said
