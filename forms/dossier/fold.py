"""From events to state: one pure function says what an event does to a dossier, on either side.

:func:`outcome` is that function. The kiosk folds its own events on top of the confirmed fields with it (:func:`apply`), the
province merges with it (:mod:`forms.dossier.merge`), so they cannot disagree. An event that names what it found is applied whole or
refused whole; a plain write is judged by the class of its field. What is not written, or is overwritten unseen, comes back as a
:class:`Loss`: nothing vanishes silently. The fold itself derives what nobody may set: the intervals in which the clock stands, the
due date before the present one, the route between units, the list of corrections.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, NamedTuple

from forms.dossier.events import Change, Draft, change, is_read
from forms.dossier.fields import FieldClass, Fields, field_class, same
from forms.dossier.states import ACTS, PAUSED, TRANSITIONS, Role, Status


class Side(Enum):
    """Who writes the event: a device of the commune, or the province itself."""

    COMMUNE = "commune"
    PROVINCE = "province"


@dataclass(frozen=True, slots=True)
class Loss:
    """A value that is not in the state: ``lost`` gave way to ``kept``. ``why``: ``unseen`` or ``class_I|P|A|N|T``."""

    field: str
    kept: Any
    lost: Any
    why: str


class Outcome(NamedTuple):
    """What an event does. ``refused``: a code, and nothing is written (see :func:`refusal`)."""

    writes: Mapping[str, Any]
    losses: tuple[Loss, ...] = ()
    refused: str | None = None


_FREE: Final = FieldClass.COMMUNE
_OWNED: Final = frozenset({FieldClass.STATE, FieldClass.PROVINCE})
_ONE_VALUE: Final = frozenset({FieldClass.IMMUTABLE, FieldClass.ADD_ONLY, FieldClass.NUMBER})


def due_of(fields: Fields) -> str:
    """The due time in force, ISO; empty before acceptance. The province's own date outranks the commune's."""
    return str(fields.get("province_due") or fields.get("due") or fields.get("receipt.due") or "")


def forbidden(fields: Fields, act: str, role: Role) -> str | None:
    """Why this role may not do this act on this dossier: a code of the act, or ``None``. Commands and fold both ask here.

    ``role_forbidden``; the act's code for a wrong state or a second time; ``resolved_elsewhere``.
    """
    rule = ACTS[act]
    if role not in rule.who:
        return "role_forbidden"
    status = fields.get("status")
    if status not in rule.leaves:
        return rule.wrong_state
    if rule.once and rule.once in fields:
        return rule.twice
    elsewhere = fields.get("resolving", fields.get("unit")) != fields.get("unit")
    if rule.resolver and role is Role.OFFICIAL and elsewhere and status != Status.NEW:
        return "resolved_elsewhere"
    return None


def refusal(fields: Fields, wanted: Change, side: Side = Side.COMMUNE) -> str | None:
    """Why an event may not be applied to this state: a stable code, or ``None``.

    ``exists`` (created twice), ``step_from_other_state``, ``found_other`` (another value it named has moved), ``step_unlawful``,
    ``event_unread`` and ``act_unknown`` (of a newer version, or malformed), ``role_forbidden``, and what :func:`forbidden` says.
    """
    if not is_read(wanted):
        return "event_unread"
    if wanted.creates:
        return "exists" if "procedure" in fields or "status" in fields else None
    if wanted.act and wanted.act not in ACTS:
        return "act_unknown"
    if wanted.act and not _entitled(wanted, side):
        return "role_forbidden"
    for name, value in wanted.finds.items():
        if not same(fields.get(name), value):
            return "step_from_other_state" if name == "status" else "found_other"
    return _step_refusal(fields, wanted, wanted.leaves) if wanted.leaves is not None else None


def _entitled(wanted: Change, side: Side) -> bool:
    """The table's role; a commune's device never speaks for the province, and the province never grants its own wish."""
    if wanted.role is Role.PROVINCE and (side is Side.COMMUNE or _grants_a_wish(wanted)):
        return False
    return wanted.role in ACTS[wanted.act].who


def _grants_a_wish(wanted: Change) -> bool:
    """Whether a decision writes the value the province suggested."""
    return len(wanted.writes) > 1 and any(name.startswith("decided.suggest.") for name in wanted.writes)


def _step_refusal(fields: Fields, wanted: Change, leaves: int) -> str | None:
    to = wanted.writes.get("status")
    if to is not None and to not in TRANSITIONS.get(leaves, frozenset()):
        return "step_unlawful"
    if not wanted.act or wanted.role is None:
        return None
    rule = ACTS[wanted.act]
    if leaves not in rule.leaves or (to not in rule.to if rule.to else to is not None):
        return "step_unlawful"
    return forbidden(fields, wanted.act, wanted.role)


def outcome(fields: Fields, wanted: Change, side: Side = Side.COMMUNE, unseen: frozenset[str] = frozenset()) -> Outcome:
    """What an event does to these fields. ``unseen``: fields whose present value its writer had not seen."""
    why = refusal(fields, wanted, side)
    if why is not None:
        return Outcome({}, (), why)
    writes: dict[str, Any] = {}
    losses: list[Loss] = []
    grants, own = wanted.grants, side is Side.COMMUNE
    for name, value in wanted.writes.items():
        if name in fields and same(fields[name], value):
            continue
        kind = field_class(name)
        # Seen, or new and nobody's own: nearly every value. The rest is judged.
        if name in grants or (own and (name not in unseen if kind is _FREE else name not in fields and kind not in _OWNED)):
            writes[name] = value
            continue
        written, loss = _Bench(fields, side, unseen).judge(name, value)
        writes.update(written)
        if loss is not None:
            losses.append(loss)
    if wanted.grows or wanted.act:
        writes.update(_derived(fields, wanted))
    return Outcome(writes, tuple(losses))


@dataclass(frozen=True, slots=True)
class _Bench:
    """Judges the plain writes of one event, each by the class of its field."""

    fields: Fields
    side: Side
    unseen: frozenset[str]

    def judge(self, name: str, value: Any) -> tuple[Mapping[str, Any], Loss | None]:
        kind, present = field_class(name), self.fields.get(name)
        owned = kind is FieldClass.STATE or (kind is FieldClass.PROVINCE and self.side is Side.COMMUNE)
        if owned or (kind in _ONE_VALUE and name in self.fields):
            return {}, Loss(name, present, value, f"class_{kind.value}")
        if kind is FieldClass.COMMUNE and self.side is Side.PROVINCE:
            return _suggested(self.fields, name, value), None
        if name not in self.unseen:
            return {name: value}, None
        if kind is FieldClass.SHARED:
            return {}, Loss(name, present, value, "unseen")
        return {name: value}, Loss(name, value, present, "unseen")


def _suggested(fields: Fields, name: str, value: Any) -> Mapping[str, Any]:
    """The province's wish for a field of the commune: numbered, so that a decision names exactly one. What it wishes again after
    a person has decided is a new wish."""
    before = fields.get(f"suggest.{name}")
    last = before if isinstance(before, Mapping) else {}
    number = last.get("n")
    waits = f"decided.suggest.{name}.{number}" not in fields
    if last and waits and same(last.get("value"), value):
        return {}
    return {f"suggest.{name}": {"n": number + 1 if isinstance(number, int) else 1, "value": value}}


def _derived(fields: Fields, wanted: Change) -> Mapping[str, Any]:
    """What follows from an act and is never set."""
    made: dict[str, Any] = {name: [*_list(fields, name), record] for name, record in wanted.grows.items()}
    if not wanted.act or wanted.leaves is None:
        return made
    before, after = due_of(fields), wanted.writes.get("due")
    if before and after is not None and after != before:
        made["due_before"] = before
    paused, to = _list(fields, "paused"), wanted.writes.get("status")
    if to in PAUSED and before:
        made["paused"] = [*paused, {"from": wanted.at, "why": to, "left": wanted.leaves}]
    elif wanted.leaves in PAUSED and is_paused(fields):
        made["paused"] = [*paused[:-1], {**paused[-1], "to": wanted.at}]
    return made


def is_paused(fields: Fields) -> bool:
    """Whether the clock stands now."""
    paused = _list(fields, "paused")
    return bool(paused) and isinstance(paused[-1], Mapping) and "to" not in paused[-1]


def _list(fields: Fields, name: str) -> list[Any]:
    value = fields.get(name)
    return value if isinstance(value, list) else []


def apply(fields: Fields, kind: str, content: Mapping[str, Any]) -> Fields:
    """Fold one event of a kiosk: the new fields, or the same ones when the event is refused or asks for nothing.

    Writes the province would not take are left out here too, so they never show and vanish again.
    """
    done = outcome(fields, change(kind, content))
    return {**fields, **done.writes} if done.writes else fields


def fold(events: Iterable[Draft], start: Fields | None = None) -> Fields:
    """Fold events in their order on top of ``start``."""
    fields: dict[str, Any] = dict(start or {})
    for event in events:
        fields.update(outcome(fields, change(event.kind, event.content)).writes)
    return fields
