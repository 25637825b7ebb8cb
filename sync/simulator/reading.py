"""Lines of logs and entries of feeds as a schedule reads them: again and again, at writing, in views, by the checks; so once."""

from __future__ import annotations

from functools import lru_cache

from sync.envelope import Event, event_id
from sync.envelope import decode as decode_line
from sync.errors import SyncError
from sync.feed import decode_entry

decode = lru_cache(maxsize=8192)(decode_line)
identity = lru_cache(maxsize=8192)(event_id)
entry_of = lru_cache(maxsize=8192)(decode_entry)


def readable(body: bytes) -> Event | None:
    """The event in a line, ``None`` when it is none."""
    try:
        return decode(body)
    except SyncError:
        return None
