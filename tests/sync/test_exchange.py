"""Kiosk and province speak through their real engine and intake: what arrives, what is acknowledged, what is refused."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

import pytest

from sync import segment as hsg
from sync import wire
from sync.engine import Limits
from sync.envelope import ZERO_HEAD, Event, Origin, chain, decode, encode, event_id
from sync.errors import BadSignature, NotOurProtocol, ProvinceInconsistent, Refused, SegmentError, StaleReply
from sync.feed import decode_entry
from sync.intake import handle
from sync.keys import SealKey, SigningKey
from sync.ports import Confirmed, Effect
from sync.simulator.memory import CountingMerge
from sync.simulator.world import SERVER_MS, Kiosk, World


def stored(world: World, kiosk: Kiosk) -> list[bytes]:
    """Bodies the province holds of the kiosk's current incarnation."""
    device, inc = kiosk.journal.identity()
    return [line.body for line in world.province.state.logs.get((device, inc), [])]


def written(kiosk: Kiosk) -> list[bytes]:
    inc = kiosk.journal.identity()[1]
    return [line.body for line in kiosk.journal.lines(inc, 0, 10_000)]


def write_tags(kiosk: Kiosk, *tags: str, dossier: str = "") -> str:
    """One dossier with so many counted events; returns its id."""
    for tag in tags:
        origin = kiosk.journal.write(dossier, "tag", {"tag": tag})
        dossier = dossier or origin.dossier_id()
    return dossier


def noise(number: int) -> str:
    """A text that hardly compresses."""
    return hashlib.sha256(str(number).encode()).hexdigest()


def signed_request(kiosk: Kiosk, segments: list[bytes], **hello: object) -> bytes:
    """A request of this kiosk with segments of the test's choice."""
    facts = wire.parse_request(kiosk.engine.make_request(0.0, 0)).hello
    return wire.encode_request(replace(facts, **hello), segments, kiosk.keys.sign)  # type: ignore[arg-type]


def segment_of(
    kiosk: Kiosk, lines: list[bytes], world: World, *, first: int = 1, before: bytes = ZERO_HEAD, **how: object
) -> bytes:
    device, inc = kiosk.journal.identity()
    how = {"signer": kiosk.keys.sign, "seal_to": world.keys.seal.public, **how}
    return hsg.cut(hsg.Chain(device, inc), first, before, lines, **how)  # type: ignore[arg-type]


def reply_to(world: World, request: bytes) -> wire.Reply:
    return wire.parse_reply(world.answer(request), world.keys.sign.verify_key)


# --- upward -----------------------------------------------------------------------------------------------------------


def test_events_reach_the_province_byte_for_byte_and_are_acknowledged_in_the_feed() -> None:
    world = World()
    kiosk = world.kiosk()
    origin = kiosk.journal.write("", "f", {"a.ten": "NÔNG THỊ MẪU"})
    outcome = world.exchange(kiosk)
    assert outcome.acked == 1
    assert outcome.server_ms == SERVER_MS
    assert stored(world, kiosk) == written(kiosk)
    assert kiosk.journal.acked(origin.incarnation) == kiosk.journal.told(origin.incarnation) == 1
    assert kiosk.journal.view() == world.province.view("01273") == {(origin.dossier_id(), "a.ten"): "NÔNG THỊ MẪU"}
    assert not outcome.more
    assert kiosk.engine.pending() == 0


def test_a_request_sent_three_times_has_its_effect_once() -> None:
    world = World()
    kiosk = world.kiosk()
    write_tags(kiosk, "a", "b")
    request = kiosk.engine.make_request(0.0, 0)
    first = world.answer(request)
    feed = list(world.province.state.feeds["01273"])
    assert reply_to(world, request).acks[0].n == 2
    assert world.answer(request) != first, "the answer is signed anew"
    assert world.province.state.feeds["01273"] == feed
    assert set(world.province.view("01273").values()) == {1}


