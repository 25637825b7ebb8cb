"""``store check``: prove the journal, name the first bad record.

Every local line is chained from the start of its incarnation, every signed head is verified with the device's key, the
feed's chain is walked, and the projections are compared with what the journal yields. Nothing is changed.
"""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.store import projections
from kiosk.store.connection import immediate
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
    """Walk the whole store of a device whose verification key is ``key``."""
    findings: list[Finding] = []
    events = segments = 0
    for inc in store.incarnations():
        walked, signed, finding = _check_log(store, inc, device, key)
        events += walked
        segments += signed
        findings += [finding] if finding else []
    entries, finding = _check_feed(store)
    findings += [finding] if finding else []
    dossiers, finding = _check_projections(store)
    findings += [finding] if finding else []
    integrity = store.rows("PRAGMA integrity_check")[0]["integrity_check"]
    if integrity != "ok":
        findings.append(Finding("store", f"Tệp kho hồ sơ hỏng: {integrity}"))
    return Report(events, segments, entries, dossiers, tuple(findings))


def _check_log(store: Store, inc: int, device: int, key: VerifyKey) -> tuple[int, int, Finding | None]:
    head, n = ZERO_HEAD, 0
    heads = {0: ZERO_HEAD}
    while lines := store.lines(inc, n, 500):
        for line in lines:
            n += 1
            where = f"log {inc}/{line.n}"
            if line.n != n:
                return n - 1, 0, Finding(where, f"Thiếu sự kiện {n}.")
            head = chain(head, line.body)
            if head != line.head:
                return n, 0, Finding(where, "Nội dung sự kiện đã bị sửa (sai chuỗi băm).")
            try:
                if decode(line.body).n != n:
                    return n, 0, Finding(where, "Số thứ tự trong sự kiện không khớp.")
            except EnvelopeError as error:
                return n, 0, Finding(where, f"Không đọc được sự kiện: {error}")
            heads[n] = head
    last = 0
    rows = store.rows("SELECT first, n, head, signature FROM segment WHERE inc = ? ORDER BY n", [inc])
    for row in rows:
        where = f"segment {inc}/{row['n']}"
        if row["first"] != last + 1:
            return n, 0, Finding(where, f"Sự kiện từ {last + 1} chưa được ký.")
        if heads.get(row["n"]) != bytes(row["head"]):
            return n, 0, Finding(where, "Đầu chuỗi đã ký không khớp với nhật ký.")
        try:
            verify_head(key, device, inc, row["n"], bytes(row["head"]), bytes(row["signature"]))
        except BadSignature:
            return n, 0, Finding(where, "Chữ ký không đúng.")
        last = row["n"]
    if last != n or store.last(inc) != (n, head):
        return n, len(rows), Finding(f"incarnation {inc}", "Cuối nhật ký chưa được ký hoặc bị cắt.")
    return n, len(rows), None


def _check_feed(store: Store) -> tuple[int, Finding | None]:
    head, seq = ZERO_HEAD, 0
    for row in store.rows("SELECT seq, body, head FROM feed ORDER BY seq"):
        seq += 1
        head = chain(head, bytes(row["body"]))
        if row["seq"] != seq or bytes(row["head"]) != head:
            return seq, Finding(f"feed {row['seq']}", "Bản tin của tỉnh bị thiếu hoặc bị sửa.")
    return seq, None


def _check_projections(store: Store) -> tuple[int, Finding | None]:
    """Rebuild inside a transaction that is undone, and compare."""
    wanted = store.rows("SELECT * FROM dossier ORDER BY d")
    try:
        with immediate(store.db):
            projections.rebuild(store.db)
            made = store.rows("SELECT * FROM dossier ORDER BY d")
            raise _Undo
    except _Undo:
        pass
    for before, after in zip(wanted, made, strict=False):
        if before != after:
            return len(wanted), Finding(f"dossier {before['d']}", "Bảng hiển thị không khớp nhật ký: chạy «store rebuild».")
    if len(wanted) != len(made):
        return len(wanted), Finding("dossier", "Bảng hiển thị thiếu hoặc thừa hồ sơ: chạy «store rebuild».")
    return len(wanted), None


class _Undo(Exception):
    """Ends the trial transaction of :func:`_check_projections`."""
