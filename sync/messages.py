"""What the two sides of an exchange say to each other, as facts. How they are written is ``sync.wire``'s."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sync.segment import Run

PROTOCOL: Final = 1
"""Protocol major spoken here."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A place in a log, for finding where two histories part: after event ``n`` the head starts with ``head8``."""

    n: int
    head8: bytes


@dataclass(frozen=True, slots=True)
class Position:
    """The end of the log of an incarnation: ``n`` and the full head after it, which the request's signature claims."""

    incarnation: int
    n: int
    head: bytes
    probes: tuple[Probe, ...] = ()
    """Places before the end, when the province was seen to hold another history."""


@dataclass(frozen=True, slots=True)
class Staged:
    """A snapshot being received: its position, the start of its head, the lines held."""

    seq: int
    head8: bytes
    lines: int


@dataclass(frozen=True, slots=True)
class Hello:
    """What a kiosk says of itself in every request."""

    device: int
    epoch: int
    """Epoch of the province whose feed is applied; 0 before the first."""
    feed_seq: int
    feed_head8: bytes
    wanted: int
    """Bytes of feed it would like in the reply; travels as the next lower power of two."""
    wall_ms: int
    """Its wall clock: evidence, never used for a decision. Travels in whole seconds."""
    free_disk_mib: int
    """Travels in units of 16 MiB."""
    nonce: bytes
    positions: tuple[Position, ...]
    """Per incarnation that is current or not wholly acknowledged."""
    dictionaries: tuple[int, ...] = ()
    protocols: tuple[int, int] = (PROTOCOL, PROTOCOL)
    schemas: tuple[int, int] = (1, 1)
    generation: int = 1
    """Of the province's keys held here: runs both ways are closed with that pair."""
    commune_generation: int = 1
    staged: Staged | None = None


@dataclass(frozen=True, slots=True)
class LogRun:
    """A run of the log at place ``position`` of the hello, and the full head after it."""

    position: int
    run: Run
    after: bytes


@dataclass(frozen=True, slots=True)
class AckFrame:
    """The province's direct answer for one log: a hint for what to send next, never what trims the view."""

    position: int
    """Place in the hello the answer is about."""
    all: bool
    """The province's log ends exactly where the hello said this one does."""
    n: int = 0
    head8: bytes = bytes(8)
    common: int | None = None
    """Last place named in this request where both logs agree; ``None`` when there is none. Not said when :attr:`all`."""
    refused: str = ""
    """Code of the reason why a run of it was put into quarantine, empty when none was."""


@dataclass(frozen=True, slots=True)
class FeedRun:
    """A run of the commune's feed and the start of the head after it."""

    run: Run
    after8: bytes
    behind: bool = False
    """Compressed behind what the request it answers foretells (:func:`sync.feed.foretold`), all of its runs, in their order."""

    @property
    def named(self) -> bytes:
        """What names the bytes in it for the box they are closed in."""
        return self.after8 + bytes([self.behind])


@dataclass(frozen=True, slots=True)
class SnapshotRun:
    """Lines of a snapshot: ``run.first`` counts from 1; the snapshot is whole at ``lines``."""

    seq: int
    head: bytes
    lines: int
    run: Run


@dataclass(frozen=True, slots=True)
class Answer:
    """What the province answers."""

    echo: bytes
    epoch: int
    server_ms: int
    feed_last: int
    """Last position of the commune's feed; the runs here may end before it."""
    acks: tuple[AckFrame, ...] = ()
    feed: tuple[FeedRun, ...] = ()
    snapshot: SnapshotRun | None = None
    province_letters: tuple[bytes, ...] = ()
    """Key letters of the province the kiosk has not seen; the newest key signs the reply."""
    commune_letter: bytes = b""
    reset: bool = False
    """The feed starts again from 1: drop the confirmed state, keep every log."""
    pause_s: int = 0
    refusal: str = ""
    """Code of a refusal of the whole request, empty when it was taken."""
    upload_only: str = ""
    """Code of the reason why this kiosk may send but not begin new dossiers, empty when it may."""
    dictionaries: tuple[int, ...] | None = None
    """Dictionaries held by the province, told when they are others than the hello named."""
