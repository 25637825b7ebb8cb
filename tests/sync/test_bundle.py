"""Sticks between kiosks and the province: nothing lost or doubled by any of them, and each wrong one refused by its name."""

from __future__ import annotations

import io
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from sync import receiving, usb
from sync.blob.ranges import Ranges
from sync.bundle import BlobRange, Header, Kind, VolumeWriter, Way, check, frames, intact, preface
from sync.bundle_errors import (
    BundleChanged,
    BundleDamaged,
    BundleError,
    BundleForeign,
    BundleForged,
    BundleLater,
    BundleOtherProvince,
    BundleTooLarge,
    BundleUnknownDevice,
    BundleWrongWay,
    SieveFailed,
)
from sync.bundle_letters import Receipt, read_receipt, write_receipt
from sync.errors import StaleBundle, SyncError
from sync.keys import SigningKey, VerifyKey
from sync.loading import Limits, load
from sync.ports import MergePort, ProvinceJournal
from sync.rollover import ProvincePublic, write_province
from sync.sieve import sift
from sync.simulator.world import World
from tests.sync.sticks import Remembered, Sender, make

KEY = SigningKey(b"k" * 32)
ROOT = Path(__file__).parents[2]


def volume(bodies: list[tuple[Kind, bytes]], key: SigningKey = KEY) -> bytes:
    out = io.BytesIO()
    writer = VolumeWriter(out, Header(Way.UP, 1000, 1, b"province", b"i" * 16), key)
    for kind, body in bodies:
        writer.add(kind, body)
    writer.finish()
    return out.getvalue()


def open_keys() -> list[VerifyKey]:
    return [VerifyKey(KEY.public)]


# --- the container ------------------------------------------------------------------------------------------------------


def test_a_volume_of_a_later_version_is_called_so() -> None:
    with pytest.raises(BundleLater):
        preface(io.BytesIO(b"HSB2" + volume([(Kind.LETTER, b"a letter")])[4:]))


def test_what_was_written_is_read_back_frame_by_frame() -> None:
    given = [(Kind.LETTER, b"a letter"), (Kind.SEGMENT, b"s" * 1000), (Kind.RANGE, BlobRange(b"b" * 32, 5, b"xyz").pack())]
    source = io.BytesIO(volume(given))
    assert [(Kind(frame.kind), frame.body) for frame in frames(source, check(source, open_keys()))] == given
    assert preface(source)[1] == (b"a letter",)


def test_a_volume_cut_at_any_byte_is_refused_whole() -> None:
    data = volume([(Kind.LETTER, b"letter"), (Kind.SEGMENT, b"segment")])
    for length in range(len(data)):
        with pytest.raises(BundleDamaged):
            check(io.BytesIO(data[:length]), open_keys())
        with pytest.raises(BundleDamaged):
            intact(io.BytesIO(data[:length]))


def test_a_volume_altered_in_any_byte_is_refused_whole() -> None:
    data = volume([(Kind.LETTER, b"letter"), (Kind.SEGMENT, b"segment")])
    for at in range(len(data)):
        altered = data[:at] + bytes([data[at] ^ 0x41]) + data[at + 1 :]
        with pytest.raises(BundleError):
            check(io.BytesIO(altered), open_keys())


def test_bytes_after_the_end_are_refused() -> None:
    with pytest.raises(BundleDamaged):
        check(io.BytesIO(volume([]) + b"\0"), open_keys())


def test_a_frame_that_claims_to_be_huge_is_refused_before_it_is_read() -> None:
    data = bytearray(volume([(Kind.SEGMENT, b"s")]))
    data[38:42] = b"\xff\xff\xff\xff"
    with pytest.raises(BundleTooLarge):
        check(io.BytesIO(bytes(data)), open_keys())


def test_a_file_that_changes_between_two_readings_is_noticed() -> None:
    source = io.BytesIO(volume([(Kind.SEGMENT, b"first"), (Kind.SEGMENT, b"second")]))
    checked = check(source, open_keys())
    source.getbuffer()[43:44] = b"X"
    with pytest.raises(BundleChanged):
        list(frames(source, checked))


