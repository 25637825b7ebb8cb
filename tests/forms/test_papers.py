"""The slip and the receipt: what the law wants on them stands there, what it forbids does not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from devices.printer import render
from forms.deadlines.calendar import VIETNAM
from forms.papers import (
    Block,
    Line,
    Pair,
    PaperContent,
    PaperError,
    PaperItem,
    Person,
    QrBlock,
    Signatures,
    kiosk_slip,
    mau_01,
    mau_02,
    mau_03,
    mau_04,
    mau_05,
    moment_vi,
    tracking_url,
)
from kiosk.papers import to_content
from kiosk.printing import to_blocks
from tests.forms.paper_samples import APOLOGY, CASE, CODE, NUMBER, OFFICE, OFFICIAL, RECEIPT, REFUSAL, SLIP, STOP, SUPPLEMENT

NOTICES = {
    "mau_02": mau_02(SUPPLEMENT),
    "mau_03": mau_03(REFUSAL),
    "mau_04": mau_04(APOLOGY),
    "mau_05": mau_05(STOP),
}
ALL = {"slip": kiosk_slip(SLIP), "mau_01": mau_01(RECEIPT), **NOTICES}


def text(paper: PaperContent) -> str:
    """All words of a paper, one block a line."""
    return "\n".join(_words(paper))


def _words(paper: Iterable[Block]) -> Iterable[str]:
    for block in paper:
        if isinstance(block, Line):
            yield block.text
        elif isinstance(block, Pair):
            yield f"{block.label}: {block.value}"
        elif isinstance(block, QrBlock):
            yield block.caption
        elif isinstance(block, Signatures):
            yield f"{block.left}\n{block.right}"


def qr(paper: PaperContent) -> str:
    return next(block.data for block in paper if isinstance(block, QrBlock))


@pytest.mark.parametrize(
    "words",
    [
        "PHIẾU GHI NHẬN NỘP HỒ SƠ TẠI KIOSK",
        "Chưa phải giấy tiếp nhận",
        "ỦY BAN NHÂN DÂN XÃ MẪU",
        "TRUNG TÂM PHỤC VỤ HÀNH CHÍNH CÔNG",
        "Mã tạm",
        CODE,
        "Người nộp: NÔNG THỊ MẪU",
        "4 số cuối): 0001",
        "Thủ tục đăng ký khai sinh (1.001193)",
        "1. Giấy chứng sinh (bản chính: 01)",
        "2. Giấy tờ tùy thân của người yêu cầu (bản chính: 01, xuất trình)",
        "08 giờ 05 phút, ngày 23 tháng 11 năm 2026",
        "Máy số 1",
        "Việc tiếp theo",
        "Hỏi đáp, gọi: 0206 000 0000",
        "Chưa có hẹn trả kết quả",
        "Giấy in nhiệt phai sau vài tháng",
    ],
)
def test_the_slip_says(words: str) -> None:
    assert words in text(kiosk_slip(SLIP))


def test_the_slip_promises_no_day_and_is_no_receipt() -> None:
    words = text(kiosk_slip(SLIP))
    assert "Thời gian trả kết quả" not in words
    assert "GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ" not in words
    assert words.count("2026") == 1, "only the moment of filing"


@pytest.mark.parametrize("paper", ALL.values(), ids=ALL)
def test_of_a_number_only_the_last_four_digits_are_printed(paper: PaperContent) -> None:
    assert "số cuối): 0001" in text(paper)
    assert "0041" not in text(paper)


@pytest.mark.parametrize("paper", ALL.values(), ids=ALL)
def test_neither_address_nor_phone_nor_email_of_the_person_is_on_a_slip(paper: PaperContent) -> None:
    for fact in (CASE.person.address, CASE.person.phone, CASE.person.email):
        assert fact
        assert fact not in text(paper)


@pytest.mark.parametrize("paper", [kiosk_slip(SLIP), mau_01(RECEIPT)], ids=["slip", "mau_01"])
def test_nothing_about_the_person_is_in_the_qr(paper: PaperContent) -> None:
    address = urlsplit(qr(paper))
    assert (address.scheme, address.netloc, address.path) == ("https", "dvc.example", f"/h/{CODE}")
    assert parse_qs(address.query) == {"k": ["000820c20a1g7"]}
    assert address.fragment == ""


def test_a_short_number_is_not_printed_at_all() -> None:
    assert "số cuối" not in text(kiosk_slip(replace(SLIP, filer_number="123")))
    assert "số cuối" not in text(kiosk_slip(replace(SLIP, filer_number="")))


def test_an_address_is_escaped_and_holds_code_and_key_only() -> None:
    assert (
        tracking_url("http://127.0.0.1:8000/", "H14.40-261123-0007", "a&b") == "http://127.0.0.1:8000/h/H14.40-261123-0007?k=a%26b"
    )


@pytest.mark.parametrize("code", ["H14.40-261123-0007", CODE[:-1] + ("0" if CODE[-1] != "0" else "1"), "", "TAM"])
def test_the_slip_carries_nothing_but_a_sound_provisional_code(code: str) -> None:
    with pytest.raises(PaperError, match="wrong_code"):
        kiosk_slip(replace(SLIP, code=code))


def test_a_slip_without_papers_or_hotline_still_reads_well() -> None:
    words = text(kiosk_slip(replace(SLIP, papers=(), office=replace(OFFICE, hotline=""))))
    assert "Không cần giấy tờ nào thêm." in words
    assert "Hỏi đáp" not in words


@pytest.mark.parametrize(
    "words",
    [
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "ỦY BAN NHÂN DÂN XÃ MẪU",
        "TRUNG TÂM PHỤC VỤ HÀNH CHÍNH CÔNG",
        "GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ",
        "Thông tư số 03/2025/TT-VPCP",
        "mã tạm",
        CODE,
        "Người nộp: NÔNG THỊ MẪU",
        "4 số cuối): 0001",
        "Nội dung yêu cầu: Thủ tục đăng ký khai sinh",
        "Mã thủ tục: 1.001193",
        "Thành phần hồ sơ nộp gồm (theo tờ khai, cán bộ đối chiếu):",
        "1. Giấy chứng sinh (bản chính: 01)",
        "Số lượng hồ sơ: 01 bộ",
        "Thời gian giải quyết: Trong ngày làm việc",
        "Thời gian nhận hồ sơ: 08 giờ 05 phút, ngày 23 tháng 11 năm 2026",
        "Thời gian trả kết quả: 17 giờ 00 phút, ngày 23 tháng 11 năm 2026",
        "Thứ Hai, 17:00 23/11/2026",
        "Đăng ký nhận kết quả tại: Ủy ban nhân dân xã Mẫu",
        "Lệ phí: Miễn lệ phí",
        "Người tiếp nhận: Bế Văn Cán",
        "Hỏi đáp, gọi: 0206 000 0000",
        "NGƯỜI NỘP HỒ SƠ",
        "NGƯỜI TIẾP NHẬN HỒ SƠ",
        "Không thay biên lai thu phí, lệ phí",
        "mang giấy này và giấy tờ tùy thân",
    ],
)
def test_the_receipt_says(words: str) -> None:
    assert words in text(mau_01(RECEIPT))


@pytest.mark.parametrize("repealed", ["61/2018", "01/2018", "42/2022"])
@pytest.mark.parametrize("paper", ALL.values(), ids=ALL)
def test_no_repealed_law_is_named(paper: PaperContent, repealed: str) -> None:
    assert repealed not in text(paper)


@pytest.mark.parametrize("paper", NOTICES)
def test_a_notice_says_whose_it_is_which_form_it_follows_and_of_which_dossier_it_speaks(paper: str) -> None:
    words = text(NOTICES[paper])
    for part in ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "ỦY BAN NHÂN DÂN XÃ MẪU", "Thông tư số 03/2025/TT-VPCP"):
        assert part in words
    assert f"Mẫu số {paper[-2:]}" in words
    assert "Người nộp: NÔNG THỊ MẪU" in words
    assert f"Mã hồ sơ: {OFFICIAL}" in words
    assert "Xã Mẫu, ngày 23 tháng 11 năm 2026" in words


@pytest.mark.parametrize(
    ("paper", "number"),
    [("mau_02", "12/PBS-TTPVHCC"), ("mau_03", "12/PTC-TTPVHCC"), ("mau_04", "12/PXL"), ("mau_05", "12/TB-TTPVHCC")],
)
def test_a_notice_carries_its_number_with_the_mark_of_its_form(paper: str, number: str) -> None:
    assert f"Số: {number}" in text(NOTICES[paper])


def test_the_ending_of_numbers_is_the_offices_own_and_a_number_to_come_is_dots() -> None:
    head = replace(SUPPLEMENT.head, number="", office=replace(OFFICE, mark="BPTNTKQ"))
    assert "Số: ……/PBS-BPTNTKQ" in text(mau_02(replace(SUPPLEMENT, head=head)))


@pytest.mark.parametrize(
    ("paper", "words"),
    [
        ("mau_02", "1. Giấy chứng sinh: nộp bản chính"),
        ("mau_02", "2. Tờ khai: ghi lại ngày sinh của người mẹ"),
        ("mau_02", "Lý do: Hồ sơ thiếu Giấy chứng sinh"),
        ("mau_02", "Bà Bế Thị Cán, 0206 000 0000"),
        ("mau_02", "NGƯỜI HƯỚNG DẪN"),
        ("mau_03", "Việc này thuộc thẩm quyền của Công an xã."),
        ("mau_03", "NGƯỜI TIẾP NHẬN HỒ SƠ"),
        ("mau_04", "Hẹn trả ban đầu: 17 giờ 00 phút, ngày 26 tháng 11 năm 2026"),
        ("mau_04", "Lý do chậm: Cần xác minh"),
        ("mau_04", "xin lỗi"),
        ("mau_04", "Hẹn trả mới: 17:00 30/11/2026"),
        ("mau_04", "THỦ TRƯỞNG CƠ QUAN, ĐƠN VỊ"),
        ("mau_05", "Đề nghị dừng giải quyết của người nộp hồ sơ, ngày 24 tháng 11 năm 2026"),
        ("mau_05", "Dừng giải quyết hồ sơ từ ngày 25 tháng 11 năm 2026."),
        ("mau_05", "2. Lệ phí 8.000 đồng"),
    ],
)
def test_a_notice_says(paper: str, words: str) -> None:
    assert words in text(NOTICES[paper])


def test_a_supplement_and_an_apology_can_be_followed_by_their_code() -> None:
    for paper in ("mau_02", "mau_04"):
        assert qr(NOTICES[paper]) == f"https://dvc.example/h/{OFFICIAL}?k=000820c20a1g7"


def test_a_notice_before_any_filing_has_neither_code_nor_qr() -> None:
    paper = mau_02(replace(SUPPLEMENT, case=replace(CASE, code="")))
    assert "Mã hồ sơ" not in text(paper)
    assert not [block for block in paper if isinstance(block, QrBlock)]


def test_a_supplement_without_a_list_is_refused() -> None:
    with pytest.raises(PaperError, match="nothing_listed"):
        mau_02(replace(SUPPLEMENT, wanted=()))


def test_a_refusal_an_apology_and_a_stop_need_a_reason() -> None:
    with pytest.raises(PaperError, match="nothing_listed"):
        mau_03(replace(REFUSAL, reason_vi=" "))
    with pytest.raises(PaperError, match="nothing_listed"):
        mau_04(replace(APOLOGY, reason_vi=""))
    with pytest.raises(PaperError, match="nothing_listed"):
        mau_05(replace(STOP, asked=None, reason_vi=""))


def test_a_stop_by_the_agency_says_why_instead_of_who_asked() -> None:
    words = text(mau_05(replace(STOP, asked=None, reason_vi="Quá 15 ngày không bổ sung", returned=())))
    assert "Căn cứ: Quá 15 ngày không bổ sung" in words
    assert "Đề nghị dừng" not in words
    assert "Không có." in words


def test_a_new_appointment_is_later_than_the_old_one() -> None:
    with pytest.raises(PaperError, match="new_due_not_later") as refused:
        mau_04(replace(APOLOGY, new_due=APOLOGY.due))
    assert refused.value.cure_vi


def test_a_notice_carries_no_impossible_code() -> None:
    with pytest.raises(PaperError, match="wrong_code"):
        mau_03(replace(REFUSAL, case=replace(CASE, code="H" * 36)))


@pytest.mark.parametrize("width", [384, 576], ids=["58mm", "80mm"])
@pytest.mark.parametrize("paper", ALL.values(), ids=ALL)
def test_a_slip_can_be_drawn_on_both_papers(paper: PaperContent, width: int) -> None:
    assert render(to_blocks(to_content(paper)), width).width == width


def test_the_official_code_leads_and_the_provisional_one_stays_beside_it() -> None:
    paper = mau_01(replace(RECEIPT, official_code="H14.40-261123-0007"))
    words = text(paper)
    assert words.index("H14.40-261123-0007") < words.index(f"Mã tạm: {CODE}")
    assert "sẽ thay bằng mã chính thức" not in words
    assert CODE in qr(paper), "the address on the first slip goes on working"


@pytest.mark.parametrize(
    "code", ["H14", "000.00.40.H14-2611-7", "Đ/2026/007", "H" * 35, "A1B2C3.D4E5F6.A1B2C3.D4E5F6-20261123-000007"]
)
def test_a_code_of_the_province_is_printed_whatever_its_shape(code: str) -> None:
    assert code in text(mau_01(replace(RECEIPT, official_code=code)))


def test_a_paper_that_a_database_replaces_says_so_and_a_frozen_one_is_printed_as_it_was() -> None:
    item = PaperItem("Giấy chứng sinh", "bản chính", 1, replaced_by_vi="dữ liệu của cơ sở y tế")
    words = "1. Giấy chứng sinh (bản chính: 01) (không cần nếu tra được dữ liệu của cơ sở y tế)"
    assert words in text(mau_01(replace(RECEIPT, papers=[item])))
    assert words in text(mau_01(replace(RECEIPT, papers=[item.text()])))


def test_an_authorised_filer_is_named_with_whom_for() -> None:
    assert "Nộp thay cho: Hoàng Văn Thử" in text(mau_01(replace(RECEIPT, authoriser=Person("Hoàng Văn Thử", NUMBER))))


@pytest.mark.parametrize(
    ("paid", "words"), [(True, "8.000 đồng (đã nộp)"), (False, "8.000 đồng (chưa nộp)"), (None, "Lệ phí: 8.000 đồng")]
)
def test_the_fee_says_whether_it_is_paid(paid: bool | None, words: str) -> None:
    assert words in text(mau_01(replace(RECEIPT, fee_vi="8.000 đồng", fee_paid=paid)))


@pytest.mark.parametrize(
    ("provisional", "official"),
    [("", ""), (CODE, "H" * 36), (CODE, "H14.中"), ("TAM-K01-261123-00070", ""), ("H14.40-261123-0007", "")],
)
def test_a_receipt_needs_sound_codes(provisional: str, official: str) -> None:
    with pytest.raises(PaperError, match="wrong_code"):
        mau_01(replace(RECEIPT, provisional_code=provisional, official_code=official))


def test_a_result_is_not_due_before_it_was_received() -> None:
    with pytest.raises(PaperError, match="due_before_receipt"):
        mau_01(replace(RECEIPT, due=datetime(2026, 11, 22, 17, 0, tzinfo=VIETNAM)))


def test_moments_are_written_in_vietnam_time() -> None:
    assert moment_vi(datetime(2026, 11, 23, 1, 5, tzinfo=UTC)) == "08 giờ 05 phút, ngày 23 tháng 11 năm 2026"
    with pytest.raises(ValueError, match="time zone"):
        moment_vi(datetime(2026, 11, 23, 8, 5))  # noqa: DTZ001 - the mistake under test
