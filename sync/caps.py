"""Up to where the keys of a device count: a revocation ends it, and a key that was replaced ends where the next one began."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

Caps = Mapping[int, int] | None
"""Incarnation -> last n that is taken, nothing of one not named; ``None`` = no cap."""

NO_CAP: Final = 1 << 48


def cap(caps: Caps, incarnation: int) -> int:
    """Last n that is taken."""
    return NO_CAP if caps is None else caps.get(incarnation, 0)


def least(former: Mapping[int, int], caps: Caps) -> Caps:
    """Up to where a former key counts: a revocation caps it like the key in force."""
    return former if caps is None else {inc: min(n, caps.get(inc, 0)) for inc, n in former.items()}


def refusal(revoked: Caps, incarnation: int, n: int) -> str:
    """Why a line beyond the caps is not taken: its device is out of service, or its key was replaced before."""
    return "revoked" if n > cap(revoked, incarnation) else "former_key"