def test_random_bytes_end_in_a_named_error() -> None:
    rng = random.Random(7)
    whole = volume([(Kind.LETTER, b"letter" * 9), (Kind.SEGMENT, b"segment" * 30)])
    for _ in range(2000):
        data = bytearray(whole)
        for _ in range(rng.randrange(1, 4)):
            at = rng.randrange(len(data))
            data[at : at + rng.randrange(4)] = rng.randbytes(rng.randrange(5))
        for act in (lambda s: check(s, open_keys()), preface, intact):
            try:
                act(io.BytesIO(bytes(data)))
            except BundleError:
                continue


def test_a_receipt_says_what_the_province_signed_and_nothing_else() -> None:
    receipt = Receipt(b"v" * 16, 1000, {7: 12}, 1, "", 1)
    document = write_receipt(receipt, KEY)
    assert read_receipt(document, open_keys()) == receipt
    with pytest.raises(BundleForged):
        read_receipt(document.replace(b"12", b"13"), open_keys())


# --- the process that reads strangers' sticks ---------------------------------------------------------------------------


def test_the_reader_without_rights_passes_on_what_is_signed(tmp_path: Path) -> None:
    path = tmp_path / "v.hsb"
    path.write_bytes(volume([(Kind.SEGMENT, b"one"), (Kind.SEGMENT, b"two")]))
    with path.open("rb") as source:
        assert [frame.body for frame in sift(source, [KEY.public])] == [b"one", b"two"]


