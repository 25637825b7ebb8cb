"""One attempt to read the card that lies on a reader: connect, open, read, let go.

Everything it learns is dropped when it fails, so what is read always comes from one chip in one session: the MACs of secure
messaging hold that session together, and a card put in place of another cannot answer in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from devices.idcard.access import open_chip
from devices.idcard.channel import ChannelBroken
from devices.idcard.errors import card_error
from devices.idcard.facts import CardReading, Key
from devices.idcard.files import FileMissing
from devices.idcard.laps import Laps
from devices.idcard.pcsc import Connection
from devices.idcard.reading import PLAIN, Order, Progress, read_opened

T = TypeVar("T")

LONGEST_S = 60.0
"""An honest card needs a few seconds; one that gives crumbs must not hold the reader for as long as it likes."""


class Guard(Protocol):
    """Runs a call that may block; ``code`` says what is the matter while it does not come back."""

    def __call__(self, code: str, call: Callable[[], T]) -> T: ...


class Attempt:
    """The transport under the protocol layers. ``guard`` runs each PC/SC call, and may refuse to by raising;
    ``pause(seconds)`` waits between keys. ``refused``: the keys that this card has refused, also in the attempt before.
    """

    def __init__(self, connection: Connection, guard: Guard, pause: Callable[[float], None], clock: Callable[[], float]) -> None:
        self._connection = connection
        self._guard = guard
        self._pause = pause
        self._clock = clock
        self._started = clock()
        self.apdus = 0
        self.opened_with: Key | None = None
        self.refused: list[Key] = []

    def transmit(self, apdu: bytes) -> bytes:
        if self._clock() - self._started > LONGEST_S:
            raise card_error("chip_unreadable")
        self.apdus += 1
        return self._guard("card_mute", lambda: self._connection.transmit(apdu))

    def read(self, keys: Sequence[Key], progress: Progress, order: Order = PLAIN) -> CardReading:
        """Open the chip with the first of ``keys`` that fits and read it. Raises :class:`DeviceError`."""
        laps = Laps(self._clock)
        laps.begin("connect")
        try:
            self._guard("reader_busy", self._connection.open)
            laps.begin("access")
            progress(0.1, "Đang mở chíp…")
            opened = open_chip(self, keys, pause=self._pause, refused=self.refused)
            self.opened_with = opened.key
            read = read_opened(opened, progress, laps.begin, order)
        except (ChannelBroken, FileMissing, ValueError):
            raise card_error("chip_unreadable") from None
        seconds, name = self._clock() - self._started, self._connection.name
        return CardReading(read.person, opened.access, read.proof, self.apdus, seconds, laps.end(), name, read.face)
