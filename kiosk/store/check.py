"""``store check``: prove the journal, name the first bad record, what is wrong with it and the cure.

Every local line is chained from the start of its incarnation, or from the head its base left, and every signed head is verified
with the device's keys; a sealed line is passed by the head it left, which a signature covers. The feed's chain is walked from its
base, and the projections and the search index are compared with what the journal yields. All of it is read from one copy made in
one moment, so a kiosk that goes on filing meanwhile is neither held up nor taken for a forger. The store itself is not changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import sqlite_utils

from kiosk.store import projections, search
from kiosk.store.connection import DatabaseError, StoreError, immediate
from kiosk.store.store import Store
from sync.envelope import ZERO_HEAD, chain
from sync.errors import BadSignature
from sync.keys import Verifier
from sync.segment import verify_head

RESTORE_VI: Final = "Giữ nguyên máy, gọi kỹ thuật; khôi phục từ bản sao lưu bằng «store restore». Phần tỉnh đã nhận không mất."
REBUILD_VI: Final = "Chạy «store rebuild»."
REFETCH_VI: Final = "Gọi kỹ thuật; khôi phục từ bản sao lưu, hoặc nhờ tỉnh cho máy đọc lại bản tin từ đầu."


@dataclass(frozen=True, slots=True)
class Finding:
    """The first record that does not hold: where it stands (incarnation/n, seq, table), what is wrong with it, what helps."""

    where: str
    what_vi: str
    cure_vi: str = RESTORE_VI


@dataclass(frozen=True, slots=True)
class Report:
    """What was walked, and the first finding of each kind; ``ok`` when there is none. ``sealed``: lines only the province can read."""

    events: int
    segments: int
    entries: int
    dossiers: int
    findings: tuple[Finding, ...]
    sealed: int = 0

    @property
    def ok(self) -> bool:
        return not self.findings


def check(store: Store, device: int, keys: Sequence[Verifier], files: Callable[[], Iterable[Finding]] = tuple) -> Report:
    """Walk the whole store of a device whose verification keys are ``keys``, the present one first; ``files`` proves what lies beside it.

    Raises:
        StoreError: ``check_no_copy`` when there is no room for a copy beside the store.
    """
    # A copy has pages and indexes of its own; those on the disk are proved where they are.
    damage = (*_damage(store), *files())
    try:
        with store.copy() as db:
            report = _check_copy(db, device, keys)
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


def _check_copy(db: sqlite_utils.Database, device: int, keys: Sequence[Verifier]) -> Report:
    walks = [_Walk(db, inc, device, keys) for (inc,) in db.conn.execute("SELECT inc FROM incarnation ORDER BY ordinal").fetchall()]
    logs = [walk.run() for walk in walks]
    entries, feed = _check_feed(db)
    dossiers, shown = _check_projections(db, device)
    return Report(
        events=sum(walk.events for walk in walks),
        segments=sum(walk.segments for walk in walks),
        entries=entries,
        dossiers=dossiers,
        findings=tuple(one for one in (*logs, feed, shown) if one is not None),
        sealed=sum(walk.sealed for walk in walks),
    )


class _Walk:
    """One incarnation, line by line and signature by signature; counts what it has passed."""

    def __init__(self, db: sqlite_utils.Database, inc: int, device: int, keys: Sequence[Verifier]) -> None:
        self._db, self._inc, self._device, self._keys = db, inc, device, keys
        row = db.conn.execute("SELECT n, head, base, base_head FROM incarnation WHERE inc = ?", (inc,)).fetchone()
        self._end = row[0], bytes(row[1])
        self._base = row[2]
        self._head = bytes(row[3]) if row[3] is not None else ZERO_HEAD
        self._heads = {self._base: self._head}
        self.events = self.sealed = self.segments = 0

    def run(self) -> Finding | None:
        return self._lines() or self._signatures() or self._ending()

    def _lines(self) -> Finding | None:
        n, head = self._base, self._head
        lines = self._db.conn.execute("SELECT n, body, head, sealed FROM log WHERE inc = ? ORDER BY n", (self._inc,))
        for number, body, noted, sealed in lines:
            n += 1
            self.events += 1
            if number != n:
                return Finding(f"log {self._inc}/{number}", f"Thiếu sự kiện {n}.")
            if sealed:
                self.sealed += 1
                head = noted
            else:
                head = chain(head, body)
                if head != noted:
                    return Finding(f"log {self._inc}/{n}", "Nội dung sự kiện đã bị sửa (sai chuỗi băm).")
                if not body.startswith(b'{"n":%d,' % n):
                    return Finding(f"log {self._inc}/{n}", "Số thứ tự trong sự kiện không khớp.")
            self._heads[n] = head
        self._head = head
        return None

    def _signatures(self) -> Finding | None:
        last = self._base
        rows = self._db.conn.execute("SELECT first, n, head, signature FROM segment WHERE inc = ? ORDER BY n", (self._inc,))
        for first, n, noted, signature in rows:
            where = f"segment {self._inc}/{n}"
            if first != last + 1:
                return Finding(where, f"Sự kiện từ {last + 1} chưa được ký.")
            if self._heads.get(n) != noted:
                return Finding(where, "Đầu chuỗi đã ký không khớp với nhật ký.")
            if not self._signed(n, noted, signature):
                return Finding(where, "Chữ ký không đúng.")
            last = n
            self.segments += 1
        if last != max(self._heads):
            return Finding(f"incarnation {self._inc}", f"Sự kiện từ {last + 1} chưa được ký.")
        return None

    def _signed(self, n: int, head: bytes, signature: bytes) -> bool:
        for key in self._keys:
            try:
                verify_head(key, self._device, self._inc, n, head, signature)
            except BadSignature:
                continue
            return True
        return False

    def _ending(self) -> Finding | None:
        if self._end != (max(self._heads), self._head):
            return Finding(f"incarnation {self._inc}", "Cuối nhật ký bị cắt.")
        return None


def _check_feed(db: sqlite_utils.Database) -> tuple[int, Finding | None]:
    base, head = projections.feed_base(db)
    seq = base
    for number, body, noted in db.conn.execute("SELECT seq, body, head FROM feed ORDER BY seq"):
        seq += 1
        head = chain(head, body)
        if number != seq or noted != head:
            return seq - base, Finding(f"feed {number}", "Bản tin của tỉnh bị thiếu hoặc bị sửa.", REFETCH_VI)
    return seq - base, None


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
    damaged = search.damage(db)
    wanted = _projected(db)
    with immediate(db):
        projections.rebuild(db, device)
    made = _projected(db)
    count = len(wanted["dossier"])
    for table in _PROJECTIONS:
        for before, after in zip(wanted[table], made[table], strict=False):
            if before != after:
                return count, Finding(f"{table} {before[0]}", "Bảng hiển thị không khớp nhật ký.", REBUILD_VI)
        if len(wanted[table]) != len(made[table]):
            return count, Finding(table, "Bảng hiển thị thiếu hoặc thừa hồ sơ.", REBUILD_VI)
    return count, Finding("dossier_word", f"Bảng tìm kiếm hỏng: {damaged}", REBUILD_VI) if damaged else None


def _projected(db: sqlite_utils.Database) -> dict[str, list[tuple[Any, ...]]]:
    return {table: db.conn.execute(sql).fetchall() for table, sql in _PROJECTIONS.items()}
