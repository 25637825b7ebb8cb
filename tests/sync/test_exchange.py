"""Kiosk and province speak through their real engine and intake: what arrives, what is acknowledged, what is refused."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from sync import segment as hsg
from sync import wire
from sync.dictionaries import Shelf
from sync.engine import Engine, Limits
from sync.envelope import ZERO_HEAD, Event, Origin, chain, decode, encode, event_id
from sync.errors import BadSignature, FeedGap, NotOurProtocol, OtherProtocol, ProvinceInconsistent, Refused, SealBroken, StaleReply
from sync.feed import decode_entry
from sync.intake import Policy, handle
from sync.keys import SigningKey
from sync.ports import Confirmed, Effect
from sync.proofs import holds
from sync.simulator.memory import CountingMerge
from sync.simulator.world import SERVER_MS, Kiosk, World

NONCE = b"a nonce!"
TABLES = {9: b"tag" * 99}
REFUSED = wire.AckFrame(0, False, 0, bytes(8), None, "segment_too_large")


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
        dossier = dossier or kiosk.journal.dossier_at(origin)
    return dossier


def noise(number: int) -> str:
    """A text that hardly compresses."""
    return hashlib.sha256(str(number).encode()).hexdigest()


def signed_request(kiosk: Kiosk, runs: Sequence[wire.LogRun], **hello: object) -> bytes:
    """A request of this kiosk with runs of the test's choice."""
    return wire.encode_request(replace(hello_of(kiosk), **hello), runs, kiosk.keys.sign)  # type: ignore[arg-type]


def hello_of(kiosk: Kiosk) -> wire.Hello:
    return replace(wire.parse_request(kiosk.engine.make_request(0.0, 0)).hello, nonce=NONCE)


def run_of(
    kiosk: Kiosk,
    lines: Sequence[bytes],
    *,
    first: int = 1,
    before: bytes = ZERO_HEAD,
    dictionary: int = 0,
    packed: bytes | None = None,
) -> wire.LogRun:
    """A run in this kiosk's current log, as it would be closed for a request with :data:`NONCE`."""
    after = hsg.chained(before, lines)[-1]
    text = hsg.pack(first, lines, dictionary=dictionary, dictionaries=TABLES) if packed is None else packed
    box = kiosk.device_keys.seal.box(kiosk.keys.trust.province.seal_key)
    run = hsg.Run(first, len(lines), dictionary, text)
    return wire.LogRun(0, wire.closed(box, wire.REQUEST, NONCE, run, after), after)


def reply_to(world: World, request: bytes) -> wire.Answer:
    return wire.parse_reply(world.answer(request)).answer


def reply_with(world: World, kiosk: Kiosk, **changes: object) -> bytes:
    """The answer to the kiosk's next request, with changes, signed by the province."""
    request = kiosk.engine.make_request(0.0, 0)
    nonce = wire.parse_request(request).hello.nonce
    return wire.encode_reply(replace(reply_to(world, request), **changes), world.signing, kiosk.journal.device, nonce)  # type: ignore[arg-type]


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
    assert kiosk.journal.view() == world.province.view("01273") == {(kiosk.journal.dossier_at(origin), "a.ten"): "NÔNG THỊ MẪU"}
    assert not outcome.more
    assert kiosk.engine.pending() == 0


def test_a_request_sent_three_times_has_its_effect_once() -> None:
    world = World()
    kiosk = world.kiosk()
    write_tags(kiosk, "a", "b")
    request = kiosk.engine.make_request(0.0, 0)
    first = world.answer(request)
    feed = list(world.province.state.feeds["01273"])
    assert reply_to(world, request).acks[0].all
    assert world.answer(request) == first
    assert world.province.state.feeds["01273"] == feed
    assert set(world.province.view("01273").values()) == {1}


def test_other_cuts_of_the_same_log_overlap_harmlessly() -> None:
    world = World()
    kiosk = world.kiosk()
    write_tags(kiosk, "a", "b", "c", "d")
    lines, heads = written(kiosk), [kiosk.journal.head_at(kiosk.journal.identity()[1], n) or b"" for n in range(5)]
    for first, last in ((1, 2), (2, 3), (1, 4), (3, 4)):
        world.answer(signed_request(kiosk, [run_of(kiosk, lines[first - 1 : last], first=first, before=heads[first - 1])]))
    assert stored(world, kiosk) == lines
    assert set(world.province.view("01273").values()) == {1}
    assert not world.province.state.quarantined


