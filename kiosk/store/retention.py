"""Retention: what leaves the kiosk, when, and what never does (SYNC design 1.15).

Days are days of the province: at the first signed answer of each day the store notes how far its logs, the feed, the papers and the
refused things had come (a milestone), so an age is a position and no clock of the kiosk decides anything. Nothing leaves that the
feed has not acknowledged *and* called safe in an off-site backup; nothing leaves that waits for a printer or for a person. A feed
entry leaves only when a later one of ours is safe, which the backup that holds it proves. After ``days`` a finished dossier is
sealed to the province and keeps a summary (``kiosk.store.sealing``); after ``log_days`` its lines and the summary go too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from forms.dossier import Status
from kiosk.store import projections
from kiosk.store.sealing import seal_lines
from kiosk.store.store import Store
from sync.keys import Sealer

FINISHED: Final = (Status.REFUSED, Status.WITHDRAWN, Status.STOPPED, Status.RETURNED)
"""No step leaves these."""

EVERYTHING: Final = 2**40
AT_ONCE: Final = 100
"""Dossiers, papers and refused things that leave in one transaction, with :data:`ENTRIES_EACH` and :data:`LINES_EACH` for each."""
ENTRIES_EACH: Final = 60
LINES_EACH: Final = 20


@dataclass(frozen=True, slots=True)
class Policy:
    """Days a finished dossier stays readable, and days its sealed lines and summary stay after all."""

    days: int = 90
    log_days: int = 365

    def pushed(self, said: Any) -> Policy:
        """The province's word (``cfg`` entry ``policy``) outranks the configuration; what cannot be read does not count."""
        told = said if isinstance(said, Mapping) else {}
        days = _days(told.get("retention_days"), self.days)
        return Policy(days, max(days, _days(told.get("log_days"), self.log_days)))


