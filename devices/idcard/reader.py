"""The driver: a card in a PC/SC reader becomes a person.

Each reading opens its own connection and closes it again. A damaged answer gets one fresh start, a lifted or mute card none;
after a mute card the next reading works as soon as that card has been lifted. For one reading at a time;
:meth:`CardReader.state` may be asked from another thread meanwhile and never waits for the reading.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import unquote

from devices.errors import DeviceError
from devices.idcard.access import open_chip
from devices.idcard.channel import ChannelBroken
from devices.idcard.errors import card_error
from devices.idcard.facts import CardReading, MrzKey, ReaderState
from devices.idcard.files import FileMissing
from devices.idcard.pcsc import Connection, Context
from devices.idcard.reading import Progress, read_opened
from devices.idcard.watchdog import Watchdog

T = TypeVar("T")


class CardReader:
    """A PC/SC reader, found anew for each act. ``answer_timeout_s``: how long the chip may think about one command, in seconds."""

    def __init__(self, wanted: str = "", *, answer_timeout_s: float = 6.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._wanted = wanted
        self._timeout_s = answer_timeout_s
        self._clock = clock
        self._reading = Watchdog("card-reading")
        self._watching = Watchdog("card-state")
        self.apdus = 0
        """Commands sent in the latest reading, also in one that failed."""

    def state(self) -> ReaderState:
        """Reader and card as they are now. Never raises; a daemon that does not answer counts as absent."""
        try:
            return self._watching.run(self._look, self._timeout_s)
        except DeviceError as error:
            return ReaderState(False, False, self._wanted, error.code)
        except TimeoutError:
            return ReaderState(False, False, self._wanted, "pcscd_absent")

    def _look(self) -> ReaderState:
        with Context() as context:
            return context.find(self._wanted)

    def read(self, keys: Sequence[MrzKey], *, progress: Progress | None = None) -> CardReading:
        """Open the chip with the first of ``keys`` that fits and read COM, DG1, DG13 and SOD.

        The face (DG2) stays on the chip.

        ``progress(share, sentence)`` is called on the calling thread with a share of 0–1. Raises :class:`DeviceError` with
        ``pcscd_absent``, ``reader_absent``, ``reader_busy``, ``card_absent``, ``card_removed``, ``not_cccd``,
        ``chip_unreadable``, ``wrong_key``, ``card_mute`` or ``key_missing``.
        """
        if not keys:
            raise card_error("key_missing")
        self.apdus = 0
        attempt = _Attempt(self, list(keys), progress or _silent)
        try:
            return attempt.run()
        except DeviceError as error:
            if error.code != "chip_unreadable":
                raise
        try:
            return attempt.run()
        except DeviceError as error:
            # It lay there a moment ago.
            raise card_error("card_removed") if error.code == "card_absent" else error from None

    def close(self) -> None:
        """Let the reader's threads end."""
        self._reading.close()
        self._watching.close()

    def guarded(self, call: Callable[[], T]) -> T:
        """``call`` on the reading thread.

        Raises ``card_mute`` when it does not come back in time, or an earlier one still has not.
        """
        try:
            return self._reading.run(call, self._timeout_s)
        except TimeoutError:
            raise card_error("card_mute") from None

    def release(self, connection: Connection) -> None:
        """Close ``connection``: now, or as soon as a card that has gone mute lets go of the reading thread."""
        if self._reading.stuck:
            self._reading.post(connection.close)
            return
        with contextlib.suppress(TimeoutError):
            self._reading.run(connection.close, self._timeout_s)


def _silent(share: float, sentence: str) -> None:
    pass


class _Attempt:
    """A reading under way: the transport the protocol layers talk to, and the keys that are still worth trying."""

    def __init__(self, reader: CardReader, keys: list[MrzKey], progress: Progress) -> None:
        self._reader = reader
        self._keys = keys
        self._progress = progress
        self._started = reader._clock()
        self._connection: Connection | None = None

    def transmit(self, apdu: bytes) -> bytes:
        connection = self._connection
        assert connection is not None, "transmit outside a reading"
        self._reader.apdus += 1
        return self._reader.guarded(lambda: connection.transmit(apdu))

    def run(self) -> CardReading:
        self._progress(0.0, "Đang kết nối với thẻ…")
        connection = self._connection = Connection(self._reader._wanted)
        try:
            self._reader.guarded(connection.open)
            return self._read()
        except (ChannelBroken, FileMissing, ValueError):
            raise card_error("chip_unreadable") from None
        finally:
            self._connection = None
            self._reader.release(connection)

    def _read(self) -> CardReading:
        self._progress(0.1, "Đang mở chíp…")
        opened = open_chip(self, self._keys)
        # A second attempt must not spend the chip's patience on keys that have already failed.
        self._keys = [opened.key]
        person, proof = read_opened(opened, self._progress)
        self._progress(1.0, "Đã đọc xong thẻ.")
        return CardReading(person, opened.access, proof, self._reader.apdus, self._reader._clock() - self._started)


def open_card_reader(url: str) -> CardReader:
    """The reader at ``pcsc:`` (any) or ``pcsc:NAME`` (part of its name; may be percent-encoded). Raises ``address_invalid``."""
    scheme, colon, name = url.partition(":")
    if scheme != "pcsc" or not colon:
        raise card_error("address_invalid")
    return CardReader(unquote(name.removeprefix("//")))
