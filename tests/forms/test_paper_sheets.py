"""Mẫu 01 to 07 on A4: every field of the form stands there, with what is known or with dots."""

from __future__ import annotations

from dataclasses import replace

import pytest
import zxingcpp

from forms.papers import PaperError, Person, kind, sheet
from forms.papers.receipt import receipt_address
from forms.papers.sheets import sheet_data
from tests.forms.paper_samples import (
    APOLOGY,
    CASE,
    CODE,
    CONTROL,
    HEAD,
    NUMBER,
    OFFICE,
    OFFICIAL,
    PERSON,
    RECEIPT,
    REFUSAL,
    REGISTER,
    ROW,
    SHEETS,
    STEP,
    STOP,
    SUPPLEMENT,
)
from tests.forms.pdf_text import page_text, pdf_text, read_pdf, squeezed
from tests.forms.test_paper_pdf import pages

WORDS = {paper: pdf_text(sheet(facts)) for paper, facts in SHEETS.items()}

FIELDS = {
    "mau_01": [
        "Số: ……/TTPVHCC",
        f"Mã hồ sơ: {CODE}",
        "Trung tâm Phục vụ hành chính công",
        "Tiếp nhận hồ sơ của Ông (Bà)/Tổ chức: NÔNG THỊ MẪU",
        f"Số định danh cá nhân/tổ chức: {NUMBER}",
        f"Địa chỉ: {PERSON.address}",
        f"Số điện thoại: {PERSON.phone}",
        "Email: ....",
        "Nội dung yêu cầu giải quyết: Thủ tục đăng ký khai sinh (mã thủ tục 1.001193)",
        "Thành phần hồ sơ nộp gồm:",
        "2. Giấy tờ tùy thân của người yêu cầu (bản chính: 01, xuất trình)",
        "Số lượng hồ sơ: 01 (bộ)",
        "Thời gian giải quyết hồ sơ theo quy định là: Trong ngày làm việc",
        "Thời gian nhận hồ sơ: 08 giờ 05 phút, ngày 23 tháng 11 năm 2026",
        "Thời gian trả kết quả giải quyết hồ sơ: 17 giờ 00 phút, ngày 23 tháng 11 năm 2026",
        "Đăng ký nhận kết quả tại: Ủy ban nhân dân xã Mẫu",
        "Phí, lệ phí: Miễn lệ phí",
        "Vào Sổ theo dõi hồ sơ, Quyển số:",
        "Số thứ tự:",
        "NGƯỜI NỘP HỒ SƠ",
        "NGƯỜI TIẾP NHẬN HỒ SƠ",
        "Bế Văn Cán",
        "Không thay biên lai thu phí, lệ phí.",
        "0206 000 0000",
    ],
    "mau_02": [
        "Số: 12/PBS-TTPVHCC",
        "Hồ sơ của: NÔNG THỊ MẪU",
        "Nội dung yêu cầu giải quyết: Thủ tục đăng ký khai sinh",
        f"Địa chỉ: {PERSON.address}",
        f"Số điện thoại: {PERSON.phone}",
        f"Email: {PERSON.email}",
        "Yêu cầu hoàn thiện hồ sơ gồm những nội dung sau:",
        "1. Giấy chứng sinh: nộp bản chính",
        "Lý do: Hồ sơ thiếu Giấy chứng sinh",
        "liên hệ với Bà Bế Thị Cán, số điện thoại 0206 000 0000",
        "NGƯỜI HƯỚNG DẪN",
    ],
    "mau_03": [
        "Số: 12/PTC-TTPVHCC",
        "Tiếp nhận hồ sơ của: NÔNG THỊ MẪU",
        f"Số định danh cá nhân/tổ chức: {NUMBER}",
        f"Địa chỉ: {PERSON.address}",
        f"Email: {PERSON.email}",
        f"Mã hồ sơ (nếu có): {OFFICIAL}",
        "Nội dung yêu cầu giải quyết: Thủ tục đăng ký khai sinh",
        "Việc này thuộc thẩm quyền của Công an xã.",
        "NGƯỜI NỘP HỒ SƠ",
        "NGƯỜI TIẾP NHẬN HỒ SƠ",
    ],
    "mau_04": [
        "Số: 12/PXL",
        "Kính gửi: NÔNG THỊ MẪU",
        "Ngày tiếp nhận: ngày 23 tháng 11 năm 2026",
        "Trung tâm Phục vụ hành chính công",
        "Tên thủ tục hành chính: Thủ tục đăng ký khai sinh",
        f"Số định danh: {NUMBER}",
        f"Mã số hồ sơ: {OFFICIAL}",
        "Thời gian hẹn trả kết quả ban đầu: 17 giờ 00 phút, ngày 26 tháng 11 năm 2026",
        "Lý do chậm: Cần xác minh ở nơi đăng ký trước đây",
        "xin lỗi Ông/Bà",
        "Thời gian trả kết quả mới: 17 giờ 00 phút, ngày 30 tháng 11 năm 2026",
        "THỦ TRƯỞNG CƠ QUAN, ĐƠN VỊ",
    ],
    "mau_05": [
        "Hồ sơ của: NÔNG THỊ MẪU",
        f"Mã hồ sơ: {OFFICIAL}",
        "Tên thủ tục: Thủ tục đăng ký khai sinh",
        "Ngày tiếp nhận: ngày 23 tháng 11 năm 2026",
        "Căn cứ: Đề nghị dừng giải quyết của người nộp hồ sơ, ngày 24 tháng 11 năm 2026",
        "thông báo dừng giải quyết hồ sơ trên từ ngày 25 tháng 11 năm 2026",
        "2. Lệ phí 8.000 đồng",
        "NGƯỜI CÓ THẨM QUYỀN",
    ],
    "mau_06": [
        "Số: 12/PKS-TTPVHCC",
        f"Mã số hồ sơ: {OFFICIAL}",
        "Cơ quan (bộ phận) giải quyết hồ sơ: Công chức tư pháp – hộ tịch",
        "Cơ quan phối hợp giải quyết hồ sơ: ....",
        "Ngày nhận: 08 giờ 05 phút, ngày 23 tháng 11 năm 2026",
        "Hẹn trả kết quả vào: 17 giờ 00 phút, ngày 23 tháng 11 năm 2026",
        "1. Giao: Bộ phận tiếp nhận",
        "2. Nhận: Công chức tư pháp – hộ tịch",
        "Người giao: Bế Thị Cán",
        "Người nhận: Lục Văn Hộ",
        "đúng hạn",
        "Ghi chú",
    ],
    "mau_07": [
        "Số: 12/STD-TTPVHCC",
        "Từ ngày 01/11/2026 đến ngày 30/11/2026",
        "STT", "Mã hồ sơ", "Tên TTHC", "Tên tổ chức, cá nhân", "Địa chỉ/SĐT", "Cơ quan chủ trì giải quyết", "Nhận hồ sơ",
        "Hẹn trả kết quả", "Trả kết quả", "Phương thức nhận kết quả", "Ký nhận",
        OFFICIAL, "Nông Thị Mẫu", "08:05 23/11/2026", "17:00 23/11/2026", "Tại Trung tâm",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("paper", "words"), [(paper, words) for paper, fields in FIELDS.items() for words in fields])
def test_the_sheet_says(paper: str, words: str) -> None:
    assert squeezed(words) in WORDS[paper]


@pytest.mark.parametrize("paper", SHEETS)
def test_every_sheet_has_both_heads_its_title_and_the_form_it_follows(paper: str) -> None:
    for words in ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "ỦY BAN NHÂN DÂN XÃ MẪU"):
        assert squeezed(words) in WORDS[paper]
    assert squeezed(kind(paper).title_vi) in WORDS[paper]
    assert squeezed(f"Mẫu số {paper[-2:]}, Thông tư số 03/2025/TT-VPCP") in WORDS[paper]
    assert squeezed("Xã Mẫu, ngày 23 tháng 11 năm 2026") in WORDS[paper]


