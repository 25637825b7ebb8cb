"""The store of one kiosk: the journal, its projections, print jobs and people, in one encrypted SQLite file.

One transaction, one truth: :meth:`Store.work` appends events, signs the head, moves the outbox position (the log is the
outbox), queues paper and makes the projections, and is durable when the block ends. Local events are appended only by use
cases; the feed is applied only by the sync process. Each process has one writer connection, guarded by a lock, and takes
``BEGIN IMMEDIATE``.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import sqlite_utils

from forms.dossier import SCHEMA, Draft
from kiosk.clock import RELEASED_MS, Clock
from kiosk.store import projections
from kiosk.store.connection import DatabaseError, OperationalError, StoreError, connect, immediate, named
from kiosk.store.hold import Hold
from kiosk.store.ledger import BLOCK, Ledger, Witness
from kiosk.store.migrations import migrate
from kiosk.store.reserve import Reserve
from sync.clock import ServerMark, plausible_at_start, quality, server_now_ms
from sync.envelope import ZERO_HEAD, Event, Origin, chain, decode, encode, move_line
from sync.keys import SigningKey
from sync.ports import FeedEntry, Line
from sync.segment import sign_head
from sync.steps import step

T = TypeVar("T")

PRINT_STATES = ("queued", "sending", "printed", "uncertain")

PREPARED = "prepared"
"""Kind of a paper that belongs to no dossier but tells of a person: it is forgotten once it is printed."""

PREPARED_MINUTES = 10
"""How long such a paper may wait for the printer, or for a word whether it came out."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who this kiosk is, from enrolment: device number, commune code and the signing key."""

    device: int
    commune: str
    signing: SigningKey


@dataclass(frozen=True, slots=True)
class PrintJob:
    """A paper to be printed. ``content`` is the JSON of its blocks; ``copy`` 0 is the original, n the n-th reprint."""

    id: int
    dossier: str
    kind: str
    content: list[dict[str, Any]]
    copy: int
    state: str
    fact: str
    cure: str


class Work:
    """One unit of work inside a transaction; see :meth:`Store.work`."""

    def __init__(self, store: Store, actor: str) -> None:
        self._store = store
        self._db = store.db
        self._actor = actor
        self.first = 0
        self.inc, self.n, self.head = store.current()

    def next(self) -> Origin:
        """Where the next event will stand: a dossier takes its id from it."""
        return Origin(self._store.identity_or_raise().device, self.inc, self.n + 1)

    def append(self, drafts: Sequence[Draft], base: int | None = None) -> None:
        """Write events. ``base`` is the feed position applied when the form was opened; by default the present one."""
        seen = self._store.feed_position()[0] if base is None else base
        quality = self._store.clock_quality()
        for draft in drafts:
            self.n += 1
            event = Event(
                n=self.n,
                dossier=draft.dossier,
                kind=draft.kind,
                content=draft.content,
                base=seen,
                wall_ms=self._store.clock.wall_ms(),
                quality=quality,
                actor=self._actor,
                schema=SCHEMA,
            )
            line = encode(event)
            self.head = chain(self.head, line)
            self._db.conn.execute(
                "INSERT INTO log (inc, n, d, body, head) VALUES (?, ?, ?, ?, ?)", (self.inc, self.n, draft.dossier, line, self.head)
            )
            self.first = self.first or self.n
        for dossier in {draft.dossier for draft in drafts}:
            projections.add(self._db, dossier, [draft for draft in drafts if draft.dossier == dossier])

    def queue_print(self, dossier: str, kind: str, content: list[dict[str, Any]], copy: int = 0) -> int:
        """Queue a paper in the same transaction as the events it belongs to; returns the job's id."""
        cursor = self._db.conn.execute(
            "INSERT INTO print_job (d, kind, content, copy, state, at) VALUES (?, ?, ?, ?, 'queued', ?)",
            (dossier, kind, json.dumps(content, ensure_ascii=False), copy, self._store.clock.now().isoformat()),
        )
        return int(cursor.lastrowid or 0)

    def take_number(self) -> int:
        """The next provisional number: monotonic for the life of the machine, never used twice, also not after a restore."""
        number = int(self._store.meta("number", 0)) + 1
        self._store.ledger.set_aside(number)
        self._store.set_meta("number", number)
        return number

    def seal(self) -> None:
        """Cut the local segment: sign the head that this work leaves (SYNC design 1.4)."""
        if not self.first:
            return
        identity = self._store.identity_or_raise()
        signature = sign_head(identity.signing, identity.device, self.inc, self.n, self.head)
        self._db.conn.execute(
            "INSERT INTO segment (inc, n, first, head, signature) VALUES (?, ?, ?, ?, ?)",
            (self.inc, self.n, self.first, self.head, signature),
        )
        self._db.conn.execute("UPDATE incarnation SET n = ?, head = ? WHERE inc = ?", (self.n, self.head, self.inc))
        self._store.note_event_time()