def test_other_cuts_of_the_same_log_overlap_harmlessly() -> None:
    world = World()
    kiosk = world.kiosk()
    write_tags(kiosk, "a", "b", "c", "d")
    lines, heads = written(kiosk), [kiosk.journal.head_at(kiosk.journal.identity()[1], n) or b"" for n in range(5)]
    for first, last in ((1, 2), (2, 3), (1, 4), (3, 4)):
        world.answer(
            signed_request(kiosk, [segment_of(kiosk, lines[first - 1 : last], world, first=first, before=heads[first - 1])])
        )
    assert stored(world, kiosk) == lines
    assert set(world.province.view("01273").values()) == {1}
    assert not world.province.state.quarantined


def test_a_segment_beyond_a_gap_is_answered_with_what_is_held() -> None:
    world = World()
    kiosk = world.kiosk()
    write_tags(kiosk, "a", "b", "c")
    inc = kiosk.journal.identity()[1]
    before = kiosk.journal.head_at(inc, 2)
    assert before is not None
    reply = reply_to(world, signed_request(kiosk, [segment_of(kiosk, written(kiosk)[2:], world, first=3, before=before)]))
    assert [(ack.n, ack.common, ack.refused) for ack in reply.acks] == [(0, 0, "")]
    assert not stored(world, kiosk)


def test_told_that_runs_ahead_of_the_province_is_taken_back_and_the_rest_sent_again() -> None:
    world = World()
    kiosk = world.kiosk()
    write_tags(kiosk, "a", "b", "c")
    kiosk.journal.set_told(kiosk.journal.identity()[1], 2)
    assert world.exchange(kiosk).moved
    world.settle(kiosk)
    assert stored(world, kiosk) == written(kiosk)


def test_a_backlog_goes_up_in_segments_near_the_target() -> None:
    world = World(limits=Limits(start=1500, most=1500))
    kiosk = world.kiosk()
    for number in range(300):
        kiosk.journal.write("", "f", {"a.so": noise(number)})
    sizes = []
    while kiosk.engine.pending():
        request = kiosk.engine.make_request(0.0, 0)
        sizes.append(len(request))
        kiosk.engine.on_reply(world.answer(request), 0.5)
    assert stored(world, kiosk) == written(kiosk)
    assert 5 < len(sizes) < 40
    assert max(sizes) < 1500 * 1.25 + 250


def test_the_target_halves_on_failure_and_slowness_and_grows_when_full_and_fast() -> None:
    world = World(limits=Limits(start=2048, least=1024, most=4096))
    kiosk = world.kiosk()
    kiosk.engine.on_failure()
    kiosk.engine.on_failure()
    assert kiosk.engine.target == 1024
    for number in range(200):
        kiosk.journal.write("", "f", {"a.so": noise(number)})
    kiosk.engine.on_reply(world.answer(kiosk.engine.make_request(0.0, 0)), 0.5)
    assert kiosk.engine.target == 1638
    kiosk.engine.on_reply(world.answer(kiosk.engine.make_request(0.0, 0)), 4.0)
    assert kiosk.engine.target == 1638
    kiosk.engine.on_reply(world.answer(kiosk.engine.make_request(0.0, 0)), 9.0)
    assert kiosk.engine.target == 1024


def test_a_repeat_carries_the_same_segment_bytes() -> None:
    world = World()
    kiosk = world.kiosk()
    write_tags(kiosk, "a")
    first, second = (wire.parse_request(kiosk.engine.make_request(0.0, 0)) for _ in range(2))
    assert first.segments == second.segments
    assert first.hello.nonce != second.hello.nonce


def test_a_line_that_is_no_event_refuses_the_whole_segment_into_quarantine() -> None:
    world = World()
    kiosk = world.kiosk()
    good = encode(Event(1, "", "sys", {}, 0, 0, 0, "", 1))
    for bad in (b'{"n":2}', good):
        reply = reply_to(world, signed_request(kiosk, [segment_of(kiosk, [good, bad], world)]))
        assert reply.acks[0].refused == "envelope_invalid"
    assert not stored(world, kiosk)
    assert [reason for _, reason, _ in world.province.state.quarantined] == ["envelope_invalid"] * 2


