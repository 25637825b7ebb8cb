"""Our forms are plain XLSForms: an independent converter takes them, and agrees on questions, lists, repeats and conditions."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from xml.etree import ElementTree

import pytest
from openpyxl import Workbook
from pyxform.xls2xform import convert

from forms.xlsform import LANGUAGE, Form, lists_beside, read_form
from tests.forms.tables import LABEL, row, table

XFORM = "{http://www.w3.org/2002/xforms}"
CATALOGUE = resources.files("forms").joinpath("catalog")
CODES = sorted(entry.name for entry in CATALOGUE.iterdir() if entry.joinpath("form.csv").is_file())
EN = "label::English (en)"

WHOLE_LANGUAGE = table(
    [
        row("begin group", "one", "Phần một", **{EN: "Part one"}),
        row("select_one province", "province", "Tỉnh nào?", required="yes", **{EN: "Which province?"}),
        row("select_one commune", "commune", "Xã nào?", choice_filter="province = ${province}"),
        row("select_one_from_file ethnic.csv", "ethnic", "Dân tộc nào?", k_pii="yes"),
        row("decimal", "area", "Rộng mấy mét vuông?", constraint=". > 0", constraint_message="Lớn hơn 0."),
        row("date", "born", "Sinh ngày nào?", appearance="partial-date", constraint=". <= today()", constraint_message="Sai."),
        row("barcode", "code", "Đưa mã vào đây"),
        row("image", "paper", "Có giấy không?", relevant="${area} > 10 and selected(${province}, 'cb')"),
        row("file", "scan", "Có tệp không?"),
        row("image", "sign", "Ký tên", appearance="signature"),
        row("end group"),
        row("begin repeat", "items", "Giấy tờ", k_more="Còn giấy nào nữa không?", relevant="${area} > 1"),
        row("text", "kind", "Giấy gì?", required="yes", hint="Ví dụ: bằng."),
        row("integer", "pages", "Mấy trang?", default="1"),
        row("calculate", "at", calculation="position(..)"),
        row("end repeat"),
        row("begin repeat", "people", "Người", repeat_count="${pages_all} - 1"),
        row("text", "name", "Tên của người thứ ${place}?"),
        row("calculate", "place", calculation="position(..)"),
        row("end repeat"),
        row("calculate", "pages_all", calculation="sum(${pages}) + count(${items}) + max(${pages}) - min(${pages})"),
        row("calculate", "day", calculation="if(${born} = '', now(), once(decimal-date-time(${born})))"),
        row("hidden", "unit"),
        row("note", "end", "Xong rồi"),
        row("acknowledge", "pledge", "Cam đoan?", required="yes", required_message="Chạm vào ô."),
    ],
    [
        {"list_name": "province", "name": "cb", LABEL: "Cao Bằng", EN: "Cao Bang", "k_icon": "home"},
        {"list_name": "commune", "name": "04001", LABEL: "Xã Mẫu", "province": "cb"},
        {"list_name": "commune", "name": "20001", LABEL: "Xã Thử", "province": "ls"},
    ],
)
ETHNIC = f"name,{LABEL}\n01,Tày\n".encode()


@dataclass(frozen=True)
class Pair:
    """One form as we read it and as the converter does."""

    form: Form
    root: ElementTree.Element

    def binds(self) -> dict[str, ElementTree.Element]:
        return {bind.attrib["nodeset"].rsplit("/", 1)[-1]: bind for bind in self.root.iter(f"{XFORM}bind")}

    def labels(self, language: str) -> dict[str, str]:
        """Labels of one language by name; where an answer is shown inside, its place stays empty."""
        return {
            node.attrib["id"].rsplit("/", 1)[-1].removesuffix(":label"): _text(node)
            for translation in self.root.iter(f"{XFORM}translation")
            if translation.attrib["lang"] == language
            for node in translation
            if node.attrib["id"].endswith(":label")
        }


def _text(node: ElementTree.Element) -> str:
    """Text of a label in whatever number of languages, without the answers shown in it."""
    value = next((inner for inner in node if inner.attrib.get("form") is None), None)
    return "".join(value.itertext()).strip() if value is not None else ""


def workbook(text: str, path: Path) -> Path:
    """A form in its text shape as a workbook, as staff would paste it."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for cells in csv.reader(io.StringIO(text)):
        if cells and not cells[0].startswith("#"):
            sheet = book[cells[0]] if cells[0] in book.sheetnames else book.create_sheet(cells[0])
            sheet.append(cells[1:])
    book.save(path)
    return path


