"""A declaration written out for another office: all of it in order, in full, and told to be nothing more than that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import pytest

from devices.printer import render
from forms.deadlines.calendar import VIETNAM
from forms.papers import Block, Line, PaperError, PaperItem, PreparedFacts, kind, prepared
from forms.papers.facts import Value
from kiosk.papers import to_content
from kiosk.printing import to_blocks

VALUES: Mapping[str, Value] = {
    "n10": "Đăng ký tạm trú tại Xóm Nà Mẫu, Xã Mẫu, tỉnh Cao Bằng",
    "n1": "Nông Thị Mẫu",
    "n4": "004190000001",
    "n11": [{"name": "Nông Văn Thử", "dob": "2019", "relation": "Con"}, {"name": "Nông Thị Thử", "number": "004319000002"}],
}
FACTS = PreparedFacts(
    paper="ct01",
    receiver_vi="Công an xã, phường",
    values=VALUES,
    papers=[PaperItem("Giấy tờ chứng minh chỗ ở hợp pháp", "bản chính", 1)],
    place_vi="Máy số 1, Ủy ban nhân dân xã Mẫu",
    made=datetime(2026, 11, 25, 8, 15, tzinfo=VIETNAM),
)


def lines(facts: PreparedFacts = FACTS) -> list[str]:
    return [block.text for block in prepared(facts) if isinstance(block, Line)]


def test_what_was_answered_stands_under_its_official_label_in_the_order_of_the_declaration() -> None:
    told = lines()
    labels = [kind("ct01").labels[key] for key in ("n1", "n4", "n10", "n11")]
    places = [told.index(label) for label in labels]
    assert places == sorted(places)
    assert [told[place + 1] for place in places[:3]] == [VALUES["n1"], VALUES["n4"], VALUES["n10"]]


def test_the_lines_of_ct01_are_named_as_on_the_form_of_the_ministry() -> None:
    labels = kind("ct01").labels
    assert [labels[f"n{number}"] for number in range(1, 11)] == [
        "1. Họ, chữ đệm và tên khai sinh",
        "2. Ngày, tháng, năm sinh",
        "3. Giới tính",
        "4. Số định danh cá nhân",
        "5. Số điện thoại liên hệ",
        "6. Email",
        "7. Họ, chữ đệm và tên chủ hộ",
        "8. Mối quan hệ với chủ hộ",
        "9. Số định danh cá nhân của chủ hộ",
        "10. Nội dung đề nghị",
    ]


def test_what_was_not_answered_is_not_there() -> None:
    assert not [line for line in lines() if line.startswith(("5.", "6.", "7."))]


def test_each_person_in_the_table_has_a_number() -> None:
    told = lines()
    assert told[told.index("1) Họ, chữ đệm và tên") + 1] == "Nông Văn Thử"
    assert told[told.index("2) Số định danh cá nhân") + 1] == "004319000002"
    assert "2) Giới tính" not in told


def test_it_says_that_nothing_was_filed_and_where_to_take_it() -> None:
    told = " ".join(lines())
    assert "Chưa nộp" in told
    assert "Công an xã, phường" in told
    assert "Giấy tờ chứng minh chỗ ở hợp pháp (bản chính: 01)" in told


def test_it_carries_numbers_in_full_and_warns_of_that() -> None:
    told = lines()
    assert "004190000001" in told
    assert any("Giữ cẩn thận" in line for line in told)


def test_it_looks_like_no_receipt() -> None:
    """No code, no track to follow, not under the head of the People's Committee."""
    blocks: tuple[Block, ...] = prepared(FACTS)
    assert {type(block).__name__ for block in blocks} == {"Line", "Rule", "Gap"}
    assert lines()[0] == "BẢN GHI SẴN"


def test_nothing_to_take_along_leaves_no_empty_heading() -> None:
    assert "Giấy tờ mang theo" not in lines(replace(FACTS, papers=[]))


def test_a_value_the_declaration_has_no_line_for_is_refused() -> None:
    with pytest.raises(PaperError) as caught:
        prepared(replace(FACTS, values={"n99": "?"}))
    assert caught.value.code == "unknown_field"


def test_every_line_of_a_paper_that_is_written_out_has_a_label() -> None:
    found = kind("ct01")
    assert found.labels.keys() == {*found.fields, *found.tables, *found.tables["n11"]}


def test_the_printer_can_draw_it() -> None:
    assert render(to_blocks(to_content(prepared(FACTS)))).height > 600
