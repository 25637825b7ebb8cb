"""The one writer: every change at the province happens inside :func:`writing`, one at a time.

Fifty kiosks writing freely met "database is locked" even with a long busy time-out; queued behind one lock none did, and p99
fell tenfold. Inside the process a lock makes the queue; between processes SQLite's own write lock (``BEGIN IMMEDIATE``) or an
advisory lock of PostgreSQL does. When :func:`writing` returns, the transaction is on disk: an answer sent after it may be
relied on.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

from django.db import connection, transaction

from sync.steps import step

_ONE_MOMENT: Final = {
    "sqlite": "BEGIN DEFERRED",
    "postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
}
_QUEUE: Final = threading.RLock()
_ADVISORY: Final = 0x4D43_5801
"""Key of PostgreSQL's advisory lock: one number that this service alone uses in its database."""


@contextmanager
def writing() -> Iterator[None]:
    """Run the block as the only writer, in one durable transaction; any error undoes it whole. May be nested."""
    with _QUEUE, ExitStack() as after, transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ADVISORY])
        yield
        # Left only when the transaction has ended, so the commit lies inside the step.
        after.enter_context(step("province.commit"))


@contextmanager
def one_moment() -> Iterator[None]:
    """Read in the block what the database held when it began; no writer waits for it. Nothing may be written."""
    if connection.in_atomic_block:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(_ONE_MOMENT[connection.vendor])
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")
