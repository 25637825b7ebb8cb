"""Lines to a chip for tests that need no reader: the software chip at once, or a recording that insists on its commands."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from devices.idcard.access import Opened, open_chip
from devices.idcard.reading import PLAIN, Order, Read, read_opened
from devices.idcard.twin import ChipTwin


def scripted(*values: str) -> Callable[[int], bytes]:
    """Randomness that is not random: the example's values in order."""
    left = [bytes.fromhex(value) for value in values]
    return lambda count: left.pop(0)


class Tape:
    """A chip that is a recording: it insists on each command and plays the answer."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._pairs = list(pairs)

    def transmit(self, apdu: bytes) -> bytes:
        command, answer = self._pairs.pop(0)
        assert apdu.hex().upper() == command
        return bytes.fromhex(answer)


class Chip:
    """The software chip without a reader between. ``log``: every command and its answer."""

    def __init__(self, chip: ChipTwin) -> None:
        self.chip = chip
        self.log: list[tuple[bytes, bytes]] = []

    def transmit(self, apdu: bytes) -> bytes:
        answer = self.chip.answer(apdu)
        assert answer is not None
        self.log.append((apdu, answer))
        return answer

    @property
    def commands(self) -> list[bytes]:
        return [apdu for apdu, _ in self.log]

    @property
    def instructions(self) -> list[int]:
        """The instruction of each command, in order."""
        return [apdu[1] for apdu, _ in self.log]


def opened(line: Chip) -> Opened:
    return open_chip(line, (line.chip.key,), pause=lambda seconds: None)


def read(chip: ChipTwin, order: Order = PLAIN) -> Read:
    """One whole reading."""
    return read_over(Chip(chip), order)


def read_over(line: Chip, order: Order = PLAIN) -> Read:
    return read_opened(opened(line), lambda share, sentence: None, order=order)


class Changed(Chip):
    """The software chip with a liar between.

    ``change(command, answer)`` gives what is answered in place to command ``at`` (1 is the first).
    """

    def __init__(self, chip: ChipTwin, at: int, change: Callable[[bytes, bytes], bytes]) -> None:
        super().__init__(chip)
        self._at = at
        self._change = change

    def transmit(self, apdu: bytes) -> bytes:
        answer = super().transmit(apdu)
        return self._change(apdu, answer) if len(self.log) == self._at else answer
