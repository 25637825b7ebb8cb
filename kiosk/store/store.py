"""The store of one kiosk: the journal, its projections, print jobs and people, in one encrypted SQLite file.

One transaction, one truth: :meth:`Store.work` appends events, signs the head, moves the outbox position (the log is the
outbox), queues paper and makes the projections, and is durable when the block ends. Local events are appended only by use
cases; the feed is applied only by the sync process. Each process has one writer connection, guarded by a lock, and takes
``BEGIN IMMEDIATE``.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random, SystemRandom
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import sqlite_utils

from forms.dossier import SCHEMA, Draft
from kiosk.clock import Clock
from kiosk.store import projections, search
from kiosk.store.connection import DatabaseError, OperationalError, StoreError, connect, immediate, is_full, named, named_trouble
from kiosk.store.hold import Hold
from kiosk.store.journal import Identity, Journal
from kiosk.store.ledger import BLOCK, Ledger, Witness, elsewhere
from kiosk.store.migrations import migrate
from kiosk.store.outbox import Outbox
from kiosk.store.papers import Papers
from kiosk.store.reserve import Reserve
from kiosk.store.salt import salt
from kiosk.store.times import Times
from sync.envelope import Event, Origin, chain, encode
from sync.keys import Signer
from sync.segment import sign_head
from sync.steps import step

log = logging.getLogger(__name__)
T = TypeVar("T")


class Work:
    """One unit of work inside a transaction; see :meth:`Store.work`."""

    def __init__(self, store: Store, actor: str) -> None:
        self._store = store
        self._db = store.db
        self._actor = actor
        self.first = 0
        self.inc, self.n, self.head = store.current()

    def next(self) -> Origin:
        """Where the next event will stand."""
        return Origin(self._store.identity_or_raise().device, self.inc, self.n + 1)

    def new_dossier(self) -> str:
        """The id of the dossier the next event creates."""
        return self.next().dossier_id(self._store.random.getrandbits(40))

    def append(self, drafts: Sequence[Draft], base: int | None = None) -> None:
        """Write events. ``base`` is the feed position shown when the form was opened; by default the present one, for what looks at
        nothing old. A feed that began again since has not been seen at all."""
        present = self._store.feed_position()[0]
        seen = present if base is None else base if base <= present else 0
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
                extra=salt(draft, self._store.random),
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
        clock = self._store.clock
        now, text = clock.reading(), json.dumps(content, ensure_ascii=False)
        cursor = self._db.conn.execute(
            "INSERT INTO print_job (d, kind, content, copy, state, at, boot, mono_ms) VALUES (?, ?, ?, ?, 'queued', ?, ?, ?)",
            (dossier, kind, text, copy, clock.now().isoformat(), now.boot, round(now.mono * 1000)),
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
        identity, now = self._store.signing_identity(), self._store.clock.reading()
        signature = sign_head(identity.signing, identity.device, self.inc, self.n, self.head)
        self._db.conn.execute(
            "INSERT INTO segment (inc, n, first, head, signature, boot, mono_ms, tried) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (self.inc, self.n, self.first, self.head, signature, now.boot, round(now.mono * 1000), self._store.tries()),
        )
        self._db.conn.execute("UPDATE incarnation SET n = ?, head = ? WHERE inc = ?", (self.n, self.head, self.inc))
        self._store.note_event_time()


class Store(Journal, Times, Papers, Outbox):
    """The open store. Implements ``sync.ports.KioskJournal`` for the sync process."""

    def __init__(
        self, path: Path, key: bytes, *, clock: Clock, ledger: Path, reserve: Reserve, random: Random | None = None
    ) -> None:
        self.path = path
        self.clock = clock
        self.random = random or SystemRandom()
        self.reserve = reserve
        self._lock = threading.RLock()
        self._open = partial(connect, key=key)
        self._witness: Witness | None = None
        self._identity: Identity | None = None
        self._key_in_force: Callable[[], Signer] | None = None
        self.ledger = Ledger(ledger)
        self._refuse_to_start_over()
        self._hold = Hold(path)
        try:
            self.db: sqlite_utils.Database = self._open_with_reserve()
            self.reserve.make()
        except BaseException:
            self._hold.undo()
            raise

    def close(self) -> None:
        self.db.close()
        self._hold.free()

    def copy_to(self, target: Path) -> None:
        """Write a consistent copy, encrypted with the same key, to a file that does not exist yet."""
        with self._lock:
            self.db.conn.execute("VACUUM INTO ?", (str(target),))

    def scrub(self) -> bool:
        """Leave nothing in the WAL; what was deleted was overwritten where it stood. False while another process reads: the next
        time does it."""
        with self._lock:
            return self.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0

    def compact(self) -> None:
        """Give free pages back to the disk; needs the store for itself and as much free space again.

        Raises:
            StoreError: ``store_busy`` while another process uses it.
        """
        with self._lock:
            try:
                self.db.conn.execute("VACUUM")
            except OperationalError as error:
                raise named(error, self.path) from None
        self.scrub()

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
        written = self.ledger.below or (self.ledger.witness is not None and self.ledger.witness.n)
        if self.ledger.witness is not None and written and not there:
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
            copied = self.ledger.is_copy or (self.ledger.witness is None and self._has_lived())
            if older or copied:
                self._open_incarnation()
            # What stood in the set-aside block may be on paper: go on after it.
            beyond = max(int(self.meta("number", 0)), self.ledger.below - 1)
            if self.ledger.witness is None:
                self._witnessed(Witness(*self.current()))  # before the first event, so that no crash leaves a store without
            if copied:
                log.warning("this store was copied here, or its ledger is gone; its journal goes on in a new incarnation")
                self._witnessed(Witness(*self.current()))
                self.set_meta("copied", b"".join(self.verify_keys()))  # kiosk.copied tells the technician
                # The other copy goes on with the numbers after these.
                self.set_meta("number", elsewhere(beyond, self.current()[0]))
            elif older or self.ledger.below > int(self.meta("number", 0)) + BLOCK:
                self.set_meta("number", beyond)

    def _has_lived(self) -> bool:
        """Whether anything was written here: a ledger stood beside it then."""
        return self.db.conn.execute("SELECT 1 FROM incarnation WHERE n > 0").fetchone() is not None

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

    def _witnessed(self, witness: Witness) -> None:
        self._witness = witness

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
                self._witnessed(Witness(unit.inc, unit.n, unit.head))

    def with_reserve(self, act: Callable[[], T]) -> T:
        """Run a use case; on a full disk give up the reserve and run it once more (it has left no trace the first time).

        Raises:
            StoreError: ``disk_full`` when the disk is full and no reserve is left to give, ``store_io`` when it cannot be written.
        """
        try:
            return act()
        except (OperationalError, OSError) as error:
            # Space on the store's disk is no help to a ledger on another one.
            elsewhere = is_full(error) and isinstance(error, OSError) and not self.reserve.same_disk(self.ledger.folder)
            if elsewhere or not is_full(error) or not self.reserve.give_up():
                raise named_trouble(error, self.path) from None
        try:
            return act()
        except (OperationalError, OSError) as error:
            raise named_trouble(error, self.path) from None

    def room_for_filing(self) -> bool:
        """Whether a new filing may start: the reserve stands, and there is room for the store and for the ledger."""
        return self.reserve.room_for_filing() and self.ledger.has_room()

    # --- identity ----------------------------------------------------------------------------------------------

    def rebuild(self) -> int:
        """Make the projections anew; returns the number of dossiers."""
        with self.transaction():
            return projections.rebuild(self.db, self.identity_or_raise().device)

    def set_identity(self, identity: Identity, key_in_force: Callable[[], Signer] | None = None) -> None:
        """Give the store its identity for this run; ``key_in_force`` is asked before each signature of a filing."""
        self._identity = identity
        self._key_in_force = key_in_force

    def signing_identity(self) -> Identity:
        """The identity with the key in force, whose public half is kept with the journal. Inside a transaction."""
        identity = self.identity_or_raise()
        if self._key_in_force is not None:
            identity = self._identity = replace(identity, signing=self._key_in_force())
            self.remember_key(identity.signing.public)
        return identity

    def remember_key(self, public: bytes) -> None:
        """Keep a signing key's public half with the journal: the heads it signed are proved with it also when it is no longer
        used. Inside a transaction."""
        if public not in self.verify_keys():
            self.set_meta("verify_keys", b"".join((*self.verify_keys(), public)))

    def verify_keys(self) -> tuple[bytes, ...]:
        """Public halves of every key that signed in this journal, oldest first."""
        known = bytes(self.meta("verify_keys", b""))
        return tuple(known[at : at + 32] for at in range(0, len(known), 32))

    @property
    def enrolled(self) -> Identity | None:
        return self._identity

    def identity_or_raise(self) -> Identity:
        if self._identity is None:
            raise StoreError("not_enrolled", "Máy này chưa được tỉnh ghi danh.", "Kỹ thuật: chạy «python3 main.py sync enrol».")
        return self._identity

    # --- reading -----------------------------------------------------------------------------------------------

    def fields(self, dossier: str) -> dict[str, Any]:
        """Folded fields of a dossier as screens see them; empty when there is none."""
        found = self.rows("SELECT fields FROM dossier WHERE d = ?", [dossier])
        return json.loads(found[0]["fields"]) if found else {}

    def lay_aside(self, seq: int, conflict: str) -> None:
        """A person has seen a conflict on which no event of its dossier can decide. Inside a transaction."""
        self._write("INSERT OR IGNORE INTO laid_aside (id) VALUES (?)", conflict)
        self._write("UPDATE conflict SET resolved = 1 WHERE seq = ?", seq)

    def seen(self) -> int:
        """The feed position a screen shows: what is written later names it as its base, so nobody overwrites unseen."""
        return self.feed_position()[0]

    def search(self, query: str, limit: int) -> list[str]:
        """Ids of the dossiers that answer a query, newest first."""
        with self._lock:
            return search.find(self.db, query, limit)
