"""Snapshots and pruning: a new kiosk catches up without the whole feed, an old one keeps only what is not safe elsewhere."""

from __future__ import annotations

import random

import pytest

from sync import answering, snapshot, wire
from sync.engine import Engine, Limits, ReplyOutcome
from sync.envelope import EnvelopeError, Origin
from sync.errors import Diverged, FeedGap
from sync.feed import fields_entry
from sync.intake import FeedPlace, Policy, bundle_reply, handle
from sync.ports import Confirmed, DeviceRecord
from sync.segment import MAGIC, parse
from sync.simulator.memory import MemoryProvince
from sync.simulator.world import SERVER_MS, Kiosk, World

POLICY = Policy(near=50)


def exchange(world: World, kiosk: Kiosk) -> ReplyOutcome:
    request = kiosk.engine.make_request(0.0, 0)
    with world.province.atomic():
        answer = handle(request, world.province, world.merge, world.keys, SERVER_MS, POLICY)
    return kiosk.engine.on_reply(answer, 0.1)


def settle(world: World, *kiosks: Kiosk) -> None:
    while sum(exchange(world, kiosk).moved for kiosk in kiosks):
        pass


def grown(times: int = 40) -> tuple[World, Kiosk]:
    """A commune with a few dossiers changed many times: far more feed than state."""
    world = World(limits=Limits(wanted=1024))
    world.province = MemoryProvince(snapshot_every=100)
    kiosk = world.kiosk()
    dossiers = [kiosk.journal.dossier_at(kiosk.journal.write("", "f", {"a.ten": f"NÔNG THỊ MẪU {n}"})) for n in range(4)]
    for turn in range(times):
        for dossier in dossiers:
            kiosk.journal.write(dossier, "f", {"a.so": turn})
    settle(world, kiosk)
    return world, kiosk


def test_a_new_kiosk_takes_the_snapshot_and_then_the_tail() -> None:
    world, old = grown()
    fresh = world.kiosk()
    settle(world, fresh)
    base = fresh.journal.state.feed_base[0]
    assert base > 100
    assert len(fresh.journal.state.feed) == world.province.feed_position("01273")[0] - base
    assert fresh.journal.view() == old.journal.view() == world.province.view("01273")
    assert exchange(world, fresh).moved is False


def test_a_reply_carries_no_more_lines_of_a_snapshot_than_the_policy_allows() -> None:
    world, _ = grown()
    fresh = world.kiosk()
    pages: list[int] = []
    for _ in range(3):
        request = fresh.engine.make_request(0.0, 0)
        with world.province.atomic():
            answer = handle(request, world.province, world.merge, world.keys, SERVER_MS, Policy(near=50, snapshot_page=2))
        part = wire.parse_reply(answer).answer.snapshot
        assert part is not None
        pages.append(part.run.count)
        fresh.engine.on_reply(answer, 0.1)
    assert pages == [2, 2, 2]
    settle(world, fresh)
    assert fresh.journal.view() == world.province.view("01273")


def by_stick(world: World, kiosk: Kiosk) -> tuple[list[bytes], list[bytes]]:
    """What the province puts on a stick for a kiosk: (letters, segments)."""
    seq, head = kiosk.journal.feed_position()
    place, logs = FeedPlace(kiosk.journal.epoch(), seq, head[:8]), {kiosk.journal.device: kiosk.journal.incarnations()}
    with world.province.atomic():
        parts = list(bundle_reply("01273", place, logs, world.province, world.keys, SERVER_MS, near=POLICY.near))
    return [part for part in parts if not part.startswith(MAGIC)], [part for part in parts if part.startswith(MAGIC)]


def a_stick(world: World, kiosk: Kiosk) -> list[bytes]:
    letters, segments = by_stick(world, kiosk)
    return [*letters, *segments]


def test_a_new_kiosk_without_a_line_takes_the_snapshot_off_a_stick_and_then_the_tail() -> None:
    world, old = grown()
    fresh = world.kiosk()
    fresh.engine.on_bundle(a_stick(world, fresh))
    assert fresh.journal.state.feed_base[0] > 100
    assert fresh.journal.feed_position() == old.journal.feed_position()
    assert fresh.journal.view() == world.province.view("01273")
    assert fresh.engine.on_bundle(a_stick(world, fresh)).applied == 0


def test_a_snapshot_in_pieces_goes_on_where_the_last_stick_ended_and_says_which_must_come_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, old = grown()
    monkeypatch.setattr(answering, "BUNDLE_TARGET", 120)
    fresh = world.kiosk()
    letters, segments = by_stick(world, fresh)
    pieces = [data for data in segments if parse(data).chain.snapshot]
    assert len(pieces) > 2
    with pytest.raises(FeedGap):
        fresh.engine.on_bundle([*letters, pieces[1]])
    fresh.engine.on_bundle([*letters, pieces[0]])
    assert fresh.journal.view() == {}, "nothing of it counts before all of it is here"
    with pytest.raises(FeedGap):
        fresh.engine.on_bundle([*letters, segments[-1]])
    fresh.restart()
    fresh.engine.on_bundle([*letters, *segments])
    assert fresh.journal.view() == old.journal.view()


