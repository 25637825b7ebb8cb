"""The catalogue by day of receipt: versions of the law, the pinned version of a filed dossier, tiles and groups."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from importlib import resources
from pathlib import Path
from time import process_time

import pytest

from forms.procedures.catalogue import from_packs, load_catalogue
from forms.procedures.packing import pack_catalogue, succeed
from forms.procedures.packs import Packed
from forms.procedures.sources import from_sources
from forms.session import FormSession, rows_of
from forms.xlsform import FormError

BIRTH = "1.001193"
TODAY = date(2026, 11, 24)
OLD, NEW = date(2027, 2, 28), date(2027, 3, 1)
TYPES = frozenset({"text", "integer", "date", "select_one", "select_multiple", "note", "acknowledge", "image", "repeat"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the catalogue to change."""
    return Path(shutil.copytree(str(resources.files("forms").joinpath("catalog")), tmp_path / "catalog"))


def law_of_2027(folder: Path, *, form: Callable[[str], str] | None = None) -> None:
    """What a clerk adds for the Civil Status Law 03/2026/QH16: one folder, named by its first day."""
    later = folder / BIRTH / "2027-03-01"
    later.mkdir()
    text = (folder / BIRTH / "procedure.yaml").read_text("utf-8")
    text = text.replace("{from: 2026-01-01, to: 2027-02-28}", "{from: 2027-03-01, to: null}")
    law = "{title: Luật Hộ tịch số 60/2014/QH13, from: 2016-01-01, to: 2027-02-28, note: Luật số 03/2026/QH16 thay từ 01/3/2027}"
    assert law in text
    text = text.replace(law, "{title: Luật Hộ tịch số 03/2026/QH16, from: 2027-03-01, to: null}")
    (later / "procedure.yaml").write_text(text, "utf-8")
    if form is not None:
        (later / "form.csv").write_text(form((folder / BIRTH / "form.csv").read_text("utf-8")), "utf-8")


def without_the_book_number(form: str) -> str:
    """A form of a later law: another version, and one question is gone."""
    rows = [row for row in form.splitlines(keepends=True) if not row.startswith(("survey,text,mc_book,",))]
    return "".join(rows).replace(",khai_sinh,", ",khai_sinh,9", 1)


def test_the_packaged_catalogue_is_read_once() -> None:
    assert load_catalogue() is load_catalogue()


def test_an_unknown_code_has_no_version_and_no_name() -> None:
    catalogue = load_catalogue()
    assert catalogue.on("9.999999", TODAY) is None
    assert catalogue.versions("9.999999") == ()
    assert (catalogue.title("9.999999"), catalogue.official_name("9.999999")) == ("", "")


def test_outside_the_days_of_every_version_there_is_none_but_one_to_show() -> None:
    catalogue = load_catalogue()
    assert catalogue.on(BIRTH, OLD) is not None
    assert catalogue.on(BIRTH, NEW) is None
    assert catalogue.shown(BIRTH, NEW).short_vi == "Khai sinh"


def test_the_law_of_1_march_2027_is_added_as_data_alone_and_counts_by_day_of_receipt(folder: Path) -> None:
    law_of_2027(folder)
    catalogue = from_sources(folder)
    before, after = catalogue.on(BIRTH, OLD), catalogue.on(BIRTH, NEW)
    assert before is not None
    assert after is not None
    assert "Luật Hộ tịch số 60/2014/QH13" in [basis.title for basis in before.legal_basis]
    assert "Luật Hộ tịch số 03/2026/QH16" in [basis.title for basis in after.legal_basis]
    assert len(catalogue.versions(BIRTH)) == 2


def test_a_dossier_filed_under_the_old_law_is_still_read_with_its_own_questions(folder: Path) -> None:
    law_of_2027(folder, form=without_the_book_number)
    catalogue = from_sources(folder)
    old = load_catalogue().shown(BIRTH, TODAY)
    answers = {"child_name": "Nông Văn Thử", "mc_book": "01/2020"}
    pinned = catalogue.form_version(BIRTH, old.form_version, OLD)
    assert pinned is not None
    assert ("Giấy kết hôn: quyển số", "01/2020") in [(row.label, row.text) for row in rows_of(pinned.form, answers)]
    assert ("mc_book", "mc_book") in [(field.field, field.source) for field in pinned.paper_fields], "and still printed"
    new = catalogue.on(BIRTH, NEW)
    assert new is not None
    assert "mc_book" not in new.form.by_name
    assert FormSession(new.form, today=NEW).current is not None


def test_laws_that_share_a_form_are_told_apart_by_the_day(folder: Path) -> None:
    law_of_2027(folder)
    catalogue = from_sources(folder)
    version = load_catalogue().shown(BIRTH, TODAY).form_version
    days = [OLD, NEW, None]
    found = [catalogue.form_version(BIRTH, version, day) for day in days]
    assert [one.valid_from for one in found if one] == [date(2026, 1, 1), date(2027, 3, 1), date(2027, 3, 1)]


def test_a_form_version_the_catalogue_never_had_is_not_replaced_by_another() -> None:
    assert load_catalogue().form_version(BIRTH, "1999010101", TODAY) is None


def refused(folder: Path) -> list[tuple[str, str, str]]:
    with pytest.raises(FormError) as caught:
        from_sources(folder)
    return [(fault.file, fault.column, fault.rule) for fault in caught.value.faults]


def test_two_versions_on_one_day_are_refused(folder: Path) -> None:
    law_of_2027(folder)
    base = folder / BIRTH / "procedure.yaml"
    base.write_text(
        base.read_text("utf-8").replace("valid: {from: 2026-01-01, to: 2027-02-28}", "valid: {from: null, to: null}"), "utf-8"
    )
    assert (f"{BIRTH}/2027-03-01/procedure.yaml", "valid.from", "overlap") in refused(folder)


