"""Ethnic groups in every spelling people and papers use."""

from __future__ import annotations

import pytest

from forms.people.ethnic import groups, groups_here, read_ethnic


def test_there_are_54_groups_and_one_entry_for_foreigners() -> None:
    assert len(groups()) == 55
    assert [group.code for group in groups()] == [f"{number:02d}" for number in range(1, 56)]
    assert groups()[-1].name == "Người nước ngoài"


def test_the_groups_of_the_province_come_first_by_number() -> None:
    assert [group.name for group in groups_here()] == ["Tày", "Nùng", "Hmông", "Dao", "Kinh", "Sán Chay", "Lô Lô"]


@pytest.mark.parametrize("text", ["Mông", "Hmông", "H'Mông", "h’mông", "Hmong", "Mông (Hmông)", "Mèo", "MÔNG", "dân tộc Mông"])
def test_one_group_in_many_spellings(text: str) -> None:
    found = read_ethnic(text)
    assert (found.group.code, found.subgroup, found.written) == ("08", "", text)


@pytest.mark.parametrize("text", ["Cao Lan", "Sán Chỉ"])
def test_a_subgroup_leads_to_its_group_and_stays_named(text: str) -> None:
    found = read_ethnic(text)
    assert (found.group.name, found.subgroup, found.written) == ("Sán Chay", text, text)


@pytest.mark.parametrize(
    ("text", "code"), [("Tày", "02"), ("nung", "07"), ("Mường", "06"), ("Khơ me", "05"), ("Việt", "01"), ("Mán", "09")]
)
def test_other_groups(text: str, code: str) -> None:
    assert read_ethnic(text).group.code == code


@pytest.mark.parametrize("text", ["", "Hoa Kỳ", "Người", "()"])
def test_what_is_no_group_is_none(text: str) -> None:
    assert read_ethnic(text) is None


def test_every_group_is_found_by_its_own_name() -> None:
    assert [read_ethnic(group.name).group for group in groups()] == list(groups())
