"""What the screens may ask of the kiosk: one small interface between view models and the rest of the house.

View models know only this file; ``kiosk.app.KioskServices`` fills it with the store, the use cases and the devices. Facts
come back as frozen dataclasses with text ready to show. Acts that touch hardware return at once and answer later through a
callback on the UI thread; acts on the store return when they are durable. Expected failures are :class:`Refused` with a
sentence and a cure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from devices.barcode import Preview
from devices.idcard import CardPerson, CardState
from devices.idcard.facts import Access, Proof
from forms.dossier import Person
from forms.procedures.menu import Group, ServiceTile
from forms.procedures.procedure import Procedure
from forms.session import FormSession

ASKED: Final = frozenset(
    {
        *("text", "integer", "decimal", "date", "barcode", "select_one", "select_multiple", "acknowledge"),
        *("note", "image", "file", "repeat"),
    }
)
"""Types of questions the screens can ask, ``repeat`` for repeated ones; a service that needs another leads to the counter."""


class Refused(Exception):
    """An expected failure shown to the person: stable ``code``, sentence and cure in Vietnamese."""

    def __init__(self, code: str, message_vi: str, cure_vi: str = "") -> None:
        super().__init__(f"{code}: {message_vi} {cure_vi}".rstrip())
        self.code = code
        self.message_vi = message_vi
        self.cure_vi = cure_vi


class Cancel(Protocol):
    """A scheduled call that can be taken back."""

    def cancel(self) -> None: ...


class Scheduler(Protocol):
    """Time and threads for view models. The Kivy version uses its Clock; tests use a fake clock."""

    def now(self) -> float:
        """Monotonic seconds."""
        ...

    def call_soon(self, act: Callable[[], None]) -> None:
        """Run on the UI thread; may be called from any thread."""
        ...

    def call_later(self, seconds: float, act: Callable[[], None]) -> Cancel: ...


@dataclass(frozen=True, slots=True)
class Place:
    """Whose machine this is."""

    office_vi: str
    """«Ủy ban nhân dân xã …»"""
    province_vi: str
    kiosk_name_vi: str
    """«Máy số 1»"""
    hotline: str
    version: str


@dataclass(frozen=True, slots=True)
class LineState:
    """State of the line to the province. ``online`` is ``None`` before the first try."""

    online: bool | None
    since_vi: str
    pending: int
    quarantined: int
    chip_vi: str
    """Text of the amber chip, empty when all is sent and the line is up."""


_NOTHING_PROVED: Final = Proof()


@dataclass(frozen=True, slots=True)
class Identified:
    """Who is filing and how far that may be believed: what a card said, what was proved about its chip, how the chip was opened.

    ``access`` is empty when no chip was read; :attr:`devices.idcard.CardPerson.source` says what was.
    """

    person: CardPerson
    proof: Proof = _NOTHING_PROVED
    access: Access | Literal[""] = ""


@dataclass(frozen=True, slots=True, repr=False)
class CardHints:
    """What is known of a card that shall be opened. ``person`` (from QR or typing) gives number, birth and, if known, issue.

    ``expires``: ISO, as printed. ``mrz_expiry``: seven digits from the back, YYMMDD and check digit. ``can``: the access number.
    """

    person: CardPerson | None = None
    expires: str = ""
    mrz_expiry: str = ""
    can: str = ""


@dataclass(frozen=True, slots=True)
class Filed:
    """A filing that is durable in the journal, with its slip queued in the same transaction."""

    dossier: str
    code: str
    procedure_vi: str
    subject_vi: str
    filed_vi: str
    """Hour and day of filing, in words."""
    next_vi: str
    qr: str
    """URL of the province's tracking page: code and random key, no personal data."""
    job: int


@dataclass(frozen=True, slots=True)
class Prepared:
    """A declaration written out for the citizen to take to the office that receives it. Nothing was filed: no dossier, no code."""

    procedure_vi: str
    next_vi: str
    """Where to take it."""
    job: int


PrintState = Literal["queued", "printing", "printed", "uncertain"]


@dataclass(frozen=True, slots=True)
class PrintFact:
    """Where a print job stands, with a sentence and a cure when it needs a hand."""

    state: PrintState
    text_vi: str
    cure_vi: str = ""


