"""What the province writes on a stick for the way back: for every kiosk, however much came, whatever strangers left there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from sync import letter, usb
from sync.blob.ranges import Ranges
from sync.bundle import MAX_COUNTER, Header, Way, preface
from sync.keys import SODIUM, SealKey, SigningKey
from sync.letter import MAX_LETTER
from sync.ports import MergePort, ProvinceJournal
from sync.receiving import RETURNS_KEPT
from sync.rollover import signing_keys
from sync.segment import commune_tag
from sync.simulator.world import World
from sync.unloading import RUNS_MOST, open_states, seal_states
from tests.sync.renewals import renew_commune, roll_province
from tests.sync.sticks import Desk, Sender, make

KEY = SigningKey(b"k" * 32)
COMMUNE = "01273"


def plant(stick: Path, counter: int, name: str) -> Path:
    """A file of a stranger that says it is of the province."""
    path = usb.folder_for(stick, COMMUNE) / name
    path.write_bytes(Header(Way.DOWN, commune_tag(COMMUNE), counter, bytes(8), bytes(16)).pack() + b"\x02\0\0\0\0")
    return path


def counter_of(volume: Path) -> int:
    with volume.open("rb") as source:
        return preface(source)[0].counter


def test_two_kiosks_on_one_stick_each_find_their_own_letter_of_the_communes_next_key(tmp_path: Path) -> None:
    world = World()
    senders = [Sender(world, world.kiosk()) for _ in range(2)]
    desk = Desk(world)
    renew_commune(world, *(sender.kiosk for sender in senders))
    for sender in senders:
        sender.write("a")
        sender.export(tmp_path)
    desk.answer(tmp_path, desk.take_all(tmp_path))
    for sender in senders:
        assert [brought.acked for brought in sender.take_all(tmp_path)] == [1]
        assert sender.kiosk.engine.trust.commune_generation == 2


def test_what_is_held_of_files_is_read_with_the_key_that_came_beside_it(tmp_path: Path) -> None:
    sender, desk = make()
    renew_commune(sender.world, sender.kiosk)
    sender.write("a")
    blob = sender.add_file(os.urandom(5_000))
    desk.announce(sender)
    sender.export(tmp_path)
    desk.answer(tmp_path, desk.take_all(tmp_path))
    (brought,) = sender.take_all(tmp_path)
    assert brought.states == {blob: Ranges.whole(5_000)}


def test_a_day_of_very_many_small_files_is_answered_by_what_a_kiosk_can_read(tmp_path: Path) -> None:
    sender, desk = make()
    sender.write("a")
    blobs = [sender.add_file(os.urandom(40)) for _ in range(1100)]
    desk.announce(sender)
    sender.export(tmp_path)
    desk.answer(tmp_path, desk.take_all(tmp_path))
    (brought,) = sender.take_all(tmp_path)
    assert brought.acked == 1
    assert [receipt.complete for receipt in brought.receipts] == [1100]
    assert brought.states.keys() == set(blobs)


def test_states_of_files_in_many_pieces_are_told_in_frames_that_can_be_read() -> None:
    seal = SealKey.generate()
    states = {os.urandom(32).hex(): Ranges.of((at * 200, at * 200 + 100) for at in range(100)) for _ in range(200)}
    sealed = list(seal_states(states, KEY, SODIUM.sealer(seal.public)))
    told: dict[str, Ranges] = {}
    for frame in sealed:
        told |= open_states(frame, [seal], [KEY.verify_key])
    assert told == states
    assert 1 < len(sealed) < 5


def test_of_a_file_in_more_pieces_than_can_be_told_the_first_are() -> None:
    seal = SealKey.generate()
    runs = [(at * 70_000, at * 70_000 + 69_000) for at in range(2 * RUNS_MOST)]
    (frame,) = seal_states({"ab" * 32: Ranges.of(runs)}, KEY, SODIUM.sealer(seal.public))
    assert open_states(frame, [seal], [KEY.verify_key]) == {"ab" * 32: Ranges.of(runs[:RUNS_MOST])}


def test_a_letter_nobody_would_read_is_not_written() -> None:
    with pytest.raises(ValueError, match="a letter of"):
        letter.write(b"MCX-KIND-1", {"list": ["x" * 64] * 1000}, KEY)
    assert len(letter.write(b"MCX-KIND-1", {"list": "x" * (MAX_LETTER - 200)}, KEY)) <= MAX_LETTER


def test_volumes_of_strangers_do_not_count_and_push_none_of_ours_off_the_stick(tmp_path: Path) -> None:
    sender, desk = make()
    sender.write("a")
    sender.export(tmp_path)
    came = desk.take_all(tmp_path)
    strangers = [plant(tmp_path, MAX_COUNTER, f"p{number}.hsb") for number in range(RETURNS_KEPT + 1)]
    answers = [path for _ in range(3) for path in desk.answer(tmp_path, came)]
    assert list(map(counter_of, answers)) == [1, 2, 3]
    assert all(path.exists() for path in (*answers, *strangers))


def test_of_our_own_volumes_the_newest_stay_also_over_a_change_of_keys(tmp_path: Path) -> None:
    sender, desk = make()
    sender.write("a")
    sender.export(tmp_path)
    came = desk.take_all(tmp_path)
    before = [path for _ in range(RETURNS_KEPT) for path in desk.answer(tmp_path, came)]
    roll_province(sender.world)
    desk.office = replace(desk.office, keys=sender.world.keys)
    (after,) = desk.answer(tmp_path, came)
    assert counter_of(after) == RETURNS_KEPT + 1
    assert [path.exists() for path in before] == [False] + [True] * (RETURNS_KEPT - 1)


def test_letters_name_every_key_the_province_signed_with() -> None:
    world = World()
    keys = [world.keys.sign.public]
    for _ in range(2):
        roll_province(world)
        keys.append(world.keys.sign.public)
    assert signing_keys(world.province.key_documents(0)) == keys[::-1]


def test_a_part_outside_its_file_is_set_aside_and_everything_else_counts(tmp_path: Path) -> None:
    sender, desk = make()
    sender.write("a")
    blobs = [sender.add_file(os.urandom(5_000 + number)) for number in range(3)]
    desk.announce(sender)
    desk.files.told[blobs[1]] = replace(desk.files.told[blobs[1]], size=4_000)
    sender.export(tmp_path)
    (came,) = desk.take_all(tmp_path)
    assert came.aside == ("blob_malformed",)
    assert came.receipt.refused == "blob_malformed"
    assert [desk.files.is_complete(blob) for blob in blobs] == [True, False, True]
    desk.answer(tmp_path, [came])
    assert [brought.acked for brought in sender.take_all(tmp_path)] == [1]


def test_no_writer_waits_while_the_answer_is_put_together(tmp_path: Path) -> None:
    sender, desk = make()
    sender.write("a")
    sender.export(tmp_path)
    came = desk.take_all(tmp_path)

    @contextmanager
    def closed() -> Iterator[tuple[ProvinceJournal, MergePort]]:
        raise AssertionError("the one writer is held up")
        yield

    desk.office = replace(desk.office, recording=closed)
    desk.answer(tmp_path, came)
    assert [brought.acked for brought in sender.take_all(tmp_path)] == [1]
