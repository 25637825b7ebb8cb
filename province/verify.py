"""``province check``: proves that what is stored is whole. Reads only.

Checked: every device's chain from its first line to the stored position; every feed's chain, without gaps; that the
projections are what the feed gives; that official codes are unique. One finding is one sentence with its place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count

from province.errors import ProvinceError
from province.models import ConfirmedField, DossierIndex, EventRow, FeedRow, Position
from province.projection import json_line, read_entry
from sync.envelope import ZERO_HEAD, EnvelopeError, base32, chain, decode, event_id

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong: a stable code, where, and a sentence."""

    code: str
    where: str
    what_vi: str


@dataclass(slots=True)
class Report:
    """What was read and what is wrong."""

    events: int = 0
    entries: int = 0
    dossiers: int = 0
    heads: dict[str, str] = field(default_factory=dict)
    """``<device>-<incarnation>`` and ``feed-<commune>`` -> hex of the head."""
    findings: list[Finding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.findings


def check() -> Report:
    """Read everything once."""
    report = Report()
    for position in Position.objects.order_by("device", "incarnation"):
        report.findings += _check_device(report, position)
    strays = EventRow.objects.values("device", "incarnation").annotate(n=Count("pk"))
    held = set(Position.objects.values_list("device", "incarnation"))
    report.findings += [
        Finding(
            "no_position", f"{base32(row['device'])}-{base32(row['incarnation'])}", f"Có {row['n']} sự kiện nhưng không có vị trí."
        )
        for row in strays
        if (row["device"], row["incarnation"]) not in held
    ]
    for commune in FeedRow.objects.order_by("commune").values_list("commune", flat=True).distinct():
        report.findings += _check_feed(report, commune)
    report.dossiers = DossierIndex.objects.count()
    doubled = DossierIndex.objects.exclude(official_code="").values("official_code").annotate(n=Count("pk")).filter(n__gt=1)
    report.findings += [Finding("code_doubled", row["official_code"], f"Mã hồ sơ này được cấp {row['n']} lần.") for row in doubled]
    return report


def _check_device(report: Report, position: Position) -> Iterator[Finding]:
    where = f"{base32(position.device)}-{base32(position.incarnation)}"
    n, head = 0, ZERO_HEAD
    rows = EventRow.objects.filter(device=position.device, incarnation=position.incarnation).order_by("n")
    for row in rows.iterator(chunk_size=_CHUNK):
        body = bytes(row.body)
        n, head, report.events = n + 1, chain(head, body), report.events + 1
        if row.n != n:
            yield Finding("gap", f"{where}:{n}", f"Thiếu sự kiện số {n}.")
            return
        if head != bytes(row.head) or not _same_event(row, body):
            yield Finding("chain_broken", f"{where}:{n}", f"Sự kiện số {n} đã bị sửa.")
            return
    report.heads[where] = head.hex()
    if (position.n, bytes(position.head)) != (n, head):
        yield Finding("position_wrong", where, f"Vị trí ghi {position.n}, sự kiện có đến {n}.")


def _same_event(row: EventRow, body: bytes) -> bool:
    try:
        return decode(body).n == row.n and event_id(row.device, row.incarnation, body) == bytes(row.event_id)
    except EnvelopeError:
        return False


def _check_feed(report: Report, commune: str) -> Iterator[Finding]:
    seq, head = 0, ZERO_HEAD
    expected: dict[tuple[str, str], tuple[str, int]] = {}
    for row in FeedRow.objects.filter(commune=commune).order_by("seq").iterator(chunk_size=_CHUNK):
        seq, head, report.entries = seq + 1, chain(head, bytes(row.body)), report.entries + 1
        if row.seq != seq or head != bytes(row.head):
            yield Finding("feed_broken", f"feed-{commune}:{seq}", f"Luồng của xã {commune} bị thiếu hoặc bị sửa ở dòng {seq}.")
            return
        try:
            _remember(expected, read_entry(row), seq)
        except ProvinceError as error:
            yield Finding("feed_broken", f"feed-{commune}:{seq}", error.message_vi)
            return
    report.heads[f"feed-{commune}"] = head.hex()
    stored = {
        (row.dossier, row.field): (row.value, row.rev)
        for row in ConfirmedField.objects.filter(commune=commune).iterator(chunk_size=_CHUNK)
    }
    if stored != expected:
        wrong = sorted(key[0] for key in stored.keys() ^ expected.keys()) or sorted(
            k[0] for k in stored if stored[k] != expected[k]
        )
        yield Finding(
            "projection_wrong", f"feed-{commune}", f"Bảng hiển thị lệch với luồng, ví dụ hồ sơ {wrong[0]}. Chạy province rebuild."
        )


def _remember(expected: dict[tuple[str, str], tuple[str, int]], entry: Mapping[str, Any], seq: int) -> None:
    if entry.get("e") == "f":
        expected[str(entry["d"]), str(entry["f"])] = (json_line(entry["v"]), seq)


def as_facts(report: Report) -> Mapping[str, Any]:
    """For programs: stable keys ``ok``, ``events``, ``entries``, ``dossiers``, ``heads``, ``findings``."""
    return {
        "ok": report.ok,
        "events": report.events,
        "entries": report.entries,
        "dossiers": report.dossiers,
        "heads": report.heads,
        "findings": [{"code": f.code, "where": f.where, "message": f.what_vi} for f in report.findings],
    }
