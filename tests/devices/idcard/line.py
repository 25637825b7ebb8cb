"""A chip in the house: opened and read without reader or daemon."""

from __future__ import annotations

from devices.idcard.access import Opened, open_chip
from devices.idcard.reading import PLAIN, Order, Read, read_opened
from devices.idcard.twin import ChipTwin


class Line:
    """The transport straight into the chip's program. ``commands`` and ``answers`` as they went."""

    def __init__(self, chip: ChipTwin) -> None:
        self.chip = chip
        self.commands: list[bytes] = []
        self.answers: list[bytes] = []

    def transmit(self, apdu: bytes) -> bytes:
        answer = self.chip.answer(apdu) or b""
        self.commands.append(apdu)
        self.answers.append(answer)
        return answer


def opened(line: Line) -> Opened:
    return open_chip(line, (line.chip.key,), pause=lambda seconds: None)


def read(chip: ChipTwin, order: Order = PLAIN) -> Read:
    """One whole reading."""
    return read_over(Line(chip), order)


def read_over(line: Line, order: Order = PLAIN) -> Read:
    return read_opened(opened(line), lambda share, sentence: None, order=order)
