"""Whole files with the fewest commands, from chips that behave, that refuse, and that lie."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from devices.idcard import tlv
from devices.idcard.apdu import Answer, Command
from devices.idcard.channel import SecureMessaging, TripleDesSuite
from devices.idcard.files import FAR, MAX_FACE_FILE, MAX_FILE, File, FileMissing, Habits, largest_read, read_file

TRIPLE_DES, AES = 8, 16


def whole(size: int, file: File = File.DG2) -> bytes:
    """A file of exactly ``size`` bytes."""
    for header in range(2, 8):
        found = tlv.build(file.tag, bytes(number * 7 % 251 for number in range(size - header)))
        if len(found) == size:
            return found
    raise AssertionError(f"no file has {size} bytes")


@dataclass
class FileChip:
    """A channel with files behind it. ``twist`` turns what an honest chip would answer into what this one does."""

    files: dict[File, bytes]
    block: int = TRIPLE_DES
    twist: Callable[[Command, Answer], Answer] = lambda command, answer: answer
    far_header: int = 3
    """What it reserves for the header of DO 53."""
    sent: list[Command] = field(default_factory=list)
    _current: bytes = b""

    def send(self, command: Command) -> Answer:
        self.sent.append(command)
        return self.twist(command, self._honest(command))

    def _honest(self, command: Command) -> Answer:
        if command.ins == 0xA4:
            return self._select(int.from_bytes(command.data, "big") & 0x1F)
        offset = command.p1 << 8 | command.p2
        if command.ins == 0xB1:
            assert (command.p1, command.p2) == (0, 0)
            piece = self._slice(int.from_bytes(tlv.find(command.data, 0x54), "big"), (command.le or 0) - self.far_header)
            return Answer(tlv.build(0x53, piece.data), piece.sw)
        if command.p1 & 0x80:
            selected = self._select(command.p1 & 0x1F)
            return self._slice(command.p2, command.le or 0) if selected.ok else selected
        return self._slice(offset, command.le or 0)

    def _select(self, short_id: int) -> Answer:
        found = [data for file, data in self.files.items() if file.short_id == short_id]
        self._current = found[0] if found else b""
        return Answer(b"", 0x9000 if found else 0x6A82)

    def _slice(self, offset: int, count: int) -> Answer:
        if offset >= len(self._current):
            return Answer(b"", 0x6B00)
        data = self._current[offset : offset + count]
        return Answer(data, 0x9000 if len(data) == count else 0x6282)


def least(size: int, block: int = TRIPLE_DES) -> int:
    """The commands that ``size`` bytes need."""
    return math.ceil(size / largest_read(block))


@pytest.mark.parametrize(("block", "plain"), [(TRIPLE_DES, 231), (AES, 223)])
@pytest.mark.parametrize("room", [256, 2000, 65536])
def test_the_largest_read_fills_the_room_of_an_answer_and_one_byte_more_would_not_fit(block: int, plain: int, room: int) -> None:
    def protected(count: int) -> int:
        padded = count + 1 + -(count + 1) % block
        sealed = tlv.build(0x87, bytes(1 + padded))
        return len(sealed + tlv.build(0x99, bytes(2)) + tlv.build(0x8E, bytes(8)))

    most = largest_read(block, room)
    assert protected(most) <= room < protected(most + 1)
    assert most == plain or room > 256


def test_no_command_is_longer_than_the_weakest_reader_passes() -> None:
    session = SecureMessaging(None, TripleDesSuite(bytes(16), bytes(16)), bytes(8))  # type: ignore[arg-type]
    chip = FileChip({File.DG2: whole(40_000)})
    read_file(chip, File.DG2)
    assert max(len(session.wrap(command)) for command in chip.sent) <= 261


@pytest.mark.parametrize("size", [2, 24, 200, 230, 231, 232, 462, 463, 5000, FAR - 1, FAR])
@pytest.mark.parametrize("block", [TRIPLE_DES, AES])
def test_a_file_is_read_with_the_fewest_commands_its_size_allows(size: int, block: int) -> None:
    chip = FileChip({File.DG2: whole(size)}, block)
    assert read_file(chip, File.DG2) == chip.files[File.DG2]
    assert len(chip.sent) == least(size, block)


@pytest.mark.parametrize("header", [3, 4])
@pytest.mark.parametrize("size", [FAR + 40, FAR + 300, 40_000, 70_000, 200_000])
def test_beyond_what_an_even_instruction_reaches_the_odd_one_carries_the_offset(size: int, header: int) -> None:
    chip = FileChip({File.DG2: whole(size)}, far_header=header)
    assert read_file(chip, File.DG2) == chip.files[File.DG2]
    odd = [command for command in chip.sent if command.ins == 0xB1]
    assert odd
    assert len(chip.sent) <= least(size) + math.ceil(len(odd) * header / 227) + 1


def test_a_short_identifier_that_is_refused_is_refused_once() -> None:
    def no_short_ids(command: Command, answer: Answer) -> Answer:
        return Answer(b"", 0x6A86) if command.ins == 0xB0 and command.p1 & 0x80 else answer

    chip = FileChip({File.DG1: whole(93, File.DG1), File.SOD: whole(700, File.SOD)}, twist=no_short_ids)
    habits = Habits()
    assert read_file(chip, File.DG1, habits) == chip.files[File.DG1]
    assert len(chip.sent) == 3
    assert read_file(chip, File.SOD, habits) == chip.files[File.SOD]
    assert len(chip.sent) == 3 + 1 + least(700)


def test_a_chip_that_gives_nothing_past_the_end_is_asked_for_the_header_first_from_then_on() -> None:
    def no_overshoot(command: Command, answer: Answer) -> Answer:
        return Answer(b"", 0x6700) if answer.sw == 0x6282 else answer

    chip = FileChip({File.DG1: whole(93, File.DG1), File.COM: whole(30, File.COM)}, twist=no_overshoot)
    habits = Habits()
    assert read_file(chip, File.DG1, habits) == chip.files[File.DG1]
    before = len(chip.sent)
    assert read_file(chip, File.COM, habits) == chip.files[File.COM]
    assert len(chip.sent) - before == 2


def test_a_chip_that_says_how_much_there_is_is_asked_again_for_that() -> None:
    def exact(command: Command, answer: Answer) -> Answer:
        return Answer(b"", 0x6C00 | len(answer.data)) if answer.sw == 0x6282 else answer

    chip = FileChip({File.DG1: whole(93, File.DG1)}, twist=exact)
    assert read_file(chip, File.DG1) == chip.files[File.DG1]
    assert [command.le for command in chip.sent] == [231, 93]


def test_a_chip_that_gives_less_than_it_is_asked_for_is_read_all_the_same() -> None:
    def slow(command: Command, answer: Answer) -> Answer:
        return Answer(answer.data[:100], answer.sw)

    chip = FileChip({File.SOD: whole(1500, File.SOD)}, twist=slow)
    assert read_file(chip, File.SOD) == chip.files[File.SOD]


def test_the_careful_way_selects_and_reads_the_header_first() -> None:
    chip = FileChip({File.DG1: whole(93, File.DG1)})
    assert read_file(chip, File.DG1, Habits.cautious()) == chip.files[File.DG1]
    assert [(command.ins, command.le) for command in chip.sent] == [(0xA4, None), (0xB0, 8), (0xB0, 85)]


def test_where_long_answers_are_proved_a_file_takes_a_few_commands() -> None:
    chip = FileChip({File.DG2: whole(20_000)})
    assert read_file(chip, File.DG2, Habits(room=8192)) == chip.files[File.DG2]
    assert len(chip.sent) == 3


@pytest.mark.parametrize("sw", [0x6A82, 0x6982, 0x6985, 0x6D00, 0x6F00])
def test_a_file_that_is_not_there_or_not_given_is_missing(sw: int) -> None:
    chip = FileChip({}, twist=lambda command, answer: Answer(b"", sw))
    habits = Habits()
    with pytest.raises(FileMissing):
        read_file(chip, File.DG15, habits)
    assert len(chip.sent) <= 4
    assert habits == Habits(), "nothing is learnt from a file that is not there"


def test_a_file_that_can_be_selected_but_not_read_is_missing() -> None:
    chip = FileChip({File.DG14: whole(300)}, twist=lambda command, answer: answer if command.ins == 0xA4 else Answer(b"", 0x6982))
    with pytest.raises(FileMissing):
        read_file(chip, File.DG14)


def lying(claimed: int, size: int = 600) -> bytes:
    """A file that says it has ``claimed`` bytes."""
    return b"\x77\x83" + claimed.to_bytes(3, "big") + bytes(size)


LIES: dict[str, FileChip] = {
    "longer than it is": FileChip({File.SOD: lying(2000)}),
    "longer than any such file": FileChip({File.SOD: lying(MAX_FILE)}),
    "sixteen megabytes": FileChip({File.SOD: lying(0xFFFFFF)}),
    "another object": FileChip({File.SOD: whole(600, File.COM)}),
    "no object": FileChip({File.SOD: b"\x77"}),
    "length of no form": FileChip({File.SOD: b"\x77\x80" + bytes(600)}),
    "nothing after the start": FileChip(
        {File.SOD: lying(500)}, twist=lambda command, answer: answer if command.p1 & 0x80 else Answer(b"", 0x9000)
    ),
    "refused in the middle": FileChip(
        {File.SOD: lying(500)}, twist=lambda command, answer: answer if command.p1 & 0x80 else Answer(b"", 0x6B00)
    ),
    "byte by byte": FileChip({File.SOD: lying(60_000, 60_000)}, twist=lambda command, answer: Answer(answer.data[:6], 0x9000)),
    "more than asked": FileChip({File.SOD: lying(500)}, twist=lambda command, answer: Answer(bytes(5000), 0x9000)),
    "always another length": FileChip({File.SOD: lying(500)}, twist=lambda command, answer: Answer(b"", 0x6CFF)),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_chip_that_lies_about_lengths_is_found_out_in_bounded_time(lie: str) -> None:
    chip = LIES[lie]
    chip.sent.clear()
    with pytest.raises((ValueError, FileMissing)):
        read_file(chip, File.SOD)
    assert len(chip.sent) < 4 * (60_000 // 231 + 3)


def test_what_lies_behind_the_object_is_left_there() -> None:
    short = tlv.build(File.SOD.tag, b"x" * 300)
    chip = FileChip({File.SOD: short + bytes(5000)})
    assert read_file(chip, File.SOD) == short
    assert len(chip.sent) == least(len(short))


def test_a_face_may_be_longer_than_other_files() -> None:
    chip = FileChip({File.DG2: b"\x75\x83" + (MAX_FACE_FILE + 1).to_bytes(3, "big") + bytes(500)})
    with pytest.raises(ValueError, match="belongs here"):
        read_file(chip, File.DG2)
    chip = FileChip({File.DG2: whole(MAX_FILE + 500)})
    assert len(read_file(chip, File.DG2)) == MAX_FILE + 500


def test_progress_counts_the_bytes_up_to_the_whole() -> None:
    chip = FileChip({File.SOD: whole(1000, File.SOD)})
    told: list[tuple[int, int]] = []
    read_file(chip, File.SOD, on_bytes=lambda done, total: told.append((done, total)))
    assert [done for done, _ in told] == [231, 462, 693, 924, 1000]
    assert {total for _, total in told} == {1000}


def test_a_chip_that_takes_no_long_answer_is_asked_for_one_once() -> None:
    def short_only(command: Command, answer: Answer) -> Answer:
        return Answer(b"", 0x6700) if command.extended else answer

    chip = FileChip({File.DG1: whole(93, File.DG1), File.SOD: whole(700, File.SOD)}, twist=short_only)
    habits = Habits(room=2048)
    assert read_file(chip, File.DG1, habits) == chip.files[File.DG1]
    before = len(chip.sent)
    assert read_file(chip, File.SOD, habits) == chip.files[File.SOD]
    assert len(chip.sent) - before == least(700)


def test_a_chip_that_gives_more_than_it_was_asked_for_is_not_believed() -> None:
    chip = FileChip({File.SOD: whole(900, File.SOD)}, twist=lambda command, answer: Answer(answer.data + b"more", answer.sw))
    with pytest.raises(ValueError, match="more than was asked"):
        read_file(chip, File.SOD)
