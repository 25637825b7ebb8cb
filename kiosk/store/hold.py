"""Who has the store open: a lock file beside it, so that a restore never pulls the file away from a running program.

Every open :class:`kiosk.store.store.Store` holds the lock shared for its life; a restore takes it alone. The lock is ``flock``,
so a killed program frees it. The lock file is empty and stays where it is: taking it away would let two programs lock two files.
"""

from __future__ import annotations

import fcntl
import os
import weakref
from pathlib import Path

from kiosk.store.connection import StoreError, cannot_write


class Hold:
    """The lock of the store at ``path``, shared or ``alone``; freed by :meth:`free`, by the collector or by death.

    Raises:
        StoreError: ``store_in_use`` when others hold it in a way that does not go together with this one, ``store_io`` when the
            disk cannot be written.
    """

    def __init__(self, path: Path, *, alone: bool = False) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise cannot_write(error) from None
        try:
            fcntl.flock(handle, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            if not isinstance(error, BlockingIOError):
                raise
            raise _in_use(alone) from None
        self.free = weakref.finalize(self, os.close, handle)


def _in_use(alone: bool) -> StoreError:
    if alone:
        return StoreError(
            "store_in_use",
            "Kho hồ sơ đang được dùng: kiosk hoặc tiến trình đồng bộ còn chạy.",
            "Dừng kiosk và đồng bộ trên máy này rồi chạy lại lệnh; chưa có gì thay đổi.",
        )
    return StoreError("store_in_use", "Kho hồ sơ đang được khôi phục.", "Chờ khôi phục xong rồi mở lại.")
