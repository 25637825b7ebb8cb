"""The ID card: three ways to a :class:`CardPerson`. The chip through PC/SC, the QR on the card's face, typing.

Importing this needs neither a reader nor pcscd; :func:`open_card_reader` loads pyscard. What was proved about a chip's data is in
:class:`CardReading`, and never more than that. Expected failures are :class:`devices.errors.DeviceError`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from devices.idcard.errors import card_error
from devices.idcard.facts import CardPerson, CardReading, MrzKey, ReaderState
from devices.idcard.keys import key_candidates
from devices.idcard.mrz import key_from_mrz, parse_td1
from devices.idcard.qr import keys_from_qr, parse_card_qr, parse_wedge, typed_person

__all__ = [
    "CardPerson",
    "CardReader",
    "CardReading",
    "MrzKey",
    "ReaderState",
    "card_error",
    "key_candidates",
    "key_from_mrz",
    "keys_from_qr",
    "open_card_reader",
    "parse_card_qr",
    "parse_td1",
    "parse_wedge",
    "typed_person",
]


class CardReader(Protocol):
    """The port: a reader that may or may not be there, and may or may not have a card on it."""

    apdus: int

    def state(self) -> ReaderState:
        """Reader and card as they are now; never raises."""
        ...

    def read(self, keys: Sequence[MrzKey], *, progress: Callable[[float, str], None] | None = None) -> CardReading:
        """Read the chip. Raises :class:`DeviceError`."""
        ...

    def close(self) -> None: ...


def open_card_reader(url: str) -> CardReader:
    """The reader at ``pcsc:`` or ``pcsc:NAME``. Opens nothing yet: it is looked for at each act. Raises ``address_invalid``."""
    from devices.idcard import reader

    return reader.open_card_reader(url)
