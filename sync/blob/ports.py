"""What attachments ask of the two stores. Every method is a short transaction of its own and may be called from any thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Protocol

from sync.blob.ranges import Ranges
from sync.keys import Verifier


class Lane(IntEnum):
    """Lanes of the line that are blobs (SYNC design 1.8); events are lanes 0 to 2 and always first."""

    PREVIEW = 3
    FULL = 4


NO_DUE: Final = 1 << 62
"""No legal deadline yet."""


@dataclass(frozen=True, slots=True)
class BlobTask:
    """A file of this kiosk the province does not have whole yet, and has been told of."""

    id: str
    """Hex SHA-256 of the ciphertext."""
    size: int
    """Bytes of ciphertext."""
    lane: Lane
    dossier: str
    due_ms: int
    """Legal deadline of its dossier, ms, or :data:`NO_DUE`. Compared with each other, never with a clock."""
    have: Ranges
    """What the province said it holds: a hint, kept so that a restart goes on where it was."""
    before: int = 0
    """Bytes of the same dossier and lane that are complete at the province: it has had that much of the line."""


class KioskBlobs(Protocol):
    """The kiosk's attachments: the files and how far each is known to be at the province."""

    def tasks(self) -> Sequence[BlobTask]:
        """Files to send: not complete, their ``at`` event told, not damaged. Any order; the planner sorts."""
        ...

    def read(self, blob: str, offset: int, length: int) -> bytes:
        """Bytes of ciphertext; fewer at the end.

        Raises:
            BlobDamaged: the file is missing or shorter than told.
        """
        ...

    def is_sound(self, blob: str) -> bool:
        """Whether the file's hash is its name. Reads all of it."""
        ...

    def set_have(self, blob: str, have: Ranges) -> None:
        """Keep what the province said it holds."""
        ...

    def set_damaged(self, blob: str, why: str) -> None:
        """The local file is not what its name says: it stays for a person to see, and is not sent."""
        ...


@dataclass(frozen=True, slots=True)
class Announced:
    """What an accepted ``at`` event told of a blob."""

    id: str
    size: int
    """Bytes of ciphertext."""
    key: bytes
    commune: str


@dataclass(frozen=True, slots=True)
class Sender:
    """Who may send: an enrolled device, its commune, and the keys its tickets may be signed with, the newest first."""

    device: int
    commune: str
    keys: tuple[Verifier, ...]
    revoked: bool = False
    """Taken out of service: it sends nothing more, and learns nothing of what is held."""


class CommuneBlobs(Protocol):
    """The attachments of one commune. What another told of under the same id is its own affair, and neither spoils the other's."""

    def announced(self, blob: str) -> Announced | None:
        """What an accepted ``at`` event told of it; ``None``: nobody has (yet)."""
        ...

    def have(self, blob: str) -> Ranges:
        """Units on disk and durable; all of them when it is complete."""
        ...

    def is_complete(self, blob: str) -> bool: ...

    def write(self, blob: str, offset: int, data: bytes) -> None:
        """Put bytes at a unit's boundary: whole units, the last of the blob may be short. Not yet durable.

        Raises:
            BlobDiskFull: nothing of this call counts, everything before stays.
        """
        ...

    def keep(self, blob: str, units: Ranges) -> Ranges:
        """Make durable what was written, count those units, return all that is held. Bytes first, then the count."""
        ...

    def finish(self, blob: str) -> bool:
        """All units are here: hash them. Complete → kept under its name, a ``bl`` entry in the feed, and true. Another hash → the
        units of the records that do not open are asked again, a ``bl`` entry says so, and false."""
        ...


class ProvinceBlobs(Protocol):
    """The province's attachments."""

    def sender(self, device: int) -> Sender | None: ...

    def of(self, commune: str) -> CommuneBlobs: ...

    def pause_s(self, device: int) -> int:
        """Seconds this device should wait before it sends more; 0: it may send now."""
        ...

    def spend(self, device: int, size: int) -> None:
        """Count bytes a device has sent against its budget and everybody's."""
        ...
