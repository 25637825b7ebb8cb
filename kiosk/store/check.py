"""``store check``: prove the journal, name the first bad record, what is wrong with it and the cure.

Every local line is chained from the start of its incarnation, or from the head its base left, and every signed head is verified
with the device's keys; a sealed line is passed by the head it left, which a signature covers. The feed's chain is walked from its
base, and the projections and the search index are compared with what the journal yields. All of it is read from one copy made in
one moment, so a kiosk that goes on filing meanwhile is neither held up nor taken for a forger. The store itself is not changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

import sqlite_utils

from kiosk.store import projections, search
from kiosk.store.connection import DatabaseError, StoreError, immediate, named
from kiosk.store.store import Store
from sync.envelope import ZERO_HEAD, chain
from sync.errors import BadSignature
from sync.file_trouble import why_vi
from sync.keys import Verifier, by_one_of
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
    """What was walked, and the first finding of each kind; ``ok`` when there is none. ``sealed``: lines only the province reads."""

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
    """Walk the whole store of a device whose verification keys are ``keys``; ``files`` proves what lies beside it.

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
            told = why_vi(error) if isinstance(error, OSError) else named(error, store.path).message_vi
            raise StoreError(
                "check_no_copy", f"Không tạo được bản sao để kiểm tra. {told}", "Giải phóng ổ đĩa rồi thử lại."
            ) from None
        report = Report(0, 0, 0, 0, ())
    return replace(report, findings=(*report.findings, *damage))


class File(Protocol):
    """What is known of a file beside the store."""

    @property
    def id(self) -> str: ...
    @property
    def is_here(self) -> bool: ...


def damaged(files: Iterable[File], is_sound: Callable[[str], bool]) -> Iterator[Finding]:
    """The first file that should lie here and is gone or altered."""
    for file in files:
        if file.is_here and not is_sound(file.id):
            cure = "Chụp hoặc quét lại giấy tờ này nếu tỉnh chưa nhận đủ; khôi phục từ bản sao lưu nếu có."
            yield Finding(f"blob {file.id}", "Tệp giấy tờ đính kèm bị mất hoặc bị hỏng.", cure)
            return


def _damage(store: Store) -> tuple[Finding, ...]:
    try:
        said = str(store.rows("PRAGMA integrity_check")[0]["integrity_check"])
    except DatabaseError as error:
        said = str(error)
    return () if said == "ok" else (Finding("store", f"Tệp kho hồ sơ hỏng: {said}"),)


def _check_copy(db: sqlite_utils.Database, device: int, keys: Sequence[Verifier]) -> Report:
    logs = check_logs(db, device, keys)
    entries, feed = _check_feed(db)
    dossiers, shown = _check_projections(db, device)
    told = tuple(one for one in (feed, shown) if one is not None)
    return replace(logs, entries=entries, dossiers=dossiers, findings=(*logs.findings, *told))


def check_logs(db: sqlite_utils.Database, device: int, keys: Sequence[Verifier]) -> Report:
    """The local logs alone: every chain and every signed head."""
    walks = [_Walk(db, inc, device, keys) for (inc,) in db.conn.execute("SELECT inc FROM incarnation ORDER BY ordinal").fetchall()]
    found = [walk.run() for walk in walks]
    return Report(
        events=sum(walk.events for walk in walks),
        segments=sum(walk.segments for walk in walks),
        entries=0,
        dossiers=0,
        findings=tuple(one for one in found if one is not None),
        sealed=sum(walk.sealed for walk in walks),
    )


class _Walk:
    """One incarnation, line by line and signature by signature in the order of the log; counts what it has passed."""

    def __init__(self, db: sqlite_utils.Database, inc: int, device: int, keys: Sequence[Verifier]) -> None:
        self._inc, self._device, self._keys = inc, device, keys
        row = db.conn.execute("SELECT n, head, base, base_head FROM incarnation WHERE inc = ?", (inc,)).fetchone()
        self._end = row[0], bytes(row[1])
        self._n = self._signed_to = row[2]
        self._head = bytes(row[3]) if row[3] is not None else ZERO_HEAD
        self._lines = db.conn.execute("SELECT n, body, head, sealed FROM log WHERE inc = ? ORDER BY n", (inc,))
        signed = db.conn.execute("SELECT n, first, head, signature FROM segment WHERE inc = ?", (inc,)).fetchall()
        self._ends = {row[0]: row for row in signed}
        self.events = self.sealed = self.segments = 0

    def run(self) -> Finding | None:
        for line in self._lines:
            finding = self._line(*line) or (self._signature(*self._ends.pop(line[0])) if line[0] in self._ends else None)
            if finding is not None:
                return finding
        return self._ending()

    def _line(self, n: int, body: bytes, noted: bytes, sealed: int) -> Finding | None:
        self._n += 1
        self.events += 1
        where = f"log {self._inc}/{n}"
        if n != self._n:
            return Finding(where, f"Thiếu sự kiện {self._n}.")
        if sealed:
            self.sealed += 1
            self._head = noted
            return None
        self._head = chain(self._head, body)
        if self._head != noted:
            return Finding(where, "Nội dung sự kiện đã bị sửa (sai chuỗi băm).")
        if not body.startswith(b'{"n":%d,' % n):
            return Finding(where, "Số thứ tự trong sự kiện không khớp.")
        return None

    def _signature(self, n: int, first: int, noted: bytes, signature: bytes) -> Finding | None:
        where = f"segment {self._inc}/{n}"
        if first != self._signed_to + 1:
            return Finding(where, f"Sự kiện từ {self._signed_to + 1} chưa được ký.")
        if noted != self._head:
            return Finding(where, "Đầu chuỗi đã ký không khớp với nhật ký.")
        if not self._verified(n, noted, signature):
            return Finding(where, "Chữ ký không đúng.")
        self._signed_to = n
        self.segments += 1
        return None

    def _verified(self, n: int, head: bytes, signature: bytes) -> bool:
        try:
            by_one_of(self._keys, lambda key: verify_head(key, self._device, self._inc, n, head, signature))
        except BadSignature:
            return False
        return True

    def _ending(self) -> Finding | None:
        if self._ends:
            return Finding(f"segment {self._inc}/{min(self._ends)}", "Nhật ký bị cắt: sự kiện đã ký không còn.")
        if self._signed_to != self._n:
            return Finding(f"incarnation {self._inc}", f"Sự kiện từ {self._signed_to + 1} chưa được ký.")
        if self._end != (self._n, self._head):
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
