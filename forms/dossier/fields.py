"""Field classes: who owns a field of a dossier, and what becomes of a second value (SYNC design 1.10).

Every field has exactly one class, told by its name or the part before its first dot; a field nobody has declared belongs to the
commune. The rules of the classes are kept in :mod:`forms.dossier.fold`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

Fields = Mapping[str, Any]
"""A dossier: field name -> JSON value. Money is whole đồng as text, times are ISO with their zone."""


class FieldClass(StrEnum):
    """Who owns a field."""

    IMMUTABLE = "I"
    """One value for ever; another one only by an official's correction with its reason."""
    COMMUNE = "C"
    """The commune's; the province suggests."""
    PROVINCE = "P"
    """The province's; what a kiosk writes is recorded and ignored."""
    SHARED = "S"
    """Both write; what the writer had not seen stays and the new value is recorded."""
    ADD_ONLY = "A"
    """Entries under names of their own, never rewritten; a tombstone hides exactly one."""
    NUMBER = "N"
    """As add-only; a sum is derived, never set."""
    STATE = "T"
    """Written by a lawful act only, together with it."""


CORRECTABLE: Final = frozenset({"applicant", "owner", "submitter", "authorisation", "channel", "filed_at"})
"""Immutable fields a correction may change. A wrong procedure or code is no slip of the pen: that dossier is filed anew."""

FIRST: Final = frozenset({"procedure", "form", "code", "key", "unit"}) | CORRECTABLE
"""Immutable fields, written by the filing."""

_NAMED: Final[Mapping[str, FieldClass]] = {
    **dict.fromkeys(FIRST, FieldClass.IMMUTABLE),
    **dict.fromkeys(("status", "status_at", "due", "due_before", "calendar", "paused"), FieldClass.STATE),
    **dict.fromkeys(("resolving", "route", "corrections"), FieldClass.STATE),
    **dict.fromkeys(("official_code", "province_received_at", "province_due", "result_number"), FieldClass.PROVINCE),
    **dict.fromkeys(("remark", "appointment"), FieldClass.SHARED),
}
_PREFIXED: Final[Mapping[str, FieldClass]] = {
    "note": FieldClass.ADD_ONLY,
    "at": FieldClass.ADD_ONLY,
    "fee": FieldClass.NUMBER,
    "suggest": FieldClass.PROVINCE,
    **dict.fromkeys(("receipt", "refusal", "supplement", "duties", "extension", "stop", "result", "handover"), FieldClass.STATE),
    **dict.fromkeys(("decided", "rm"), FieldClass.STATE),
}


@lru_cache(maxsize=4096)
def field_class(name: str) -> FieldClass:
    """Class of a field: by name, by prefix, else commune-owned."""
    prefix, dot, _ = name.partition(".")
    if dot and prefix in _PREFIXED:
        return _PREFIXED[prefix]
    return _NAMED.get(name, FieldClass.COMMUNE)


def same(one: Any, other: Any) -> bool:
    """Equal as JSON: ``1`` and ``true`` are two values."""
    return type(one) is type(other) and bool(one == other)