@pytest.mark.parametrize("paper", SHEETS)
def test_no_sheet_names_repealed_law(paper: str) -> None:
    assert not [law for law in ("61/2018", "01/2018", "42/2022") if law in WORDS[paper]]


def test_what_is_not_known_of_a_layout_is_kept_as_data_and_not_printed() -> None:
    assert "chưa xác minh" in kind("mau_05").certainty
    assert squeezed("chưa xác minh") not in WORDS["mau_05"]
    assert all(kind(paper).certainty for paper in SHEETS)


def test_the_receipt_shows_who_authorised_the_filer_and_by_which_paper() -> None:
    other = Person("Hoàng Văn Thử", "004088000002", "Xóm Nà Thử, xã Mẫu", "0912 000 002", "thu@example.vn")
    words = pdf_text(sheet(replace(RECEIPT, authoriser=other, authorisation_vi="Giấy ủy quyền số 15/2026")))
    for part in (
        "HOÀNG VĂN THỬ",
        other.number,
        other.address,
        other.phone,
        other.email,
        "Giấy tờ ủy quyền: Giấy ủy quyền số 15/2026",
    ):
        assert squeezed(part) in words
    assert squeezed("Nộp theo ủy quyền") not in WORDS["mau_01"]


def test_the_receipt_leads_with_the_official_code_and_keeps_the_provisional_one() -> None:
    words = pdf_text(sheet(replace(RECEIPT, official_code=OFFICIAL)))
    assert words.index(squeezed(f"Mã hồ sơ: {OFFICIAL}")) < words.index(squeezed(f"Mã tạm: {CODE}"))
    assert squeezed("sẽ thay bằng mã chính thức") in WORDS["mau_01"]


