"""``province check``: proves that what is stored is whole. Reads only.

Checked: every device's chain from its first line to the stored position, and that the device signed for its end; branches of
lost futures likewise; every feed's chain, without gaps; that the projections are what the feed gives; that every attachment
called complete lies here and hashes to its name; that official codes are unique. One finding is one sentence with its place: the
first bad record of a chain.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count

from province.blobs import province_files
from province.confirmed import Fields
from province.devices import record_of
from province.errors import ProvinceError
from province.models import Attachment, BranchRow, ConfirmedDossier, Device, DossierIndex, EventRow, FeedRow, Position, ProofRow
from province.projection import read_entry
from province.rows import Entry
from province.runtime import current
from sync.blob.cipher import name_of
from sync.envelope import ZERO_HEAD, base32, chain, event_id
from sync.keys import VerifyKey
from sync.ports import DeviceRecord, Proof
from sync.proofs import holds

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
    files: int = 0
    heads: dict[str, str] = field(default_factory=dict)
    """``<device>-<incarnation>`` and ``feed-<commune>`` -> hex of the head."""
    findings: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    """What is whole and still needs a person's eye."""

    @property
    def ok(self) -> bool:
        return not self.findings


def check() -> Report:
    """Read everything once."""
    report = Report()
    for position in Position.objects.order_by("device", "incarnation"):
        report.findings += _check_device(report, position)
    report.findings += _check_branches(report)
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
    report.findings += _check_files(report)
    report.dossiers = DossierIndex.objects.count()
    doubled = DossierIndex.objects.exclude(official_code="").values("official_code").annotate(n=Count("pk")).filter(n__gt=1)
    report.notes += _doubled_slips()
    report.findings += [Finding("code_doubled", row["official_code"], f"Mã hồ sơ này được cấp {row['n']} lần.") for row in doubled]
    return report


def _doubled_slips() -> Iterator[Finding]:
    """Provisional codes on two slips: a disk that was put back from an image goes on at numbers it has used."""
    codes = DossierIndex.objects.exclude(code="").values("code").annotate(n=Count("pk")).filter(n__gt=1)
    for row in codes.order_by("code"):
        what = f"Mã tạm này in trên {row['n']} phiếu, mỗi phiếu một hồ sơ: tìm theo mã, so tên trước khi làm."
        yield Finding("slip_doubled", row["code"], what)


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
        return
    yield from _check_proof(position, where)


def _check_proof(position: Position, where: str) -> Iterator[Finding]:
    """The device signed for the last line, and so for every line before it. Lines up to the end of a key are proven by what the key
    signed beyond it, which is not kept."""
    record = _record(position.device)
    if record is None:
        yield Finding("device_unknown", where, "Nhật ký của một máy không có trong danh sách.")
        return
    log = {"device": position.device, "incarnation": position.incarnation}
    row = ProofRow.objects.filter(**log, branch=False).first()
    proven = row.n if row is not None and _proven(row, record) and _leads_to(row) else 0
    ends = [caps.get(position.incarnation) for caps in (record.valid_to, *(one.valid_to for one in record.former)) if caps]
    if proven < position.n and position.n not in ends:
        yield Finding("unproven", f"{where}:{proven + 1}", f"Từ sự kiện số {proven + 1} không có chữ ký của máy chứng minh.")


def _leads_to(row: ProofRow) -> bool:
    """Whether the head signed for is the one stored there."""
    held = EventRow.objects.filter(device=row.device, incarnation=row.incarnation, n=row.n).values_list("head", flat=True)
    return [bytes(head) for head in held] == [bytes(row.head)]


