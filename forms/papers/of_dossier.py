"""From a dossier to the facts of its papers: which papers it has now, and what stands on each.

What was promised, asked or decided is read from the records frozen in the dossier's fields and never worked out again; each paper
bears the moment of its own act, so the same fields give the same bytes on the kiosk, on the command line and in the province. The
receipt names who stands at the counter, the notices whose dossier it is. Fields come from devices: a record that cannot be read
makes no paper, never an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from forms import dossier
from forms.deadlines.calendar import VIETNAM, WorkingCalendar
from forms.dossier import Status, persons_of
from forms.dossier.reading import parsed
from forms.money.fee import FeeQuote
from forms.papers.content import PaperContent
from forms.papers.declarations import Declaration, declaration, declaration_values, papers_told
from forms.papers.facts import (
    ApologyFacts,
    Case,
    ControlFacts,
    HandOver,
    PaperItem,
    ReceiptFacts,
    RefusalFacts,
    SlipFacts,
    StopFacts,
    SupplementFacts,
)
from forms.papers.notices import mau_02, mau_03, mau_04, mau_05
from forms.papers.receipt import mau_01
from forms.papers.sheets import SheetFacts, sheet
from forms.papers.slip import kiosk_slip
from forms.papers.source import OFFICE_VI, PaperSource, resolving_unit, text_of, unit_vi
from forms.procedures.procedure import Component, Procedure

Facts = SlipFacts | SheetFacts | Declaration

_MISSING: Final = "none"
"""Answer of a capture question: the citizen has no such paper."""
_ADDRESSEES: Final[Mapping[str, str]] = {"police": "Công an", "business": "Cơ quan đăng ký kinh doanh"}
"""Whom a declaration is addressed to when another body than the People's Committee handles it, by ``routing.backend``."""


def available(source: PaperSource) -> tuple[str, ...]:
    """Ids of the papers a dossier has now: ``slip``, its declarations, ``mau_01`` to ``mau_06``."""
    return tuple(paper for paper in (*_MAKERS, *source.procedure.papers) if facts_of(source, paper) is not None)


def facts_of(source: PaperSource, paper: str) -> Facts | None:
    """What stands on one paper; ``None`` when the dossier does not have it (yet)."""
    if paper in _MAKERS:
        return _MAKERS[paper](source)
    filed = source.moment("filed_at")
    if paper not in source.procedure.papers or filed is None:
        return None
    return filled(paper, source.procedure, source.answers, source.issuer.place_vi, filed, source.code)


def filled(
    paper: str, procedure: Procedure, answers: Mapping[str, Any], place_vi: str, made: datetime, code: str = ""
) -> Declaration:
    """A declaration filled from answers, addressed to the body that handles it. One for the police (CT01) is taken along by the
    citizen and is no dossier here, so it never bears a code."""
    backend = procedure.routing.backend
    return Declaration(
        paper=paper,
        addressee_vi=f"{_ADDRESSEES.get(backend, OFFICE_VI)} {place_vi}" if place_vi else "",
        values=declaration_values(procedure.form, answers),
        made=made,
        code="" if backend == "police" else code,
        procedure_vi=procedure.name_vi,
        papers=papers_told(procedure.form, answers),
    )


def pdf_of(facts: SheetFacts | Declaration, *, copy: int = 0) -> bytes:
    """The A4 sheet as PDF; every paper has one but the kiosk's slip.

    Raises:
        PaperError: it may not be printed so.
    """
    return declaration(facts, copy=copy) if isinstance(facts, Declaration) else sheet(facts, copy=copy)


def slip_of(facts: Facts) -> PaperContent | None:
    """The paper for a receipt printer; ``None`` for papers that exist on A4 only.

    Raises:
        PaperError: it may not be printed so.
    """
    match facts:
        case SlipFacts():
            return kiosk_slip(facts)
        case ReceiptFacts():
            return mau_01(facts)
        case SupplementFacts():
            return mau_02(facts)
        case RefusalFacts():
            return mau_03(facts)
        case ApologyFacts():
            return mau_04(facts)
        case StopFacts():
            return mau_05(facts)
        case _:
            return None


def file_name(source: PaperSource, paper: str) -> str:
    """Name of the PDF: code and paper, nothing about a person."""
    code = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in source.code)
    return f"{code}-{paper}.pdf"


def item(component: Component) -> PaperItem:
    """A paper of the dossier as slip and receipt name it."""
    shown_only = component.kind == "present"
    return PaperItem(component.name_vi, component.form_vi, component.quantity, shown_only, component.replaced_by_database_vi)


def handed_in(procedure: Procedure, answers: Mapping[str, Any]) -> list[str]:
    """Lines of Mẫu 01: the declaration and what these answers call for, but not what the citizen said is missing."""
    called = [needed.component for needed in procedure.checklist(answers) if needed.state == "yes"]
    brought = [component for component in called if answers.get(component.capture) != _MISSING]
    return [item(component).text() for component in brought]


# --- each paper -------------------------------------------------------------------------------------------------------


def _slip(source: PaperSource) -> SlipFacts | None:
    """What the citizen holds until an official has accepted or refused."""
    filed = source.moment("filed_at")
    waits = source.fields.get("status") in (Status.NEW, Status.SUPPLEMENT) and "receipt.received_at" not in source.fields
    if filed is None or not waits:
        return None
    filer = persons_of(source.fields).standing
    return SlipFacts(
        office=source.issuer.office,
        kiosk_vi=source.issuer.kiosk_vi,
        code=source.text("code"),
        key=source.text("key"),
        tracking_base=source.issuer.tracking_base,
        filer_name=filer.name,
        filer_number=filer.number,
        procedure_vi=source.procedure.name_vi,
        procedure_code=source.procedure.code,
        papers=[item(component) for component in source.procedure.to_bring(source.answers)],
        filed=filed,
    )


