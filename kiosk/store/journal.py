"""The journal of a kiosk on SQLite: ``sync.ports.KioskJournal``, row by row.

Local events are appended only by use cases, the feed is applied only by the sync process; both in one transaction with what follows
from them. A log may begin after a base: what was pruned (:meth:`Journal.prune`) or sealed to the province (``kiosk.store.sealing``)
cannot be sent again, so the protocol sees it as below :meth:`Journal.base`. The feed may begin after a base too: after a snapshot
was installed, or where old entries were cut once their values stand in ``field``.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Final

from kiosk.store import projections
from kiosk.store.connection import InterfaceError, undone_alone
from kiosk.store.ledger import Witness
from kiosk.store.rows import Rows
from sync.envelope import ZERO_HEAD, EnvelopeError, chain, move_line
from sync.keys import Signer
from sync.ports import FeedEntry, Line
from sync.segment import sign_head
from sync.steps import step

QUARANTINE_MOST: Final = 200
"""Different refused things kept whole; beyond it only that there were more, once for each reason: who sent them has them still, and
what is asked for again and again arrives in other bytes each time."""
QUARANTINE_BYTES: Final = 32 * 1024 * 1024
"""Bytes kept of all of them."""


_CONTENT_ERRORS: Final = (ArithmeticError, AttributeError, InterfaceError, LookupError, TypeError, ValueError)
"""What a malformed entry raises. What the engine raises (disk full) is not among them: it undoes the whole transaction."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who this kiosk is, from enrolment: device number, commune code and the signing key."""

    device: int
    commune: str
    signing: Signer


