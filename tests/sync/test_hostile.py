"""The catalogue of hostile messages and sticks: each is refused for its reason, and nothing of it has an effect."""

from __future__ import annotations

import io
import math
from dataclasses import replace

import pytest
import zstandard

from sync import segment as hsg
from sync import wire
from sync.bundle import Kind, VolumeWriter, Way, check, frames
from sync.bundle_errors import BundleDamaged, BundleForeign, BundleForged, BundleOtherProvince, BundleTooLarge, BundleWrongWay
from sync.envelope import ZERO_HEAD
from sync.errors import Refused, SegmentTooLarge, StaleBundle, StaleReply, SyncError
from sync.simulator import line, sticks
from sync.simulator.authority import SODIUM_FORGE
from sync.simulator.memory import Facts
from sync.simulator.renewals import revoke
from sync.simulator.scene import Machine, Scene, Setup
from sync.visit import MOST_LINES, MOST_VALUES
from tests.sync.test_segment import squeezed


@pytest.fixture
def scene() -> Scene:
    """A province, two kiosks of one commune and one of another, a dossier at each that the province has not seen."""
    scene = next(scene for seed in range(99) if len((scene := Scene(seed, Setup())).machines) == 3)
    scene.swarm.quiet = True
    for number, machine in enumerate(scene.machines):
        machine.journal.work("", [("f", {"c.phone": f"090000000{number}"})], Facts(actor=f"cb{number}"))
    return scene


def stored(scene: Scene) -> int:
    return sum(map(len, scene.province.state.logs.values()))


def answer(scene: Scene, request: bytes) -> str:
    """The reason a request is refused for, empty when it was taken."""
    return wire.parse_reply(line.serve(scene, request)).answer.refusal


def ask(machine: Machine) -> bytes:
    return machine.engine.make_request(0.0, 0)


# --- messages ---------------------------------------------------------------------------------------------------------


def test_a_forged_request_is_refused(scene: Scene) -> None:
    request = ask(scene.machines[0])
    assert answer(scene, request[:-64] + bytes(64)) == "bad_signature"
    assert stored(scene) == 0


def test_a_request_signed_by_another_device_is_refused(scene: Scene) -> None:
    mine, other = scene.machines[:2]
    mine.keys = replace(mine.keys, sign=other.own.sign)
    scene.start(mine)
    assert answer(scene, ask(mine)) == "bad_signature"
    assert stored(scene) == 0


def test_a_request_of_a_device_nobody_enrolled_is_refused(scene: Scene) -> None:
    request = ask(scene.machines[0])
    del scene.province.devices[scene.machines[0].journal.device]
    assert answer(scene, request) == "unknown_device"


@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.99])
def test_a_truncated_request_is_refused(scene: Scene, part: float) -> None:
    request = ask(scene.machines[0])
    assert answer(scene, request[: int(len(request) * part)]) in ("malformed", "bad_signature")
    assert stored(scene) == 0


def test_an_oversized_request_is_refused_before_it_is_read(scene: Scene) -> None:
    assert answer(scene, ask(scene.machines[0]) + bytes(wire.MAX_REQUEST)) == "malformed"


def test_a_replayed_request_changes_nothing(scene: Scene) -> None:
    request = ask(scene.machines[0])
    assert answer(scene, request) == ""
    before = scene.province.state.copy()
    assert answer(scene, request) == ""
    assert (before.logs, before.feeds, before.confirmed) == (
        scene.province.state.logs,
        scene.province.state.feeds,
        scene.province.state.confirmed,
    )


def test_a_replayed_answer_answers_nothing(scene: Scene) -> None:
    machine = scene.machines[0]
    reply = line.serve(scene, ask(machine))
    machine.engine.on_reply(reply, 0.1)
    with pytest.raises(StaleReply):
        machine.engine.on_reply(reply, 0.2)
    ask(machine)
    with pytest.raises(StaleReply):
        machine.engine.on_reply(reply, 0.3)


