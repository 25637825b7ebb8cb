"""Named errors of the sync room: a stable code beside an English text for the log."""

from __future__ import annotations


class SyncError(Exception):
    """Base of all expected failures here; ``code`` is stable and may be matched by programs."""

    code = "sync_error"
