"""The note a citizen takes away after filing at the kiosk (phiếu ghi nhận).

It is printed before an official has accepted, so it is not a receipt, promises no due date, and says both.
"""

from __future__ import annotations

from collections.abc import Iterator

from forms.codes import check_code
from forms.papers import parts
from forms.papers.content import Block, Gap, Line, Pair, PaperContent, PaperError, QrBlock, Rule
from forms.papers.facts import SlipFacts
from forms.papers.wording import moment_vi, tracking_url
from forms.text import nfc


def kiosk_slip(facts: SlipFacts) -> PaperContent:
    """The slip after filing at the kiosk.

    Raises:
        PaperError: ``wrong_code`` when the code is not a sound provisional code.
    """
    if check_code(facts.code).kind != "provisional" or not check_code(facts.code).valid:
        raise PaperError("wrong_code", "Phiếu ghi nhận chỉ in mã tạm đúng.")
    return tuple(_blocks(facts))


def _blocks(facts: SlipFacts) -> Iterator[Block]:
    yield from parts.head(facts.office)
    yield Line("PHIẾU GHI NHẬN NỘP HỒ SƠ TẠI KIOSK", "large", bold=True, align="center")
    yield Line("Chưa phải giấy tiếp nhận hồ sơ", bold=True, align="center")
    yield Rule()
    yield Line("Mã tạm", "small", align="center")
    yield Line(facts.code, "large", bold=True, align="center")
    yield QrBlock(tracking_url(facts.tracking_base, facts.code, facts.key), "Quét mã để xem hồ sơ đến đâu")
    yield Rule()
    yield from parts.filer(facts.filer_name, facts.filer_number)
    yield Pair("Thủ tục", f"{nfc(facts.procedure_vi)} ({facts.procedure_code})")
    yield Pair("Nộp lúc", moment_vi(facts.filed))
    yield Pair("Tại", facts.kiosk_vi)
    yield Rule()
    yield Line("Giấy tờ mang đến quầy", bold=True)
    yield from parts.numbered(facts.papers, empty="Không cần giấy tờ nào thêm.")
    yield Rule()
    yield Line("Việc tiếp theo", bold=True)
    yield Line("1. Bà con mang phiếu này và giấy tờ trên đến quầy.")
    yield Line("2. Cán bộ xem hồ sơ, bà con ký tờ khai.")
    yield Line("3. Hồ sơ đủ thì cán bộ đưa giấy tiếp nhận, có ghi ngày hẹn trả.")
    yield from parts.hotline(facts.office)
    yield Gap(2)
    yield Line("Phiếu này chưa phải giấy tiếp nhận. Chưa có hẹn trả kết quả.", "small")
    yield Line(parts.FADES_VI, "small")
