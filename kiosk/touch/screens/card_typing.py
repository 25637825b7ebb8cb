"""Typing what is printed on the card: number, birth, expiry; and the digits that open a chip."""

from __future__ import annotations

from typing import Any

from kiosk.touch.cardart import CardPicture
from kiosk.touch.controls import Field
from kiosk.touch.keyboard import NumberPad
from kiosk.touch.layout import Col, Part, Row
from kiosk.touch.screen import Screen
from kiosk.touch.screens.card import CardScreen
from kiosk.touch.screens.dates import DateBoxes, shape_buttons
from kiosk.touch.screens.frame import Heading, back_button, body, bottom_row, next_button, quiet_button, spring
from kiosk.touch.theme import look, px
from kiosk.viewmodels.asking import grouped
from kiosk.viewmodels.base import ViewModel
from kiosk.viewmodels.card_typing import TypedDigits, TypedIdentity


class TypedScreen(CardScreen):
    """Number, birth, expiry, one after the other on the pad."""

    id = "typed"

    def entered(self) -> None:
        self.field: Field | None = None
        self.boxes: DateBoxes | None = None
        self._drawn: tuple[Any, ...] = ()

    def shape(self) -> tuple[Any, ...]:
        return self.model.step, self.model.problem, self.model.birth.shape

    @property
    def entry(self) -> Any:
        return {"number": self.model.number, "birth": self.model.birth, "expiry": self.model.expiry}[self.model.step]

    def body(self) -> Part:
        self._drawn = self.shape()
        t, model = self.t, self.model
        asked = {
            "number": (t("typed.number", "Số căn cước của bà con?"), t("typed.number_hint", "12 số ở mặt trước thẻ.")),
            "birth": (t("typed.birth", "Bà con sinh ngày nào?"), t("typed.birth_hint", "Như in trên thẻ. Ví dụ: 01/02/1990.")),
            "expiry": (
                t("typed.expiry", "Thẻ có giá trị đến ngày nào?"),
                t("typed.expiry_hint", "Dòng “Có giá trị đến”. Không rõ thì bỏ qua."),
            ),
        }
        words, hint = asked[model.step]
        heading = Heading(words, hint, problem=model.problem, size=42)
        shapes: list[Any] = []
        if model.step == "number":
            self.boxes = None
            self.field = Field(
                grouped(model.number.text),
                state="error" if model.problem else "active",
                numbers=True,
                on_clear=model.number.clear,
                key="field",
            )
            field: Part = self.field
        else:
            self.field = None
            self.boxes = DateBoxes(self.entry, t, wrong=bool(model.problem))
            field = self.boxes
            shapes = shape_buttons(self.entry, t)
        pad = NumberPad(self.entry.press, self.entry.delete, t)
        skip: list[Part] = []
        if model.step == "expiry":
            word = t("question.skip", "Bỏ qua câu này") if model.missed is None else t("typed.no_expiry", "Thẻ không ghi ngày này")
            skip = [quiet_button(word, "chevron_right", model.skip, "skip", after=True)]
        tools: list[Part] = [Row(*shapes, gap=12)] if shapes else []
        if look.portrait:
            heading.flex = 1
            bottom = bottom_row(back_button(t, model.back), next_button(t, model.next, wide=None))
            return body(heading, field, *tools, pad, *([Row(spring(), *skip, spring())] if skip else []), bottom, gap=18, bottom=24)
        bottom = bottom_row(back_button(t, model.back), spring(), *skip, next_button(t, model.next))
        pad.fixed_h = px(452)
        left = Col(heading, field, *tools, spring(), gap=18, flex=1)
        return body(Row(left, Col(pad, spring(), w=480), gap=40, flex=1), bottom, gap=16, top=24)

    def refresh(self) -> None:
        if self.shape() != self._drawn:
            self.rebuild()
        elif self.field is not None:
            self.field.show(grouped(self.model.number.text))
        elif self.boxes is not None:
            self.boxes.arrange()

    def typed(self, text: str) -> None:
        self.entry.type(text)

    def pressed_key(self, name: str) -> bool:
        if name == "backspace":
            self.entry.delete()
        elif name == "enter":
            self.model.next()
        else:
            return False
        return True


class DigitsScreen(CardScreen):
    """Digits from the back of the card, or its access number, on the pad."""

    id = "typed_digits"

    def entered(self) -> None:
        self.field: Field | None = None
        self._drawn: tuple[Any, ...] = ()

    def shape(self) -> tuple[Any, ...]:
        return (self.model.problem,)

    def body(self) -> Part:
        self._drawn = self.shape()
        t, model = self.t, self.model
        asked = {
            "back": (
                t("digits.back", "7 số ở mặt sau thẻ?"),
                t("digits.back_hint", "Dòng thứ hai trong ba dòng chữ có dấu <: 7 số liền sau chữ M hoặc F."),
            ),
            "can": (t("digits.can", "6 số mở chíp trên thẻ?"), t("digits.can_hint", "In ở {place}.", place=model.place_vi)),
        }
        words, hint = asked[model.kind]
        heading = Heading(words, hint, problem=model.problem, size=42)
        self.field = Field(
            model.number.text, state="error" if model.problem else "active", numbers=True, on_clear=model.number.clear, key="field"
        )
        pictures: list[Part] = [CardPicture("back", flex=1)] if model.kind == "back" else []
        pad = NumberPad(model.number.press, model.number.delete, t)
        aside = quiet_button(t("card.without_short", "Không dùng thẻ"), "chevron_right", model.without, "without", after=True)
        if look.portrait:
            heading.flex = 0 if pictures else 1
            bottom = bottom_row(back_button(t, model.back), next_button(t, model.next, wide=None))
            return body(heading, *pictures, self.field, pad, Row(spring(), aside, spring()), bottom, gap=18, bottom=24)
        bottom = bottom_row(back_button(t, model.back), spring(), aside, next_button(t, model.next))
        pad.fixed_h = px(452)
        left = Col(heading, self.field, *(pictures or [spring()]), gap=18, flex=1)
        return body(Row(left, Col(pad, spring(), w=480), gap=40, flex=1), bottom, gap=16, top=24)

    def refresh(self) -> None:
        if self.shape() != self._drawn or self.field is None:
            self.rebuild()
        else:
            self.field.show(self.model.number.text)

    def typed(self, text: str) -> None:
        self.model.number.type(text)

    def pressed_key(self, name: str) -> bool:
        if name == "backspace":
            self.model.number.delete()
        elif name == "enter":
            self.model.next()
        else:
            return False
        return True


SCREENS: dict[type[ViewModel], type[Screen]] = {TypedIdentity: TypedScreen, TypedDigits: DigitsScreen}