def _check_branches(report: Report) -> Iterator[Finding]:
    """Each line of a branch follows a line of the log or of a branch, and a signature leads to it."""
    for row in BranchRow.objects.order_by("device", "incarnation", "n").iterator(chunk_size=_CHUNK):
        report.events += 1
        where = f"{base32(row.device)}-{base32(row.incarnation)}:{row.n}"
        log = {"device": row.device, "incarnation": row.incarnation, "n": row.n - 1}
        before = [ZERO_HEAD] if row.n == 1 else []
        for rows in (EventRow.objects.filter(**log), BranchRow.objects.filter(**log)):
            before += [bytes(head) for head in rows.values_list("head", flat=True)]
        if not any(chain(head, bytes(row.body)) == bytes(row.head) for head in before):
            yield Finding("branch_broken", where, f"Sự kiện số {row.n} của nhánh nhật ký đã bị sửa hoặc không nối vào đâu.")
    for proof in ProofRow.objects.filter(branch=True):
        record = _record(proof.device)
        if record is None or not _proven(proof, record):
            where = f"{base32(proof.device)}-{base32(proof.incarnation)}:{proof.n}"
            yield Finding("unproven", where, f"Chữ ký của nhánh đến số {proof.n} không đúng.")


def _record(device: int) -> DeviceRecord | None:
    row = Device.objects.filter(number=device).first()
    return record_of(row) if row is not None else None


def _proven(row: ProofRow, record: DeviceRecord) -> bool:
    proof = Proof(row.incarnation, row.n, bytes(row.head), bytes(row.context), bytes(row.message), bytes(row.signature))
    keys = [record.verify_key, *(one.verify_key for one in record.former if one.valid_to.get(row.incarnation, 0) >= row.n)]
    return any(holds(proof, record.device, VerifyKey(key)) for key in keys)


def _same_event(row: EventRow, body: bytes) -> bool:
    return event_id(row.device, row.incarnation, body) == bytes(row.event_id)


def _check_feed(report: Report, commune: str) -> Iterator[Finding]:
    seq, head = 0, ZERO_HEAD
    expected: dict[str, Fields] = defaultdict(Fields)
    rows = FeedRow.objects.filter(commune=commune).order_by("seq").values_list(*Entry._fields)
    for row in map(Entry._make, rows.iterator(chunk_size=_CHUNK)):
        seq, head, report.entries = seq + 1, chain(head, bytes(row.body)), report.entries + 1
        if row.seq != seq or head != bytes(row.head):
            yield Finding("feed_broken", f"feed-{commune}:{seq}", f"Luồng của xã {commune} bị thiếu hoặc bị sửa ở dòng {seq}.")
            return
        try:
            entry = read_entry(row)
        except ProvinceError as error:
            yield Finding("feed_broken", f"feed-{commune}:{seq}", error.message_vi)
            return
        if entry.get("e") == "f":
            expected[str(entry["d"])].set(entry["w"], seq, row.origin)
    report.heads[f"feed-{commune}"] = head.hex()
    stored = dict(ConfirmedDossier.objects.filter(commune=commune).values_list("dossier", "fields"))
    wrong = sorted({*stored, *expected} - {d for d, fields in expected.items() if stored.get(d) == fields.write()})
    if wrong:
        yield Finding(
            "projection_wrong", f"feed-{commune}", f"Bảng hiển thị lệch với luồng, ví dụ hồ sơ {wrong[0]}. Chạy province rebuild."
        )


def _check_files(report: Report) -> Iterator[Finding]:
    held = province_files(current()).files
    for name in Attachment.objects.filter(complete=True).order_by("blob").values_list("blob", flat=True).distinct():
        report.files += 1
        where = f"blobs/{name[:12]}"
        try:
            with held.get(name) as source:
                sound = name_of(source) == name
        except OSError:
            yield Finding("file_missing", where, "Tệp giấy tờ đã nhận đủ nay không còn. Chạy province new-epoch.")
            continue
        if not sound:
            yield Finding("file_damaged", where, "Tệp giấy tờ đã bị hỏng. Khôi phục thư mục blobs từ bản sao lưu.")


def as_facts(report: Report) -> Mapping[str, Any]:
    """For programs: stable keys ``ok``, ``events``, ``entries``, ``dossiers``, ``files``, ``heads``, ``findings``, ``notes``."""
    return {
        "ok": report.ok,
        "events": report.events,
        "entries": report.entries,
        "dossiers": report.dossiers,
        "files": report.files,
        "heads": report.heads,
        "findings": [{"code": f.code, "where": f.where, "message": f.what_vi} for f in report.findings],
        "notes": [{"code": f.code, "where": f.where, "message": f.what_vi} for f in report.notes],
    }
