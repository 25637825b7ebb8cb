"""Fees: every kind of rule, the lines that explain the sum, exemptions, the online share, and what stays unknown."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.deadlines.calendar import WorkingCalendar
from forms.money.fee import FeeError, FeeLine, FeeQuote, Filing, Original, filing_of, quote, read_fee

DAY = date(2026, 11, 24)
COPIES = read_fee(
    {
        "rule": "per_page",
        "items": "papers",
        "pages": "pages",
        "item_copies": "copies",
        "first_pages": 2,
        "first_vnd": 2000,
        "next_vnd": 1000,
        "cap_vnd": 200_000,
        "text_vi": "2.000 đồng/trang; từ trang thứ ba 1.000 đồng/trang; tối đa 200.000 đồng/bản",
    }
)
EXTRACT = read_fee(
    {
        "rule": "per_copy",
        "amount_vnd": 8000,
        "unit_vi": "bản sao",
        "copies": "how_many",
        "online_share_percent": 50,
        "exempt": [{"code": "nguoi_co_cong", "name_vi": "Người có công"}, {"code": "ho_ngheo", "name_vi": "Hộ nghèo"}],
        "text_vi": "8.000 đồng/bản sao trích lục",
    }
)


def copied(*originals: Original) -> FeeQuote:
    return quote(COPIES, Filing(DAY, originals=originals))


@pytest.mark.parametrize(
    ("pages", "copies", "amount"),
    [(1, 1, 2000), (2, 1, 4000), (3, 1, 5000), (10, 2, 24_000), (198, 1, 200_000), (199, 1, 200_000), (500, 3, 600_000), (5, 0, 0)],
)
def test_certified_copies_cost_by_the_page_up_to_a_cap_for_each_copy(pages: int, copies: int, amount: int) -> None:
    assert copied(Original(pages, copies)).amount_vnd == amount


def test_every_original_has_its_own_line() -> None:
    found = copied(Original(3, 2), Original(300, 1))
    assert found.lines == (
        FeeLine("Giấy thứ 1: 2 bản × (2 trang × 2.000 đồng + 1 trang × 1.000 đồng)", 10_000),
        FeeLine("Giấy thứ 2: 1 bản × (2 trang × 2.000 đồng + 298 trang × 1.000 đồng, tối đa 200.000 đồng một bản)", 200_000),
    )
    assert (found.amount_vnd, found.text_vi) == (210_000, "210.000 đồng")


@given(st.lists(st.builds(Original, st.integers(1, 400), st.integers(0, 20)), min_size=1, max_size=8))
def test_the_lines_add_up_and_no_copy_costs_more_than_the_cap(originals: list[Original]) -> None:
    found = copied(*originals)
    assert found.amount_vnd == sum(line.amount_vnd for line in found.lines)
    assert found.amount_vnd <= 200_000 * sum(original.copies for original in originals)


def test_a_free_procedure_says_so_with_its_words() -> None:
    rule = read_fee({"rule": "free", "text_vi": "Không thu"})
    assert quote(rule, Filing(DAY, copies=5, online=True)) == FeeQuote(0, "Miễn lệ phí", "Không thu")


def test_copies_are_multiplied() -> None:
    found = quote(EXTRACT, Filing(DAY, copies=3))
    assert found.amount_vnd == 24_000
    assert found.lines == (FeeLine("3 × 8.000 đồng/bản sao", 24_000),)


def test_an_online_filer_pays_the_share_the_data_states() -> None:
    found = quote(EXTRACT, Filing(DAY, copies=3, online=True))
    assert found.amount_vnd == 12_000
    assert found.lines[-1] == FeeLine("Nộp trực tuyến: chỉ nộp 50 %", -12_000)


def test_half_a_dong_is_left_to_the_payer() -> None:
    rule = read_fee({"rule": "fixed", "amount_vnd": 25_001, "online_share_percent": 50})
    assert quote(rule, Filing(DAY, online=True)).amount_vnd == 12_500


def test_without_a_share_an_online_filer_pays_the_whole() -> None:
    rule = read_fee({"rule": "fixed", "amount_vnd": 50_000, "unit_vi": "giao dịch"})
    assert quote(rule, Filing(DAY, online=True)) == quote(rule, Filing(DAY))
    assert quote(rule, Filing(DAY)).lines == (FeeLine("50.000 đồng/giao dịch", 50_000),)


def test_an_exemption_needs_its_code_and_is_told() -> None:
    found = quote(EXTRACT, Filing(DAY, copies=3, exemption="ho_ngheo"))
    assert (found.amount_vnd, found.text_vi, found.why_vi) == (0, "Miễn lệ phí", "Miễn: Hộ nghèo (mã ho_ngheo)")
    with pytest.raises(FeeError) as caught:
        quote(EXTRACT, Filing(DAY, exemption="nha_giau"))
    assert caught.value.code == "unknown_exemption"
    assert "ho_ngheo (Hộ nghèo)" in caught.value.cure_vi


def test_what_is_not_counted_yet_has_no_amount_but_its_tariff() -> None:
    assert quote(EXTRACT, Filing(DAY)).amount_vnd is None
    assert quote(EXTRACT, Filing(DAY)).text_vi == "8.000 đồng/bản sao trích lục"
    assert copied() == FeeQuote(None, COPIES.text_vi, "")


def test_what_the_resolution_sets_stays_unknown_even_online() -> None:
    rule = read_fee({"rule": "by_resolution", "text_vi": "x", "online_share_percent": 50})
    found = quote(rule, Filing(DAY, online=True))
    assert (found.amount_vnd, found.text_vi) == (None, "Theo nghị quyết HĐND tỉnh")
    known = read_fee({"rule": "by_resolution", "amount_vnd": 12_000, "online_share_percent": 50})
    assert quote(known, Filing(DAY, online=True)).amount_vnd == 6000


def test_free_in_time_counts_from_the_day_after_and_rolls_over_rest_days() -> None:
    rule = read_fee({"rule": "free_within_days", "days": 15, "from": "died_on", "event_vi": "ngày mất", "amount_vnd": 5000})
    calendar = WorkingCalendar.load()
    assert quote(rule, Filing(date(2026, 11, 25), event=date(2026, 11, 9)), calendar).amount_vnd == 0, "24/11 is a holiday"
    found = quote(rule, Filing(date(2026, 11, 25), event=date(2026, 11, 10)))
    assert (found.amount_vnd, found.why_vi) == (0, "Đăng ký trong 15 ngày kể từ ngày mất, đến hết ngày 25/11/2026")
    assert quote(rule, Filing(date(2026, 11, 26), event=date(2026, 11, 10)), calendar).amount_vnd == 5000


def test_no_sum_leaves_out_an_original_whose_pages_nobody_counted() -> None:
    papers = [{"pages": 3, "copies": "2"}, {"pages": "", "copies": 1}]
    assert quote(COPIES, filing_of(COPIES, {"papers": papers}, DAY)).amount_vnd is None


def test_answers_of_a_form_give_the_facts() -> None:
    papers = [{"pages": 3, "copies": "2"}, {"pages": 4}]
    assert filing_of(COPIES, {"papers": papers}, DAY) == Filing(DAY, originals=(Original(3, 2), Original(4, 1)))
    assert filing_of(EXTRACT, {"how_many": "3"}, DAY) == Filing(DAY, copies=3)
    assert filing_of(EXTRACT, {"how_many": "ba"}, DAY) == Filing(DAY)
    rule = read_fee({"rule": "free_within_days", "days": 60, "from": "born"})
    assert filing_of(rule, {"born": "2026-11-01"}, DAY).event == date(2026, 11, 1)
    assert filing_of(rule, {"born": "2026"}, DAY).event is None
    assert filing_of(rule, {}, DAY) == Filing(DAY)


def test_exempt_people_are_named_from_the_list_when_no_words_are_given() -> None:
    assert EXTRACT.exempt_vi == "Người có công; Hộ nghèo"


@pytest.mark.parametrize(
    ("data", "names"),
    [
        ({}, "None"),
        ({"rule": "cheap"}, "cheap"),
        ({"rule": "free", "price": 3}, "price"),
        ({"rule": "fixed"}, "amount_vnd"),
        ({"rule": "fixed", "amount_vnd": 8000.5}, "amount_vnd"),
        ({"rule": "fixed", "amount_vnd": -1}, "amount_vnd"),
        ({"rule": "per_copy", "copies": "n"}, "amount_vnd"),
        ({"rule": "per_page", "first_pages": 2, "first_vnd": 2000}, "next_vnd"),
        ({"rule": "free_within_days", "days": 60}, "from"),
        ({"rule": "free", "online_share_percent": 150}, "online_share_percent"),
        ({"rule": "free", "exempt": [{"code": "x"}]}, "exempt"),
        ({"rule": "free", "exempt": [{"code": "x", "name_vi": "a"}, {"code": "x", "name_vi": "b"}]}, "cùng code"),
    ],
)
def test_a_mistake_in_the_fee_group_is_told_by_its_key(data: dict[str, Any], names: str) -> None:
    with pytest.raises(ValueError, match=names):
        read_fee(data)
