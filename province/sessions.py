"""Sessions in the database, saved through the one writer, so that signing in never meets "database is locked"."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseSession

from province.writer import writing


class SessionStore(DatabaseSession):
    """Django's database session, queued behind the writer."""

    def save(self, must_create: bool = False) -> None:
        with writing():
            super().save(must_create=must_create)

    def delete(self, session_key: str | None = None) -> None:
        with writing():
            super().delete(session_key)

    def cycle_key(self) -> Any:
        with writing():
            return super().cycle_key()
