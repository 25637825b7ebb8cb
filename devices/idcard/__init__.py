"""The ID card: three ways to a :class:`CardPerson`. The chip through PC/SC, the QR on the card's face, typing.

Importing this needs neither a reader nor pcscd; :func:`open_card_reader` loads pyscard. What was proved about a chip's data is in
:class:`CardReading`, and never more than that. Expected failures are :class:`devices.errors.DeviceError`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from devices.idcard.errors import card_error
from devices.idcard.facts import Can, CardPerson, CardReading, Key, MrzKey, ReaderState
from devices.idcard.keys import key_candidates
from devices.idcard.mrz import check_digit, key_from_mrz, parse_td1
from devices.idcard.qr import keys_from_qr, parse_card_qr, parse_wedge, typed_person
from devices.idcard.stream import CardState

if TYPE_CHECKING:
    from devices.idcard.reading import Judge

__all__ = [
    "Can",
    "CardPerson",
    "CardReader",
    "CardReading",
    "CardState",
    "Key",
    "MrzKey",
    "ReaderState",
    "Watch",
    "card_error",
    "check_digit",
    "key_candidates",
    "key_from_mrz",
    "keys_from_qr",
    "open_card_reader",
    "parse_card_qr",
    "parse_td1",
    "parse_wedge",
    "typed_person",
]


class Watch(Protocol):
    """A citizen's wait for her card; from any thread."""

    def cancel(self) -> None:
        """Nothing more is told, and nothing of it is kept."""
        ...


class CardReader(Protocol):
    """The port: readers that may or may not be there, and may or may not have a card on them."""

    apdus: int

    @property
    def seen(self) -> Sequence[ReaderState]:
        """Every reader as it was last seen, without asking; empty before the first look."""
        ...

    def state(self) -> ReaderState:
        """Reader and card as they are now; never raises."""
        ...

    def states(self) -> Sequence[ReaderState]:
        """Every reader as it is now; never raises, never empty."""
        ...

    def watch(self, keys: Sequence[Key], on_state: Callable[[CardState], None], *, face: bool = False) -> Watch:
        """Read the card that lies there or is laid next; ``on_state`` gets the stream of states."""
        ...

    def read(self, keys: Sequence[Key], *, progress: Callable[[float, str], None] = ..., face: bool = False) -> CardReading:
        """Read the card that lies there and wait for it. Raises :class:`DeviceError`."""
        ...

    def close(self) -> None: ...


def open_card_reader(
    url: str,
    *,
    soon: Callable[[Callable[[], None]], None] = lambda act: act(),
    changed: Callable[[], None] = lambda: None,
    judge: Judge | None = None,
) -> CardReader:
    """The reader at ``pcsc:`` or ``pcsc:NAME``, with ``?long`` behind where it passes long answers. Raises ``address_invalid``.

    Nothing is opened before the first question.

    ``soon`` hands callbacks over to where they belong; ``changed`` is called when a reader or card came or went. ``judge``
    says on the reader's thread what a chip's data is worth, with the certificates this machine trusts; without it none are.
    """
    from devices.idcard import reader, reading

    return reader.open_card_reader(url, soon=soon, changed=changed, judge=judge or reading.without_trust)
