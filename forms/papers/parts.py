"""Blocks that several slips share: head, person, code, lists, closing lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from forms.papers.content import Block, Gap, Line, Pair, QrBlock, Rule, Signatures
from forms.papers.facts import Case, Letterhead, Office, PaperItem
from forms.papers.kinds import kind
from forms.papers.wording import date_line, last_digits, tracking_url
from forms.text import nfc

FADES_VI: Final = "Giấy in nhiệt phai sau vài tháng. Bà con có thể xin in lại."
SIGN_VI: Final = "(Ký và ghi rõ họ tên)"


def national() -> Iterator[Block]:
    yield Line("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "small", bold=True, align="center")
    yield Line("Độc lập - Tự do - Hạnh phúc", "small", bold=True, align="center")
    yield Gap(1)


def head(office: Office) -> Iterator[Block]:
    yield Line(nfc(office.agency_vi).upper(), bold=True, align="center")
    yield Line(nfc(office.centre_vi).upper(), "small", align="center")
    yield Gap(2)


def title(paper: str) -> Iterator[Block]:
    """Title of a paper of TT 03/2025/TT-VPCP and the form it follows."""
    found = kind(paper)
    yield Line(found.title_vi, "large", bold=True, align="center")
    yield Line(f"({found.form_vi})", "small", align="center")


def number_line(paper: str, office: Office, number: str) -> str:
    """«Số: 12/PBS-TTPVHCC»; dots where the number is still to be written."""
    return f"Số: {number or '……'}{kind(paper).mark.format(mark=office.mark)}"


def notice_head(paper: str, letterhead: Letterhead) -> Iterator[Block]:
    yield from national()
    yield from head(letterhead.office)
    yield Line(number_line(paper, letterhead.office, letterhead.number), "small", align="center")
    yield from title(paper)
    yield Rule()


def filer(name: str, number: str) -> Iterator[Block]:
    yield Pair("Người nộp", nfc(name).upper())
    if last_digits(number):
        yield Pair("Số định danh (4 số cuối)", last_digits(number))


def case(facts: Case) -> Iterator[Block]:
    """Whose dossier and which: never more of the person than the name and four digits."""
    yield from filer(facts.person.name, facts.person.number)
    yield Pair("Nội dung yêu cầu", nfc(facts.procedure_vi))
    if facts.code:
        yield Pair("Mã hồ sơ", facts.code)


def tracking(facts: Case) -> Iterator[Block]:
    if facts.code and facts.key:
        yield QrBlock(tracking_url(facts.tracking_base, facts.code, facts.key), "Quét mã để xem hồ sơ đến đâu")


def numbered(papers: Sequence[PaperItem | str], *, empty: str) -> Iterator[Block]:
    if not papers:
        yield Line(empty)
    for number, paper in enumerate(papers, 1):
        yield Line(f"{number}. {nfc(paper) if isinstance(paper, str) else paper.text()}")


def hotline(office: Office) -> Iterator[Block]:
    if office.hotline:
        yield Pair("Hỏi đáp, gọi", office.hotline)


def closing(letterhead: Letterhead, left: str, right: str) -> Iterator[Block]:
    yield from hotline(letterhead.office)
    yield Rule()
    yield Line(date_line(letterhead.place_vi, letterhead.made), "small", align="right")
    yield Signatures(f"{left}\n{SIGN_VI}", f"{right}\n{SIGN_VI}")
    yield Line(FADES_VI, "small")
