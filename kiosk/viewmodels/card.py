"""Who is filing: laying the card on the reader, scanning its QR, typing its number (``card_typing``) – or going on without a card.

The chip opens only with facts printed on the card, so the card way first asks for the QR (or typing), then for the card on the
reader. Every failure is a sentence with a cure, and every screen keeps a way on that needs no working chip. A reading under way
is cancelled when its screen is left. What was read is shown before it is used.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Final, Literal

from devices.barcode import LOST, Preview
from devices.idcard import CardPerson, CardReading, CardState
from kiosk.services import CardHints, Identified, Reading, Refused
from kiosk.viewmodels.filing import Filing
from kiosk.viewmodels.flow import Kiosk, Page

Way = Literal["chip", "qr", "typed"]

HOPELESS: Final = ("reader_absent", "pcscd_absent", "key_blocked_soon", "not_genuine")
"""Failures after which typing what is on the card fills the form instead of opening the chip."""


class CardChoice(Page):
    """Three ways, and one without a card."""

    def __init__(self, kiosk: Kiosk, filing: Filing) -> None:
        super().__init__(kiosk)
        self.filing = filing
        self.where_vi = f"{filing.title_vi}: chọn cách lấy thông tin thẻ"

    def choose(self, way: Way) -> None:
        if way == "typed":
            from kiosk.viewmodels.card_typing import TypedIdentity

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
        self.card_lies = False
        """A card was laid on the reader before its QR was shown: it cannot be opened yet."""
        self.preview: Preview | None = None
        """What the camera sees now, ``None`` without a camera."""
        self._listening: Reading | None = None
        self._watching: Reading | None = None
        self._listen()
        if chip:
            self._watch()

    def _watch(self) -> None:
        # A reader that is not there is told when it is needed.
        with contextlib.suppress(Refused):
            self._watching = self.services.read_card(CardHints(), self._laid)

    def _laid(self, state: CardState) -> None:
        self.card_lies = state.code == "key_missing"
        if self.card_lies:
            self.kiosk.touched()
        self.notify()

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
            self.kiosk.show(ReadChip(self.kiosk, self.filing, CardHints(person)))
        else:
            self.kiosk.show(CardSeen(self.kiosk, self.filing, Identified(person)))

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
        from kiosk.viewmodels.card_typing import TypedIdentity

        self.kiosk.show(TypedIdentity(self.kiosk, self.filing, chip=self.chip))

    def back(self) -> None:
        self.kiosk.show(CardChoice(self.kiosk, self.filing))

    def spoken(self) -> Sequence[str]:
        if self.refused is not None:
            return (self.refused.message_vi, self.refused.cure_vi)
        return (self.title_vi,)

    def close(self) -> None:
        super().close()
        for one in (self._listening, self._watching):
            if one is not None:
                one.cancel()
        self._listening = self._watching = self.preview = None


class ReadChip(Page):
    """Reads the chip with what is known of the card; shows how far it is, then the person, or what went wrong and the ways on.

    A card that failed is read again by itself when it is laid again.
    """

    timed = True

    def __init__(self, kiosk: Kiosk, filing: Filing, known: CardHints) -> None:
        super().__init__(kiosk)
        self.filing, self.known = filing, known
        self.state: CardState | None = None
        self.refused: Refused | None = None
        self.where_vi = f"{filing.title_vi}: đọc thẻ căn cước"
        self._reading: Reading | None = None
        self._begin()

    def _begin(self) -> None:
        self.state = self.refused = None
        try:
            self._reading = self.services.read_card(self.known, self._told)
        except Refused as refused:
            self.refused = refused

    def _told(self, state: CardState) -> None:
        self.state, self.refused = state, None
        if state.phase != "waiting":
            self.kiosk.touched()
        if state.phase == "failed":
            self.refused = Refused(state.code, state.message_vi, state.cure_vi)
        if state.reading is not None:
            self._done(state.reading)
        else:
            self.notify()

    def _done(self, reading: CardReading) -> None:
        self._reading = None
        card = Identified(reading.person, reading.proof, reading.access)
        if card.proof.verdict == "not_genuine":
            # Its data fills nothing and is not shown; that it was found so goes with the dossier.
            self.filing.take_card(card)
            self.state, self.refused = None, self._not_genuine()
            self.notify()
            return
        self.kiosk.show(CardSeen(self.kiosk, self.filing, card))

    def _not_genuine(self) -> Refused:
        t = self.kiosk.t
        return Refused(
            "not_genuine",
            t("read.not_genuine", "Máy không công nhận được chíp của thẻ này."),
            t("read.not_genuine_cure", "Máy không dùng thông tin trong chíp. Mời bà con đưa thẻ cho cán bộ xem."),
        )

    @property
    def code(self) -> str:
        """Why it did not work; empty while it may still."""
        return self.refused.code if self.refused else ""

    @property
    def share(self) -> float:
        """How much has been read, 0–1."""
        return self.state.progress if self.state else 0.0

    @property
    def reads_again(self) -> bool:
        """Whether laying the card again is all there is to do."""
        return self.code in ("card_removed", "card_mute", "chip_unreadable", "not_cccd")

    @property
    def can_use_qr(self) -> bool:
        """Whether the QR of the card was read, so that it can stand in for a chip that will not open."""
        return self.code != "not_genuine" and self.known.person is not None and self.known.person.source == "qr"

    @property
    def asks_dates(self) -> bool:
        """The key was wrong and its expiry was worked out: the one printed on the card may open it."""
        return self.code == "wrong_key" and self.known.person is not None

    @property
    def can_type_can(self) -> bool:
        """The office says that its cards show an access number."""
        return self.code in ("wrong_key", "chip_unreadable") and bool(self.services.can_place_vi())

    def again(self) -> None:
        """Read once more, for a card that was read and not believed."""
        self._begin()
        self.notify()

    def use_qr(self) -> None:
        if self.known.person is not None and self.can_use_qr:
            self.kiosk.show(CardSeen(self.kiosk, self.filing, Identified(self.known.person)))

    def type_dates(self) -> None:
        """Look at the dates on the card once more."""
        from kiosk.viewmodels.card_typing import TypedIdentity

        self.kiosk.show(TypedIdentity(self.kiosk, self.filing, chip=True, missed=self.known))

    def type_can(self) -> None:
        from kiosk.viewmodels.card_typing import TypedDigits

        self.kiosk.show(TypedDigits(self.kiosk, self.filing, self.known, "can"))

    def type_instead(self) -> None:
        from kiosk.viewmodels.card_typing import TypedIdentity

        self.kiosk.show(TypedIdentity(self.kiosk, self.filing, chip=self.code not in HOPELESS, missed=self.known))

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
        self.known, self.state = CardHints(), None


class CardSeen(Page):
    """What the card says, before it is used: name, year of birth, last digits. The rest is used in silence."""

    def __init__(self, kiosk: Kiosk, filing: Filing, card: Identified) -> None:
        super().__init__(kiosk)
        self.filing = filing
        self.card: Identified | None = card
        self.where_vi = f"{filing.title_vi}: đã đọc thẻ"

    @property
    def person(self) -> CardPerson | None:
        return self.card.person if self.card else None

    def accept(self) -> None:
        """Yes, this is the person filing: fill what the card knows and go on to the questions."""
        if self.card is not None:
            self.filing.take_card(self.card)
            self.kiosk.show(self.filing.page(self.kiosk))

    def refuse(self) -> None:
        """Another person's card: choose again; nothing of it is kept."""
        self.kiosk.show(CardChoice(self.kiosk, self.filing))

    back = refuse

    def spoken(self) -> Sequence[str]:
        return (self.kiosk.t("seen.title", "Đã đọc được thẻ"),)

    def close(self) -> None:
        super().close()
        self.card = None