@pytest.fixture(scope="module", params=["", *CODES])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """The form with the whole language in it, then every form of the catalogue."""
    if not request.param:
        text, form = WHOLE_LANGUAGE, read_form(WHOLE_LANGUAGE, "thu.csv", {"ethnic.csv": ETHNIC}.__getitem__)
    else:
        folder = CATALOGUE.joinpath(request.param)
        text = folder.joinpath("form.csv").read_text("utf-8")
        form = read_form(text, request.param, lists_beside(folder))
    result = convert(str(workbook(text, tmp_path_factory.mktemp("xlsform") / "form.xlsx")))
    return Pair(form, ElementTree.fromstring(result.xform))


def test_every_row_is_a_field_of_the_converted_form(pair: Pair) -> None:
    assert set(pair.form.by_name) <= set(pair.binds())


def test_both_see_the_same_conditions_formulas_and_requirements(pair: Pair) -> None:
    binds = pair.binds()
    for item in pair.form.items:
        bind = binds[item.name]
        assert ("constraint" in bind.attrib) == (item.constraint is not None), item.name
        assert ("calculate" in bind.attrib) == (item.calculation is not None), item.name
        assert (bind.attrib.get("required") == "true()") == item.required, item.name


def test_both_see_the_same_repeats_with_the_same_rows_in_them(pair: Pair) -> None:
    nodesets = {repeat.attrib["nodeset"].rsplit("/", 1)[-1] for repeat in pair.root.iter(f"{XFORM}repeat")}
    assert nodesets == set(pair.form.repeats)
    for name, bind in pair.binds().items():
        within = {part for part in bind.attrib["nodeset"].split("/")[:-1] if part in pair.form.repeats}
        if name in pair.form.by_name:
            assert within == ({pair.form.item(name).repeat} - {""}), name


def test_both_see_the_same_choices(pair: Pair) -> None:
    lists = {instance.attrib["id"]: instance for instance in pair.root.iter(f"{XFORM}instance") if "id" in instance.attrib}
    for item in pair.form.items:
        if item.list_name.endswith(".csv"):
            assert lists[item.list_name.removesuffix(".csv")].attrib["src"] == f"jr://file-csv/{item.list_name}"
        elif item.choices:
            assert [node.text for node in lists[item.list_name].iter(f"{XFORM}name")] == [choice.name for choice in item.choices]


def test_both_filter_the_same_questions(pair: Pair) -> None:
    filtered = {
        control.attrib["ref"].rsplit("/", 1)[-1]
        for tag in ("select1", "select")
        for control in pair.root.iter(f"{XFORM}{tag}")
        if any("[" in itemset.attrib["nodeset"] for itemset in control.iter(f"{XFORM}itemset"))
    }
    assert filtered == {item.name for item in pair.form.items if item.choice_filter is not None}


def test_labels_of_the_converted_form_are_ours_in_every_language(pair: Pair) -> None:
    labels = pair.labels(LANGUAGE)
    plain = [item for item in pair.form.items if item.asked and "${" not in item.label]
    assert {item.name: labels.get(item.name) for item in plain} == {item.name: item.label for item in plain}
    if "en" in pair.form.languages:
        english = pair.labels("English (en)")
        ours = {item.name: item.translations["en"]["label"] for item in plain if "label" in item.translations.get("en", {})}
        assert {name: english.get(name) for name in ours} == ours != {}
