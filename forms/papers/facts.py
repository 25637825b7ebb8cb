"""What the papers of the one-stop say, as frozen facts: one class a paper, the same for its slip and its A4 sheet.

The classes follow the seven forms (Mẫu 01–07) of TT 03/2025/TT-VPCP. An empty text means «not known»: a sheet shows dots there,
a slip leaves the line out. Every moment has a time zone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Office:
    """Whose paper it is: the agency («Ủy ban nhân dân xã …»), its centre, and the number to call ('' when none is set)."""

    agency_vi: str
    centre_vi: str
    hotline: str
    mark: str = "TTPVHCC"
    """Ends the numbers of its papers: «12/PBS-TTPVHCC»; «BPTNTKQ» where there is no centre."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who files, or for whom. A slip prints the name and the last four digits only."""

    name: str
    number: str = ""
    address: str = ""
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class PaperItem:
    """A paper of the dossier as printed: name, «bản chính»/«bản sao», how many, whether it is only shown, and what an official
    may look up instead ('' when nothing)."""

    name_vi: str
    form_vi: str
    quantity: int
    shown_only: bool = False
    replaced_by_vi: str = ""

    def text(self) -> str:
        shown = ", xuất trình" if self.shown_only else ""
        instead = f" (không cần nếu tra được {self.replaced_by_vi})" if self.replaced_by_vi else ""
        return f"{self.name_vi} ({self.form_vi}: {self.quantity:02d}{shown}){instead}"


@dataclass(frozen=True, slots=True)
class SlipFacts:
    """What the kiosk's slip says. ``filer_number`` may be ''."""

    office: Office
    kiosk_vi: str
    code: str
    key: str
    tracking_base: str
    """Address of the province's service, e.g. ``https://dichvucong.example``."""
    filer_name: str
    filer_number: str
    procedure_vi: str
    procedure_code: str
    papers: Sequence[PaperItem]
    """Papers to bring to the counter."""
    filed: datetime


Value = str | Sequence[Mapping[str, str]]
"""A line of a declaration, or the rows of a table."""


@dataclass(frozen=True, slots=True)
class PreparedFacts:
    """A declaration written out for the citizen to take to the office that receives it."""

    paper: str
    """Id of the declaration, one that has labels (:class:`forms.papers.Kind`)."""
    receiver_vi: str
    """«Công an xã, phường»."""
    values: Mapping[str, Value]
    """What :func:`forms.papers.declaration_values` gives."""
    papers: Sequence[PaperItem]
    """Papers to take along."""
    place_vi: str
    """Where it was printed: «Máy số 1, Ủy ban nhân dân xã …»."""
    made: datetime


@dataclass(frozen=True, slots=True)
class ReceiptFacts:
    """Mẫu 01. ``official_code`` is '' while only the provisional one exists."""

    office: Office
    provisional_code: str
    official_code: str
    key: str
    tracking_base: str
    filer_name: str
    filer_number: str
    request_vi: str
    """Nội dung yêu cầu giải quyết."""
    procedure_code: str
    papers: Sequence[PaperItem | str]
    """Papers handed in; as text when they come from a frozen receipt."""
    sets: int
    duration_vi: str
    received: datetime
    due: datetime
    return_place_vi: str
    fee_vi: str
    fee_paid: bool | None
    """``None`` when there is nothing to pay."""
    officer_vi: str
    place_vi: str = ""
    """Where the paper is made, for the date line."""
    filer_address: str = ""
    filer_phone: str = ""
    filer_email: str = ""
    authoriser: Person | None = None
    """Who authorised the filer; ``None`` when filing for oneself."""
    authorisation_vi: str = ""
    """The paper that says so (giấy tờ ủy quyền)."""
    number: str = ""
    """Running number of the paper, only digits and letters."""
    book: str = ""
    book_entry: str = ""
    """Quyển số and Số thứ tự of the register."""


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Head of a notice: whose it is, its running number, where and when it was made."""

    office: Office
    number: str
    place_vi: str
    made: datetime


@dataclass(frozen=True, slots=True)
class Case:
    """The dossier a notice speaks of. ``code`` is the official code, else the provisional one; '' when nothing was filed."""

    person: Person
    procedure_vi: str
    code: str = ""
    key: str = ""
    tracking_base: str = ""


@dataclass(frozen=True, slots=True)
class SupplementFacts:
    """Mẫu 02: everything that is missing, told once."""

    head: Letterhead
    case: Case
    wanted: Sequence[str]
    reason_vi: str
    contact_vi: str
    contact_phone: str
    officer_vi: str


@dataclass(frozen=True, slots=True)
class RefusalFacts:
    """Mẫu 03."""

    head: Letterhead
    case: Case
    reason_vi: str
    officer_vi: str


@dataclass(frozen=True, slots=True)
class ApologyFacts:
    """Mẫu 04: why it is late, and the one new day."""

    head: Letterhead
    case: Case
    received: datetime
    due: datetime
    new_due: datetime
    reason_vi: str
    signer_vi: str


@dataclass(frozen=True, slots=True)
class StopFacts:
    """Mẫu 05. ``asked`` is when the person asked to stop; ``None`` when the agency stops by itself and ``reason_vi`` says why."""

    head: Letterhead
    case: Case
    received: datetime | None
    """``None``: withdrawn before anybody accepted it."""
    stopped: datetime
    asked: datetime | None
    reason_vi: str
    returned: Sequence[str]
    """Papers and fees given back."""
    signer_vi: str


@dataclass(frozen=True, slots=True)
class HandOver:
    """One row of the control slip: who gave the dossier to whom, and how that step ended («trước hạn», «đúng hạn», «quá hạn»)."""

    giver_unit_vi: str
    giver_vi: str
    taker_unit_vi: str
    taker_vi: str
    at: datetime
    outcome_vi: str = ""
    note_vi: str = ""


@dataclass(frozen=True, slots=True)
class ControlFacts:
    """Mẫu 06: the way of one dossier between units."""

    head: Letterhead
    code: str
    resolving_vi: str
    cooperating_vi: str
    received: datetime
    due: datetime
    steps: Sequence[HandOver]


@dataclass(frozen=True, slots=True)
class RegisterRow:
    code: str
    procedure_vi: str
    person_vi: str
    contact_vi: str
    resolving_vi: str
    received: datetime
    due: datetime | None
    returned: datetime | None
    way_vi: str


@dataclass(frozen=True, slots=True)
class RegisterFacts:
    """Mẫu 07: the register of a period, one row a dossier."""

    head: Letterhead
    period_vi: str
    rows: Sequence[RegisterRow]
