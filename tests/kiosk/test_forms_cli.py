"""An author's commands: what they say, what they write, and with which exit code."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from openpyxl import load_workbook
from PIL import Image

import forms
from forms.procedures.catalogue import load_catalogue
from forms.procedures.packs import INDEX
from kiosk.forms_cli import forms_command

CATALOGUE = Path(forms.__file__).parent / "catalog"
BIRTH = CATALOGUE / "1.001193"

Said = pytest.CaptureFixture[str]


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    """A copy of a procedure to spoil."""
    folder = tmp_path / "draft"
    shutil.copytree(BIRTH, folder)
    return folder


def spoil(file: Path, before: str, after: str) -> None:
    text = file.read_text("utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), "utf-8")


# --- check ---------------------------------------------------------------------------------------------------------------


def test_the_packaged_catalogue_is_sound(capsys: Said) -> None:
    assert forms_command(["check", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["errors"] == []
    assert {warning["rule"] for warning in said["warnings"]} <= {"long_path"}


def test_a_mistake_in_a_draft_is_told_with_its_place(draft: Path, capsys: Said) -> None:
    spoil(draft / "form.csv", "select_one", "select_won")
    assert forms_command(["check", "--json", str(draft)]) == 1
    error = json.loads(capsys.readouterr().out)["errors"][0]
    assert error.keys() == {"file", "row", "column", "rule", "message"}
    assert error["file"] == "draft/form.csv"
    assert (error["row"] > 1, error["column"], error["rule"]) == (True, "type", "type")
    assert "select_won" in error["message"]


def test_a_missing_file_is_told_and_people_get_plain_words(draft: Path, capsys: Said) -> None:
    (draft / "procedure.yaml").unlink()
    (draft / "form.csv").unlink()
    assert forms_command(["check", str(draft), str(BIRTH)]) == 1
    said = capsys.readouterr().out
    assert "Lỗi: draft, cả tệp: Thư mục không có procedure.yaml" in said
    assert "Lỗi: 1.001193" not in said


def test_a_path_that_is_not_there_is_told(tmp_path: Path, capsys: Said) -> None:
    assert forms_command(["check", str(tmp_path / "khong_co")]) == 1
    assert "Không có tệp hay thư mục này" in capsys.readouterr().out


def test_what_is_only_worth_a_look_stops_nobody(tmp_path: Path, capsys: Said) -> None:
    form = tmp_path / "form.csv"
    shutil.copy(CATALOGUE.parents[1] / "tests" / "forms" / "broken" / "forms" / "long_path.csv", form)
    assert forms_command(["check", str(form)]) == 0
    assert "Nên xem: form.csv" in capsys.readouterr().out


def test_an_empty_folder_is_told_once_by_its_name(tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert forms_command(["check", "."]) == 1
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 2
    assert said[0].startswith(f"Lỗi: {tmp_path.name}, cả tệp: Thư mục không có procedure.yaml")
    assert said[1].startswith(f"Đã kiểm tra {tmp_path.name}: 1 lỗi")


def test_a_folder_of_procedures_is_checked_with_all_of_them(tmp_path: Path, capsys: Said) -> None:
    for name in ("mot", "hai"):
        forms_command(["new", str(tmp_path / name)])
        spoil(tmp_path / name / "form.csv", "text,req_name", "chu,req_name")
    capsys.readouterr()
    assert forms_command(["check", str(tmp_path), "--json"]) == 1
    files = {error["file"] for error in json.loads(capsys.readouterr().out)["errors"]}
    assert files == {"mot/form.csv", "hai/form.csv"}


def test_a_code_that_no_procedure_has_is_told(tmp_path: Path, capsys: Said) -> None:
    forms_command(["new", str(tmp_path / "p")])
    spoil(tmp_path / "p" / "procedure.yaml", '"9.999999"', '"abc"')
    capsys.readouterr()
    assert forms_command(["check", "--json", str(tmp_path / "p")]) == 1
    error = json.loads(capsys.readouterr().out)["errors"][0]
    assert (error["row"], error["column"], error["rule"]) == (2, "code", "code")


def test_a_later_law_beside_a_procedure_is_checked_with_it(draft: Path, capsys: Said) -> None:
    later = draft / "2027-03-01"
    later.mkdir()
    shutil.copy(draft / "procedure.yaml", later)
    spoil(later / "procedure.yaml", "subject: child_name", "subject: chau_be")
    assert forms_command(["check", "--json", str(draft)]) == 1
    assert [error["file"] for error in json.loads(capsys.readouterr().out)["errors"]] == ["draft/2027-03-01/procedure.yaml"]


# --- new -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["moi", "moi.csv", "moi.xlsx"])
def test_a_starter_is_sound_as_it_stands(name: str, tmp_path: Path, capsys: Said) -> None:
    path = tmp_path / name
    assert forms_command(["new", str(path), "--code", "1.234567", "--name", 'Cấp, đổi "giấy": thử']) == 0
    capsys.readouterr()
    assert forms_command(["check", "--json", str(path)]) == 0
    assert json.loads(capsys.readouterr().out) == {"errors": [], "warnings": []}


def test_a_starter_carries_the_name_and_the_code(tmp_path: Path) -> None:
    forms_command(["new", str(tmp_path / "moi"), "--code", "1.234567", "--name", "Cấp giấy thử"])
    assert 'code: "1.234567"' in (tmp_path / "moi" / "procedure.yaml").read_text("utf-8")
    assert "settings,Cấp giấy thử,tt_1_234567," in (tmp_path / "moi" / "form.csv").read_text("utf-8")


def test_a_starter_workbook_keeps_every_cell_as_text(tmp_path: Path) -> None:
    forms_command(["new", str(tmp_path / "moi.xlsx")])
    book = load_workbook(tmp_path / "moi.xlsx")
    assert book.sheetnames == ["survey", "choices", "settings"]
    assert {cell.number_format for row in book["survey"].iter_rows(min_row=20) for cell in row} == {"@"}


def test_a_starter_makes_the_folders_it_needs(tmp_path: Path) -> None:
    assert forms_command(["new", str(tmp_path / "a" / "b" / "form.XLSX")]) == 0
    load_workbook(tmp_path / "a" / "b" / "form.XLSX")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("x", "--code", "abc/../x"), "không phải mã thủ tục"),
        (("x", "--code", "1.001193.000.00.00.H14"), "không phải mã thủ tục"),
        (("x", "--name", " "), "Tên thủ tục trống"),
        (("x.ods",), "Đổi đuôi tệp"),
    ],
)
def test_a_starter_is_not_begun_wrongly(words: tuple[str, ...], told: str, tmp_path: Path, capsys: Said) -> None:
    assert forms_command(["new", str(tmp_path / words[0]), *words[1:]]) == 1
    assert told in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words", [("new", "FILE/x.xlsx"), ("new", "FILE/x"), ("pack", "--out", "FILE"), ("check", "x" * 300)])
def test_a_place_that_cannot_be_used_is_told_and_never_a_traceback(words: tuple[str, ...], tmp_path: Path, capsys: Said) -> None:
    (tmp_path / "FILE").write_text("", "utf-8")
    assert forms_command([word.replace("FILE", str(tmp_path / "FILE")) for word in words]) == 1
    said = capsys.readouterr().out
    assert said.startswith("Lỗi: ")
    assert "Errno" not in said


def test_a_place_that_cannot_be_used_is_told_to_programs_too(capsys: Said) -> None:
    assert forms_command(["check", "--json", "x" * 300]) == 1
    error = json.loads(capsys.readouterr().out)["errors"][0]
    assert (error["rule"], error["message"]) == ("file", "Tên tệp dài quá.")


def test_nothing_is_written_over(tmp_path: Path, capsys: Said) -> None:
    form = tmp_path / "form.csv"
    form.write_text("của tôi", "utf-8")
    assert forms_command(["new", str(form)]) == 1
    assert form.read_text("utf-8") == "của tôi"
    assert "không viết đè" in capsys.readouterr().out


# --- diff ----------------------------------------------------------------------------------------------------------------


def test_two_versions_are_compared_in_words(draft: Path, capsys: Said) -> None:
    spoil(draft / "form.csv", "Cháu bé sinh ngày nào?", "Cháu bé chào đời ngày nào?")
    spoil(draft / "procedure.yaml", "days: 60", "days: 90")
    assert forms_command(["diff", str(BIRTH), str(draft)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said == [
        "Câu «Ngày sinh của cháu» trước đây hỏi: «Cháu bé sinh ngày nào?».",
        "Phí, lệ phí (fee.days): «90» (trước đây «60»).",
    ]


def test_the_same_form_in_excel_differs_in_nothing(tmp_path: Path, capsys: Said) -> None:
    for name in ("a.csv", "a.xlsx"):
        forms_command(["new", str(tmp_path / name)])
    capsys.readouterr()
    assert forms_command(["diff", str(tmp_path / "a.csv"), str(tmp_path / "a.xlsx")]) == 0
    assert capsys.readouterr().out == "Hai bản giống nhau.\n"


def test_stored_drafts_that_feel_a_change_are_named(draft: Path, tmp_path: Path, capsys: Said) -> None:
    spoil(draft / "form.csv", "survey,text,req_phone", "survey,integer,req_phone")
    version = load_catalogue().versions("1.001193")[0].form_version
    rows = [
        {"id": "một", "form": "khai_sinh", "version": version, "answers": {"req_phone": "0900000001"}},
        {"id": "hai", "form": "khai_sinh", "version": version, "answers": {"child_name": "Nông Thị Mẫu"}},
        {"id": "ba", "form": "khac", "version": version, "answers": {"req_phone": "0900000001"}},
    ]
    (tmp_path / "drafts.json").write_text(json.dumps(rows), "utf-8")
    assert forms_command(["diff", str(BIRTH), str(draft), "--drafts", str(tmp_path / "drafts.json"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [change["code"] for change in said["changes"]] == ["type_changed"]
    assert [(row["draft"], len(row["touched"])) for row in said["drafts"]] == [("một", 1), ("hai", 0)]


@pytest.mark.parametrize("drafts", ["not json", '{"form": "khai_sinh"}', "[[]]"])
def test_drafts_that_cannot_be_read_are_told(drafts: str, tmp_path: Path, capsys: Said) -> None:
    (tmp_path / "drafts.json").write_text(drafts, "utf-8")
    assert forms_command(["diff", str(BIRTH), str(BIRTH), "--drafts", str(tmp_path / "drafts.json")]) == 1
    assert "Không đọc được hồ sơ đã khai" in capsys.readouterr().out


# --- pack ----------------------------------------------------------------------------------------------------------------


def test_the_catalogue_is_packed_and_found_up_to_date(tmp_path: Path, capsys: Said) -> None:
    out = tmp_path / "packs"
    assert forms_command(["pack", "--out", str(out), "--check"]) == 1
    assert not out.exists()
    assert forms_command(["pack", "--out", str(out)]) == 0
    assert forms_command(["pack", "--out", str(out), "--check"]) == 0
    rows = json.loads((out / INDEX).read_text("utf-8"))["packs"]
    assert {file.name for file in out.iterdir()} == {INDEX, *(row["file"] for row in rows)}


def test_packs_of_what_was_never_released_go_when_they_are_no_longer_made(tmp_path: Path) -> None:
    out = tmp_path / "packs"
    out.mkdir()
    (out / "cu-1-000000000000.json").write_text("{}")
    forms_command(["pack", "--out", str(out)])
    assert not (out / "cu-1-000000000000.json").exists()


def test_a_release_marks_every_pack_and_packing_again_keeps_it(tmp_path: Path) -> None:
    out = tmp_path / "packs"
    forms_command(["pack", "--out", str(out), "--release"])
    first = (out / INDEX).read_bytes()
    assert {row["released"] for row in json.loads(first)["packs"]} == {True}
    assert forms_command(["pack", "--out", str(out)]) == 0
    assert (out / INDEX).read_bytes() == first


def test_packing_takes_away_no_file_of_somebody_else(tmp_path: Path) -> None:
    (tmp_path / "cua_toi.json").write_text("{}", "utf-8")
    assert forms_command(["pack", "--out", str(tmp_path)]) == 0
    assert forms_command(["pack", "--out", str(tmp_path)]) == 0
    assert (tmp_path / "cua_toi.json").is_file()


def test_damaged_packs_are_told_and_left_alone(tmp_path: Path, capsys: Said) -> None:
    (tmp_path / INDEX).write_text("{}")
    assert forms_command(["pack", "--out", str(tmp_path)]) == 1
    assert "Lỗi: Thư mục gói biểu mẫu" in capsys.readouterr().out


# --- preview -------------------------------------------------------------------------------------------------------------


def test_every_question_of_a_form_is_drawn(tmp_path: Path) -> None:
    forms_command(["new", str(tmp_path / "moi.xlsx")])
    # The window belongs to a process: this one's is the other tests'.
    command = "import sys; from kiosk.forms_cli import forms_command; sys.exit(forms_command(sys.argv[1:]))"
    preview = ["preview", str(tmp_path / "moi.xlsx"), "--out", str(tmp_path / "out"), "--portrait"]
    subprocess.run([sys.executable, "-c", command, *preview], check=True, cwd=CATALOGUE.parents[1], stdout=subprocess.DEVNULL)
    drawn = sorted(file.name for file in (tmp_path / "out").iterdir())
    assert drawn[:3] == ["01-req_name.png", "02-req_dob.png", "03-req_number.png"]
    assert "06-subject_other.png" in drawn
    assert Image.open(tmp_path / "out" / "01-req_name.png").size == (800, 1280)
    assert "sheet.png" in drawn


def test_a_broken_form_is_not_drawn(draft: Path, tmp_path: Path, capsys: Said) -> None:
    spoil(draft / "form.csv", "select_one", "select_won")
    assert forms_command(["preview", str(draft), "--out", str(tmp_path / "out")]) == 1
    assert "select_won" in capsys.readouterr().out
    assert not (tmp_path / "out").exists()
