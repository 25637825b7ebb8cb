"""Who has the store open: a lock file beside it, so that a restore never pulls the file away from a running program.

Every open :class:`kiosk.store.store.Store` holds the lock shared for its life; a restore takes it alone. The lock is ``flock``,
so a killed program frees it. The lock file is empty and stays; only who made it and then finds that no store of ours comes to lie
here takes it away again, alone (:meth:`Hold.undo`). Whoever waits with a file that was taken away opens the new one, so two
programs never lock two files.
"""

from __future__ import annotations

import fcntl
import os
import weakref
from contextlib import suppress
from pathlib import Path

from kiosk.store.connection import StoreError, cannot_write


class Hold:
    """The lock of the store at ``path``, shared or ``alone``; freed by :meth:`free`, by the collector or by death.

    Raises:
        StoreError: ``store_in_use`` when others hold it in a way that does not go together with this one, ``store_io`` when the
            disk cannot be written.
    """

    def __init__(self, path: Path, *, alone: bool = False) -> None:
        self._file = path.with_name(path.name + ".lock")
        self._made = [one for one in (self._file, *path.parents) if not one.exists()]
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._handle = self._lock(alone)
            while not self._is_there():
                os.close(self._handle)
                self._handle = self._lock(alone)
        except OSError as error:
            raise cannot_write(error) from None
        self.free = weakref.finalize(self, os.close, self._handle)

    def _lock(self, alone: bool) -> int:
        handle = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            if not isinstance(error, BlockingIOError):
                raise
            raise _in_use(alone) from None
        return handle

    def _is_there(self) -> bool:
        """Whether what is locked still bears the name."""
        try:
            return os.path.samestat(os.fstat(self._handle), self._file.stat())
        except FileNotFoundError:
            return False

    def undo(self) -> None:
        """Free it, and leave the place as it was found: the file and the folders this hold made go, when nobody else uses them."""
        with suppress(OSError):
            if self._made[:1] == [self._file]:
                fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._file.unlink()
                for folder in self._made[1:]:
                    folder.rmdir()
        self.free()


def _in_use(alone: bool) -> StoreError:
    if alone:
        return StoreError(
            "store_in_use",
            "Kho hồ sơ đang được dùng: kiosk hoặc tiến trình đồng bộ còn chạy.",
            "Dừng kiosk và đồng bộ trên máy này rồi chạy lại lệnh; chưa có gì thay đổi.",
        )
    return StoreError("store_in_use", "Kho hồ sơ đang được khôi phục.", "Chờ khôi phục xong rồi mở lại.")
