"""What the card room tells the rest of the house: the person on the card, one reading of a chip, the state of the reader.

Only what a dossier needs is kept. Religion, identifying features, fingerprint and portrait are on the chip, but
:class:`CardPerson` has no field for them on purpose: they cannot be stored by accident. Texts are NFC; dates are ISO
(``1990-02-01``) or, for old people whose papers say less, ``1958-03`` or ``1958``. What holds personal data does not show it when
printed: a traceback or a log may.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Source = Literal["chip", "qr", "typed"]
Access = Literal["bac", "pace-mrz", "pace-can"]
Verdict = Literal["issuer_trusted", "intact_issuer_unchecked", "not_genuine", "not_checked"]
CloneCheck = Literal["active", "chip", "none"]


@dataclass(frozen=True, slots=True)
class CardPerson:
    """The holder as the card says it. ``number`` has 12 digits; a field the source does not have is an empty string.

    ``expires`` is empty when the source does not say or the card never expires. ``sex`` is «Nam», «Nữ» or empty. ``mrz_name``:
    the chip's name in capitals without accents, cut when it is long; to compare with, never to write down.
    """

    number: str
    name: str
    birth: str
    sex: str = ""
    nationality: str = ""
    ethnicity: str = ""
    origin: str = ""
    residence: str = ""
    issued: str = ""
    expires: str = ""
    old_number: str = ""
    source: Source = "typed"
    mrz_name: str = ""

    def __repr__(self) -> str:
        return f"CardPerson(source={self.source!r})"


@dataclass(frozen=True, slots=True)
class Proof:
    """What was proved about a chip, and never more. ``verdict``: about its data (``not_checked`` claims nothing).

    ``clone_check``: which proof that the chip is no copy was made: ``active`` authentication, ``chip`` authentication (also as
    part of PACE), or ``none``. ``reason``: stable code of what kept the verdict from being better, or empty.
    """

    verdict: Verdict = "not_checked"
    clone_check: CloneCheck = "none"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Face:
    """The portrait on the chip, for comparison at the counter: a JPEG, with its size in pixels. Stored nowhere."""

    jpeg: bytes = field(repr=False)
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class CardReading:
    """One successful reading of a chip.

    ``access``: how the chip was opened. ``apdus``: commands sent; ``seconds``: time from connecting to the last byte, and
    ``timings`` where it went: ``connect``, ``access``, each file, ``proofs``. ``reader``: as PC/SC calls it. ``face``:
    only when it was asked for.
    """

    person: CardPerson
    access: Access
    proof: Proof
    apdus: int
    seconds: float
    timings: Mapping[str, float] = field(default_factory=dict)
    reader: str = ""
    face: Face | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ReaderState:
    """``present``: a reader is plugged in; ``card``: a card lies on it; ``name``: as PC/SC calls it.

    ``problem`` is the code of the error a reading would raise now (``pcscd_absent``, ``reader_absent``), or empty.
    """

    present: bool
    card: bool
    name: str
    problem: str = ""


class MrzKey(NamedTuple):
    """What opens the chip (ICAO Doc 9303-11, 9.7.2): document number of 9 characters, birth and expiry as ``YYMMDD``."""

    document: str
    birth_yymmdd: str
    expiry_yymmdd: str

    def __repr__(self) -> str:
        return "MrzKey(…)"


class Can(NamedTuple):
    """The card access number printed on the card: what opens the chip by PACE alone (Doc 9303-11, 4.4)."""

    digits: str

    def __repr__(self) -> str:
        return "Can(…)"


Key = MrzKey | Can
"""What may open a chip."""