class Journal(Rows):
    """What the protocol core asks of the store."""

    @abstractmethod
    def identity_or_raise(self) -> Identity:
        """Raises StoreError ``not_enrolled``."""

    @abstractmethod
    def _witnessed(self, witness: Witness) -> None:
        """Note the newest position for the ledger, once the transaction is durable."""

    def atomic(self) -> AbstractContextManager[None]:
        """One transaction for the protocol core."""
        return self.transaction()

    # --- own logs ----------------------------------------------------------------------------------------------

    def current(self) -> tuple[int, int, bytes]:
        """(incarnation, n, head) of the incarnation that is written now."""
        row = self._one("SELECT inc, n, head FROM incarnation ORDER BY ordinal DESC LIMIT 1")
        assert row is not None, "an open store has an incarnation"
        return row[0], row[1], bytes(row[2])

    def identity(self) -> tuple[int, int]:
        return self.identity_or_raise().device, self.current()[0]

    def incarnations(self) -> Sequence[int]:
        with self._lock:
            return [row[0] for row in self.db.conn.execute("SELECT inc FROM incarnation ORDER BY ordinal").fetchall()]

    def last(self, incarnation: int) -> tuple[int, bytes]:
        row = self._one("SELECT n, head FROM incarnation WHERE inc = ?", incarnation)
        return (0, ZERO_HEAD) if row is None else (row[0], bytes(row[1]))

    def head_at(self, incarnation: int, n: int) -> bytes | None:
        if n == 0:
            return ZERO_HEAD
        row = self._one(
            "SELECT head FROM log WHERE inc = ? AND n = ? UNION ALL SELECT base_head FROM incarnation WHERE inc = ? AND base = ?",
            incarnation,
            n,
            incarnation,
            n,
        )
        return None if row is None else bytes(row[0])

    def lines(self, incarnation: int, after: int, limit: int) -> Sequence[Line]:
        """Never a sealed line: those lie below :meth:`base`."""
        with self._lock:
            rows = self.db.conn.execute(
                "SELECT n, body, head FROM log WHERE inc = ? AND n > ? ORDER BY n LIMIT ?",
                (incarnation, max(after, self._cursor("sealed", incarnation)), limit),
            ).fetchall()
        return [Line(n, bytes(body), bytes(head)) for n, body, head in rows]

    def base(self, incarnation: int) -> int:
        return max(self._cursor("base", incarnation), self._cursor("sealed", incarnation))

    def prune(self, incarnation: int, n: int) -> int:
        most = min(n, self.safe(incarnation), self.acked(incarnation))
        row = self._one("SELECT max(n) FROM segment WHERE inc = ? AND n <= ?", incarnation, most)
        cut = int(row[0] or 0) if row else 0
        if cut > self._cursor("base", incarnation):
            head = self.head_at(incarnation, cut)
            self._write("UPDATE incarnation SET base = ?, base_head = ? WHERE inc = ?", cut, head, incarnation)
            self._write("DELETE FROM log WHERE inc = ? AND n <= ?", incarnation, cut)
            self._write("DELETE FROM segment WHERE inc = ? AND n <= ?", incarnation, cut)
        return self.base(incarnation)

    def told(self, incarnation: int) -> int:
        return self._cursor("told", incarnation)

    def set_told(self, incarnation: int, n: int) -> None:
        self._write("UPDATE incarnation SET told = ? WHERE inc = ?", n, incarnation)

    def acked(self, incarnation: int) -> int:
        return self._cursor("acked", incarnation)

    def safe(self, incarnation: int) -> int:
        return self._cursor("safe", incarnation)

    def _cursor(self, column: str, incarnation: int) -> int:
        row = self._one(f"SELECT {column} FROM incarnation WHERE inc = ?", incarnation)
        return 0 if row is None else int(row[0])

    def waiting(self) -> int:
        """Own events the feed has not acknowledged, of those that can be sent."""
        row = self._one("SELECT coalesce(sum(n - max(acked, base, sealed)), 0) FROM incarnation")
        return int(row[0]) if row else 0

    def _open_incarnation(self) -> None:
        self._write(
            "INSERT INTO incarnation (inc, ordinal, n, head) SELECT ?, coalesce(max(ordinal), 0) + 1, 0, ? FROM incarnation",
            self.random.getrandbits(40) or 1,
            ZERO_HEAD,
        )

    def rebase_incarnation(self, incarnation: int, common: int) -> int:
        # What cannot be sent cannot be moved either: it stays where its heads are.
        common = max(common, self.base(incarnation))
        identity = self.identity_or_raise()
        lines = self.rows("SELECT d, body FROM log WHERE inc = ? AND n > ? ORDER BY n", [incarnation, common])
        self._open_incarnation()
        fresh = self.current()[0]
        head = ZERO_HEAD
        for n, line in enumerate(lines, start=1):
            body = move_line(bytes(line["body"]), incarnation, n)
            head = chain(head, body)
            self._write("INSERT INTO log (inc, n, d, body, head) VALUES (?, ?, ?, ?, ?)", fresh, n, line["d"], body, head)
        for inc, last, at in ((incarnation, common, self.head_at(incarnation, common)), (fresh, len(lines), head)):
            self._write("DELETE FROM log WHERE inc = ? AND n > ?", inc, last)
            self._write("DELETE FROM segment WHERE inc = ? AND n >= ?", inc, max(last, 1))
            self._write(
                "UPDATE incarnation SET n = ?, head = ?, told = min(told, ?), acked = min(acked, ?), safe = min(safe, ?)"
                " WHERE inc = ?",
                *(last, at, last, last, last, inc),
            )
            self._sign_rest(identity, inc, last)
        self._witnessed(Witness(fresh, len(lines), head))
        return fresh

    def _sign_rest(self, identity: Identity, inc: int, n: int) -> None:
        """Sign the head of an incarnation when its end is not a signed one."""
        row = self._one("SELECT coalesce(max(n), 0) FROM segment WHERE inc = ?", inc)
        signed = max(int(row[0]) if row else 0, self._cursor("base", inc))
        head = self.head_at(inc, n)
        if n > signed and head is not None:
            self._write(
                "INSERT INTO segment (inc, n, first, head, signature) VALUES (?, ?, ?, ?, ?)",
                *(inc, n, signed + 1, head, sign_head(identity.signing, identity.device, inc, n, head)),
            )

    # --- the feed ----------------------------------------------------------------------------------------------

    def feed_position(self) -> tuple[int, bytes]:
        row = self._one("SELECT seq, head FROM feed ORDER BY seq DESC LIMIT 1")
        return self.feed_base() if row is None else (row[0], bytes(row[1]))

    def feed_base(self) -> tuple[int, bytes]:
        """(seq, head) after which the feed is held entry by entry."""
        return projections.feed_base(self.db)

    def feed_head_at(self, seq: int) -> bytes | None:
        if seq == 0:
            return ZERO_HEAD
        row = self._one("SELECT head FROM feed WHERE seq = ?", seq)
        if row is not None:
            return bytes(row[0])
        base, head = self.feed_base()
        return head if seq == base else None

    def apply_feed(self, entries: Sequence[FeedEntry]) -> None:
        device = self.identity_or_raise().device
        touched: set[str] = set()
        with step("feed.apply"), self._readable():
            for entry in entries:
                self._write("INSERT INTO feed (seq, body, head) VALUES (?, ?, ?)", entry.seq, entry.body, entry.head)
                touched |= projections.apply_entry(self.db, entry.seq, json.loads(entry.body), device)
            projections.refresh_all(self.db, touched)

    @contextmanager
    def _readable(self) -> Iterator[None]:
        """Entries the province signed and nobody can apply change nothing and are told by name: own events go up all the same.

        Raises:
            EnvelopeError: an entry is malformed.
        """
        try:
            with undone_alone(self.db):
                yield
        except _CONTENT_ERRORS as error:
            raise EnvelopeError(f"an entry of the feed cannot be applied: {type(error).__name__}") from error

    def epoch(self) -> int:
        return int(self.meta("epoch", 0))

    def reset_feed(self, epoch: int) -> None:
        """Forget the confirmed state of an older epoch; every local event is pending again until the new feed acknowledges it."""
        self.set_meta("epoch", epoch)
        self._write("UPDATE incarnation SET base_acked = 0, base_safe = 0")
        self._write("UPDATE milestone SET acked = 0, seq = 0")
        self._write("UPDATE blob SET aside = 0 WHERE aside")
        # A restored province may not know yet that these left the kiosks; a summary stays, for what it was read off may be gone.
        self._write("DELETE FROM closed WHERE NOT shown")
        self._write("DELETE FROM feed")
        self._write("DELETE FROM staged_line")
        self.set_meta("staged", None)
        projections.set_feed_base(self.db, 0, ZERO_HEAD)
        projections.rebuild(self.db, self.identity_or_raise().device)

    # --- snapshots -------------------------------------------------------------------------------------------------

    def staged(self) -> tuple[int, bytes, int]:
        row = self.meta("staged")
        if row is None:
            return 0, b"", 0
        seq, head = json.loads(row)
        held = self._one("SELECT coalesce(max(n), 0) FROM staged_line")
        return seq, bytes.fromhex(head), int(held[0]) if held else 0

    def stage(self, seq: int, head: bytes, after: int, lines: Sequence[bytes]) -> None:
        if self.staged()[:2] != (seq, head):
            self._write("DELETE FROM staged_line")
            self.set_meta("staged", json.dumps([seq, head.hex()]))
        with self._lock:
            self.db.conn.executemany(
                "INSERT OR REPLACE INTO staged_line (n, body) VALUES (?, ?)", enumerate(lines, start=after + 1)
            )

    def install(self) -> None:
        seq, head, _ = self.staged()
        with step("feed.apply"), self._readable():
            projections.install(self.db, seq, head, self.identity_or_raise().device)
        self._write("DELETE FROM staged_line")
        self.set_meta("staged", None)

    # --- keys, refused things --------------------------------------------------------------------------------------

    def keys_documents(self) -> Sequence[bytes]:
        with self._lock:
            return [bytes(row[0]) for row in self.db.conn.execute("SELECT body FROM keys_document ORDER BY id").fetchall()]

    def keep_keys_document(self, document: bytes) -> None:
        self._write("INSERT OR IGNORE INTO keys_document (body) VALUES (?)", document)

    def quarantine(self, source: str, reason: str, body: bytes) -> None:
        row = self._one("SELECT count(*), coalesce(sum(length(body)), 0) FROM quarantine")
        assert row is not None, "a count is a row"
        if row[0] >= QUARANTINE_MOST or row[1] + len(body) > QUARANTINE_BYTES:
            body = b""
        self._write(
            "INSERT INTO quarantine (source, reason, body, at) SELECT ?, ?, ?, ?"
            " WHERE NOT EXISTS (SELECT 1 FROM quarantine WHERE source = ? AND reason = ? AND body = ?)",
            *(source, reason, body, self.clock.now().isoformat(), source, reason, body),
        )
