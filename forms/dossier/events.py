"""Events and what each asks for.

An event is JSON that asks for field writes; whether they happen is decided by the fold (:mod:`forms.dossier.fold`). Kinds and
contents (money and ids are text, times ISO with their zone, ``by`` is ``{"role","name"}``)::

    new  {"procedure","form","code","key","unit","channel","at","applicant","subject", …}          creates; status becomes 1
    f    {field: value, …}                                                    plain writes, each by the rule of its class
    st   {"act","from","to","at","by","set": {field: value},"if": {field: value}}   one act; names the state it leaves
    note {"id","text"}    fee {"id","amount_vnd","what_vi","way","state","at","by"}             entries under their own name
    rm   {"of": name,"saw": value,"why","at","by"}                        hides exactly the entry that had this value
    cor  {"field","was","value","why","at","by"}                          corrects an immutable field, keeps the old value
    dec  {"of","field","kept","lost","choice","at","by"}                  a person decides a conflict or a suggestion

Version 1 knew ``new f st note``; its ``st`` has no ``act`` and asks for the bare step. Unknown kinds and malformed contents ask for
nothing: they are kept, change no field, and whoever wrote them is told (``event_unread``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from forms.dossier.fields import CORRECTABLE, FIRST, FieldClass, field_class
from forms.dossier.states import ACTS, Role, Status

SCHEMA: Final = 2
"""Schema version written into every event envelope."""

_OPENING: Final = (*sorted(FIRST), "subject", "resolving", "return_at", "return_way")
_GRANTED: Final = frozenset({"status", "resolving"})
"""What a filing writes, and what of it no rule of its class judges."""

_ROLES: Final[Mapping[str, Role]] = {role.value: role for role in Role}

_OBJECT: Final = (dict, Mapping)
"""What JSON makes first: asking the abstract class takes ten times as long."""

_CHOOSABLE: Final = frozenset({FieldClass.COMMUNE, FieldClass.SHARED})


@dataclass(frozen=True, slots=True)
class Draft:
    """An event about to be written: what the use case hands to the journal, which adds position, time and actor."""

    dossier: str
    kind: str
    content: Mapping[str, Any]


class Change(NamedTuple):
    """What one event asks for. It happens whole or not at all when it names what it found."""

    writes: Mapping[str, Any]
    finds: Mapping[str, Any] = MappingProxyType({})
    """Field -> value it must have; ``None`` = it must be absent."""
    grants: frozenset[str] = frozenset()
    """Writes that belong to the act and are not judged by their class."""
    grows: Mapping[str, Mapping[str, Any]] = MappingProxyType({})
    """List field -> record the fold appends to it."""
    act: str = ""
    """Name in :data:`forms.dossier.states.ACTS`; empty for plain writes and steps of version 1."""
    role: Role | None = None
    at: str = ""
    creates: bool = False

    @property
    def leaves(self) -> int | None:
        """Status a step leaves; ``None`` when the event is no step."""
        return self.finds.get("status")


_NOTHING: Final = Change({})

_RECEIPT: Final[tuple[frozenset[str], tuple[str, ...]]] = frozenset(), ("receipt.",)
_SETS: Final = {
    act: (frozenset(one for one in rule.sets if one[-1] != "."), tuple(one for one in rule.sets if one[-1] == "."))
    for act, rule in ACTS.items()
}


def change(kind: str, content: Mapping[str, Any]) -> Change:
    """Read an event as what it asks for."""
    reader = _READERS.get(kind)
    return reader(content) if reader is not None else _NOTHING


def is_read(wanted: Change) -> bool:
    """Whether this version could read the event: a kind it knows, with the content of that kind."""
    return wanted is not _NOTHING


def step_of(kind: str, content: Mapping[str, Any]) -> tuple[int, int] | None:
    """(status left, status entered) of a step that reads as one; equal when the act lets the status stay."""
    leaves, to = content.get("from"), content.get("to")
    if kind != "st" or type(leaves) is not int or type(to) is not int:
        return None
    return leaves, to


def _new(content: Mapping[str, Any]) -> Change:
    if not isinstance(content.get("procedure"), str):
        return _NOTHING
    writes = {name: content[name] for name in _OPENING if name in content}
    writes["filed_at"] = content.get("at")
    writes["status"] = Status.NEW
    return Change(writes, grants=_GRANTED, creates=True)


def _plain(content: Mapping[str, Any]) -> Change:
    return Change(content)


def _step(content: Mapping[str, Any]) -> Change:
    step = step_of("st", content)
    if step is None:
        return _NOTHING
    leaves, to = step
    act = str(content.get("act") or "")
    extra = content.get("set")
    writes: Mapping[str, Any] = extra if isinstance(extra, _OBJECT) else {}
    stays = bool(act) and leaves == to
    goes = {} if stays else {"status": to, "status_at": content.get("at")}
    found = content.get("if")
    names, prefixes = _goes_with(act)
    granted = frozenset([*goes, *[name for name in writes if name in names or name.startswith(prefixes)]])
    return Change(
        {**writes, **goes},
        finds={**(found if isinstance(found, _OBJECT) else {}), "status": leaves},
        grants=granted,
        grows={"route": {"unit": writes["resolving"], "at": content.get("at")}} if "resolving" in granted else {},
        act=act,
        role=_role(content),
        at=str(content.get("at") or ""),
    )


def _goes_with(act: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """Fields written together with an act, by whole names and by beginnings; a step of version 1 carries the receipt only."""
    return _SETS.get(act, _RECEIPT)


def _note(content: Mapping[str, Any]) -> Change:
    if not isinstance(content.get("id"), str):
        return _NOTHING
    return Change({f"note.{content['id']}": content.get("text", "")})


def _attach(content: Mapping[str, Any]) -> Change:
    blob = content.get("blob")
    if not isinstance(blob, str) or not blob.isalnum():
        return _NOTHING
    return Change({f"at.{blob}": {key: value for key, value in content.items() if key != "blob"}})


def _fee(content: Mapping[str, Any]) -> Change:
    if not isinstance(content.get("id"), str):
        return _NOTHING
    entry = {key: value for key, value in content.items() if key != "id"}
    return Change({f"fee.{content['id']}": entry}, act="fee", role=_role(content))


def _remove(content: Mapping[str, Any]) -> Change:
    name = content.get("of")
    if not isinstance(name, str) or field_class(name) not in (FieldClass.ADD_ONLY, FieldClass.NUMBER):
        return _NOTHING
    grave = f"rm.{name}"
    record = {key: content.get(key) for key in ("saw", "why", "at", "by")}
    return Change({grave: record}, finds={grave: None}, grants=frozenset({grave}), act="remove", role=_role(content))


def _correct(content: Mapping[str, Any]) -> Change:
    name = content.get("field")
    if not isinstance(name, str) or name not in CORRECTABLE or "value" not in content:
        return _NOTHING
    record = {key: content.get(key) for key in ("field", "was", "value", "why", "at", "by")}
    return Change(
        {name: content["value"]},
        finds={name: content.get("was")},
        grants=frozenset({name}),
        grows={"corrections": record},
        act="correct",
        role=_role(content),
    )


def _decide(content: Mapping[str, Any]) -> Change:
    of, name, choice = content.get("of"), content.get("field"), content.get("choice")
    if not isinstance(of, str) or choice not in ("kept", "lost"):
        return _NOTHING
    record = f"decided.{of}"
    writes: dict[str, Any] = {record: {key: content.get(key) for key in ("choice", "kept", "lost", "at", "by")}}
    finds: dict[str, Any] = {record: None}
    if choice == "lost":
        if not isinstance(name, str) or field_class(name) not in _CHOOSABLE:
            return _NOTHING
        writes[name], finds[name] = content.get("lost"), content.get("kept")
    return Change(writes, finds=finds, grants=frozenset(writes), act="decide", role=_role(content))


def choosable(name: str) -> bool:
    """Whether the value that lost may be taken after all: commune-owned and shared fields."""
    return field_class(name) in _CHOOSABLE


def _role(content: Mapping[str, Any]) -> Role | None:
    by = content.get("by")
    role = by.get("role") if isinstance(by, _OBJECT) else None
    return _ROLES.get(role) if isinstance(role, str) else None


_READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], Change]]] = {
    "new": _new,
    "f": _plain,
    "st": _step,
    "note": _note,
    "at": _attach,
    "fee": _fee,
    "rm": _remove,
    "cor": _correct,
    "dec": _decide,
}
