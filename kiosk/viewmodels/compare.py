"""The applicant's card beside the dossier (đối chiếu ảnh trên chíp): the face on the chip for the official's eyes, and three facts.

The chip opens with what the dossier says of the applicant, so a card that opens carries the end of that number and that birth; the
rest is compared here. What was read is kept nowhere: it goes when the page is left or locked, when a card is laid again, and
after :data:`KEEP_S`. Of a chip that is not genuine nothing is shown but that.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import Final

from devices.idcard import CardPerson, CardReading, CardState
from devices.idcard.facts import Face, Proof
from forms.dossier import Person
from forms.text import date_vi, same_name
from kiosk.services import Cancel, CardHints, Detail, Reading, Refused
from kiosk.viewmodels.official import Desk
from kiosk.viewmodels.official_flow import DossierPage, Staff, StaffPage
from kiosk.viewmodels.typing import DateEntry

KEEP_S: Final = 120.0
"""How long what was read stays in sight, however busy the official is."""

_NO_KEY: Final = Refused(
    "applicant_unknown",
    "Hồ sơ không ghi đủ số định danh và ngày sinh của người nộp, nên máy không mở được chíp.",
    "So người và hồ sơ với thẻ bằng mắt.",
)
_WRONG_KEY: Final = Refused(
    "wrong_key",
    "Thẻ này không mở được bằng số định danh và ngày sinh trong hồ sơ.",
    "Có thể không phải thẻ của người nộp. Nếu số và ngày sinh in trên thẻ đúng như hồ sơ, gõ ngày hết hạn in trên thẻ.",
)


@dataclass(frozen=True, slots=True)
class Compared:
    """One fact on both sides. ``same`` is ``None`` where one side says nothing."""

    label_vi: str
    card_vi: str
    dossier_vi: str
    same: bool | None


def compared(card: CardPerson, applicant: Person) -> tuple[Compared, ...]:
    """Name, birth and number of both."""
    return (
        _line("Họ và tên", card.name, applicant.name, same_name(card.name, applicant.name)),
        _line("Ngày sinh", _date(card.birth), _date(applicant.birth), card.birth == applicant.birth),
        _line("Số định danh", card.number, applicant.number, card.number == applicant.number),
    )


def _line(label: str, card: str, dossier: str, same: bool) -> Compared:
    return Compared(label, card, dossier, same if card and dossier else None)


def _date(iso: str) -> str:
    try:
        return date_vi(iso)
    except ValueError:
        return iso


class ComparePage(StaffPage):
    """Reads the card that lies there or is laid next, and shows it beside ``detail`` until it must be forgotten."""

    def __init__(self, staff: Staff, desk: Desk, detail: Detail) -> None:
        super().__init__(staff)
        self.desk = desk
        self.applicant = detail.applicant
        self.title_vi = f"Người nộp: {detail.applicant.name or 'hồ sơ không ghi'} · {detail.row.code}"
        self.state: CardState | None = None
        """How the reading stands, while nothing has come of it."""
        self.refused: Refused | None = None
        self.seen: CardReading | None = None
        self.forgotten = False
        """The time was up, and what was read is gone."""
        self.expiry: DateEntry | None = None
        """The date being typed, if one is."""
        self.problem = ""
        self._expires = ""
        self._lifted = False
        self._reading: Reading | None = None
        self._timer: Cancel | None = None
        self.read()

    def read(self) -> None:
        """Drop what was read and read the card that lies there, or the next."""
        self._drop()
        applicant = self.applicant
        if not (applicant.number and applicant.birth):
            self.refused = _NO_KEY
        else:
            person = CardPerson(applicant.number, applicant.name, applicant.birth)
            try:
                self._reading = self.staff.kiosk.services.compare_card(CardHints(person, self._expires), self._told)
            except Refused as refused:
                self.refused = refused
        self.notify()

    def _told(self, state: CardState) -> None:
        if state.phase != "waiting":
            self.touched()
        self.state, self.refused = state, None
        if state.phase == "failed":
            told = Refused(state.code, state.message_vi, state.cure_vi)
            self.refused = _WRONG_KEY if state.code == "wrong_key" else told
        if state.reading is not None:
            self._done(state.reading)
        self.notify()

    def _done(self, reading: CardReading) -> None:
        self.state = None
        genuine = reading.proof.verdict != "not_genuine"
        self.seen = reading if genuine else replace(reading, face=None)
        self._timer = self.staff.kiosk.scheduler.call_later(KEEP_S, self._forget)
        self._await_another()

    def _await_another(self) -> None:
        """Without a key nothing is read: the reader only says whether a card lies there."""
        self._lifted = False
        with contextlib.suppress(Refused):
            self._reading = self.staff.kiosk.services.read_card(CardHints(), self._laid)

    def _laid(self, state: CardState) -> None:
        if state.code != "key_missing":
            self._lifted = True
        elif self._lifted:
            self.touched()
            self.read()

    def _forget(self) -> None:
        self._timer = self.seen = None
        self.forgotten = True
        self.notify()

    def _drop(self) -> None:
        for one in (self._reading, self._timer):
            if one is not None:
                one.cancel()
        self._reading = self._timer = self.state = self.seen = self.refused = None
        self.forgotten = False

    @property
    def face(self) -> Face | None:
        """The face on the chip, while it may be seen."""
        return self.seen.face if self.seen else None

    @property
    def proof(self) -> Proof | None:
        return self.seen.proof if self.seen else None

    @property
    def genuine(self) -> bool:
        """Whether what the chip says may be looked at."""
        return self.proof is not None and self.proof.verdict != "not_genuine"

    @property
    def lines(self) -> tuple[Compared, ...]:
        return compared(self.seen.person, self.applicant) if self.seen and self.genuine else ()

    @property
    def share(self) -> float:
        """How much has been read, 0–1."""
        return self.state.progress if self.state else 0.0

    @property
    def asks_expiry(self) -> bool:
        """The key was wrong; the expiry printed on the card may make it right."""
        return self.refused is _WRONG_KEY

    def type_expiry(self) -> None:
        """Ask for the expiry printed on the card."""
        self._drop()
        self.problem, self.expiry = "", DateEntry(self._expires)
        self.expiry.watch(self._typed)
        self.notify()

    def _typed(self) -> None:
        self.problem = ""
        self.notify()

    def send_expiry(self) -> None:
        """Read with the date that was typed."""
        if self.expiry is None:
            return
        if not self.expiry.full or self.expiry.fault:
            self.problem = "Ngày này chưa đủ hoặc không có trong lịch."
            self.notify()
            return
        self._expires = self.expiry.value
        self._leave_typing()
        self.read()

    def _leave_typing(self) -> None:
        if self.expiry is not None:
            self.expiry.close()
        self.expiry = None

    def back(self) -> None:
        """From the date to the card, from the card to the dossier."""
        if self.expiry is not None:
            self._leave_typing()
            self.read()
        else:
            self.staff.show(DossierPage(self.staff, self.desk))

    def close(self) -> None:
        self._drop()
        self._leave_typing()
        self.applicant, self._expires = Person(""), ""
        super().close()