@dataclass(frozen=True, slots=True)
class Official:
    """A signed-in commune official."""

    id: str
    name_vi: str
    role: Literal["official", "technician"]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the worklist."""

    dossier: str
    number: str
    """Short running number shown large."""
    code: str
    name: str
    procedure_vi: str
    when_vi: str
    due_vi: str
    """Empty while the dossier is new: no due time before acceptance."""
    due_kind: Literal["none", "late", "today", "soon", "later"]
    status: int
    status_vi: str
    sent: bool
    """Confirmed by the province."""


TabKey = Literal["new", "late", "today", "open", "ready", "review"]


@dataclass(frozen=True, slots=True)
class Tab:
    key: TabKey
    label_vi: str
    count: int


@dataclass(frozen=True, slots=True)
class Review:
    """Something the province did not take as it was sent; it waits for an official."""

    seq: int
    dossier: str
    """Id of the dossier, empty when it is none of this machine's."""
    code: str
    what_vi: str
    """What was done: «Ghi Điện thoại»."""
    why_vi: str
    kept_vi: str
    """The value that stands; empty when it is no question of values."""
    lost_vi: str
    mend: Literal["text", "again", "no"]
    """How it can be sent again: with a text to mend, as it was, or not from here."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing on its way to the province, as the technician reads it."""

    title_vi: str
    what_vi: str
    """«2 việc» or «bản quét, 34 %»"""
    since_vi: str
    tried: int
    answer_vi: str
    """What the last try ended in; empty before the first."""
    next_vi: str
    trouble: bool
    """The last answer was not a good one."""


_NOBODY: Final = Person("")


@dataclass(frozen=True, slots=True)
class Detail:
    """A dossier as the official reads it: rows of (section, label, text), papers, history of acts as sentences."""

    row: Row
    facts: Sequence[tuple[str, str]]
    answers: Sequence[tuple[str, str, str]]
    papers: Sequence[tuple[str, str]]
    """(name, state sentence)"""
    history: Sequence[str]
    can_accept: bool
    official_code: str
    seen: int = 0
    """Position of the province's feed that this page shows: an act done from it names it, so nobody overwrites unseen."""
    applicant: Person = _NOBODY
    """Who asks, as the dossier says; without a name when it does not."""


@dataclass(frozen=True, slots=True)
class Accepted:
    due_vi: str
    job: int


Health = Literal["ok", "warning", "broken", "absent"]


@dataclass(frozen=True, slots=True)
class DeviceFact:
    """A device on the technician's screen. ``fact_vi`` is the last fact, ``cure_vi`` what to touch."""

    name: str
    title_vi: str
    icon: str
    state: Health
    fact_vi: str
    cure_vi: str


@dataclass(frozen=True, slots=True)
class MachineFact:
    """Disk, memory, temperature, uptime as (label, text, share 0–1, icon-free)."""

    label_vi: str
    text_vi: str
    share: float


class Reading(Protocol):
    """A card reading under way."""

    def cancel(self) -> None: ...


