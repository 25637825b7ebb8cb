"""The 56 communes and the former units."""

from __future__ import annotations

import pytest

from forms.people.places import commune, communes, find, former


def test_there_are_56_and_their_codes_are_text_with_a_leading_zero() -> None:
    places = communes()
    assert len(places) == 56
    assert all(place.code.startswith("0") and len(place.code) == 5 for place in places)
    assert [place.kind for place in places].count("phường") == 3


def test_a_code_gives_its_commune_as_written_in_a_sentence() -> None:
    assert commune("01273").title_vi == "phường Thục Phán"
    assert commune("01290").title_vi == "xã Bảo Lâm"
    with pytest.raises(KeyError):
        commune("1273")


def test_a_commune_is_found_without_accents_in_either_spelling() -> None:
    assert {place.name for place in find("hoa an")} == {place.name for place in find("xã Hòa An")} == {"Hoà An"}
    assert [place.name for place in find("PHUONG thuc")] == ["Thục Phán"]
    assert find("") == ()
    assert find("không có") == ()


def test_a_former_name_used_three_times_needs_its_district() -> None:
    assert {unit.now.title_vi for unit in former("Xã Hưng Đạo")} == {"xã Hưng Đạo", "phường Thục Phán", "xã Tam Kim"}
    assert [unit.now.title_vi for unit in former("Hưng Đạo", "Huyện Nguyên Bình")] == ["xã Tam Kim"]
    assert [unit.now.title_vi for unit in former("hung dao", "cao bang")] == ["phường Thục Phán"]


def test_a_reused_code_does_not_lead_a_former_unit_astray() -> None:
    assert commune("01288").name == "Tân Giang"
    assert [(unit.code, unit.now.code) for unit in former("Phường Tân Giang")] == [("01276", "01288")]


def test_every_commune_grew_from_former_units() -> None:
    from forms.people.places import former_units

    assert len(former_units()) == 161
    assert {unit.now.code for unit in former_units()} == {place.code for place in communes()}
