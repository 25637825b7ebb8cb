"""Django's SQLite backend on sqlcipher3's SQLite instead of the interpreter's.

Every SQLite from 3.7.0 to 3.51.2 can lose committed pages when two connections meet at a WAL reset, and the interpreter's is
one of them. So Django's own backend is imported here once with ``sqlcipher3`` standing where it asks for ``sqlite3``; nothing
else in the process is touched. A connection is handed out only after the library's version, WAL and ``synchronous=FULL`` were
read back from it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import sqlcipher3
import sqlcipher3.dbapi2

from province.errors import ProvinceError

OLDEST: Final = (3, 51, 3)
"""First SQLite without the WAL-reset race."""


@contextmanager
def _standing_in_for_sqlite3() -> Iterator[None]:
    names = {"sqlite3": sqlcipher3, "sqlite3.dbapi2": sqlcipher3.dbapi2}
    before = {name: sys.modules.get(name) for name in names}
    sys.modules.update(names)
    try:
        yield
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


with _standing_in_for_sqlite3():
    from django.db.backends.sqlite3 import base as django_base

if django_base.DatabaseWrapper.Database is not sqlcipher3.dbapi2:
    raise ImportError("django.db.backends.sqlite3 was imported with the interpreter's sqlite3 before province.sqlite")

# Bytes go in as they are. Unless told so, the library asks each value whether it would rather be something else, and that costs
# as much as the insert itself.
sqlcipher3.dbapi2.register_adapter(bytes, bytes)


def check_version(found: tuple[int, ...]) -> None:
    """Refuse a library with the WAL-reset race.

    Raises:
        ProvinceError: ``sqlite_too_old``.
    """
    if found < OLDEST:
        raise ProvinceError(
            "sqlite_too_old",
            f"SQLite {'.'.join(map(str, found))} quá cũ: có lỗi WAL làm mất dữ liệu đã ghi.",
            f"Cài sqlcipher3 mang SQLite từ {'.'.join(map(str, OLDEST))} trở lên.",
        )


class DatabaseWrapper(django_base.DatabaseWrapper):
    """One connection, checked before its first use."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        check_version(sqlcipher3.dbapi2.sqlite_version_info)
        connection = super().get_new_connection(conn_params)
        mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
        synchronous = connection.execute("PRAGMA synchronous").fetchone()[0]
        if mode != "wal" or synchronous != 2:
            connection.close()
            raise ProvinceError(
                "sqlite_not_durable",
                f"Cơ sở dữ liệu không chạy ở chế độ bền (journal_mode={mode}, synchronous={synchronous}).",
                "Đặt tệp dữ liệu trên ổ đĩa trong máy, không đặt trên thư mục mạng.",
            )
        return connection
