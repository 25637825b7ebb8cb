"""The content of printed papers as data: what stands on them, line by line, never how a printer draws it.

``kiosk_slip`` is the note a citizen takes away after filing (phiếu ghi nhận): before an official has accepted, so it is not a
receipt, promises no due date, and says both. ``mau_01`` is the receipt and appointment (Giấy tiếp nhận hồ sơ và hẹn trả kết
quả, TT 03/2025/TT-VPCP) on slip paper, with every field such a slip must keep. A QR holds the tracking address made of code and
key, nothing about a person; of a personal number only the last four digits are printed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from urllib.parse import quote

from forms.calendar import VIETNAM, WEEKDAYS_VI
from forms.codes import check_code
from forms.text import nfc, unprintable

Size = Literal["small", "normal", "large", "huge"]
Align = Literal["left", "center", "right"]


@dataclass(frozen=True, slots=True)
class Line:
    """One paragraph; the renderer wraps it."""

    text: str
    size: Size = "normal"
    bold: bool = False
    align: Align = "left"


@dataclass(frozen=True, slots=True)
class Pair:
    """A labelled value."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across the paper."""


@dataclass(frozen=True, slots=True)
class QrBlock:
    data: str
    caption: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Empty paper, in millimetres."""

    mm: int


@dataclass(frozen=True, slots=True)
class Signatures:
    """Titles of the two signature fields, side by side, with room to sign."""

    left: str
    right: str


Block = Line | Pair | Rule | QrBlock | Gap | Signatures
PaperContent = tuple[Block, ...]

FADES_VI: Final = "Giấy in nhiệt phai sau vài tháng. Bà con có thể xin in lại."
NOT_A_FEE_RECEIPT_VI: Final = "Không thay biên lai thu phí, lệ phí."

_CODE_MAX: Final = 35
"""Most signs of an official code whose shape is not known here."""


class PaperError(Exception):
    """A paper that may not be printed so: ``code`` is ``wrong_code`` (not a code this paper carries) or ``due_before_receipt``."""

    def __init__(self, code: str, message_vi: str) -> None:
        super().__init__(f"{code}: {message_vi}")
        self.code = code
        self.message_vi = message_vi


@dataclass(frozen=True, slots=True)
class Office:
    """Whose paper it is: the agency («Ủy ban nhân dân xã …»), its centre, and the number to call ('' when none is set)."""

    agency_vi: str
    centre_vi: str
    hotline: str


@dataclass(frozen=True, slots=True)
class PaperItem:
    """A paper of the dossier as printed: name, «bản chính»/«bản sao», how many, whether it is only shown, and what an official
    may look up instead ('' when nothing)."""

    name_vi: str
    form_vi: str
    quantity: int
    shown_only: bool = False
    replaced_by_vi: str = ""

    def text(self) -> str:
        shown = ", xuất trình" if self.shown_only else ""
        instead = f" (không cần nếu tra được {self.replaced_by_vi})" if self.replaced_by_vi else ""
        return f"{self.name_vi} ({self.form_vi}: {self.quantity:02d}{shown}){instead}"


@dataclass(frozen=True, slots=True)
class SlipFacts:
    """What the kiosk's slip says. ``filed`` has a time zone; ``filer_number`` may be ''."""

    office: Office
    kiosk_vi: str
    code: str
    key: str
    tracking_base: str
    """Address of the province's service, e.g. ``https://dichvucong.example``."""
    filer_name: str
    filer_number: str
    procedure_vi: str
    procedure_code: str
    papers: Sequence[PaperItem]
    """Papers to bring to the counter."""
    filed: datetime


@dataclass(frozen=True, slots=True)
class ReceiptFacts:
    """What Mẫu 01 says. ``official_code`` is '' while only the provisional one exists; times have a time zone."""

    office: Office
    provisional_code: str
    official_code: str
    key: str
    tracking_base: str
    filer_name: str
    filer_number: str
    request_vi: str
    """Nội dung yêu cầu giải quyết."""
    procedure_code: str
    papers: Sequence[PaperItem | str]
    """Papers handed in; as text when they come from a frozen receipt."""
    sets: int
    duration_vi: str
    received: datetime
    due: datetime
    return_place_vi: str
    fee_vi: str
    fee_paid: bool | None
    """``None`` when there is nothing to pay."""
    officer_vi: str
    authorised_by: str = ""
    """Name of the person who authorised the filer, '' when filing for oneself."""
    place_vi: str = ""
    """Where the paper is made, for the date line."""


