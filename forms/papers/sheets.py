"""Mẫu 01 to 07 on A4: from the facts of a paper to the words of its lines, and through Typst to PDF.

Here, and not in the templates, are all dates, numbers and choices of words; a template only lays lines out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import singledispatch
from typing import Any

from forms.papers import parts, pdf
from forms.papers.facts import (
    ApologyFacts,
    Case,
    ControlFacts,
    HandOver,
    Letterhead,
    Office,
    PaperItem,
    Person,
    ReceiptFacts,
    RefusalFacts,
    RegisterFacts,
    RegisterRow,
    StopFacts,
    SupplementFacts,
)
from forms.papers.notices import (
    ONCE_VI,
    SORRY_VI,
    check_apology,
    check_refusal,
    check_stop,
    check_supplement,
    stop_ground,
    stop_received,
)
from forms.papers.qr import qr_svg
from forms.papers.receipt import BRING_VI, NOT_A_FEE_RECEIPT_VI, check_receipt, fee_line, receipt_address
from forms.papers.wording import date_line, day_vi, local, moment_vi, tracking_url
from forms.text import nfc

SheetFacts = ReceiptFacts | SupplementFacts | RefusalFacts | ApologyFacts | StopFacts | ControlFacts | RegisterFacts
Data = Mapping[str, Any]


def sheet(facts: SheetFacts, *, copy: int = 0) -> bytes:
    """The A4 sheet of a paper of the one-stop as PDF; ``copy`` from 1 on is printed as «BẢN IN LẠI · LẦN n».

    Raises:
        PaperError: what the paper's slip would refuse, and ``glyph_missing``.
    """
    paper, data = sheet_data(facts)
    made = facts.received if isinstance(facts, ReceiptFacts) else facts.head.made
    return pdf.compile(paper, data, made=made, copy=copy)


@singledispatch
def sheet_data(facts: SheetFacts) -> tuple[str, Data]:
    """The paper's id and the words of its lines."""
    raise TypeError(f"no sheet for {type(facts).__name__}")


@sheet_data.register
def _receipt(facts: ReceiptFacts) -> tuple[str, Data]:
    check_receipt(facts)
    head = Letterhead(facts.office, facts.number, facts.place_vi, facts.received)
    filer = Person(facts.filer_name, facts.filer_number, facts.filer_address, facts.filer_phone, facts.filer_email)
    return "mau_01", {
        **_head("mau_01", head),
        **_person(filer),
        "code": facts.official_code or facts.provisional_code,
        "code_note": "" if facts.official_code else "mã tạm, sẽ thay bằng mã chính thức",
        "earlier_code": facts.provisional_code if facts.official_code else "",
        "qr": qr_svg(receipt_address(facts)),
        "authoriser": None if facts.authoriser is None else _person(facts.authoriser),
        "authorisation": nfc(facts.authorisation_vi),
        "request": f"{nfc(facts.request_vi)} (mã thủ tục {facts.procedure_code})",
        "papers": [nfc(item.text() if isinstance(item, PaperItem) else item) for item in facts.papers],
        "sets": f"{facts.sets:02d}",
        "duration": facts.duration_vi,
        "received": moment_vi(facts.received),
        "due": moment_vi(facts.due),
        "return_place": nfc(facts.return_place_vi),
        "fee": fee_line(facts),
        "book": facts.book,
        "book_entry": facts.book_entry,
        "officer": nfc(facts.officer_vi),
        "notes": [BRING_VI, NOT_A_FEE_RECEIPT_VI],
    }


@sheet_data.register
def _supplement(facts: SupplementFacts) -> tuple[str, Data]:
    check_supplement(facts)
    return "mau_02", {
        **_head("mau_02", facts.head),
        **_case(facts.case),
        "wanted": [nfc(text) for text in facts.wanted],
        "reason": nfc(facts.reason_vi),
        "once": ONCE_VI.replace("Bà con", "Ông/Bà"),
        "contact": nfc(facts.contact_vi),
        "contact_phone": facts.contact_phone,
        "officer": nfc(facts.officer_vi),
    }


@sheet_data.register
def _refusal(facts: RefusalFacts) -> tuple[str, Data]:
    check_refusal(facts)
    return "mau_03", {
        **_head("mau_03", facts.head),
        **_case(facts.case),
        "reason": nfc(facts.reason_vi),
        "officer": nfc(facts.officer_vi),
    }


@sheet_data.register
def _apology(facts: ApologyFacts) -> tuple[str, Data]:
    check_apology(facts)
    return "mau_04", {
        **_head("mau_04", facts.head),
        **_case(facts.case),
        "received": day_vi(facts.received),
        "due": moment_vi(facts.due),
        "new_due": moment_vi(facts.new_due),
        "reason": nfc(facts.reason_vi),
        "sorry": SORRY_VI,
        "signer": nfc(facts.signer_vi),
    }


@sheet_data.register
def _stop(facts: StopFacts) -> tuple[str, Data]:
    check_stop(facts)
    return "mau_05", {
        **_head("mau_05", facts.head),
        **_case(facts.case),
        "received": stop_received(facts),
        "stopped": day_vi(facts.stopped),
        "ground": stop_ground(facts),
        "returned": [nfc(text) for text in facts.returned],
        "signer": nfc(facts.signer_vi),
    }


@sheet_data.register
def _control(facts: ControlFacts) -> tuple[str, Data]:
    return "mau_06", {
        **_head("mau_06", facts.head),
        "code": facts.code,
        "resolving": nfc(facts.resolving_vi),
        "cooperating": nfc(facts.cooperating_vi),
        "received": moment_vi(facts.received),
        "due": moment_vi(facts.due),
        "steps": [_step(step) for step in facts.steps],
    }


@sheet_data.register
def _register(facts: RegisterFacts) -> tuple[str, Data]:
    rows = [[f"{number}", *_row(row)] for number, row in enumerate(facts.rows, 1)]
    return "mau_07", {**_head("mau_07", facts.head), "period": nfc(facts.period_vi), "rows": rows}


def _step(step: HandOver) -> Data:
    return {
        "giver_unit": nfc(step.giver_unit_vi),
        "giver": nfc(step.giver_vi),
        "taker_unit": nfc(step.taker_unit_vi),
        "taker": nfc(step.taker_vi),
        "at": moment_vi(step.at),
        "outcome": nfc(step.outcome_vi),
        "note": nfc(step.note_vi),
    }


def _row(row: RegisterRow) -> list[str]:
    texts = (row.code, row.procedure_vi, row.person_vi, row.contact_vi, row.resolving_vi)
    return [*map(nfc, texts), _cell(row.received), _cell(row.due), _cell(row.returned), nfc(row.way_vi), ""]


def _cell(moment: datetime | None) -> str:
    return "" if moment is None else f"{local(moment):%H:%M %d/%m/%Y}"


def _head(paper: str, head: Letterhead) -> Data:
    office: Office = head.office
    return {
        "agency": nfc(office.agency_vi),
        "centre": nfc(office.centre_vi),
        "hotline": office.hotline,
        "number": parts.number_line(paper, office, head.number),
        "date_line": date_line(head.place_vi or "……………", head.made),
    }


def _person(person: Person) -> dict[str, str]:
    return {
        "name": nfc(person.name),
        "id": person.number,
        "address": nfc(person.address),
        "phone": person.phone,
        "email": person.email,
    }


def _case(case: Case) -> Data:
    address = tracking_url(case.tracking_base, case.code, case.key) if case.code and case.key else ""
    return {
        **_person(case.person),
        "procedure": nfc(case.procedure_vi),
        "code": case.code,
        "qr": qr_svg(address) if address else "",
    }