def _days(value: Any, instead: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 36_500 else instead


@dataclass(frozen=True, slots=True)
class Plan:
    """What leaves now. Empty when the province has never told the time."""

    feed: int = 0
    """Feed entries up to here are cut; 0 = none."""
    entries: int = 0
    closing: tuple[str, ...] = ()
    """Finished dossiers that are reduced to their summary."""
    sealing: tuple[str, ...] = ()
    """Closed dossiers whose lines are sealed, those that are closed now included."""
    logs: Mapping[int, int] = field(default_factory=dict)
    """Incarnation -> last line that goes."""
    lines: int = 0
    summaries: tuple[str, ...] = ()
    papers: tuple[int, ...] = ()
    refused: tuple[int, ...] = ()

    def and_then(self, more: Plan) -> Plan:
        """Both, one after the other."""
        return Plan(
            more.feed or self.feed,
            self.entries + more.entries,
            self.closing + more.closing,
            self.sealing + more.sealing,
            {**self.logs, **more.logs},
            self.lines + more.lines,
            self.summaries + more.summaries,
            self.papers + more.papers,
            self.refused + more.refused,
        )

    def table(self, policy: Policy) -> list[tuple[str, int, str]]:
        """(what, how many, why) for people."""
        return [
            ("Hồ sơ niêm phong", len(self.sealing), f"đã xong quá {policy.days} ngày, tỉnh đã nhận và đã sao lưu"),
            ("Bản tin của tỉnh", self.entries, f"cũ hơn {policy.days} ngày, giá trị đã ghi vào hồ sơ"),
            ("Nội dung phiếu đã in", len(self.papers), f"của hồ sơ niêm phong, hoặc phiếu thử quá {policy.days} ngày"),
            ("Gói bị giữ lại", len(self.refused), f"quá {policy.days} ngày"),
            ("Dòng nhật ký", self.lines, f"cũ hơn {policy.log_days} ngày, tỉnh đã nhận và đã sao lưu"),
            ("Tóm tắt hồ sơ", len(self.summaries), f"niêm phong quá {policy.log_days} ngày"),
        ]


def plan(store: Store, policy: Policy, most: int = EVERYTHING) -> Plan:
    """What would leave now, the first ``most`` of each kind; changes nothing. To be carried out it is made inside the transaction
    that
    does it."""
    today = store.server_day()
    if today is None:
        return Plan()
    near, far = _milestone(store, today - policy.days), _milestone(store, today - policy.log_days)
    feed = _feed_cut(store, today - policy.days, most * ENTRIES_EACH)
    closing = tuple(_finished(store, near, max(feed, store.feed_base()[0]))[:most]) if near else ()
    logs = {inc: cut for inc, n in far.logs.items() if (cut := _log_cut(store, inc, n, most * LINES_EACH))} if far else {}
    return Plan(
        feed=feed,
        entries=_count(store, "SELECT count(*) AS c FROM feed WHERE seq <= ?", feed),
        closing=closing,
        sealing=(*closing, *_readable(store)[:most]),
        logs=logs,
        lines=sum(_count(store, "SELECT count(*) AS c FROM log WHERE inc = ? AND n <= ?", inc, n) for inc, n in logs.items()),
        summaries=tuple(_summaries(store, far, logs)[:most]) if far else (),
        papers=tuple(_papers(store, near, closing)[:most]) if near else (),
        refused=tuple(row["id"] for row in store.rows("SELECT id FROM quarantine WHERE id <= ?", [near.refused])) if near else (),
    )


def tidy(store: Store, policy: Policy, sealer: Sealer, forget_files: Callable[[Sequence[str]], int] = lambda _: 0) -> Plan:
    """Carry out :func:`plan` in short transactions, so nobody at the counter waits, then leave no readable rest in the file or its
    WAL.

    ``forget_files`` is told the dossiers just closed and drops their files at the kiosk, those that may go.
    """
    done = Plan()
    while (made := _turn(store, policy, sealer)) != Plan():
        done = done.and_then(made)
    forget_files(done.closing)
    store.scrub()
    return done


def _turn(store: Store, policy: Policy, sealer: Sealer) -> Plan:
    """One transaction."""
    device = store.identity_or_raise().device
    with store.transaction():
        made = plan(store, policy, AT_ONCE)
        if made.feed:
            projections.cut_feed(store.db, made.feed, device)
        for dossier in made.closing:
            projections.close(store.db, dossier, store.fields(dossier), made.feed)
            projections.refresh(store.db, dossier)
        for dossier in made.sealing:
            seal_lines(store, dossier, sealer)
        for inc, n in made.logs.items():
            store.prune(inc, n)
        for dossier in made.summaries:
            store.db.conn.execute("UPDATE closed SET shown = 0 WHERE d = ?", (dossier,))
            projections.refresh(store.db, dossier)
        store.db.conn.executemany("UPDATE print_job SET content = '[]' WHERE id = ?", [(job,) for job in made.papers])
        store.db.conn.executemany("DELETE FROM quarantine WHERE id = ?", [(one,) for one in made.refused])
        store.forget_milestones(policy.log_days)
    return made


@dataclass(frozen=True, slots=True)
class _Milestone:
    day: int
    seq: int
    job: int
    refused: int
    logs: Mapping[int, int]


def _milestone(store: Store, day: int) -> _Milestone | None:
    """How far everything had come on the newest noted day that is not after ``day``."""
    rows = store.rows("SELECT * FROM milestone WHERE day = (SELECT max(day) FROM milestone WHERE day <= ?)", [day])
    if not rows:
        return None
    one = rows[0]
    return _Milestone(one["day"], one["seq"], one["job"], one["refused"], {row["inc"]: row["n"] for row in rows})


def _feed_cut(store: Store, day: int, most: int) -> int:
    """The feed up to a milestone is in the backup when an own event acknowledged after it is: its ack stands in the feed behind."""
    base = store.feed_base()[0]
    held = (
        "SELECT max(m.seq) AS c FROM milestone m JOIN incarnation i ON i.inc = m.inc"
        " WHERE m.day <= ? AND i.safe > m.acked AND m.seq > ?"
    )
    return min(_count(store, held, day, base), base + most)


def _log_cut(store: Store, inc: int, n: int, most: int) -> int:
    held = store.rows("SELECT min(n) AS first FROM log WHERE inc = ?", [inc])[0]["first"] or 0
    upto = min(n, store.safe(inc), store.acked(inc), held + most)
    return _count(store, "SELECT max(n) AS c FROM segment WHERE inc = ? AND n <= ?", inc, upto)


def _finished(store: Store, near: _Milestone, base: int) -> list[str]:
    """Finished before the milestone, all own lines acknowledged and safe, every entry on it under the base, nothing waiting."""
    marks = ", ".join(str(status) for status in FINISHED)
    rows = store.rows(
        f"SELECT d.d FROM dossier d WHERE d.status IN ({marks}) AND d.d NOT IN (SELECT d FROM closed)"
        " AND (SELECT max(rev) FROM field f WHERE f.d = d.d) <= ?"
        " AND NOT EXISTS (SELECT 1 FROM log l JOIN incarnation i ON i.inc = l.inc"
        "   LEFT JOIN milestone m ON m.inc = l.inc AND m.day = ? WHERE l.d = d.d AND l.n > min(i.acked, i.safe, coalesce(m.n, 0)))"
        " AND NOT EXISTS (SELECT 1 FROM print_job p WHERE p.d = d.d AND p.state IN ('queued', 'sending'))"
        " AND NOT EXISTS (SELECT 1 FROM conflict c WHERE c.d = d.d AND NOT c.resolved)",
        [min(near.seq, base), near.day],
    )
    return [row["d"] for row in rows]


def _readable(store: Store) -> list[str]:
    """Closed dossiers that still have readable lines, all of them acknowledged and safe."""
    rows = store.rows(
        "SELECT l.d FROM log l JOIN incarnation i ON i.inc = l.inc JOIN closed c ON c.d = l.d WHERE NOT l.sealed"
        " GROUP BY l.d HAVING max(l.n - min(i.acked, i.safe)) <= 0"
    )
    return [row["d"] for row in rows]


def _summaries(store: Store, far: _Milestone, logs: Mapping[int, int]) -> list[str]:
    """Closed dossiers that were last heard of before the milestone and of which no line stays."""
    rows = store.rows(
        "SELECT c.d FROM closed c WHERE c.shown AND coalesce((SELECT max(rev) FROM field f WHERE f.d = c.d), 0) <= ?", [far.seq]
    )
    return [row["d"] for row in rows if not _lines_stay(store, row["d"], logs)]


def _lines_stay(store: Store, dossier: str, logs: Mapping[int, int]) -> bool:
    return any(row["n"] > logs.get(row["inc"], 0) for row in store.rows("SELECT inc, n FROM log WHERE d = ?", [dossier]))


def _papers(store: Store, near: _Milestone, dossiers: Sequence[str]) -> list[int]:
    """Papers of what is sealed, and old ones of no dossier; never one the printer has not finished with."""
    rows = store.rows(
        "SELECT id, d FROM print_job WHERE content <> '[]' AND state NOT IN ('queued', 'sending') AND id <= ?", [near.job]
    )
    sealed = {*dossiers, *(row["d"] for row in store.rows("SELECT d FROM closed"))}
    return [row["id"] for row in rows if not row["d"] or row["d"] in sealed]


def _count(store: Store, sql: str, *given: Any) -> int:
    return int(store.rows(sql, given)[0]["c"] or 0)
