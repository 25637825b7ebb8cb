"""What was refused and kept whole: what a person may know of it, and taking it in on a person's word.

A stick may bring segments signed by a key whose end came first: of a kiosk that was enrolled again or had its keys replaced after a
restore, or of one out of service. They may hold what was printed before, or be forged from an old disk: no machine can tell. Who
knows where the stick came from releases them; they are then taken as if they had come in time, as the log or as a branch.
Contents are never shown.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from province.bundles import office
from province.devices import find
from province.errors import ProvinceError
from province.journal import OrmJournal, recording
from province.merging import ProvinceMerge
from province.models import Device, Quarantine
from province.runtime import Runtime
from sync import segment as hsg
from sync.authority import ProvinceKeys
from sync.envelope import EnvelopeError, decode
from sync.errors import SegmentError, SyncError
from sync.intake import take_vouched

log = logging.getLogger(__name__)

RELEASABLE = ("former_key", "revoked")
"""Reasons that only a person can judge."""


@dataclass(frozen=True, slots=True)
class Aside:
    """One refused thing, without its contents."""

    id: int
    device: int
    reason: str
    lines: int
    dossiers: int
    """Dossiers its lines are about."""
    times: int
    first_ms: int
    last_ms: int
    releasable: bool


@dataclass(frozen=True, slots=True)
class Released:
    """What came of releasing."""

    taken: tuple[int, ...]
    branched: int
    left: tuple[tuple[int, str], ...]
    """(id, code) of what stays: it follows something that is not here (``gap``), or proved nothing."""


def listed(running: Runtime) -> Iterator[Aside]:
    """Everything in quarantine, oldest first."""
    keys = office(running).keys
    for row in Quarantine.objects.order_by("pk").iterator(chunk_size=20):
        part = _segment(row)
        lines, dossiers = (part.count, _dossiers(part, keys)) if part is not None else (0, 0)
        releasable = part is not None and row.reason in RELEASABLE
        yield Aside(row.pk, row.device, row.reason, lines, dossiers, row.times, row.first_ms, row.last_ms, releasable)


def release(running: Runtime, asked: Sequence[int], *, by: str) -> Released:
    """Take in what a person vouches for; what is taken leaves the quarantine, in the same transaction.

    Raises:
        ProvinceError: ``quarantine_unknown``, ``not_releasable``, ``device_lost``; nothing is taken then.
    """
    rows = [_releasable(number) for number in dict.fromkeys(asked)]
    taken: list[int] = []
    branched, left = 0, {}
    for row, _ in sorted(rows, key=lambda one: (one[0].device, one[1].chain.incarnation, one[1].first)):
        with recording(running.wall_ms()) as journal:
            came, why = _take(running, journal, row)
            if not why:
                row_id = row.pk
                row.delete()
                taken.append(row_id)
                branched += came
            else:
                left[row.pk] = why
    log.warning("%d segments left the quarantine, by %s", len(taken), by)
    return Released(tuple(taken), branched, tuple(left.items()))


def of_device(device: str) -> list[int]:
    """Ids of everything of a kiosk that may be released.

    Raises:
        ProvinceError: ``device_unknown``.
    """
    rows = Quarantine.objects.filter(device=find(device).number, reason__in=RELEASABLE).order_by("pk")
    return [row.pk for row in rows if _segment(row) is not None]


def _take(running: Runtime, journal: OrmJournal, row: Quarantine) -> tuple[int, str]:
    """Lines that became a branch, and why it stays."""
    merge, keys = ProvinceMerge(journal, running.config), office(running).keys
    came = take_vouched(row.device, bytes(row.body), journal, merge, keys, running.wall_ms())
    return came.branched, came.refused[0] if came.refused else "gap" if came.gaps else ""


def _releasable(number: int) -> tuple[Quarantine, hsg.Segment]:
    row = Quarantine.objects.filter(pk=number).first()
    if row is None:
        raise ProvinceError("quarantine_unknown", f"Không có mục cách ly số {number}.", "Xem số ở «province quarantine».")
    part = _segment(row)
    if part is None or row.reason not in RELEASABLE:
        raise ProvinceError(
            "not_releasable",
            f"Mục cách ly số {number} không nhận lại được.",
            "Chỉ nhận lại gói còn nguyên, bị giữ vì khóa cũ hay thu hồi.",
        )
    if Device.objects.filter(number=row.device, lost=True).exists():
        raise ProvinceError(
            "device_lost", "Máy này đang báo mất: chưa nhận gì của nó.", "Nếu đã tìm thấy máy: «province device-found» rồi làm lại."
        )
    return row, part


def _segment(row: Quarantine) -> hsg.Segment | None:
    try:
        return hsg.parse(bytes(row.body))
    except SegmentError:
        return None


def _dossiers(part: hsg.Segment, keys: ProvinceKeys) -> int:
    for opener in (keys.seal, *keys.former.values()):
        try:
            lines = hsg.unpack(part, opener, keys.dictionaries.held)
        except SyncError:
            continue
        return len({dossier for dossier in map(_dossier, lines) if dossier})
    return 0


def _dossier(line: bytes) -> str:
    try:
        return decode(line).dossier
    except EnvelopeError:
        return ""
