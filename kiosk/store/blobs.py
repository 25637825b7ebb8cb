"""Attachments of this kiosk: encrypted files in ``blobs/ab/<sha256>`` beside the store, and how far each is at the province.

A file is made under a temporary name and is durable; then, inside one transaction of the store, it gets its name, its folder is
durable, and only then its event is written: the journal never names a file that a power cut took. What the province said it holds
is a hint (``have``), good for its epoch only; complete is what the feed says (``blob_answer``). A file goes to the province when no
event of its dossier waits to be told, so events are always first; a file whose event the province set aside (``aside``) goes only
when an official sends that event again. It leaves this disk only when its dossier is closed, its lines
are safe off site, and the province has it whole, there too; what is known of it goes when nothing of the dossier stays.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

from kiosk.store.store import Store
from sync.blob.cipher import encrypt, name_of, new_key, records, units_of
from sync.blob.ports import NO_DUE, BlobTask, Lane
from sync.blob.ranges import NONE, Ranges
from sync.durable import to_disk
from sync.errors import BlobDamaged
from sync.steps import step

_WANTED: Final = "coalesce(a.ok, 0) = 0 AND b.aside <= 0"
"""What the province should have and has not. A file whose event it set aside is none until an official sends that again."""
_READY: Final = f"b.here AND b.damaged = '' AND {_WANTED}"
_TOLD: Final = "NOT EXISTS (SELECT 1 FROM log l JOIN incarnation i ON i.inc = l.inc WHERE l.d = b.d AND l.n > i.told)"


@dataclass(frozen=True, slots=True)
class Stored:
    """A file made and durable; ``key`` opens it."""

    id: str
    key: bytes
    size: int
    plain: int


@dataclass(frozen=True, slots=True)
class Made:
    """A file encrypted and durable under a temporary name, not yet part of anything."""

    path: Path
    stored: Stored


@dataclass(frozen=True, slots=True)
class BlobFact:
    """One file as people ask for it."""

    id: str
    dossier: str
    code: str
    """Code of the dossier for people, empty when it has none here."""
    lane: Lane
    size: int
    held: int
    """Bytes the province said it holds."""
    state: str
    """``waiting``, ``complete``, ``damaged``, ``aside``."""
    is_here: bool
    since_ms: int = 0
    """When it was attached, by the kiosk's clock; told while it is on its way."""


KEPT: Final = ".before-restore-"
"""In the names of a store a restore replaced and of the files that were beside it; the number follows."""


def folder_of(store: Path) -> Path:
    """The files of a store: ``blobs`` beside it; ``blobs.before-restore-N`` for one kept as ``*.before-restore-N``."""
    _, mark, number = store.name.partition(KEPT)
    return store.with_name(f"blobs{mark}{number}")


