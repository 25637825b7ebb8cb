"""Addresses of both eras: with and without districts, homonyms, and codes that changed their place."""

from __future__ import annotations

from datetime import date

import pytest

from forms.people.address import read_address
from forms.people.places import Commune, FormerUnit, communes, former, former_units, place_on

BEFORE, AFTER = date(2024, 5, 1), date(2026, 5, 1)


def now(text: str, written: date | None = None) -> str:
    commune = read_address(text, written).commune
    return commune.full_name if commune else read_address(text, written).found


@pytest.mark.parametrize(
    ("text", "commune"),
    [
        ("Xóm Mẫu, xã Bảo Lạc, tỉnh Cao Bằng", "Xã Bảo Lạc"),
        ("Xóm Mẫu, xã Hòa An, Cao Bằng", "Xã Hoà An"),
        ("Thục Phán", "Phường Thục Phán"),
        ("Bảo Lạc", "Xã Bảo Lạc"),
        ("tổ 5, P. Thục Phán, T. Cao Bằng", "Phường Thục Phán"),
        ("xóm Nà Mẫu xã Bảo Lâm tỉnh Cao Bằng", "Xã Bảo Lâm"),
        ("Xóm Mẫu - Xã Bảo Lâm - Cao Bằng", "Xã Bảo Lâm"),
    ],
)
def test_an_address_of_today_is_found(text: str, commune: str) -> None:
    assert (now(text), read_address(text).found) == (commune, "current")


@pytest.mark.parametrize(
    ("text", "commune"),
    [
        ("Xóm Mẫu, Vĩnh Quang, Thành phố Cao Bằng, Cao Bằng", "Phường Nùng Trí Cao"),
        ("Xóm Mẫu, xã Vĩnh Quang, huyện Bảo Lâm, tỉnh Cao Bằng", "Xã Lý Bôn"),
        ("xóm Nà Mẫu xã Vĩnh Quang huyện Bảo Lâm tỉnh Cao Bằng", "Xã Lý Bôn"),
        ("Xóm 1, xã Hưng Đạo, TP Cao Bằng", "Phường Thục Phán"),
        ("Xóm 1, xã Hưng Đạo, H. Nguyên Bình, Cao Bằng", "Xã Tam Kim"),
        ("Xóm 1, Hưng Đạo, Bảo Lạc, Cao Bằng", "Xã Hưng Đạo"),
        ("tổ 5, P. Hợp Giang, TP. Cao Bằng", "Phường Thục Phán"),
        ("Thị trấn Bảo Lạc, Bảo Lạc, Cao Bằng", "Xã Bảo Lạc"),
    ],
)
def test_an_address_with_its_old_district_leads_to_todays_commune(text: str, commune: str) -> None:
    assert (now(text), read_address(text).found) == (commune, "former")


def test_the_text_stays_as_on_the_paper_and_hamlet_and_district_are_told() -> None:
    found = read_address("  Xóm Mẫu,  Vĩnh Quang, Thành phố Cao Bằng, Cao Bằng ")
    assert found.text == "Xóm Mẫu, Vĩnh Quang, Thành phố Cao Bằng, Cao Bằng"
    assert (found.hamlet, found.district) == ("Xóm Mẫu", "Thành phố Cao Bằng")


def test_a_name_used_more_than_once_is_not_guessed() -> None:
    found = read_address("Xóm Mẫu, Vĩnh Quang, Cao Bằng")
    assert (found.found, found.commune) == ("ambiguous", None)
    assert {commune.name for commune in found.candidates} == {"Lý Bôn", "Nùng Trí Cao"}


def test_the_day_of_the_paper_decides_between_a_name_of_today_and_the_same_name_before() -> None:
    assert now("Xóm 1, Hưng Đạo, Cao Bằng") == "ambiguous"
    assert now("Xóm 1, Hưng Đạo, Cao Bằng", AFTER) == "Xã Hưng Đạo"
    assert now("Xóm 1, Hưng Đạo, Cao Bằng", date(2025, 7, 1)) == "Xã Hưng Đạo"
    assert len(read_address("Xóm 1, Hưng Đạo, Cao Bằng", date(2025, 6, 30)).candidates) == 3
    assert now("Xóm Mẫu, Vĩnh Quang, Cao Bằng", AFTER) == "ambiguous", "people write old names after the merger too"


def test_a_new_commune_written_with_its_old_district_is_still_found() -> None:
    assert now("Xóm Mẫu, xã Lý Bôn, huyện Bảo Lâm, Cao Bằng") == "Xã Lý Bôn"
    assert now("xã Thục Phán, TP Cao Bằng", BEFORE) == "Phường Thục Phán"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("số 3, phường Mẫu, Hà Nội", "outside"),
        ("xã Mẫu, tỉnh Thái Nguyên", "outside"),
        ("", "unknown"),
        (" , ", "unknown"),
        ("Xóm Mẫu", "unknown"),
        ("Cao Bằng", "unknown"),
        ("tỉnh Cao Bằng", "unknown"),
    ],
)
def test_what_lies_elsewhere_or_says_too_little_is_told_apart(text: str, found: str) -> None:
    assert (read_address(text).found, read_address(text).candidates) == (found, ())


def test_every_former_unit_is_found_by_its_own_full_address() -> None:
    for unit in former_units():
        found = read_address(f"Xóm Mẫu, {unit.full_name}, {unit.district}, Tỉnh Cao Bằng")
        assert found.commune == unit.now, unit


def test_every_commune_is_found_by_its_full_address() -> None:
    for commune in communes():
        assert read_address(f"Xóm Mẫu, {commune.full_name}, Tỉnh Cao Bằng", AFTER).commune == commune


def test_a_code_means_another_place_before_and_after_the_merger() -> None:
    before, after = place_on("01288", date(2025, 6, 30)), place_on("01288", date(2025, 7, 1))
    assert isinstance(before, FormerUnit)
    assert isinstance(after, Commune)
    assert (before.full_name, after.full_name) == ("Phường Duyệt Trung", "Phường Tân Giang")
    assert place_on("01276", AFTER) is None
    assert place_on("99999", BEFORE) is None


def test_fifteen_codes_were_given_to_a_place_with_another_name() -> None:
    reused = [unit for unit in former_units() if isinstance(place := place_on(unit.code, AFTER), Commune) and _renamed(unit, place)]
    assert len(reused) == 15


def _renamed(unit: FormerUnit, place: Commune) -> bool:
    return unit.full_name.split(" ", 1)[1].removeprefix("trấn ") not in (place.name, place.variant)


def test_my_hung_has_its_own_code() -> None:
    assert [unit.code for unit in former("Xã Mỹ Hưng")] == ["01651"]
    assert [unit.full_name for unit in former_units() if unit.code == "01615"] == ["Xã Hồng Quang"]