def test_the_qr_on_the_receipt_is_read_back_as_its_address() -> None:
    page = pages(*sheet_data(RECEIPT), ppi=150)[0]
    assert [code.text for code in zxingcpp.read_barcodes(page)] == [receipt_address(RECEIPT)]


def test_a_sheet_is_refused_where_its_slip_is() -> None:
    for facts, code in (
        (replace(RECEIPT, provisional_code=""), "wrong_code"),
        (replace(SUPPLEMENT, wanted=()), "nothing_listed"),
        (replace(REFUSAL, reason_vi=""), "nothing_listed"),
        (replace(APOLOGY, new_due=APOLOGY.due), "new_due_not_later"),
        (replace(STOP, case=replace(CASE, code="中")), "wrong_code"),
    ):
        with pytest.raises(PaperError, match=code):
            sheet(facts)


def test_the_control_slip_has_a_row_for_every_step() -> None:
    words = pdf_text(sheet(replace(CONTROL, steps=[STEP] * 4)))
    assert words.count("1.Giao:") == words.count("2.Nhận:") == words.count("Ngườigiao:") == 4


def test_the_register_repeats_its_heading_and_numbers_its_pages() -> None:
    pdf = read_pdf(sheet(replace(REGISTER, rows=[replace(ROW, due=None, returned=None)] * 60)))
    texts = [page_text(pdf, page) for page in pdf.pages()]
    assert len(texts) > 2
    assert all("MãhồsơTênTTHC" in text for text in texts)
    assert f"Gồm{len(texts)}trang" in texts[0]
    assert [text.startswith(str(number)) for number, text in enumerate(texts[1:], 2)] == [True] * (len(texts) - 1)
    assert b"/MediaBox[0 0 841.8898 595.2756]" in pdf.pages()[0], "it lies on its side"


def test_an_office_without_a_centre_ends_its_numbers_in_its_own_way() -> None:
    head = replace(HEAD, number="", office=replace(OFFICE, mark="BPTNTKQ"))
    assert squeezed("Số: ……/PTC-BPTNTKQ") in pdf_text(sheet(replace(REFUSAL, head=head)))