def test_answers_that_come_in_another_order_move_nothing_back(scene: Scene) -> None:
    machine = scene.machines[0]
    first = line.serve(scene, ask(machine))
    second = line.serve(scene, ask(machine))
    machine.engine.on_reply(second, 0.1)
    inc = machine.journal.identity()[1]
    before = (machine.journal.told(inc), machine.journal.acked(inc), machine.journal.feed_position())
    machine.engine.on_reply(first, 0.2)
    assert (machine.journal.told(inc), machine.journal.acked(inc), machine.journal.feed_position()) == before


def test_a_dossier_of_another_commune_is_left_alone_and_the_kiosk_is_told(scene: Scene) -> None:
    mine, other = scene.machines[0], scene.machines[2]
    assert answer(scene, ask(other)) == ""
    theirs = next(iter(scene.province.state.confirmed[other.commune]))
    before = dict(scene.province.confirmed(other.commune, theirs))
    mine.journal.work(theirs, [("f", {"c.phone": "0999999999"})], Facts(actor="thief"))
    mine.engine.on_reply(line.serve(scene, ask(mine)), 0.1)
    assert dict(scene.province.confirmed(other.commune, theirs)) == before
    assert [entry["why"] for entry in mine.journal.conflicts(theirs)] == ["foreign_dossier"]


def test_a_revoked_device_is_taken_up_to_its_cap_and_gets_no_feed(scene: Scene) -> None:
    machine = scene.machines[0]
    machine.engine.on_reply(line.serve(scene, ask(machine)), 0.1)
    revoke(scene, machine)
    machine.journal.work("", [("f", {"c.phone": "0999999999"})], Facts(actor="thief"))
    before = stored(scene)
    with pytest.raises(Refused, match="revoked"):
        machine.engine.on_reply(line.serve(scene, ask(machine)), 0.2)
    assert stored(scene) == before
    assert [reason for _, reason, _ in scene.province.state.quarantined] == ["revoked"]


