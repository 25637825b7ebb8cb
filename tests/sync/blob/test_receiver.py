"""The province's side of a call: who may send, what counts, when a file is complete. No network here."""

from __future__ import annotations

import io
import os
import random
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.blob.cipher import RECORD, encrypt, name_of, new_key
from sync.blob.ports import Announced, Sender
from sync.blob.ranges import NONE, UNIT, Ranges
from sync.blob.receiver import Receiver
from sync.blob.wire import MAX_CHUNK, Act, Answer, Held, Ticket, read_answer, read_ticket
from sync.errors import BadSignature, BlobProtocol, NotOurProtocol, SyncError
from sync.keys import SODIUM, SigningKey
from tests.sync.blob.memory import MemoryProvinceBlobs

DEVICE, COMMUNE = 57, "01273"
OWN, OFFICE = SigningKey.generate(), SigningKey.generate()
OFFICE_VERIFIES = SODIUM.verifier(OFFICE.public)


@dataclass
class Scene:
    province: MemoryProvinceBlobs
    receiver: Receiver
    blob: str
    data: bytes

    def ticket(self, offset: int, length: int, act: Act = Act.PUT) -> Ticket:
        return Ticket(act, DEVICE, self.blob, offset, length, b"n" * 16)

    def put(self, offset: int, data: bytes, told: int | None = None) -> Answer:
        """One call that brings ``data`` of the ``told`` bytes it announced."""
        call = self.receiver.open()
        call.feed(self.ticket(offset, told or len(data)).write(OWN) + data)
        return read_answer(call.close(), OFFICE_VERIFIES, b"n" * 16)

    def ask(self) -> Answer:
        return read_answer(self.receiver.ask(self.ticket(0, 0, Act.ASK).write(OWN)), OFFICE_VERIFIES, b"n" * 16)


def make(size: int = 3 * RECORD) -> Scene:
    key = new_key()
    data = b"".join(encrypt(io.BytesIO(os.urandom(size)), key))
    blob, province = name_of(io.BytesIO(data)), MemoryProvinceBlobs()
    province.senders[DEVICE] = Sender(DEVICE, COMMUNE, (SODIUM.verifier(OWN.public),))
    province.told[blob] = Announced(blob, len(data), key, COMMUNE)
    return Scene(province, Receiver(province, OFFICE), blob, data)


@pytest.fixture
def scene() -> Scene:
    return make()


@pytest.mark.parametrize("seed", range(30))
def test_pieces_in_any_order_doubled_and_cut_end_in_the_same_file(seed: int) -> None:
    rng, scene = random.Random(seed), make(40_000)
    total = len(scene.data)
    while not scene.province.is_complete(scene.blob):
        offset = rng.randrange(0, total, UNIT)
        told = rng.choice([total - offset, rng.randint(1, total - offset)])
        sent = rng.choice([told, rng.randint(0, told)])
        scene.put(offset, scene.data[offset : offset + sent], told)
    assert scene.province.complete[scene.blob] == scene.data
    assert scene.province.verdicts == [(scene.blob, True, ())]


def test_complete_is_the_hash_and_not_the_count(scene: Scene) -> None:
    wrong = bytearray(scene.data)
    wrong[RECORD - 1] ^= 1
    wrong[-1] ^= 1
    answer = scene.put(0, bytes(wrong))
    assert answer.state == Held.PARTLY
    assert scene.province.verdicts == [(scene.blob, False, (0, 3))]
    assert answer.have == Ranges.of([(64, 192)])
    for offset, length in ((0, RECORD), (3 * RECORD, len(scene.data) - 3 * RECORD)):
        answer = scene.put(offset, scene.data[offset : offset + length])
    assert answer.state == Held.COMPLETE


def test_as_many_bytes_as_the_file_has_are_not_the_file(scene: Scene) -> None:
    """What decides is which units are covered: the same half twice, or a half with a hole filled by doubled pieces, is no whole."""
    units_in_all, half = len(scene.data) // UNIT, len(scene.data) // UNIT // 2
    for _ in range(3):
        answer = scene.put(0, scene.data[: half * UNIT])
    assert answer.state == Held.PARTLY
    assert answer.have == Ranges.of([(0, half)])
    for _ in range(2):
        answer = scene.put((half + 1) * UNIT, scene.data[(half + 1) * UNIT :])
    assert answer.state == Held.PARTLY
    assert answer.have == Ranges.whole(len(scene.data)) - Ranges.of([(half, half + 1)])
    assert half + 1 < units_in_all
    assert scene.province.verdicts == [], "nobody has even looked whether it is complete"
    assert scene.put(half * UNIT, scene.data[half * UNIT : (half + 1) * UNIT]).state == Held.COMPLETE


def test_a_ticket_that_was_kept_changes_nothing_that_counts(scene: Scene) -> None:
    scene.put(0, scene.data[:RECORD])
    assert scene.put(0, bytes(RECORD)).have == Ranges.of_bytes(0, RECORD, len(scene.data))
    scene.put(RECORD, scene.data[RECORD:])
    assert scene.province.verdicts == [(scene.blob, True, ())]


