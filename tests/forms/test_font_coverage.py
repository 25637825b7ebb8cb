"""The checker's table of letters and icons says what the fonts of the product really have."""

from __future__ import annotations

import json

import pytest

from deploy.build_font_coverage import TABLE, letters, ranges, table
from forms.checker.texts import strange

VIETNAMESE = "aăâbcdđeêghiklmnoôơpqrstuưvxy" + "áàảãạắằẳẵặấầẩẫậéèẻẽẹếềểễệíìỉĩịóòỏõọốồổỗộớờởỡợúùủũụứừửữựýỳỷỹỵ"


def test_the_table_is_that_of_the_fonts() -> None:
    assert json.loads(TABLE.read_text("utf-8")) == table()


def test_runs_of_neighbours_are_written_by_their_ends() -> None:
    assert list(ranges([5, 1, 2, 3, 9])) == [(1, 3), (5, 5), (9, 9)]
    assert list(ranges([])) == []


@pytest.mark.parametrize("text", [VIETNAMESE, VIETNAMESE.upper(), "0123456789 .,:;?!“”«»–…/()₫%"])
def test_every_letter_of_vietnamese_can_be_drawn(text: str) -> None:
    assert strange(text) == ""
    assert {ord(char) for char in text} <= letters()


def test_what_no_font_has_is_named_once() -> None:
    assert strange("a☎b☎字") == "☎字"
