"""``store check``: prove the journal, name the first bad record.

Every local line is chained from the start of its incarnation, every signed head is verified with the device's key, the
feed's chain is walked, and the projections are compared with what the journal yields. All of it is read from one copy made in
one moment, so a kiosk that goes on filing meanwhile is neither held up nor taken for a forger. The store itself is not changed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import sqlite_utils

from kiosk.store import projections
from kiosk.store.connection import DatabaseError, StoreError, immediate
from kiosk.store.store import Store
from sync.envelope import ZERO_HEAD, EnvelopeError, chain, decode
from sync.errors import BadSignature
from sync.keys import VerifyKey
from sync.segment import verify_head


@dataclass(frozen=True, slots=True)
class Finding:
    """The first record that does not hold: where it stands and what is wrong with it."""

    where: str
    what_vi: str


@dataclass(frozen=True, slots=True)
class Report:
    """What was walked, and the first finding of each kind; ``ok`` when there is none."""

    events: int
    segments: int
    entries: int
    dossiers: int
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        return not self.findings


def check(store: Store, device: int, key: VerifyKey) -> Report:
    """Walk the whole store of a device whose verification key is ``key``.

    Raises:
        StoreError: ``check_no_copy`` when there is no room for a copy beside the store.
    """
    # A copy has pages and indexes of its own; those on the disk are proved where they are.
    damage = _damage(store)
    try:
        with store.copy() as db:
            report = _check_copy(db, device, key)
    except (DatabaseError, OSError) as error:
        if not damage:
            raise StoreError(
                "check_no_copy", f"Không tạo được bản sao để kiểm tra: {error}", "Giải phóng ổ đĩa rồi thử lại."
            ) from None
        report = Report(0, 0, 0, 0, ())
    return replace(report, findings=(*report.findings, *damage))


def _damage(store: Store) -> tuple[Finding, ...]:
    try:
        said = str(store.rows("PRAGMA integrity_check")[0]["integrity_check"])
    except DatabaseError as error:
        said = str(error)
    return () if said == "ok" else (Finding("store", f"Tệp kho hồ sơ hỏng: {said}"),)


def _check_copy(db: sqlite_utils.Database, device: int, key: VerifyKey) -> Report:
    findings: list[Finding] = []
    events = segments = 0
    for inc, n, head in db.execute("SELECT inc, n, head FROM incarnation ORDER BY ordinal").fetchall():
        walked, signed, finding = _check_log(db, (inc, n, bytes(head)), device, key)
        events += walked
        segments += signed
        findings += [finding] if finding else []
    entries, finding = _check_feed(db)
    findings += [finding] if finding else []
    dossiers, finding = _check_projections(db, device)
    findings += [finding] if finding else []
    return Report(events, segments, entries, dossiers, tuple(findings))


def _check_log(
    db: sqlite_utils.Database, end: tuple[int, int, bytes], device: int, key: VerifyKey
) -> tuple[int, int, Finding | None]:
    """Walk one incarnation that should end at ``end`` = (incarnation, n, head): events, signed heads, first finding."""
    inc = end[0]
    head, n = ZERO_HEAD, 0
    heads = {0: ZERO_HEAD}
    for number, body, noted in db.conn.execute("SELECT n, body, head FROM log WHERE inc = ? ORDER BY n", (inc,)):
        n += 1
        where = f"log {inc}/{number}"
        if number != n:
            return n - 1, 0, Finding(where, f"Thiếu sự kiện {n}.")
        head = chain(head, bytes(body))
        if head != bytes(noted):
            return n, 0, Finding(where, "Nội dung sự kiện đã bị sửa (sai chuỗi băm).")
        try:
            if decode(bytes(body)).n != n:
                return n, 0, Finding(where, "Số thứ tự trong sự kiện không khớp.")
        except EnvelopeError as error:
            return n, 0, Finding(where, f"Không đọc được sự kiện: {error}")
        heads[n] = head
    last = signed = 0
    for first, number, noted, signature in db.conn.execute(
        "SELECT first, n, head, signature FROM segment WHERE inc = ? ORDER BY n", (inc,)
    ):
        where = f"segment {inc}/{number}"
        if first != last + 1:
            return n, 0, Finding(where, f"Sự kiện từ {last + 1} chưa được ký.")
        if heads.get(number) != bytes(noted):
            return n, 0, Finding(where, "Đầu chuỗi đã ký không khớp với nhật ký.")
        try:
            verify_head(key, device, inc, number, bytes(noted), bytes(signature))
        except BadSignature:
            return n, 0, Finding(where, "Chữ ký không đúng.")
        last = number
        signed += 1
    if last != n or end != (inc, n, head):
        return n, signed, Finding(f"incarnation {inc}", "Cuối nhật ký chưa được ký hoặc bị cắt.")
    return n, signed, None


def _check_feed(db: sqlite_utils.Database) -> tuple[int, Finding | None]:
    head, seq = ZERO_HEAD, 0
    for number, body, noted in db.conn.execute("SELECT seq, body, head FROM feed ORDER BY seq"):
        seq += 1
        head = chain(head, bytes(body))
        if number != seq or bytes(noted) != head:
            return seq, Finding(f"feed {number}", "Bản tin của tỉnh bị thiếu hoặc bị sửa.")
    return seq, None


_PROJECTIONS = {
    "dossier": "SELECT * FROM dossier ORDER BY d",
    "dossier_search": "SELECT d, text FROM dossier_search ORDER BY d",
    "field": "SELECT * FROM field ORDER BY d, f",
    "conflict": "SELECT * FROM conflict ORDER BY seq",
    "blob_answer": "SELECT * FROM blob_answer ORDER BY id",
}
"""Tables made from the journal alone, read in an order that makes two readings comparable."""


def _check_projections(db: sqlite_utils.Database, device: int) -> tuple[int, Finding | None]:
    """Rebuild on the copy, and compare."""
    wanted = _projected(db)
    with immediate(db):
        projections.rebuild(db, device)
    made = _projected(db)
    count = len(wanted["dossier"])
    for table in _PROJECTIONS:
        for before, after in zip(wanted[table], made[table], strict=False):
            if before != after:
                return count, Finding(f"{table} {before[0]}", "Bảng hiển thị không khớp nhật ký: chạy «store rebuild».")
        if len(wanted[table]) != len(made[table]):
            return count, Finding(table, "Bảng hiển thị thiếu hoặc thừa hồ sơ: chạy «store rebuild».")
    return count, None


def _projected(db: sqlite_utils.Database) -> dict[str, list[tuple[Any, ...]]]:
    return {table: db.conn.execute(sql).fetchall() for table, sql in _PROJECTIONS.items()}