class KioskFiles:
    """Implements :class:`sync.blob.ports.KioskBlobs` on the open store. Any thread may call."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.folder = folder_of(store.path)
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self._added: list[str] = []
        self._made: list[Path] = []

    # --- making -------------------------------------------------------------------------------------------------

    def make(self, source: BinaryIO) -> Made:
        """Encrypt a file under a temporary name, durable on return; outside any transaction, for a large one takes seconds."""
        key, digest = new_key(), hashlib.sha256()
        plain = source.seek(0, os.SEEK_END)
        source.seek(0)
        handle, name = tempfile.mkstemp(prefix=f"new-{os.getpid()}-", dir=self.folder)
        try:
            with os.fdopen(handle, "wb") as out:
                for record in encrypt(source, key):
                    digest.update(record)
                    out.write(record)
                size = out.tell()
                out.flush()
                os.fsync(out.fileno())
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(name)
            raise
        self._made.append(Path(name))
        return Made(Path(name), Stored(digest.hexdigest(), key, size, plain))

    def add(self, made: Made, dossier: str, lane: Lane) -> Stored:
        """Put a file at its place; inside the transaction that writes its event."""
        file = made.stored
        with step("kiosk.blob.place"):
            self._place(made.path, file.id)
            self._added.append(file.id)
        self._store.db.conn.execute(
            "INSERT INTO blob (id, d, size, lane) VALUES (?, ?, ?, ?)", (file.id, dossier, file.size, int(lane))
        )
        return file

    def take_back(self) -> None:
        """The act failed: what was made for it and added in it is no file of ours."""
        for path in (*self._made, *(self.path(blob) for blob in self._added)):
            path.unlink(missing_ok=True)
        self._made.clear()
        self._added.clear()

    def _place(self, file: Path, blob: str) -> None:
        place = self.path(blob)
        if not place.parent.is_dir():
            place.parent.mkdir(mode=0o700)
            to_disk(self.folder)
        os.replace(file, place)
        to_disk(place.parent)

    def path(self, blob: str) -> Path:
        return self.folder / blob[:2] / blob

    # --- for the planner and the sender ---------------------------------------------------------------------------

    def tasks(self) -> Sequence[BlobTask]:
        return self._tasks(f"{_READY} AND {_TOLD}")

    def stick_tasks(self) -> Sequence[BlobTask]:
        """Like :meth:`tasks`, told or not: on a stick the events that tell of them lie beside them."""
        return self._tasks(_READY)

    def _tasks(self, wanted: str) -> Sequence[BlobTask]:
        epoch = self._store.epoch()
        rows = self._store.rows(
            "SELECT b.*, a.ok, a.bad, a.seq, d.due, (SELECT coalesce(sum(o.size), 0) FROM blob o JOIN blob_answer oa"
            " ON oa.id = o.id AND oa.ok WHERE o.d = b.d AND o.lane = b.lane) AS before"
            " FROM blob b LEFT JOIN blob_answer a ON a.id = b.id LEFT JOIN dossier d ON d.d = b.d"
            f" WHERE {wanted}"
        )
        return [
            BlobTask(
                row["id"],
                row["size"],
                Lane(row["lane"]),
                row["d"],
                _due_ms(row["due"]),
                _have(row, epoch),
                int(row["before"]),
            )
            for row in rows
        ]

    def read(self, blob: str, offset: int, length: int) -> bytes:
        try:
            with self.path(blob).open("rb") as file:
                return os.pread(file.fileno(), length, offset)
        except OSError as error:
            raise BlobDamaged(f"the file cannot be read: {type(error).__name__}") from None

    def is_sound(self, blob: str) -> bool:
        try:
            with self.path(blob).open("rb") as file:
                return name_of(file) == blob
        except OSError:
            return False

    def set_have(self, blob: str, have: Ranges) -> None:
        with self._store.transaction():
            self._store.db.conn.execute(
                "UPDATE blob SET have = ?, epoch = ?, seen = coalesce((SELECT seq FROM blob_answer a WHERE a.id = blob.id), 0)"
                " WHERE id = ?",
                (have.encode(), self._store.epoch(), blob),
            )

    def join_have(self, blob: str, more: Ranges) -> None:
        """What a stick says is held, joined to what was said before. Sticks may be old: a record that the feed has called damaged
        meanwhile stays missing, until an answer of now says otherwise."""
        with self._store.transaction():
            epoch = self._store.epoch()
            rows = self._store.rows(
                "SELECT b.*, a.ok, a.bad, a.seq FROM blob b LEFT JOIN blob_answer a ON a.id = b.id WHERE b.id = ?", [blob]
            )
            for row in rows:
                have = _have(row, epoch) | more
                self._store.db.conn.execute("UPDATE blob SET have = ?, epoch = ? WHERE id = ?", (have.encode(), epoch, blob))

    def is_complete(self, blob: str) -> bool:
        """Whether the feed has said that the province has it whole."""
        return bool(self._store.rows("SELECT 1 FROM blob_answer WHERE id = ? AND ok", [blob]))

    def set_damaged(self, blob: str, why: str) -> None:
        with self._store.transaction():
            self._store.db.conn.execute("UPDATE blob SET damaged = ? WHERE id = ?", (why, blob))

    def send_again(self, blob: str) -> None:
        """An official tells the province of a set aside file again; inside the transaction that writes the event."""
        self._store.db.conn.execute("UPDATE blob SET aside = -aside WHERE id = ? AND aside > 0", (blob,))

    # --- for people -----------------------------------------------------------------------------------------------

    def facts(self, dossier: str | None = None) -> list[BlobFact]:
        """All files, or those of one dossier, by dossier and lane."""
        return self._facts("1", []) if dossier is None else self._facts("b.d = ?", [dossier])

    def waiting(self) -> list[BlobFact]:
        """The files the province is to have and does not have whole: few, however many the machine has ever sent."""
        return self._facts(_WANTED, [])

    def _facts(self, wanted: str, given: Sequence[str]) -> list[BlobFact]:
        rows = self._store.rows(
            "SELECT b.*, a.ok, a.bad, a.seq, coalesce(d.official_code, d.code, '') AS code,"
            " CASE WHEN coalesce(a.ok, 0) = 0 THEN (SELECT min(json_extract(CAST(l.body AS TEXT), '$.t')) FROM log l"
            " WHERE l.d = b.d AND NOT l.sealed AND instr(l.body, CAST(b.id AS BLOB))) END AS since"
            " FROM blob b LEFT JOIN blob_answer a ON a.id = b.id LEFT JOIN dossier d ON d.d = b.d"
            f" WHERE {wanted} ORDER BY b.d, b.lane, b.id",
            given,
        )
        return [_fact(row, self._store.epoch()) for row in rows]

    # --- leaving --------------------------------------------------------------------------------------------------

    def forget(self, dossiers: Sequence[str]) -> int:
        """Drop the copies of files that may go, of these dossiers and of those closed before; how many went.

        A file may go when the dossier is closed, no line of the dossier is short of being safe, and the province has the file whole
        (or has set its event aside) in its backup too: an own event acknowledged after that was said is safe (as for feed entries,
        ``kiosk.store.retention``).
        """
        rows = self._store.rows(
            "SELECT b.id, b.d FROM blob b LEFT JOIN blob_answer a ON a.id = b.id WHERE b.here"
            " AND (coalesce(a.ok, 0) OR b.aside > 0) AND NOT EXISTS"
            " (SELECT 1 FROM log l JOIN incarnation i ON i.inc = l.inc WHERE l.d = b.d AND l.n > min(i.acked, i.safe))"
            " AND CASE WHEN a.ok THEN a.seq ELSE b.aside END <="
            " (SELECT max(m.seq) FROM milestone m JOIN incarnation i ON i.inc = m.inc WHERE i.safe > m.acked)"
        )
        closed = {*dossiers, *(row["d"] for row in self._store.rows("SELECT d FROM closed"))}
        going = [row["id"] for row in rows if row["d"] in closed]
        with self._store.transaction():
            self._store.db.conn.executemany("UPDATE blob SET here = 0 WHERE id = ?", [(blob,) for blob in going])
            self._forget_facts()
        for blob in going:
            self.path(blob).unlink(missing_ok=True)
        return len(going)

    def _forget_facts(self) -> None:
        """What is known of files whose dossier has left with its lines and its summary. Never of one the province still is to have;
        an answer above the base of the feed would come back with the next rebuild."""
        left = "d IN (SELECT d FROM closed WHERE NOT shown) AND d NOT IN (SELECT d FROM log)"
        arrived = "aside > 0 OR EXISTS (SELECT 1 FROM blob_answer a WHERE a.id = blob.id AND a.ok)"
        execute = self._store.db.conn.execute
        execute(f"DELETE FROM blob WHERE NOT here AND {left} AND ({arrived})")
        base = self._store.feed_base()[0]
        execute(f"DELETE FROM blob_answer WHERE seq <= ? AND {left} AND id NOT IN (SELECT id FROM blob)", (base,))

    def sweep(self) -> int:
        """Drop what a crash left behind: unfinished files of dead processes, files no transaction came to know; how many."""
        left = 0
        with self._store.transaction():
            known = {row["id"] for row in self._store.rows("SELECT id FROM blob WHERE here")}
            for file in self.folder.glob("new-*"):
                if not Path("/proc", file.name.split("-")[1]).exists():
                    file.unlink(missing_ok=True)
                    left += 1
            for file in self.folder.glob("??/*"):
                if file.name not in known:
                    file.unlink(missing_ok=True)
                    left += 1
        return left


def _have(row: Mapping[str, Any], epoch: int) -> Ranges:
    """What the province holds: its word in this epoch, less the records it has found damaged since."""
    if row["epoch"] != epoch:
        return NONE
    have, size = Ranges.decode(bytes(row["have"])), row["size"]
    if row["ok"] == 0 and row["seq"] > row["seen"]:
        bad = [number for number in json.loads(row["bad"]) if isinstance(number, int) and 0 <= number < records(size)]
        have = have - units_of(tuple(bad), size)
    return have


def _fact(row: Mapping[str, Any], epoch: int) -> BlobFact:
    size = row["size"]
    # All records open and the hash is another one: the event told a name that this file never had.
    misnamed = row["ok"] == 0 and row["bad"] == "[]"
    state = "complete" if row["ok"] else "aside" if row["aside"] > 0 else "damaged" if row["damaged"] or misnamed else "waiting"
    held = size if row["ok"] else _have(row, epoch).held_bytes(size)
    lane, here, since = Lane(row["lane"]), bool(row["here"]), int(row["since"] or 0)
    return BlobFact(row["id"], row["d"], row["code"], lane, size, held, state, here, since)


def _due_ms(due: str | None) -> int:
    """Legal deadline of a dossier for comparing, ms; what is no time counts as none."""
    try:
        return round(datetime.fromisoformat(due or "").timestamp() * 1000)
    except ValueError:
        return NO_DUE
