"""Packs: the same content has the same bytes, damage is found, and a release keeps what was filed with it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest

from forms.procedures.marked_yaml import read_marked
from forms.procedures.pack import Pack, PackError, form_pack, load_form, load_procedure, procedure_pack
from forms.procedures.packing import pack_catalogue, succeed, unlawful
from forms.procedures.packs import INDEX, Entry, Packed, editions, read_packs
from forms.procedures.procedure import procedure_of
from forms.procedures.release import Retired
from forms.procedures.sources import from_sources
from forms.xlsform import Form, lists_beside
from forms.xlsform.reader import form_of
from forms.xlsform.workbook import read_workbook
from tests.forms.workbooks import book_of, saved

CATALOGUE = resources.files("forms").joinpath("catalog")
PACKS = resources.files("forms").joinpath("packs")
DATA = Path(__file__).parent / "data"
AUTHORED = sorted(entry.name for entry in CATALOGUE.iterdir() if entry.joinpath("form.csv").is_file())


def packed(data: bytes, file: str, folder: str = "_general") -> tuple[Pack, Form]:
    lists = lists_beside(CATALOGUE.joinpath(folder))
    book = read_workbook(data, file)
    form = form_of(book, lists)
    return form_pack(book, form, lists), form


@pytest.mark.parametrize("folder", AUTHORED)
def test_a_form_gives_the_same_pack_from_text_and_from_excel(folder: str) -> None:
    text = CATALOGUE.joinpath(folder, "form.csv").read_text("utf-8")
    assert packed(saved(book_of(text)), "form.xlsx", folder)[0] == packed(text.encode(), "form.csv", folder)[0]


def test_a_workbook_made_by_hand_gives_the_pack_of_its_text() -> None:
    excel, text = (packed((DATA / f"authored.{kind}").read_bytes(), f"form.{kind}")[0] for kind in ("xlsx", "csv"))
    assert excel == text


@pytest.mark.parametrize(
    "evened_out",
    [
        lambda text: text.replace("Có giấy không?", "  Có  giấy không? "),
        lambda text: "\ufeff" + text.replace("\n", "\r\n"),
        lambda text: "# ghi chú khác\n" + text,
        lambda text: text.replace("name,label::Tiếng Việt (vi),relevant", "name,label::Tiếng Việt (vi),relevant,required"),
    ],
)
def test_what_is_not_content_does_not_change_a_pack(evened_out: Callable[[str], str]) -> None:
    text = (DATA / "authored.csv").read_text("utf-8")
    assert packed(evened_out(text).encode(), "form.csv")[0] == packed(text.encode(), "form.csv")[0]


def test_a_form_is_the_same_after_its_pack_but_for_row_numbers() -> None:
    for folder in AUTHORED:
        pack, form = packed(CATALOGUE.joinpath(folder, "form.csv").read_bytes(), "form.csv", folder)
        again = form_of(load_form(pack.data, pack.sha256))
        assert [replace(item, row=0) for item in again.items] == [replace(item, row=0) for item in form.items]
        assert again.repeats.keys() == form.repeats.keys()
        assert (again.id, again.title, again.version) == (form.id, form.title, form.version)


def test_a_pack_is_named_by_what_it_is_and_by_its_hash() -> None:
    pack, _ = packed((DATA / "authored.csv").read_bytes(), "form.csv")
    assert pack.name == f"thu-1-{hashlib.sha256(pack.data).hexdigest()[:12]}.json"
    odd, _ = packed((DATA / "authored.csv").read_text("utf-8").replace(",thu,", ",../thử,").encode(), "form.csv")
    assert odd.name.startswith(".._th_-1-")


def test_a_pack_carries_the_lists_it_needs_and_no_row_numbers() -> None:
    pack, form = packed(CATALOGUE.joinpath("1.001193", "form.csv").read_bytes(), "form.csv", "1.001193")
    tables = json.loads(pack.data)["tables"]
    ethnic = [row["name"] for row in tables["choices"] if row["list_name"] == "ethnic.csv"]
    assert ethnic == [choice.name for choice in form.item("child_ethnic").choices]
    assert b"number" not in b"".join(json.dumps([*row]).encode() for rows in tables.values() for row in rows)


def test_facts_of_a_procedure_come_back_as_they_were() -> None:
    source = read_marked("code: '1'\nvalid: {from: 2026-01-01, to: null}\nname_vi: To\u031b\nlist: [1, {a: true}]\n", "p.yaml")
    pack = procedure_pack(source, "1", "f" * 64)
    loaded = load_procedure(pack.data, pack.sha256)
    assert loaded.source.data == {**source.data, "name_vi": "Tơ"}
    assert loaded.form == "f" * 64


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: data.replace(b"thu", b"the", 1), lambda data: b""])
def test_a_damaged_pack_is_found(damage: Callable[[bytes], bytes]) -> None:
    pack, _ = packed((DATA / "authored.csv").read_bytes(), "form.csv")
    with pytest.raises(PackError, match="pack_damaged") as caught:
        load_form(damage(pack.data), pack.sha256)
    assert caught.value.message_vi.endswith(".")
    assert caught.value.cure_vi


def test_a_pack_of_another_kind_or_of_a_later_program_is_refused() -> None:
    pack, _ = packed((DATA / "authored.csv").read_bytes(), "form.csv")
    with pytest.raises(PackError, match="pack_format"):
        load_procedure(pack.data, pack.sha256)
    later = pack.data.replace(b'"format":1', b'"format":9')
    with pytest.raises(PackError, match="pack_format"):
        load_form(later, hashlib.sha256(later).hexdigest())


# --- the whole catalogue -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole() -> Packed:
    return pack_catalogue(CATALOGUE)


def written(packs: Packed, folder: Path) -> Path:
    for name, data in packs.files.items():
        (folder / name).write_bytes(data)
    (folder / INDEX).write_bytes(packs.index)
    return folder


def test_every_procedure_of_the_catalogue_comes_back_from_its_pack(whole: Packed) -> None:
    sources = from_sources()
    loaded = {(entry.id, entry.valid_from): procedure_of(source, form) for entry, source, form in editions(whole)}
    assert len(loaded) == sum(len(sources.versions(code)) for code in sources.codes()) >= 63
    for (code, first), procedure in loaded.items():
        known = next(one for one in sources.versions(code) if (one.valid_from.isoformat() if one.valid_from else "") == first)
        assert procedure.form_version == known.form_version
        assert replace(procedure, form=known.form) == known


def test_the_packs_of_the_product_are_those_of_the_catalogue(whole: Packed) -> None:
    """After a change to the catalogue: ``python3 main.py forms pack``."""
    assert succeed(read_packs(PACKS), whole) == read_packs(PACKS)


def test_a_form_shared_by_many_is_stored_once(whole: Packed) -> None:
    forms = [entry for entry in whole.entries if entry.kind == "form"]
    shared = {entry.form for entry in whole.entries if entry.kind == "procedure"}
    assert {entry.sha256 for entry in forms} == shared
    assert len(forms) < 15


def test_what_is_written_is_read_again(whole: Packed, tmp_path: Path) -> None:
    again = read_packs(written(whole, tmp_path))
    assert again == whole
    assert read_packs(tmp_path / "nothing") == Packed({}, ())


def test_a_folder_with_a_missing_pack_or_a_broken_index_is_refused(whole: Packed, tmp_path: Path) -> None:
    folder = written(whole, tmp_path)
    (folder / whole.entries[0].file).unlink()
    with pytest.raises(PackError, match="pack_damaged"):
        read_packs(folder)
    (folder / INDEX).write_text("{}")
    with pytest.raises(PackError, match="pack_damaged"):
        read_packs(folder)


# --- releases --------------------------------------------------------------------------------------------------------------


def one_form(text: str) -> Packed:
    """A catalogue of one form, as far as a release looks at it."""
    pack, form = packed(text.encode(), "form.csv")
    return Packed({pack.name: pack.data}, (Entry("form", form.id, form.version, pack.name, pack.sha256),))


FIRST = (DATA / "authored.csv").read_text("utf-8")
SECOND = FIRST.replace(",thu,1", ",thu,2").replace("Có giấy không?", "Bà con có giấy không?")


def test_before_a_release_packs_follow_the_sources() -> None:
    now = succeed(one_form(FIRST), one_form(SECOND))
    assert [entry.version for entry in now.entries] == ["2"]


def test_a_released_form_stays_for_the_dossiers_filed_with_it() -> None:
    released = succeed(Packed({}, ()), one_form(FIRST), release=True)
    now = succeed(released, one_form(SECOND))
    assert [(entry.version, entry.released, entry.current) for entry in now.entries] == [("1", True, False), ("2", False, True)]
    assert len(now.files) == 2
    assert succeed(released, one_form(FIRST)) == released


def test_a_released_form_may_not_lose_a_code_nor_change_under_its_version() -> None:
    released = succeed(Packed({}, ()), one_form(FIRST), release=True)
    without = SECOND.replace("survey,text,number,Giấy số mấy?,${has} = 'yes'\n", "")
    assert [fault.rule for fault in unlawful(released, one_form(without), ())] == ["code_dropped"]
    assert unlawful(released, one_form(without), (Retired("thu", "number", "", "bỏ"),)) == ()
    assert [fault.rule for fault in unlawful(released, one_form(SECOND.replace(",thu,2", ",thu,1")), ())] == ["version"]
    assert unlawful(one_form(FIRST), one_form(without), ()) == ()


def of_version(number: int, text: str = FIRST) -> Packed:
    return one_form(text.replace(",thu,1", f",thu,{number}"))


def test_nothing_at_all_changes_under_a_released_version() -> None:
    """GIVEN two released versions WHEN one changes in what no sentence tells THEN a new number is asked for."""
    released = succeed(of_version(1), of_version(1), release=True)
    released = succeed(released, of_version(2), release=True)
    private = FIRST.replace("(vi),relevant", "(vi),relevant,k_pii").replace("${has} = 'yes'\n", "${has} = 'yes',yes\n")
    for number in (1, 2):
        assert [fault.rule for fault in unlawful(released, of_version(number, private), ())] == ["version"]
        assert unlawful(released, of_version(number), ()) == ()
    assert unlawful(released, of_version(3, private), ()) == ()


def test_a_code_is_kept_whichever_release_brought_it() -> None:
    """GIVEN version 10 released with a question that version 9 lacked WHEN version 11 lacks it too THEN it is missed."""
    less = FIRST.replace("survey,text,number,Giấy số mấy?,${has} = 'yes'\n", "")
    released = succeed(of_version(9, less), of_version(9, less), release=True)
    released = succeed(released, of_version(10), release=True)
    assert [fault.rule for fault in unlawful(released, of_version(11, less), ())] == ["code_dropped"]