def test_a_run_beyond_a_gap_is_answered_with_what_is_held() -> None:
    world = World()
    kiosk = world.kiosk()
    write_tags(kiosk, "a", "b", "c")
    before = kiosk.journal.head_at(kiosk.journal.identity()[1], 2)
    assert before is not None
    answer = reply_to(world, signed_request(kiosk, [run_of(kiosk, written(kiosk)[2:], first=3, before=before)]))
    assert [(ack.n, ack.common, ack.refused) for ack in answer.acks] == [(0, None, "")]
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


def test_a_line_that_breaks_within_every_large_answer_still_brings_the_feed() -> None:
    world = World(limits=Limits(start=1 << 16))
    writer, reader = world.kiosk(), world.kiosk()
    for number in range(1500):
        writer.journal.write("", "f", {"a.so": noise(number)})
    world.settle(writer)
    largest = 0
    for _ in range(40):
        request = reader.engine.make_request(0.0, 0)
        answer = world.answer(request)
        if len(answer) > 16 * 1024:
            reader.engine.on_failure()
            continue
        largest = max(largest, len(answer))
        reader.engine.on_reply(answer, 3.0)
    assert largest > 4 * 1024
    assert reader.journal.feed_position() == world.province.feed_position("01273")


def test_what_is_asked_of_the_feed_grows_again_on_a_good_line() -> None:
    world = World()
    kiosk = world.kiosk()
    most = hello_of(kiosk).wanted
    for _ in range(20):
        kiosk.engine.on_failure()
    assert hello_of(kiosk).wanted == 8 * 1024
    for _ in range(5):
        world.exchange(kiosk)
    assert hello_of(kiosk).wanted == most


def test_the_time_to_send_a_copy_follows_the_line() -> None:
    world = World()
    kiosk = world.kiosk()
    assert kiosk.engine.hedge_after(300) == 0.9
    assert kiosk.engine.hedge_after(8000) == 1.5, "the province needs a moment with a long one"
    for _ in range(60):
        kiosk.engine.on_reply(world.answer(kiosk.engine.make_request(0.0, 0)), 2.0)
    assert kiosk.engine.hedge_after(300) == kiosk.engine.hedge_after(8000) == pytest.approx(4.0, abs=0.1)


def test_answers_delayed_by_lost_packets_hardly_delay_the_next_copy() -> None:
    world = World()
    kiosk = world.kiosk()
    for took in (0.5, 0.5, 0.5, 5.0, 0.5, 5.0):
        kiosk.engine.on_reply(world.answer(kiosk.engine.make_request(0.0, 0)), took)
    assert kiosk.engine.hedge_after(300) < 1.2


def test_of_several_answers_to_copies_of_a_request_the_first_counts() -> None:
    world = World()
    kiosk = world.kiosk()
    write_tags(kiosk, "a")
    request = kiosk.engine.make_request(0.0, 0)
    first, second = world.answer(request), world.answer(request)
    assert kiosk.engine.on_reply(second, 0.1).acked == 1
    with pytest.raises(StaleReply):
        kiosk.engine.on_reply(first, 0.2)


def test_a_line_that_is_no_event_is_stored_told_and_blocks_nothing() -> None:
    world = World()
    kiosk = world.kiosk()
    dossier = write_tags(kiosk, "a")
    broken = f'{{"n":2,"d":"{dossier}","k":7'.encode()
    kiosk.journal.write_raw(broken)
    kiosk.journal.write_raw(encode(Event(9, dossier, "tag", {"tag": "misnumbered"}, 0, 0, 0, "", 1)))
    write_tags(kiosk, "b", dossier=dossier)
    world.settle(kiosk)
    assert stored(world, kiosk) == written(kiosk)
    assert kiosk.engine.pending() == 0
    assert kiosk.journal.view() == {(dossier, "tag.a"): 1, (dossier, "tag.b"): 1}
    assert [(e["n"], e["d"], e["why"]) for e in kiosk.journal.conflicts(dossier)] == [
        (2, dossier, "envelope_invalid"),
        (3, dossier, "envelope_invalid"),
    ]
    assert world.province.state.quarantined[0][2] == broken


def test_an_event_whose_merge_breaks_down_is_set_aside_alone() -> None:
    class Fragile(CountingMerge):
        def merge(self, confirmed: Mapping[str, Confirmed], event: Event, origin: Origin, received_ms: int) -> Effect:
            return super().merge(confirmed, event._replace(content=event.content["tag"] and event.content), origin, received_ms)

    world = World()
    world.merge = Fragile()
    kiosk = world.kiosk()
    dossier = write_tags(kiosk, "a")
    kiosk.journal.write(dossier, "tag", {"nonsense": 1})
    write_tags(kiosk, "b", dossier=dossier)
    world.exchange(kiosk)
    assert world.province.view("01273") == {(dossier, "tag.a"): 1, (dossier, "tag.b"): 1}
    assert [reason for _, reason, _ in world.province.state.quarantined] == ["merge_failed"]