def test_a_segment_of_another_device_or_key_is_refused_into_quarantine() -> None:
    world = World()
    kiosk, other = world.kiosk(), world.kiosk()
    good = [encode(Event(1, "", "sys", {}, 0, 0, 0, "", 1))]
    foreign = segment_of(other, good, world)
    unsigned = segment_of(kiosk, good, world, signer=SigningKey(b"x" * 32))
    closed = segment_of(kiosk, good, world, seal_to=SealKey(b"y" * 32).public)
    for data in (foreign, unsigned, closed):
        world.answer(signed_request(kiosk, [data]))
    reasons = [reason for _, reason, _ in world.province.state.quarantined]
    assert reasons == ["segment_invalid", "bad_signature", "seal_broken"]
    assert not world.province.state.logs


def test_a_segment_with_an_unknown_dictionary_waits_in_quarantine_and_the_kiosk_hears_of_it() -> None:
    world = World()
    kiosk = world.kiosk()
    write_tags(kiosk, "a")
    data = segment_of(kiosk, written(kiosk), world, dictionary=9, dictionaries={9: b"tag" * 99})
    request = kiosk.engine.make_request(0.0, 0)
    hello = wire.parse_request(request).hello
    outcome = kiosk.engine.on_reply(world.answer(wire.encode_request(hello, [data], kiosk.keys.sign)), 0.1)
    assert [refusal.reason for refusal in outcome.refusals] == ["dictionary_unknown"]
    assert kiosk.engine.pending() == 1


# --- who may write what -----------------------------------------------------------------------------------------------


def test_an_edit_of_another_communes_dossier_is_stored_but_has_no_effect() -> None:
    world = World()
    mine, theirs = world.kiosk("01273"), world.kiosk("01279")
    dossier = write_tags(theirs, "a")
    world.settle(theirs)
    before = list(world.province.state.feeds["01279"])
    write_tags(mine, "b", dossier=dossier)
    write_tags(mine, "c", dossier="not-an-id")
    world.settle(mine)
    assert world.province.state.feeds["01279"] == before
    assert stored(world, mine) == written(mine)
    assert world.province.view("01273") == {}
    entries = [decode_entry(entry.body) for entry in world.province.state.feeds["01273"]]
    assert [(e["e"], e.get("why")) for e in entries] == [("na", "foreign_dossier"), ("na", "foreign_dossier"), ("ack", None)]
    assert [reason for _, reason, _ in world.province.state.quarantined] == ["foreign_dossier"] * 2


def test_an_effect_too_large_for_any_segment_is_set_aside_and_the_feed_goes_on() -> None:
    class Swelling(CountingMerge):
        def merge(self, confirmed: Mapping[str, Confirmed], event: Event, origin: Origin, received_ms: int) -> Effect:
            grown = [{**entry, "v": str(entry["v"]) * 4} for entry in super().merge(confirmed, event, origin, received_ms).entries]
            return Effect(grown)

    world = World()
    kiosk = world.kiosk()
    world.merge = Swelling()
    kiosk.journal.write("", "f", {"a.ghi_chu": "".join(noise(number) for number in range(3800))})
    kiosk.journal.write("", "f", {"a.ten": "x"})
    world.settle(kiosk)
    assert kiosk.engine.pending() == 0
    assert list(world.province.view("01273").values()) == ["xxxx"]
    assert [reason for _, reason, _ in world.province.state.quarantined] == ["effect_too_large"]


def test_two_kiosks_of_one_commune_see_each_others_dossiers() -> None:
    world = World()
    one, two = world.kiosk(), world.kiosk()
    dossier = write_tags(one, "a")
    world.settle(one, two)
    write_tags(two, "b", dossier=dossier)
    world.settle(one, two)
    assert one.journal.view() == two.journal.view() == {(dossier, "tag.a"): 1, (dossier, "tag.b"): 1}


def test_the_feed_of_one_commune_cannot_be_opened_or_applied_in_another() -> None:
    world = World()
    mine, theirs = world.kiosk("01273"), world.kiosk("01279")
    write_tags(mine, "a")
    world.settle(mine)
    reply = reply_to(world, signed_request(mine, [], feed_seq=0, feed_head8=bytes(8)))
    nonce = wire.parse_request(theirs.engine.make_request(0.0, 0)).hello.nonce
    crossed = wire.encode_reply(replace(reply, nonce=nonce, acks=()), world.keys.sign)
    with pytest.raises(SegmentError):
        theirs.engine.on_reply(crossed, 0.1)
    assert theirs.journal.feed_position() == (0, ZERO_HEAD)
    assert [reason for _, reason, _ in theirs.journal.state.quarantined] == ["segment_invalid"]


