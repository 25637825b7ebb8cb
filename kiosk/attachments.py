"""Attaching a file to a dossier: a preview, the file, both encrypted and durable, and their events, in one transaction.

The events say where the files are and how they open, and travel first; the files follow by ``sync.blob``, the preview before the
full one. ``scan_times`` says when full files may use the line. Nothing is attached while the disk is too full for scans; filings go
on.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from forms import dossier as acts
from kiosk.config import Config
from kiosk.disk import NOTES, Room, room
from kiosk.machine import Machine
from kiosk.preview import preview
from kiosk.services import Official, Refused
from kiosk.store.blobs import KioskFiles, Stored
from kiosk.store.connection import StoreError
from kiosk.store.store import Work
from sync.blob.ports import Lane

MOST: Final = 512 * 1024 * 1024
"""Largest file, bytes."""

KINDS: Final = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".webp": "image/webp",
    ".pdf": "application/pdf",
}
"""Endings of files that may be attached."""


@dataclass(frozen=True, slots=True)
class Paper:
    """What a file shows: the id of the paper (thành phần hồ sơ), its media type, and whether it is a photograph."""

    id: str
    mime: str
    photo: bool = False


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that now belongs to a dossier. ``preview`` is empty when its kind has none."""

    blob: str
    preview: str
    size: int


def attach(machine: Machine, dossier: str, paper: Paper, data: bytes, official: Official | None = None) -> Attached:
    """Attach a file; durable on return.

    Raises:
        Refused: ``scan_unreadable``, ``scan_too_large``.
        StoreError: ``disk_no_scans``, ``not_enrolled``, ``disk_full``.
        forms.dossier.DossierError: ``wrong_state``.
    """
    if len(data) > MOST:
        raise Refused("scan_too_large", "Tệp này quá lớn.", "Quét từng phần, mỗi tệp dưới 500 MB.")
    if room(machine.config, machine.store.reserve.free()) < Room.LOW:
        note = NOTES[Room.NO_SCANS]
        raise StoreError("disk_no_scans", note.message_vi, note.cure_vi)
    small = preview(data, paper.mime, photo=paper.photo)

    def act() -> Attached:
        with _files(machine) as files:
            made = files.make(io.BytesIO(data))
            made_small = files.make(io.BytesIO(small.data)) if small is not None else None
            # Only now: nobody at the counter waits while a large file is encrypted.
            with machine.store.work(official.id if official is not None else CITIZEN) as work:
                full = files.add(made, dossier, Lane.FULL)
                told = [_told(full, paper.mime, paper.id, "full", small.pages if small is not None else 1)]
                before = files.add(made_small, dossier, Lane.PREVIEW) if made_small is not None else None
                if small is not None and before is not None:
                    told.append(_told(before, small.mime, paper.id, "preview", small.pages, of=full.id))
                _append(machine, work, dossier, told, official)
                return Attached(full.id, before.id if before is not None else "", full.size)

    return machine.store.with_reserve(act)


CITIZEN: Final = "citizen"
"""Actor of events a citizen makes at the kiosk."""


@contextmanager
def _files(machine: Machine) -> Iterator[KioskFiles]:
    """The files of a machine; what was added is taken back when the block fails."""
    files = KioskFiles(machine.store)
    try:
        yield files
    except BaseException:
        files.take_back()
        raise


def _append(machine: Machine, work: Work, dossier: str, files: list[acts.Attached], official: Official | None) -> None:
    by = acts.By(acts.Role.OFFICIAL, official.name_vi) if official is not None else acts.By(acts.Role.CITIZEN)
    on = acts.Situation(dossier, machine.store.fields(dossier), by, machine.store.clock.now())
    work.append(acts.attach(on, files))


def _told(file: Stored, mime: str, paper: str, role: str, pages: int, of: str = "") -> acts.Attached:
    key = base64.b64encode(file.key).decode("ascii")
    return acts.Attached(file.id, key, file.size, file.plain, mime, paper, role, of, pages)


def mime_of(file: Path) -> str:
    """Media type by the ending. Raises Refused: ``scan_kind``."""
    mime = KINDS.get(file.suffix.lower())
    if mime is None:
        raise Refused("scan_kind", f"Không nhận loại tệp «{file.suffix}».", f"Dùng một trong: {', '.join(KINDS)}.")
    return mime


def scan_times(config: Config, is_open: Callable[[datetime], bool], now: Callable[[], datetime | None]) -> Callable[[Lane], bool]:
    """Which lanes may use the line now: previews always; full scans as ``sync.line`` and ``sync.scans`` say.

    ``is_open`` tells office hours; ``now`` is ``None`` while the clock cannot be trusted, and then no hour holds scans back.
    """

    def allows(lane: Lane) -> bool:
        if lane == Lane.PREVIEW:
            return True
        if config["sync.line"] == "metered" or config["sync.scans"] == "never":
            return False
        moment = now() if config["sync.scans"] == "closed" else None
        return moment is None or not is_open(moment)

    return allows
