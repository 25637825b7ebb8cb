"""The dossier: what an event changes, which steps are lawful, and that folding is the same however it is cut."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.dossier import (
    ACTS,
    STATUS_NAMES,
    TRANSITIONS,
    Draft,
    FieldClass,
    Fields,
    Outcome,
    Side,
    Status,
    apply,
    change,
    field_class,
    file,
    fold,
    outcome,
    refusal,
)
from tests.forms.dossier.acts import AT as MORNING
from tests.forms.dossier.acts import CAME, OFFICIAL, accepted, filed, filing

AT = MORNING.isoformat()


def test_filing_makes_a_new_dossier_with_its_answers() -> None:
    fields = filed()
    assert fields["status"] == Status.NEW
    assert fields["filed_at"] == AT
    assert fields["channel"] == 1
    assert fields["subject"] == "Nông Văn Bé"
    assert (fields["a.child_name"], fields["a.copy_count"]) == ("Nông Văn Bé", 2)
    assert "due" not in fields


def test_a_second_creation_changes_nothing() -> None:
    again = Draft("d1", "new", {**creation().content, "procedure": "1.000656", "code": "TAM-K02-261123-0001N"})
    assert fold([again], filed()) == filed()


def creation() -> Draft:
    return file("d1", filing(), AT)[0]


def test_a_step_names_the_state_it_leaves() -> None:
    fields = {**filed(), "status": Status.PROCESSING}
    step = {"from": Status.NEW, "to": Status.ACCEPTED, "at": AT, "set": {"receipt.due": "x"}}
    assert apply(fields, "st", step) == fields


@pytest.mark.parametrize(("leaves", "to"), [(a, b) for a in STATUS_NAMES for b in STATUS_NAMES])
def test_exactly_the_lawful_steps_are_taken(leaves: int, to: int) -> None:
    after = apply({"status": leaves, "procedure": "1.001193"}, "st", {"from": leaves, "to": to, "at": AT})
    assert (after["status"] == to) == (to in TRANSITIONS[leaves] or to == leaves)


def test_nothing_leaves_a_final_state_and_every_state_but_the_first_is_reached() -> None:
    assert all(not TRANSITIONS[final] for final in (Status.REFUSED, Status.WITHDRAWN, Status.STOPPED, Status.RETURNED))
    assert set().union(*TRANSITIONS.values()) == set(STATUS_NAMES) - {Status.NEW}


def test_a_field_of_an_act_is_never_set_plainly() -> None:
    done = outcome({"status": 1}, change("f", {"status": 9, "due": "x", "remark": "x"}))
    assert done.writes == {"remark": "x"}
    assert [(loss.field, loss.why) for loss in done.losses] == [("status", "class_T"), ("due", "class_T")]
    step = {"from": 1, "to": 2, "at": AT, "set": {"status": 9}}
    assert apply({"status": 1}, "st", step)["status"] == Status.ACCEPTED


def test_an_act_writes_its_own_fields_and_no_others() -> None:
    step = {"act": "start", "from": 2, "to": 4, "at": AT, "by": OFFICIAL.json(), "set": {"due": "x", "paused": [], "remark": "có"}}
    done = outcome(accepted(), change("st", step))
    assert {name: done.writes.get(name) for name in ("status", "due", "paused", "remark")} == {
        "status": 4,
        "due": None,
        "paused": None,
        "remark": "có",
    }
    assert [loss.field for loss in done.losses] == ["due", "paused"]


def step(act: str, leaves: int, to: int, role: str = "official") -> dict[str, Any]:
    return {"act": act, "from": leaves, "to": to, "at": AT, "by": {"role": role, "name": "x"}, "set": {}}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (step("start", 1, 4), "step_from_other_state"),
        (step("start", 2, 9), "step_unlawful"),
        (step("finish", 2, 4), "step_unlawful"),
        (step("start", 2, 2), "step_unlawful"),
        (step("extend", 2, 4), "step_unlawful"),
        (step("extend", 2, 2) | {"if": {"due": "x"}}, "found_other"),
        (step("fly", 2, 4), "act_unknown"),
        (step("start", 2, 4, "citizen"), "role_forbidden"),
        (step("start", 2, 4, "province"), "role_forbidden"),
        (step("start", 2, 4, "king"), "role_forbidden"),
        (step("withdraw", 2, 7, "citizen"), None),
    ],
)
def test_the_fold_refuses_what_a_command_would_refuse(content: dict[str, Any], why: str | None) -> None:
    assert outcome(accepted(), change("st", content)).refused == why


def test_an_act_starts_only_where_the_table_lets_it() -> None:
    asked = {**accepted(), "status": 5}
    assert outcome(asked, change("st", step("start", 5, 4))).refused == "step_unlawful"


def test_a_step_of_version_1_to_its_own_state_is_no_step() -> None:
    content = {"from": 2, "to": 2, "at": AT, "set": {"remark": "x"}}
    assert outcome(accepted(), change("st", content)).refused == "step_unlawful"


def test_an_act_that_does_not_transfer_leaves_unit_and_route_alone() -> None:
    done = outcome(accepted(), change("st", step("start", 2, 4) | {"set": {"resolving": "01279"}}))
    assert "route" not in done.writes
    assert [loss.field for loss in done.losses] == ["resolving"]


def test_the_same_due_time_again_is_not_one_before() -> None:
    asked = {**accepted(), "status": 5}
    same = step("supplement", 5, 2) | {"set": {"due": asked["due"]}}
    assert "due_before" not in apply(asked, "st", same)


def test_a_closed_interval_is_never_opened_again() -> None:
    stood = [{"from": "a", "to": "b", "why": 5, "left": 2}]
    asked = {**accepted(), "status": 5, "paused": stood}
    assert apply(asked, "st", step("supplement", 5, 2))["paused"] == stood


def signed(**content: Any) -> dict[str, Any]:
    return {**content, "at": AT, "by": OFFICIAL.json()}


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("cor", signed(field="procedure", was="1.001193", value="1.000656", why="x")),
        ("cor", signed(field="a.child_name", was="Nông Văn Bé", value="x", why="x")),
        ("dec", signed(of="7-1-1:status", field="status", kept=1, lost=9, choice="lost")),
        ("dec", signed(of="7-1-1:code", field="code", kept="TAM-K01-261123-00013", lost="x", choice="lost")),
        ("rm", signed(of="a.child_name", saw="Nông Văn Bé", why="x")),
    ],
)
def test_an_act_on_a_field_it_is_not_for_changes_nothing_and_is_told(kind: str, content: dict[str, Any]) -> None:
    assert outcome(filed(), change(kind, content)) == Outcome({}, (), "event_unread")


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("dec", signed(of="7-1-1:remark", field="remark", kept=None, lost="x", choice="kept")),
        ("rm", signed(of="note.n1", saw="x", why="x")),
    ],
)
def test_what_was_decided_or_removed_is_not_decided_or_removed_again(kind: str, content: dict[str, Any]) -> None:
    once = apply(filed(), kind, content)
    assert once != filed()
    assert outcome(once, change(kind, content | {"at": "later"})).refused == "found_other"


def test_the_province_speaks_for_itself() -> None:
    assert outcome(accepted(), change("st", step("start", 2, 4, "province")), Side.PROVINCE).refused is None


def test_a_second_supplement_and_a_second_acceptance_are_refused_by_the_fold_too() -> None:
    asked = {**accepted(), "supplement.asked_at": AT}
    assert outcome(asked, change("st", step("ask_supplement", 2, 5))).refused == "supplement_twice"
    assert outcome({**asked, "status": 5}, change("st", step("accept", 5, 2))).refused == "not_new"


def test_what_another_unit_resolves_is_refused_by_the_fold_too() -> None:
    assert outcome(accepted(resolving="H14"), change("st", step("start", 2, 4))).refused == "resolved_elsewhere"


@pytest.mark.parametrize("kind", ["rm", "cor", "dec", "fee"])
def test_an_act_without_an_author_is_refused(kind: str) -> None:
    content = {"id": "f1", "of": "note.n1", "field": "channel", "value": 3, "was": 1, "choice": "kept"}
    assert outcome(accepted(), change(kind, content)).refused == "role_forbidden"


def test_a_correction_of_a_value_that_has_moved_is_not_applied() -> None:
    content = {"field": "channel", "was": 3, "value": 2, "why": "x", "at": AT, "by": OFFICIAL.json()}
    assert outcome(filed(), change("cor", content)).refused == "found_other"


def test_the_provinces_write_to_a_field_of_the_commune_is_a_numbered_suggestion() -> None:
    first = outcome(filed(), change("f", {"a.child_name": "Nông Văn Bê"}), Side.PROVINCE).writes
    assert first == {"suggest.a.child_name": {"n": 1, "value": "Nông Văn Bê"}}
    again = outcome({**filed(), **first}, change("f", {"a.child_name": "Nông Văn Bê"}), Side.PROVINCE)
    assert again == Outcome({})
    second = outcome({**filed(), **first}, change("f", {"a.child_name": "Bế"}), Side.PROVINCE).writes
    assert second == {"suggest.a.child_name": {"n": 2, "value": "Bế"}}


def test_true_and_one_are_two_values() -> None:
    assert outcome({"a.x": 1}, change("f", {"a.x": True})).writes == {"a.x": True}


def test_every_act_of_the_table_follows_the_transitions() -> None:
    for act in ACTS.values():
        assert all(act.to & TRANSITIONS[leaves] for leaves in act.leaves if act.to)
    assert set().union(*(act.to for act in ACTS.values())) == set(STATUS_NAMES) - {Status.NEW}


def test_the_supplement_of_an_old_dossier_without_an_interval_opens_none() -> None:
    old = {**accepted(), "status": 5}
    content = step("supplement", 5, 2) | {"set": {"due": CAME.promise.due.isoformat()}}
    assert "paused" not in apply(old, "st", content)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("zz", {"a": 1}),
        ("st", {"from": "1", "to": 2}),
        ("st", {"to": 2}),
        ("note", {"id": 5, "text": "x"}),
        ("new", {"code": "TAM-K01-261123-00013", "at": AT}),
        ("new", {"procedure": 7, "at": AT}),
    ],
)
def test_unknown_kinds_and_malformed_contents_ask_for_nothing(kind: str, content: dict[str, Any]) -> None:
    assert change(kind, content).writes == {}
    assert apply({"status": 4}, kind, content) == {"status": 4}
    assert refusal({"status": 4}, change(kind, content)) == "event_unread", "nobody's act is passed over in silence"


def test_what_the_province_would_ignore_does_not_show_at_the_kiosk_either() -> None:
    fields = {**filed(), "official_code": "H14.40-261123-0007", "note.n1": "gọi lại"}
    assert apply(fields, "f", {"official_code": "H14.40-261123-9999", "code": "TAM-K09-261123-0001T"}) == fields
    assert apply(fields, "note", {"id": "n1", "text": "khác"}) == fields
    assert apply(fields, "note", {"id": "n2", "text": "khác"})["note.n2"] == "khác"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("procedure", FieldClass.IMMUTABLE),
        ("filed_at", FieldClass.IMMUTABLE),
        ("a.child_name", FieldClass.COMMUNE),
        ("receipt.due", FieldClass.STATE),
        ("due", FieldClass.STATE),
        ("receipt", FieldClass.COMMUNE),
        ("suggest.a.x", FieldClass.PROVINCE),
        ("decided.7-1-1", FieldClass.STATE),
        ("official_code", FieldClass.PROVINCE),
        ("remark", FieldClass.SHARED),
        ("note.1", FieldClass.ADD_ONLY),
        ("at.1", FieldClass.ADD_ONLY),
        ("fee.1", FieldClass.NUMBER),
        ("status", FieldClass.STATE),
    ],
)
def test_each_field_has_its_class(name: str, expected: FieldClass) -> None:
    assert field_class(name) is expected


_by = st.sampled_from([{"role": "official"}, {"role": "citizen"}, {"role": "province"}, "x", None])
_contents = st.fixed_dictionaries(
    {},
    optional={
        "from": st.integers(0, 11),
        "to": st.integers(0, 11),
        "act": st.sampled_from([*ACTS, "fly", "", None, 3]),
        "by": _by,
        "at": st.one_of(st.just(AT), st.integers()),
        "set": st.dictionaries(st.sampled_from(["status", "due", "paused", "route", "resolving", "code"]), st.integers(0, 9)),
        "if": st.dictionaries(st.sampled_from(["due", "status"]), st.integers(0, 2)),
        "id": st.sampled_from(["1", 2, None]),
        "of": st.sampled_from(["note.1", "a.x", "7-1-1:a.x", None, []]),
        "field": st.sampled_from(["channel", "a.x", "status", "paused", None, []]),
        "choice": st.sampled_from(["kept", "lost", []]),
        "procedure": st.sampled_from(["1.001193", 7]),
        "status": st.integers(0, 9),
        "a.x": st.integers(0, 2),
        "lost": st.integers(0, 2),
        "kept": st.integers(0, 2),
        "value": st.integers(0, 2),
    },
)
_kinds = st.sampled_from(["new", "f", "st", "st", "st", "note", "fee", "rm", "cor", "dec", "??"])
_events = st.lists(st.tuples(_kinds, _contents), max_size=12)


@settings(max_examples=300)
@given(_events, st.sampled_from(list(Side)))
def test_no_event_of_any_shape_raises_or_leads_to_a_lawless_status(events: list[tuple[str, dict[str, Any]]], side: Side) -> None:
    fields: Fields = {}
    for kind, content in events:
        before = fields.get("status")
        fields = {**fields, **outcome(fields, change(kind, content), side).writes}
        after = fields.get("status")
        assert after == before or after in ({Status.NEW} if before is None else TRANSITIONS[before])


@given(_events, st.integers(0, 12))
def test_folding_is_the_same_however_it_is_cut(events: list[tuple[str, dict[str, Any]]], cut: int) -> None:
    drafts = [Draft("d1", kind, content) for kind, content in events]
    whole = fold(drafts)
    assert fold(drafts[cut:], fold(drafts[:cut])) == whole
    one_by_one: Fields = {}
    for draft in drafts:
        one_by_one = apply(one_by_one, draft.kind, draft.content)
    assert one_by_one == whole


def test_a_creation_never_sets_a_living_dossier_back() -> None:
    assert apply({"status": Status.PROCESSING}, "new", creation().content) == {"status": Status.PROCESSING}
