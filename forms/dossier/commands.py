"""Commands: an act of a person in, the events it makes out. Nothing is written here.

Every command asks the table of acts first, so that an unlawful one is refused by name (:class:`DossierError`) before it reaches the
journal; the fold would refuse it as well. A command for the wrong state, role or unit therefore never differs between two machines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from forms.dossier.events import Draft, choosable
from forms.dossier.fields import CORRECTABLE, FieldClass, field_class, same
from forms.dossier.fold import due_of, forbidden
from forms.dossier.persons import Authority
from forms.dossier.reading import SUGGESTED, entries, is_decided, parsed, resumes
from forms.dossier.records import (
    Attached,
    Choice,
    Collector,
    Conflict,
    Duties,
    Extension,
    Fee,
    FeeState,
    Filing,
    Promise,
    Receipt,
    Result,
    Situation,
    StopNotice,
    Supplement,
    SupplementRequest,
)
from forms.dossier.refusals import DossierError
from forms.dossier.states import ACTS, STATUS_NAMES, Role, Status

Drafts = Sequence[Draft]


# --- filing and intake ------------------------------------------------------------------------------------------------


def file(dossier: str, filing: Filing, at: str) -> Drafts:
    """File a dossier (nộp hồ sơ): status 1, no due time. ``at`` is ISO with its zone; the paper is the kiosk's own slip.

    Raises:
        DossierError: ``name_missing``, ``authorisation_missing``.
    """
    persons = filing.persons
    if any(person is not None and not person.name.strip() for person in (persons.owner, persons.submitter)):
        raise DossierError("name_missing")
    if persons.submitter is not None and persons.authorisation.authority is Authority.NONE:
        raise DossierError("authorisation_missing")
    content: dict[str, Any] = {
        "procedure": filing.procedure,
        "form": filing.form,
        "code": filing.code,
        "key": filing.key,
        "unit": filing.unit,
        "channel": filing.channel,
        "at": at,
        "applicant": persons.applicant.json(),
        "subject": filing.subject,
    }
    if persons.owner is not None:
        content["owner"] = persons.owner.json()
    if persons.submitter is not None:
        content |= {"submitter": persons.submitter.json(), "authorisation": persons.authorisation.json()}
    told = {"resolving": filing.resolving, "return_at": filing.return_at, "return_way": filing.return_way}
    content |= {name: value for name, value in told.items() if value}
    return (
        Draft(dossier, "new", content),
        Draft(dossier, "f", {f"a.{name}": value for name, value in filing.answers.items()}),
    )


def accept(on: Situation, receipt: Receipt) -> Drafts:
    """Accept (tiếp nhận, Mẫu 01): the clock starts; due time and calendar version are frozen. Once, also after a supplement.

    Raises:
        DossierError: ``not_new``, ``role_forbidden``, ``due_past``.
    """
    _check(on, "accept")
    promise = receipt.promise
    if promise.due <= on.at:
        raise DossierError("due_past")
    told = {
        "due": promise.due.isoformat(),
        "duration_vi": promise.duration_vi,
        "calendar": promise.calendar,
        "received_at": on.moment,
        "received_by": on.by.name,
        "papers": list(receipt.papers),
        "sets": receipt.sets,
        "number": receipt.number,
    }
    return _step(on, "accept", Status.ACCEPTED, {**_named("receipt", told), **_due(promise)})


def refuse(on: Situation, reason_vi: str, number: str = "") -> Drafts:
    """Refuse at intake (từ chối tiếp nhận, Mẫu 03) with the reason.

    Raises:
        DossierError: ``not_new``, ``role_forbidden``, ``reason_missing``.
    """
    _check(on, "refuse")
    told = {"reason_vi": _reason(reason_vi), "at": on.moment, "by": on.by.name, "number": number}
    return _step(on, "refuse", Status.REFUSED, _named("refusal", told))


# --- the clock stands -------------------------------------------------------------------------------------------------


def ask_supplement(on: Situation, request: SupplementRequest) -> Drafts:
    """Ask for a supplement (yêu cầu bổ sung, Mẫu 02): once, with everything that is missing; the clock stands.

    Raises:
        DossierError: ``supplement_twice`` (index 766 counts it overdue), ``supplement_empty``, ``reason_missing``, ``due_past``,
            ``wrong_state``, ``role_forbidden``, ``resolved_elsewhere``.
    """
    _check(on, "ask_supplement")
    items = [item.strip() for item in request.items if item.strip()]
    if not items:
        raise DossierError("supplement_empty")
    if request.until <= on.at:
        raise DossierError("due_past")
    told = {
        "items": items,
        "reason_vi": _reason(request.reason_vi),
        "until": request.until.isoformat(),
        "contact_vi": request.contact_vi,
        "asked_at": on.moment,
        "asked_by": on.by.name,
        "number": request.number,
    }
    return _step(on, "ask_supplement", Status.SUPPLEMENT, _named("supplement", told))


def supplement(on: Situation, came: Supplement) -> Drafts:
    """Take the supplement of an accepted dossier: it goes on where it stood, with a new due time beside the old one.

    Raises:
        DossierError: ``wrong_state``, ``role_forbidden``, ``not_accepted`` (accept it instead), ``due_past``.
    """
    _check(on, "supplement")
    if not due_of(on.fields):
        raise DossierError("not_accepted")
    told = {"received_at": on.moment, "received_by": on.by.name, "received": list(came.papers), "clock": came.rule.value}
    return _step(on, "supplement", resumes(on.fields), {**_named("supplement", told), **_new_due(on, came.promise)})


def close_unanswered(on: Situation, notice: StopNotice) -> Drafts:
    """Close because no supplement came (15 working days or the sector's limit, frozen as ``supplement.until``).

    Raises:
        DossierError: ``wrong_state``, ``role_forbidden``, ``supplement_waiting``, ``reason_missing``.
    """
    _check(on, "close_unanswered")
    until = parsed(on.fields.get("supplement.until"))
    if until is None or on.at <= until:
        raise DossierError("supplement_waiting")
    return _stopped(on, "close_unanswered", Status.STOPPED, notice)


def ask_duties(on: Situation, duties: Duties) -> Drafts:
    """Wait for a financial duty (6): the clock stands.

    Raises:
        DossierError: ``wrong_state``, ``role_forbidden``, ``resolved_elsewhere``, ``duties_empty``, ``amount_wrong``.
    """
    _check(on, "ask_duties")
    if not duties.what_vi.strip():
        raise DossierError("duties_empty")
    if duties.amount_vnd is not None and duties.amount_vnd <= 0:
        raise DossierError("amount_wrong")
    amount = "" if duties.amount_vnd is None else str(duties.amount_vnd)
    told = {"what_vi": duties.what_vi.strip(), "amount_vnd": amount, "asked_at": on.moment, "asked_by": on.by.name}
    return _step(on, "ask_duties", Status.PAYMENT, _named("duties", told))


def duties_done(on: Situation, promise: Promise) -> Drafts:
    """The duty is done: the dossier goes on where it stood, with the due time moved by the waiting.

    Raises:
        DossierError: ``wrong_state``, ``role_forbidden``, ``due_past``.
    """
    _check(on, "duties_done")
    told = {"done_at": on.moment, "done_by": on.by.name}
    return _step(on, "duties_done", resumes(on.fields), {**_named("duties", told), **_new_due(on, promise)})


# --- resolving --------------------------------------------------------------------------------------------------------


def start(on: Situation) -> Drafts:
    """Start processing (4).

    Raises:
        DossierError: ``wrong_state``, ``role_forbidden``, ``resolved_elsewhere``.
    """
    _check(on, "start")
    return _step(on, "start", Status.PROCESSING, {})


def transfer(on: Situation, unit: str) -> Drafts:
    """Hand the dossier on to the unit that resolves it; the receiving unit stays, and returns the result unless told otherwise.

    Raises:
        DossierError: ``wrong_state``, ``role_forbidden``, ``resolved_elsewhere``, ``unit_missing``, ``unit_same``.
    """
    _check(on, "transfer")
    if not unit:
        raise DossierError("unit_missing")
    if unit == on.fields.get("resolving", on.fields.get("unit")):
        raise DossierError("unit_same")
    return _step(on, "transfer", None, {"resolving": unit}, {"resolving": on.fields.get("resolving")})


def extend(on: Situation, extension: Extension) -> Drafts:
    """Apologise and appoint anew (Mẫu 04): once, at the latest one day before the due date.

    Raises:
        DossierError: ``extension_twice``, ``extension_late``, ``extension_not_later``, ``no_due``, ``reason_missing``,
            ``wrong_state``, ``role_forbidden``, ``resolved_elsewhere``.
    """
    _check(on, "extend")
    due = parsed(due_of(on.fields))
    if due is None:
        raise DossierError("no_due")
    if on.at.astimezone(due.tzinfo).date() >= due.date():
        raise DossierError("extension_late")
    if extension.promise.due <= due:
        raise DossierError("extension_not_later")
    told = {
        "reason_vi": _reason(extension.reason_vi),
        "asked_at": on.moment,
        "by": on.by.name,
        "number": extension.number,
        "due_first": due.isoformat(),
        "due": extension.promise.due.isoformat(),
    }
    return _step(on, "extend", None, {**_named("extension", told), **_due(extension.promise)}, {"due": on.fields.get("due")})


def withdraw(on: Situation, notice: StopNotice) -> Drafts:
    """Withdraw on the citizen's request (rút hồ sơ, Mẫu 05): while no decision exists.

    Raises:
        DossierError: ``withdraw_late``, ``reason_missing``.
    """
    _check(on, "withdraw")
    return _stopped(on, "withdraw", Status.WITHDRAWN, notice)


def stop(on: Situation, notice: StopNotice) -> Drafts:
    """Stop (dừng xử lý, Mẫu 05) by the office.

    Raises:
        DossierError: ``wrong_state``, ``role_forbidden``, ``resolved_elsewhere``, ``reason_missing``.
    """
    _check(on, "stop")
    return _stopped(on, "stop", Status.STOPPED, notice)


def finish(on: Situation, result: Result) -> Drafts:
    """The result is ready (9): the index takes this moment as the end, not the hand-over.

    Raises:
        DossierError: ``wrong_state``, ``role_forbidden``, ``resolved_elsewhere``.
    """
    _check(on, "finish")
    told = {"name_vi": result.name_vi, "number": result.number, "note_vi": result.note_vi, "at": on.moment, "by": on.by.name}
    return _step(on, "finish", Status.DONE, _named("result", told))


def hand_over(on: Situation, collector: Collector) -> Drafts:
    """Hand the result over (10), to a person identified by the receipt taken back or an identity document shown.

    Raises:
        DossierError: ``no_result``, ``role_forbidden``, ``collector_missing``.
    """
    _check(on, "hand_over")
    if not collector.person.name.strip():
        raise DossierError("collector_missing")
    told = {
        "to": collector.person.json(),
        "proof": collector.proof.value,
        "way_vi": collector.way_vi,
        "at": on.moment,
        "by": on.by.name,
    }
    return _step(on, "hand_over", Status.RETURNED, _named("handover", told))


# --- entries, edits, corrections, decisions ---------------------------------------------------------------------------


def edit(on: Situation, values: Mapping[str, Any]) -> Drafts:
    """Change fields of the commune and shared ones; what the province writes into a commune's field becomes a suggestion.

    Raises:
        DossierError: ``role_forbidden``, ``field_closed``, ``nothing_changed``.
    """
    _check(on, "edit")
    changed = {name: value for name, value in values.items() if name not in on.fields or not same(on.fields[name], value)}
    open_to = {FieldClass.COMMUNE, FieldClass.SHARED} | ({FieldClass.PROVINCE} if on.by.role is Role.PROVINCE else set())
    if any(field_class(name) not in open_to or name.startswith("suggest.") for name in changed):
        raise DossierError("field_closed")
    if not changed:
        raise DossierError("nothing_changed")
    return (Draft(on.dossier, "f", changed),)


def note(on: Situation, id: str, text: str) -> Drafts:
    """Add a note. ``id`` is unique in the dossier.

    Raises:
        DossierError: ``role_forbidden``, ``entry_exists``.
    """
    _check(on, "note")
    if f"note.{id}" in on.fields:
        raise DossierError("entry_exists")
    return (Draft(on.dossier, "note", {"id": id, "text": text}),)


def receive_fee(on: Situation, fee: Fee) -> Drafts:
    """Write one payment down; sums are derived (:func:`forms.dossier.fees_received`).

    Raises:
        DossierError: ``wrong_state``, ``amount_wrong``, ``citizen_claims_only``, ``entry_exists``.
    """
    _check(on, "fee")
    if fee.amount_vnd <= 0:
        raise DossierError("amount_wrong")
    if on.by.role is Role.CITIZEN and fee.state is not FeeState.CLAIMED:
        raise DossierError("citizen_claims_only")
    if f"fee.{fee.id}" in on.fields:
        raise DossierError("entry_exists")
    told = {"amount_vnd": str(fee.amount_vnd), "what_vi": fee.what_vi, "way": fee.way, "state": fee.state.value}
    return (Draft(on.dossier, "fee", {"id": fee.id, **told, **_signed(on)}),)


def attach(on: Situation, files: Sequence[Attached]) -> Drafts:
    """Add files to the dossier, a preview with its full file in one act. An event each: every one is an entry of its own.

    Raises:
        DossierError: ``wrong_state`` when there is no such dossier; ``entry_exists``.
    """
    if "code" not in on.fields:
        raise DossierError("wrong_state")
    if any(f"at.{file.blob}" in on.fields for file in files):
        raise DossierError("entry_exists")
    return tuple(Draft(on.dossier, "at", {**_told(file), **_signed(on)}) for file in files)


def _told(file: Attached) -> dict[str, Any]:
    return {name: value for name, value in asdict(file).items() if value != ""}


def remove(on: Situation, name: str, why_vi: str) -> Drafts:
    """Hide an entry (note, payment, attachment). The tombstone names what stood there, so it hides exactly that.

    Raises:
        DossierError: ``role_forbidden``, ``entry_unknown``, ``reason_missing``.
    """
    _check(on, "remove")
    prefix, _, id = name.partition(".")
    if id not in entries(on.fields, prefix):
        raise DossierError("entry_unknown")
    return (Draft(on.dossier, "rm", {"of": name, "saw": on.fields[name], "why": _reason(why_vi), **_signed(on)}),)


def correct(on: Situation, name: str, value: Any, why_vi: str) -> Drafts:
    """Correct what was written at filing (đính chính); both values stay, with the reason, in ``corrections``.

    Raises:
        DossierError: ``wrong_state``, ``role_forbidden``, ``not_correctable``, ``nothing_changed``, ``reason_missing``.
    """
    _check(on, "correct")
    if name not in CORRECTABLE:
        raise DossierError("not_correctable")
    was = on.fields.get(name)
    if same(was, value):
        raise DossierError("nothing_changed")
    told = {"field": name, "was": was, "value": value, "why": _reason(why_vi)}
    return (Draft(on.dossier, "cor", {**told, **_signed(on)}),)


def decide(on: Situation, conflict: Conflict, choice: Choice) -> Drafts:
    """Decide a conflict: keep the value that stands, or take the one that lost after all. A wish of the province is granted by the
    commune only.

    Raises:
        DossierError: ``role_forbidden``, ``already_decided``, ``choice_closed``, ``value_moved``.
    """
    _check(on, "decide")
    if is_decided(on.fields, conflict):
        raise DossierError("already_decided")
    if choice is Choice.LOST and conflict.why == SUGGESTED and on.by.role is Role.PROVINCE:
        raise DossierError("role_forbidden", act_vi=ACTS["decide"].name_vi)
    if choice is Choice.LOST and not choosable(conflict.field or "status"):
        raise DossierError("choice_closed")
    if choice is Choice.LOST and not same(on.fields.get(conflict.field), conflict.kept):
        raise DossierError("value_moved")
    told = {"of": conflict.id, "field": conflict.field, "kept": conflict.kept, "lost": conflict.lost, "choice": choice.value}
    return (Draft(on.dossier, "dec", {**told, **_signed(on)}),)


# --- what they share --------------------------------------------------------------------------------------------------


def _check(on: Situation, act: str) -> None:
    code = forbidden(on.fields, act, on.by.role)
    if code is not None:
        status = on.fields.get("status")
        raise DossierError(code, act_vi=ACTS[act].name_vi, status_vi=STATUS_NAMES.get(status or 0, "chưa có"))


def _step(
    on: Situation, act: str, to: int | None, sets: Mapping[str, Any], finds: Mapping[str, Any] | None = None
) -> tuple[Draft, ...]:
    leaves = on.fields["status"]
    content = {"act": act, "from": leaves, "to": leaves if to is None else to, **_signed(on), "set": dict(sets)}
    return (Draft(on.dossier, "st", content | ({"if": dict(finds)} if finds else {})),)


def _stopped(on: Situation, act: str, to: int, notice: StopNotice) -> Drafts:
    told = {
        "reason_vi": _reason(notice.reason_vi),
        "returned": list(notice.returned),
        "number": notice.number,
        "at": on.moment,
        "by": on.by.name,
    }
    return _step(on, act, to, _named("stop", told))


def _signed(on: Situation) -> dict[str, Any]:
    return {"at": on.moment, "by": on.by.json()}


def _named(prefix: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of one record; empty texts are left out."""
    return {f"{prefix}.{name}": value for name, value in values.items() if value != ""}


def _due(promise: Promise) -> dict[str, Any]:
    return {"due": promise.due.isoformat(), "calendar": promise.calendar}


def _new_due(on: Situation, promise: Promise) -> dict[str, Any]:
    if promise.due <= on.at:
        raise DossierError("due_past")
    return _due(promise)


def _reason(text: str) -> str:
    if not text.strip():
        raise DossierError("reason_missing")
    return text.strip()
