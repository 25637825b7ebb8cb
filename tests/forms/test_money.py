"""Amounts written and spoken, and payment QR codes against published ones."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.money.money import dong, dong_words
from forms.money.vietqr import Transfer, TransferError, crc, payload, purpose

ORACLE = json.loads((Path(__file__).parent / "data" / "vietqr_example.json").read_text("utf-8"))
EXAMPLE = Transfer("970405", "8300201000123", 8000, "LP TRICHLUC H14 0001")


@pytest.mark.parametrize(
    ("amount", "written", "words"),
    [
        (0, "0 đồng", "Không đồng"),
        (8000, "8.000 đồng", "Tám nghìn đồng"),
        (21_000, "21.000 đồng", "Hai mươi mốt nghìn đồng"),
        (15_000, "15.000 đồng", "Mười lăm nghìn đồng"),
        (205_000, "205.000 đồng", "Hai trăm linh năm nghìn đồng"),
        (1_005_024, "1.005.024 đồng", "Một triệu không trăm linh năm nghìn không trăm hai mươi tư đồng"),
        (2_000_000_011, "2.000.000.011 đồng", "Hai tỷ không trăm mười một đồng"),
    ],
)
def test_amounts_in_figures_and_words(amount: int, written: str, words: str) -> None:
    assert (dong(amount), dong_words(amount)) == (written, words)


def test_a_reduction_is_written_with_a_minus_sign_and_has_no_words() -> None:
    assert dong(-4000) == "-4.000 đồng"
    with pytest.raises(ValueError, match="999"):
        dong_words(-4000)


def test_the_check_sum_is_the_published_one() -> None:
    assert crc("123456789") == "29B1"


def test_the_worked_example_comes_out_sign_by_sign() -> None:
    assert payload(EXAMPLE) == ORACLE["worked_example"]["payload"]


def test_published_codes_come_out_from_their_facts() -> None:
    donation = Transfer("970415", "0011001932418", 120_000, "ung ho lu lut")
    open_amount = Transfer("970423", "0099999999", None, "", once=False)
    assert payload(donation) == ORACLE["published_samples"][0]
    assert payload(open_amount) == ORACLE["published_samples"][1]


def test_a_standing_code_and_a_card_say_so() -> None:
    assert payload(replace(EXAMPLE, once=False)).startswith("000201010211")
    assert "0208QRIBFTTC" in payload(replace(EXAMPLE, service="card"))


@given(st.text(max_size=60))
def test_any_words_become_a_purpose_banks_keep(text: str) -> None:
    assert purpose(purpose(text)) == purpose(text)
    assert len(purpose(text)) <= 25
    payload(replace(EXAMPLE, purpose=purpose(text)))


def test_one_dong_can_be_asked_for() -> None:
    assert "54011" in payload(replace(EXAMPLE, amount_vnd=1))


def test_a_purpose_loses_its_accents() -> None:
    assert purpose("Lệ phí trích lục: Đàm Thủy") == "LE PHI TRICH LUC DAM THUY"


@pytest.mark.parametrize(
    "wrong",
    [
        {"bank": "97040"},
        {"account": ""},
        {"account": "8300-201"},
        {"account": "1" * 20},
        {"amount_vnd": 0},
        {"amount_vnd": 10**13},
        {"purpose": "x" * 26},
        {"purpose": "lệ phí"},
    ],
)
def test_facts_that_make_no_code_are_refused_by_name(wrong: dict[str, object]) -> None:
    with pytest.raises(TransferError) as caught:
        replace(EXAMPLE, **wrong)  # type: ignore[arg-type]
    assert (caught.value.code, bool(caught.value.message_vi), bool(caught.value.cure_vi)) == ("bad_transfer", True, True)
