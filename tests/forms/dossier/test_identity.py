"""How the applicant was identified: written as codes, read by any version, told to officials in one line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.dossier import Person, file, fold, persons_of
from forms.dossier.identity import IdentityCheck
from forms.dossier.persons import Persons
from tests.forms.dossier.acts import AT, filing

CHECKED = IdentityCheck("chip", "intact_issuer_unchecked", "active", "pace-mrz", "issuer_not_installed")
UNVOUCHED = "chưa chắc là chíp gốc"


@pytest.mark.parametrize("check", [CHECKED, IdentityCheck("typed"), IdentityCheck("typed", "not_genuine", reason="hash_mismatch")])
def test_a_code_says_what_was_checked(check: IdentityCheck) -> None:
    assert IdentityCheck.read(check.code) == check


def test_it_travels_in_the_filing_and_stands_in_the_dossier() -> None:
    persons = Persons(Person("Nông Thị Mẫu", by=CHECKED.code))
    fields = fold(file("d1", filing(persons), AT.isoformat()))
    assert IdentityCheck.read(persons_of(fields).applicant.by) == CHECKED


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("", ""),
        ("typed", "Tự gõ, chưa kiểm tra thẻ"),
        ("qr", "Quét mã QR, chưa kiểm tra thẻ"),
        ("chip", "Đọc chíp"),
        ("chip/issuer_trusted/active/bac", "Đọc chíp: dữ liệu nguyên vẹn, do cơ quan cấp ký; không phải bản sao"),
        (CHECKED.code, f"Đọc chíp: dữ liệu nguyên vẹn, chưa kiểm tra cơ quan cấp; {UNVOUCHED}"),
        ("chip/not_checked/chip/bac", f"Đọc chíp: chưa kiểm tra dữ liệu; {UNVOUCHED}"),
        ("chip/issuer_trusted/none/bac", "Đọc chíp: dữ liệu nguyên vẹn, do cơ quan cấp ký; chưa kiểm tra bản sao"),
        (
            "typed/not_genuine///chip_copied",
            "CHÍP KHÔNG THẬT, cán bộ xem thẻ [chip_copied]. Tự gõ",
        ),
        (
            "chip/issuer_trusted/none/bac/proof_withheld",
            "Đọc chíp: dữ liệu nguyên vẹn, do cơ quan cấp ký; giấu phần chống sao chép",
        ),
        (
            "chip/issuer_trusted/none/bac/proof_unusable",
            "Đọc chíp: dữ liệu nguyên vẹn, do cơ quan cấp ký; không thử được bản sao",
        ),
        (
            "chip/issuer_trusted/active/bac/data_withheld",
            "Đọc chíp: dữ liệu nguyên vẹn, do cơ quan cấp ký; chíp giấu thông tin đã ký",
        ),
        ("chip/blessed/active/bac//later", f"Đọc chíp: «blessed»; {UNVOUCHED}"),
        ("telepathy", "«telepathy»"),
    ],
)
def test_the_official_reads_one_line_and_unknown_codes_as_they_stand(code: str, told: str) -> None:
    assert IdentityCheck.read(code).told_vi == told


@given(st.text())
def test_no_text_from_another_machine_breaks_it(code: str) -> None:
    assert len(IdentityCheck.read(code).told_vi) < 300