def bulk(machine: Machine, count: int, least: int) -> tuple[bytes, list[bytes]]:
    """A request with so many runs of as much text as a run may hold, and its lines."""
    asked = wire.parse_request(ask(machine)).hello
    box = machine.own.seal.box(machine.engine.trust.province.seal_key)
    lines, runs, head = [b"x" * least] * (hsg.MAX_TEXT // (least + 1)), list[wire.LogRun](), ZERO_HEAD
    packed = hsg.pack(1, lines)
    for number in range(count):
        head = hsg.chained(head, lines)[-1]
        run = hsg.Run(number * len(lines) + 1, len(lines), 0, packed)
        runs.append(wire.LogRun(0, wire.closed(box, wire.REQUEST, asked.nonce, run, head), head))
    position = replace(asked.positions[0], n=count * len(lines), head=head)
    return wire.encode_request(replace(asked, positions=(position,)), runs, machine.own.sign), lines * count


def test_a_request_that_unpacks_to_a_mountain_is_read_in_part_only(scene: Scene) -> None:
    machine = scene.machines[0]
    request, lines = bulk(machine, 8, 200_000)
    assert len(request) < 64 * 1024
    assert answer(scene, request) == ""
    assert stored(scene) <= len(lines) * 3 // 8, "the bound was passed within the third run, and the others were left"


def test_runs_that_hold_another_number_of_lines_than_they_say_are_not_all_unpacked(scene: Scene) -> None:
    """What such a run unpacks to is spent although nothing of it is taken."""
    machine = scene.machines[0]
    hello = wire.parse_request(ask(machine)).hello
    box = machine.own.seal.box(machine.engine.trust.province.seal_key)
    runs = []
    for number in range(20):
        after = number.to_bytes(32, "big")
        run = hsg.Run(1, 5, 0, squeezed(b"%2d\n" % number * (hsg.MAX_TEXT // 3)))
        runs.append(wire.LogRun(0, wire.closed(box, wire.REQUEST, hello.nonce, run, after), after))
    request = wire.encode_request(replace(hello, positions=(replace(hello.positions[0], n=9),)), runs, machine.own.sign)
    answer(scene, request)
    assert len(scene.province.state.quarantined) == 2


def all_at_once(machine: Machine) -> bytes:
    """A request with the whole log in one run, whatever the line carries."""
    hello = wire.parse_request(ask(machine)).hello
    box = machine.own.seal.box(machine.engine.trust.province.seal_key)
    held = machine.journal.lines(machine.journal.identity()[1], 0, 10_000)
    packed = hsg.pack(1, [one.body for one in held])
    run = wire.closed(box, wire.REQUEST, hello.nonce, hsg.Run(1, len(held), 0, packed), held[-1].head)
    return wire.encode_request(hello, [wire.LogRun(0, run, held[-1].head)], machine.own.sign)


def test_a_request_of_very_many_lines_keeps_nobody_waiting(scene: Scene) -> None:
    machine = scene.machines[0]
    for _ in range(MOST_LINES + 100):
        machine.journal.write("", "note", {})
    inc = machine.journal.identity()[1]
    held = machine.journal.lines(inc, 0, 10_000)
    replied = line.serve(scene, all_at_once(machine))
    assert wire.parse_reply(replied).answer.acks[0].n == stored(scene) == MOST_LINES
    for _ in range(50):
        machine.engine.on_reply(line.serve(scene, ask(machine)), 0.1)
    assert machine.journal.acked(inc) == len(held), "the rest came with the next requests, without anybody's help"


def test_events_of_very_many_fields_keep_nobody_waiting(scene: Scene) -> None:
    machine = scene.machines[0]
    written = machine.journal.last(machine.journal.identity()[1])[0]
    for number in range(20):
        machine.journal.write("", "f", {f"a.{number}.{field}": 1 for field in range(1_900)})
    machine.journal.write("", "f", {f"a.{field}": 1 for field in range(2_100)})
    inc = machine.journal.identity()[1]
    assert answer(scene, all_at_once(machine)) == ""
    assert stored(scene) == written + math.ceil(MOST_VALUES / 1_900)
    while machine.engine.on_reply(line.serve(scene, ask(machine)), 0.1).more:
        pass
    assert machine.journal.acked(inc) == written + 21
    assert [reason for _, reason, _ in scene.province.state.quarantined] == ["effect_too_large"]


# --- segments ---------------------------------------------------------------------------------------------------------


def test_a_zip_bomb_is_refused_before_it_has_grown(scene: Scene) -> None:
    how = zstandard.ZstdCompressionParameters.from_level(19, format=zstandard.FORMAT_ZSTD1_MAGICLESS, write_content_size=False)
    bomb = zstandard.ZstdCompressor(compression_params=how).compress(bytes(64 * 1024 * 1024))
    assert len(bomb) < 16 * 1024
    with pytest.raises(SegmentTooLarge):
        hsg.lines_of(bomb, 1, 0, {})


def test_a_segment_larger_than_any_may_be_is_refused_by_its_header(scene: Scene) -> None:
    machine = scene.machines[0]
    data = next(machine.engine.segments_for_bundle())
    huge = (hsg.MAX_PAYLOAD + 1).to_bytes(4, "big")
    with pytest.raises(SyncError):
        hsg.parse(data[:39] + huge + data[43:])


# --- sticks -----------------------------------------------------------------------------------------------------------


def volume(scene: Scene, machine: Machine) -> bytes:
    return sticks.write(scene, machine)


def rewritten(scene: Scene, machine: Machine, data: bytes, **header: object) -> bytes:
    """The same frames under another header, signed by the machine."""
    source = io.BytesIO(data)
    checked = check(source, [scene.authority.forge.suite.verifier(machine.own.sign.public)])
    out = io.BytesIO()
    writer = VolumeWriter(out, replace(checked.header, **header), machine.own.sign)  # type: ignore[arg-type]
    for frame in frames(source, checked):
        writer.add(Kind(frame.kind), frame.body)
    writer.finish()
    return out.getvalue()


def test_a_stick_cut_anywhere_is_refused_whole(scene: Scene) -> None:
    data = volume(scene, scene.machines[0])
    for length in range(0, len(data), 37):
        with pytest.raises((BundleDamaged, BundleTooLarge)):
            sticks.take(scene, data[:length])
    assert stored(scene) == 0


def test_a_stick_altered_anywhere_is_refused_whole(scene: Scene) -> None:
    data = volume(scene, scene.machines[0])
    for at in range(0, len(data), 41):
        with pytest.raises(SyncError):
            sticks.take(scene, data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    assert stored(scene) == 0


def test_a_stick_signed_by_another_device_is_refused(scene: Scene) -> None:
    mine, other = scene.machines[:2]
    with pytest.raises(BundleForged):
        sticks.take(scene, rewritten(scene, mine, volume(scene, mine), owner=other.journal.device))
    assert stored(scene) == 0


def test_a_stick_of_another_province_is_refused(scene: Scene) -> None:
    machine = scene.machines[0]
    with pytest.raises(BundleOtherProvince):
        sticks.take(scene, rewritten(scene, machine, volume(scene, machine), province=bytes(8)))


def test_a_stick_on_the_wrong_side_is_refused(scene: Scene) -> None:
    machine = scene.machines[0]
    with pytest.raises(BundleWrongWay):
        sticks.unload_at(scene, machine, volume(scene, machine))
    with pytest.raises(BundleWrongWay):
        sticks.take(scene, sticks.take(scene, volume(scene, machine)))


def test_a_stick_of_another_commune_is_refused_and_nothing_in_it_can_be_read(scene: Scene) -> None:
    mine, other = scene.machines[0], scene.machines[2]
    back = sticks.take(scene, volume(scene, mine))
    with pytest.raises(BundleForeign):
        sticks.unload_at(scene, other, back)
    assert not other.journal.state.confirmed


def test_a_replayed_stick_changes_nothing(scene: Scene) -> None:
    data = volume(scene, scene.machines[0])
    sticks.take(scene, data)
    before = scene.province.state.copy()
    sticks.take(scene, data)
    assert before.logs == scene.province.state.logs
    assert before.feeds == scene.province.state.feeds


def test_a_stick_from_before_the_province_was_restored_is_refused(scene: Scene) -> None:
    machine = scene.machines[0]
    old = sticks.take(scene, volume(scene, machine))
    scene.province.state.epoch = 2
    sticks.unload_at(scene, machine, sticks.take(scene, volume(scene, machine)))
    with pytest.raises(StaleBundle):
        sticks.unload_at(scene, machine, old)


def test_sticks_in_another_order_end_the_same(scene: Scene) -> None:
    machine = scene.machines[0]
    first = volume(scene, machine)
    machine.journal.work("", [("f", {"c.phone": "0912000000"})], Facts(actor="cb9"))
    second = volume(scene, machine)
    sticks.take(scene, second)
    sticks.take(scene, first)
    inc = machine.journal.identity()[1]
    assert scene.province.position(machine.journal.device, inc) == machine.journal.last(inc)
    assert all(
        known.value == 1
        for fields in scene.province.state.confirmed[machine.commune].values()
        for n, known in fields.items()
        if n.startswith("count.")
    )


def test_a_lost_stick_shows_nothing_of_what_is_in_it(scene: Scene) -> None:
    """Written with keys that hide: libsodium's."""
    open_scene = Scene(scene.seed, Setup(forge=SODIUM_FORGE))
    machine = open_scene.machines[0]
    machine.journal.work("", [("f", {"c.name": "NÔNG THỊ MẪU 004190000001"})], Facts(actor="cb1"))
    data = volume(open_scene, machine)
    back = sticks.take(open_scene, data)
    for text in ("NÔNG THỊ MẪU", "004190000001"):
        assert text.encode() not in data
        assert text.encode() not in back
    assert data[4] == Way.UP