class Store:
    """The open store. Implements ``sync.ports.KioskJournal`` for the sync process."""

    def __init__(self, path: Path, key: bytes, *, clock: Clock, ledger: Path, reserve: Reserve) -> None:
        self.path = path
        self.clock = clock
        self.reserve = reserve
        self._lock = threading.RLock()
        self._open = partial(connect, key=key)
        self._witness: Witness | None = None
        self._identity: Identity | None = None
        self.ledger = Ledger(ledger)
        self._refuse_to_start_over()
        self._hold = Hold(path)
        try:
            self.db: sqlite_utils.Database = self._open_with_reserve()
            self.reserve.make()
        except BaseException:
            self._hold.free()
            raise

    def close(self) -> None:
        self.db.close()
        self._hold.free()

    def copy_to(self, target: Path) -> None:
        """Write a consistent copy, encrypted with the same key, to a file that does not exist yet."""
        with self._lock:
            self.db.conn.execute("VACUUM INTO ?", (str(target),))

    @contextmanager
    def copy(self) -> Iterator[sqlite_utils.Database]:
        """The store as it stands at this moment, opened from a file that is gone when the block ends; holds no lock meanwhile."""
        name = self.path.name + ".copy-"
        for left in self.path.parent.glob(f"{name}*"):
            # A check that was killed could not clean up after itself.
            if not Path("/proc", left.name.removeprefix(name).partition("-")[0]).exists():
                shutil.rmtree(left, ignore_errors=True)
        with TemporaryDirectory(prefix=f"{name}{os.getpid()}-", dir=self.path.parent) as folder:
            file = Path(folder) / "copy.db"
            self.copy_to(file)
            db = self._open(file)
            try:
                yield db
            finally:
                db.close()

    # --- opening -----------------------------------------------------------------------------------------------

    def _refuse_to_start_over(self) -> None:
        """A machine that has filed before never makes an empty store by itself: the old one must be looked for first."""
        there = self.path.exists() and self.path.stat().st_size > 0
        if self.ledger.witness is not None and not there:
            raise StoreError(
                "store_missing",
                "Không thấy kho hồ sơ của máy này.",
                "Khôi phục từ bản sao lưu bằng «store restore»; chỉ khi không còn bản nào: «store start-anew».",
            )

    def _open_with_reserve(self) -> sqlite_utils.Database:
        """Open, giving up the reserve when the disk is so full that not even that works."""
        try:
            return self._open_once()
        except StoreError as error:
            if error.code != "disk_full" or not self.reserve.give_up():
                raise
        return self._open_once()

    def _open_once(self) -> sqlite_utils.Database:
        self.db = self._open(self.path)
        try:
            migrate(self.db)
            self._begin()
        except DatabaseError as error:
            self.db.close()
            raise named(error, self.path) from None
        except BaseException:
            self.db.close()
            raise
        return self.db

    def _begin(self) -> None:
        """Open an incarnation at the first start, and a new one when this file is older than what was written here."""
        with self.transaction():
            row = self.db.conn.execute("SELECT inc, n, head FROM incarnation ORDER BY ordinal DESC LIMIT 1").fetchone()
            older = row is None or self._is_behind(*row)
            if older:
                self._open_incarnation()
            if older or self.ledger.below > int(self.meta("number", 0)) + BLOCK:
                # What stood in the set-aside block may be on paper: go on after it.
                self.set_meta("number", max(int(self.meta("number", 0)), self.ledger.below - 1))

    def _is_behind(self, inc: int, n: int, head: bytes) -> bool:
        seen = self.ledger.witness
        if seen is None:
            return False
        if seen.incarnation != inc:
            return self.db.conn.execute("SELECT 1 FROM incarnation WHERE inc = ?", (seen.incarnation,)).fetchone() is None
        if seen.n > n:
            return True
        held = self.head_at(inc, seen.n)
        return held is not None and held != seen.head

    def _open_incarnation(self) -> None:
        self.db.conn.execute(
            "INSERT INTO incarnation (inc, ordinal, n, head) SELECT ?, coalesce(max(ordinal), 0) + 1, 0, ? FROM incarnation",
            (secrets.randbits(40) or 1, ZERO_HEAD),
        )

    # --- transactions ------------------------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One write transaction of this process; durable when the block ends.

        Raises:
            StoreError: ``store_busy`` when another process kept the store longer than the time-out; nothing is left behind.
        """
        with self._lock:
            self._witness = None
            with immediate(self.db):
                yield
            self._tell_ledger()

    def _tell_ledger(self) -> None:
        """Note the newest position outside the store, once it is certain that the store has it."""
        if self._witness is not None:
            self.ledger.remember(self._witness)
            self._witness = None

    @contextmanager
    def work(self, actor: str) -> Iterator[Work]:
        """Append events with everything that must agree with them, durable when the block ends.

        Raises:
            StoreError: ``store_busy`` as in :meth:`transaction`.
        """
        with self.transaction():
            unit = Work(self, actor)
            yield unit
            with step("store.seal"):
                unit.seal()
            if unit.first:
                self._witness = Witness(unit.inc, unit.n, unit.head)

    def with_reserve(self, act: Callable[[], T]) -> T:
        """Run a use case; on a full disk give up the reserve and run it once more (it has left no trace the first time).

        Raises:
            StoreError: ``disk_full`` when the disk is full and no reserve is left to give.
        """
        try:
            return act()
        except (OperationalError, OSError) as error:
            if not _is_full(error):
                raise
            # Space on the store's disk is no help to a ledger on another one.
            elsewhere = isinstance(error, OSError) and not self.reserve.same_disk(self.ledger.folder)
            if elsewhere or not self.reserve.give_up():
                raise _full() from None
        try:
            return act()
        except (OperationalError, OSError) as error:
            if not _is_full(error):
                raise
            raise _full() from None

    def room_for_filing(self) -> bool:
        """Whether a new filing may start: the reserve stands, and there is room for the store and for the ledger."""
        return self.reserve.room_for_filing() and self.ledger.has_room()

    # --- meta --------------------------------------------------------------------------------------------------

    def meta(self, key: str, default: Any = None) -> Any:
        with self._lock:
            row = self.db.conn.execute("SELECT v FROM meta WHERE k = ?", (key,)).fetchone()
        return default if row is None else row[0]

    def set_meta(self, key: str, value: Any) -> None:
        with self._lock:
            self.db.conn.execute("INSERT OR REPLACE INTO meta (k, v) VALUES (?, ?)", (key, value))

    def data_version(self) -> int:
        """Changes when another connection (the sync process) has committed."""
        with self._lock:
            return int(self.db.conn.execute("PRAGMA data_version").fetchone()[0])

    # --- identity and clock ------------------------------------------------------------------------------------

    def set_identity(self, identity: Identity) -> None:
        """Give the store its identity for this run (kept by ``kiosk.enrolment``)."""
        self._identity = identity

    @property
    def enrolled(self) -> Identity | None:
        return self._identity

    def identity_or_raise(self) -> Identity:
        if self._identity is None:
            raise StoreError("not_enrolled", "Máy này chưa được tỉnh ghi danh.", "Kỹ thuật: chạy «python3 main.py sync enrol».")
        return self._identity

    def clock_quality(self) -> int:
        """2, 1 or 0: how far the wall clock may be trusted now (SYNC design 1.12).

        A signed server time of this boot rules; without one, the last own event counts as something that certainly happened.
        """
        known, now = self._server_mark(), self.clock.reading()
        ruled = known is not None and server_now_ms(known, now) is not None
        return quality(known, now, newest_ms=RELEASED_MS if ruled else self._newest_ms(known))

    def _server_mark(self) -> ServerMark | None:
        row = self.meta("server_mark")
        return ServerMark(**json.loads(row)) if row else None

    def _newest_ms(self, known: ServerMark | None) -> int:
        return max(RELEASED_MS, int(self.meta("last_event_ms", 0)), known.server_ms if known else 0)

    def note_event_time(self) -> None:
        """Keep the moment of an own event as one that certainly happened. Inside a transaction.

        A signed server time of this boot is taken instead of the wall clock, also backwards; without one, only a plausible wall
        time counts, so an event written with the clock far ahead does not make every right time look wrong.
        """
        known, now = self._server_mark(), self.clock.reading()
        server = server_now_ms(known, now) if known is not None else None
        newest = self._newest_ms(known)
        if server is not None:
            self.set_meta("last_event_ms", server)
        elif now.wall_ms > newest and plausible_at_start(now.wall_ms, newest):
            self.set_meta("last_event_ms", now.wall_ms)

    def learn_time(self, mark: ServerMark) -> None:
        """Remember a signed server time against this boot's monotonic clock. Inside a transaction."""
        self.set_meta("server_mark", json.dumps(asdict(mark)))
        if int(self.meta("last_event_ms", 0)) > mark.server_ms:
            self.set_meta("last_event_ms", mark.server_ms)

    # --- KioskJournal ------------------------------------------------------------------------------------------

    def current(self) -> tuple[int, int, bytes]:
        """(incarnation, n, head) of the incarnation that is written now."""
        with self._lock:
            inc, n, head = self.db.conn.execute("SELECT inc, n, head FROM incarnation ORDER BY ordinal DESC LIMIT 1").fetchone()
        return inc, n, bytes(head)

    def identity(self) -> tuple[int, int]:
        return self.identity_or_raise().device, self.current()[0]

    def incarnations(self) -> Sequence[int]:
        with self._lock:
            return [row[0] for row in self.db.conn.execute("SELECT inc FROM incarnation ORDER BY ordinal").fetchall()]

    def last(self, incarnation: int) -> tuple[int, bytes]:
        with self._lock:
            row = self.db.conn.execute("SELECT n, head FROM incarnation WHERE inc = ?", (incarnation,)).fetchone()
        return (0, ZERO_HEAD) if row is None else (row[0], bytes(row[1]))

    def head_at(self, incarnation: int, n: int) -> bytes | None:
        if n == 0:
            return ZERO_HEAD
        with self._lock:
            row = self.db.conn.execute("SELECT head FROM log WHERE inc = ? AND n = ?", (incarnation, n)).fetchone()
        return None if row is None else bytes(row[0])

    def lines(self, incarnation: int, after: int, limit: int) -> Sequence[Line]:
        with self._lock:
            rows = self.db.conn.execute(
                "SELECT n, body, head FROM log WHERE inc = ? AND n > ? ORDER BY n LIMIT ?", (incarnation, after, limit)
            ).fetchall()
        return [Line(n, bytes(body), bytes(head)) for n, body, head in rows]

    def told(self, incarnation: int) -> int:
        return self._cursor("told", incarnation)

    def set_told(self, incarnation: int, n: int) -> None:
        with self._lock:
            self.db.conn.execute("UPDATE incarnation SET told = ? WHERE inc = ?", (n, incarnation))

    def acked(self, incarnation: int) -> int:
        return self._cursor("acked", incarnation)

    def _cursor(self, column: str, incarnation: int) -> int:
        with self._lock:
            row = self.db.conn.execute(f"SELECT {column} FROM incarnation WHERE inc = ?", (incarnation,)).fetchone()
        return 0 if row is None else int(row[0])

    def feed_position(self) -> tuple[int, bytes]:
        with self._lock:
            row = self.db.conn.execute("SELECT seq, head FROM feed ORDER BY seq DESC LIMIT 1").fetchone()
        return (0, ZERO_HEAD) if row is None else (row[0], bytes(row[1]))

    def atomic(self) -> AbstractContextManager[None]:
        """One transaction for the protocol core."""
        return self.transaction()

    def feed_head_at(self, seq: int) -> bytes | None:
        if seq == 0:
            return ZERO_HEAD
        with self._lock:
            row = self.db.conn.execute("SELECT head FROM feed WHERE seq = ?", (seq,)).fetchone()
        return None if row is None else bytes(row[0])

    def epoch(self) -> int:
        return int(self.meta("epoch", 0))

    def reset_feed(self, epoch: int) -> None:
        """Forget the confirmed state of an older epoch; every local event is pending again until the new feed acknowledges it."""
        self.set_meta("epoch", epoch)
        self.db.conn.execute("DELETE FROM feed")
        projections.rebuild(self.db)

    def rebase_incarnation(self, incarnation: int, common: int) -> int:
        identity = self.identity_or_raise()
        lines = self.lines(incarnation, common, 2**31)
        self._open_incarnation()
        fresh = self.current()[0]
        head = ZERO_HEAD
        for n, line in enumerate(lines, start=1):
            body = move_line(line.body, incarnation, n)
            head = chain(head, body)
            dossier = decode(body).dossier
            self.db.conn.execute("INSERT INTO log (inc, n, d, body, head) VALUES (?, ?, ?, ?, ?)", (fresh, n, dossier, body, head))
        for inc, last, at in ((incarnation, common, self.head_at(incarnation, common)), (fresh, len(lines), head)):
            self.db.conn.execute("DELETE FROM log WHERE inc = ? AND n > ?", (inc, last))
            self.db.conn.execute("DELETE FROM segment WHERE inc = ? AND n >= ?", (inc, max(last, 1)))
            self.db.conn.execute(
                "UPDATE incarnation SET n = ?, head = ?, told = min(told, ?), acked = min(acked, ?) WHERE inc = ?",
                (last, at, last, last, inc),
            )
            self._sign_rest(identity, inc, last)
        self._witness = Witness(fresh, len(lines), head)
        if not self.db.conn.in_transaction:
            self._tell_ledger()
        return fresh

    def _sign_rest(self, identity: Identity, inc: int, n: int) -> None:
        """Sign the head of an incarnation when its end is not a signed one."""
        signed = int(self.db.conn.execute("SELECT coalesce(max(n), 0) FROM segment WHERE inc = ?", (inc,)).fetchone()[0])
        head = self.head_at(inc, n)
        if n > signed and head is not None:
            self.db.conn.execute(
                "INSERT INTO segment (inc, n, first, head, signature) VALUES (?, ?, ?, ?, ?)",
                (inc, n, signed + 1, head, sign_head(identity.signing, identity.device, inc, n, head)),
            )

    def apply_feed(self, entries: Sequence[FeedEntry]) -> None:
        touched: set[str] = set()
        with step("feed.apply"):
            for entry in entries:
                self.db.conn.execute("INSERT INTO feed (seq, body, head) VALUES (?, ?, ?)", (entry.seq, entry.body, entry.head))
                touched |= projections.apply_entry(self.db, entry.seq, json.loads(entry.body))
            projections.refresh_all(self.db, touched)

    def keys_documents(self) -> Sequence[bytes]:
        return [bytes.fromhex(word) for word in str(self.meta("keys_documents", "")).split()]

    def keep_keys_document(self, document: bytes) -> None:
        self.set_meta("keys_documents", " ".join([*(one.hex() for one in self.keys_documents()), document.hex()]))

    def quarantine(self, source: str, reason: str, body: bytes) -> None:
        with self._lock:
            self.db.conn.execute(
                "INSERT INTO quarantine (source, reason, body, at) SELECT ?, ?, ?, ?"
                " WHERE NOT EXISTS (SELECT 1 FROM quarantine WHERE source = ? AND reason = ? AND body = ?)",
                (source, reason, body, self.clock.now().isoformat(), source, reason, body),
            )

    # --- reading -----------------------------------------------------------------------------------------------

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Rows of a read as dictionaries, taken at once so that no cursor stays open across threads."""
        with self._lock:
            return list(self.db.query(sql, parameters))

    def fields(self, dossier: str) -> dict[str, Any]:
        """Folded fields of a dossier as screens see them; empty when there is none."""
        found = self.rows("SELECT fields FROM dossier WHERE d = ?", [dossier])
        return json.loads(found[0]["fields"]) if found else {}

    def waiting(self) -> int:
        """Own events the feed has not acknowledged."""
        return int(self.rows("SELECT coalesce(sum(n - acked), 0) AS w FROM incarnation")[0]["w"])

    # --- print jobs --------------------------------------------------------------------------------------------

    def print_job(self, job: int) -> PrintJob | None:
        found = self.rows("SELECT * FROM print_job WHERE id = ?", [job])
        return _job(found[0]) if found else None

    def next_print_job(self) -> PrintJob | None:
        """The oldest queued paper."""
        found = self.rows("SELECT * FROM print_job WHERE state = 'queued' ORDER BY id LIMIT 1")
        return _job(found[0]) if found else None

    def set_print_state(self, job: int, state: str, fact: str = "", cure: str = "") -> None:
        """Durable on return: SENDING must be on disk before the first byte leaves for the printer."""
        if state not in PRINT_STATES:
            raise ValueError(f"no such print state: {state}")
        with self.transaction():
            self.db.conn.execute("UPDATE print_job SET state = ?, fact = ?, cure = ? WHERE id = ?", (state, fact, cure, job))
            if state == "printed":
                self.forget_paper(job)

    def forget_paper(self, job: int) -> None:
        """Wipe what stands on a prepared paper; other papers are kept with their dossier. Inside a transaction."""
        self.db.conn.execute("UPDATE print_job SET content = '[]' WHERE id = ? AND kind = ?", (job, PREPARED))

    def forget_unfetched(self) -> bool:
        """Wipe prepared papers nobody has come for, also those a set-back clock left in the future; they are never printed."""
        now = self.clock.now()
        oldest = now - timedelta(minutes=PREPARED_MINUTES)
        left = "kind = ? AND content <> '[]' AND state <> 'sending' AND (at < ? OR at > ?)"
        given = (PREPARED, oldest.isoformat(), now.isoformat())
        if not self.rows(f"SELECT 1 FROM print_job WHERE {left} LIMIT 1", given):
            return False
        told = ("Máy đã xóa tờ khai chưa in.", "Bà con làm lại tờ khai từ đầu.")
        with self.transaction():
            wipe = "UPDATE print_job SET content = '[]', state = 'uncertain', fact = ?, cure = ?"
            self.db.conn.execute(f"{wipe} WHERE {left}", (*told, *given))
        return True

    def doubt_unfinished_prints(self) -> int:
        """After a restart: a paper that was being sent may or may not have come out. Returns how many."""
        with self.transaction():
            return int(
                self.db.conn.execute(
                    "UPDATE print_job SET state = 'uncertain', fact = ?, cure = ? WHERE state = 'sending'",
                    ("Máy đã khởi động lại khi đang in.", "Xem phiếu đã ra đủ chưa; nếu chưa, bấm «In lại»."),
                ).rowcount
            )


def _is_full(error: Exception) -> bool:
    return "full" in str(error) or getattr(error, "errno", None) == errno.ENOSPC


def _full() -> StoreError:
    return StoreError("disk_full", "Ổ đĩa của máy đã đầy.", "Bà con chờ một chút, cán bộ sẽ giúp. Kỹ thuật: giải phóng ổ đĩa.")


def _job(row: dict[str, Any]) -> PrintJob:
    return PrintJob(
        row["id"], row["d"], row["kind"], json.loads(row["content"]), row["copy"], row["state"], row["fact"], row["cure"]
    )
