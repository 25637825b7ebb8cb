"""The dossier: what an event changes, which steps are lawful, and that folding is the same however it is cut."""

from __future__ import annotations

from functools import reduce
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.dossier import (
    STATUS_NAMES,
    TRANSITIONS,
    DossierError,
    Draft,
    FieldClass,
    Fields,
    Status,
    accept,
    apply,
    change,
    field_class,
    file,
)

AT = "2026-11-23T08:15:00+07:00"


def filed() -> list[Draft]:
    return list(
        file(
            "d1",
            procedure="1.001193",
            form="2026112401",
            code="TAM-K01-261123-0001V",
            key="000820c20a1g7",
            unit="01273",
            at=AT,
            applicant={"name": "NÔNG THỊ MẪU"},
            subject="Nông Văn Bé",
            answers={"child_name": "Nông Văn Bé", "copy_count": 2},
        )
    )


def fold(drafts: list[Draft], start: Fields | None = None) -> Fields:
    return reduce(lambda fields, draft: apply(fields, draft.kind, draft.content), drafts, start or {})


def test_filing_makes_a_new_dossier_with_its_answers() -> None:
    fields = fold(filed())
    assert fields["status"] == Status.NEW
    assert fields["filed_at"] == AT
    assert fields["channel"] == 1
    assert fields["subject"] == "Nông Văn Bé"
    assert (fields["a.child_name"], fields["a.copy_count"]) == ("Nông Văn Bé", 2)


def test_a_second_creation_changes_nothing() -> None:
    fields = fold(filed())
    other = [Draft("d1", "new", {**filed()[0].content, "procedure": "1.000656", "code": "TAM-K02-261123-0001N"})]
    assert fold(other, fields) == fields


def test_acceptance_freezes_the_receipt_into_the_dossier() -> None:
    fields = fold(filed())
    fields = fold(list(accept("d1", fields, at=AT, receipt={"due": "2026-11-23T17:00:00+07:00", "calendar": "vn-2026.1"})), fields)
    assert fields["status"] == Status.ACCEPTED
    assert fields["receipt.due"] == "2026-11-23T17:00:00+07:00"
    assert fields["status_at"] == AT


def test_only_a_waiting_dossier_can_be_accepted() -> None:
    fields = {**fold(filed()), "status": Status.DONE}
    with pytest.raises(DossierError, match="not_new"):
        accept("d1", fields, at=AT, receipt={})


def test_a_step_names_the_state_it_leaves() -> None:
    fields = {**fold(filed()), "status": Status.PROCESSING}
    step = {"from": Status.NEW, "to": Status.ACCEPTED, "at": AT, "set": {"receipt.due": "x"}}
    assert apply(fields, "st", step) == fields


@pytest.mark.parametrize(("leaves", "to"), [(a, b) for a in STATUS_NAMES for b in STATUS_NAMES])
def test_exactly_the_lawful_steps_are_taken(leaves: int, to: int) -> None:
    after = apply({"status": leaves, "procedure": "1.001193"}, "st", {"from": leaves, "to": to, "at": AT})
    assert (after["status"] == to) == (to in TRANSITIONS[leaves] or to == leaves)


def test_nothing_leaves_a_final_state_and_every_state_but_the_first_is_reached() -> None:
    assert all(not TRANSITIONS[final] for final in (Status.REFUSED, Status.WITHDRAWN, Status.STOPPED, Status.RETURNED))
    assert set().union(*TRANSITIONS.values()) == set(STATUS_NAMES) - {Status.NEW}


def test_a_status_is_never_set_as_a_plain_field() -> None:
    assert apply({"status": 1}, "f", {"status": 9, "remark": "x"}) == {"status": 1, "remark": "x"}
    step = {"from": 1, "to": 2, "at": AT, "set": {"status": 9}}
    assert apply({"status": 1}, "st", step)["status"] == Status.ACCEPTED


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("zz", {"a": 1}),
        ("st", {"from": "1", "to": 2}),
        ("st", {"to": 2}),
        ("note", {"id": 5, "text": "x"}),
        ("new", {"code": "TAM-K01-261123-0001V", "at": AT}),
        ("new", {"procedure": 7, "at": AT}),
    ],
)
def test_unknown_kinds_and_malformed_contents_ask_for_nothing(kind: str, content: dict[str, Any]) -> None:
    assert change(kind, content).writes == {}
    assert apply({"status": 4}, kind, content) == {"status": 4}


def test_what_the_province_would_ignore_does_not_show_at_the_kiosk_either() -> None:
    fields = {**fold(filed()), "official_code": "H14.40-261123-0007", "note.n1": "gọi lại"}
    assert apply(fields, "f", {"official_code": "H14.40-261123-9999", "code": "TAM-K09-261123-0001T"}) == fields
    assert apply(fields, "note", {"id": "n1", "text": "khác"}) == fields
    assert apply(fields, "note", {"id": "n2", "text": "khác"})["note.n2"] == "khác"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("procedure", FieldClass.IMMUTABLE),
        ("filed_at", FieldClass.IMMUTABLE),
        ("a.child_name", FieldClass.COMMUNE),
        ("receipt.due", FieldClass.COMMUNE),
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


_contents = st.dictionaries(
    st.sampled_from(["from", "to", "at", "set", "id", "text", "procedure", "status", "remark", "a.x"]),
    st.one_of(
        st.integers(0, 11),
        st.text(max_size=3),
        st.none(),
        st.dictionaries(st.sampled_from(["status", "remark", "code"]), st.integers(0, 9)),
    ),
)
_events = st.lists(st.tuples(st.sampled_from(["new", "f", "st", "note", "??"]), _contents), max_size=12)


@given(_events)
def test_folding_never_raises_and_never_leaves_a_lawless_status(events: list[tuple[str, dict[str, Any]]]) -> None:
    fields: Fields = {}
    for kind, content in events:
        before = fields.get("status")
        fields = apply(fields, kind, content)
        after = fields.get("status")
        assert after == before or after in ({Status.NEW} if before is None else TRANSITIONS[before])


def test_a_creation_never_sets_a_living_dossier_back() -> None:
    assert apply({"status": Status.PROCESSING}, "new", filed()[0].content) == {"status": Status.PROCESSING}
