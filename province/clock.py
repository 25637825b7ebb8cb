"""Vietnam time. Wall times are data here (ms since the epoch, ISO text), never control flow."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

VIETNAM: Final = ZoneInfo("Asia/Ho_Chi_Minh")


@lru_cache(maxsize=64)
def moment(ms: int) -> datetime:
    """Milliseconds since the epoch as Vietnam time."""
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(VIETNAM)