class Services(Protocol):
    """The kiosk behind the glass."""

    def place(self) -> Place: ...

    def clock_vi(self) -> tuple[str, str]:
        """(«Thứ Hai, 23/11/2026», «08:15») in Asia/Ho_Chi_Minh."""
        ...

    def tiles(self) -> Sequence[ServiceTile]: ...

    def search(self, words: str) -> Sequence[ServiceTile]:
        """Procedures found by people's words, by official name or by code, best first."""
        ...

    def groups(self) -> Sequence[Group]:
        """Procedures by plain-word groups, in the order of the screen."""
        ...

    def in_group(self, group: str) -> Sequence[ServiceTile]:
        """Every procedure of a group; those that begin here come first."""
        ...

    def procedure(self, code: str) -> Procedure: ...

    def line(self) -> LineState: ...

    def can_file(self) -> None:
        """Raises Refused (``disk_full``, ``clock_behind``, ``update_needed``, ``not_enrolled``) before a filing starts, never
        in the middle of one."""
        ...

    def troubles(self) -> Sequence[str]:
        """Sentences told before a citizen starts («Hôm nay máy không in được phiếu …»). Empty when all is well."""
        ...

    def open_form(self, procedure: str) -> FormSession: ...

    def watch_barcode(
        self,
        on_person: Callable[[CardPerson], None],
        on_refused: Callable[[Refused], None],
        on_preview: Callable[[Preview], None],
    ) -> Reading:
        """Listen for a card QR until cancelled. A wedge's person has no name. ``on_preview``: what a camera sees, if there is one.

        Raises Refused when the address of the readers is wrong.
        """
        ...

    def watch_text(self, on_text: Callable[[str], None]) -> Reading:
        """Listen for any code under the scanner until cancelled. Raises Refused when the scanner cannot be opened."""
        ...

    def read_card(self, known: CardHints, on_state: Callable[[CardState], None]) -> Reading:
        """Read the card on the reader, or the next one laid, with what is known of it. Nothing known: say whether one lies there.

        ``on_state`` gets states until ``done`` or until cancelled; a card that failed is read again by itself when it is laid
        again. Raises Refused where there is no reader, or for a number or date that cannot be.
        """
        ...

    def compare_card(self, known: CardHints, on_state: Callable[[CardState], None]) -> Reading:
        """As :meth:`read_card`, with the portrait on the chip, for the signed-in official's eyes. Also raises Refused
        ``signed_out``."""
        ...

    def can_place_vi(self) -> str:
        """Where the card access number is printed; empty where citizens are not asked for it."""
        ...

    def submit(self, procedure: Procedure, session: FormSession, card: Identified | None) -> Filed:
        """File. Returns after the transaction is durable; only then is the printer asked. Raises Refused."""
        ...

    def prepare(self, procedure: Procedure, session: FormSession) -> Prepared:
        """Print the declaration of a procedure that another office receives. Returns when the paper is queued. Raises Refused."""
        ...

    def print_fact(self, job: int) -> PrintFact: ...

    def answer_print(self, job: int, came_out: bool) -> None:
        """A person's answer to «Phiếu đã in ra đủ chưa?» for an uncertain job."""
        ...

    def reprint(self, job: int) -> int:
        """Queue a copy marked BẢN IN LẠI; returns the new job."""
        ...

    def call_help(self, where_vi: str) -> None:
        """A citizen calls an official: kept until somebody answers behind the PIN, and shown first on the official's screen."""
        ...

    def help_calls(self) -> Sequence[tuple[str, str]]:
        """Open calls as (hour, where); shown to officials."""
        ...

    def answer_help(self) -> None: ...

    def sign_in(self, pin: str) -> Official:
        """Raises Refused ``wrong_pin`` (with tries left or seconds to wait in the cure)."""
        ...

    def sign_out(self) -> None: ...

    def tabs(self) -> Sequence[Tab]: ...

    def worklist(self, tab: str, query: str = "") -> Sequence[Row]:
        """At most 200 rows of a tab, or of all dossiers when ``query`` (name without accents, code, number) is given."""
        ...

    def detail(self, dossier: str) -> Detail: ...

    def accept(self, dossier: str, seen: int) -> Accepted:
        """Accept as the signed-in official, who looks at :attr:`Detail.seen`; queues Mẫu 01. Raises Refused (``not_new``,
        ``signed_out``)."""
        ...

    def reviews(self) -> Sequence[Review]:
        """What the province did not take as it was sent, oldest first."""
        ...

    def settle(self, seq: int) -> None:
        """Leave things as they stand and close the matter. Raises Refused (``review_gone``)."""
        ...

    def resend(self, seq: int, text: str | None) -> None:
        """Mend and send again (sửa và gửi lại): the mended text, ``None`` = as it was. Raises Refused (``still_refused`` …)."""
        ...

    def waiting(self) -> Sequence[Waiting]:
        """What is on its way, oldest first; for technicians."""
        ...

    def print_receipt(self, dossier: str) -> int:
        """Queue Mẫu 01 (or the slip while not accepted) again, marked BẢN IN LẠI."""
        ...

    def devices(self) -> Sequence[DeviceFact]: ...

    def machine(self) -> Sequence[MachineFact]: ...

    def test_device(self, name: str, on_done: Callable[[DeviceFact], None]) -> None: ...

    def find(self, code: str) -> Row | None:
        """A citizen's look-up by code at the kiosk: state only, no name."""
        ...

    def on_change(self, act: Callable[[], None]) -> Cancel:
        """Called on the UI thread when projections or device facts changed."""
        ...