def tracking_url(base: str, code: str, key: str) -> str:
    """Address of the tracking page: dossier code and random key, nothing else."""
    return f"{base.rstrip('/')}/h/{quote(code, safe='')}?k={quote(key, safe='')}"


def moment_vi(moment: datetime) -> str:
    """Hour, minute and date as official papers write them, Vietnam time: «08 giờ 05 phút, ngày 24 tháng 11 năm 2026»."""
    at = _local(moment)
    return f"{at:%H} giờ {at:%M} phút, ngày {at:%d} tháng {at:%m} năm {at:%Y}"


def _local(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment on a paper needs a time zone")
    return moment.astimezone(VIETNAM)


def kiosk_slip(facts: SlipFacts) -> PaperContent:
    """The slip after filing at the kiosk.

    Raises:
        PaperError: ``wrong_code`` when the code is not a sound provisional code.
    """
    if check_code(facts.code).kind != "provisional" or not check_code(facts.code).valid:
        raise PaperError("wrong_code", "Phiếu ghi nhận chỉ in mã tạm đúng.")
    return tuple(_slip(facts))


def _slip(facts: SlipFacts) -> Iterator[Block]:
    yield from _head(facts.office)
    yield Line("PHIẾU GHI NHẬN NỘP HỒ SƠ TẠI KIOSK", "large", bold=True, align="center")
    yield Line("Chưa phải giấy tiếp nhận hồ sơ", bold=True, align="center")
    yield Rule()
    yield Line("Mã tạm", "small", align="center")
    yield Line(facts.code, "large", bold=True, align="center")
    yield QrBlock(tracking_url(facts.tracking_base, facts.code, facts.key), "Quét mã để xem hồ sơ đến đâu")
    yield Rule()
    yield from _filer(facts.filer_name, facts.filer_number)
    yield Pair("Thủ tục", f"{nfc(facts.procedure_vi)} ({facts.procedure_code})")
    yield Pair("Nộp lúc", moment_vi(facts.filed))
    yield Pair("Tại", facts.kiosk_vi)
    yield Rule()
    yield Line("Giấy tờ mang đến quầy", bold=True)
    yield from _numbered(facts.papers, empty="Không cần giấy tờ nào thêm.")
    yield Rule()
    yield Line("Việc tiếp theo", bold=True)
    yield Line("1. Bà con mang phiếu này và giấy tờ trên đến quầy.")
    yield Line("2. Cán bộ xem hồ sơ, bà con ký tờ khai.")
    yield Line("3. Hồ sơ đủ thì cán bộ đưa giấy tiếp nhận, có ghi ngày hẹn trả.")
    yield from _hotline(facts.office)
    yield Gap(2)
    yield Line("Phiếu này chưa phải giấy tiếp nhận. Chưa có hẹn trả kết quả.", "small")
    yield Line(FADES_VI, "small")


def mau_01(facts: ReceiptFacts) -> PaperContent:
    """Mẫu 01 in slip form, issued when an official accepts. An official code is printed as the province gave it.

    Raises:
        PaperError: ``wrong_code``; ``due_before_receipt``.
    """
    own = check_code(facts.provisional_code)
    if facts.provisional_code and (own.kind != "provisional" or not own.valid):
        raise PaperError("wrong_code", f"Mã hồ sơ «{facts.provisional_code}» không đúng dạng.")
    if not _prints_as_code(facts.official_code):
        raise PaperError("wrong_code", "Mã hồ sơ của tỉnh quá dài hoặc có chữ máy không in được.")
    if not facts.provisional_code and not facts.official_code:
        raise PaperError("wrong_code", "Giấy tiếp nhận phải có mã hồ sơ.")
    if _local(facts.due) < _local(facts.received):
        raise PaperError("due_before_receipt", "Ngày hẹn trả không thể trước ngày nhận.")
    return tuple(_receipt(facts))


def _prints_as_code(code: str) -> bool:
    """Whether an official code can stand on paper: whatever its shape, short enough and of signs a printer has."""
    return (len(code) <= _CODE_MAX and not unprintable(code)) or check_code(code).valid


def _receipt(facts: ReceiptFacts) -> Iterator[Block]:
    yield Line("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "small", bold=True, align="center")
    yield Line("Độc lập - Tự do - Hạnh phúc", "small", bold=True, align="center")
    yield Gap(1)
    yield from _head(facts.office)
    yield Line("GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ", "large", bold=True, align="center")
    yield Line("(Mẫu số 01, Thông tư số 03/2025/TT-VPCP)", "small", align="center")
    yield Rule()
    yield from _codes(facts)
    yield Rule()
    yield Line("Tiếp nhận hồ sơ của Ông (Bà):", "small")
    yield from _filer(facts.filer_name, facts.filer_number)
    if facts.authorised_by:
        yield Pair("Nộp thay cho", nfc(facts.authorised_by))
    yield Pair("Nội dung yêu cầu", nfc(facts.request_vi))
    yield Pair("Mã thủ tục", facts.procedure_code)
    yield Line("Thành phần hồ sơ nộp gồm (theo tờ khai, cán bộ đối chiếu):", bold=True)
    yield from _numbered(facts.papers, empty="Biểu mẫu điện tử.")
    yield Pair("Số lượng hồ sơ", f"{facts.sets:02d} bộ")
    yield Rule()
    yield Pair("Thời gian giải quyết", facts.duration_vi)
    yield Pair("Thời gian nhận hồ sơ", moment_vi(facts.received))
    yield Pair("Thời gian trả kết quả", moment_vi(facts.due))
    due = _local(facts.due)
    yield Line(f"Hẹn trả: {WEEKDAYS_VI[due.weekday()]}, {due:%H:%M %d/%m/%Y}", "large", bold=True, align="center")
    yield Pair("Đăng ký nhận kết quả tại", facts.return_place_vi)
    yield Pair("Lệ phí", _fee(facts))
    yield Pair("Người tiếp nhận", nfc(facts.officer_vi))
    yield from _hotline(facts.office)
    yield Rule()
    yield Line(_date_line(facts), "small", align="right")
    yield Signatures("NGƯỜI NỘP HỒ SƠ\n(Ký và ghi rõ họ tên)", "NGƯỜI TIẾP NHẬN HỒ SƠ\n(Ký và ghi rõ họ tên)")
    yield Line("Khi nhận kết quả: mang giấy này và giấy tờ tùy thân; nhận thay thì mang giấy ủy quyền.", "small")
    yield Line(NOT_A_FEE_RECEIPT_VI, "small")
    yield Line(FADES_VI, "small")


def _codes(facts: ReceiptFacts) -> Iterator[Block]:
    code = facts.official_code or facts.provisional_code
    yield Line("Mã hồ sơ" if facts.official_code else "Mã hồ sơ (mã tạm, sẽ thay bằng mã chính thức)", "small", align="center")
    yield Line(code, "large", bold=True, align="center")
    if facts.official_code and facts.provisional_code:
        yield Line(f"Mã tạm: {facts.provisional_code}", "small", align="center")
    tracked = facts.provisional_code or facts.official_code
    yield QrBlock(tracking_url(facts.tracking_base, tracked, facts.key), "Quét mã để xem hồ sơ đến đâu")


def _head(office: Office) -> Iterator[Block]:
    yield Line(nfc(office.agency_vi).upper(), bold=True, align="center")
    yield Line(nfc(office.centre_vi).upper(), "small", align="center")
    yield Gap(2)


def _filer(name: str, number: str) -> Iterator[Block]:
    yield Pair("Người nộp", nfc(name).upper())
    if len(number) > 4:
        yield Pair("Số định danh (4 số cuối)", number[-4:])


def _numbered(papers: Sequence[PaperItem | str], *, empty: str) -> Iterator[Block]:
    if not papers:
        yield Line(empty)
    for number, paper in enumerate(papers, 1):
        yield Line(f"{number}. {paper if isinstance(paper, str) else paper.text()}")


def _hotline(office: Office) -> Iterator[Block]:
    if office.hotline:
        yield Pair("Hỏi đáp, gọi", office.hotline)


def _fee(facts: ReceiptFacts) -> str:
    if facts.fee_paid is None:
        return facts.fee_vi
    return f"{facts.fee_vi} ({'đã nộp' if facts.fee_paid else 'chưa nộp'})"


def _date_line(facts: ReceiptFacts) -> str:
    at = _local(facts.received)
    day = f"ngày {at:%d} tháng {at:%m} năm {at:%Y}"
    line = f"{facts.place_vi}, {day}" if facts.place_vi else day
    return line[0].upper() + line[1:]