def test_what_a_line_brought_of_a_snapshot_is_made_whole_by_a_stick() -> None:
    world, old = grown()
    fresh = world.kiosk()
    info = world.province.snapshot("01273")
    assert info is not None
    with fresh.journal.atomic():
        fresh.journal.reset_feed(world.province.epoch())
        fresh.journal.stage(info.seq, info.head, 0, world.province.snapshot_lines("01273", info.seq, 0, 2))
    fresh.engine.on_bundle(a_stick(world, fresh))
    assert fresh.journal.view() == old.journal.view()


def test_a_piece_of_another_snapshot_is_no_piece_of_this_one() -> None:
    world, _ = grown()
    fresh = world.kiosk()
    _, before = by_stick(world, fresh)
    world.province.add_entry("01273", fields_entry("z", {"a.text": "x"}), None)
    world.province.make_snapshot("01273")
    letters, _ = by_stick(world, fresh)
    with pytest.raises(Diverged):
        fresh.engine.on_bundle([*letters, before[0]])
    assert fresh.journal.staged()[2] == 0


def test_a_restored_disk_far_behind_keeps_what_it_wrote_since_when_a_neighbours_snapshot_comes_by_stick() -> None:
    world, kiosk = grown(times=1)
    neighbour = world.kiosk()
    backup = kiosk.journal.state.copy()
    for turn in range(60):
        kiosk.journal.write("", "f", {"a.so": turn})
    settle(world, kiosk)
    kiosk.journal.state = backup
    kiosk.restart()
    kept = kiosk.journal.dossier_at(kiosk.journal.write("", "f", {"a.ten": "viết sau khi khôi phục"}))
    world.province.make_snapshot("01273")
    outcome = kiosk.engine.on_bundle(a_stick(world, neighbour))
    assert len(outcome.rebased) == 1
    settle(world, kiosk)
    assert world.province.view("01273")[kept, "a.ten"] == "viết sau khi khôi phục"
    assert kiosk.journal.view() == world.province.view("01273")


def test_a_kiosk_near_the_end_reads_the_feed() -> None:
    world, old = grown()
    kept = len(old.journal.state.feed)
    dossier = old.journal.dossier_at(old.journal.write("", "f", {"a.ten": "x"}))
    settle(world, old)
    assert len(old.journal.state.feed) == kept + 2
    assert old.journal.view()[dossier, "a.ten"] == "x"


def test_a_snapshot_goes_on_where_the_line_broke_even_after_a_restart() -> None:
    world, _ = grown()
    world.province.make_snapshot("01273")
    fresh = world.kiosk()
    for n in range(30):
        world.province.add_entry("01273", fields_entry(f"z{n}", {"a.text": random.Random(n).randbytes(200).hex()}), None)
    world.province.make_snapshot("01273")
    fresh.engine = Engine(fresh.journal, fresh.keys, limits=Limits(wanted=1024), random_bytes=world.rng.randbytes)
    exchange(world, fresh)
    seq, head, lines = fresh.journal.staged()
    assert lines > 0
    assert fresh.journal.feed_position()[0] == 0, "nothing of it counts before all of it is here"
    assert fresh.journal.view() == {}
    fresh.restart()
    asked = wire.parse_request(fresh.engine.make_request(0.0, 0)).hello.staged
    assert asked == wire.Staged(seq, head[:8], lines)
    settle(world, fresh)
    assert fresh.journal.view() == world.province.view("01273")


def test_own_events_stay_on_the_screen_while_a_snapshot_is_installed() -> None:
    world, _ = grown()
    fresh = world.kiosk()
    dossier = fresh.journal.dossier_at(fresh.journal.write("", "tag", {"tag": "own"}))
    for _ in range(12):
        exchange(world, fresh)
        assert fresh.journal.view()[dossier, "tag.own"] == 1
    assert fresh.journal.view() == world.province.view("01273")


def test_a_snapshot_acknowledges_what_was_sent_before_a_reset() -> None:
    world, kiosk = grown()
    world.province.state.epoch = 2
    settle(world, kiosk)
    assert kiosk.journal.state.feed_base[0] > 0
    inc = kiosk.journal.identity()[1]
    assert kiosk.journal.acked(inc) == kiosk.journal.last(inc)[0]
    assert kiosk.journal.view() == world.province.view("01273")


def test_a_dropped_dossier_is_not_in_a_snapshot() -> None:
    world, old = grown()
    gone = next(dossier for dossier, _ in old.journal.view())
    world.province.add_entry("01273", {"e": "drop", "d": gone}, None)
    world.province.make_snapshot("01273")
    fresh = world.kiosk()
    settle(world, fresh, old)
    assert {dossier for dossier, _ in fresh.journal.view()} == {dossier for dossier, _ in old.journal.view()}
    assert gone not in fresh.journal.state.confirmed


