"""What a kiosk does with a volume the province wrote: who it is for, whether it is true, and what it brings (SYNC design 1.16).

The header refuses what is for somebody else by name, before anything is opened. Then the volume goes through ``sync.sieve``, and
what comes out is taken in like an answer that came by wire: key letters, the custody letter and the feed by the engine, in
portions, each of which is a transaction; receipts and the states of attachments by the caller. Any volume may come at any time, any
number of times, in any order: an old one brings nothing, one that comes too early says which must come before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Final, Protocol

from sync import letter
from sync.blob.ranges import Ranges
from sync.bundle import MAX_VOLUME, Frame, Header, Kind, Way, preface, province_tag
from sync.bundle_errors import BundleDamaged, BundleForeign, BundleForged, BundleOtherProvince, BundleWrongWay
from sync.bundle_letters import Receipt, is_receipt, open_sealed, read_receipt, signed_letter
from sync.engine import ReplyOutcome
from sync.errors import BadLetter, BadSignature, KeysOutOfTurn, SyncError
from sync.keys import SODIUM, Opener, Sealer, Signer, Suite, Verifier
from sync.rollover import PROVINCE, ProvincePublic, Trust, read_province
from sync.segment import commune_tag
from sync.sieve import sift
from sync.steps import step

PORTION: Final = 16
"""Segments of the feed taken in one transaction."""
STATES: Final = b"MCX-BUNDLE-STATES-1"
STATES_ROOM: Final = 48 * 1024
"""Bytes of states in one frame: what stands around them fits a letter as well."""
RUNS_MOST: Final = 4096
"""Runs told of one blob. What is left out is sent again, and skipped."""


class Taker(Protocol):
    """The part of the engine a volume goes to."""

    @property
    def trust(self) -> Trust:
        """What is trusted now; the letters of a volume add to it."""
        ...

    def on_bundle(self, parts: Sequence[bytes]) -> ReplyOutcome: ...


Sieve = Callable[[BinaryIO, Sequence[bytes], int], Iterator[Frame]]


@dataclass(slots=True)
class Unloaded:
    """What a volume brought."""

    header: Header
    applied: int = 0
    """Feed entries that were new."""
    acked: int = 0
    """Own events newly acknowledged."""
    server_ms: int = 0
    """The province's clock when it wrote the volume."""
    receipts: list[Receipt] = field(default_factory=list)
    states: dict[str, Ranges] = field(default_factory=dict)
    """Blob -> units the province holds."""


def unload(source: BinaryIO, taker: Taker, *, sieve: Sieve = sift, suite: Suite = SODIUM) -> Unloaded:
    """Take a volume in.

    Raises:
        BundleError: why nothing of it was taken: for the province, of another province or commune, damaged, forged.
        SyncError: what the engine found (``feed_gap``, ``bundle_stale``, ``province_inconsistent`` …); portions before count.
    """
    header, letters = preface(source)
    _address(header, taker.trust)
    public = _province_keys(taker.trust, letters, suite)
    keys = [suite.verifier(one) for one in public]
    found = Unloaded(header)
    for_engine = [document for document in letters if not is_receipt(document)]
    found.receipts = [read_receipt(document, keys) for document in letters if is_receipt(document)]
    source.seek(0)
    sealed: list[bytes] = []
    for portion in _portions(_segments(sieve(source, public, MAX_VOLUME), sealed)):
        if found.receipts and not for_engine and not portion:
            continue  # to who was taken out of service the province says no more
        with step("stick.apply"):
            outcome = taker.on_bundle([*for_engine, *portion])
        found.applied += outcome.applied
        found.acked += outcome.acked
        found.server_ms = outcome.server_ms
    # Only now: the key they are sealed to may have come in this very volume.
    openers = [suite.opener(secret) for secret in reversed(taker.trust.commune_secrets)]
    for body in sealed:
        found.states |= open_states(body, openers, keys)
    return found


def _address(header: Header, trust: Trust) -> None:
    if header.province != province_tag(trust.root):
        raise BundleOtherProvince("another root")
    if header.way is not Way.DOWN:
        raise BundleWrongWay("an upward volume")
    if header.owner != commune_tag(trust.commune):
        raise BundleForeign("another commune")


def _province_keys(trust: Trust, letters: Iterable[bytes], suite: Suite) -> list[bytes]:
    """Public keys of the province a volume may be signed with: the one held, and those the letters in it prove to follow."""
    held: ProvincePublic = trust.province
    keys = [held.verify_key]
    for document in letters:
        if letter.kind_of(document) != PROVINCE:
            continue
        try:
            held = read_province(document, trust.root, held, suite)
        except KeysOutOfTurn:
            continue  # one this kiosk has long taken
        except (BadLetter, BadSignature) as error:
            raise BundleForged(f"a key letter that proves nothing: {error}") from None
        keys.insert(0, held.verify_key)
    return keys


def _segments(frames: Iterator[Frame], states: list[bytes]) -> Iterator[bytes]:
    """The segments; states of attachments are put aside, sealed."""
    for frame in frames:
        if frame.kind == Kind.SEGMENT:
            yield frame.body
        elif frame.kind == Kind.STATES:
            states.append(frame.body)


def _portions(segments: Iterator[bytes]) -> Iterator[list[bytes]]:
    """At least one portion: letters alone are worth a transaction."""
    portion: list[bytes] = []
    first = True
    for segment in segments:
        portion.append(segment)
        if len(portion) == PORTION:
            yield portion
            portion, first = [], False
    if portion or first:
        yield portion


# --- states of attachments ------------------------------------------------------------------------------------------


def seal_states(states: Mapping[str, Ranges], signer: Signer, sealer: Sealer) -> Iterator[bytes]:
    """What the province holds of a commune's attachments, as frames of a volume."""
    facts: dict[str, str] = {}
    room = STATES_ROOM
    for blob, ranges in sorted(states.items()):
        coded = Ranges(ranges.runs[:RUNS_MOST]).encode().hex()
        room -= len(blob) + len(coded) + len('"":"",')
        if facts and room < 0:
            yield sealer.seal(letter.write(STATES, {"have": facts}, signer))
            facts, room = {}, STATES_ROOM
        facts[blob] = coded
    if facts:
        yield sealer.seal(letter.write(STATES, {"have": facts}, signer))


def open_states(sealed: bytes, openers: Sequence[Opener], keys: Sequence[Verifier]) -> dict[str, Ranges]:
    """Raises BundleDamaged, BundleForged, SealBroken."""
    given = signed_letter(STATES, open_sealed(openers, sealed), keys)
    try:
        return {blob: Ranges.decode(bytes.fromhex(coded)) for blob, coded in given.part("have").facts.items()}
    except (SyncError, TypeError, ValueError):
        raise BundleDamaged("states of attachments are malformed") from None
