"""The acts of the kiosk: each is one transaction that holds events, signature, paper and projection together.

An act reads the clock and the dice, asks ``forms`` what the act means (pure), writes, and returns when the transaction is
durable; only then may anybody ask the printer for anything. Nothing here knows the screen.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from devices.card import CardPerson
from forms import dossier as acts
from forms import papers
from forms.calendar import CalendarError
from forms.codes import lookup_key, provisional_code
from forms.deadline import DeadlineError, due
from forms.procedure import Component, Procedure
from forms.session import FormSession, ReviewRow, rows_of
from kiosk.clock import RELEASED_MS, hour_day_vi
from kiosk.machine import Machine
from kiosk.papers import marked_copy, to_content
from kiosk.services import Accepted, Filed, Official, Refused
from kiosk.store.connection import StoreError
from sync.envelope import base32
from sync.steps import step

CITIZEN = "citizen"
"""Actor of events a citizen makes at the kiosk; who the citizen is stands in the dossier."""

BACK_TOLERANCE = timedelta(minutes=10)
"""How far the clock may stand before the last filing: a clock that was set right by a little."""


def check_can_file(machine: Machine) -> None:
    """Whether a new filing may start, asked before it starts and never in the middle of one.

    Raises:
        StoreError: ``not_enrolled``, ``disk_full``.
        Refused: ``clock_behind`` (VIETNAM.md 2.2: no provisional code while the clock stands before the last one issued).
    """
    store = machine.store
    store.identity_or_raise()
    if not store.reserve.room_for_filing():
        raise StoreError("disk_full", "Máy đã đầy bộ nhớ, chưa nhận thêm hồ sơ được.", "Bà con nộp tại quầy. Cán bộ gọi kỹ thuật.")
    last = store.meta("last_filed")
    now = store.clock.now()
    behind = last is not None and now < datetime.fromisoformat(str(last)) - BACK_TOLERANCE
    if behind or store.clock.wall_ms() < RELEASED_MS:
        raise Refused(
            "clock_behind", "Đồng hồ của máy chạy sai, chưa nhận hồ sơ được.", "Bà con báo cán bộ chỉnh lại ngày giờ của máy."
        )


def file_dossier(machine: Machine, procedure: Procedure, session: FormSession, card: CardPerson | None) -> Filed:
    """File (nộp hồ sơ): events, provisional code and slip in one durable transaction.

    A full disk costs the reserve file, not the filing. ``card`` tells how the applicant identified; nothing of it is kept
    beyond the form's answers.

    Raises:
        Refused: ``form_incomplete`` when an answer is missing or wrong.
        StoreError: ``not_enrolled``, ``disk_full`` when not even the reserve helps.
    """
    if session.problems():
        raise Refused("form_incomplete", "Còn câu chưa trả lời đúng.", session.problems()[0].message_vi)
    answers = session.answers()
    return machine.store.with_reserve(lambda: _file(machine, procedure, answers, card))


def _file(machine: Machine, procedure: Procedure, answers: Mapping[str, Any], card: CardPerson | None) -> Filed:
    store = machine.store
    now = store.clock.now()
    key = lookup_key(secrets.token_bytes(10))
    with store.work(CITIZEN) as work:
        with step("filing.number"):
            number = work.take_number()
        code = provisional_code(base32(store.identity_or_raise().device), now.date(), number)
        dossier = work.next().dossier_id()
        applicant = {**procedure.applicant(answers), "by": card.source if card is not None else "typed"}
        drafts = acts.file(
            dossier,
            procedure=procedure.code,
            form=procedure.form_version,
            code=code,
            key=key,
            unit=machine.office.commune,
            at=now.isoformat(),
            applicant=applicant,
            subject=procedure.subject(answers),
            answers=answers,
        )
        with step("filing.events"):
            work.append(drafts)
        slip = papers.kiosk_slip(_slip(machine, procedure, answers, applicant, code, key, now))
        with step("filing.print_job"):
            job = work.queue_print(dossier, "slip", to_content(slip))
        store.set_meta("last_filed", now.isoformat())
    return Filed(
        dossier=dossier,
        code=code,
        procedure_vi=procedure.short_vi,
        subject_vi=procedure.subject(answers),
        filed_vi=hour_day_vi(now),
        next_vi="Bà con mang phiếu và giấy tờ đến quầy để cán bộ tiếp nhận.",
        qr=papers.tracking_url(machine.config.tracking_url, code, key),
        job=job,
    )


def _slip(
    machine: Machine,
    procedure: Procedure,
    answers: Mapping[str, Any],
    applicant: Mapping[str, str],
    code: str,
    key: str,
    filed: datetime,
) -> papers.SlipFacts:
    return papers.SlipFacts(
        office=_office(machine),
        kiosk_vi=f"Máy số {machine.config['place.kiosk']}",
        code=code,
        key=key,
        tracking_base=machine.config.tracking_url,
        filer_name=applicant.get("name", ""),
        filer_number=applicant.get("number", ""),
        procedure_vi=procedure.name_vi,
        procedure_code=procedure.code,
        papers=[_item(component) for component in procedure.to_bring(answers)],
        filed=filed,
    )


def _office(machine: Machine) -> papers.Office:
    return papers.Office(machine.office.committee_vi, machine.office.centre_vi, machine.office.hotline)


def _item(component: Component) -> papers.PaperItem:
    return papers.PaperItem(component.name_vi, component.form_vi, component.quantity, component.kind == "present")


def accept_dossier(machine: Machine, dossier: str, procedure: Procedure, official: Official) -> Accepted:
    """Accept (tiếp nhận): the clock starts, the due time and the calendar used are frozen, Mẫu 01 is queued.

    Raises:
        forms.dossier.DossierError: ``not_new``.
        Refused: ``no_due_time`` when no due time follows from the procedure's rule or the calendar.
        StoreError: ``not_enrolled``, ``disk_full``.
    """
    return machine.store.with_reserve(lambda: _accept(machine, dossier, procedure, official))


def _accept(machine: Machine, dossier: str, procedure: Procedure, official: Official) -> Accepted:
    store = machine.store
    now = store.clock.now()
    try:
        promised = due(procedure.time, now, machine.calendar, machine.hours)
    except (DeadlineError, CalendarError) as error:
        message = getattr(error, "message_vi", str(error))
        raise Refused("no_due_time", message, "Cán bộ ghi hạn theo quyết định của tỉnh trên giấy.") from None
    with store.work(official.id) as work:
        fields = store.fields(dossier)
        answers = answers_of(fields)
        items = [_item(component) for component in _handed_in(procedure, answers)]
        receipt = {
            "due": promised.due.isoformat(),
            "duration_vi": promised.duration_vi,
            "calendar": promised.calendar,
            "received_at": now.isoformat(),
            "received_by": official.name_vi,
            "papers": [item.text() for item in items],
        }
        with step("accept.events"):
            work.append(acts.accept(dossier, fields, at=now.isoformat(), receipt=receipt))
        fee = procedure.fee_for(answers, now.date(), machine.calendar)
        applicant = fields.get("applicant", {})
        paper = papers.mau_01(
            papers.ReceiptFacts(
                office=_office(machine),
                provisional_code=str(fields["code"]),
                official_code=str(fields.get("official_code") or ""),
                key=str(fields["key"]),
                tracking_base=machine.config.tracking_url,
                filer_name=str(applicant.get("name", "")),
                filer_number=str(applicant.get("number", "")),
                request_vi=procedure.name_vi,
                procedure_code=procedure.code,
                papers=items,
                sets=1,
                duration_vi=promised.duration_vi,
                received=now,
                due=promised.due,
                return_place_vi=machine.office.address or machine.office.committee_vi,
                fee_vi=fee.text_vi,
                fee_paid=None if fee.amount_vnd == 0 else False,
                officer_vi=official.name_vi,
            )
        )
        with step("accept.print_job"):
            job = work.queue_print(dossier, "mau01", to_content(paper))
    return Accepted(hour_day_vi(promised.due), job)


def _handed_in(procedure: Procedure, answers: Mapping[str, Any]) -> Sequence[Component]:
    """Papers on Mẫu 01: the declaration and what these answers call for."""
    return [needed.component for needed in procedure.checklist(answers) if needed.state == "yes"]


def reprint(machine: Machine, job: int) -> int:
    """Queue a copy of a paper, marked «BẢN IN LẠI» with its number.

    Raises:
        Refused: ``no_paper`` when there is no such job.
    """
    store = machine.store
    found = store.print_job(job)
    if found is None:
        raise Refused("no_paper", "Không tìm thấy phiếu này.", "Mở hồ sơ rồi in lại.")

    def act() -> int:
        with store.work(CITIZEN) as work:
            rows = store.rows("SELECT max(copy) AS c FROM print_job WHERE d = ? AND kind = ?", [found.dossier, found.kind])
            copy = int(rows[0]["c"] or 0) + 1
            return work.queue_print(found.dossier, found.kind, marked_copy(found.content, copy), copy)

    return store.with_reserve(act)


def print_test(machine: Machine) -> int:
    """Queue a test slip for the technician; it belongs to no dossier."""
    now = machine.store.clock.now()
    blocks: list[papers.Block] = [
        papers.Line("PHIẾU THỬ MÁY IN", "large", bold=True, align="center"),
        papers.Line("Ằ Ẵ Ặ Ễ Ệ Ỗ Ộ Ờ Ỡ Ợ Ữ Ự Ỹ ỵ đ Đ", align="center"),
        papers.Pair("Máy", f"số {machine.config['place.kiosk']} – {machine.office.committee_vi}"),
        papers.Pair("Lúc", hour_day_vi(now)),
        papers.QrBlock("MOT-CUA-XA PHIEU THU", "Quét thử mã này"),
    ]
    with machine.store.work(CITIZEN) as work:
        return work.queue_print("", "test", to_content(blocks))


def answers_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The citizen's answers among the folded fields of a dossier."""
    return {name[2:]: value for name, value in fields.items() if name.startswith("a.")}


def review_rows(procedure: Procedure, fields: Mapping[str, Any]) -> Sequence[ReviewRow]:
    """Answers of a filed dossier as (section, label, text), in the order of the form."""
    return rows_of(procedure.form, answers_of(fields))


def paper_states(procedure: Procedure, fields: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Every paper of the procedure that may matter for these answers, with a sentence on what to do."""
    told = []
    for needed in procedure.checklist(answers_of(fields)):
        component = needed.component
        if needed.state == "no" or component.made_by_kiosk:
            continue
        way = "xem bản chính" if component.kind == "present" else f"nhận {component.form_vi}"
        if component.replaced_by_database_vi:
            way += f"; không cần nếu tra được {component.replaced_by_database_vi}"
        told.append((component.name_vi, way if needed.state == "yes" else f"cán bộ hỏi thêm: {component.condition_vi}"))
    return told
