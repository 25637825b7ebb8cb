"""A disk in memory that keeps transactions, and fails as disks fail.

Every change goes through :meth:`Disk.put`, :meth:`Disk.push` and their kin, which note how to take it back; so a transaction that
raises costs only what it did, never a copy of the state. A commit is durable at once (the product runs ``synchronous=FULL``);
were it loose, :meth:`Disk.cut_power` would take it back. A fault is set from outside: a crash before or after a commit, no room
left at the n-th write, a disk that was remounted read-only.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

_ABSENT = object()
_PUSHED = object()
_CUT = object()


class Crash(Exception):
    """The power goes."""


class DiskFull(Exception):
    """A write finds no room, or the disk takes no writes any more. The transaction it belongs to is undone."""


@dataclass(frozen=True, slots=True)
class _Transaction(AbstractContextManager[None]):
    disk: Disk
    loose: bool

    def __enter__(self) -> None:
        self.disk.begin()

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None:
            self.disk.commit(loose=self.loose)
        else:
            self.disk.roll_back()


class Disk:
    """Transactions over plain lists, dictionaries and attributes."""

    def __init__(self) -> None:
        self._undo: list[tuple[Any, Any, Any]] = []
        self._loose: list[list[tuple[Any, Any, Any]]] = []
        self._inside = False
        self.crash_at: tuple[str, int] | None = None
        """``("before_commit" | "after_commit", n)``: crash there at the n-th commit from now."""
        self.changes = 0
        """Grows with every change, also one that is taken back: what was checked at the same number need not be checked again."""
        self.room: int | None = None
        """Writes until the disk is full; ``None`` = room enough."""
        self.read_only = False

    def transaction(self, *, loose: bool = False) -> AbstractContextManager[None]:
        """Undone when the block raises, durable when it ends; a ``loose`` one may still be lost with the power (a planted bug)."""
        return _Transaction(self, loose)

    def begin(self) -> None:
        """What is changed from here on can be taken back."""
        assert not self._inside, "the core never nests transactions"
        self._inside = True

    def roll_back(self) -> None:
        """Take back what was changed since :meth:`begin`."""
        self.changes += 1
        self._take_back(self._undo)
        self._inside = False

    def commit(self, *, loose: bool) -> None:
        """What was changed stands, unless it is ``loose`` and the power goes."""
        try:
            self.strike("before_commit")
        except Crash:
            self.roll_back()
            raise
        if loose:
            self._loose.append(self._undo)
        self._undo = []
        self._inside = False
        self.strike("after_commit")

    def cut_power(self) -> None:
        """Whatever is not on the platter is gone."""
        self.changes += 1
        while self._loose:
            self._take_back(self._loose.pop())

    def heal(self) -> None:
        """The faults that were set are over."""
        self.crash_at, self.room, self.read_only = None, None, False

    # --- changes ------------------------------------------------------------------------------------------------

    def put(self, table: dict[Any, Any], key: Any, value: Any) -> None:
        self._find_room()
        if self._inside:
            self._undo.append((table, key, table.get(key, _ABSENT)))
        table[key] = value

    def drop(self, table: dict[Any, Any], key: Any) -> None:
        self._find_room()
        if self._inside:
            self._undo.append((table, key, table.get(key, _ABSENT)))
        table.pop(key, None)

    def push(self, items: list[Any], item: Any) -> None:
        self._find_room()
        if self._inside:
            self._undo.append((items, _PUSHED, None))
        items.append(item)

    def cut(self, items: list[Any], start: int, stop: int) -> None:
        """Remove ``items[start:stop]``."""
        self._find_room()
        if self._inside:
            self._undo.append((items, _CUT, (start, items[start:stop])))
        del items[start:stop]

    def set(self, owner: object, name: str, value: Any) -> None:
        self._find_room()
        if self._inside:
            self._undo.append((owner, name, getattr(owner, name)))
        setattr(owner, name, value)

    # --- faults -------------------------------------------------------------------------------------------------

    def _find_room(self) -> None:
        """For one more write. Outside a transaction it stands at once."""
        self.changes += 1
        if self.read_only:
            raise DiskFull("read-only")
        if self.room is not None:
            if self.room == 0:
                raise DiskFull("full")
            self.room -= 1

    def strike(self, point: str) -> None:
        """Crash here when that was set."""
        if self.crash_at is None or self.crash_at[0] != point:
            return
        left = self.crash_at[1] - 1
        self.crash_at = (point, left) if left else None
        if not left:
            raise Crash(point)

    @staticmethod
    def _take_back(undo: list[tuple[Any, Any, Any]]) -> None:
        while undo:
            owner, key, old = undo.pop()
            if key is _PUSHED:
                owner.pop()
            elif key is _CUT:
                owner[old[0] : old[0]] = old[1]
            elif not isinstance(owner, dict):
                setattr(owner, key, old)
            elif old is _ABSENT:
                owner.pop(key, None)
            else:
                owner[key] = old
