"""Whatever people do, in whatever order: no act leads to an unlawful state, and every refusal is one of the table."""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from forms.dossier import (
    ACTS,
    PAUSED,
    REFUSALS,
    STATUS_NAMES,
    TRANSITIONS,
    By,
    Choice,
    ClockRule,
    Conflict,
    DossierError,
    Draft,
    Duties,
    Extension,
    Fee,
    Fields,
    Promise,
    Receipt,
    Result,
    Role,
    Side,
    Situation,
    Status,
    Supplement,
    SupplementRequest,
    accept,
    ask_duties,
    ask_supplement,
    change,
    close_unanswered,
    correct,
    decide,
    due_of,
    duties_done,
    edit,
    extend,
    file,
    finish,
    fold,
    hand_over,
    is_paused,
    note,
    outcome,
    receive_fee,
    refuse,
    remove,
    start,
    stop,
    supplement,
    transfer,
    withdraw,
)
from tests.forms.dossier.acts import AT, CITIZEN, COLLECTOR, NOTICE, OFFICIAL, PROVINCE, filing

Command = Callable[[Situation], Sequence[Draft]]


def soon(now: Situation) -> Promise:
    return Promise(now.at + timedelta(days=5), "vn-2026.1")


ACTIONS: dict[str, Command] = {
    "accept": lambda now: accept(now, Receipt(soon(now), ["Tờ khai"])),
    "refuse": lambda now: refuse(now, "Không thuộc thẩm quyền"),
    "ask_supplement": lambda now: ask_supplement(now, SupplementRequest(["Ảnh"], "Thiếu", now.at + timedelta(days=2))),
    "supplement": lambda now: supplement(now, Supplement(["Ảnh"], soon(now), ClockRule.RESTART)),
    "close_unanswered": lambda now: close_unanswered(now, NOTICE),
    "ask_duties": lambda now: ask_duties(now, Duties("Thuế")),
    "duties_done": lambda now: duties_done(now, soon(now)),
    "start": start,
    "transfer away": lambda now: transfer(now, "H14"),
    "transfer back": lambda now: transfer(now, "01290"),
    "extend": lambda now: extend(now, Extension("Chờ xác minh", Promise(now.at + timedelta(days=20), "vn-2026.1"))),
    "withdraw": lambda now: withdraw(now, NOTICE),
    "stop": lambda now: stop(now, NOTICE),
    "finish": lambda now: finish(now, Result("Giấy khai sinh")),
    "hand_over": lambda now: hand_over(now, COLLECTOR),
    "edit": lambda now: edit(now, {"a.req_phone": now.moment}),
    "correct": lambda now: correct(now, "applicant", {"name": now.moment}, "Gõ nhầm"),
    "note": lambda now: note(now, "n1", "gọi lại"),
    "fee": lambda now: receive_fee(now, Fee("f1", 8_000, "Trích lục")),
    "remove": lambda now: remove(now, "note.n1", "Nhầm"),
    "decide": lambda now: decide(now, Conflict("7-1-3:remark", "remark", None, "x"), Choice.KEPT),
}


HANDS = [OFFICIAL, OFFICIAL, OFFICIAL, PROVINCE, CITIZEN]


class Life(RuleBasedStateMachine):
    """A dossier in the hands of everybody at once."""

    def __init__(self) -> None:
        super().__init__()
        self.at = AT
        self.events: list[Draft] = list(file("d1", filing(), AT.isoformat()))
        self.fields: Fields = fold(self.events)
        self.way: list[int] = [Status.NEW]
        self.acts: list[str] = []
        self.refused: list[DossierError] = []

    @rule(name=st.sampled_from(sorted(ACTIONS)), by=st.sampled_from(HANDS), days=st.integers(0, 3))
    def act(self, name: str, by: By, days: int) -> None:
        self.at += timedelta(days=days, minutes=1)
        before = self.fields
        try:
            drafts = ACTIONS[name](Situation("d1", self.fields, by, self.at))
        except DossierError as error:
            self.refused.append(error)
            return
        self.events += drafts
        self.fields = told(self.fields, drafts, by)
        assert self.fields != before, f"{name} was allowed and did nothing"
        self.acts.append(name)
        if self.fields["status"] != self.way[-1]:
            self.way.append(self.fields["status"])

    @invariant()
    def every_refusal_has_its_code_its_text_and_its_cure(self) -> None:
        assert all(error.code in REFUSALS and error.message_vi and error.cure_vi for error in self.refused[-1:])

    @invariant()
    def the_way_is_lawful(self) -> None:
        assert all(to in TRANSITIONS[leaves] for leaves, to in pairwise(self.way))

    @invariant()
    def what_happens_once_happened_once(self) -> None:
        assert all(self.acts.count(name) <= 1 for name in ("accept", "ask_supplement", "extend", "withdraw", "finish"))

    @invariant()
    def a_due_time_is_promised_by_acceptance_only(self) -> None:
        assert bool(due_of(self.fields)) == ("accept" in self.acts)

    @invariant()
    def the_clock_stands_exactly_while_the_office_waits_for_the_citizen(self) -> None:
        assert is_paused(self.fields) == (self.fields["status"] in PAUSED and "accept" in self.acts)
        stood = self.fields.get("paused", [])
        times = [moment for one in stood for moment in (one["from"], one.get("to", "9999"))]
        assert times == sorted(times)

    @invariant()
    def the_receipt_still_says_what_was_promised(self) -> None:
        if "accept" in self.acts:
            first = next(draft for draft in self.events if draft.content.get("act") == "accept")
            assert self.fields["receipt.due"] == first.content["set"]["receipt.due"]


def told(fields: Fields, drafts: Sequence[Draft], by: By) -> Fields:
    """The province's own acts reach the state by its side of the fold; everybody else's by the kiosk's."""
    side = Side.PROVINCE if by is PROVINCE else Side.COMMUNE
    for draft in drafts:
        fields = {**fields, **outcome(fields, change(draft.kind, draft.content), side).writes}
    return fields


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


def test_of_all_acts_a_citizen_only_withdraws_and_claims_a_payment() -> None:
    assert {name for name, act in ACTS.items() if Role.CITIZEN in act.who} == {"withdraw", "fee"}


def test_every_act_has_a_command() -> None:
    assert {name.split()[0] for name in ACTIONS} == set(ACTS)


def test_every_status_is_reached_by_somebody() -> None:
    reached = set()
    ways: list[list[str]] = [
        ["refuse"],
        ["accept", "start", "ask_supplement", "supplement", "ask_duties", "duties_done", "finish", "hand_over"],
        ["withdraw"],
        ["accept", "stop"],
    ]
    for way in ways:
        fields = fold(file("d1", filing(), AT.isoformat()))
        reached.add(fields["status"])
        for name in way:
            fields = fold(ACTIONS[name](Situation("d1", fields, OFFICIAL, AT)), fields)
            reached.add(fields["status"])
    assert reached == set(STATUS_NAMES)


@pytest.mark.parametrize("code", sorted(REFUSALS))
def test_every_refusal_says_what_is_wrong_and_what_to_do(code: str) -> None:
    for text in REFUSALS[code]:
        names = {name for _, name, _, _ in string.Formatter().parse(text) if name}
        assert names <= {"act_vi", "status_vi"}
        assert text[0].isupper()
        assert text.endswith(".")


def test_a_refusal_names_act_and_state() -> None:
    fields: dict[str, Any] = {**fold(file("d1", filing(), AT.isoformat())), "status": Status.DONE}
    with pytest.raises(DossierError, match="«Đã xử lý xong», không chuyển xử lý được"):
        start(Situation("d1", fields, OFFICIAL, AT))
