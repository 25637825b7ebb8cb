"""Invented people and offices on every paper: plain ones, and the longest that may come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from forms.codes import provisional_code
from forms.deadlines.calendar import VIETNAM
from forms.papers import (
    ApologyFacts,
    Case,
    ControlFacts,
    Declaration,
    HandOver,
    Letterhead,
    Office,
    PaperItem,
    PaperState,
    Person,
    ReceiptFacts,
    RefusalFacts,
    RegisterFacts,
    RegisterRow,
    SlipFacts,
    StopFacts,
    SupplementFacts,
    kind,
)
from forms.papers.kinds import kinds
from forms.papers.sheets import SheetFacts

FILED = datetime(2026, 11, 23, 8, 5, tzinfo=VIETNAM)
CODE = provisional_code("K01", FILED.date(), 7)
OFFICIAL = "H14.40-261123-0007"
NUMBER = "004190000001"
OFFICE = Office("Ủy ban nhân dân xã Mẫu", "Trung tâm Phục vụ hành chính công", "0206 000 0000")
HEAD = Letterhead(OFFICE, "12", "Xã Mẫu", FILED)
PERSON = Person("Nông Thị Mẫu", NUMBER, "Xóm Nà Mẫu, xã Mẫu, tỉnh Cao Bằng", "0912 000 001", "mau@example.vn")
CASE = Case(PERSON, "Thủ tục đăng ký khai sinh", OFFICIAL, "000820c20a1g7", "https://dvc.example/")
PAPERS = (
    PaperItem("Giấy chứng sinh", "bản chính", 1),
    PaperItem("Giấy tờ tùy thân của người yêu cầu", "bản chính", 1, shown_only=True),
)

SLIP = SlipFacts(
    office=OFFICE,
    kiosk_vi="Máy số 1",
    code=CODE,
    key="000820c20a1g7",
    tracking_base="https://dvc.example/",
    filer_name="Nông Thị Mẫu",
    filer_number=NUMBER,
    procedure_vi="Thủ tục đăng ký khai sinh",
    procedure_code="1.001193",
    papers=PAPERS,
    filed=FILED,
)
RECEIPT = ReceiptFacts(
    office=OFFICE,
    provisional_code=CODE,
    official_code="",
    key="000820c20a1g7",
    tracking_base="https://dvc.example",
    filer_name="Nông Thị Mẫu",
    filer_number=NUMBER,
    request_vi="Thủ tục đăng ký khai sinh",
    procedure_code="1.001193",
    papers=PAPERS,
    sets=1,
    duration_vi="Trong ngày làm việc",
    received=FILED,
    due=datetime(2026, 11, 23, 17, 0, tzinfo=VIETNAM),
    return_place_vi="Ủy ban nhân dân xã Mẫu",
    fee_vi="Miễn lệ phí",
    fee_paid=None,
    officer_vi="Bế Văn Cán",
    place_vi="Xã Mẫu",
    filer_address=PERSON.address,
    filer_phone=PERSON.phone,
)
SUPPLEMENT = SupplementFacts(
    head=HEAD,
    case=CASE,
    wanted=("Giấy chứng sinh: nộp bản chính", "Tờ khai: ghi lại ngày sinh của người mẹ"),
    reason_vi="Hồ sơ thiếu Giấy chứng sinh theo Điều 16 Luật Hộ tịch",
    contact_vi="Bà Bế Thị Cán",
    contact_phone="0206 000 0000",
    officer_vi="Bế Thị Cán",
)
REFUSAL = RefusalFacts(HEAD, CASE, "Việc này thuộc thẩm quyền của Công an xã.", "Bế Thị Cán")
APOLOGY = ApologyFacts(
    head=HEAD,
    case=CASE,
    received=FILED,
    due=datetime(2026, 11, 26, 17, 0, tzinfo=VIETNAM),
    new_due=datetime(2026, 11, 30, 17, 0, tzinfo=VIETNAM),
    reason_vi="Cần xác minh ở nơi đăng ký trước đây",
    signer_vi="Lục Văn Trưởng",
)
STOP = StopFacts(
    head=HEAD,
    case=CASE,
    received=FILED,
    stopped=FILED + timedelta(days=2),
    asked=FILED + timedelta(days=1),
    reason_vi="",
    returned=("Giấy chứng sinh (bản chính: 01)", "Lệ phí 8.000 đồng"),
    signer_vi="Lục Văn Trưởng",
)
STEP = HandOver("Bộ phận tiếp nhận", "Bế Thị Cán", "Công chức tư pháp – hộ tịch", "Lục Văn Hộ", FILED, "đúng hạn")
CONTROL = ControlFacts(HEAD, OFFICIAL, "Công chức tư pháp – hộ tịch", "", FILED, RECEIPT.due, (STEP,))
ROW = RegisterRow(
    OFFICIAL,
    "Thủ tục đăng ký khai sinh",
    "Nông Thị Mẫu",
    "Xóm Nà Mẫu, xã Mẫu; 0912 000 001",
    "UBND xã Mẫu",
    FILED,
    RECEIPT.due,
    RECEIPT.due,
    "Tại Trung tâm",
)
REGISTER = RegisterFacts(HEAD, "Từ ngày 01/11/2026 đến ngày 30/11/2026", (ROW,))

SHEETS: Mapping[str, SheetFacts] = {
    "mau_01": RECEIPT,
    "mau_02": SUPPLEMENT,
    "mau_03": REFUSAL,
    "mau_04": APOLOGY,
    "mau_05": STOP,
    "mau_06": CONTROL,
    "mau_07": REGISTER,
}

# --- the longest that may come

LONG_NAME = "Nguyễn Hoàng Thị Phương Nghiêng Thượng Khuyến Trường Nghuệch Mẫu"
LONG_ADDRESS = (
    "Số nhà 123/45/67, ngõ Đường Nghuyễn Trường Thượng, xóm Nà Khuổi Nghiêng Phja Oắc, tổ dân phố số 10 phường Nùng Trí Cao "
    "(trước đây là xóm Lũng Ngườm, xã Trường Hà, huyện Hà Quảng), tỉnh Cao Bằng, Việt Nam"
)
LONG_PERSON = Person(
    LONG_NAME, NUMBER, LONG_ADDRESS, "0912 000 001", "mot.dia.chi.thu.dien.tu.rat.dai.cua.ba.con@tinh-cao-bang.example.vn"
)
LONG_CASE = replace(
    CASE,
    person=LONG_PERSON,
    procedure_vi="Thủ tục đăng ký lại khai sinh có yếu tố nước ngoài kết hợp nhận cha, mẹ, con và thay đổi, cải chính, bổ sung "
    "thông tin hộ tịch, xác định lại dân tộc cho người đã có hồ sơ, giấy tờ cá nhân tại khu vực biên giới",
    code="A1B2C3.D4E5F6.A1B2C3.D4E5F6-20261123-000007",
)
LONG_OFFICE = Office(
    "Ủy ban nhân dân phường Nùng Trí Cao",
    "Trung tâm Phục vụ hành chính công phường Nùng Trí Cao, tỉnh Cao Bằng",
    "0206 3000 000",
)
LONG_HEAD = replace(HEAD, office=LONG_OFFICE, number="", place_vi="Phường Nùng Trí Cao")
MANY_PAPERS = tuple(
    f"Văn bản ủy quyền có chứng thực thứ {place} của người yêu cầu, trừ khi người được ủy quyền là ông, bà, cha, mẹ (bản chính: 01)"
    for place in range(1, 21)
)
LONG_REASON = "Hồ sơ cần xác minh lại ở nơi cư trú cũ vì sổ hộ tịch đã chuyển về tỉnh sau khi sắp xếp đơn vị hành chính. " * 5

LONG_SHEETS: Mapping[str, SheetFacts] = {
    "mau_01": replace(
        RECEIPT,
        office=LONG_OFFICE,
        official_code=LONG_CASE.code,
        filer_name=LONG_NAME,
        filer_address=LONG_ADDRESS,
        filer_email=LONG_PERSON.email,
        authoriser=LONG_PERSON,
        authorisation_vi="Văn bản ủy quyền số 15/2026 chứng thực tại Ủy ban nhân dân xã Mẫu ngày 20/11/2026",
        request_vi=LONG_CASE.procedure_vi,
        papers=MANY_PAPERS,
        number="1234",
        book="01/2026",
        book_entry="1234",
    ),
    "mau_02": replace(
        SUPPLEMENT, head=LONG_HEAD, case=LONG_CASE, wanted=MANY_PAPERS, reason_vi=LONG_REASON, contact_vi="", contact_phone=""
    ),
    "mau_03": replace(REFUSAL, head=LONG_HEAD, case=LONG_CASE, reason_vi=LONG_REASON),
    "mau_04": replace(APOLOGY, head=LONG_HEAD, case=LONG_CASE, reason_vi=LONG_REASON),
    "mau_05": replace(STOP, head=LONG_HEAD, case=LONG_CASE, asked=None, reason_vi=LONG_REASON, returned=MANY_PAPERS),
    "mau_06": replace(
        CONTROL, head=LONG_HEAD, code=LONG_CASE.code, steps=(STEP, replace(STEP, outcome_vi="", note_vi=LONG_ADDRESS)) * 10
    ),
    "mau_07": replace(
        REGISTER,
        head=LONG_HEAD,
        rows=(
            ROW,
            replace(
                ROW,
                code=LONG_CASE.code,
                procedure_vi=LONG_CASE.procedure_vi,
                person_vi=LONG_NAME,
                contact_vi=LONG_ADDRESS,
                returned=None,
            ),
        )
        * 20,
    ),
}

# --- declarations

_CARD = "Căn cước công dân số 004190000001 do Cục Cảnh sát quản lý hành chính về trật tự xã hội cấp ngày 15/04/2021"
_TEXTS: Mapping[str, str] = {
    "name": "Nông Thị Mẫu",
    "dob": "01/02/1990",
    "residence": "Xóm Nà Mẫu, xã Mẫu, tỉnh Cao Bằng",
    "id": _CARD,
    "relation": "Mẹ",
    "ethnic": "Tày",
    "nation": "Việt Nam",
    "sex": "Nữ",
    "date": "23/11/2026",
    "place": "Xã Mẫu",
    "number": NUMBER,
    "phone": "0912000001",
    "email": "mau@example.vn",
}
_SPECIAL: Mapping[str, Any] = {
    "child_name": "Hoàng Văn Bé",
    "child_dob": "15/11/2026",
    "child_dob_words": "Ngày mười lăm, tháng mười một, năm hai nghìn không trăm hai mươi sáu",
    "child_sex": "Nam",
    "child_birthplace": "Trạm y tế xã Mẫu, tỉnh Cao Bằng",
    "child_origin": "Xã Mẫu, tỉnh Cao Bằng",
    "father_name": "Hoàng Văn Thử",
    "father_dob": "1988",
    "father_ethnic": "Nùng",
    "mc_no": "12",
    "mc_book": "01/2020",
    "mc_date": "20/10/2020",
    "mc_place": "Ủy ban nhân dân xã Mẫu, tỉnh Cao Bằng",
    "want_copy": "Có",
    "copy_count": "2",
    "dec_name": "Nông Văn Cụ",
    "dec_sex": "Nam",
    "dec_dob": "1941",
    "dec_last_residence": "Xóm Nà Mẫu, xã Mẫu, tỉnh Cao Bằng",
    "dec_time": "08 giờ 30 phút",
    "dec_date": "20/11/2026",
    "dec_place": "Xóm Nà Mẫu, xã Mẫu, tỉnh Cao Bằng",
    "dec_cause": "Tuổi già",
    "notice_no": "05/GBT",
    "notice_by": "Trạm y tế xã Mẫu",
    "notice_date": "21/11/2026",
    "m_name": "Hoàng Văn Thử",
    "m_dob": "05/06/1988",
    "f_times": "Lần thứ nhất",
    "m_times": "Lần thứ hai",
    "f_marital": "Chưa đăng ký kết hôn với ai",
    "m_marital": "Đã ly hôn",
    "s_status": "Hiện tại chưa đăng ký kết hôn với ai",
    "s_period_place": "xã Mẫu, huyện Thử, tỉnh Cao Bằng",
    "s_period_from": "01/01/2015",
    "s_period_to": "01/01/2020",
    "s_purpose": "Để kết hôn với ông Hoàng Văn Thử, sinh ngày 05/06/1988, số định danh 004088000002, tại Ủy ban nhân dân xã Mẫu",
    "qty": "2",
    "event": "khai sinh",
    "reg_place": "Ủy ban nhân dân xã Vĩnh Quang, thành phố Cao Bằng (nay là phường Thục Phán)",
    "reg_date": "03/1990",
    "reg_no": "15",
    "reg_book": "01/1990",
    "id": NUMBER,
    "need_photocopy": "Không",
    "items": [
        {"kind": "Bằng tốt nghiệp trung học phổ thông", "name": "Nông Thị Mẫu", "pages": "2", "copies": "3"},
        {"kind": "Giấy khai sinh", "name": "Hoàng Văn Bé", "pages": "1", "copies": "2"},
    ],
    "kind": "hưởng trợ cấp",
    "p_id": NUMBER,
    "p_contact": "Nhà con trai, xóm Nà Thử, xã Mẫu",
    "p_poverty": "Hộ cận nghèo",
    "p_payplace": "Bưu điện văn hóa xã Mẫu",
    "p_bank": "Nông Thị Mẫu, 0000 0000 0001, Ngân hàng Mẫu",
    "p_change": "Không",
    "p_benefits": [{"kind": "Trợ cấp ưu đãi người có công", "amount": "540000", "since": "07/2026"}],
    "g_name": "Hoàng Văn Thử",
    "g_id": "004088000002",
    "n1": "Nông Thị Mẫu",
    "n2": "01/02/1990",
    "n3": "Nữ",
    "n4": NUMBER,
    "n5": "0912000001",
    "n6": "mau@example.vn",
    "n7": "Nông Văn Chủ",
    "n8": "Con",
    "n9": "004065000003",
    "n10": "Đăng ký tạm trú tại xóm Nà Mẫu, xã Mẫu, tỉnh Cao Bằng",
    "n11": [{"name": "Hoàng Văn Bé", "dob": "15/11/2026", "sex": "Nam", "number": "004226000004", "relation": "Cháu"}],
    "req_for": "Người nhà",
    "owner_name": "Nông Văn Cụ",
    "request": "Tôi xin làm lại giấy tờ đã mất trong đợt lũ tháng 9 năm 2026.",
    "return_way": "Nhận ở đây",
    "return_address": "Xóm Nà Mẫu, xã Mẫu",
    "other_papers": "Giấy ra viện",
    "subject_name": "Nông Văn Cụ",
    "req_relation": "Mẹ",
}
_LONG: Mapping[str, str] = {
    "name": LONG_NAME,
    "residence": LONG_ADDRESS,
    "birthplace": f"Bệnh viện Đa khoa tỉnh Cao Bằng, {LONG_ADDRESS}",
    "origin": LONG_ADDRESS,
    "place": "Phường Nùng Trí Cao",
    "contact": LONG_ADDRESS,
    "payplace": LONG_ADDRESS,
    "bank": f"{LONG_NAME}, 0000 0000 0000 0001, Ngân hàng Nông nghiệp và Phát triển nông thôn Mẫu",
    "cause": LONG_REASON[:300],
    "purpose": LONG_REASON,
    "status": LONG_REASON[:300],
    "id": f"Giấy tờ khác có ảnh do {LONG_ADDRESS} cấp ngày 15/04/2021",
    "relation": "Người giám hộ được cử theo quyết định của Ủy ban nhân dân xã Mẫu",
    "request": LONG_REASON,
    "papers": LONG_ADDRESS,
    "address": LONG_ADDRESS,
    "change": LONG_REASON,
    "n1": LONG_NAME,
    "n7": LONG_NAME,
    "n8": "Người ở nhờ, thuê, mượn nhà của chủ hộ",
    "n10": LONG_REASON,
    "kind": "thay đổi thông tin người nhận thay và nơi nhận",
}

ADDRESSEES = {"ct01": "Công an xã Mẫu"}
DECLARATIONS = tuple(paper.id for paper in kinds().values() if paper.fields)


def _text(key: str) -> Any:
    return _SPECIAL.get(key) or _TEXTS.get(key.rsplit("_", 1)[-1], f"Mục {key}")


def _long(key: str) -> Any:
    return _LONG.get(key) or _LONG.get(key.rsplit("_", 1)[-1]) or _text(key)


def filled(paper: str) -> Declaration:
    """A declaration with every field of its paper answered."""
    found = kind(paper)
    values: dict[str, Any] = {key: _text(key) for key in (*found.fields, *found.tables)}
    handed = (PaperState("Giấy chứng nhận hộ nghèo", "Nộp tại quầy"), PaperState("Giấy ra viện", "Chưa có"))
    return Declaration(paper, ADDRESSEES.get(paper, "Ủy ban nhân dân xã Mẫu"), values, FILED, CODE, "Thủ tục mẫu", handed)


def longest(paper: str) -> Declaration:
    """The longest answers, and twenty rows in every table."""
    found = kind(paper)
    rows = {table: [{column: _long(column) for column in columns}] * 20 for table, columns in found.tables.items()}
    values: dict[str, Any] = {**{key: _long(key) for key in found.fields}, **rows}
    handed = (PaperState(LONG_ADDRESS, "Chưa có"),) * 20
    return Declaration(paper, "Ủy ban nhân dân phường Nùng Trí Cao", values, FILED, CODE, LONG_CASE.procedure_vi, handed)


def empty(paper: str) -> Declaration:
    """Nothing answered: a sheet to be filled with a pen."""
    return Declaration(paper, "", {}, FILED)
