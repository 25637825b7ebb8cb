"""What a citizen types from her card: number, birth and expiry, or the digits that open the chip when those do not.

The expiry that the law gives opens most cards. Where it does not, the one printed on the card is asked for; a card without one
(people past 60) has it among the lines on its back, seven digits whose last one is a check digit. The access number is asked for
only where the office says that its cards show one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Literal

from devices.idcard import CardPerson, check_digit
from kiosk.services import CardHints, Identified
from kiosk.viewmodels.card import CardChoice, ReadChip
from kiosk.viewmodels.filing import Filing
from kiosk.viewmodels.flow import Kiosk, Page
from kiosk.viewmodels.typing import DateEntry, Typing

Step = Literal["number", "birth", "expiry"]
Digits = Literal["back", "can"]


class TypedIdentity(Page):
    """Number, date of birth, and – only to open a chip – the date of expiry, which may be skipped.

    ``missed``: what did not open the chip; then it begins with the expiry, and the rest is there to be looked at again.
    """

    def __init__(self, kiosk: Kiosk, filing: Filing, *, chip: bool, missed: CardHints | None = None) -> None:
        super().__init__(kiosk)
        self.filing, self.chip, self.missed = filing, chip, missed
        known = missed.person if missed else None
        self.step: Step = "expiry" if known and chip else "number"
        self.problem = ""
        """Sentence of what is wrong with the present step, '' when nothing is."""
        self.number = Typing(known.number if known else "", kind="digits", limit=12)
        self.birth = DateEntry(known.birth if known else "", partial=not chip)
        self.expiry = DateEntry(missed.expires if missed else "")
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
        """No expiry on the card, or not readable: the law's is tried, and when that has missed, the digits on the back."""
        if self.step != "expiry":
            return
        self.expiry.clear()
        if self.missed is None:
            self._finish()
        else:
            self.kiosk.show(TypedDigits(self.kiosk, self.filing, CardHints(self._person()), "back"))

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

    def _person(self) -> CardPerson:
        """What was typed; the QR's own facts while number and birth are still those of the QR."""
        known = self.missed.person if self.missed else None
        if known is not None and (known.number, known.birth) == (self.number.text, self.birth.value):
            return known
        return CardPerson(number=self.number.text, name="", birth=self.birth.value, source="typed")

    def _finish(self) -> None:
        if self.chip:
            self.kiosk.show(ReadChip(self.kiosk, self.filing, CardHints(self._person(), self.expiry.value)))
            return
        self.filing.take_card(Identified(self._person()))
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
        self.missed = None
        for part in (self.number, self.birth, self.expiry):
            part.close()


class TypedDigits(Page):
    """Digits that open the chip together with, or instead of, what is ``known``: seven from the back, or the access number."""

    LENGTHS: Final[dict[Digits, int]] = {"back": 7, "can": 6}

    def __init__(self, kiosk: Kiosk, filing: Filing, known: CardHints, kind: Digits) -> None:
        super().__init__(kiosk)
        self.filing, self.known, self.kind = filing, known, kind
        self.problem = ""
        self.number = Typing(kind="digits", limit=self.LENGTHS[kind])
        self.where_vi = f"{filing.title_vi}: gõ số mở chíp của thẻ"
        self.number.watch(self._typed)

    def _typed(self) -> None:
        self.problem = ""
        self.notify()

    @property
    def place_vi(self) -> str:
        """Where the office says the access number is printed."""
        return self.services.can_place_vi()

    def next(self) -> None:
        digits, t = self.number.text, self.kiosk.t
        if len(digits) < self.LENGTHS[self.kind]:
            self.problem = t("digits.short", "Chưa đủ {count} số. Bà con xem lại trên thẻ.", count=self.LENGTHS[self.kind])
        elif self.kind == "back" and check_digit(digits[:6]) != digits[6]:
            self.problem = t("digits.wrong", "Có số chưa đúng. Bà con xem lại trên thẻ.")
        else:
            known = CardHints(self.known.person, mrz_expiry=digits) if self.kind == "back" else replace(self.known, can=digits)
            self.kiosk.show(ReadChip(self.kiosk, self.filing, known))
            return
        self.notify()

    def without(self) -> None:
        self.kiosk.show(self.filing.page(self.kiosk))

    def back(self) -> None:
        self.kiosk.show(CardChoice(self.kiosk, self.filing))

    def spoken(self) -> Sequence[str]:
        t = self.kiosk.t
        asked = {
            "back": t("digits.back", "7 số ở mặt sau thẻ?"),
            "can": t("digits.can", "6 số mở chíp trên thẻ?"),
        }
        return (self.problem or asked[self.kind],)

    def close(self) -> None:
        super().close()
        self.known = CardHints()
        self.number.close()
