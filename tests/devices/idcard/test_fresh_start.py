"""The limits of an attempt and of the fresh start after it: neither the chip's patience nor the citizen's is spent twice."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from devices.errors import DeviceError
from devices.idcard import MrzKey
from devices.idcard.access import open_chip
from devices.idcard.facts import Key
from devices.idcard.reader import CardReader
from devices.idcard.twin import ChipTwin
from tests.devices.idcard.lines import Chip

EXTERNAL_AUTHENTICATE = 0x82
WRONG = tuple(MrzKey("190000001", "900201", f"50020{day}") for day in range(1, 6))


class Damaging(ChipTwin):
    """Damages its answer to the key that comes at this place, and counts the keys."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self._at, self.tried = at, 0

    def answer(self, raw: bytes) -> bytes | None:
        answer = super().answer(raw)
        if raw[1] != EXTERNAL_AUTHENTICATE or answer is None:
            return answer
        self.tried += 1
        return bytes([answer[0] ^ 1]) + answer[1:] if self.tried == self._at else answer


def test_a_key_that_was_refused_is_not_tried_again_by_the_fresh_start(lay: Callable[[ChipTwin], None], reader: CardReader) -> None:
    chip = Damaging(at=2)
    lay(chip)
    assert reader.read((WRONG[0], chip.key)).person == chip.person
    assert chip.tried == 3


def test_keys_refused_before_count() -> None:
    line = Chip(ChipTwin())
    refused: list[Key] = list(WRONG[:3])
    pauses: list[float] = []
    with pytest.raises(DeviceError, match="wrong_key"):
        open_chip(line, WRONG, pause=pauses.append, refused=refused)
    assert line.instructions.count(EXTERNAL_AUTHENTICATE) == 1
    assert (refused, pauses) == (list(WRONG[:4]), [1.2])


def test_a_chip_that_keeps_the_reader_for_more_than_a_minute_is_given_up(lay: Callable[[ChipTwin], None]) -> None:
    minutes = itertools.count(step=10.0)
    reader = CardReader(clock=lambda: next(minutes))
    chip = ChipTwin()
    lay(chip)
    with pytest.raises(DeviceError, match="chip_unreadable"):
        reader.read((chip.key,))
    assert reader.apdus < 2 * 60 / 10
    reader.close()
