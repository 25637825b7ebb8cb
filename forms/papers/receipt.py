"""Mẫu 01 in slip form: the receipt and appointment (Giấy tiếp nhận hồ sơ và hẹn trả kết quả), issued when an official accepts.

It keeps every field such a slip must keep; address, e-mail and the full number stand on the A4 sheet only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from forms.codes import check_code
from forms.deadlines.calendar import WEEKDAYS_VI
from forms.papers import parts
from forms.papers.content import Block, Line, Pair, PaperContent, PaperError, QrBlock, Rule, Signatures
from forms.papers.facts import ReceiptFacts
from forms.papers.wording import date_line, local, moment_vi, require_code, tracking_url
from forms.text import nfc

NOT_A_FEE_RECEIPT_VI: Final = "Không thay biên lai thu phí, lệ phí."
BRING_VI: Final = "Khi nhận kết quả: mang giấy này và giấy tờ tùy thân; nhận thay thì mang giấy ủy quyền."


def mau_01(facts: ReceiptFacts) -> PaperContent:
    """Mẫu 01 as a slip. An official code is printed as the province gave it.

    Raises:
        PaperError: ``wrong_code``; ``due_before_receipt``.
    """
    check_receipt(facts)
    return tuple(_blocks(facts))


def check_receipt(facts: ReceiptFacts) -> None:
    """Refuse a receipt without a sound code or with a due time before its own.

    Raises:
        PaperError: ``wrong_code``; ``due_before_receipt``.
    """
    own = check_code(facts.provisional_code)
    if facts.provisional_code and (own.kind != "provisional" or not own.valid):
        raise PaperError("wrong_code", f"Mã hồ sơ «{facts.provisional_code}» không đúng dạng.")
    require_code(facts.official_code)
    if not facts.provisional_code and not facts.official_code:
        raise PaperError("wrong_code", "Giấy tiếp nhận phải có mã hồ sơ.")
    if local(facts.due) < local(facts.received):
        raise PaperError("due_before_receipt", "Ngày hẹn trả không thể trước ngày nhận.")


def _blocks(facts: ReceiptFacts) -> Iterator[Block]:
    yield from parts.national()
    yield from parts.head(facts.office)
    yield from parts.title("mau_01")
    yield Rule()
    yield from _codes(facts)
    yield Rule()
    yield Line("Tiếp nhận hồ sơ của Ông (Bà):", "small")
    yield from parts.filer(facts.filer_name, facts.filer_number)
    if facts.authoriser is not None:
        yield Pair("Nộp thay cho", nfc(facts.authoriser.name))
    yield Pair("Nội dung yêu cầu", nfc(facts.request_vi))
    yield Pair("Mã thủ tục", facts.procedure_code)
    yield Line("Thành phần hồ sơ nộp gồm (theo tờ khai, cán bộ đối chiếu):", bold=True)
    yield from parts.numbered(facts.papers, empty="Biểu mẫu điện tử.")
    yield Pair("Số lượng hồ sơ", f"{facts.sets:02d} bộ")
    yield Rule()
    yield Pair("Thời gian giải quyết", facts.duration_vi)
    yield Pair("Thời gian nhận hồ sơ", moment_vi(facts.received))
    yield Pair("Thời gian trả kết quả", moment_vi(facts.due))
    yield Line(f"Hẹn trả: {_appointment(facts)}", "large", bold=True, align="center")
    yield Pair("Đăng ký nhận kết quả tại", facts.return_place_vi)
    yield Pair("Lệ phí", fee_line(facts))
    yield Pair("Người tiếp nhận", nfc(facts.officer_vi))
    yield from parts.hotline(facts.office)
    yield Rule()
    yield Line(date_line(facts.place_vi, facts.received), "small", align="right")
    yield Signatures(f"NGƯỜI NỘP HỒ SƠ\n{parts.SIGN_VI}", f"NGƯỜI TIẾP NHẬN HỒ SƠ\n{parts.SIGN_VI}")
    yield Line(BRING_VI, "small")
    yield Line(NOT_A_FEE_RECEIPT_VI, "small")
    yield Line(parts.FADES_VI, "small")


def _codes(facts: ReceiptFacts) -> Iterator[Block]:
    code = facts.official_code or facts.provisional_code
    yield Line("Mã hồ sơ" if facts.official_code else "Mã hồ sơ (mã tạm, sẽ thay bằng mã chính thức)", "small", align="center")
    yield Line(code, "large", bold=True, align="center")
    if facts.official_code and facts.provisional_code:
        yield Line(f"Mã tạm: {facts.provisional_code}", "small", align="center")
    yield QrBlock(receipt_address(facts), "Quét mã để xem hồ sơ đến đâu")


def receipt_address(facts: ReceiptFacts) -> str:
    """Tracking address of the receipt: the provisional code where there is one, so that the first slip's address goes on."""
    return tracking_url(facts.tracking_base, facts.provisional_code or facts.official_code, facts.key)


def _appointment(facts: ReceiptFacts) -> str:
    due = local(facts.due)
    return f"{WEEKDAYS_VI[due.weekday()]}, {due:%H:%M %d/%m/%Y}"


def fee_line(facts: ReceiptFacts) -> str:
    """The fee and whether it is paid."""
    if facts.fee_paid is None:
        return facts.fee_vi
    return f"{facts.fee_vi} ({'đã nộp' if facts.fee_paid else 'chưa nộp'})"
