"""Who is filing: laying the card on the reader, scanning its QR, typing its number – or going on without a card.

The chip opens only with facts printed on the card, so the card way first asks for the QR (or typing), then for the card on the
reader. Every failure is a sentence with a cure, and every screen keeps a way on that needs no working chip. A reading under way
is cancelled when its screen is left. What was read is shown before it is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from devices.barcode import LOST, Preview
from devices.idcard import CardPerson
from kiosk.services import Reading, Refused
from kiosk.viewmodels.filing import Filing
from kiosk.viewmodels.flow import Kiosk, Page
from kiosk.viewmodels.typing import DateEntry, Typing

Way = Literal["chip", "qr", "typed"]


class CardChoice(Page):
    """Three ways, and one without a card."""

    def __init__(self, kiosk: Kiosk, filing: Filing) -> None:
        super().__init__(kiosk)
        self.filing = filing
        self.where_vi = f"{filing.title_vi}: chọn cách lấy thông tin thẻ"

    def choose(self, way: Way) -> None:
        if way == "typed":
            self.kiosk.show(TypedIdentity(self.kiosk, self.filing, chip=False))
        else:
            self.kiosk.show(ScanQr(self.kiosk, self.filing, chip=way == "chip"))

    def without(self) -> None:
        """No card at hand: the form asks everything."""
        self.kiosk.show(self.filing.page(self.kiosk))

    def back(self) -> None:
        from kiosk.viewmodels.services import ServiceList

        self.kiosk.show(ServiceList(self.kiosk, self.filing))

    def spoken(self) -> Sequence[str]:
        t = self.kiosk.t
        return (
            t("card.title", "Bà con có mang thẻ căn cước không?"),
            t("card.chip", "Đặt thẻ lên đầu đọc"),
            t("card.qr", "Quét mã QR trên thẻ"),
            t("card.typed", "Tự gõ số căn cước"),
        )


class ScanQr(Page):
    """Listens for the card's QR, and shows what a camera sees. With ``chip`` the facts of the QR open the chip next; else they are
    the answer. Of a wedge's scan there is no name: it opens the chip like any other, or leaves the name to the questions.
    """

    def __init__(self, kiosk: Kiosk, filing: Filing, *, chip: bool) -> None:
        super().__init__(kiosk)
        self.filing, self.chip = filing, chip
        self.refused: Refused | None = None
        self.where_vi = f"{filing.title_vi}: quét mã QR trên thẻ"
        self.preview: Preview | None = None
        """What the camera sees now, ``None`` without a camera."""
        self._listening: Reading | None = None
        self._listen()

    def _listen(self) -> None:
        try:
            self._listening = self.services.watch_barcode(self._heard, self._misheard, self._saw)
        except Refused as refused:
            self.refused = refused

    @property
    def listening(self) -> bool:
        """Whether a scanner is there and waits."""
        return self._listening is not None

    def _heard(self, person: CardPerson) -> None:
        self.kiosk.touched()
        if self.chip:
            self.kiosk.show(ReadChip(self.kiosk, self.filing, person))
        else:
            self.kiosk.show(CardSeen(self.kiosk, self.filing, person))

    def _misheard(self, refused: Refused) -> None:
        if refused.code in LOST:
            self.preview = None
        else:
            self.kiosk.touched()
        self.refused = refused
        self.notify()

    def _saw(self, preview: Preview) -> None:
        self.preview = preview
        if self.refused is not None and self.refused.code in LOST:
            self.refused = None
        self.notify()

    @property
    def title_vi(self) -> str:
        t = self.kiosk.t
        if self.preview is not None:
            return t("scan.title_camera", "Đưa mã QR trên thẻ vào giữa khung hình")
        return t("scan.title", "Đưa mã QR trên thẻ vào máy quét")

    def type_instead(self) -> None:
        self.kiosk.show(TypedIdentity(self.kiosk, self.filing, chip=self.chip))

    def back(self) -> None:
        self.kiosk.show(CardChoice(self.kiosk, self.filing))

    def spoken(self) -> Sequence[str]:
        if self.refused is not None:
            return (self.refused.message_vi, self.refused.cure_vi)
        return (self.title_vi,)

    def close(self) -> None:
        super().close()
        self.preview = None
        if self._listening is not None:
            self._listening.cancel()
            self._listening = None


class ReadChip(Page):
    """Reads the chip with what is known of the card; shows how far it is, then the person or what went wrong."""

    timed = True

    def __init__(self, kiosk: Kiosk, filing: Filing, person: CardPerson | None, expiry: str = "") -> None:
        super().__init__(kiosk)
        self.filing = filing
        self.person, self.expiry = person, expiry
        self.share = 0.0
        self.step_vi = ""
        self.refused: Refused | None = None
        self.where_vi = f"{filing.title_vi}: đọc thẻ căn cước"
        self._reading: Reading | None = None
        self._begin()

    def _begin(self) -> None:
        self.refused, self.share, self.step_vi = None, 0.0, ""
        try:
            self._reading = self.services.read_card(self.person, self.expiry, self._progress, self._done, self._failed)
        except Refused as refused:
            self._failed(refused)

    def _progress(self, share: float, step_vi: str) -> None:
        self.kiosk.touched()
        self.share, self.step_vi = share, step_vi
        self.notify()

    def _done(self, person: CardPerson) -> None:
        self._reading = None
        self.kiosk.touched()
        self.kiosk.show(CardSeen(self.kiosk, self.filing, person))

    def _failed(self, refused: Refused) -> None:
        self._reading = None
        self.refused = refused
        self.notify()

    @property
    def reading(self) -> bool:
        return self._reading is not None

    @property
    def can_use_qr(self) -> bool:
        """Whether the QR of the card was read, so that it can stand in for a chip that will not open."""
        return self.person is not None and self.person.source == "qr"

    def again(self) -> None:
        self._begin()
        self.notify()

    def use_qr(self) -> None:
        if self.person is not None and self.can_use_qr:
            self.kiosk.show(CardSeen(self.kiosk, self.filing, self.person))

    def type_instead(self) -> None:
        self.kiosk.show(TypedIdentity(self.kiosk, self.filing, chip=True, known=self.person))

    def without(self) -> None:
        self.kiosk.show(self.filing.page(self.kiosk))

    def back(self) -> None:
        self.kiosk.show(CardChoice(self.kiosk, self.filing))

    def spoken(self) -> Sequence[str]:
        if self.refused is not None:
            return (self.refused.message_vi, self.refused.cure_vi)
        return (self.kiosk.t("read.title", "Đặt thẻ căn cước lên đầu đọc"),)

    def close(self) -> None:
        super().close()
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        self.person, self.expiry = None, ""


Step = Literal["number", "birth", "expiry"]


class TypedIdentity(Page):
    """Number, date of birth, and – only to open a chip – the date of expiry, which may be skipped."""

    def __init__(self, kiosk: Kiosk, filing: Filing, *, chip: bool, known: CardPerson | None = None) -> None:
        """``known``: what a code or an earlier try has told; its number and birth are written already."""
        super().__init__(kiosk)
        self.filing, self.chip, self.known = filing, chip, known
        self.step: Step = "number"
        self.problem = ""
        """Sentence of what is wrong with the present step, '' when nothing is."""
        self.number = Typing(known.number if known else "", kind="digits", limit=12)
        self.birth = DateEntry(known.birth if known else "", partial=not chip)
        self.expiry = DateEntry()
        self.where_vi = f"{filing.title_vi}: gõ số căn cước"
        for part in (self.number, self.birth, self.expiry):
            part.watch(self._typed)

    def _typed(self) -> None:
        self.problem = ""
        self.notify()

    @property
    def steps(self) -> tuple[Step, ...]:
        return ("number", "birth", "expiry") if self.chip else ("number", "birth")

    def next(self) -> None:
        """Check the present step and go on; the last one opens the chip or the form."""
        t = self.kiosk.t
        if self.step == "number":
            if len(self.number.text) != 12:
                self._wrong(t("typed.number_wrong", "Số căn cước có đủ 12 số. Bà con xem lại trên thẻ."))
                return
            self._go("birth")
        elif self.step == "birth":
            if not self.birth.full or self.birth.fault:
                self._wrong(t("typed.date_wrong", "Ngày này chưa đủ hoặc không có trong lịch. Ví dụ: 01/02/1990."))
                return
            if self.chip:
                self._go("expiry")
            else:
                self._finish()
        elif self.expiry.digits and (not self.expiry.full or self.expiry.fault):
            self._wrong(t("typed.date_wrong", "Ngày này chưa đủ hoặc không có trong lịch. Ví dụ: 01/02/1990."))
        else:
            self._finish()

    def skip(self) -> None:
        """No expiry on the card, or not readable."""
        if self.step == "expiry":
            self.expiry.clear()
            self._finish()

    def back(self) -> None:
        at = self.steps.index(self.step)
        if at:
            self._go(self.steps[at - 1])
        else:
            self.kiosk.show(CardChoice(self.kiosk, self.filing))

    def _go(self, step: Step) -> None:
        self.step, self.problem = step, ""
        self.notify()

    def _wrong(self, sentence: str) -> None:
        self.problem = sentence
        self.notify()

    def _finish(self) -> None:
        number, birth = self.number.text, self.birth.value
        # The code's date of issue still tells which expiry is likely, as long as it is the same card.
        same = self.known is not None and (self.known.number, self.known.birth) == (number, birth)
        person = CardPerson(number, "", birth, issued=self.known.issued if self.known and same else "", source="typed")
        if self.chip:
            self.kiosk.show(ReadChip(self.kiosk, self.filing, person, self.expiry.value))
            return
        self.filing.take_card(person)
        self.kiosk.show(self.filing.page(self.kiosk))

    def spoken(self) -> Sequence[str]:
        t = self.kiosk.t
        asked = {
            "number": t("typed.number", "Số căn cước của bà con?"),
            "birth": t("typed.birth", "Bà con sinh ngày nào?"),
            "expiry": t("typed.expiry", "Thẻ có giá trị đến ngày nào?"),
        }
        return (self.problem or asked[self.step],)

    def close(self) -> None:
        super().close()
        for part in (self.number, self.birth, self.expiry):
            part.close()
        self.known = None


class CardSeen(Page):
    """What the card says, before it is used: name, year of birth, last digits. The rest is used in silence."""

    def __init__(self, kiosk: Kiosk, filing: Filing, person: CardPerson) -> None:
        super().__init__(kiosk)
        self.filing = filing
        self.person: CardPerson | None = person
        self.where_vi = f"{filing.title_vi}: đã đọc thẻ"

    def accept(self) -> None:
        """Yes, this is the person filing: fill what the card knows and go on to the questions."""
        if self.person is not None:
            self.filing.take_card(self.person)
            self.kiosk.show(self.filing.page(self.kiosk))

    def refuse(self) -> None:
        """Another person's card: choose again; nothing of it is kept."""
        self.kiosk.show(CardChoice(self.kiosk, self.filing))

    back = refuse

    def spoken(self) -> Sequence[str]:
        return (self.kiosk.t("seen.title", "Đã đọc được thẻ"),)

    def close(self) -> None:
        super().close()
        self.person = None
