"""What a volume says about itself and what is said about it: the manifest inside, the receipt afterwards (SYNC design 1.16).

Both are signed letters (:mod:`sync.letter`). The manifest is signed for one volume and sealed to its receiver, so nobody on the way
reads which commune it is of. The receipt is the province's word that custody has passed; it travels in clear, because a courier has
to know from it what need not be carried any more, and holds numbers and hashes only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sync import letter
from sync.bundle import Header
from sync.bundle_errors import BundleDamaged, BundleForged
from sync.errors import BadLetter, BadSignature, SealBroken
from sync.keys import Opener, Sealer, Signer, Verifier, by_one_of

_MANIFEST: Final = b"MCX-BUNDLE-MANIFEST-1"
_RECEIPT: Final = b"MCX-BUNDLE-RECEIPT-1"


@dataclass(frozen=True, slots=True)
class Place:
    """How far a log (by incarnation) or the feed (by epoch) is held."""

    number: int
    n: int
    head8: bytes


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an upward volume is about, for the province only."""

    commune: str
    feed: Place
    """Where the kiosk stands in the feed; its number is the epoch. The answer begins there."""
    logs: tuple[Place, ...] = ()
    """Ends of its logs."""
    segments: int = 0
    """Segments of events this writer had to give altogether."""
    waiting_bytes: int = 0
    """Bytes of attachments the province lacks and this stick had not yet when the volume was begun."""
    generation: int = 1
    """Of the province's keys the kiosk holds."""
    commune_generation: int = 1
    """Of the commune's key the kiosk holds."""
    wall_ms: int = 0
    """Wall clock of the writer, to be shown; nothing is decided by it."""
    note: str = ""


def seal_manifest(manifest: Manifest, header: Header, signer: Signer, sealer: Sealer) -> bytes:
    """The manifest as a frame: signed for this volume, then sealed."""
    facts = {
        "volume": header.ident.hex(),
        "commune": manifest.commune,
        "feed": _place(manifest.feed),
        "logs": [_place(place) for place in manifest.logs],
        "segments": manifest.segments,
        "waiting_bytes": manifest.waiting_bytes,
        "generation": manifest.generation,
        "commune_generation": manifest.commune_generation,
        "wall_ms": manifest.wall_ms,
        "note": manifest.note,
    }
    return sealer.seal(letter.write(_MANIFEST, facts, signer))


def open_manifest(sealed: bytes, header: Header, openers: Sequence[Opener], keys: Sequence[Verifier]) -> Manifest:
    """Read the manifest of a volume.

    Raises:
        SealBroken: sealed to somebody else.
        BundleForged: signed by none of the keys, or of another volume.
        BundleDamaged: malformed.
    """
    given = signed_letter(_MANIFEST, open_sealed(openers, sealed), keys)
    try:
        if given.text("volume") != header.ident.hex():
            raise BundleForged("the manifest of another volume")
        facts = given.facts
        return Manifest(
            commune=given.text("commune"),
            feed=_read_place(facts["feed"]),
            logs=tuple(_read_place(place) for place in facts["logs"]),
            segments=given.number("segments", 0, 1 << 32),
            waiting_bytes=given.number("waiting_bytes", 0, 1 << 60),
            generation=given.number("generation", 1, 1 << 32),
            commune_generation=given.number("commune_generation", 1, 1 << 32),
            wall_ms=given.number("wall_ms", -(1 << 62), 1 << 62),
            note=given.text("note"),
        )
    except (BadLetter, KeyError, TypeError, ValueError):
        raise BundleDamaged("the manifest is malformed") from None


def open_sealed(openers: Sequence[Opener], sealed: bytes) -> bytes:
    """What is sealed to one of these keys. Raises SealBroken."""
    for opener in openers:
        try:
            return opener.open(sealed)
        except SealBroken:
            continue
    raise SealBroken("sealed to somebody else")


def signed_letter(kind: bytes, data: bytes, keys: Sequence[Verifier]) -> letter.Letter:
    """A letter that one of the keys signed. Raises BundleForged, BundleDamaged."""
    try:
        given = letter.read(kind, data)
    except BadLetter as error:
        raise BundleDamaged(str(error)) from None
    try:
        by_one_of(keys, given.check)
    except BadSignature:
        raise BundleForged("a letter is signed by none of the keys") from None
    return given


def _place(place: Place) -> list[Any]:
    return [place.number, place.n, place.head8.hex()]


def _read_place(given: Any) -> Place:
    number, n, head8 = given
    if not (_whole(number) and _whole(n)):
        raise ValueError("a place has whole numbers")
    return Place(number, n, bytes.fromhex(head8))


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 48


# --- receipts -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Receipt:
    """The province's word on one volume it was given: custody passes with it (``MCX-BUNDLE-RECEIPT-1``, a letter).

    In clear, so that a courier knows what it need not carry any more; it holds numbers and hashes only.
    """

    volume: bytes
    device: int
    held: Mapping[int, int]
    """Incarnation -> last n the province holds now."""
    complete: int
    """How many blobs of this volume are complete at the province; which, the states beside it say."""
    refused: str
    """Stable code of why the volume was not taken; empty when it was."""
    at_ms: int
    """The province's clock."""


def write_receipt(receipt: Receipt, signer: Signer) -> bytes:
    facts = {
        "volume": receipt.volume.hex(),
        "device": receipt.device,
        "held": {f"{inc:x}": n for inc, n in receipt.held.items()},
        "complete": receipt.complete,
        "refused": receipt.refused,
        "at_ms": receipt.at_ms,
    }
    return letter.write(_RECEIPT, facts, signer)


def is_receipt(document: bytes) -> bool:
    """Whether a letter of a preface is a receipt."""
    return letter.kind_of(document) == _RECEIPT


def read_receipt(document: bytes, keys: Sequence[Verifier]) -> Receipt:
    """Raises BundleForged, BundleDamaged."""
    given = signed_letter(_RECEIPT, document, keys)
    try:
        held = {int(inc, 16): n for inc, n in given.part("held").facts.items()}
        if not all(_whole(inc) and _whole(n) for inc, n in held.items()):
            raise ValueError("held is malformed")
        return Receipt(
            volume=bytes.fromhex(given.text("volume")),
            device=given.number("device", 1, (1 << 32) - 1),
            held=held,
            complete=given.number("complete", 0, 1 << 32),
            refused=given.text("refused"),
            at_ms=given.number("at_ms", 0, 1 << 62),
        )
    except (BadLetter, KeyError, TypeError, ValueError):
        raise BundleDamaged("a receipt is malformed") from None
