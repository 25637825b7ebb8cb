"""The merge, class by class: what stays, what is lost, and that a loss is always told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.dossier import STATUS_NAMES, Status
from forms.merge import Entry, Known, Writing, merge

ME, OTHER = 7, 8


def writing(kind: str, content: Mapping[str, Any], *, base: int = 10, device: int = ME) -> Writing:
    return Writing(device, 99, 3, "d1", kind, content, base)


def merged(known: Mapping[str, Known], kind: str, content: Mapping[str, Any], *, base: int = 10) -> Sequence[Entry]:
    return merge(known, writing(kind, content, base=base))


def fields(entries: Sequence[Entry]) -> dict[str, Any]:
    return {entry["f"]: entry["v"] for entry in entries if entry["e"] == "f"}


def conflicts(entries: Sequence[Entry]) -> list[tuple[str, Any, Any, str]]:
    return [(entry["f"], entry["kept"], entry["lost"], entry["why"]) for entry in entries if entry["e"] == "cf"]


def test_a_first_value_is_simply_written() -> None:
    assert merged({}, "f", {"a.child_name": "Bé"}) == ({"e": "f", "d": "d1", "f": "a.child_name", "v": "Bé"},)


def test_the_same_value_twice_is_no_conflict_and_no_entry() -> None:
    assert merged({"a.x": Known("1", 50, OTHER)}, "f", {"a.x": "1"}) == ()


def test_a_commune_field_seen_is_overwritten_quietly() -> None:
    entries = merged({"a.x": Known("1", 10, OTHER)}, "f", {"a.x": "2"}, base=10)
    assert fields(entries) == {"a.x": "2"}
    assert conflicts(entries) == []


def test_a_commune_field_unseen_goes_to_the_newest_and_tells_the_loser() -> None:
    entries = merged({"a.x": Known("1", 11, OTHER)}, "f", {"a.x": "2"}, base=10)
    assert fields(entries) == {"a.x": "2"}
    assert conflicts(entries) == [("a.x", "2", "1", "unseen")]


def test_a_devices_own_earlier_write_counts_as_seen() -> None:
    entries = merged({"a.x": Known("1", 11, ME)}, "f", {"a.x": "2"}, base=0)
    assert fields(entries) == {"a.x": "2"}
    assert conflicts(entries) == []


def test_a_shared_field_unseen_keeps_the_value_already_there() -> None:
    entries = merged({"remark": Known("có", 11, None)}, "f", {"remark": "mới"}, base=10)
    assert fields(entries) == {}
    assert conflicts(entries) == [("remark", "có", "mới", "unseen")]


def test_a_shared_field_seen_is_overwritten() -> None:
    assert fields(merged({"remark": Known("có", 10, None)}, "f", {"remark": "mới"}, base=10)) == {"remark": "mới"}


def test_a_province_field_written_by_a_commune_is_recorded_and_ignored() -> None:
    entries = merged({}, "f", {"official_code": "H14.40-261123-0007"})
    assert fields(entries) == {}
    assert conflicts(entries) == [("official_code", None, "H14.40-261123-0007", "class_P")]


def test_an_immutable_field_takes_one_value_for_ever() -> None:
    known = {"procedure": Known("1.001193", 1, ME), "code": Known("TAM-1", 1, ME)}
    entries = merged(known, "f", {"code": "TAM-2"}, base=99)
    assert fields(entries) == {}
    assert conflicts(entries) == [("code", "TAM-1", "TAM-2", "class_I")]


@pytest.mark.parametrize("name", ["note.n1", "at.b1", "fee.f1"])
def test_an_entry_of_an_add_only_set_is_never_rewritten_silently(name: str) -> None:
    entries = merged({name: Known("cũ", 5, OTHER)}, "f", {name: "mới"}, base=10)
    assert fields(entries) == {}
    assert [(name_, kept, lost) for name_, kept, lost, _ in conflicts(entries)] == [(name, "cũ", "mới")]


def test_entries_of_an_add_only_set_all_stay() -> None:
    assert fields(merged({"note.n1": Known("một", 50, OTHER)}, "note", {"id": "n2", "text": "hai"}, base=0)) == {"note.n2": "hai"}


def test_a_step_from_another_state_is_recorded_with_its_other_writes_undone() -> None:
    known = {"status": Known(Status.PROCESSING, 20, OTHER)}
    entries = merged(known, "st", {"from": Status.NEW, "to": Status.ACCEPTED, "at": "x", "set": {"receipt.due": "y"}})
    assert entries == ({"e": "na", "d": "d1", "dev": ME, "inc": 99, "n": 3, "why": "step_from_other_state"},)


def test_an_unlawful_step_is_recorded_as_not_applied() -> None:
    entries = merged({"status": Known(Status.NEW, 1, ME)}, "st", {"from": Status.NEW, "to": Status.DONE, "at": "x"})
    assert [entry["why"] for entry in entries] == ["step_unlawful"]


def test_a_lawful_step_is_applied_even_when_the_status_was_not_seen() -> None:
    entries = merged({"status": Known(Status.NEW, 99, OTHER)}, "st", {"from": Status.NEW, "to": Status.ACCEPTED, "at": "x"}, base=0)
    assert fields(entries)["status"] == Status.ACCEPTED


def test_a_second_creation_is_not_applied() -> None:
    entries = merged({"procedure": Known("1.001193", 1, OTHER)}, "new", {"procedure": "1.000656", "at": "x"})
    assert [entry["why"] for entry in entries] == ["exists"]


_names = st.sampled_from(["procedure", "code", "a.x", "remark", "official_code", "note.1", "fee.1", "status", "receipt.due"])
_values = st.one_of(st.integers(0, 10), st.text(max_size=4), st.none(), st.lists(st.integers(), max_size=2))
_known = st.dictionaries(_names, st.builds(Known, _values, st.integers(0, 20), st.sampled_from([None, ME, OTHER])))
_content = st.dictionaries(st.one_of(_names, st.sampled_from(["from", "to", "at", "set", "id", "text"])), _values)


@given(_known, st.sampled_from(["new", "f", "st", "note", "zz"]), _content, st.integers(0, 25))
def test_no_content_makes_the_merge_raise_and_no_overwrite_is_silent(
    known: Mapping[str, Known], kind: str, content: Mapping[str, Any], base: int
) -> None:
    entries = merged(known, kind, content, base=base)
    told = {entry["f"] for entry in entries if entry["e"] == "cf"}
    for name, value in fields(entries).items():
        before = known.get(name)
        overwritten = before is not None and before.value != value
        seen = before is not None and (before.rev <= base or before.device == ME)
        assert not overwritten or seen or name in told or name == "status"


def test_every_status_has_a_name() -> None:
    assert sorted(STATUS_NAMES) == list(range(1, 11))