@pytest.mark.parametrize("wrong", ["forged", "cut"])
def test_the_reader_without_rights_names_what_is_wrong(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "v.hsb"
    data = volume([(Kind.SEGMENT, b"one")], SigningKey(b"o" * 32) if wrong == "forged" else KEY)
    path.write_bytes(data[:-1] if wrong == "cut" else data)
    with path.open("rb") as source, pytest.raises(BundleForged if wrong == "forged" else BundleDamaged):
        list(sift(source, [KEY.public]))


LOST = """
import os, socket
from sync.sieve import give_up_rights
give_up_rights(0)
for act in (lambda: open("/etc/hostname"), lambda: socket.create_connection(("127.0.0.1", 9)), os.fork, lambda: bytes(1 << 30)):
    try:
        act()
    except (OSError, MemoryError):
        continue
    raise SystemExit(1)
raise SystemExit(os.geteuid() == 0)
"""


def test_the_reader_can_open_nothing_reach_nobody_and_not_grow() -> None:
    assert subprocess.run([sys.executable, "-c", LOST], cwd=ROOT, check=False, capture_output=True).returncode == 0


def test_a_reader_that_is_stopped_is_a_volume_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "v.hsb"
    path.write_bytes(volume([(Kind.SEGMENT, b"one")]))
    monkeypatch.setattr(sys, "executable", "/bin/true")
    with path.open("rb") as source, pytest.raises(SieveFailed):
        list(sift(source, [KEY.public]))


# --- there and back -----------------------------------------------------------------------------------------------------


def test_a_commune_without_a_line_works_by_sticks_alone(tmp_path: Path) -> None:
    sender, desk = make()
    for day in range(3):
        sender.write(f"a{day}", f"b{day}")
        sender.export(tmp_path / "stick")
        desk.answer(tmp_path / "stick", desk.take_all(tmp_path / "stick"))
        sender.take_all(tmp_path / "stick")
    journal = sender.kiosk.journal
    assert journal.view() == desk.world.province.view("01273")
    assert sender.kiosk.engine.pending() == 0
    assert journal.acked(journal.identity()[1]) == 6
    assert set(desk.world.province.view("01273").values()) == {1}


def test_any_stick_in_any_order_any_number_of_times_gives_the_same(tmp_path: Path) -> None:
    sender, desk = make()
    sticks = []
    for number in range(4):
        sender.write(str(number))
        sender.export(tmp_path / str(number))
        sticks.append(tmp_path / str(number))
    for number in (2, 0, 3, 3, 1, 0, 2):
        desk.take_all(sticks[number])
    view = desk.world.province.view("01273")
    assert len(view) == 4
    assert set(view.values()) == {1}


def test_a_lost_stick_costs_nothing(tmp_path: Path) -> None:
    sender, desk = make()
    sender.write("a")
    sender.export(tmp_path / "lost")
    sender.write("b")
    sender.export(tmp_path / "found")
    desk.take_all(tmp_path / "found")
    assert len(desk.world.province.view("01273")) == 2


def test_stick_and_line_mixed_end_in_the_same(tmp_path: Path) -> None:
    sender, desk = make()
    sender.write("a", "b")
    sender.export(tmp_path / "stick")
    sender.world.settle(sender.kiosk)
    came = desk.take_all(tmp_path / "stick")
    sender.write("c")
    desk.answer(tmp_path / "stick", came)
    sender.take_all(tmp_path / "stick")
    sender.world.settle(sender.kiosk)
    assert sender.kiosk.journal.view() == desk.world.province.view("01273")
    assert set(desk.world.province.view("01273").values()) == {1}


def test_exporting_moves_no_cursor(tmp_path: Path) -> None:
    sender, _ = make()
    sender.write("a")
    kept = sender.kiosk.journal.state.copy()
    sender.export(tmp_path / "stick")
    assert sender.kiosk.journal.state == kept


def test_the_receipt_names_the_volume_and_what_is_held(tmp_path: Path) -> None:
    sender, desk = make()
    sender.write("a", "b")
    sender.export(tmp_path / "stick")
    desk.answer(tmp_path / "stick", desk.take_all(tmp_path / "stick"))
    (brought,) = sender.take_all(tmp_path / "stick")
    (receipt,) = brought.receipts
    assert receipt.held == {sender.kiosk.journal.identity()[1]: 2}
    assert receipt.volume in sender.log.written()
    assert receipt.refused == ""


def test_another_kiosk_of_the_commune_reads_the_same_answer(tmp_path: Path) -> None:
    sender, desk = make()
    other = Sender(sender.world, sender.world.kiosk("01273"))
    sender.write("a")
    sender.export(tmp_path / "stick")
    desk.answer(tmp_path / "stick", desk.take_all(tmp_path / "stick"))
    other.take_all(tmp_path / "stick")
    assert other.kiosk.journal.view() == desk.world.province.view("01273")


def test_what_a_restored_disk_lost_comes_back_by_the_stick_it_once_wrote(tmp_path: Path) -> None:
    sender, desk = make()
    sender.write("a")
    sender.world.settle(sender.kiosk)
    old = sender.kiosk.journal.state.copy()
    sender.write("lost")
    sender.export(tmp_path / "old stick")
    sender.kiosk.journal.state = old
    sender.kiosk.restart()
    sender.write("new")
    sender.world.settle(sender.kiosk)
    (came,) = desk.take_all(tmp_path / "old stick")
    assert came.branched == 1
    assert len(desk.world.province.view("01273")) == 3
    assert set(desk.world.province.view("01273").values()) == {1}


def test_a_stick_signed_with_keys_the_kiosk_never_heard_of_brings_their_letter(tmp_path: Path) -> None:
    sender, desk = make()
    sender.write("a")
    world = sender.world
    sender.export(tmp_path / "stick")
    before, fresh = world.signing, SigningKey(b"f" * 32)
    second = ProvincePublic(fresh.public, world.sealing.public, 2)
    world.province.province_documents.append(write_province(second, world.root, before))
    desk.office = replace(desk.office, keys=replace(world.keys, sign=fresh, generation=2))
    desk.answer(tmp_path / "stick", desk.take_all(tmp_path / "stick"))
    (brought,) = sender.take_all(tmp_path / "stick")
    assert brought.acked == 1
    assert sender.kiosk.engine.trust.province == second


def test_a_letter_of_a_thief_opens_no_door(tmp_path: Path) -> None:
    sender, desk = make()
    sender.write("a")
    thief = SigningKey(b"t" * 32)
    sender.export(tmp_path / "stick")
    second = ProvincePublic(thief.public, sender.world.sealing.public, 2)
    sender.world.province.province_documents.append(write_province(second, sender.world.root, thief))
    desk.office = replace(desk.office, keys=replace(sender.world.keys, sign=thief, generation=2))
    desk.answer(tmp_path / "stick", desk.take_all(tmp_path / "stick"))
    kept = sender.kiosk.journal.state.copy()
    with pytest.raises(BundleForged):
        sender.take_all(tmp_path / "stick")
    assert sender.kiosk.journal.state == kept


# --- attachments --------------------------------------------------------------------------------------------------------


def test_attachments_come_in_parts_over_several_sticks(tmp_path: Path) -> None:
    sender, desk = make()
    sender.write("a")
    blobs = [sender.add_file(os.urandom(150_000)) for _ in range(3)]
    desk.announce(sender)
    limits = Limits(volume=96 * 1024, stick=200 * 1024)
    for number in range(3):
        loaded = sender.export(tmp_path / str(number), limits)
        assert loaded.bytes <= limits.stick + 4096
    for number in (2, 0, 1):
        desk.take_all(tmp_path / str(number))
    assert set(desk.files.complete) == set(blobs)


def test_any_single_volume_of_several_brings_the_events(tmp_path: Path) -> None:
    for number in range(3):
        sender, desk = make()
        sender.write("a")
        sender.add_file(os.urandom(250_000))
        volumes = sender.export(tmp_path / str(number), Limits(volume=96 * 1024)).volumes
        assert len(volumes) == 3
        desk.take(volumes[number])
        assert len(desk.world.province.view("01273")) == 1


def test_events_too_many_for_one_volume_run_on_in_the_next(tmp_path: Path) -> None:
    sender, desk = make()
    sender.write(*(os.urandom(3000).hex() for _ in range(40)))
    volumes = sender.export(tmp_path / "stick", Limits(volume=96 * 1024)).volumes
    assert len(volumes) > 1
    assert desk.take(volumes[-1]).receipt.refused == "gap", "it must wait for the one before, and says so"
    assert [came.receipt.refused for came in desk.take_all(tmp_path / "stick")] == [""] * len(volumes)
    assert len(desk.world.province.view("01273")) == 40


def test_no_part_of_a_file_lies_before_events_that_run_on_in_the_next_volume(tmp_path: Path) -> None:
    sender, _ = make()
    sender.write(*(f"{n}-{os.urandom(6000).hex()}" for n in range(30)))
    sender.add_file(os.urandom(100_000))
    sender.export(tmp_path, Limits(volume=128 * 1024))
    written = list(sender.log.records.values())
    running_on = [record for record in written if 0 < max(record.logs.values(), default=0) < 30]
    assert running_on
    assert not any(record.ranges for record in running_on)
    assert any(record.ranges for record in written)


def test_a_file_of_another_commune_is_not_touched(tmp_path: Path) -> None:
    sender, desk = make()
    neighbour = Sender(sender.world, sender.world.kiosk("01290"))
    data = os.urandom(20_000)
    neighbour.add_file(data)
    blob = sender.add_file(data)
    desk.announce(neighbour)
    sender.export(tmp_path / "stick")
    desk.take_all(tmp_path / "stick")
    assert desk.files.have(blob).count == 0


def test_a_part_on_a_stick_is_joined_to_what_came_by_air(tmp_path: Path) -> None:
    sender, desk = make()
    data = os.urandom(100_000)
    blob = sender.add_file(data)
    desk.announce(sender)
    by_air = Ranges.of_bytes(0, 50 * 1024, len(data))
    desk.files.write(blob, 0, data[: 50 * 1024])
    sender.files.set_have(blob, desk.files.keep(blob, by_air))
    loaded = sender.export(tmp_path / "stick")
    assert loaded.blob_bytes == len(data) - 50 * 1024
    (came,) = desk.take_all(tmp_path / "stick")
    assert desk.files.complete[blob] == data
    assert came.receipt.complete == 1


def test_what_nobody_told_of_is_left_out_and_comes_with_the_next_stick(tmp_path: Path) -> None:
    sender, desk = make()
    blob = sender.add_file(os.urandom(10_000))
    sender.export(tmp_path / "stick")
    desk.take_all(tmp_path / "stick")
    assert desk.files.complete == {}
    desk.announce(sender)
    desk.take_all(tmp_path / "stick")
    assert set(desk.files.complete) == {blob}


def test_the_state_of_attachments_comes_back(tmp_path: Path) -> None:
    sender, desk = make()
    blob = sender.add_file(os.urandom(200_000))
    desk.announce(sender)
    sender.export(tmp_path / "stick", Limits(volume=96 * 1024, stick=110 * 1024))
    desk.answer(tmp_path / "stick", desk.take_all(tmp_path / "stick"))
    (brought,) = sender.take_all(tmp_path / "stick")
    assert brought.states == {blob: desk.files.have(blob)}
    assert brought.states[blob].count > 50


def test_a_damaged_file_does_not_keep_the_others_at_home(tmp_path: Path) -> None:
    sender, desk = make()
    broken, whole = sender.add_file(os.urandom(50_000)), sender.add_file(os.urandom(60_000))
    del sender.files.files[broken]
    desk.announce(sender)
    sender.export(tmp_path / "stick")
    desk.take_all(tmp_path / "stick")
    assert set(desk.files.complete) == {whole}
    assert broken in sender.files.damaged


# --- old volumes --------------------------------------------------------------------------------------------------------


def test_a_volume_whose_everything_arrived_is_taken_off(tmp_path: Path) -> None:
    sender, desk = make()
    sender.write("a")
    blob = sender.add_file(os.urandom(10_000))
    desk.announce(sender)
    (first,) = sender.export(tmp_path / "stick").volumes
    desk.answer(tmp_path / "stick", desk.take_all(tmp_path / "stick"))
    sender.take_all(tmp_path / "stick")
    sender.files.set_complete(blob)
    loaded = sender.export(tmp_path / "stick")
    assert loaded.removed == 1
    assert not first.exists()


def test_a_volume_with_parts_on_their_way_stays_and_is_not_written_twice(tmp_path: Path) -> None:
    sender, desk = make()
    sender.write("a")
    sender.add_file(os.urandom(300_000))
    desk.announce(sender)
    (first,) = sender.export(tmp_path / "stick").volumes
    again = sender.export(tmp_path / "stick")
    assert first.exists()
    assert again.blob_bytes == 0


def test_a_volume_this_kiosk_does_not_remember_is_never_taken_off(tmp_path: Path) -> None:
    sender, _ = make()
    sender.write("a")
    (first,) = sender.export(tmp_path / "stick").volumes
    sender.log.records.clear()
    sender.world.settle(sender.kiosk)
    sender.export(tmp_path / "stick")
    assert first.exists()


def test_a_file_that_rots_on_the_disk_stays_on_the_stick_until_the_province_has_it(tmp_path: Path) -> None:
    sender, desk = make()
    blob = sender.add_file(os.urandom(10_000))
    desk.announce(sender)
    (first,) = sender.export(tmp_path / "stick").volumes
    sender.files.set_damaged(blob, "rotten")
    assert sender.export(tmp_path / "stick").removed == 0
    assert first.exists()
    desk.take_all(tmp_path / "stick")
    assert set(desk.files.complete) == {blob}


def test_a_restored_disk_does_not_write_over_a_volume_of_the_time_it_lost(tmp_path: Path) -> None:
    sender, desk = make()
    sender.write("a")
    sender.world.settle(sender.kiosk)
    old, counter = sender.kiosk.journal.state.copy(), sender.log.counter
    sender.write("lost")
    (lost,) = sender.export(tmp_path / "stick").volumes
    sender.kiosk.journal.state = old
    sender.log = Remembered()
    sender.log.counter = counter
    sender.kiosk.restart()
    sender.write("new")
    (fresh,) = sender.export(tmp_path / "stick").volumes
    assert lost.exists()
    assert fresh != lost
    desk.take_all(tmp_path / "stick")
    sender.world.settle(sender.kiosk)
    assert len(desk.world.province.view("01273")) == 3


def test_a_damaged_volume_of_ours_is_replaced(tmp_path: Path) -> None:
    sender, desk = make()
    sender.add_file(os.urandom(100_000))
    desk.announce(sender)
    (first,) = sender.export(tmp_path / "stick").volumes
    first.write_bytes(first.read_bytes()[:-1])
    again = sender.export(tmp_path / "stick")
    desk.take_all(tmp_path / "stick")
    assert again.volumes
    assert len(desk.files.complete) == 1


# --- refused by name ----------------------------------------------------------------------------------------------------


def exported(sender: Sender, stick: Path) -> Path:
    (path,) = sender.export(stick).volumes
    return path


def test_a_stick_of_another_commune_is_refused_and_nothing_of_it_is_readable(tmp_path: Path) -> None:
    sender, desk = make()
    sender.write("Nông Thị Mẫu")
    neighbour = Sender(sender.world, sender.world.kiosk("01290"))
    exported(sender, tmp_path / "stick")
    (path,) = desk.answer(tmp_path / "stick", desk.take_all(tmp_path / "stick"))
    kept = neighbour.kiosk.journal.state.copy()
    with pytest.raises(BundleForeign):
        neighbour.take(path)
    assert neighbour.kiosk.journal.state == kept
    for file in usb.volumes(tmp_path / "stick"):
        assert "Mẫu".encode() not in file.read_bytes()


def test_sticks_of_another_province_are_refused_both_ways(tmp_path: Path) -> None:
    sender, desk = make()
    other, other_desk = make(world=World(seed=2))
    up = exported(sender, tmp_path / "stick")
    with pytest.raises(BundleOtherProvince):
        other_desk.take(up)
    (down,) = desk.answer(tmp_path / "stick", [desk.take(up)])
    with pytest.raises(BundleOtherProvince):
        other.take(down)


def test_a_stick_that_goes_the_wrong_way_is_refused(tmp_path: Path) -> None:
    sender, desk = make()
    up = exported(sender, tmp_path / "stick")
    (down,) = desk.answer(tmp_path / "stick", [desk.take(up)])
    with pytest.raises(BundleWrongWay):
        sender.take(up)
    with pytest.raises(BundleWrongWay):
        desk.take(down)


def test_a_stick_of_a_device_nobody_knows_is_refused(tmp_path: Path) -> None:
    sender, desk = make()
    up = exported(sender, tmp_path / "stick")
    desk.world.province.devices.clear()
    with pytest.raises(BundleUnknownDevice):
        desk.take(up)


def test_a_stick_written_by_another_device_under_our_number_is_refused(tmp_path: Path) -> None:
    sender, desk = make()
    thief = Sender(sender.world, sender.world.kiosk("01273"))
    cargo = thief.cargo()
    stick = tmp_path / "stick"
    stick.mkdir()
    forged = replace(cargo, device=sender.kiosk.engine.trust.device)
    (path,) = load(stick, forged, thief.log, sender.world.rng.randbytes).volumes
    stored = desk.world.province.state.copy()
    with pytest.raises(BundleForged):
        desk.take(path)
    assert desk.world.province.state == stored


def test_a_revoked_device_gets_a_receipt_that_says_so_and_no_feed(tmp_path: Path) -> None:
    sender, desk = make()
    sender.write("a")
    sender.world.settle(sender.kiosk)
    sender.write("after")
    up = exported(sender, tmp_path / "stick")
    inc = sender.kiosk.journal.identity()[1]
    sender.world.revoke(sender.kiosk, **{f"i{inc}": 1})
    came = desk.take(up)
    assert came.receipt.refused == "revoked"
    assert len(desk.world.province.view("01273")) == 1
    (back,) = desk.answer(tmp_path / "stick", [came])
    with back.open("rb") as source:
        checked = check(source, [VerifyKey(sender.world.keys.sign.public)])
        assert [frame.kind for frame in frames(source, checked)] == [Kind.LETTER], "the receipt"


def test_the_one_writer_is_let_go_between_the_portions_of_a_stick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sender, desk = make()
    sender.write(*(os.urandom(3000).hex() for _ in range(40)))
    up = exported(sender, tmp_path / "stick")
    taken: list[int] = []
    recording = desk.office.recording

    @contextmanager
    def counted() -> Iterator[tuple[ProvinceJournal, MergePort]]:
        before = sum(map(len, desk.world.province.state.logs.values()))
        with recording() as both:
            yield both
        taken.append(sum(map(len, desk.world.province.state.logs.values())) - before)

    desk.office = replace(desk.office, recording=counted)
    monkeypatch.setattr(receiving, "PORTION_LINES", 5)
    desk.take(up)
    assert sum(taken) == 40
    assert max(taken) < 40


def test_an_answer_from_before_a_restore_of_the_province_is_stale(tmp_path: Path) -> None:
    sender, desk = make()
    sender.write("a")
    up = exported(sender, tmp_path / "stick")
    (old,) = desk.answer(tmp_path / "stick", [desk.take(up)])
    desk.world.province.state.epoch = 2
    sender.world.settle(sender.kiosk)
    kept = sender.kiosk.journal.state.copy()
    with pytest.raises(StaleBundle):
        sender.take(old)
    assert sender.kiosk.journal.state == kept


def test_answers_of_a_restored_province_on_two_sticks_bear_two_names_and_both_count(tmp_path: Path) -> None:
    sender, desk = make()
    sender.write("a")
    up = exported(sender, tmp_path / "stick")
    backup = desk.world.province.state.copy()
    (before,) = desk.answer(tmp_path / "stick", [desk.take(up)])
    desk.world.province.state = backup
    desk.world.province.state.epoch = 2
    (tmp_path / "other").mkdir()
    (after,) = desk.answer(tmp_path / "other", [desk.take(up)])
    both = tmp_path / "both"
    both.mkdir()
    for path in (before, after):
        (both / path.name).write_bytes(path.read_bytes())
    assert len(usb.volumes(both)) == 2
    assert sender.take(both / before.name).acked == 1
    assert sender.take(both / after.name).acked == 1
    assert sender.kiosk.journal.epoch() == 2


def test_an_answer_that_comes_again_brings_nothing_new(tmp_path: Path) -> None:
    sender, desk = make()
    sender.write("a")
    up = exported(sender, tmp_path / "stick")
    (path,) = desk.answer(tmp_path / "stick", [desk.take(up)])
    assert sender.take(path).acked == 1
    kept = sender.kiosk.journal.state.copy()
    again = sender.take(path)
    assert (again.applied, again.acked) == (0, 0)
    assert sender.kiosk.journal.state == kept


def test_an_answer_cut_at_any_place_is_refused_whole(tmp_path: Path) -> None:
    sender, desk = make()
    sender.write("a")
    up = exported(sender, tmp_path / "stick")
    (path,) = desk.answer(tmp_path / "stick", [desk.take(up)])
    data = path.read_bytes()
    kept = sender.kiosk.journal.state.copy()
    for length in range(0, len(data), 7):
        path.write_bytes(data[:length])
        with pytest.raises(SyncError):
            sender.take(path)
    assert sender.kiosk.journal.state == kept


def test_names_on_the_stick_tell_of_no_person(tmp_path: Path) -> None:
    sender, desk = make()
    sender.write("Nông Thị Mẫu")
    exported(sender, tmp_path / "stick")
    desk.answer(tmp_path / "stick", desk.take_all(tmp_path / "stick"))
    names = [path.relative_to(tmp_path / "stick").as_posix() for path in usb.volumes(tmp_path / "stick")]
    assert len(names) == 2
    for name in names:
        assert name.startswith("HSB/01273/")
        assert name == name.lower().replace("hsb/", "HSB/", 1)
        assert set(name) <= set("HSB/-.0123456789abcdefghijklmnopqrstuvwxyz")
