"""Whose filing it is: the ways to the card, scanning its QR, laying it on the reader, typing, and what was read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from forms.text import date_vi, mask_number, title_name
from kiosk.touch import theme
from kiosk.touch.cardart import CardPicture
from kiosk.touch.controls import Badge, Btn, Note, RoundBtn, Surface, Tappable
from kiosk.touch.layout import Col, Part, Row, Space
from kiosk.touch.live import LivePicture
from kiosk.touch.marks import Bar
from kiosk.touch.screen import CitizenScreen, Screen
from kiosk.touch.screens.frame import Heading, body, bottom_row, next_button, quiet_button, spring
from kiosk.touch.text import Txt
from kiosk.touch.theme import look, px
from kiosk.viewmodels.base import ViewModel
from kiosk.viewmodels.card import CardChoice, CardSeen, ReadChip, ScanQr, Way


class CardScreen(CitizenScreen):
    """Head common to the card's screens."""

    def head(self) -> tuple[str, str, Any]:
        return self.model.filing.title_vi, self.t("card.head", "Thông tin của bà con"), self.model.back


class CardChoiceScreen(CardScreen):
    """Three ways, and one without a card."""

    id = "card"

    def body(self) -> Part:
        t = self.t
        words = Heading(
            t("card.title", "Bà con có mang thẻ căn cước không?"),
            t("card.hint", "Máy lấy thông tin từ thẻ để bà con đỡ phải viết."),
            size=46,
        )
        cards: list[Part] = [
            self.way(
                "chip",
                "contactless",
                "tile_indigo",
                t("card.chip", "Đặt thẻ lên đầu đọc"),
                t("card.chip_hint", "Nhanh và đầy đủ nhất"),
            ),
            self.way(
                "qr",
                "qr_code_scanner",
                "tile_green",
                t("card.qr", "Quét mã QR trên thẻ"),
                t("card.qr_hint", "Mã vuông in trên thẻ"),
            ),
            self.way(
                "typed", "dialpad", "tile_brown", t("card.typed", "Tự gõ số căn cước"), t("card.typed_hint", "12 số in trên thẻ")
            ),
        ]
        without = quiet_button(
            t("card.without", "Không mang thẻ, tự điền"), "chevron_right", self.model.without, "without", after=True, size=28
        )
        if look.portrait:
            return body(words, *cards, spring(), Row(spring(), without, spring()), gap=20, top=28, bottom=28)
        for card in cards:
            card.flex = 1
        return body(words, Row(*cards, gap=20, flex=1), Row(spring(), without), gap=22, top=28, bottom=20)

    def way(self, way: Way, icon: str, colour: str, name: str, hint: str) -> Part:
        listen: list[Part] = []
        if self.shell.can_speak:
            listen = [RoundBtn("volume_up", on_tap=lambda: self.say(f"{name}. {hint}"), key=f"listen:{way}")]
        edge = 96 if look.portrait else 120
        badge = Badge(icon, theme.TILE_COLOURS[colour], size=edge, radius=24)
        title = Txt(name, 34 if look.portrait else 31, 600, lines=2, fit=28)
        line = Txt(hint, 24, 400, theme.INK2, lines=2, fit=22)
        if look.portrait:
            inside: Part = Row(badge, Col(title, line, flex=1, gap=2), *listen, gap=24, pad=(26, 22, 24, 22), align="middle")
        else:
            inside = Col(Row(badge, spring(), *listen, align="start"), spring(), title, line, spring(), gap=6, pad=(28, 30, 20, 20))
        return Tappable(inside, shadow=1, radius=24, on_tap=lambda: self.model.choose(way), key=f"way:{way}")

    def say(self, sentence: str) -> None:
        if self.shell.speaker is not None:
            self.shell.speaker.say((sentence,), self.shell.kiosk.language)


