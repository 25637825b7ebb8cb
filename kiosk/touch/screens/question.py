"""One question per screen: text with the keyboard, numbers and dates with a pad, choices as cards, tiles or a search.

Landscape puts the field and «next» above the keyboard, or the pad beside the question; portrait keeps the upper part for
reading and the lower for touching. An error takes the place of the hint and the field turns red. Typing redraws only the field
and the keys that changed; everything else is built anew, which is quick.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from forms.xlsform import Choice
from kiosk.touch import theme
from kiosk.touch.controls import Btn, Field, RoundBtn, Surface
from kiosk.touch.keyboard import Key, Keyboard, NumberPad
from kiosk.touch.layout import Col, Grid, Part, Row
from kiosk.touch.marks import Progress
from kiosk.touch.screen import CitizenScreen, Screen
from kiosk.touch.screens.choices import Ballot, CardForm, answer_card, answer_tile
from kiosk.touch.screens.dates import DateBoxes, shape_buttons
from kiosk.touch.screens.frame import Heading, back_button, bottom_row, next_button, quiet_button, spring
from kiosk.touch.text import Icon, Txt
from kiosk.touch.theme import look, px
from kiosk.viewmodels.asking import CARDS, WRITTEN, Asking
from kiosk.viewmodels.base import ViewModel
from kiosk.viewmodels.typing import COMMA


class QuestionScreen(CitizenScreen):
    """Shows the session's present question in the way that fits its type."""

    id = "question"

    def entered(self) -> None:
        self.field: Field | None = None
        self.boxes: DateBoxes | None = None
        self.keyboard: Keyboard | None = None
        self.heading: Heading | None = None
        self.found: Part | None = None
        self._drawn: tuple[Any, ...] = ()

    # --- frame -----------------------------------------------------------------------------------------------------------

    def head(self) -> tuple[str, str, Any]:
        model = self.model
        if look.large and not look.portrait:
            return "", "", model.back
        place = model.position
        sub = self.t(
            "question.place", "{section} – câu {index} / {count}", section=place.section, index=place.index, count=place.count
        )
        return model.filing.title_vi, sub.removeprefix(" – "), model.back

    def body(self) -> Part:
        self._drawn = self.shape()
        question = self.model.question
        if question.type == "date":
            return self.pad_page(self.date_field(), self.date_pad())
        if question.type in WRITTEN and self.model.is_number:
            return self.pad_page(self.number_field(), self.number_pad())
        if question.type in WRITTEN:
            return self.text_page()
        if self.model.search is not None:
            return self.search_page()
        return self.choice_page()

    def shape(self) -> tuple[Any, ...]:
        """What a change must differ in to need a new tree; anything else is redrawn in place."""
        model = self.model
        entry = model.entry.shape if model.entry is not None else ""
        choice = () if model.search is not None else (tuple(model.chosen), model.page)
        return model.question.name, model.wrong, model.keyboard, entry, choice, model.hidden

    def refresh(self) -> None:
        if self.shape() != self._drawn:
            self.rebuild()
            return
        self._follow()

    def _follow(self) -> None:
        model = self.model
        if self.field is not None:
            self.field.show(model.shown_number if model.is_number else (model.search or model.typing).text)
        if self.boxes is not None:
            self.boxes.arrange()
        if self.keyboard is not None:
            self.keyboard.follow()
        if self.found is not None:
            self.fill_found()
            self.found.arrange()

    def progress(self) -> list[Part]:
        place = self.model.position
        bar = Progress(place.index, place.count)
        if not look.portrait:
            return [bar]
        words = self.t("question.short_place", "Câu {index} / {count}", index=place.index, count=place.count)
        line = Row(
            Txt(self.model.filing.title_vi, 24, 600, theme.INK2, lines=1, fit=20, scale=theme.chrome, flex=1),
            Txt(words, 24, 400, theme.INK2, wrap=False, scale=theme.chrome),
            align="middle",
        )
        return [Col(line, bar, gap=10)]

    def title(self, size: float = 0) -> Heading:
        question = self.model.question
        self.heading = Heading(question.label, question.hint, problem=self.model.wrong, size=size or (46 if look.portrait else 42))
        return self.heading

    def next(self, wide: float | None = 330, *, h: float = 96) -> Btn:
        word = self.t("question.save", "Lưu") if self.model.changing else ""
        return next_button(self.t, self.model.next, word, wide=wide, h=h)

    def previous(self) -> Btn:
        word = self.t("question.to_check", "Xem lại") if self.model.changing else ""
        return back_button(self.t, self.model.back, word)

    def aside(self) -> list[Btn]:
        """The quiet way on: take the entry away, skip, or ask a person (who can always be called from the head)."""
        if self.model.removable:
            word = self.t("question.remove", "Bỏ “{what}”", what=self.model.removable)
            return [quiet_button(word, "delete", self.model.ask_removal, "remove")]
        if self.model.can_skip:
            return [quiet_button(self.t("question.skip", "Bỏ qua câu này"), "chevron_right", self.model.skip, "skip", after=True)]
        return [quiet_button(self.t("ask.dont_know", "Không biết, hỏi cán bộ"), "help", self.model.unknown, "ask")]

    # --- text ------------------------------------------------------------------------------------------------------------

    def text_field(self) -> Field:
        model = self.model
        long = model.question.appearance == "multiline"
        size = 34 if long else theme.FIELD
        self.field = Field(
            model.typing.text,
            state="error" if model.problem else "active",
            on_clear=model.typing.clear,
            lines=2 if long else 1,
            size=size,
            h=94 if not long else 116,
            flex=1,
            key="field",
            on_tap=None if model.keyboard else model.toggle_keyboard,
        )
        return self.field

    def text_page(self) -> Part:
        model = self.model
        if model.keyboard:
            self.keyboard = Keyboard(model.typing, self.t, model.toggle_keyboard)
        else:
            self.keyboard = None
        side = look.margin / look.unit
        heading = self.title()
        heading.flex = 1
        field = self.text_field()
        if look.portrait:
            extra = [self.card_button(short=look.large)] if model.can_read_card else []
            ways = Row(*extra, *self.aside(), gap=16, align="middle")
            if extra:
                extra[0].flex = 1
            field.flex = 0
            upper = Col(
                *self.progress(), heading, field, ways, bottom_row(self.previous(), self.next(None)),
                gap=14, pad=(side, 14, side, 14), flex=1,
            )  # fmt: skip
            return Col(upper, self.keyboard or self.keyboard_button())
        if self.keyboard is None:
            upper = Col(
                *self.progress(), heading, field, self.keyboard_button(), spring(),
                bottom_row(self.previous(), spring(), *self.aside(), self.next()),
                gap=16, pad=(side, 16, side, 20), flex=1,
            )  # fmt: skip
            field.flex = 0
            heading.flex = 0
            return upper
        beside = [self.card_button(short=True)] if model.can_read_card else self.aside()
        if look.large and not model.can_read_card and not model.can_skip:
            beside = []
        top = Row(heading, *beside, gap=12, align="fill")
        enter = Row(field, self.next(270, h=94), gap=20, align="middle")
        upper = Col(*self.progress(), top, enter, gap=10, pad=(side, 16, side, 24), flex=1)
        top.flex = 1
        return Col(upper, self.keyboard)

    def card_button(self, *, short: bool = False) -> Btn:
        word = self.t("question.card_short", "Đọc thẻ") if short else self.t("question.card", "Đọc từ thẻ căn cước")
        return Btn(word, "secondary", icon="contactless", size=25, h=76, gap=12, on_tap=self.model.read_card, key="card")

    def keyboard_button(self) -> Part:
        word = self.t("keys.show", "Hiện bàn phím")
        return Btn(word, "soft", icon="keyboard", size=26, h=76, on_tap=self.model.toggle_keyboard, key="keyboard:show")

    # --- numbers and dates -------------------------------------------------------------------------------------------------

    def number_field(self) -> Part:
        model = self.model
        self.field = Field(
            model.shown_number,
            state="error" if model.problem else "active",
            numbers=True,
            on_clear=model.typing.clear,
            flex=1,
            key="field",
        )
        if not model.hidden:
            return Row(self.field)
        eye = RoundBtn("visibility", size=76, icon_size=36, on_tap=model.show_number, key="eye")
        return Row(self.field, eye, gap=14, align="middle")

    def number_pad(self) -> Part:
        typing = self.model.typing
        comma = Key(COMMA, "letter", lambda: typing.press(COMMA), "key:comma", size=38) if typing.kind == "decimal" else None
        return NumberPad(typing.press, typing.delete, self.t, corner=comma)

    def date_field(self) -> Part:
        self.boxes = DateBoxes(self.model.entry, self.t, wrong=bool(self.model.problem))
        return self.boxes

    def date_pad(self) -> Part:
        return NumberPad(self.model.entry.press, self.model.entry.delete, self.t)

    def pad_page(self, field: Part, pad: Part) -> Part:
        side = look.margin / look.unit
        shapes = shape_buttons(self.model.entry, self.t) if self.model.entry is not None else []
        card = [self.card_button()] if self.model.can_read_card else []
        heading = self.title()
        if look.portrait:
            heading.flex = 1
            tools = [Row(*shapes, gap=12)] if shapes else []
            if look.large and card:
                ways: list[Part] = [*card, Row(spring(), *self.aside(), spring())]
            else:
                ways = [Row(*card, spring(), *self.aside(), gap=16, align="middle")]
            return Col(
                *self.progress(), heading, field, *tools, pad, *ways,
                bottom_row(self.previous(), self.next(None)),
                gap=16, pad=(side, 14, side, 24), flex=1,
            )  # fmt: skip
        left = Col(heading, field, *([Row(*shapes, gap=12)] if shapes else []), *card, spring(), gap=18, flex=1)
        pad.fixed_h = px(452)
        middle = Row(left, Col(pad, spring(), w=480), gap=40, flex=1)
        bottom = bottom_row(self.previous(), spring(), *self.aside(), self.next())
        return Col(*self.progress(), middle, bottom, gap=16, pad=(side, 16, side, 20), flex=1)

    # --- choices -----------------------------------------------------------------------------------------------------------

    def choice_page(self) -> Part:
        model, question = self.model, self.model.question
        side = look.margin / look.unit
        heading = self.title()
        if question.type == "note":
            area: Part = Surface(
                Row(Icon("info", 64, theme.BLUE), Txt(question.hint, 30, 400, fit=24, flex=1), gap=28, pad=36, align="middle"),
                shadow=1,
                radius=22,
            )
            heading = Heading(question.label, "", size=46 if look.portrait else 42)
        else:
            area = Ballot(self.cards, model.page, model.turn, self.t, tiles=len(question.choices) > CARDS, flex=1)
        aside = self.aside()
        if look.portrait:
            bottom = Col(bottom_row(self.previous(), self.next(None)), Row(spring(), *aside, spring()), gap=12)
        else:
            bottom = bottom_row(self.previous(), spring(), *aside, self.next())
        tail = [] if area.flex else [spring()]
        return Col(*self.progress(), heading, area, *tail, bottom, gap=14, pad=(side, 16, side, 20), flex=1)

    def cards(self, form: CardForm) -> list[Part]:
        """All answers of the present question as cards."""
        model, question = self.model, self.model.question
        choices: Sequence[Choice] = question.choices or (Choice("yes", self.t("question.agree", "Tôi đã đọc và đồng ý")),)
        many = question.type in ("select_multiple", "acknowledge")
        cards: list[Part] = [
            answer_card(self, choice, chosen=choice.name in model.chosen, multiple=many, form=form) for choice in choices
        ]
        if question.type == "select_multiple":
            none = Choice("", self.t("question.none", "Không có mục nào"), "", "block")
            cards.append(answer_card(self, none, chosen=not model.chosen, multiple=True, form=form, act=model.none_of_these))
        return cards

    def search_page(self) -> Part:
        """More answers than tiles: first letters, the fitting answers above the keyboard."""
        model = self.model
        side = look.margin / look.unit
        heading = self.title(36)
        if not model.problem and (look.large or not look.portrait):
            heading.hint = ""
        self.keyboard = Keyboard(model.search, self.t)
        placeholder = self.t("question.search", "Viết mấy chữ đầu")
        self.field = Field(
            model.search.text, placeholder=placeholder, state="error" if model.problem else "active", size=34,
            on_clear=model.search.clear, h=92 if not look.large else 84, flex=1, key="field",
        )  # fmt: skip
        self.found = Part(h=166 if look.portrait else 78)
        heading.flex = 1
        self.fill_found()
        if look.portrait:
            field = Row(self.field)
            upper = Col(
                *self.progress(), heading, field, self.found, bottom_row(self.previous(), self.next(None)),
                gap=12, pad=(side, 14, side, 14), flex=1,
            )  # fmt: skip
        else:
            enter = Row(self.field, self.next(270, h=92), gap=20, align="middle")
            upper = Col(*self.progress(), heading, enter, self.found, gap=12, pad=(side, 14, side, 10), flex=1)
        return Col(upper, self.keyboard)

    def fill_found(self) -> None:
        """Answers that fit what is written; the chosen one stays in sight."""
        assert self.found is not None
        model = self.model
        across, down = (2, 2) if look.portrait else (4, 1)
        room = across * down
        found = list(model.choices)
        chosen = [choice for choice in model.question.choices if choice.name in model.chosen]
        if chosen and model.page == 0:
            found = chosen + [choice for choice in found if choice not in chosen]
        pages = max(1, -(-len(found) // room))
        model.page = min(model.page, pages - 1)
        shown = found[model.page * room : (model.page + 1) * room]
        self.found.clear_widgets()
        if not shown:
            self.found.add_widget(Txt(self.t("question.nothing", "Không có câu trả lời nào bắt đầu như vậy."), 26, 400, theme.INK2))
            return
        tiles: list[Part] = [answer_tile(self, choice, chosen=choice.name in model.chosen) for choice in shown]
        grid = Grid(*tiles, cols=across, gap=12, row=76, flex=1)
        if pages == 1:
            self.found.add_widget(Col(grid))
            return
        arrows = [
            RoundBtn(
                "chevron_left", size=72, icon_size=40, on_tap=lambda: model.turn(-1), key="page:before", enabled=model.page > 0
            ),
            RoundBtn(
                "chevron_right",
                size=72,
                icon_size=40,
                on_tap=lambda: model.turn(1),
                key="page:after",
                enabled=model.page < pages - 1,
            ),
        ]
        turn = Col(*arrows, gap=20) if look.portrait else Row(*arrows, gap=12)
        self.found.add_widget(Row(grid, turn, gap=12, align="start"))

    # --- real keyboard -------------------------------------------------------------------------------------------------------

    def typed(self, text: str) -> None:
        target = self.model.typing or self.model.entry or self.model.search
        if target is not None:
            target.type(text)

    def pressed_key(self, name: str) -> bool:
        target = self.model.typing or self.model.entry or self.model.search
        if name == "backspace" and target is not None:
            target.delete()
        elif name == "enter":
            self.model.next()
        else:
            return False
        return True


SCREENS: dict[type[ViewModel], type[Screen]] = {Asking: QuestionScreen}