def test_what_a_store_raises_in_a_merge_is_not_taken_for_a_bad_event() -> None:
    class Full(CountingMerge):
        def merge(self, confirmed: Mapping[str, Confirmed], event: Event, origin: Origin, received_ms: int) -> Effect:
            raise OSError("no space left")

    world = World()
    world.merge = Full()
    kiosk = world.kiosk()
    write_tags(kiosk, "a")
    with pytest.raises(OSError, match="no space"):
        world.answer(kiosk.engine.make_request(0.0, 0))
    assert not world.province.state.logs


def test_a_run_that_does_not_open_or_unpack_goes_to_quarantine() -> None:
    world = World()
    kiosk, other = world.kiosk(), world.kiosk()
    good = [encode(Event(1, "", "sys", {}, 0, 0, 0, "", 1))]
    closed = replace(run_of(other, good), after=hsg.chained(ZERO_HEAD, good)[-1])
    bomb = run_of(kiosk, good, packed=hsg.pack(1, [b"x" * (hsg.MAX_TEXT - 9)]))
    for part in (closed, bomb):
        assert reply_to(world, signed_request(kiosk, [part])).acks[0].refused
    assert [reason for _, reason, _ in world.province.state.quarantined] == ["seal_broken", "segment_too_large"]
    assert not world.province.state.logs


def test_a_run_the_province_refuses_is_halved_until_the_line_is_found() -> None:
    world = World()
    kiosk = world.kiosk()
    write_tags(kiosk, *(f"t{n}" for n in range(8)))
    counts = []
    for _ in range(5):
        request = kiosk.engine.make_request(0.0, 0)
        parsed = wire.parse_request(request)
        counts.append(parsed.runs[0].run.count)
        refused = replace(reply_to(world, b""), echo=parsed.hello.nonce[:4], refusal="", acks=(REFUSED,))
        kiosk.engine.on_reply(wire.encode_reply(refused, world.signing, 1000, parsed.hello.nonce), 0.1)
    assert counts == [8, 4, 2, 1, 1]
    world.settle(kiosk)
    assert kiosk.engine.pending() == 0


def test_a_dictionary_the_province_does_not_hold_is_not_used_again() -> None:
    world = World()
    kiosk = world.kiosk()
    write_tags(kiosk, "a")
    kiosk.engine = Engine(kiosk.journal, kiosk.keys, dictionaries=Shelf(TABLES, up=(9,)))
    request = kiosk.engine.make_request(0.0, 0)
    assert wire.parse_request(request).runs[0].run.dictionary == 9
    outcome = kiosk.engine.on_reply(world.answer(request), 0.1)
    assert [refusal.reason for refusal in outcome.refusals] == ["dictionary_unknown"]
    assert not world.province.state.quarantined
    world.settle(kiosk)
    assert stored(world, kiosk) == written(kiosk)


def test_both_ways_use_the_newest_dictionary_that_both_hold() -> None:
    world = World()
    world.keys = replace(world.keys, dictionaries=Shelf({1: b"up" * 99, 2: b"feed" * 99, 3: b"new" * 99}, up=(1, 3), feed=(2,)))
    kiosk = world.kiosk()
    kiosk.engine = Engine(kiosk.journal, kiosk.keys, dictionaries=Shelf({1: b"up" * 99, 2: b"feed" * 99}, up=(1,), feed=(2,)))
    write_tags(kiosk, "a")
    request = kiosk.engine.make_request(0.0, 0)
    answer = world.answer(request)
    assert wire.parse_request(request).runs[0].run.dictionary == 1
    assert wire.parse_reply(answer).answer.feed[0].run.dictionary == 2
    assert kiosk.engine.on_reply(answer, 0.1).acked == 1


def test_the_province_can_prove_every_line_without_the_requests() -> None:
    world = World(limits=Limits(start=1500, most=1500))
    kiosk = world.kiosk()
    for number in range(60):
        kiosk.journal.write("", "f", {"a.so": noise(number)})
    world.exchange(kiosk)
    device, inc = kiosk.journal.identity()
    part = world.province.position(device, inc)[0]
    assert 0 < part < 60
    world.settle(kiosk)
    for n in (part, 60):
        proof = next(one for one in world.province.state.proofs[device, inc] if one.n == n)
        assert proof.head == kiosk.journal.head_at(inc, n)
        assert holds(proof, device, kiosk.device_keys.sign.verify_key)
        assert not holds(replace(proof, head=bytes(32)), device, kiosk.device_keys.sign.verify_key)
        assert not holds(replace(proof, message=proof.message[:-1] + b"x"), device, kiosk.device_keys.sign.verify_key)


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
            effect = super().merge(confirmed, event, origin, received_ms)
            grown = [{**entry, "w": {name: str(value) * 4 for name, value in entry["w"].items()}} for entry in effect.entries]
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