class ScanScreen(CardScreen):
    """The QR of the card under the scanner, or before the camera in its own live picture."""

    id = "scan"

    def entered(self) -> None:
        self.live: LivePicture | None = None
        self._drawn: tuple[Any, ...] = ()

    def shape(self) -> tuple[Any, ...]:
        return self.model.refused, self.model.listening, self.model.card_lies, self.model.preview is None

    def refresh(self) -> None:
        if self.shape() != self._drawn or self.live is None:
            self.rebuild()
        else:
            self.live.show(self.model.preview)
            self.shell.changed(self.live)

    def body(self) -> Part:
        self._drawn = self.shape()
        t, model = self.t, self.model
        hint = (
            t("scan.hint_chip", "Mã vuông in trên thẻ. Máy cần mã này để mở chíp.")
            if model.chip
            else t("scan.hint", "Mã vuông in trên thẻ.")
        )
        words = Heading(model.title_vi, hint, size=44)
        self.live = None if model.preview is None else LivePicture(model.preview, flex=1, h=470 if look.portrait else None)
        picture = self.live or CardPicture("qr", flex=1)
        state: list[Part] = []
        if model.refused is not None:
            state = [Note(f"{model.refused.message_vi} {model.refused.cure_vi}", "red", "error", size=25, key="note:refused")]
        elif model.card_lies:
            laid = t("scan.laid", "Máy đã thấy thẻ. Bà con nhấc thẻ lên, quét mã vuông trước rồi đặt lại.")
            state = [Note(laid, "blue", "contactless", size=25, key="note:laid")]
        elif model.listening:
            state = [Note(t("scan.waiting", "Máy đang chờ mã QR…"), "blue", "qr_code_scanner", size=25, key="note:waiting")]
        typed = Btn(
            t("scan.type", "Không quét được, gõ số"),
            "secondary",
            icon="dialpad",
            size=28,
            h=92,
            on_tap=model.type_instead,
            key="type",
        )
        without = quiet_button(t("card.without_short", "Không dùng thẻ"), "chevron_right", self.without, "without", after=True)
        return framed(words, picture, state, [typed], without)

    def without(self) -> None:
        self.model.kiosk.show(self.model.filing.page(self.model.kiosk))


class ReadScreen(CardScreen):
    """The card on the reader: waiting, reading, or what went wrong and the ways on."""

    id = "read_card"

    def entered(self) -> None:
        self.bar: Bar | None = None
        self.step: Txt | None = None
        self._drawn: tuple[Any, ...] = ()

    def shape(self) -> tuple[Any, ...]:
        return self.model.refused is None, self.model.code, self.model.share > 0

    def body(self) -> Part:
        self._drawn = self.shape()
        return self.failed() if self.model.refused is not None else self.going()

    def going(self) -> Part:
        """Lay the card; hold still."""
        t, model = self.t, self.model
        self.step = Txt(self.told(), 26, 600, theme.INDIGO7, fit=22, lines=2)
        self.bar = Bar(model.share, h=16)
        state = Surface(Col(self.step, self.bar, gap=14, pad=(26, 20, 26, 24)), line=theme.LINE, radius=18, key="note:reading")
        if model.share > 0:
            words = Heading(
                t("read.still", "Giữ yên thẻ"), t("read.still_hint", "Đừng nhấc thẻ cho đến khi máy báo xong."), size=50
            )
        else:
            words = Heading(
                t("read.title", "Đặt thẻ căn cước lên đầu đọc"), t("read.hint", "Để thẻ nằm yên cho đến khi máy báo xong."), size=44
            )
        return framed(words, CardPicture("reader", flex=1), [state], [self.typing()], self.aside())

    def failed(self) -> Part:
        """What went wrong, what to do with the hands, and the ways that need no chip."""
        model = self.model
        self.bar = self.step = None
        words = Heading(model.refused.message_vi, model.refused.cure_vi, size=40, lines=3)
        ways = self.ways()
        state: list[Part] = []
        if model.reads_again and len(ways) < 3:
            again = self.t("read.by_itself", "Đặt lại thẻ là máy tự đọc tiếp.")
            state = [Note(again, "blue", "contactless", size=25, key="note:again")]
        return framed(words, CardPicture("problem", flex=1), state, ways, self.aside())

    def ways(self) -> list[Part]:
        """The likeliest way first and in the strongest colour, at most three."""
        t, model = self.t, self.model
        if model.code == "not_genuine":
            return [
                self.way(t("read.call", "Gọi cán bộ"), "support_agent", model.kiosk.call_help, "call", main=True),
                self.way(t("read.other", "Đọc lại thẻ"), "refresh", model.again, "retry"),
            ]
        ways: list[Part] = []
        if model.asks_dates:
            word = t("read.dates", "Gõ ngày hết hạn trên thẻ")
            ways.append(self.way(word, "calendar_month", model.type_dates, "dates", main=True))
        if model.can_use_qr:
            word = t("read.use_qr", "Dùng mã QR đã quét")
            ways.append(self.way(word, "qr_code", model.use_qr, "use_qr", main=not ways and not model.reads_again))
        if model.can_type_can:
            ways.append(self.way(t("read.can", "Gõ 6 số mở chíp"), "pin", model.type_can, "can"))
        if not model.asks_dates:
            ways.append(self.typing(main=not ways and not model.reads_again))
        return ways

    def typing(self, *, main: bool = False) -> Btn:
        return self.way(self.t("read.type", "Tự gõ số trên thẻ"), "dialpad", self.model.type_instead, "type", main=main)

    def way(self, word: str, icon: str, act: Callable[[], None], key: str, *, main: bool = False) -> Btn:
        kind, size = ("primary", 30) if main else ("secondary", 27)
        return Btn(word, kind, icon=icon, size=size, h=88, on_tap=act, key=key)

    def aside(self) -> Part:
        word = self.t("card.without_short", "Không dùng thẻ")
        return quiet_button(word, "chevron_right", self.model.without, "without", after=True)

    def told(self) -> str:
        state = self.model.state
        if state is not None and state.phase == "reading":
            return str(state.message_vi)
        return self.t("read.waiting", "Máy đang chờ thẻ…")

    def refresh(self) -> None:
        if self.shape() != self._drawn or self.bar is None or self.step is None:
            self.rebuild()
            return
        self.bar.show(self.model.share)
        self.step.say(self.told())