def test_an_event_about_no_dossier_is_stored_and_acknowledged() -> None:
    world = World()
    kiosk = world.kiosk()
    with kiosk.journal.atomic():
        kiosk.journal._add(kiosk.journal.identity()[1], encode(Event(1, "", "sys", {"boot": "b"}, 0, 0, 0, "", 1)))
    assert world.exchange(kiosk).acked == 1


def test_a_device_the_province_does_not_know_is_refused() -> None:
    world = World()
    kiosk = world.kiosk()
    request = kiosk.engine.make_request(0.0, 0)
    world.province.devices.clear()
    with pytest.raises(Refused) as refused:
        kiosk.engine.on_reply(world.answer(request), 0.1)
    assert refused.value.reason == "unknown_device"


def test_a_request_signed_by_another_key_is_refused_and_leaves_no_trace() -> None:
    world = World()
    kiosk = world.kiosk()
    write_tags(kiosk, "a")
    request = kiosk.engine.make_request(0.0, 0)
    forged = request[:-64] + SigningKey(b"x" * 32).sign(b"mcx request 1", request[:-64])
    with pytest.raises(Refused) as refused:
        kiosk.engine.on_reply(world.answer(forged), 0.1)
    assert refused.value.reason == "bad_signature"
    assert not world.province.state.logs
    assert not world.province.state.quarantined


def test_a_body_that_is_no_request_is_refused_in_a_signed_answer() -> None:
    world = World()
    assert reply_to(world, b"GET / HTTP/1.0").refusal == "malformed"
    assert reply_to(world, b"").refusal == "malformed"


def test_a_kiosk_that_speaks_only_a_later_protocol_is_refused() -> None:
    world = World()
    kiosk = world.kiosk()
    assert reply_to(world, signed_request(kiosk, [], protocols=(2, 3))).refusal == "protocol_unsupported"
    assert not reply_to(world, signed_request(kiosk, [], protocols=(1, 3))).refusal


def test_a_revoked_device_is_taken_up_to_its_cap_and_reads_nothing_more() -> None:
    world = World()
    kiosk = world.kiosk()
    write_tags(kiosk, "a", "b", "c")
    inc = kiosk.journal.identity()[1]
    world.revoke(kiosk, **{f"i{inc}": 2})
    request = kiosk.engine.make_request(0.0, 0)
    reply = reply_to(world, request)
    assert (reply.refusal, reply.segments, reply.acks[0].refused) == ("revoked", (), "revoked")
    assert stored(world, kiosk) == written(kiosk)[:2]
    assert [reason for _, reason, _ in world.province.state.quarantined] == ["revoked"]
    with pytest.raises(Refused):
        kiosk.engine.on_reply(world.answer(request), 0.1)
    assert kiosk.journal.feed_position()[0] == 0


# --- what an answer may do --------------------------------------------------------------------------------------------


def test_the_direct_answer_is_a_hint_and_only_the_feed_acknowledges() -> None:
    world = World(limits=Limits(wanted=1))
    kiosk = world.kiosk()
    for number in range(40):
        kiosk.journal.write("", "f", {"a.so": noise(number)})
    inc = kiosk.journal.identity()[1]
    outcome = world.exchange(kiosk)
    assert kiosk.journal.told(inc) == 40
    assert kiosk.journal.acked(inc) < 40
    assert outcome.more
    own = dict(kiosk.journal.view())
    while world.exchange(kiosk).more:
        assert kiosk.journal.view() == own
    assert kiosk.journal.acked(inc) == 40


def test_a_recorded_answer_answers_nothing() -> None:
    world = World()
    kiosk = world.kiosk()
    write_tags(kiosk, "a")
    answer = world.answer(kiosk.engine.make_request(0.0, 0))
    kiosk.engine.on_reply(answer, 0.1)
    kept = kiosk.journal.state.copy()
    with pytest.raises(StaleReply):
        kiosk.engine.on_reply(answer, 0.2)
    kiosk.restart()
    with pytest.raises(StaleReply):
        kiosk.engine.on_reply(answer, 0.3)
    assert kiosk.journal.state == kept


