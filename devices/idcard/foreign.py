"""Foreign ASN.1 read so that damage is a ``ValueError`` and nothing else.

asn1crypto decodes lazily, at the first look at a field, and what it makes of bytes nobody meant for it surfaces as almost any
exception. Everything that looks into a structure from a card or a technician's folder therefore does so inside :func:`reading`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any


class AlgorithmUnknown(ValueError):
    """An algorithm, curve or parameter nobody here can verify: no damage, and no verdict either."""


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Turn every way of failing on damaged bytes into ``ValueError``; :class:`AlgorithmUnknown` passes."""
    try:
        yield
    except AlgorithmUnknown:
        raise
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        raise ValueError(f"{what} cannot be read") from None


def moment(value: Any) -> datetime:
    """The time in an ASN.1 time field. ``ValueError`` for one without a zone, which compares with nothing."""
    time = value.native
    if not isinstance(time, datetime) or time.tzinfo is None:
        raise ValueError("time without a zone")
    return time
