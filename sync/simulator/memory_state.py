"""What is on the disks of both ends of a schedule: plain data, imaged as a backup would image it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sync.blob.ranges import Ranges
from sync.envelope import ZERO_HEAD, Origin
from sync.ports import Confirmed, DeviceRecord, FeedEntry, Line, Proof, SnapshotInfo

Fields = dict[str, dict[str, Any]]
"""Dossier -> field -> value."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What stands in the envelope of every event of one use case."""

    base: int = 0
    wall_ms: int = 1_764_550_991_227
    quality: int = 1
    actor: str = "cb07"
    schema: int = 1
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Keys a later version of the program knows."""


@dataclass(frozen=True, slots=True)
class File:
    """An attachment on a kiosk's disk: ciphertext, its dossier, its lane."""

    data: bytes
    dossier: str
    lane: int


@dataclass
class Staged:
    """A snapshot on its way in."""

    seq: int
    head: bytes
    lines: tuple[bytes, ...]


@dataclass
class KioskState:
    """What is on the disk of a kiosk."""

    incarnations: list[int]
    logs: dict[int, list[Line]] = field(default_factory=dict)
    bases: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    """Incarnation -> last line pruned and the head after it."""
    told: dict[int, int] = field(default_factory=dict)
    acked: dict[int, int] = field(default_factory=dict)
    safe: dict[int, int] = field(default_factory=dict)
    feed: list[FeedEntry] = field(default_factory=list)
    feed_base: tuple[int, bytes] = (0, ZERO_HEAD)
    """Position of the installed snapshot."""
    confirmed: Fields = field(default_factory=dict)
    closed: dict[str, bool] = field(default_factory=dict)
    """Dossiers that left the kiosks: shown only while own events on them wait."""
    told_off: list[tuple[int, Mapping[str, Any]]] = field(default_factory=list)
    """``cf`` and ``na`` entries with their position."""
    staged: Staged | None = None
    epoch: int = 0
    documents: list[bytes] = field(default_factory=list)
    policy: dict[str, Any] = field(default_factory=dict)
    blobs: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Blob -> the last ``bl`` entry about it."""
    files: dict[str, File] = field(default_factory=dict)
    have: dict[str, Ranges] = field(default_factory=dict)
    """Blob -> what the province said it holds: a hint."""
    quarantined: list[tuple[str, str, bytes]] = field(default_factory=list)
    number: int = 0
    """The last provisional number given."""

    def copy(self) -> KioskState:
        """An image of the disk."""
        return replace(
            self,
            incarnations=list(self.incarnations),
            logs={inc: list(lines) for inc, lines in self.logs.items()},
            bases=dict(self.bases),
            told=dict(self.told),
            acked=dict(self.acked),
            safe=dict(self.safe),
            feed=list(self.feed),
            confirmed={dossier: dict(fields) for dossier, fields in self.confirmed.items()},
            closed=dict(self.closed),
            told_off=list(self.told_off),
            documents=list(self.documents),
            policy=dict(self.policy),
            blobs=dict(self.blobs),
            files=dict(self.files),
            have=dict(self.have),
            quarantined=list(self.quarantined),
        )


@dataclass
class ProvinceState:
    """What is in the province's database."""

    logs: dict[tuple[int, int], list[Line]] = field(default_factory=dict)
    branches: dict[bytes, tuple[Origin, bytes]] = field(default_factory=dict)
    """Head -> line of a lost future."""
    events: dict[bytes, int] = field(default_factory=dict)
    """event id -> how often it was stored"""
    proofs: dict[tuple[int, int], list[Proof]] = field(default_factory=dict)
    safe: dict[tuple[int, int], int] = field(default_factory=dict)
    feeds: dict[str, list[FeedEntry]] = field(default_factory=dict)
    origins: dict[str, list[Origin | None]] = field(default_factory=dict)
    """Who wrote each entry of a feed."""
    confirmed: dict[str, dict[str, dict[str, Confirmed]]] = field(default_factory=dict)
    dropped: dict[str, bool] = field(default_factory=dict)
    snapshots: dict[str, tuple[SnapshotInfo, tuple[bytes, ...]]] = field(default_factory=dict)
    devices: dict[int, DeviceRecord] = field(default_factory=dict)
    communes: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    """Commune -> generation and public key."""
    parts: dict[str, bytes] = field(default_factory=dict)
    """Blob -> bytes of it that are here."""
    have: dict[str, Ranges] = field(default_factory=dict)
    whole: dict[str, bool] = field(default_factory=dict)
    epoch: int = 1
    quarantined: list[tuple[int, str, bytes]] = field(default_factory=list)

    def copy(self) -> ProvinceState:
        """An image of the database."""
        return replace(
            self,
            logs={key: list(lines) for key, lines in self.logs.items()},
            branches=dict(self.branches),
            events=dict(self.events),
            proofs={key: list(proofs) for key, proofs in self.proofs.items()},
            safe=dict(self.safe),
            feeds={commune: list(entries) for commune, entries in self.feeds.items()},
            origins={commune: list(origins) for commune, origins in self.origins.items()},
            confirmed={c: {d: dict(f) for d, f in dossiers.items()} for c, dossiers in self.confirmed.items()},
            dropped=dict(self.dropped),
            snapshots=dict(self.snapshots),
            parts=dict(self.parts),
            have=dict(self.have),
            whole=dict(self.whole),
            devices=dict(self.devices),
            communes=dict(self.communes),
            quarantined=list(self.quarantined),
        )