def test_an_older_answer_arriving_late_moves_nothing_back() -> None:
    world = World()
    kiosk = world.kiosk()
    write_tags(kiosk, "a")
    older = world.answer(kiosk.engine.make_request(0.0, 0))
    dossier = write_tags(kiosk, "b")
    newer = world.answer(kiosk.engine.make_request(0.0, 0))
    kiosk.engine.on_reply(newer, 0.1)
    kept = kiosk.journal.state.copy()
    outcome = kiosk.engine.on_reply(older, 0.2)
    assert not outcome.moved
    assert kiosk.journal.state == kept
    assert kiosk.journal.view()[dossier, "tag.b"] == 1


@pytest.mark.parametrize("answer", [b"", b"<html>login", b'{"ok":true}'])
def test_a_login_page_moves_nothing(answer: bytes) -> None:
    world = World()
    kiosk = world.kiosk()
    write_tags(kiosk, "a")
    kiosk.engine.make_request(0.0, 0)
    kept = kiosk.journal.state.copy()
    with pytest.raises(NotOurProtocol):
        kiosk.engine.on_reply(answer, 0.1)
    assert kiosk.journal.state == kept


def test_an_answer_signed_by_another_province_moves_nothing() -> None:
    world = World()
    kiosk = world.kiosk()
    write_tags(kiosk, "a")
    request = kiosk.engine.make_request(0.0, 0)
    other = replace(world.keys, sign=SigningKey(b"x" * 32))
    kept = kiosk.journal.state.copy()
    with pytest.raises(BadSignature):
        kiosk.engine.on_reply(handle(request, world.province, world.merge, other, SERVER_MS), 0.1)
    assert kiosk.journal.state == kept


def test_a_feed_that_contradicts_what_was_applied_is_an_alarm_and_goes_to_quarantine() -> None:
    world = World()
    kiosk = world.kiosk()
    write_tags(kiosk, "a")
    world.settle(kiosk)
    seq = kiosk.journal.feed_position()[0]
    forged = hsg.cut(
        hsg.Chain(hsg.commune_tag("01273"), 1, feed=True),
        seq + 1,
        chain(ZERO_HEAD, b"another past"),
        [b'{"e":"f","d":"x","f":"status","v":9}'],
        signer=world.keys.sign,
        seal_to=world.communes["01273"].public,
    )
    request = kiosk.engine.make_request(0.0, 0)
    reply = replace(reply_to(world, request), segments=(forged,))
    with pytest.raises(ProvinceInconsistent):
        kiosk.engine.on_reply(wire.encode_reply(reply, world.keys.sign), 0.1)
    assert kiosk.journal.feed_position()[0] == seq
    assert kiosk.journal.state.quarantined[0][:2] == ("feed", "chain_diverged")


def test_a_province_that_forgot_what_its_own_feed_acknowledged_is_an_alarm() -> None:
    world = World()
    kiosk = world.kiosk()
    write_tags(kiosk, "a", "b")
    world.settle(kiosk)
    inc = kiosk.journal.identity()[1]
    head = kiosk.journal.head_at(inc, 1)
    assert head is not None
    reply = reply_to(world, kiosk.engine.make_request(0.0, 0))
    forgetful = replace(reply, acks=(wire.AckFrame(inc, 1, head[:8], 1),))
    with pytest.raises(ProvinceInconsistent):
        kiosk.engine.on_reply(wire.encode_reply(forgetful, world.keys.sign), 0.1)
    assert kiosk.journal.told(inc) == kiosk.journal.acked(inc) == 2


def test_an_acknowledgement_in_the_feed_is_enough_without_a_direct_answer() -> None:
    world = World()
    kiosk = world.kiosk()
    write_tags(kiosk, "a")
    silent = replace(reply_to(world, kiosk.engine.make_request(0.0, 0)), acks=())
    assert kiosk.engine.on_reply(wire.encode_reply(silent, world.keys.sign), 0.1).acked == 1
    assert kiosk.journal.told(kiosk.journal.identity()[1]) == 1