def test_lines_of_a_snapshot_read_back_and_are_always_in_the_same_order() -> None:
    of = Origin(1000, 55, 3)
    fields = [
        ("d2", {"x": Confirmed(1, 5, None)}),
        ("d1", {"z": Confirmed(2, 12, None), "y": Confirmed({"a": "ă"}, 9, of), "b": Confirmed(None, 9, of)}),
    ]
    marks = [{"e": "ack", "dev": 1, "inc": 2, "n": 3, "h": "00" * 8}]
    lines = snapshot.write(fields, marks, [(7, {"e": "na", "d": "d1", "why": "x"})])
    assert lines == snapshot.write(reversed(fields), marks, [(7, {"e": "na", "d": "d1", "why": "x"})])
    read = snapshot.read_all(lines)
    assert [(line.entry["e"], line.rev, line.origin) for line in read] == [
        ("ack", 0, None),
        ("na", 7, None),
        ("f", 9, of),
        ("f", 12, None),
        ("f", 5, None),
    ]
    assert read[2].entry["w"] == {"b": None, "y": {"a": "ă"}}
    mark = read[0].mark
    assert mark is not None
    assert mark.n == 3
    for bad in (b'{"e":"f"}', b'{"e":"f","r":-1}', b'{"e":"f","r":1,"o":[1,2]}', b"[]"):
        with pytest.raises(EnvelopeError):
            snapshot.read(bad)


# --- pruning ----------------------------------------------------------------------------------------------------------


def pruned() -> tuple[World, Kiosk, str]:
    """A kiosk that pruned three of its five events."""
    world = World()
    kiosk = world.kiosk()
    dossier = kiosk.journal.dossier_at(kiosk.journal.write("", "tag", {"tag": "a"}))
    for tag in "bcde":
        kiosk.journal.write(dossier, "tag", {"tag": tag})
    world.settle(kiosk)
    inc = kiosk.journal.identity()[1]
    world.province.mark_safe({(kiosk.journal.device, inc): 3})
    world.settle(kiosk)
    with kiosk.journal.atomic():
        assert kiosk.journal.prune(inc, 5) == 3
    return world, kiosk, dossier


def test_a_pruned_kiosk_goes_on_as_before() -> None:
    world, kiosk, dossier = pruned()
    kiosk.journal.write(dossier, "tag", {"tag": "f"})
    kiosk.restart()
    world.settle(kiosk)
    assert kiosk.journal.view() == world.province.view("01273") == {(dossier, f"tag.{tag}"): 1 for tag in "abcdef"}
    assert list(kiosk.engine.segments_for_bundle()) == []


def test_a_province_restored_above_what_was_pruned_gets_the_rest() -> None:
    world, kiosk, _ = pruned()
    inc = kiosk.journal.identity()[1]
    world.province.state.logs[kiosk.journal.device, inc] = world.province.state.logs[kiosk.journal.device, inc][:4]
    world.province.state.epoch = 2
    world.settle(kiosk)
    assert world.province.position(kiosk.journal.device, inc)[0] == 5
    assert len(kiosk.journal.incarnations()) == 1


def test_a_province_that_lost_what_it_called_safe_is_an_alarm_and_work_goes_on() -> None:
    world, kiosk, dossier = pruned()
    world.province.state = MemoryProvince().state.copy()
    world.province.state.epoch = 2
    world.province.state.communes["01273"] = (1, world.communes["01273"].public)
    own = kiosk.device_keys
    record = DeviceRecord(kiosk.journal.device, "01273", own.sign.public, own.seal.public)
    world.province.devices[kiosk.journal.device] = record
    kiosk.journal.write(dossier, "tag", {"tag": "f"})
    alarms: set[str] = set()
    for _ in range(6):
        alarms.update(world.exchange(kiosk).alarms)
    assert alarms == {"province_lost_safe"}
    assert ("province", "province_lost_safe") in {(source, code) for source, code, _ in kiosk.journal.state.quarantined}
    assert kiosk.engine.pending() == 0
    assert world.province.view("01273") == {(dossier, f"tag.{tag}"): 1 for tag in "def"}


def test_what_is_not_safe_is_never_pruned() -> None:
    world = World()
    kiosk = world.kiosk()
    kiosk.journal.write("", "tag", {"tag": "a"})
    world.settle(kiosk)
    inc = kiosk.journal.identity()[1]
    with kiosk.journal.atomic():
        assert kiosk.journal.prune(inc, 1) == 0
    world.province.mark_safe({(kiosk.journal.device, inc): 99})
    assert world.province.safe(kiosk.journal.device, inc) == 1
    assert kiosk.journal.safe(inc) == 0
    world.settle(kiosk)
    assert kiosk.journal.safe(inc) == 1
