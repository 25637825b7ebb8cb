"""What people tell the commands: the facts behind each act, as they are frozen into the dossier and printed on its paper.

Times are aware datetimes, money whole đồng. Due times come already computed (``forms.deadlines.deadline``) with the version of the
calendar they were computed from; a later change of the calendar never moves them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from forms.deadlines.timerule import ClockRule
from forms.dossier.fields import Fields
from forms.dossier.persons import Person, Persons
from forms.dossier.states import Role


@dataclass(frozen=True, slots=True)
class By:
    """Who acts, as the history and the papers name them."""

    role: Role
    name: str = ""

    def json(self) -> dict[str, str]:
        return {"role": self.role.value, "name": self.name}


@dataclass(frozen=True, slots=True)
class Situation:
    """A dossier as the actor sees it, who acts, and when."""

    dossier: str
    fields: Fields
    by: By
    at: datetime

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("an act happens at a time with its zone")

    @property
    def moment(self) -> str:
        return self.at.isoformat()


@dataclass(frozen=True, slots=True)
class Filing:
    """What a citizen hands in. ``unit`` receives, ``resolving`` decides, ``return_at`` gives the result back: empty = ``unit``."""

    procedure: str
    form: str
    code: str
    key: str
    unit: str
    persons: Persons
    subject: str
    """Whom the dossier is about (the child of a birth), shown in lists beside the applicant."""
    answers: Mapping[str, Any]
    channel: int = 1
    """1 in person, 2 online, 3 public post."""
    resolving: str = ""
    return_at: str = ""
    return_way: str = ""


@dataclass(frozen=True, slots=True)
class Promise:
    """A due time and what it was computed from."""

    due: datetime
    calendar: str
    duration_vi: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Mẫu 01 (giấy tiếp nhận hồ sơ và hẹn trả kết quả). ``papers``: each line with original or copy and count."""

    promise: Promise
    papers: Sequence[str]
    sets: int = 1
    number: str = ""


@dataclass(frozen=True, slots=True)
class SupplementRequest:
    """Mẫu 02 (phiếu yêu cầu bổ sung): once, with everything that is missing. ``until``: when it may be closed unanswered."""

    items: Sequence[str]
    reason_vi: str
    until: datetime
    contact_vi: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class Supplement:
    """What came in after a request, and the new due time with the rule it was found by."""

    papers: Sequence[str]
    promise: Promise
    rule: ClockRule


@dataclass(frozen=True, slots=True)
class Duties:
    """A financial duty the clock waits for (nghĩa vụ tài chính); the amount is ``None`` until the notice says it."""

    what_vi: str
    amount_vnd: int | None = None


@dataclass(frozen=True, slots=True)
class Extension:
    """Mẫu 04 (xin lỗi và đề nghị gia hạn)."""

    reason_vi: str
    promise: Promise
    number: str = ""


@dataclass(frozen=True, slots=True)
class StopNotice:
    """Mẫu 05 (thông báo dừng giải quyết). ``returned``: papers and fees given back."""

    reason_vi: str
    returned: Sequence[str] = ()
    number: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What the procedure gave (kết quả): its name, its number, and a remark for the register."""

    name_vi: str
    number: str = ""
    note_vi: str = ""


class Proof(StrEnum):
    """How the collector was identified."""

    RECEIPT = "receipt"
    """The receipt was taken back."""
    IDENTITY = "identity"
    """An identity document was shown and the dossier's data given: the receipt was lost."""


@dataclass(frozen=True, slots=True)
class Collector:
    """Who took the result. ``way``: at the counter, by post, electronic (phương thức nhận kết quả)."""

    person: Person
    proof: Proof
    way_vi: str = "Trực tiếp"


class FeeState(StrEnum):
    """A kiosk off line cannot confirm a transfer: the citizen claims, an official receives."""

    CLAIMED = "claimed"
    RECEIVED = "received"


@dataclass(frozen=True, slots=True)
class Fee:
    """One payment. ``id`` is unique in the dossier; amounts are summed, never set."""

    id: str
    amount_vnd: int
    what_vi: str
    way: str = "cash"
    state: FeeState = FeeState.RECEIVED


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two values for one field, or a step that was not applied (no ``field``), waiting for a person."""

    id: str
    field: str = ""
    kept: Any = None
    lost: Any = None
    why: str = ""


class Choice(StrEnum):
    """What a person decides about a conflict."""

    KEPT = "kept"
    LOST = "lost"
    """The value that lost is written after all."""


@dataclass(frozen=True, slots=True)
class Attached:
    """A file of the dossier (thành phần hồ sơ): where it is and how it opens. It travels apart from the events, encrypted."""

    blob: str
    """Hex SHA-256 of the ciphertext: the file's name everywhere."""
    key: str
    """Base64 of the key that opens it."""
    size: int
    """Bytes of ciphertext."""
    plain: int
    """Bytes of the file itself."""
    mime: str
    name: str
    """Id of the paper it shows."""
    role: str
    """``full``, or ``preview``: a small picture of the full file, sent before it."""
    of: str = ""
    """A preview's full file."""
    pages: int = 1