def test_an_answer_for_one_device_is_nothing_to_another() -> None:
    world = World()
    mine, theirs = world.kiosk("01273"), world.kiosk("01279")
    write_tags(mine, "a")
    world.settle(mine)
    answer = reply_to(world, signed_request(mine, [], feed_seq=0, feed_head8=bytes(8)))
    nonce = wire.parse_request(theirs.engine.make_request(0.0, 0)).hello.nonce
    crossed = wire.encode_reply(replace(answer, echo=nonce[:4], acks=()), world.signing, theirs.journal.device, nonce)
    with pytest.raises(SealBroken):
        theirs.engine.on_reply(crossed, 0.1)
    assert theirs.journal.feed_position() == (0, ZERO_HEAD)
    assert [reason for _, reason, _ in theirs.journal.state.quarantined] == ["seal_broken"]


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
    forged = request[:-64] + SigningKey(b"x" * 32).sign(wire.REQUEST, wire.parse_request(request).message)
    with pytest.raises(Refused) as refused:
        kiosk.engine.on_reply(world.answer(forged), 0.1)
    assert refused.value.reason == "bad_signature"
    assert not world.province.state.logs
    assert not world.province.state.quarantined


def test_a_body_that_is_no_request_is_refused_in_a_signed_answer() -> None:
    world = World()
    assert reply_to(world, b"GET / HTTP/1.0").refusal == "malformed"
    assert reply_to(world, b"").refusal == "malformed"


@pytest.mark.parametrize(("sent", "reason"), [(b"MCX2 of a later version", "protocol_unsupported"), (b"MCX1 cut", "malformed")])
def test_a_kiosk_is_told_why_its_body_could_not_be_read(sent: bytes, reason: str) -> None:
    world = World()
    kiosk = world.kiosk()
    kiosk.engine.make_request(0.0, 0)
    with pytest.raises(Refused) as refused:
        kiosk.engine.on_reply(world.answer(sent), 0.1)
    assert refused.value.reason == reason


def test_an_answer_in_a_later_protocol_is_called_so() -> None:
    world = World()
    kiosk = world.kiosk()
    reply = world.answer(kiosk.engine.make_request(0.0, 0))
    with pytest.raises(OtherProtocol):
        kiosk.engine.on_reply(b"MCX2" + reply[4:], 0.1)


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
    assert (reply.refusal, reply.feed, reply.acks[0].refused) == ("revoked", (), "revoked")
    assert stored(world, kiosk) == written(kiosk)[:2]
    assert [reason for _, reason, _ in world.province.state.quarantined] == ["revoked"]
    with pytest.raises(Refused):
        kiosk.engine.on_reply(world.answer(request), 0.1)
    assert kiosk.journal.feed_position()[0] == 0


# --- what an answer may do --------------------------------------------------------------------------------------------


def test_the_direct_answer_is_a_hint_and_only_the_feed_acknowledges() -> None:
    world = World(limits=Limits(wanted=1))
    kiosk, other = world.kiosk(), world.kiosk()
    for number in range(60):
        other.journal.write("", "f", {"a.so": noise(-number)})
    world.exchange(other)
    for number in range(40):
        kiosk.journal.write("", "f", {"a.so": noise(number)})
    inc = kiosk.journal.identity()[1]
    outcome = world.exchange(kiosk)
    assert kiosk.journal.told(inc) == 40
    assert kiosk.journal.acked(inc) < 40
    assert outcome.more
    own = dict(kiosk.journal.view())
    while world.exchange(kiosk).more:
        assert own.items() <= kiosk.journal.view().items()
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
    request = kiosk.engine.make_request(0.0, 0)
    nonce = wire.parse_request(request).hello.nonce
    lines = [b'{"e":"f","d":"x","w":{"status":9}}']
    after8 = chain(chain(ZERO_HEAD, b"another past"), lines[0])[:8]
    box = world.sealing.box(kiosk.device_keys.seal.public)
    part = wire.FeedRun(hsg.Run(seq + 1, 1, 0, hsg.pack(seq + 1, lines, feed=True)), after8)
    part = replace(part, run=wire.closed(box, wire.REPLY, nonce, part.run, part.named))
    forged = replace(reply_to(world, request), feed=(part,))
    with pytest.raises(ProvinceInconsistent):
        kiosk.engine.on_reply(wire.encode_reply(forged, world.signing, kiosk.journal.device, nonce), 0.1)
    assert kiosk.journal.feed_position()[0] == seq
    assert kiosk.journal.state.quarantined[0][:2] == ("feed", "chain_broken")


