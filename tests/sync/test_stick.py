"""The same journal by stick: what goes out, what the province takes, what comes back, in any order and however old."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from sync.engine import Limits, ReplyOutcome
from sync.envelope import ZERO_HEAD
from sync.errors import BadLetter, BadSignature, FeedGap, ProvinceInconsistent, StaleBundle
from sync.feed import fields_entry
from sync.intake import FeedPlace, Taken, bundle_reply, take_segments
from sync.simulator.memory import MemoryKiosk
from sync.simulator.world import SERVER_MS, Kiosk, World

START = FeedPlace(0, 0, ZERO_HEAD[:8])


def write_tags(kiosk: Kiosk, *tags: str, dossier: str = "") -> str:
    for tag in tags:
        origin = kiosk.journal.write(dossier, "tag", {"tag": tag})
        dossier = dossier or kiosk.journal.dossier_at(origin)
    return dossier


def carry(world: World, kiosk: Kiosk, segments: list[bytes]) -> Taken:
    with world.province.atomic():
        return take_segments(kiosk.journal.device, segments, world.province, world.merge, world.keys, SERVER_MS)


def bring_back(world: World, kiosk: Kiosk, place: FeedPlace = START) -> list[bytes]:
    logs = {kiosk.journal.device: list(kiosk.journal.incarnations())}
    with world.province.atomic():
        return list(bundle_reply("01273", place, logs, world.province, world.keys, SERVER_MS))


def round_trip(world: World, kiosk: Kiosk) -> ReplyOutcome:
    carry(world, kiosk, list(kiosk.engine.segments_for_bundle()))
    seq, head = kiosk.journal.feed_position()
    return kiosk.engine.on_bundle(bring_back(world, kiosk, FeedPlace(kiosk.journal.epoch(), seq, head[:8])))


def test_a_commune_without_any_network_works_by_stick_alone() -> None:
    world = World()
    kiosk = world.kiosk()
    dossier = write_tags(kiosk, "a", "b")
    outcome = round_trip(world, kiosk)
    assert (outcome.acked, outcome.more, outcome.server_ms) == (2, False, SERVER_MS)
    write_tags(kiosk, "c", dossier=dossier)
    assert round_trip(world, kiosk).acked == 1
    assert kiosk.journal.view() == world.province.view("01273") == {(dossier, f"tag.{tag}"): 1 for tag in "abc"}


def test_writing_a_stick_moves_no_cursor_and_holds_everything_not_acknowledged() -> None:
    world = World()
    kiosk = world.kiosk()
    write_tags(kiosk, *(random.Random(n).randbytes(20).hex() for n in range(40)))
    kept = kiosk.journal.state.copy()
    first = list(kiosk.engine.segments_for_bundle(target=400))
    assert len(first) > 3
    assert kiosk.journal.state == kept
    carry(world, kiosk, list(kiosk.engine.segments_for_bundle()))
    assert len(list(kiosk.engine.segments_for_bundle(target=400))) == len(first), "until the feed acknowledges it"
    assert world.province.position(*kiosk.journal.identity())[0] == 40


def test_segments_of_several_sticks_may_come_in_any_order_and_twice() -> None:
    world = World()
    kiosk = world.kiosk()
    dossier = write_tags(kiosk, *(f"t{n}" for n in range(30)))
    segments = list(kiosk.engine.segments_for_bundle(target=300))
    order = segments * 3
    random.Random(7).shuffle(order)
    for _ in segments:
        carry(world, kiosk, order)
    world.settle(kiosk)
    assert world.province.view("01273") == {(dossier, f"tag.t{n}"): 1 for n in range(30)}
    assert not world.province.state.quarantined


def test_stick_and_line_together_give_the_same_state() -> None:
    world = World()
    kiosk = world.kiosk()
    write_tags(kiosk, "a", "b")
    stick = list(kiosk.engine.segments_for_bundle())
    world.settle(kiosk)
    feed = list(world.province.state.feeds["01273"])
    assert carry(world, kiosk, stick).refused == ()
    assert world.province.state.feeds["01273"] == feed


def test_an_altered_or_foreign_segment_is_refused_alone() -> None:
    world = World()
    kiosk, other = world.kiosk(), world.kiosk()
    write_tags(kiosk, "a")
    write_tags(other, "b")
    good = list(kiosk.engine.segments_for_bundle())
    bent = good[0][:-1] + bytes([good[0][-1] ^ 1])
    taken = carry(world, kiosk, [bent, *other.engine.segments_for_bundle(), b"HSG1 cut", *good])
    assert taken.refused == ("bad_signature", "segment_invalid")
    assert list(taken.held.values()) == [1]


def test_a_device_nobody_enrolled_brings_nothing() -> None:
    world = World()
    kiosk = world.kiosk()
    write_tags(kiosk, "a")
    segments = list(kiosk.engine.segments_for_bundle())
    world.province.devices.clear()
    with pytest.raises(BadSignature):
        carry(world, kiosk, segments)


def test_a_revoked_device_is_taken_up_to_its_cap_by_stick_too() -> None:
    world = World()
    kiosk = world.kiosk()
    write_tags(kiosk, "a", "b", "c")
    world.revoke(kiosk, **{f"i{kiosk.journal.identity()[1]}": 2})
    taken = carry(world, kiosk, list(kiosk.engine.segments_for_bundle()))
    assert (list(taken.held.values()), taken.refused) == ([2], ("revoked",))


def test_a_future_the_disk_lost_comes_back_from_a_stick_once_and_a_person_is_told() -> None:
    world = World()
    kiosk = world.kiosk()
    dossier = write_tags(kiosk, "a")
    world.settle(kiosk)
    image = kiosk.journal.state.copy()
    write_tags(kiosk, "lost1", "lost2", "lost3", dossier=dossier)
    stick = list(kiosk.engine.segments_for_bundle(target=100))
    assert len(stick) > 1

    kiosk.journal.state = image
    kiosk.restart()
    write_tags(kiosk, "new1", "new2", dossier=dossier)
    world.settle(kiosk)
    for _ in range(2):
        taken = carry(world, kiosk, stick)
    assert taken.branched == 0, "the second time nothing is new"
    world.settle(kiosk)
    assert kiosk.journal.view() == world.province.view("01273")
    assert kiosk.journal.view() == {(dossier, f"tag.{tag}"): 1 for tag in ("a", "lost1", "lost2", "lost3", "new1", "new2")}
    assert {reason for _, reason, _ in world.province.state.quarantined} == {"branch"}


def test_a_restored_kiosk_finds_its_lost_future_at_the_province_by_stick() -> None:
    world = World()
    kiosk = world.kiosk()
    dossier = write_tags(kiosk, "a")
    world.settle(kiosk)
    image = kiosk.journal.state.copy()
    write_tags(kiosk, "b", "c", dossier=dossier)
    carry(world, kiosk, list(kiosk.engine.segments_for_bundle()))

    kiosk.journal.state = image
    kiosk.restart()
    write_tags(kiosk, "d", dossier=dossier)
    outcome = kiosk.engine.on_bundle(bring_back(world, kiosk))
    assert len(outcome.rebased) == 1
    assert kiosk.journal.view()[dossier, "tag.d"] == 1
    assert round_trip(world, kiosk).acked == 1
    assert kiosk.journal.view() == world.province.view("01273") == {(dossier, f"tag.{tag}"): 1 for tag in "abcd"}


def test_a_stick_for_another_commune_or_without_the_provinces_letter_is_nothing() -> None:
    world = World()
    kiosk, stranger = world.kiosk("01273"), world.kiosk("01279")
    write_tags(kiosk, "a")
    carry(world, kiosk, list(kiosk.engine.segments_for_bundle()))
    parts = bring_back(world, kiosk)
    with pytest.raises(BadLetter):
        stranger.engine.on_bundle(parts)
    with pytest.raises(BadLetter):
        kiosk.engine.on_bundle(parts[1:])
    forged = [parts[0].replace(b'"epoch":1', b'"epoch":9'), *parts[1:]]
    with pytest.raises(BadSignature):
        kiosk.engine.on_bundle(forged)
    assert kiosk.journal.feed_position()[0] == stranger.journal.feed_position()[0] == 0


def test_an_old_stick_changes_nothing_and_one_too_new_waits_for_those_before_it() -> None:
    world = World()
    kiosk = world.kiosk()
    dossier = write_tags(kiosk, "a")
    carry(world, kiosk, list(kiosk.engine.segments_for_bundle()))
    old = bring_back(world, kiosk)
    later = world.province.feed_position("01273")
    world.province.add_entry("01273", {"e": "f", "d": dossier, "w": {"status": 2}}, None)
    newest = bring_back(world, kiosk, FeedPlace(1, later[0], later[1][:8]))
    with pytest.raises(FeedGap):
        kiosk.engine.on_bundle(newest)
    assert kiosk.engine.on_bundle(old).moved
    assert kiosk.engine.on_bundle(newest).applied == 1
    kept = kiosk.journal.state.copy()
    assert not kiosk.engine.on_bundle(old).moved
    assert kiosk.journal.state == kept


def test_a_stick_from_before_a_restore_of_the_province_is_stale_and_one_from_after_resets() -> None:
    world = World()
    kiosk = world.kiosk()
    dossier = write_tags(kiosk, "a")
    carry(world, kiosk, list(kiosk.engine.segments_for_bundle()))
    before = bring_back(world, kiosk)
    kiosk.engine.on_bundle(before)
    world.province.state.epoch = 2
    assert kiosk.engine.on_bundle(bring_back(world, kiosk)).moved
    assert (kiosk.journal.epoch(), kiosk.journal.view()) == (2, {(dossier, "tag.a"): 1})
    with pytest.raises(StaleBundle):
        kiosk.engine.on_bundle(before)


def test_a_big_feed_travels_in_several_segments() -> None:
    world = World(limits=Limits())
    kiosk = world.kiosk()
    for n in range(400):
        kiosk.journal.write("", "f", {"a.so": random.Random(n).randbytes(1000).hex()})
    carry(world, kiosk, list(kiosk.engine.segments_for_bundle()))
    parts = bring_back(world, kiosk)
    assert len(parts) > 2, "the letter and more than one segment"
    assert kiosk.engine.on_bundle(parts).acked == 400


def test_a_clone_does_not_take_an_acknowledgement_of_its_twin_for_its_own() -> None:
    world = World()
    one = world.kiosk()
    dossier = write_tags(one, "a")
    world.settle(one)
    two = replace(one, journal=MemoryKiosk(one.journal.device, world.rng))
    two.journal.state = one.journal.state.copy()
    two.restart()
    write_tags(one, "mine", dossier=dossier)
    carry(world, one, list(one.engine.segments_for_bundle()))
    write_tags(two, "other", dossier=dossier)
    two.engine.on_bundle(bring_back(world, one))
    assert two.journal.view()[dossier, "tag.other"] == 1
    assert two.engine.pending() == 1


def test_a_stick_written_for_a_neighbour_tells_a_clone_of_its_twin_all_the_same() -> None:
    """Found by the simulator: the custody letter speaks of the neighbour only, the feed acknowledges the twin."""
    world = World()
    one, neighbour = world.kiosk(), world.kiosk()
    dossier = write_tags(one, "a")
    world.settle(one)
    two = replace(one, journal=MemoryKiosk(one.journal.device, world.rng))
    two.journal.state = one.journal.state.copy()
    two.restart()
    write_tags(one, "mine", dossier=dossier)
    world.settle(one)
    write_tags(two, "other", dossier=dossier)
    outcome = two.engine.on_bundle(bring_back(world, neighbour))
    assert len(outcome.rebased) == 1
    assert two.journal.view()[dossier, "tag.other"] == 1
    world.settle(one, two)
    assert two.journal.view() == world.province.view("01273") == {(dossier, f"tag.{tag}"): 1 for tag in ("a", "mine", "other")}


def test_a_stick_that_parts_from_what_was_applied_is_not_applied_on_top_of_it() -> None:
    """The province was restored under its old epoch; a stick written for a kiosk further behind overlaps the lost end."""
    world = World()
    kiosk = world.kiosk()
    write_tags(kiosk, "a")
    world.settle(kiosk)
    seq, head = kiosk.journal.feed_position()
    held = world.province.state.copy()
    with world.province.atomic():
        world.province.add_entry("01273", fields_entry("z-1", {"status": "lost"}), None)
    world.settle(kiosk)
    world.province.put_back(held)
    with world.province.atomic():
        for turn in range(2):
            world.province.add_entry("01273", fields_entry("z-1", {"status": f"otherwise {turn}"}), None)
    before = kiosk.journal.state.copy()
    with pytest.raises(ProvinceInconsistent):
        kiosk.engine.on_bundle(bring_back(world, kiosk, FeedPlace(kiosk.journal.epoch(), seq, head[:8])))
    assert kiosk.journal.state == before
