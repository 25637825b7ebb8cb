"""A disk in memory that keeps transactions, and fails as disks fail.

Every change goes through :meth:`Disk.put`, :meth:`Disk.push` and their kin, which note how to take it back; so a transaction that
raises costs only what it did, never a copy of the state. A commit is durable at once (the product runs ``synchronous=FULL``);
were it loose, :meth:`Disk.cut_power` would take it back. A fault is set from outside: a crash before or after a commit, no room
left at the n-th write, a disk that was remounted read-only.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_ABSENT = object()
_PUSHED = object()
_CUT = object()


class Crash(Exception):
    """The power goes."""


class DiskFull(Exception):
    """A write finds no room, or the disk takes no writes any more. The transaction it belongs to is undone."""


class Disk:
    """Transactions over plain lists, dictionaries and attributes."""

    def __init__(self) -> None:
        self._undo: list[tuple[Any, Any, Any]] = []
        self._loose: list[list[tuple[Any, Any, Any]]] = []
        self._inside = False
        self.crash_at: tuple[str, int] | None = None
        """``("before_commit" | "after_commit", n)``: crash there at the n-th commit from now."""
        self.room: int | None = None
        """Writes until the disk is full; ``None`` = room enough."""
        self.read_only = False

    @contextmanager
    def transaction(self, *, loose: bool = False) -> Iterator[None]:
        """Undone when the block raises, durable when it ends; a ``loose`` one may still be lost with the power (a planted bug)."""
        assert not self._inside, "the core never nests transactions"
        self._inside = True
        try:
            yield
            self.strike("before_commit")
        except BaseException:
            self._take_back(self._undo)
            raise
        finally:
            self._inside = False
        if loose:
            self._loose.append(self._undo)
        self._undo = []
        self.strike("after_commit")

    def cut_power(self) -> None:
        """Whatever is not on the platter is gone."""
        while self._loose:
            self._take_back(self._loose.pop())

    def heal(self) -> None:
        """The faults that were set are over."""
        self.crash_at, self.room, self.read_only = None, None, False

    # --- changes ------------------------------------------------------------------------------------------------

    def put(self, table: dict[Any, Any], key: Any, value: Any) -> None:
        self._write(table, key, table.get(key, _ABSENT))
        table[key] = value

    def drop(self, table: dict[Any, Any], key: Any) -> None:
        self._write(table, key, table.get(key, _ABSENT))
        table.pop(key, None)

    def push(self, items: list[Any], item: Any) -> None:
        self._write(items, _PUSHED, None)
        items.append(item)

    def cut(self, items: list[Any], start: int, stop: int) -> None:
        """Remove ``items[start:stop]``."""
        self._write(items, _CUT, (start, items[start:stop]))
        del items[start:stop]

    def set(self, owner: object, name: str, value: Any) -> None:
        self._write(owner, name, getattr(owner, name))
        setattr(owner, name, value)

    # --- faults -------------------------------------------------------------------------------------------------

    def _write(self, owner: Any, key: Any, old: Any) -> None:
        """Note how to take a change back, unless it finds no room. Outside a transaction a change stands at once."""
        if self.read_only:
            raise DiskFull("read-only")
        if self.room is not None:
            if self.room == 0:
                raise DiskFull("full")
            self.room -= 1
        if self._inside:
            self._undo.append((owner, key, old))

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