def test_a_feed_beyond_the_next_entry_is_a_gap_and_not_applied() -> None:
    world = World()
    kiosk = world.kiosk()
    write_tags(kiosk, "a")
    feed = reply_to(world, kiosk.engine.make_request(0.0, 0)).feed
    with pytest.raises(FeedGap):
        kiosk.engine.on_reply(reply_with(world, kiosk, feed=(replace(feed[0], run=replace(feed[0].run, first=9)),)), 0.1)
    assert kiosk.journal.feed_position()[0] == 0
    assert kiosk.journal.told(kiosk.journal.identity()[1]) == 1, "what was said of the log stands"


def test_a_province_that_forgot_what_its_own_feed_acknowledged_is_an_alarm() -> None:
    world = World()
    kiosk = world.kiosk()
    write_tags(kiosk, "a", "b")
    world.settle(kiosk)
    inc = kiosk.journal.identity()[1]
    head = kiosk.journal.head_at(inc, 1)
    assert head is not None
    forgetful = reply_with(world, kiosk, acks=(wire.AckFrame(0, False, 1, head[:8], 1),))
    with pytest.raises(ProvinceInconsistent):
        kiosk.engine.on_reply(forgetful, 0.1)
    assert kiosk.journal.told(inc) == kiosk.journal.acked(inc) == 2


def test_an_acknowledgement_in_the_feed_is_enough_without_a_direct_answer() -> None:
    world = World()
    kiosk = world.kiosk()
    write_tags(kiosk, "a")
    assert kiosk.engine.on_reply(reply_with(world, kiosk, acks=()), 0.1).acked == 1
    assert kiosk.journal.told(kiosk.journal.identity()[1]) == 1


def test_the_provinces_own_writes_come_down_in_the_same_feed() -> None:
    world = World()
    kiosk = world.kiosk()
    dossier = write_tags(kiosk, "a")
    world.settle(kiosk)
    world.province.add_entry("01273", {"e": "f", "d": dossier, "w": {"status": 2}}, None)
    assert world.exchange(kiosk).applied == 1
    assert kiosk.journal.view()[dossier, "status"] == 2


def test_a_pause_is_handed_on() -> None:
    world = World()
    kiosk = world.kiosk()
    request = kiosk.engine.make_request(0.0, 0)
    answer = handle(request, world.province, world.merge, world.keys, SERVER_MS, Policy(pause_s=90))
    assert kiosk.engine.on_reply(answer, 0.1).pause_s == 90


def test_a_kiosk_with_an_old_schema_may_send_and_is_told_to_begin_nothing() -> None:
    world = World()
    kiosk = world.kiosk()
    write_tags(kiosk, "a")
    answer = handle(kiosk.engine.make_request(0.0, 0), world.province, world.merge, world.keys, SERVER_MS, Policy(schema_floor=2))
    outcome = kiosk.engine.on_reply(answer, 0.1)
    assert (outcome.upload_only, outcome.acked) == ("schema_floor", 1)
    assert world.exchange(kiosk).upload_only == ""


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
    dossier = write_tags(one, "created")
    two.journal.write(dossier, "tag", {"tag": "edited"})
    world.settle(two)
    assert world.province.view("01273") == {(dossier, "tag.edited"): 1}


def test_an_answer_to_one_change_costs_little_more_than_its_signature() -> None:
    world = World()
    kiosk = world.kiosk()
    kiosk.journal.write("", "f", {"a.so": noise(1)})
    (run,) = wire.parse_reply(world.answer(kiosk.engine.make_request(0.0, 0))).answer.feed
    assert run.run.count == 2
    assert len(run.run.closed) < 16 + 40, "the value was said, and its ack was foretold"


def test_the_feed_comes_back_behind_what_was_said_also_when_the_answer_was_lost() -> None:
    world = World()
    kiosk = world.kiosk()
    for number in range(60):
        kiosk.journal.write("", "f", {"a.so": noise(number)})
    lost = world.answer(kiosk.engine.make_request(0.0, 0))
    again = world.answer(kiosk.engine.make_request(0.0, 0))
    assert wire.parse_reply(lost).answer.feed[0].behind
    assert wire.parse_reply(again).answer.feed[0].behind
    kiosk.engine.on_reply(again, 0.0)
    assert kiosk.journal.acked(kiosk.journal.identity()[1]) == 60
