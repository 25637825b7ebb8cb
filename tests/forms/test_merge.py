"""The merge, class by class: what stays, what is lost, that a loss is always told, and that a person settles it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from forms.dossier import (
    STATUS_NAMES,
    TRANSITIONS,
    By,
    Choice,
    DossierError,
    Draft,
    Fields,
    Role,
    Situation,
    Status,
    accept,
    apply,
    change,
    conflict_of,
    correct,
    decide,
    edit,
    extend,
    field_class,
    note,
    open_conflicts,
    remove,
    start,
    transfer,
)
from forms.dossier.merge import Entry, Known, Writing, merge
from forms.dossier.sentences import WHY_VI
from tests.forms.dossier.acts import AT, EXTENSION, OFFICIAL, PROVINCE, RECEIPT, accepted, filed, on

ME, OTHER = 7, 8


def writing(kind: str, content: Mapping[str, Any], *, base: int = 10, device: int | None = ME) -> Writing:
    return Writing(device, 99, 3, "d1", kind, content, base)


def merged(known: Mapping[str, Known], kind: str, content: Mapping[str, Any], *, base: int = 10) -> Sequence[Entry]:
    return merge(known, writing(kind, content, base=base))


def fields(entries: Sequence[Entry]) -> dict[str, Any]:
    return {name: value for entry in entries if entry["e"] == "f" for name, value in entry["w"].items()}


def conflicts(entries: Sequence[Entry]) -> list[tuple[str, Any, Any, str]]:
    return [(entry["f"], entry["kept"], entry["lost"], entry["why"]) for entry in entries if entry["e"] == "cf"]


class Feed:
    """A province in a dozen lines: it merges, numbers its entries, and keeps the confirmed fields."""

    def __init__(self, start: Fields | None = None) -> None:
        self.known = {name: Known(value, 1, None) for name, value in (start or {}).items()}
        self.seq = 1
        self.told: list[Entry] = []
        self._n: dict[int | None, int] = {}

    @property
    def fields(self) -> dict[str, Any]:
        return {name: known.value for name, known in self.known.items()}

    def take(self, draft: Draft, device: int | None, base: int) -> Sequence[Entry]:
        self._n[device] = self._n.get(device, 0) + 1
        entries = merge(self.known, Writing(device, 99, self._n[device], "d1", draft.kind, draft.content, base))
        for entry in entries:
            self.seq += 1
            if entry["e"] == "f":
                self.known |= {name: Known(value, self.seq, device) for name, value in entry["w"].items()}
            else:
                self.told.append(entry)
        return entries


# --- one event --------------------------------------------------------------------------------------------------------


def test_a_first_value_is_simply_written() -> None:
    assert merged({}, "f", {"a.child_name": "Bé"}) == ({"e": "f", "d": "d1", "w": {"a.child_name": "Bé"}},)


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


def test_the_province_writes_its_own_and_shared_fields_and_suggests_for_the_communes() -> None:
    known = {"a.x": Known("1", 99, ME), "remark": Known("cũ", 99, ME)}
    entries = merge(known, writing("f", {"a.x": "2", "remark": "mới", "result_number": "9"}, device=None))
    assert fields(entries) == {"suggest.a.x": {"n": 1, "value": "2"}, "remark": "mới", "result_number": "9"}
    assert conflicts(entries) == []


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


def test_a_field_of_an_act_is_not_written_plainly() -> None:
    entries = merged({"due": Known("x", 1, ME)}, "f", {"due": "y"}, base=99)
    assert fields(entries) == {}
    assert conflicts(entries) == [("due", "x", "y", "class_T")]


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


def test_a_device_of_a_commune_never_speaks_for_the_province() -> None:
    feed = Feed(accepted())
    (draft,) = start(on(feed.fields, PROVINCE))
    assert [entry["why"] for entry in feed.take(draft, ME, 99)] == ["role_forbidden"]
    assert feed.take(draft, None, 0) != ()
    assert feed.fields["status"] == Status.PROCESSING


# --- two who did not see each other -----------------------------------------------------------------------------------


def test_no_dossier_is_extended_twice_however_the_events_meet() -> None:
    feed = Feed(accepted())
    here, there = extend(on(feed.fields), EXTENSION)[0], extend(on(feed.fields, By(Role.OFFICIAL, "Khác")), EXTENSION)[0]
    feed.take(here, ME, 1)
    assert [entry["why"] for entry in feed.take(there, OTHER, 1)] == ["found_other"]
    assert feed.fields["due_before"] == RECEIPT.promise.due.isoformat()


def test_of_two_transfers_the_second_is_told_that_the_dossier_has_gone() -> None:
    feed = Feed(accepted())
    first, second = transfer(on(feed.fields), "01279")[0], transfer(on(feed.fields), "01288")[0]
    feed.take(first, ME, 1)
    assert [entry["why"] for entry in feed.take(second, OTHER, 1)] == ["found_other"]
    assert [one["unit"] for one in feed.fields["route"]] == ["01279"]


def test_of_two_corrections_the_second_is_told_and_the_first_stays() -> None:
    feed = Feed(filed())
    first = correct(on(feed.fields), "channel", 2, "Nhầm")[0]
    second = correct(on(feed.fields), "channel", 3, "Nhầm")[0]
    feed.take(first, ME, 1)
    assert [entry["why"] for entry in feed.take(second, OTHER, 1)] == ["found_other"]
    assert feed.fields["channel"] == 2


def test_a_second_acceptance_elsewhere_is_told_and_promises_nothing() -> None:
    feed = Feed(filed())
    both = accept(on(feed.fields), RECEIPT)[0]
    feed.take(both, ME, 1)
    feed.take(Draft("d1", "st", {"act": "start", "from": 2, "to": 4, "at": "x", "by": OFFICIAL.json()}), ME, 1)
    assert [entry["why"] for entry in feed.take(both, OTHER, 1)] == ["step_from_other_state"]


# --- a person decides -------------------------------------------------------------------------------------------------


def two_phones() -> Feed:
    feed = Feed({**accepted(), "a.req_phone": "0"})
    feed.take(edit(on(feed.fields), {"a.req_phone": "1"})[0], OTHER, 1)
    feed.take(Draft("d1", "f", {"a.req_phone": "2"}), ME, 1)
    return feed


def test_an_unseen_loser_waits_for_a_person_and_can_be_taken_back() -> None:
    feed = two_phones()
    (waiting,) = open_conflicts(feed.fields, feed.told)
    assert (waiting.id, waiting.kept, waiting.lost) == ("7-99-1:a.req_phone", "2", "1")
    feed.take(decide(on(feed.fields), waiting, Choice.LOST)[0], OTHER, feed.seq)
    assert feed.fields["a.req_phone"] == "1"
    assert open_conflicts(feed.fields, feed.told) == []


def test_keeping_settles_it_too() -> None:
    feed = two_phones()
    (waiting,) = open_conflicts(feed.fields, feed.told)
    feed.take(decide(on(feed.fields), waiting, Choice.KEPT)[0], OTHER, feed.seq)
    assert feed.fields["a.req_phone"] == "2"
    assert open_conflicts(feed.fields, feed.told) == []


def test_a_decision_overtaken_by_a_third_value_is_not_applied() -> None:
    feed = two_phones()
    (waiting,) = open_conflicts(feed.fields, feed.told)
    late = decide(on(feed.fields), waiting, Choice.LOST)[0]
    feed.take(Draft("d1", "f", {"a.req_phone": "3"}), ME, feed.seq)
    assert [entry["why"] for entry in feed.take(late, OTHER, feed.seq)] == ["found_other"]
    assert feed.fields["a.req_phone"] == "3"
    assert waiting in open_conflicts(feed.fields, feed.told)


def test_a_step_that_was_not_applied_waits_until_somebody_has_looked() -> None:
    feed = Feed(accepted())
    feed.take(Draft("d1", "st", {"from": 1, "to": 2, "at": "x"}), ME, 1)
    (waiting,) = open_conflicts(feed.fields, feed.told)
    assert (waiting.field, waiting.why) == ("", "step_from_other_state")
    feed.take(decide(on(feed.fields), waiting, Choice.KEPT)[0], ME, feed.seq)
    assert open_conflicts(feed.fields, feed.told) == []


def test_a_suggestion_of_the_province_is_taken_or_left_by_the_commune() -> None:
    feed = Feed({**accepted(), "a.req_phone": "1"})
    feed.take(edit(on(feed.fields, PROVINCE), {"a.req_phone": "2"})[0], None, 0)
    (wish,) = open_conflicts(feed.fields, feed.told)
    assert (wish.why, wish.field, wish.kept, wish.lost) == ("suggested", "a.req_phone", "1", "2")
    feed.take(decide(on(feed.fields), wish, Choice.LOST)[0], ME, feed.seq)
    assert feed.fields["a.req_phone"] == "2"
    feed.take(edit(on(feed.fields, PROVINCE), {"a.req_phone": "3"})[0], None, 0)
    (second,) = open_conflicts(feed.fields, feed.told)
    feed.take(decide(on(feed.fields), second, Choice.KEPT)[0], ME, feed.seq)
    assert feed.fields["a.req_phone"] == "2"
    assert open_conflicts(feed.fields, feed.told) == []


def test_a_suggestion_made_again_after_it_was_left_waits_again() -> None:
    feed = Feed({**accepted(), "a.req_phone": "1"})
    wish = edit(on(feed.fields, PROVINCE), {"a.req_phone": "2"})[0]
    feed.take(wish, None, 0)
    (first,) = open_conflicts(feed.fields, feed.told)
    feed.take(decide(on(feed.fields), first, Choice.KEPT)[0], ME, feed.seq)
    feed.take(wish, None, 0)
    (second,) = open_conflicts(feed.fields, feed.told)
    assert (second.id, second.lost) == ("suggest.a.req_phone.2", "2")


def test_the_province_may_drop_its_wish_but_not_grant_it() -> None:
    feed = Feed({**accepted(), "a.req_phone": "1"})
    feed.take(edit(on(feed.fields, PROVINCE), {"a.req_phone": "2"})[0], None, 0)
    (wish,) = open_conflicts(feed.fields, feed.told)
    with pytest.raises(DossierError, match="role_forbidden"):
        decide(on(feed.fields, PROVINCE), wish, Choice.LOST)
    (granted,) = decide(on(feed.fields), wish, Choice.LOST)
    feed.take(Draft("d1", "dec", {**granted.content, "by": PROVINCE.json()}), None, feed.seq)
    assert feed.fields["a.req_phone"] == "1"
    feed.take(decide(on(feed.fields, PROVINCE), wish, Choice.KEPT)[0], None, feed.seq)
    assert wish not in open_conflicts(feed.fields, feed.told)


def test_a_suggestion_that_came_true_by_itself_waits_for_nobody() -> None:
    feed = Feed({**accepted(), "a.req_phone": "1"})
    feed.take(edit(on(feed.fields, PROVINCE), {"a.req_phone": "2"})[0], None, 0)
    feed.take(edit(on(feed.fields), {"a.req_phone": "2"})[0], ME, feed.seq)
    assert open_conflicts(feed.fields, feed.told) == []


def test_a_conflict_has_the_same_name_wherever_the_feed_puts_it() -> None:
    entry = {"e": "cf", "d": "d1", "f": "a.x", "kept": 1, "lost": 2, "dev": 7, "inc": 9, "n": 4, "why": "unseen"}
    assert conflict_of(entry) == conflict_of({**entry, "seq": 5})
    assert conflict_of(entry).id == "7-9-4:a.x"


# --- properties -------------------------------------------------------------------------------------------------------

_plain = st.sampled_from(
    ["procedure", "code", "applicant", "a.x", "a.y", "remark", "official_code", "note.1", "fee.1", "due", "receipt.due", "paused"]
)
_values = st.one_of(
    st.integers(0, 3), st.booleans(), st.sampled_from(["x", "y"]), st.none(), st.lists(st.integers(0, 1), max_size=1)
)
_known = st.dictionaries(
    st.one_of(_plain, st.just("status")), st.builds(Known, _values, st.integers(0, 20), st.sampled_from([None, ME, OTHER]))
)
_content = st.dictionaries(st.one_of(_plain, st.sampled_from(["status", "from", "to", "at", "set", "id", "text", "of"])), _values)
_kinds = st.sampled_from(["new", "f", "st", "note", "fee", "rm", "cor", "dec", "zz"])


def equal(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


@settings(max_examples=300)
@given(_known, _kinds, _content, st.integers(0, 25))
def test_no_content_makes_the_merge_raise_and_every_reason_has_words(
    known: Mapping[str, Known], kind: str, content: Mapping[str, Any], base: int
) -> None:
    entries = merged(known, kind, content, base=base)
    assert {entry["why"] for entry in entries if entry["e"] != "f"} <= WHY_VI.keys()


@settings(max_examples=300)
@given(_known, st.dictionaries(_plain, _values), st.integers(0, 25))
def test_each_value_of_a_plain_write_is_in_the_state_or_told_and_so_is_what_it_overwrote_unseen(
    known: Mapping[str, Known], content: Mapping[str, Any], base: int
) -> None:
    entries = merged(known, "f", content, base=base)
    written, lost = fields(entries), {name: value for name, _, value, _ in conflicts(entries)}
    for name, value in content.items():
        before = known.get(name)
        unseen = before is not None and before.rev > base and before.device != ME
        if before is not None and equal(before.value, value):
            assert name not in written
        elif name in written:
            assert equal(written[name], value)
            assert not unseen or equal(lost[name], before.value if before else None)
        else:
            assert equal(lost[name], value)


@settings(max_examples=300)
@given(_known, st.dictionaries(_plain, _values), st.integers(0, 25))
def test_each_class_keeps_its_rule(known: Mapping[str, Known], content: Mapping[str, Any], base: int) -> None:
    written = fields(merged(known, "f", content, base=base))
    for name, value in content.items():
        before = known.get(name)
        if before is not None and equal(before.value, value):
            continue
        unseen = before is not None and before.rev > base and before.device != ME
        expected = {
            "I": before is None,
            "A": before is None,
            "N": before is None,
            "C": True,
            "P": False,
            "T": False,
            "S": not unseen,
        }
        assert (name in written) == expected[field_class(name).value]


@settings(max_examples=200)
@given(_known, _kinds, _content, st.integers(0, 25))
def test_what_the_kiosk_shows_is_what_the_province_keeps_when_everything_was_seen(
    known: Mapping[str, Known], kind: str, content: Mapping[str, Any], base: int
) -> None:
    before = {name: one.value for name, one in known.items()}
    seen = {name: Known(one.value, 0, one.device) for name, one in known.items()}
    assert {**before, **fields(merged(seen, kind, content, base=base))} == apply(before, kind, content)


_acts = st.one_of(
    st.builds(lambda name, value: Draft("d1", "f", {name: value}), _plain, _values),
    st.builds(
        lambda id, text: Draft("d1", "note", {"id": id, "text": text}), st.sampled_from(["1", "2"]), st.sampled_from(["m", "h"])
    ),
    st.builds(lambda leaves, to: Draft("d1", "st", {"from": leaves, "to": to, "at": "x"}), st.integers(1, 4), st.integers(2, 9)),
    st.sampled_from(
        [
            *accept(on(filed()), RECEIPT),
            *extend(on(accepted()), EXTENSION),
            *transfer(on(accepted()), "01279"),
            *correct(on(filed()), "channel", 3, "Nhầm"),
            *remove(on({**filed(), "note.1": "m"}), "note.1", "Nhầm"),
        ]
    ),
)


def touched(draft: Draft) -> set[str]:
    asked = change(draft.kind, draft.content)
    return {*asked.writes, *asked.finds, *asked.grows, *({"status", "due"} if asked.act else ())}


@settings(max_examples=200)
@given(_acts, _acts, st.sampled_from([filed(), accepted()]))
def test_independent_events_commute(one: Draft, other: Draft, begun: Fields) -> None:
    assume(not touched(one) & touched(other))
    ways = []
    for order in (((one, ME), (other, OTHER)), ((other, OTHER), (one, ME))):
        feed = Feed(begun)
        for draft, device in order:
            feed.take(draft, device, 1)
        ways.append((feed.fields, sorted(feed.told, key=str)))
    assert ways[0] == ways[1]


@settings(max_examples=200)
@given(st.lists(_acts, max_size=6), st.sampled_from([filed(), accepted()]))
def test_repetition_changes_nothing(drafts: Sequence[Draft], begun: Fields) -> None:
    feed = Feed(begun)
    for draft in drafts:
        feed.take(draft, ME, feed.seq)
        once, status = feed.fields, feed.fields.get("status")
        feed.take(draft, ME, feed.seq)
        assert feed.fields == once
        assert feed.fields.get("status") == status


@settings(max_examples=200)
@given(st.lists(st.tuples(_acts, st.sampled_from([ME, OTHER, None]), st.integers(0, 30)), max_size=8))
def test_nothing_vanishes_silently_and_no_way_is_unlawful(writes: Sequence[tuple[Draft, int | None, int]]) -> None:
    feed = Feed(filed())
    for draft, device, base in writes:
        before = feed.fields
        entries = feed.take(draft, device, min(base, feed.seq))
        after = feed.fields
        refused = any(entry["e"] == "na" for entry in entries)
        lost = [entry["lost"] for entry in entries if entry["e"] == "cf"]
        assert after.get("status") == before["status"] or after["status"] in TRANSITIONS[before["status"]]
        assert not refused or after == before
        for name, value in change(draft.kind, draft.content).writes.items():
            stands = name in after and equal(after[name], value)
            wish = after.get(f"suggest.{name}")
            assert refused or stands or value in lost or (wish is not None and equal(wish["value"], value))


def test_a_kiosk_that_folds_its_own_events_again_over_the_feed_loses_none() -> None:
    feed = Feed(filed())
    mine = [*edit(on(feed.fields), {"a.req_phone": "1"}), *note(on(feed.fields), "n1", "gọi lại")]
    feed.take(edit(on(feed.fields), {"a.address": "Xóm Mẫu"})[0], OTHER, 1)
    shown: Fields = feed.fields
    for draft in mine:
        shown = apply(shown, draft.kind, draft.content)
    for draft in mine:
        feed.take(draft, ME, 1)
    assert shown == feed.fields


def test_the_law_is_told_to_the_person_before_it_is_told_to_the_journal() -> None:
    with pytest.raises(DossierError):
        start(Situation("d1", filed(), OFFICIAL, AT))


def test_every_status_has_a_name() -> None:
    assert sorted(STATUS_NAMES) == list(range(1, 11))