def test_the_provinces_own_writes_come_down_in_the_same_feed() -> None:
    world = World()
    kiosk = world.kiosk()
    dossier = write_tags(kiosk, "a")
    world.settle(kiosk)
    world.province.add_entry("01273", {"e": "f", "d": dossier, "f": "status", "v": 2}, None)
    assert world.exchange(kiosk).applied == 1
    assert kiosk.journal.view()[dossier, "status"] == 2


def test_a_pause_is_handed_on() -> None:
    world = World()
    kiosk = world.kiosk()
    request = kiosk.engine.make_request(0.0, 0)
    answer = handle(request, world.province, world.merge, world.keys, SERVER_MS, pause_s=90)
    assert kiosk.engine.on_reply(answer, 0.1).pause_s == 90


# --- restored disks, clones, a restored province ------------------------------------------------------------------------


def test_a_kiosk_restored_from_an_old_disk_opens_a_new_incarnation_and_loses_nothing_new() -> None:
    world = World()
    kiosk = world.kiosk()
    dossier = write_tags(kiosk, "a", "b")
    world.settle(kiosk)
    image = kiosk.journal.state.copy()
    write_tags(kiosk, "c", dossier=dossier)
    world.settle(kiosk)
    old = kiosk.journal.identity()[1]

    kiosk.journal.state = image
    kiosk.restart()
    write_tags(kiosk, "d", "e", dossier=dossier)
    identities = [event_id(1000, old, line.body) for line in kiosk.journal.lines(old, 2, 9)]
    outcome = world.exchange(kiosk)
    assert outcome.rebased == (kiosk.journal.identity()[1],)
    world.settle(kiosk)
    fresh = kiosk.journal.identity()[1]
    assert kiosk.journal.view() == world.province.view("01273") == {(dossier, f"tag.{tag}"): 1 for tag in "abcde"}
    assert [event_id(1000, fresh, line.body) for line in kiosk.journal.lines(fresh, 0, 9)] == identities
    assert [decode(line.body).moved_from for line in kiosk.journal.lines(fresh, 0, 9)] == [(old, 3), (old, 4)]


def test_a_restored_kiosk_with_nothing_new_leaves_the_number_space_before_its_first_write() -> None:
    world = World()
    kiosk = world.kiosk()
    write_tags(kiosk, "a")
    image = kiosk.journal.state.copy()
    write_tags(kiosk, "b")
    world.settle(kiosk)
    kiosk.journal.state = image
    kiosk.restart()
    world.settle(kiosk)
    assert len(kiosk.journal.incarnations()) == 2
    assert kiosk.journal.view() == world.province.view("01273")


def test_two_machines_from_one_image_part_by_themselves() -> None:
    world = World()
    one = world.kiosk()
    dossier = write_tags(one, "a")
    world.settle(one)
    two = replace(one, journal=type(one.journal)(one.journal.device, world.rng))
    two.journal.state = one.journal.state.copy()
    two.restart()
    write_tags(one, "b", dossier=dossier)
    write_tags(two, "c", dossier=dossier)
    world.settle(one, two)
    assert one.journal.identity() != two.journal.identity()
    assert one.journal.view() == two.journal.view() == {(dossier, f"tag.{tag}"): 1 for tag in "abc"}


def test_a_fork_deep_in_a_long_log_is_located_before_any_feed_is_applied() -> None:
    world = World(limits=Limits(start=400, least=400, most=400, wanted=1024))
    kiosk = world.kiosk()
    image = kiosk.journal.state.copy()
    dossier = write_tags(kiosk, *(f"shared{n}" for n in range(30)))
    full = kiosk.journal.state.copy()
    write_tags(kiosk, "lost", dossier=dossier)
    world.settle(kiosk)
    inc = kiosk.journal.identity()[1]

    kiosk.journal.state = image
    kiosk.journal.state.logs = full.logs
    kiosk.restart()
    write_tags(kiosk, "new", dossier=dossier)
    for _ in range(40):
        outcome = world.exchange(kiosk)
        assert all(count == 1 for count in kiosk.journal.view().values())
        assert kiosk.journal.view()[dossier, "tag.new"] == 1
        if outcome.rebased:
            break
    world.settle(kiosk)
    assert kiosk.journal.last(inc)[0] == 30
    assert kiosk.journal.view() == world.province.view("01273")
    assert len(kiosk.journal.view()) == 32