def _receipt(source: PaperSource) -> ReceiptFacts | None:
    received, due = source.moment("receipt.received_at"), source.moment("receipt.due")
    if received is None or due is None:
        return None
    persons = persons_of(source.fields)
    filer = source.person(persons.standing)
    # Who filed in time came in time, however long the counter took.
    came = min(received, source.moment("filed_at") or received)
    fee = source.procedure.fee_for(source.answers, came.astimezone(VIETNAM).date(), WorkingCalendar.load())
    sets = source.fields.get("receipt.sets")
    return ReceiptFacts(
        office=source.issuer.office,
        provisional_code=source.text("code"),
        official_code=source.text("official_code"),
        key=source.text("key"),
        tracking_base=source.issuer.tracking_base,
        filer_name=filer.name,
        filer_number=filer.number,
        filer_address=filer.address,
        filer_phone=filer.phone,
        filer_email=filer.email,
        authoriser=None if persons.submitter is None else source.person(persons.applicant),
        authorisation_vi=persons.authorisation.told_vi,
        request_vi=source.procedure.name_vi,
        procedure_code=source.procedure.code,
        papers=source.texts("receipt.papers"),
        sets=sets if type(sets) is int else 1,
        duration_vi=source.text("receipt.duration_vi"),
        received=received,
        due=due,
        return_place_vi=_return_place(source),
        fee_vi=fee.text_vi,
        fee_paid=_is_paid(fee, dossier.fees_received(source.fields)),
        officer_vi=source.text("receipt.received_by"),
        place_vi=source.issuer.place_vi,
        number=source.text("receipt.number"),
    )


def _supplement(source: PaperSource) -> SupplementFacts | None:
    made = source.moment("supplement.asked_at")
    if made is None:
        return None
    return SupplementFacts(
        head=source.head("supplement", made),
        case=source.case(),
        wanted=source.texts("supplement.items"),
        reason_vi=source.text("supplement.reason_vi"),
        contact_vi=source.text("supplement.contact_vi"),
        contact_phone=source.issuer.office.hotline,
        officer_vi=source.text("supplement.asked_by"),
    )


def _refusal(source: PaperSource) -> RefusalFacts | None:
    made = source.moment("refusal.at")
    if made is None:
        return None
    case = Case(source.person(persons_of(source.fields).standing), source.procedure.name_vi, source.code)
    return RefusalFacts(source.head("refusal", made), case, source.text("refusal.reason_vi"), source.text("refusal.by"))


def _apology(source: PaperSource) -> ApologyFacts | None:
    """Signed by the head of the office, by hand: who wrote it down is not who signs."""
    made, received = source.moment("extension.asked_at"), source.moment("receipt.received_at")
    first, new = source.moment("extension.due_first"), source.moment("extension.due")
    if made is None or received is None or first is None or new is None:
        return None
    reason = source.text("extension.reason_vi")
    return ApologyFacts(source.head("extension", made), source.case(), received, first, new, reason, signer_vi="")


def _stop(source: PaperSource) -> StopFacts | None:
    """Signed by hand, as :func:`_apology`."""
    stopped = source.moment("stop.at")
    if stopped is None:
        return None
    return StopFacts(
        head=source.head("stop", stopped),
        case=source.case(),
        received=source.moment("receipt.received_at"),
        stopped=stopped,
        asked=stopped if source.fields.get("status") == Status.WITHDRAWN else None,
        reason_vi=source.text("stop.reason_vi"),
        returned=source.texts("stop.returned"),
        signer_vi="",
    )


def _control(source: PaperSource) -> ControlFacts | None:
    """From acceptance on. Hands and outcomes are left to the pen: each side fills in its own."""
    received, due = source.moment("receipt.received_at"), parsed(dossier.due_of(source.fields))
    if received is None or due is None:
        return None
    return ControlFacts(
        head=source.head("control", received),
        code=source.code,
        resolving_vi=unit_vi(resolving_unit(source.fields)),
        cooperating_vi="",
        received=received,
        due=due,
        steps=_steps(source),
    )


_MAKERS: Final[Mapping[str, Callable[[PaperSource], Facts | None]]] = {
    "slip": _slip,
    "mau_01": _receipt,
    "mau_02": _supplement,
    "mau_03": _refusal,
    "mau_04": _apology,
    "mau_05": _stop,
    "mau_06": _control,
}


# --- what they share --------------------------------------------------------------------------------------------------


def _return_place(source: PaperSource) -> str:
    """Where the result goes: as agreed at the counter, else as wished on the general request, else here."""
    agreed = unit_vi(source.text("return_at")), source.text("return_way")
    place = agreed[0] or source.issuer.return_place_vi
    return ", ".join(filter(None, (place, agreed[1]))) if any(agreed) else source.declared("return_address") or place


def _is_paid(fee: FeeQuote, received: int) -> bool | None:
    if fee.amount_vnd == 0:
        return None
    return received > 0 if fee.amount_vnd is None else received >= fee.amount_vnd


def _steps(source: PaperSource) -> Sequence[HandOver]:
    route = source.fields.get("route")
    giver, steps = source.text("unit"), []
    for one in route if isinstance(route, list) else ():
        taker, at = (text_of(one.get("unit")), parsed(one.get("at"))) if isinstance(one, Mapping) else ("", None)
        if at is not None:
            steps.append(HandOver(unit_vi(giver), "", unit_vi(taker), "", at))
        giver = taker
    return steps