def test_a_file_told_under_another_name_is_never_complete(scene: Scene) -> None:
    other = "00" * 32
    scene.province.told[other] = replace(scene.province.told.pop(scene.blob), id=other)
    scene.blob = other
    assert scene.put(0, scene.data).state == Held.PARTLY
    assert scene.province.verdicts == [(other, False, ())]


def test_what_a_hanging_call_has_brought_counts_when_another_asks(scene: Scene) -> None:
    hanging = scene.receiver.open()
    hanging.feed(scene.ticket(0, len(scene.data)).write(OWN) + scene.data[: 7 * UNIT + 100])
    assert scene.ask().have == Ranges.of([(0, 7)])


def test_a_power_cut_takes_only_what_was_not_counted(scene: Scene) -> None:
    call = scene.receiver.open()
    call.feed(scene.ticket(0, len(scene.data)).write(OWN) + scene.data[: 100 * UNIT])
    scene.province.crash()
    after = Scene(scene.province, Receiver(scene.province, OFFICE), scene.blob, scene.data)
    have = after.ask().have
    assert have == Ranges.of([(0, 100)]), "made durable before it was counted"
    after.put(100 * UNIT, scene.data[100 * UNIT :])
    assert after.province.complete[scene.blob] == scene.data


def test_bytes_beyond_what_the_ticket_says_are_not_looked_at(scene: Scene) -> None:
    answer = scene.put(0, scene.data[: 4 * UNIT], told=2 * UNIT)
    assert answer.have == Ranges.of([(0, 2)])


@pytest.mark.parametrize(("offset", "length", "refusal"), [(0, MAX_CHUNK, "blob_outside"), (1 << 30, 1024, "blob_outside")])
def test_a_piece_outside_the_file_is_refused(scene: Scene, offset: int, length: int, refusal: str) -> None:
    assert scene.put(offset, b"", told=length).refusal == refusal


def test_strangers_and_forgers_are_refused_by_name(scene: Scene) -> None:
    del scene.province.senders[DEVICE]
    assert scene.put(0, scene.data).refusal == "device_unknown"
    scene.province.senders[DEVICE] = Sender(DEVICE, COMMUNE, (SODIUM.verifier(SigningKey.generate().public),))
    assert scene.put(0, scene.data).refusal == "bad_signature"
    scene.province.senders[DEVICE] = Sender(DEVICE, "01279", (SODIUM.verifier(OWN.public),))
    assert scene.put(0, scene.data).refusal == "blob_unknown"
    assert scene.province.have(scene.blob) == NONE


def test_a_device_taken_out_of_service_brings_nothing_and_learns_nothing(scene: Scene) -> None:
    scene.put(0, scene.data[:UNIT])
    scene.province.senders[DEVICE] = replace(scene.province.senders[DEVICE], revoked=True)
    for answer in (scene.put(UNIT, scene.data[UNIT : 2 * UNIT]), scene.ask()):
        assert (answer.refusal, answer.have) == ("revoked", NONE)
    assert scene.province.have(scene.blob) == Ranges.of([(0, 1)])


def test_a_key_the_device_had_before_is_still_its_own(scene: Scene) -> None:
    keys = (SODIUM.verifier(SigningKey.generate().public), SODIUM.verifier(OWN.public))
    scene.province.senders[DEVICE] = Sender(DEVICE, COMMUNE, keys)
    assert scene.put(0, scene.data).state == Held.COMPLETE


def test_a_full_disk_keeps_what_was_counted_and_asks_to_wait(scene: Scene) -> None:
    scene.put(0, scene.data[:RECORD])
    scene.province.room = 0
    answer = scene.put(RECORD, scene.data[RECORD:])
    assert (answer.refusal, answer.pause_s > 0, answer.have) == ("disk_full", True, Ranges.of([(0, 64)]))


def test_an_answer_to_another_ticket_or_of_another_signer_is_none(scene: Scene) -> None:
    answer = Answer(b"n" * 16, Held.PARTLY, Ranges.of([(3, 9)]), 7, "blob_pause")
    assert read_answer(answer.write(OFFICE), OFFICE_VERIFIES, b"n" * 16) == answer
    with pytest.raises(BlobProtocol):
        read_answer(answer.write(OFFICE), OFFICE_VERIFIES, b"m" * 16)
    with pytest.raises(BadSignature):
        read_answer(answer.write(OWN), OFFICE_VERIFIES, b"n" * 16)
    with pytest.raises(NotOurProtocol):
        read_answer(b"<html>login</html>", OFFICE_VERIFIES, b"n" * 16)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 130), st.integers(0, 255))
def test_any_bytes_end_in_an_answer_or_a_named_error(noise: bytes, place: int, value: int) -> None:
    scene = make(1000)
    valid = bytearray(scene.ticket(0, len(scene.data)).write(OWN) + scene.data)
    valid[place] = value
    for body in (noise, b"MCB1" + noise, bytes(valid) + noise):
        call = scene.receiver.open()
        try:
            call.feed(body)
            call.close()
        except SyncError:
            pass
    with pytest.raises((NotOurProtocol, BlobProtocol)):
        read_ticket(b"MCB1" + noise[:100])