@pytest.mark.parametrize("epoch", [1, 2], ids=["epoch forgotten", "new epoch"])
def test_a_province_restored_from_a_backup_gets_everything_again(epoch: int) -> None:
    world = World()
    one, two = world.kiosk(), world.kiosk()
    dossier = write_tags(one, "a")
    world.settle(one, two)
    backup = world.province.state.copy()
    write_tags(one, "b", dossier=dossier)
    write_tags(two, "c", dossier=dossier)
    world.settle(one, two)
    world.province.state = backup
    world.province.state.epoch = epoch
    world.exchange(two)
    assert two.journal.view()[dossier, "tag.c"] == 1
    world.settle(one, two)
    assert one.journal.view() == two.journal.view() == world.province.view("01273") == {(dossier, f"tag.{t}"): 1 for t in "abc"}
    assert one.journal.epoch() == epoch


def test_a_restored_province_that_has_grown_past_the_kiosks_position_is_noticed() -> None:
    world = World()
    one, two = world.kiosk(), world.kiosk()
    empty = world.province.state.copy()
    dossier = write_tags(one, "a")
    world.settle(one)
    world.province.state = empty
    write_tags(two, "b", "c", "d", dossier=dossier)
    world.settle(two)
    assert world.province.feed_position("01273")[0] > one.journal.feed_position()[0]
    world.settle(one, two)
    assert one.journal.view() == two.journal.view() == world.province.view("01273") == {(dossier, f"tag.{t}"): 1 for t in "abcd"}


def test_another_epoch_resets_even_where_the_feeds_agree() -> None:
    world = World()
    kiosk = world.kiosk()
    write_tags(kiosk, "a")
    world.settle(kiosk)
    assert not reply_to(world, kiosk.engine.make_request(0.0, 0)).reset
    world.province.state.epoch = 2
    assert reply_to(world, kiosk.engine.make_request(0.0, 0)).reset


def test_after_a_reset_old_logs_are_compared_before_the_new_feed_may_acknowledge_them() -> None:
    """The number space of a closed log was taken by a clone while the province had forgotten it."""
    world = World()
    one = world.kiosk()
    clone = replace(one, journal=type(one.journal)(one.journal.device, world.rng))
    clone.journal.state = one.journal.state.copy()
    clone.restart()
    empty = world.province.state.copy()
    dossier = write_tags(one, "mine")
    world.settle(one)
    one.journal.rebase_incarnation(one.journal.identity()[1], 1)
    world.province.state = empty
    world.province.state.epoch = 2
    write_tags(clone, "clone", dossier=dossier)
    world.settle(clone)
    for _ in range(5):
        world.exchange(one)
        assert one.journal.view()[dossier, "tag.mine"] == 1
    world.settle(one, clone)
    assert world.province.view("01273") == {(dossier, "tag.mine"): 1, (dossier, "tag.clone"): 1}


def test_an_event_that_travelled_under_two_numbers_has_its_effect_once() -> None:
    world = World()
    kiosk = world.kiosk()
    dossier = write_tags(kiosk, "a", "b")
    world.answer(kiosk.engine.make_request(0.0, 0))
    kiosk.journal.rebase_incarnation(kiosk.journal.identity()[1], 0)
    kiosk.restart()
    world.settle(kiosk)
    assert world.province.view("01273") == {(dossier, "tag.a"): 1, (dossier, "tag.b"): 1}
    assert kiosk.engine.pending() == 0


def test_an_edit_that_arrives_before_its_dossier_is_applied() -> None:
    """After a restore of the province an edit may come before the event that created the dossier: it is not parked."""
    world = World()
    one, two = world.kiosk(), world.kiosk()
    origin = one.journal.write("", "tag", {"tag": "created"})
    two.journal.write(origin.dossier_id(), "tag", {"tag": "edited"})
    world.settle(two)
    assert world.province.view("01273") == {(origin.dossier_id(), "tag.edited"): 1}
