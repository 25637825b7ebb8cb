"""The dossier (hồ sơ): its fields, its lawful life, and the fold from events to state.

A dossier is a set of named fields. An event changes fields; nothing else does. The kiosk and the province fold the same events with
this code, so they cannot disagree once they hold the same journal. Each field has a class that says who owns it and
what happens when two sides wrote without seeing each other (``forms.merge``).

Kinds of event and their content (JSON; money and ids are text)::

    new  {"procedure","form","code","key","unit","channel","at","applicant","subject"}   creates; status becomes 1 Mới đăng ký
    f    {field: value, …}                                                     sets fields
    st   {"from","to","at","set": {field: value, …}}                           one lawful step, naming the state it leaves
    note {"id": text}                                                          adds a note

Statuses are the national codes 1–10 (dossier_status.json; transitions proposed from the law, kept as data).
Everything here is pure: time, ids and randomness come in as arguments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

SCHEMA: Final = 1
"""Schema version written into every event envelope."""

Fields = Mapping[str, Any]


class Status:
    """National status codes (mã trạng thái hồ sơ)."""

    NEW: Final = 1
    ACCEPTED: Final = 2
    REFUSED: Final = 3
    PROCESSING: Final = 4
    SUPPLEMENT: Final = 5
    PAYMENT: Final = 6
    WITHDRAWN: Final = 7
    STOPPED: Final = 8
    DONE: Final = 9
    RETURNED: Final = 10


STATUS_NAMES: Final[Mapping[int, str]] = {
    1: "Mới đăng ký",
    2: "Được tiếp nhận",
    3: "Không được tiếp nhận",
    4: "Đang xử lý",
    5: "Yêu cầu bổ sung giấy tờ",
    6: "Yêu cầu thực hiện nghĩa vụ tài chính",
    7: "Công dân yêu cầu rút hồ sơ",
    8: "Dừng xử lý",
    9: "Đã xử lý xong",
    10: "Đã trả kết quả",
}

TRANSITIONS: Final[Mapping[int, frozenset[int]]] = {
    1: frozenset({2, 3, 5, 7}),
    2: frozenset({4, 5, 6, 7, 8, 9}),
    3: frozenset(),
    4: frozenset({5, 6, 7, 8, 9}),
    5: frozenset({2, 4, 7, 8}),
    6: frozenset({2, 4, 7, 8}),
    7: frozenset(),
    8: frozenset(),
    9: frozenset({10}),
    10: frozenset(),
}


class FieldClass(StrEnum):
    """Who owns a field (SYNC design 1.10)."""

    IMMUTABLE = "I"
    COMMUNE = "C"
    PROVINCE = "P"
    SHARED = "S"
    ADD_ONLY = "A"
    NUMBER = "N"
    STATE = "T"


_CLASSES: Final[Mapping[str, FieldClass]] = {
    "status": FieldClass.STATE,
    "official_code": FieldClass.PROVINCE,
    "province_received_at": FieldClass.PROVINCE,
    "province_due": FieldClass.PROVINCE,
    "result_number": FieldClass.PROVINCE,
    "remark": FieldClass.SHARED,
    "appointment": FieldClass.SHARED,
}
_IMMUTABLE: Final = frozenset({"procedure", "form", "code", "key", "unit", "channel", "filed_at", "applicant"})


def field_class(name: str) -> FieldClass:
    """Class of a field: by name, by prefix (``note.``, ``at.`` add-only; ``fee.`` number), else commune-owned."""
    if name in _IMMUTABLE:
        return FieldClass.IMMUTABLE
    if name in _CLASSES:
        return _CLASSES[name]
    prefix = name.split(".", 1)[0]
    if prefix in ("note", "at"):
        return FieldClass.ADD_ONLY
    if prefix == "fee":
        return FieldClass.NUMBER
    return FieldClass.COMMUNE


@dataclass(frozen=True, slots=True)
class Draft:
    """An event about to be written: what the use case hands to the journal, which adds position, time and actor."""

    dossier: str
    kind: str
    content: Mapping[str, Any]


class DossierError(Exception):
    """A command that the law or the state of the dossier does not allow. ``code`` is stable; the text is for people."""

    def __init__(self, code: str, message_vi: str) -> None:
        super().__init__(f"{code}: {message_vi}")
        self.code = code
        self.message_vi = message_vi


@dataclass(frozen=True, slots=True)
class Change:
    """What one event asks for: field writes, and the status it must find (``None`` = any)."""

    writes: Mapping[str, Any]
    leaves: int | None = None
    creates: bool = False


def change(kind: str, content: Mapping[str, Any]) -> Change:
    """Read an event as field writes. Unknown kinds and malformed contents ask for nothing (kept, relayed, ignored)."""
    if kind == "new" and isinstance(content.get("procedure"), str):
        writes = {name: content[name] for name in (*sorted(_IMMUTABLE), "subject") if name in content}
        writes["filed_at"] = content.get("at")
        writes["status"] = Status.NEW
        return Change(writes, creates=True)
    if kind == "f":
        return Change({str(k): v for k, v in content.items() if k != "status"})
    if kind == "st":
        leaves, to = content.get("from"), content.get("to")
        if not isinstance(leaves, int) or not isinstance(to, int):
            return Change({})
        extra = content.get("set")
        writes = {str(k): v for k, v in extra.items() if k != "status"} if isinstance(extra, Mapping) else {}
        return Change({**writes, "status": to, "status_at": content.get("at")}, leaves=leaves)
    if kind == "note" and isinstance(content.get("id"), str):
        return Change({f"note.{content['id']}": content.get("text", "")})
    return Change({})


def refusal(fields: Fields, wanted: Change) -> str | None:
    """Why a change may not be applied to this state: a stable code, or ``None``.

    ``exists`` (created twice), ``step_from_other_state``, ``step_unlawful``.
    """
    if wanted.creates and ("procedure" in fields or "status" in fields):
        return "exists"
    if wanted.leaves is not None:
        if fields.get("status") != wanted.leaves:
            return "step_from_other_state"
        if wanted.writes["status"] not in TRANSITIONS.get(wanted.leaves, frozenset()):
            return "step_unlawful"
    return None


def closed(name: str, *, has_value: bool) -> str | None:
    """Why a kiosk may not write this field: ``class_P`` never its own, ``class_I/A/N`` one value for ever; ``None``: it may."""
    kind = field_class(name)
    once = kind in (FieldClass.IMMUTABLE, FieldClass.ADD_ONLY, FieldClass.NUMBER)
    return f"class_{kind.value}" if kind is FieldClass.PROVINCE or (once and has_value) else None


def apply(fields: Fields, kind: str, content: Mapping[str, Any]) -> Fields:
    """Fold one event of a kiosk: the new fields, or the same ones when the event is refused or asks for nothing.

    Writes the province would not take (:func:`closed`) are left out here too, so they never show and vanish again.
    """
    wanted = change(kind, content)
    if refusal(fields, wanted) is not None:
        return fields
    return {**fields, **{name: v for name, v in wanted.writes.items() if closed(name, has_value=name in fields) is None}}


# --- commands: acts in, drafts out ---------------------------------------------------------------------------------


def file(
    dossier: str,
    *,
    procedure: str,
    form: str,
    code: str,
    key: str,
    unit: str,
    at: str,
    applicant: Mapping[str, Any],
    subject: str,
    answers: Mapping[str, Any],
) -> Sequence[Draft]:
    """File a dossier at the kiosk (nộp hồ sơ): status 1, channel 1 in person. ``at`` is ISO with +07:00.

    ``subject`` is the person the dossier is about (the child of a birth), shown in lists beside the applicant.
    """
    content = {
        "procedure": procedure,
        "form": form,
        "code": code,
        "key": key,
        "unit": unit,
        "channel": 1,
        "at": at,
        "applicant": dict(applicant),
        "subject": subject,
    }
    return (
        Draft(dossier, "new", content),
        Draft(dossier, "f", {f"a.{name}": value for name, value in answers.items()}),
    )


def accept(dossier: str, fields: Fields, *, at: str, receipt: Mapping[str, Any]) -> Sequence[Draft]:
    """Accept a new or supplemented dossier (tiếp nhận): the clock starts, Mẫu 01 is issued.

    ``receipt`` is frozen into the dossier: ``due`` (ISO), ``duration_vi``, ``calendar``, ``received_by``, ``papers``.

    Raises:
        DossierError: ``not_new`` when it is not waiting for acceptance.
    """
    status = fields.get("status")
    if status not in (Status.NEW, Status.SUPPLEMENT):
        raise DossierError("not_new", "Hồ sơ này không còn ở trạng thái chờ tiếp nhận.")
    return (
        Draft(
            dossier,
            "st",
            {"from": status, "to": Status.ACCEPTED, "at": at, "set": {f"receipt.{k}": v for k, v in receipt.items()}},
        ),
    )
