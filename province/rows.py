"""Many rows in one statement, past Django's model instances, which cost ten times what the database itself takes.

The models stay the truth about tables and columns; rows are tuples in the order of the named fields. For the tables that grow with
every event only: everything else is written through the models.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from typing import Any, Final, NamedTuple

from django.db import connection, models

from sync.envelope import Origin

_AT_ONCE: Final = 900
"""Values of one question: every SQLite takes so many."""


class Line(NamedTuple):
    """A row of :class:`province.models.EventRow`."""

    device: int
    incarnation: int
    n: int
    body: bytes
    head: bytes
    event_id: bytes
    commune: str
    dossier: str
    received_ms: int


class Entry(NamedTuple):
    """A row of :class:`province.models.FeedRow`."""

    commune: str
    dossier: str
    seq: int
    body: bytes
    head: bytes
    origin_device: int | None
    origin_incarnation: int | None
    origin_n: int | None
    made_ms: int

    @property
    def origin(self) -> Origin | None:
        """The event it follows from; ``None`` for the province's own act."""
        if self.origin_device is None or self.origin_incarnation is None or self.origin_n is None:
            return None
        return Origin(self.origin_device, self.origin_incarnation, self.origin_n)


def insert(model: type[models.Model], fields: Sequence[str], rows: Iterable[Sequence[Any]], key: Iterable[str] = ()) -> None:
    """Insert rows; where one with the same ``key`` is there, its other fields are replaced."""
    given = list(rows)
    if given:
        with connection.cursor() as cursor:
            cursor.executemany(_statement(model, tuple(fields), tuple(key)), given)


def select(model: type[models.Model], fields: Sequence[str], one: str, among: Sequence[Any], **where: Any) -> list[tuple[Any, ...]]:
    """The named fields of the rows in which the field ``one`` has any of these values and other fields have theirs."""
    rows: list[tuple[Any, ...]] = []
    with connection.cursor() as cursor:
        for at in range(0, len(among), _AT_ONCE):
            some = among[at : at + _AT_ONCE]
            cursor.execute(_query(model, tuple(fields), one, len(some), tuple(where)), [*where.values(), *some])
            rows += cursor.fetchall()
    return rows


@cache
def _statement(model: type[models.Model], fields: tuple[str, ...], key: tuple[str, ...]) -> str:
    names = _columns(model)
    columns, places = ", ".join(names[one] for one in fields), ", ".join(["%s"] * len(fields))
    text = f"INSERT INTO {_table(model)} ({columns}) VALUES ({places})"
    if not key:
        return text
    replaced = ", ".join(f"{names[one]} = excluded.{names[one]}" for one in fields if one not in key)
    return f"{text} ON CONFLICT ({', '.join(names[one] for one in key)}) DO UPDATE SET {replaced}"


@lru_cache(maxsize=256)
def _query(model: type[models.Model], fields: tuple[str, ...], one: str, count: int, where: tuple[str, ...]) -> str:
    names = _columns(model)
    equal = "".join(f"{names[other]} = %s AND " for other in where)
    among = f"{names[one]} IN ({', '.join(['%s'] * count)})"
    return f"SELECT {', '.join(names[name] for name in fields)} FROM {_table(model)} WHERE {equal}{among}"


def _columns(model: type[models.Model]) -> dict[str, str]:
    return {one.attname: connection.ops.quote_name(str(one.column)) for one in model._meta.concrete_fields}


def _table(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)
