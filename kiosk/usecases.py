"""The acts of the kiosk: each is one transaction that holds events, signature, paper and projection together.

An act reads the clock and the dice, asks ``forms`` what the act means (pure), writes, and returns when the transaction is
durable; only then may anybody ask the printer for anything. Nothing here knows the screen.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from devices.idcard import CardPerson
from forms import dossier as acts
from forms import papers
from forms.codes import lookup_key, provisional_code
from forms.deadlines.calendar import CalendarError
from forms.deadlines.deadline import DeadlineError, due
from forms.dossier.identity import IdentityCheck
from forms.papers.of_dossier import facts_of, handed_in, item, slip_of
from forms.papers.source import PaperSource
from forms.procedures.catalogue import load_catalogue
from forms.procedures.procedure import Procedure
from forms.session import FormSession, ReviewRow, rows_of
from forms.text import fold
from kiosk.clock import HANOI, RELEASED_MS, day_vi, hour_day_vi
from kiosk.issued import issuer_of
from kiosk.machine import Machine
from kiosk.outdated import check_may_begin
from kiosk.papers import marked_copy, to_content
from kiosk.services import Accepted, Filed, Identified, Official, Prepared, Refused
from kiosk.store.connection import StoreError
from kiosk.store.papers import PREPARED, PrintJob
from kiosk.store.store import Store
from sync.clock import CHECKED
from sync.envelope import base32
from sync.steps import step

CITIZEN = "citizen"
"""Actor of events a citizen makes at the kiosk; who the citizen is stands in the dossier."""

BACK_TOLERANCE = timedelta(minutes=10)
"""How far the clock may stand before the last filing: a clock that was set right by a little."""

AHEAD_LIMIT = timedelta(days=400)
"""How far an unchecked clock may stand after the newest moment known: more than a year switched off is not likely."""


def check_can_file(machine: Machine) -> None:
    """Whether a new filing may start, asked before it starts and never in the middle of one.

    Raises:
        StoreError: ``not_enrolled``, ``disk_full``.
        Refused: ``clock_behind`` (VIETNAM.md 2.2: no provisional code while the clock stands before the last one issued),
            ``clock_ahead`` (so far ahead that a filing now would lock the kiosk when the clock is set right), ``update_needed``.
    """
    store = machine.store
    store.identity_or_raise()
    check_may_begin(store)
    if not store.room_for_filing():
        raise StoreError("disk_full", "Máy đã đầy bộ nhớ, chưa nhận thêm hồ sơ được.", "Bà con nộp tại quầy. Cán bộ gọi kỹ thuật.")
    _check_clock(store)


def _check_clock(store: Store) -> None:
    """Refuse while the clock cannot be right. One checked against the province is right, whatever an older clock left behind.

    Raises:
        Refused: ``clock_behind``, ``clock_ahead``.
    """
    now = store.clock.now()
    if store.clock.wall_ms() < RELEASED_MS:
        raise _clock_behind()
    if store.clock_quality() == CHECKED:
        return
    filed, told = _last_filed(store), _last_told(store)
    if filed is not None and now < filed - BACK_TOLERANCE:
        raise _clock_behind()
    known = [moment for moment in (filed, told) if moment is not None]
    if known and now > max(known) + AHEAD_LIMIT:
        raise Refused(
            "clock_ahead",
            f"Đồng hồ của máy chỉ {day_vi(now)}, xa quá ngày máy biết. Chưa nhận hồ sơ được.",
            "Bà con báo cán bộ chỉnh lại ngày giờ của máy, hoặc nối mạng để máy lấy giờ của tỉnh.",
        )


def _clock_behind() -> Refused:
    return Refused(
        "clock_behind", "Đồng hồ của máy chạy sai, chưa nhận hồ sơ được.", "Bà con báo cán bộ chỉnh lại ngày giờ của máy."
    )


def _last_filed(store: Store) -> datetime | None:
    last = store.meta("last_filed")
    return None if last is None else datetime.fromisoformat(str(last))


def _last_told(store: Store) -> datetime | None:
    """The newest time the province has told this kiosk."""
    mark = store.meta("server_mark")
    return None if mark is None else datetime.fromtimestamp(json.loads(mark)["server_ms"] / 1000, HANOI)


def _check_in_force(procedure: Procedure, day: datetime) -> None:
    """Raises Refused ``procedure_expired`` when the law this form was made for is not the law of the day of receipt."""
    if not procedure.in_force(day.date()):
        raise Refused(
            "procedure_expired",
            f"Tờ khai «{procedure.short_vi}» trên máy này không còn đúng luật cho hồ sơ nộp {day_vi(day)}.",
            "Mời bà con nộp tại quầy, theo mẫu mới. Kỹ thuật: cập nhật phần mềm của máy.",
        )


def file_dossier(machine: Machine, procedure: Procedure, session: FormSession, card: Identified | None) -> Filed:
    """File (nộp hồ sơ): events, provisional code and slip in one durable transaction.

    A full disk costs the reserve file, not the filing. ``card`` tells how the applicant identified; nothing of it is kept
    beyond the form's answers and the codes of what was checked.

    Raises:
        Refused: ``form_incomplete`` when an answer is missing or wrong; ``procedure_expired``.
        StoreError: ``not_enrolled``, ``disk_full`` when not even the reserve helps.
    """
    answers = _complete(session)
    _check_in_force(procedure, machine.store.clock.now())
    return machine.store.with_reserve(lambda: _file(machine, procedure, answers, card))


def _complete(session: FormSession) -> Mapping[str, Any]:
    """The answers of a finished form.

    Raises:
        Refused: ``form_incomplete``.
    """
    if session.problems():
        raise Refused("form_incomplete", "Còn câu chưa trả lời đúng.", session.problems()[0].message_vi)
    return session.answers()


def _file(machine: Machine, procedure: Procedure, answers: Mapping[str, Any], card: Identified | None) -> Filed:
    store = machine.store
    now = store.clock.now()
    key = lookup_key(secrets.token_bytes(10))
    with store.work(CITIZEN) as work:
        with step("filing.number"):
            number = work.take_number()
        code = provisional_code(base32(store.identity_or_raise().device), now.date(), number)
        dossier = work.new_dossier()
        filing = acts.Filing(
            procedure=procedure.code,
            form=procedure.form_version,
            code=code,
            key=key,
            unit=machine.office.commune,
            persons=procedure.persons(answers, _checked(procedure, answers, card).code),
            subject=procedure.subject(answers),
            answers=answers,
        )
        with step("filing.events"):
            drafts = acts.file(dossier, filing, now.isoformat())
            work.append(drafts)
        slip = _content(machine, procedure, acts.fold(drafts), "slip")
        with step("filing.print_job"):
            job = work.queue_print(dossier, "slip", slip)
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


def _checked(procedure: Procedure, answers: Mapping[str, Any], card: Identified | None) -> IdentityCheck:
    """How the applicant was identified. A card counts only for the person it belongs to: answers may have been changed since.

    Data of a chip that is not genuine is no chip's data; that it was found false stays written down.
    """
    if card is None:
        return IdentityCheck("typed")
    proof = card.proof
    if proof.verdict == "not_genuine":
        source = "typed" if card.person.source == "chip" else card.person.source
        return IdentityCheck(source, proof.verdict, reason=proof.reason)
    applicant = procedure.persons(answers, "").applicant
    if not is_holder(applicant.number, applicant.name, card.person):
        return IdentityCheck("typed")
    if card.person.source != "chip":
        return IdentityCheck(card.person.source)
    return IdentityCheck("chip", proof.verdict, proof.clone_check, card.access, proof.reason)


_FULL_MRZ_NAME: Final = 28
"""Letters of a name that may have been cut: the MRZ has 30 places, two of them between surname and given names."""


def is_holder(number: str, name: str, card: CardPerson) -> bool:
    """Whether a card belongs to whoever is declared. A chip that shows no DG13 still has the name of its MRZ, without accents and
    cut when it is long. A QR through a keyboard wedge has none: there the number is all it says, and it proves nothing."""
    if number != card.number:
        return False
    if card.name or card.source != "chip":
        return not card.name or name.casefold() == card.name.casefold()
    written, printed = ("".join(filter(str.isalnum, fold(one))) for one in (name, card.mrz_name))
    cut = len(card.mrz_name) >= _FULL_MRZ_NAME and written.startswith(printed)
    return bool(printed) and (written == printed or cut)


def _content(machine: Machine, procedure: Procedure, fields: acts.Fields, paper: str) -> list[dict[str, Any]]:
    """A paper as the receipt printer takes it.

    Raises:
        papers.PaperError: it may not be issued so.
    """
    facts = facts_of(PaperSource(fields, procedure, issuer_of(machine)), paper)
    blocks = slip_of(facts) if facts is not None else None
    if blocks is None:
        raise papers.PaperError("nothing_to_print", "Hồ sơ chưa có giấy này.")
    return to_content(blocks)


POLICE_VI = "Công an xã, phường"


def prepare_paper(machine: Machine, procedure: Procedure, session: FormSession) -> Prepared:
    """Write out (viết sẵn) a declaration that another office receives: a paper in the queue and nothing else, no event, no code.

    The store forgets what stands on the paper as soon as it is printed, or when nobody fetches it.

    Raises:
        Refused: ``form_incomplete`` when an answer is missing or wrong; ``procedure_expired``.
        StoreError: ``disk_full``.
    """
    answers = _complete(session)
    store, now = machine.store, machine.store.clock.now()
    _check_in_force(procedure, now)
    facts = papers.PreparedFacts(
        paper=procedure.papers[0],
        receiver_vi=POLICE_VI,
        values=papers.declaration_values(procedure.form, answers),
        papers=[item(component) for component in procedure.to_bring(answers)],
        place_vi=f"Máy số {machine.config['place.kiosk']}, {machine.office.committee_vi}",
        made=now,
    )
    content = to_content(papers.prepared(facts))

    def act() -> int:
        with store.work(CITIZEN) as work:
            return work.queue_print("", PREPARED, content)

    next_vi = f"Bà con mang tờ này đến {POLICE_VI} nơi làm việc này. Máy không nộp thay."
    return Prepared(procedure.short_vi, next_vi, store.with_reserve(act))


def accept_dossier(machine: Machine, dossier: str, procedure: Procedure, official: Official, seen: int) -> Accepted:
    """Accept (tiếp nhận): the clock starts, the due time and the calendar used are frozen, Mẫu 01 is queued. ``seen``: position of
    the feed shown to the official (:meth:`kiosk.store.store.Store.seen`).

    Raises:
        forms.dossier.DossierError: ``not_new``.
        Refused: ``no_due_time`` when no due time follows from the procedure's rule or the calendar; ``clock_behind`` (also when
            the clock stands before the filing), ``clock_ahead``; ``procedure_expired`` by the day of filing; a code of
            :class:`forms.papers.PaperError` when Mẫu 01 may not be issued so.
        StoreError: ``not_enrolled``, ``disk_full``.
    """
    try:
        return machine.store.with_reserve(lambda: _accept(machine, dossier, procedure, official, seen))
    except papers.PaperError as error:
        raise Refused(error.code, error.message_vi, "Cán bộ ghi giấy tiếp nhận bằng tay và gọi kỹ thuật.") from None


def _accept(machine: Machine, dossier: str, procedure: Procedure, official: Official, seen: int) -> Accepted:
    store = machine.store
    now = store.clock.now()
    _check_clock(store)
    try:
        promised = due(procedure.time, now, machine.calendar, machine.hours)
    except (DeadlineError, CalendarError) as error:
        message = getattr(error, "message_vi", str(error))
        raise Refused("no_due_time", message, "Cán bộ ghi hạn theo quyết định của tỉnh trên giấy.") from None
    with store.work(official.id) as work:
        fields = store.fields(dossier)
        _check_acceptable(store, procedure, fields, now)
        by = acts.By(acts.Role.OFFICIAL, official.name_vi)
        promise = acts.Promise(promised.due, promised.calendar, promised.duration_vi)
        drafts = acts.accept(
            acts.Situation(dossier, fields, by, now), acts.Receipt(promise, handed_in(procedure, acts.answers_of(fields)))
        )
        with step("accept.events"):
            work.append(drafts, seen)
        receipt = _content(machine, procedure, acts.fold(drafts, fields), "mau_01")
        with step("accept.print_job"):
            job = work.queue_print(dossier, "mau01", receipt)
    return Accepted(hour_day_vi(promised.due), job)


def _check_acceptable(store: Store, procedure: Procedure, fields: Mapping[str, Any], now: datetime) -> None:
    """The law is that of the day of filing; a filing cannot lie after its acceptance, unless its own clock was wrong."""
    filed = datetime.fromisoformat(str(fields.get("filed_at") or now.isoformat()))
    if now < filed - BACK_TOLERANCE and store.clock_quality() != CHECKED:
        raise _clock_behind()
    _check_in_force(procedure, min(filed, now).astimezone(HANOI))


def reprint(machine: Machine, job: int) -> int:
    """Queue a copy of a paper, marked «BẢN IN LẠI» with its number; Mẫu 01 carries the official code once there is one.

    Raises:
        Refused: ``no_paper`` when there is no such job; ``paper_forgotten`` when the machine no longer knows what stood on it.
    """
    store = machine.store
    found = store.print_job(job)
    if found is None:
        raise Refused("no_paper", "Không tìm thấy phiếu này.", "Mở hồ sơ rồi in lại.")
    if not found.content:
        raise Refused("paper_forgotten", "Máy đã xóa tờ này.", "Bà con làm lại tờ khai từ đầu.")

    def act() -> int:
        with store.work(CITIZEN) as work:
            copy = _copies(store, found) + 1
            content = _with_official_code(machine, found)
            store.forget_paper(found.id)
            return work.queue_print(found.dossier, found.kind, marked_copy(content, copy), copy)

    return store.with_reserve(act)


def _copies(store: Store, job: PrintJob) -> int:
    """How many copies of a paper there have been; a paper without a dossier is told apart by its own number only."""
    if not job.dossier:
        return job.copy
    rows = store.rows("SELECT max(copy) AS c FROM print_job WHERE d = ? AND kind = ?", [job.dossier, job.kind])
    return int(rows[0]["c"] or 0)


def _with_official_code(machine: Machine, job: PrintJob) -> Sequence[Mapping[str, Any]]:
    """Content of a paper as it stands now: Mẫu 01 made anew from what was frozen when an official code has come since."""
    fields = machine.store.fields(job.dossier) if job.kind == "mau01" else {}
    procedure = load_catalogue().filed(fields)
    if procedure is None or not fields.get("official_code"):
        return job.content
    try:
        return _content(machine, procedure, fields, "mau_01")
    except papers.PaperError:
        # A copy of what was once handed out is always better than none.
        return job.content


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


def review_rows(procedure: Procedure, fields: Mapping[str, Any]) -> Sequence[ReviewRow]:
    """Answers of a filed dossier as (section, label, text), in the order of the form."""
    return rows_of(procedure.form, acts.answers_of(fields))


def paper_states(procedure: Procedure, fields: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Every paper of the procedure that may matter for these answers, with a sentence on what to do."""
    told = []
    for needed in procedure.checklist(acts.answers_of(fields)):
        component = needed.component
        if needed.state == "no" or component.made_by_kiosk:
            continue
        way = "xem bản chính" if component.kind == "present" else f"nhận {component.form_vi}"
        if component.replaced_by_database_vi:
            way += f"; không cần nếu tra được {component.replaced_by_database_vi}"
        told.append((component.name_vi, way if needed.state == "yes" else f"cán bộ hỏi thêm: {component.condition_vi}"))
    return told
