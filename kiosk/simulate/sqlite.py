"""The same schedules against the kiosk's real store: an encrypted SQLite file per machine, in memory-backed or ordinary folders.

The kiosk's side is the product's :class:`kiosk.store.store.Store`, its migrations, projections and ledger; the province's stays in
memory, since the two buildings know each other on the wire only. A crash ends a transaction in its middle, a full disk is SQLite's
own error at the next page, an image is a copy of the file; the ledger beside it notices a restored file by itself.
Attachments lie in a folder of their own in the product and are left to the schedules in memory.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any, Final

from forms.dossier import Draft
from kiosk.clock import Clock
from kiosk.store.connection import OperationalError, connect
from kiosk.store.migrations import migrate
from kiosk.store.reserve import Reserve
from kiosk.store.store import Identity, Store
from sync.envelope import Event, Origin, chain
from sync.ports import FeedEntry, Line
from sync.simulator.authority import FAST_FORGE
from sync.simulator.disk import Disk, DiskFull
from sync.simulator.meaning import CountingMerge, Meaning, counter
from sync.simulator.memory import Facts, File, KioskState, MemoryKiosk, readable

KEY: Final = bytes(range(32))
WITHOUT: Final = frozenset({"a file is scanned", "kiosk upgraded"})
"""What these schedules leave out."""


class StoreKiosk(MemoryKiosk):
    """A kiosk's journal in a real file; what a schedule asks of the one in memory, asked of this."""

    def __init__(self, device: int, rng: random.Random, meaning: Meaning | None = None) -> None:
        self.device, self.rng = device, rng
        self.meaning = meaning or CountingMerge()
        self.disk = Disk()
        self.state = KioskState([])
        self._facts = Facts()
        self._openings = 0
        self.number = 0
        self._random = random.Random(rng.getrandbits(64))
        self._folder = Path(mkdtemp(prefix="simulate-", dir=ROOMS[-1] if ROOMS else None))
        (self._folder / "store.db").write_bytes(_empty_store())
        self._open()

    # --- opening ------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        self._openings += 1
        clock = Clock(lambda: self._facts.wall_ms / 1000, lambda: 0.0, lambda: "boot")
        reserve = Reserve(self._folder / "reserve", 0, 0)
        file, ledger = self._folder / "store.db", self._folder / "ledger"
        self.store = Store(file, KEY, clock=clock, ledger=ledger, reserve=reserve, random=self._random)
        self.store.set_identity(Identity(self.device, "01273", FAST_FORGE.signer(bytes(32))))

    def reopen(self) -> None:
        """The program starts again."""
        self.store.close()
        self._open()

    def image(self) -> bytes:
        self.store.scrub()
        return (self._folder / "store.db").read_bytes()

    def put_back(self, image: object) -> None:
        assert isinstance(image, bytes)
        self.store.close()
        for name in ("store.db-wal", "store.db-shm"):
            (self._folder / name).unlink(missing_ok=True)
        (self._folder / "store.db").write_bytes(image)
        self._open()

    def close(self) -> None:
        self.store.close()
        shutil.rmtree(self._folder)

    # --- the port -----------------------------------------------------------------------------------------------

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """One transaction of the store, with the faults that are set on the disk."""
        with self._failing(), self.store.transaction():
            yield
            self.disk.strike("before_commit")
        self.disk.strike("after_commit")

    @contextmanager
    def _failing(self) -> Iterator[None]:
        connection = self.store.db.conn
        if self.disk.room is not None:
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count = {pages + self.disk.room // 4}")
        if self.disk.read_only:
            connection.execute("PRAGMA query_only = ON")
        try:
            yield
        except OperationalError as error:
            if "full" in str(error) or "readonly" in str(error):
                raise DiskFull(str(error)) from error
            raise
        except IsADirectoryError as error:
            raise DiskFull("no number is left") from error
        finally:
            connection.execute("PRAGMA query_only = OFF")
            connection.execute(f"PRAGMA max_page_count = {1 << 30}")

    def identity(self) -> tuple[int, int]:
        return self.store.identity()

    def incarnations(self) -> Sequence[int]:
        return self.store.incarnations()

    def last(self, incarnation: int) -> tuple[int, bytes]:
        return self.store.last(incarnation)

    def base(self, incarnation: int) -> int:
        return self.store.base(incarnation)

    def head_at(self, incarnation: int, n: int) -> bytes | None:
        return self.store.head_at(incarnation, n)

    def lines(self, incarnation: int, after: int, limit: int) -> Sequence[Line]:
        return self.store.lines(incarnation, after, limit)

    def prune(self, incarnation: int, n: int) -> int:
        return self.store.prune(incarnation, n)

    def told(self, incarnation: int) -> int:
        return self.store.told(incarnation)

    def set_told(self, incarnation: int, n: int) -> None:
        self.store.set_told(incarnation, n)

    def acked(self, incarnation: int) -> int:
        return self.store.acked(incarnation)

    def safe(self, incarnation: int) -> int:
        return self.store.safe(incarnation)

    def feed_position(self) -> tuple[int, bytes]:
        return self.store.feed_position()

    def feed_head_at(self, seq: int) -> bytes | None:
        return self.store.feed_head_at(seq)

    def apply_feed(self, entries: Sequence[FeedEntry]) -> None:
        self.store.apply_feed(entries)

    def epoch(self) -> int:
        return self.store.epoch()

    def reset_feed(self, epoch: int) -> None:
        self.store.reset_feed(epoch)

    def rebase_incarnation(self, incarnation: int, common: int) -> int:
        return self.store.rebase_incarnation(incarnation, common)

    def staged(self) -> tuple[int, bytes, int]:
        return self.store.staged()

    def stage(self, seq: int, head: bytes, after: int, lines: Sequence[bytes]) -> None:
        self.store.stage(seq, head, after, lines)

    def install(self) -> None:
        self.store.install()

    def keys_documents(self) -> Sequence[bytes]:
        return self.store.keys_documents()

    def keep_keys_document(self, document: bytes) -> None:
        self.store.keep_keys_document(document)

    def quarantine(self, source: str, reason: str, body: bytes) -> None:
        self.store.quarantine(source, reason, body)

    # --- what a use case does -----------------------------------------------------------------------------------

    def work(
        self, dossier: str, acts: Sequence[tuple[str, Mapping[str, Any]]], facts: Facts, files: Mapping[str, File] | None = None
    ) -> Origin:
        self._facts = facts
        with self._failing(), self.store.work(facts.actor) as unit:
            first = unit.next()
            number = self.number if dossier else unit.take_number()
            unit.append([Draft(dossier or unit.new_dossier(), kind, content) for kind, content in acts], base=facts.base)
        self.number = number
        return first

    def write_raw(self, body: bytes) -> Origin:
        with self.store.work("cb07") as unit:
            unit.n, unit.head, unit.first = unit.n + 1, chain(unit.head, body), unit.n + 1
            self.store.db.conn.execute(
                "INSERT INTO log (inc, n, d, body, head) VALUES (?, ?, '', ?, ?)", (unit.inc, unit.n, body, unit.head)
            )
            return Origin(self.device, unit.inc, unit.n)

    @contextmanager
    def out_of_numbers(self) -> Iterator[None]:
        """The ledger cannot be written: a folder lies where its new file would."""
        in_the_way = self._folder / "ledger.new"
        in_the_way.mkdir()
        try:
            yield
        finally:
            in_the_way.rmdir()

    def stamp(self) -> object:
        return self._openings, self.store.db.conn.total_changes

    def confirmed(self, dossier: str) -> Mapping[str, Any]:
        """What the feed has brought, with what the store itself folds of what waits: it does not count."""
        return self.store.fields(dossier)

    def fields(self, dossier: str) -> dict[str, Any]:
        own = [(origin, event) for origin, event in self._own(pending=True) if event.dossier == dossier]
        if not own and self.is_closed(dossier):
            return {}
        fields = dict(self.confirmed(dossier))
        for origin, event in own:
            name = counter(event, origin)
            fields[name] = fields.get(name, 0) + 1
        return fields

    def conflicts(self, dossier: str) -> list[Mapping[str, Any]]:
        return [json.loads(row["entry"]) for row in self.store.rows("SELECT entry FROM conflict WHERE d = ?", [dossier])]

    def dossiers(self) -> list[str]:
        listed = [row["d"] for row in self.store.rows("SELECT d FROM dossier ORDER BY d")]
        own = {event.dossier for event in self.own(pending=True)}
        return [dossier for dossier in listed if dossier in own or not self.is_closed(dossier)]

    def is_closed(self, dossier: str) -> bool:
        return bool(self.store.rows("SELECT 1 FROM closed WHERE d = ?", [dossier]))

    def _own(self, *, pending: bool) -> Iterable[tuple[Origin, Event]]:
        for inc in self.incarnations():
            for line in self.lines(inc, self.acked(inc) if pending else 0, 1 << 30):
                event = readable(line.body)
                if event is not None:
                    yield Origin(self.device, inc, line.n), event


@cache
def _empty_store() -> bytes:
    """A store that has its tables and nothing else, no incarnation either: making one takes longer than a schedule."""
    with TemporaryDirectory(prefix="simulate-") as folder:
        file = Path(folder) / "store.db"
        db = connect(file, key=KEY)
        migrate(db)
        db.close()
        return file.read_bytes()


ROOMS: Final[list[Path]] = []
"""Where the files of the schedules lie: the last one is in use."""


@contextmanager
def room(folder: Path | None = None) -> Iterator[None]:
    """A folder for the stores of a run, gone when it ends; in memory where the machine has such a place."""
    shared = Path("/dev/shm")
    place = Path(mkdtemp(prefix="simulate-", dir=folder or (shared if shared.is_dir() else None)))
    ROOMS.append(place)
    try:
        yield
    finally:
        ROOMS.pop()
        shutil.rmtree(place, ignore_errors=True)
