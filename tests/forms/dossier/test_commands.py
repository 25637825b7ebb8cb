"""Commands: what each act writes, and what the law or the state refuses by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from forms.dossier import (
    By,
    Choice,
    Collector,
    Conflict,
    DossierError,
    Draft,
    Duties,
    Extension,
    Fee,
    FeeState,
    Fields,
    Person,
    Promise,
    Proof,
    Result,
    Role,
    Situation,
    Status,
    StopNotice,
    SupplementRequest,
    accept,
    apply,
    ask_duties,
    ask_supplement,
    close_unanswered,
    correct,
    decide,
    due_of,
    duties_done,
    edit,
    entries,
    extend,
    fees_received,
    finish,
    hand_over,
    note,
    receive_fee,
    refuse,
    remove,
    start,
    stop,
    supplement,
    transfer,
    withdraw,
)
from tests.forms.dossier.acts import (
    AT,
    CAME,
    CITIZEN,
    COLLECTOR,
    DUE,
    EXTENSION,
    NOTICE,
    OFFICIAL,
    PROVINCE,
    RECEIPT,
    REQUEST,
    accepted,
    after,
    filed,
    hours,
    on,
)

Command = Callable[[Situation], Sequence[Draft]]


def refused(act: Callable[[], Any]) -> str:
    with pytest.raises(DossierError) as caught:
        act()
    return caught.value.code


def done(fields: Fields, act: Command, at: datetime = AT, by: By = OFFICIAL) -> Fields:
    return after(fields, act(on(fields, by, at)))


# --- intake -----------------------------------------------------------------------------------------------------------


def test_acceptance_freezes_due_time_and_calendar() -> None:
    fields = accepted()
    assert fields["status"] == Status.ACCEPTED
    assert (fields["due"], fields["calendar"]) == (DUE.isoformat(), "vn-2026.1")
    assert (fields["receipt.due"], fields["receipt.received_by"]) == (DUE.isoformat(), "Lý Văn Mẫu")
    assert fields["receipt.papers"] == ["Giấy chứng sinh (bản chính, 1)"]
    assert "receipt.number" not in fields


def test_only_a_waiting_dossier_is_accepted_and_only_once() -> None:
    assert refused(lambda: accept(on(accepted()), RECEIPT)) == "not_new"
    asked = done(accepted(), lambda now: ask_supplement(now, REQUEST))
    assert refused(lambda: accept(on(asked), RECEIPT)) == "not_new"


def test_no_receipt_promises_a_time_that_has_passed() -> None:
    past = replace(RECEIPT, promise=Promise(AT, "vn-2026.1"))
    assert refused(lambda: accept(on(filed()), past)) == "due_past"


def test_a_refusal_at_intake_needs_its_reason() -> None:
    assert refused(lambda: refuse(on(filed()), "  ")) == "reason_missing"
    fields = done(filed(), lambda now: refuse(now, " Không thuộc thẩm quyền của xã ", "12/PTC"))
    assert fields["status"] == Status.REFUSED
    assert (fields["refusal.reason_vi"], fields["refusal.number"]) == ("Không thuộc thẩm quyền của xã", "12/PTC")
    assert refused(lambda: refuse(on(accepted()), "muộn")) == "not_new"


# --- the clock stands -------------------------------------------------------------------------------------------------


def test_a_supplement_keeps_the_old_due_time_beside_the_new_one_and_the_time_the_clock_stood() -> None:
    asked = done(accepted(), lambda now: ask_supplement(now, REQUEST), hours(5))
    assert asked["status"] == Status.SUPPLEMENT
    assert asked["supplement.items"] == ["Giấy chứng nhận kết hôn"]
    fields = done(asked, lambda now: supplement(now, CAME), hours(50))
    assert fields["status"] == Status.ACCEPTED
    assert (fields["due_before"], due_of(fields)) == (DUE.isoformat(), CAME.promise.due.isoformat())
    assert fields["receipt.due"] == DUE.isoformat()
    assert fields["supplement.clock"] == "subtract"
    assert fields["paused"] == [{"from": hours(5).isoformat(), "to": hours(50).isoformat(), "why": 5, "left": 2}]


def test_a_dossier_in_processing_goes_on_in_processing_after_its_supplement() -> None:
    asked = done(done(accepted(), start), lambda now: ask_supplement(now, REQUEST))
    assert done(asked, lambda now: supplement(now, CAME))["status"] == Status.PROCESSING


def test_a_second_supplement_is_refused() -> None:
    once = done(done(accepted(), lambda now: ask_supplement(now, REQUEST)), lambda now: supplement(now, CAME))
    assert refused(lambda: ask_supplement(on(once), REQUEST)) == "supplement_twice"


def test_a_supplement_request_lists_what_is_missing_and_says_why() -> None:
    assert refused(lambda: ask_supplement(on(accepted()), replace(REQUEST, items=["", " "]))) == "supplement_empty"
    assert refused(lambda: ask_supplement(on(accepted()), replace(REQUEST, reason_vi=""))) == "reason_missing"


def test_the_time_to_bring_a_supplement_lies_ahead() -> None:
    assert refused(lambda: ask_supplement(on(accepted()), replace(REQUEST, until=AT))) == "due_past"


def test_an_act_has_a_time_with_its_zone() -> None:
    with pytest.raises(ValueError, match="zone"):
        on(accepted(), at=AT.replace(tzinfo=None))


def test_what_was_never_accepted_is_accepted_when_its_papers_are_complete_and_no_clock_stood() -> None:
    asked = done(filed(), lambda now: ask_supplement(now, REQUEST))
    assert "paused" not in asked
    assert refused(lambda: supplement(on(asked), CAME)) == "not_accepted"
    assert done(asked, lambda now: accept(now, RECEIPT))["status"] == Status.ACCEPTED


def test_an_unanswered_request_closes_only_after_its_time() -> None:
    asked = done(accepted(), lambda now: ask_supplement(now, REQUEST))
    assert refused(lambda: close_unanswered(on(asked, at=REQUEST.until), NOTICE)) == "supplement_waiting"
    closed = done(asked, lambda now: close_unanswered(now, NOTICE), REQUEST.until + timedelta(minutes=1))
    assert closed["status"] == Status.STOPPED
    assert "to" in closed["paused"][-1]


def test_a_financial_duty_stops_the_clock_until_it_is_done() -> None:
    asked = done(done(accepted(), start), lambda now: ask_duties(now, Duties("Lệ phí trước bạ", 250_000)), hours(1))
    assert (asked["status"], asked["duties.amount_vnd"]) == (Status.PAYMENT, "250000")
    fields = done(asked, lambda now: duties_done(now, Promise(DUE + timedelta(days=2), "vn-2026.1")), hours(30))
    assert fields["status"] == Status.PROCESSING
    assert [one["why"] for one in fields["paused"]] == [6]
    assert fields["due_before"] == DUE.isoformat()


@pytest.mark.parametrize(("duties", "code"), [(Duties(" "), "duties_empty"), (Duties("Thuế", 0), "amount_wrong")])
def test_a_duty_says_what_is_to_be_paid(duties: Duties, code: str) -> None:
    assert refused(lambda: ask_duties(on(accepted()), duties)) == code


def test_a_new_due_time_lies_ahead() -> None:
    asked = done(accepted(), lambda now: ask_supplement(now, REQUEST))
    late = on(asked, at=CAME.promise.due)
    assert refused(lambda: supplement(late, CAME)) == "due_past"


# --- resolving --------------------------------------------------------------------------------------------------------


def test_an_extension_moves_the_due_time_once_and_keeps_the_first_one() -> None:
    fields = done(accepted(), lambda now: extend(now, EXTENSION))
    assert fields["status"] == Status.ACCEPTED
    assert (fields["due"], fields["due_before"]) == (EXTENSION.promise.due.isoformat(), DUE.isoformat())
    assert fields["extension.due_first"] == DUE.isoformat()
    assert refused(lambda: extend(on(fields), EXTENSION)) == "extension_twice"


@pytest.mark.parametrize(("day", "code"), [("2026-11-25T23:59:00+07:00", ""), ("2026-11-26T00:00:00+07:00", "extension_late")])
def test_an_apology_comes_at_the_latest_a_day_before_the_due_day(day: str, code: str) -> None:
    now = on(accepted(), at=datetime.fromisoformat(day))
    assert (refused(lambda: extend(now, EXTENSION)) if code else extend(now, EXTENSION)[0].kind) == (code or "st")


def test_the_day_before_is_counted_where_the_due_day_is() -> None:
    now = on(accepted(), at=datetime.fromisoformat("2026-11-25T17:30:00+00:00"))
    assert refused(lambda: extend(now, EXTENSION)) == "extension_late"


def test_a_new_appointment_is_later_than_the_old_one() -> None:
    same = Extension("Chờ", Promise(DUE, "vn-2026.1"))
    assert refused(lambda: extend(on(accepted()), same)) == "extension_not_later"


def test_what_has_no_due_time_cannot_be_extended() -> None:
    old = {"procedure": "1.001193", "status": Status.ACCEPTED}
    assert refused(lambda: extend(on(old), EXTENSION)) == "no_due"


@pytest.mark.parametrize("by", [CITIZEN, OFFICIAL, PROVINCE])
def test_a_citizen_withdraws_while_no_decision_exists(by: By) -> None:
    side = done(accepted(), lambda now: withdraw(now, NOTICE), by=OFFICIAL if by is PROVINCE else by)
    assert (side["status"], side["stop.returned"]) == (Status.WITHDRAWN, ["Giấy chứng sinh"])


def test_nothing_is_withdrawn_or_stopped_once_there_is_a_result() -> None:
    ready = done(accepted(), lambda now: finish(now, Result("Giấy khai sinh")))
    assert refused(lambda: withdraw(on(ready), NOTICE)) == "withdraw_late"
    assert refused(lambda: stop(on(ready), NOTICE)) == "wrong_state"
    over = done(ready, lambda now: hand_over(now, COLLECTOR))
    assert refused(lambda: withdraw(on(over), NOTICE)) == "withdraw_late"


def test_the_result_ends_the_clock_and_the_hand_over_names_who_came_and_how_they_were_known() -> None:
    ready = done(done(accepted(), start), lambda now: finish(now, Result("Giấy khai sinh", "45/2026")))
    assert (ready["status"], ready["result.number"]) == (Status.DONE, "45/2026")
    nobody = Collector(Person(" "), Proof.IDENTITY)
    assert refused(lambda: hand_over(on(ready), nobody)) == "collector_missing"
    over = done(ready, lambda now: hand_over(now, COLLECTOR))
    assert over["status"] == Status.RETURNED
    assert (over["handover.to"]["name"], over["handover.proof"]) == ("Nông Thị Mẫu", "receipt")
    assert refused(lambda: hand_over(on(over), COLLECTOR)) == "no_result"


def test_a_stop_by_the_office_says_why() -> None:
    assert refused(lambda: stop(on(accepted()), StopNotice(""))) == "reason_missing"
    assert done(accepted(), lambda now: stop(now, NOTICE))["status"] == Status.STOPPED


# --- units and roles --------------------------------------------------------------------------------------------------


def test_receiving_resolving_and_return_units_stay_apart() -> None:
    fields = accepted(resolving="01279", return_at="01273")
    assert (fields["unit"], fields["resolving"], fields["return_at"]) == ("01290", "01279", "01273")


def test_a_transfer_is_written_on_the_route_and_leaves_the_receiving_unit() -> None:
    fields = done(accepted(), lambda now: transfer(now, "01279"), hours(2))
    assert (fields["unit"], fields["resolving"], fields["status"]) == ("01290", "01279", Status.ACCEPTED)
    assert fields["route"] == [{"unit": "01279", "at": hours(2).isoformat()}]


@pytest.mark.parametrize(("unit", "code"), [("", "unit_missing"), ("01290", "unit_same")])
def test_a_transfer_goes_to_another_unit(unit: str, code: str) -> None:
    assert refused(lambda: transfer(on(accepted()), unit)) == code


def test_what_another_unit_resolves_is_not_resolved_here() -> None:
    fields = accepted(resolving="H14")
    for act in (start, lambda now: finish(now, Result("x")), lambda now: ask_supplement(now, REQUEST)):
        assert refused(lambda act=act: act(on(fields))) == "resolved_elsewhere"  # type: ignore[misc]
    assert start(on(fields, PROVINCE))[0].content["to"] == Status.PROCESSING


def test_intake_and_hand_over_stay_with_the_receiving_unit() -> None:
    fields = filed(resolving="H14")
    assert done(fields, lambda now: ask_supplement(now, REQUEST))["status"] == Status.SUPPLEMENT
    ready = {**accepted(resolving="H14"), "status": Status.DONE}
    assert done(ready, lambda now: hand_over(now, COLLECTOR))["status"] == Status.RETURNED


@pytest.mark.parametrize("act", [lambda now: accept(now, RECEIPT), lambda now: refuse(now, "x"), lambda now: note(now, "n", "x")])
def test_a_citizen_does_not_do_an_officials_act(act: Command) -> None:
    assert refused(lambda: act(on(filed(), CITIZEN))) == "role_forbidden"


# --- entries, edits, corrections, decisions ---------------------------------------------------------------------------


def test_fees_are_entries_and_their_sum_leaves_claims_and_removed_ones_out() -> None:
    fields = accepted()
    for fee in (Fee("f1", 8_000, "Trích lục"), Fee("f2", 2_000, "Sao"), Fee("f3", 5_000, "Sao", "transfer", FeeState.CLAIMED)):
        fields = done(fields, lambda now, fee=fee: receive_fee(now, fee))  # type: ignore[misc]
    assert fees_received(fields) == 10_000
    fields = done(fields, lambda now: remove(now, "fee.f2", "Ghi hai lần"))
    assert fees_received(fields) == 8_000
    assert fields["fee.f2"]["amount_vnd"] == "2000"


def test_money_is_received_by_the_office_only() -> None:
    forged = {"id": "f9", "amount_vnd": "5000", "state": "received", "by": {"role": "citizen"}}
    fields = apply(accepted(), "fee", forged)
    assert "fee.f9" in fields
    assert fees_received(fields) == 0


@pytest.mark.parametrize(
    ("fee", "by", "code"),
    [
        (Fee("f", 0, "x"), OFFICIAL, "amount_wrong"),
        (Fee("f", 5_000, "x"), CITIZEN, "citizen_claims_only"),
        (Fee("f1", 5_000, "x"), OFFICIAL, "entry_exists"),
    ],
)
def test_a_payment_that_cannot_be_written(fee: Fee, by: By, code: str) -> None:
    fields = done(accepted(), lambda now: receive_fee(now, Fee("f1", 8_000, "Trích lục")))
    assert refused(lambda: receive_fee(on(fields, by), fee)) == code


def test_a_tombstone_hides_exactly_the_entry_it_names_and_nothing_is_erased() -> None:
    fields = done(done(filed(), lambda now: note(now, "n1", "một")), lambda now: note(now, "n2", "hai"))
    fields = done(fields, lambda now: remove(now, "note.n1", "Nhầm hồ sơ"))
    assert entries(fields, "note") == {"n2": "hai"}
    assert fields["note.n1"] == "một"
    assert refused(lambda: remove(on(fields), "note.n1", "lại")) == "entry_unknown"
    assert refused(lambda: note(on(fields), "n1", "ba")) == "entry_exists"


def test_a_tombstone_of_another_value_hides_nothing() -> None:
    fields = done(filed(), lambda now: note(now, "n1", "một"))
    grave = {"of": "note.n1", "saw": "khác", "why": "x", "at": AT.isoformat(), "by": OFFICIAL.json()}
    assert entries(apply(fields, "rm", grave), "note") == {"n1": "một"}


def test_a_correction_keeps_both_values_and_the_reason() -> None:
    right = {"name": "Nông Thị Mậu"}
    was = filed()["applicant"]
    fields = done(filed(), lambda now: correct(now, "applicant", right, "Gõ nhầm"))
    assert fields["applicant"] == right
    assert [(one["was"], one["value"], one["why"]) for one in fields["corrections"]] == [(was, right, "Gõ nhầm")]
    assert refused(lambda: correct(on(fields), "applicant", right, "x")) == "nothing_changed"


@pytest.mark.parametrize(
    ("name", "why", "code"),
    [("procedure", "x", "not_correctable"), ("a.x", "x", "not_correctable"), ("channel", "", "reason_missing")],
)
def test_a_correction_that_may_not_be_made(name: str, why: str, code: str) -> None:
    assert refused(lambda: correct(on(filed()), name, 3, why)) == code


def test_nothing_is_corrected_after_the_decision() -> None:
    ready = done(accepted(), lambda now: finish(now, Result("Giấy khai sinh")))
    assert refused(lambda: correct(on(ready), "channel", 3, "x")) == "wrong_state"


def test_an_edit_writes_only_what_changed() -> None:
    (draft,) = edit(on(filed()), {"a.child_name": "Nông Văn Bé", "a.req_phone": "+84912000002"})
    assert draft.content == {"a.req_phone": "+84912000002"}
    assert refused(lambda: edit(on(filed()), {"a.child_name": "Nông Văn Bé"})) == "nothing_changed"


@pytest.mark.parametrize("name", ["procedure", "status", "due", "official_code", "note.x", "fee.x", "suggest.a.x", "rm.note.x"])
def test_a_closed_field_is_not_edited(name: str) -> None:
    assert refused(lambda: edit(on(filed()), {name: "x"})) == "field_closed"


def test_the_province_edits_its_own_fields() -> None:
    assert edit(on(filed(), PROVINCE), {"result_number": "9"})[0].content == {"result_number": "9"}
    assert refused(lambda: edit(on(filed(), PROVINCE), {"suggest.a.x": 1})) == "field_closed"


PHONE = Conflict("7-99-3:a.req_phone", "a.req_phone", "2", "1", "unseen")


def test_a_decision_takes_the_value_that_lost_or_keeps_the_other() -> None:
    fields = {**filed(), "a.req_phone": "2"}
    taken = done(fields, lambda now: decide(now, PHONE, Choice.LOST))
    assert taken["a.req_phone"] == "1"
    kept = done(fields, lambda now: decide(now, PHONE, Choice.KEPT))
    assert kept["a.req_phone"] == "2"
    assert kept[f"decided.{PHONE.id}"]["lost"] == "1"
    assert refused(lambda: decide(on(kept), PHONE, Choice.LOST)) == "already_decided"


def test_a_decision_is_about_the_values_shown() -> None:
    assert refused(lambda: decide(on({**filed(), "a.req_phone": "3"}), PHONE, Choice.LOST)) == "value_moved"


@pytest.mark.parametrize("name", ["code", "official_code", "fee.f1", "status", ""])
def test_only_commune_and_shared_values_are_taken_back(name: str) -> None:
    conflict = replace(PHONE, field=name)
    assert refused(lambda: decide(on(filed()), conflict, Choice.LOST)) == "choice_closed"


def test_a_request_with_the_provinces_role_needs_no_commune() -> None:
    request = SupplementRequest(["Ảnh"], "Thiếu", DUE)
    assert ask_supplement(on(accepted(resolving="H14"), By(Role.PROVINCE, "Sở")), request)[0].content["by"]["role"] == "province"
