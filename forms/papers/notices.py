"""Mẫu 02 to 05 in slip form: what is missing, why a dossier is not taken, an apology with the new day, and the end of work.

A notice names the person and the last four digits of the number; the rest stands on the A4 sheet. Each is refused when it would
say nothing: a supplement without a list, a refusal or stop without a reason, an apology whose new day is not later.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from forms.papers import parts
from forms.papers.content import Block, Line, Pair, PaperContent, PaperError, Rule
from forms.papers.facts import ApologyFacts, RefusalFacts, StopFacts, SupplementFacts
from forms.papers.wording import day_vi, local, moment_vi, require_code
from forms.text import nfc

ONCE_VI: Final = "Bà con bổ sung một lần cho đủ các nội dung trên."
SORRY_VI: Final = "Cơ quan xin lỗi Ông/Bà vì chậm trả kết quả và mong Ông/Bà thông cảm."


def mau_02(facts: SupplementFacts) -> PaperContent:
    """Mẫu 02 (Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ).

    Raises:
        PaperError: ``nothing_listed``; ``wrong_code``.
    """
    check_supplement(facts)
    return tuple(_supplement(facts))


def check_supplement(facts: SupplementFacts) -> None:
    """Raises: PaperError: ``nothing_listed``; ``wrong_code``."""
    require_code(facts.case.code)
    if not facts.wanted:
        raise PaperError("nothing_listed", "Phiếu yêu cầu bổ sung phải ghi đủ nội dung cần bổ sung.", "Cán bộ ghi từng nội dung.")


def _supplement(facts: SupplementFacts) -> Iterator[Block]:
    yield from parts.notice_head("mau_02", facts.head)
    yield from parts.case(facts.case)
    yield Rule()
    yield Line("Yêu cầu hoàn thiện hồ sơ gồm những nội dung sau:", bold=True)
    yield from parts.numbered(facts.wanted, empty="")
    yield Pair("Lý do", nfc(facts.reason_vi))
    yield Line(ONCE_VI)
    if facts.contact_vi or facts.contact_phone:
        yield Pair("Cần hướng dẫn, liên hệ", ", ".join(filter(None, (facts.contact_vi, facts.contact_phone))))
    yield from parts.tracking(facts.case)
    yield from parts.closing(facts.head, "NGƯỜI NỘP HỒ SƠ", "NGƯỜI HƯỚNG DẪN")


def mau_03(facts: RefusalFacts) -> PaperContent:
    """Mẫu 03 (Phiếu từ chối tiếp nhận giải quyết hồ sơ).

    Raises:
        PaperError: ``nothing_listed``; ``wrong_code``.
    """
    check_refusal(facts)
    return tuple(_refusal(facts))


def check_refusal(facts: RefusalFacts) -> None:
    """Raises: PaperError: ``nothing_listed``; ``wrong_code``."""
    require_code(facts.case.code)
    if not nfc(facts.reason_vi):
        raise PaperError("nothing_listed", "Phiếu từ chối phải ghi lý do cụ thể.", "Cán bộ ghi lý do.")


def _refusal(facts: RefusalFacts) -> Iterator[Block]:
    yield from parts.notice_head("mau_03", facts.head)
    yield from parts.case(facts.case)
    yield Rule()
    yield Line("Hồ sơ không được tiếp nhận, giải quyết vì lý do sau:", bold=True)
    yield Line(nfc(facts.reason_vi))
    yield Pair("Người tiếp nhận", nfc(facts.officer_vi))
    yield from parts.closing(facts.head, "NGƯỜI NỘP HỒ SƠ", "NGƯỜI TIẾP NHẬN HỒ SƠ")


def mau_04(facts: ApologyFacts) -> PaperContent:
    """Mẫu 04 (Phiếu xin lỗi và đề nghị gia hạn thời gian giải quyết).

    Raises:
        PaperError: ``new_due_not_later``; ``nothing_listed``; ``wrong_code``.
    """
    check_apology(facts)
    return tuple(_apology(facts))


def check_apology(facts: ApologyFacts) -> None:
    """Raises: PaperError: ``new_due_not_later``; ``nothing_listed``; ``wrong_code``."""
    require_code(facts.case.code)
    if local(facts.new_due) <= local(facts.due):
        raise PaperError("new_due_not_later", "Ngày hẹn mới phải sau ngày hẹn cũ.", "Cán bộ xem lại ngày hẹn mới.")
    if not nfc(facts.reason_vi):
        raise PaperError("nothing_listed", "Phiếu xin lỗi phải ghi lý do chậm.", "Cán bộ ghi lý do.")


def _apology(facts: ApologyFacts) -> Iterator[Block]:
    yield from parts.notice_head("mau_04", facts.head)
    yield from parts.case(facts.case)
    yield Pair("Ngày tiếp nhận", day_vi(facts.received))
    yield Pair("Hẹn trả ban đầu", moment_vi(facts.due))
    yield Pair("Lý do chậm", nfc(facts.reason_vi))
    yield Line(SORRY_VI)
    new = local(facts.new_due)
    yield Line(f"Hẹn trả mới: {new:%H:%M %d/%m/%Y}", "large", bold=True, align="center")
    yield from parts.tracking(facts.case)
    yield from parts.closing(facts.head, "NGƯỜI NHẬN PHIẾU", "THỦ TRƯỞNG CƠ QUAN, ĐƠN VỊ")


def mau_05(facts: StopFacts) -> PaperContent:
    """Mẫu 05 (Thông báo dừng giải quyết hồ sơ); its layout is inferred (``kinds``: certainty).

    Raises:
        PaperError: ``nothing_listed``; ``wrong_code``.
    """
    check_stop(facts)
    return tuple(_stop(facts))


def check_stop(facts: StopFacts) -> None:
    """Raises: PaperError: ``nothing_listed``; ``wrong_code``."""
    require_code(facts.case.code)
    if facts.asked is None and not nfc(facts.reason_vi):
        raise PaperError("nothing_listed", "Thông báo dừng phải ghi căn cứ.", "Cán bộ ghi lý do dừng.")


def stop_ground(facts: StopFacts) -> str:
    """Why work stops: the person's own wish with its day, else the agency's reason; both where both are known."""
    asked = "" if facts.asked is None else f"Đề nghị dừng giải quyết của người nộp hồ sơ, {day_vi(facts.asked)}"
    return ". ".join(filter(None, (asked, nfc(facts.reason_vi))))


def stop_received(facts: StopFacts) -> str:
    """The day of receipt in words."""
    return "chưa tiếp nhận" if facts.received is None else day_vi(facts.received)


def _stop(facts: StopFacts) -> Iterator[Block]:
    yield from parts.notice_head("mau_05", facts.head)
    yield from parts.case(facts.case)
    yield Pair("Ngày tiếp nhận", stop_received(facts))
    yield Pair("Căn cứ", stop_ground(facts))
    yield Line(f"Dừng giải quyết hồ sơ từ {day_vi(facts.stopped)}.", bold=True)
    yield Line("Giấy tờ, phí trả lại:", bold=True)
    yield from parts.numbered(facts.returned, empty="Không có.")
    yield from parts.closing(facts.head, "NGƯỜI NHẬN THÔNG BÁO", "NGƯỜI CÓ THẨM QUYỀN")
