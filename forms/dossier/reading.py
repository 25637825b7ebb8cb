"""Questions to folded fields: what stands, what is derived, what waits for a person. Contents may be of any shape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from forms.dossier.fields import Fields, same
from forms.dossier.fold import is_paused
from forms.dossier.records import Conflict, FeeState
from forms.dossier.states import Role, Status

SUGGESTED: Final = "suggested"
"""Why of a conflict that is a wish of the province."""


def parsed(value: Any) -> datetime | None:
    """An ISO time with its zone that any other zone can tell, else ``None``."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo is not None and 1 < moment.year < 9999 else None


def answers_of(fields: Fields) -> dict[str, Any]:
    """The citizen's answers, by question."""
    return {name[2:]: value for name, value in fields.items() if name.startswith("a.")}


def resumes(fields: Fields) -> int:
    """Where a waiting dossier goes on: the status it left. Steps of version 1 did not keep it; then «Được tiếp nhận»."""
    left = fields["paused"][-1].get("left") if is_paused(fields) else None
    return Status.PROCESSING if left == Status.PROCESSING else Status.ACCEPTED


def entries(fields: Fields, prefix: str) -> dict[str, Any]:
    """Entries of an add-only set (``note``, ``at``, ``fee``) by id, without those a tombstone hides."""
    start = len(prefix) + 1
    return {
        name[start:]: value
        for name, value in fields.items()
        if name.startswith(f"{prefix}.") and not _buried(fields.get(f"rm.{name}"), value)
    }


def _buried(grave: Any, value: Any) -> bool:
    return isinstance(grave, Mapping) and same(grave.get("saw"), value)


def fees_received(fields: Fields) -> int:
    """Đồng received: the sum of what officials wrote down, claims of citizens left out."""
    return sum(_amount(fee) for fee in entries(fields, "fee").values())


def _amount(fee: Any) -> int:
    if not isinstance(fee, Mapping) or fee.get("state") != FeeState.RECEIVED.value or not _by_office(fee.get("by")):
        return 0
    text = fee.get("amount_vnd")
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= 12 else 0


def _by_office(by: Any) -> bool:
    return isinstance(by, Mapping) and by.get("role") in (Role.OFFICIAL.value, Role.PROVINCE.value)


def conflict_of(entry: Mapping[str, Any]) -> Conflict:
    """The conflict in an entry of the feed (``cf``, ``na``). Its id is the losing event and the field, so it is the same wherever
    and whenever the feed is read."""
    field = str(entry.get("f") or "")
    place = "-".join(str(entry.get(key, "")) for key in ("dev", "inc", "n"))
    id = f"{place}:{field}" if field else place
    return Conflict(id, field, entry.get("kept"), entry.get("lost"), str(entry.get("why", "")))


def is_decided(fields: Fields, conflict: Conflict) -> bool:
    """Whether a person has decided it."""
    return f"decided.{conflict.id}" in fields


def open_conflicts(fields: Fields, entries: Iterable[Mapping[str, Any]]) -> list[Conflict]:
    """What waits for an official: values that gave way and steps not applied (``entries`` of the feed), wishes of the province."""
    told = (*map(conflict_of, entries), *_suggestions(fields))
    return [conflict for conflict in told if not is_decided(fields, conflict)]


def _suggestions(fields: Fields) -> list[Conflict]:
    found = []
    for name, wish in fields.items():
        if name.startswith("suggest.") and isinstance(wish, Mapping):
            field = name.removeprefix("suggest.")
            if not same(fields.get(field), wish.get("value")):
                found.append(Conflict(f"{name}.{wish.get('n')}", field, fields.get(field), wish.get("value"), SUGGESTED))
    return found