def framed(words: Heading, picture: Part, state: list[Part], ways: list[Part], without: Part) -> Part:
    """Picture beside or above the words; ways on at the bottom."""
    if look.portrait:
        picture.fixed_h = picture.fixed_h or px(360)
        picture.flex = 0
        return body(words, picture, *state, spring(), *ways, Row(spring(), without, spring()), gap=18, top=28, bottom=24)
    right = Col(words, *state, spring(), *ways, Row(spring(), without), gap=16, flex=1.35)
    return body(Row(picture, right, gap=44, flex=1), top=32, bottom=24)


class SeenScreen(CardScreen):
    """What the card said."""

    id = "card_seen"

    def body(self) -> Part:
        t, person = self.t, self.model.person
        if person is None:
            return body(Space())
        words = Heading(t("seen.title", "Đã đọc được thẻ"), t("seen.hint", "Có đúng là thẻ của bà con không?"), size=46)
        rows: list[Part] = []
        for label, text, digits in (
            (t("seen.name", "Họ và tên"), title_name(person.name), False),
            (t("seen.birth", "Ngày sinh"), date_vi(person.birth) if person.birth else "", True),
            (t("seen.number", "Số căn cước"), mask_number(person.number), True),
        ):
            if text:
                rows.append(
                    Col(
                        Txt(label, 24, 400, theme.INK2, lines=1, fit=20, scale=theme.chrome),
                        Txt(text, 34, 600, lines=2, fit=26, family="noto" if digits else "be", scale=theme.chrome),
                    )
                )
        badge = Surface(
            CardPicture("done"),
            fill=theme.CLEAR,
            line=None,
            w=300 if not look.portrait else None,
            h=None if not look.portrait else 260,
        )
        facts = Col(*rows, gap=14, flex=0 if look.portrait else 1)
        if look.portrait:
            card = Surface(Col(badge, facts, gap=24, pad=36), shadow=2, radius=24, h=None)
        else:
            card = Surface(Row(badge, facts, gap=40, pad=36), shadow=2, radius=24, flex=1)
        yes = next_button(t, self.model.accept, t("seen.yes", "Đúng, tiếp tục"), wide=None if look.portrait else 420, key="accept")
        no = Btn(
            t("seen.no", "Không phải thẻ của tôi"), "secondary", icon="close", size=28, h=96, on_tap=self.model.refuse, key="refuse"
        )
        if look.portrait:
            yes.flex = 0
            return body(words, card, spring(), yes, no, gap=22, top=28, bottom=28)
        return body(words, card, bottom_row(no, spring(), yes), gap=22, top=28, bottom=24)


SCREENS: dict[type[ViewModel], type[Screen]] = {
    CardChoice: CardChoiceScreen,
    ScanQr: ScanScreen,
    ReadChip: ReadScreen,
    CardSeen: SeenScreen,
}