def test_a_folder_not_named_by_its_first_day_is_refused(folder: Path) -> None:
    law_of_2027(folder)
    (folder / BIRTH / "2027-03-01").rename(folder / BIRTH / "2027-04-01")
    assert (f"{BIRTH}/2027-04-01/procedure.yaml", "valid.from", "date") in refused(folder)


def test_a_folder_not_named_by_its_code_is_refused(folder: Path) -> None:
    (folder / "1.001612").rename(folder / "1.001613")
    assert ("1.001613/procedure.yaml", "code", "code") in refused(folder)


def test_a_shared_form_nobody_has_is_refused(folder: Path) -> None:
    file = folder / "1.001612" / "procedure.yaml"
    file.write_text(file.read_text("utf-8").replace("form: general", "form: letter"), "utf-8")
    assert refused(folder) == [("1.001612/procedure.yaml", "form", "reference")]


def test_a_procedure_without_its_form_is_refused(folder: Path) -> None:
    (folder / BIRTH / "form.csv").unlink()
    assert refused(folder) == [(f"{BIRTH}/form.csv", "", "file")]


def test_what_is_wrong_in_a_shared_form_is_told_once(folder: Path) -> None:
    file = folder / "_general" / "form.csv"
    file.write_text(file.read_text("utf-8").replace("survey,select_one for_whom", "survey,select_two for_whom"), "utf-8")
    assert [rule for _, _, rule in refused(folder)].count("type") == 1


# --- packs ---------------------------------------------------------------------------------------------------------------


def test_the_catalogue_of_packs_is_the_catalogue_of_their_sources(folder: Path) -> None:
    law_of_2027(folder, form=without_the_book_number)
    written, packed = from_sources(folder), from_packs(pack_catalogue(folder))
    assert written.codes() == packed.codes()
    for code in written.codes():
        for theirs, ours in zip(written.versions(code), packed.versions(code), strict=True):
            assert [item.name for item in theirs.form.items] == [item.name for item in ours.form.items]
            assert (theirs.form_version, theirs.components, theirs.legal_basis) == (
                ours.form_version,
                ours.components,
                ours.legal_basis,
            )


def test_a_form_of_an_earlier_release_is_kept_for_its_dossiers_and_never_offered_again(folder: Path) -> None:
    released = succeed(Packed({}, ()), pack_catalogue(folder), release=True)
    form = folder / BIRTH / "form.csv"
    form.write_text(without_the_book_number(form.read_text("utf-8")), "utf-8")
    catalogue = from_packs(succeed(released, pack_catalogue(folder)))
    old = load_catalogue().shown(BIRTH, TODAY).form_version
    pinned = catalogue.form_version(BIRTH, old, TODAY)
    assert pinned is not None
    assert "mc_book" in pinned.form.by_name
    assert [version.form_version for version in catalogue.versions(BIRTH)] != [old]
    offered = catalogue.on(BIRTH, TODAY)
    assert offered is not None
    assert "mc_book" not in offered.form.by_name


def test_the_whole_catalogue_loads_from_packs_quickly(folder: Path) -> None:
    packed = pack_catalogue(folder)
    fastest = min(_seconds(lambda: from_packs(packed)) for _ in range(3))
    assert fastest < 0.3, "70 ms of processor time when this was written"


def _seconds(act: Callable[[], object]) -> float:
    start = process_time()
    act()
    return process_time() - start


# --- choosing ----------------------------------------------------------------------------------------------------------


def test_six_services_are_offered_and_a_screen_that_asks_everything_offers_them_all() -> None:
    tiles = load_catalogue().services(TODAY, TYPES)
    assert [tile.title_vi for tile in tiles] == ["Khai sinh", "Kết hôn", "Chứng thực", "Khai tử", "Trích lục", "Trợ cấp"]
    assert all(tile.available and not tile.note_vi for tile in tiles)


def test_a_service_with_a_question_the_screen_cannot_ask_leads_to_the_counter() -> None:
    tiles = {tile.title_vi: tile for tile in load_catalogue().services(TODAY, TYPES - {"repeat"})}
    assert [title for title, tile in tiles.items() if not tile.available] == ["Chứng thực", "Trợ cấp"]
    assert "cán bộ" in tiles["Chứng thực"].note_vi


def test_a_service_whose_law_has_ended_leads_to_the_counter() -> None:
    assert not load_catalogue().tile(BIRTH, NEW, TYPES).available


def test_residence_is_offered_only_as_a_declaration_to_take_along() -> None:
    tile = load_catalogue().tile("1.004222", TODAY, TYPES)
    assert tile.available
    assert tile.how_long_vi == "Chỉ viết sẵn tờ khai"


def test_what_only_the_national_portal_takes_says_so() -> None:
    tile = load_catalogue().tile("2.000986", TODAY, TYPES)
    assert not tile.available
    assert "Cổng Dịch vụ công" in tile.note_vi


def test_every_procedure_is_in_exactly_one_group_and_those_to_file_come_first() -> None:
    catalogue = load_catalogue()
    grouped = [tile for group in catalogue.groups() for tile in catalogue.in_group(group.id, TODAY, TYPES)]
    assert len(grouped) == len({tile.code for tile in grouped}) == 63 + 25
    family = catalogue.in_group("gia_dinh", TODAY, TYPES)
    assert family[0].title_vi == "Khai sinh"
    assert [tile.available for tile in family] == sorted((tile.available for tile in family), reverse=True)
