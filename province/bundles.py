"""Sticks at the province: take in what communes brought, and put the answer on the same stick.

Everything is decided in ``sync.receiving``; here is what it stands on: the journal's transactions, the keys in force, the folder of
attachments. It works beside the running service. A volume that is refused does not stop the next.
"""

from __future__ import annotations

import logging
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from province.blobs import province_files
from province.errors import ProvinceError
from province.journal import reading, recording
from province.merging import ProvinceMerge
from province.models import Device
from province.places import communes
from province.runtime import Runtime
from sync import usb
from sync.bundle_errors import BundleError, BundleWrongWay
from sync.dictionaries import shipped
from sync.errors import SyncError
from sync.intake import ProvinceKeys
from sync.ports import MergePort, ProvinceJournal
from sync.receiving import Office, Received, receive, write_return

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Imported:
    """What came of a stick."""

    taken: list[tuple[Path, Received]] = field(default_factory=list)
    refused: list[tuple[Path, SyncError]] = field(default_factory=list)
    answers: list[Path] = field(default_factory=list)
    unanswered: SyncError | None = None
    """Why no answer, or not every one, could be written on the stick; what was taken in stays taken."""


def import_stick(running: Runtime, place: Path, *, answer: bool, told: Callable[[Path], None] = lambda path: None) -> Imported:
    """Take in every upward volume at a place and, if asked, write the answer for each commune beside them.

    Raises:
        ProvinceError: ``place_missing``.
        BundleError: the stick cannot be read.
    """
    _require(place)
    desk, done = office(running), Imported()
    for path in usb.volumes(place):
        told(path)
        try:
            with usb.named(), path.open("rb") as source:
                done.taken.append((path, receive(source, desk)))
        except BundleWrongWay as error:
            if place.is_file():  # among others it is only the answer of last time
                done.refused.append((path, error))
        except SyncError as error:
            log.warning("a volume is refused: %s", error.code)
            done.refused.append((path, error))
    for _, came in done.taken:
        Device.objects.filter(number=came.header.owner).update(last_contact_ms=running.wall_ms())
    if answer:
        _answer(place, done, desk)
    return done


def _require(place: Path) -> None:
    if not place.exists():
        raise ProvinceError("place_missing", f"Không thấy «{place.name}».", "Xem lại USB và đường dẫn.")


def _answer(place: Path, done: Imported, desk: Office) -> None:
    """The answer of each commune beside what it brought."""
    by_commune: dict[str, list[Received]] = defaultdict(list)
    for _, one in done.taken:
        by_commune[one.manifest.commune].append(one)
    root = place if place.is_dir() else place.parent
    try:
        for commune, those in by_commune.items():
            done.answers += write_return(root, commune, those, desk)
    except BundleError as error:
        done.unanswered = error


def export_stick(running: Runtime, root: Path, commune: str) -> list[Path]:
    """Write the whole feed of a commune on a stick: for a machine that starts anew without a line.

    Raises:
        ProvinceError: ``commune_unknown``, ``place_missing``.
        BundleError: the stick cannot be written.
    """
    _require(root)
    if commune not in communes():
        raise ProvinceError("commune_unknown", f"Không có xã nào mang mã {commune[:16]!r}.", "Mã xã có 5 chữ số.")
    return write_return(root, commune, [], office(running))


def office(running: Runtime) -> Office:
    """The running province as a stick meets it."""
    ring = running.keyring

    @contextmanager
    def transaction() -> Iterator[tuple[ProvinceJournal, MergePort]]:
        with recording(running.wall_ms()) as journal:
            yield journal, ProvinceMerge(journal, running.config)

    return Office(
        root=ring.root,
        keys=ProvinceKeys(ring.signing, ring.sealing, ring.generation, ring.openers, shipped()),
        recording=transaction,
        reading=reading,
        attachments=province_files(running),
        wall_ms=running.wall_ms,
        random_bytes=os.urandom,
    )
