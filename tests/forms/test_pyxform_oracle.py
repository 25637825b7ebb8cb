"""The forms we ship are plain XLSForms: an independent converter takes them, and agrees on questions, lists and conditions."""

from __future__ import annotations

import csv
import io
from importlib import resources
from pathlib import Path
from xml.etree import ElementTree

import pytest
from openpyxl import Workbook
from pyxform.xls2xform import convert

from forms.xlsform import Form
from tests.forms.birth import BIRTH

XFORM = "{http://www.w3.org/2002/xforms}"


def workbook(code: str, folder: Path) -> Path:
    """The text form of a procedure as a workbook, as staff would paste it."""
    text = resources.files("forms").joinpath("catalog", code, "form.csv").read_text("utf-8")
    book = Workbook()
    book.remove(book.worksheets[0])
    for cells in csv.reader(io.StringIO(text)):
        if cells and not cells[0].startswith("#"):
            sheet = book[cells[0]] if cells[0] in book.sheetnames else book.create_sheet(cells[0])
            sheet.append(cells[1:])
    path = folder / "form.xlsx"
    book.save(path)
    return path


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> ElementTree.Element:
    result = convert(str(workbook("1.001193", tmp_path_factory.mktemp("xlsform"))))
    return ElementTree.fromstring(result.xform)


@pytest.fixture(scope="module")
def form() -> Form:
    return BIRTH.form


def binds(root: ElementTree.Element) -> dict[str, ElementTree.Element]:
    return {bind.attrib["nodeset"].rsplit("/", 1)[-1]: bind for bind in root.iter(f"{XFORM}bind")}


def test_every_row_is_a_field_of_the_converted_form(converted: ElementTree.Element, form: Form) -> None:
    assert set(form.by_name) <= set(binds(converted))


def test_both_see_the_same_conditions_formulas_and_requirements(converted: ElementTree.Element, form: Form) -> None:
    for name, bind in binds(converted).items():
        item = form.by_name.get(name)
        if item is None:
            continue
        assert ("constraint" in bind.attrib) == (item.constraint is not None), name
        assert ("calculate" in bind.attrib) == (item.calculation is not None), name
        assert (bind.attrib.get("required") == "true()") == item.required, name


def test_both_see_the_same_choices(converted: ElementTree.Element, form: Form) -> None:
    lists = {instance.attrib["id"]: instance for instance in converted.iter(f"{XFORM}instance") if "id" in instance.attrib}
    names = [node.text for node in lists["ethnic"].iter(f"{XFORM}name")]
    assert names == [choice.name for choice in form.item("mother_ethnic").choices]


def test_labels_of_the_converted_form_are_ours(converted: ElementTree.Element, form: Form) -> None:
    texts = {
        node.attrib["id"].rsplit("/", 1)[-1].removesuffix(":label"): "".join(node.itertext()).strip()
        for translation in converted.iter(f"{XFORM}translation")
        for node in translation
        if node.attrib["id"].endswith(":label")
    }
    asked = [item for item in form.items if item.asked]
    assert {item.name: texts.get(item.name) for item in asked} == {item.name: item.label for item in asked}
