"""The boxes of a date: day, month, year – or only what is remembered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kivy.graphics import Color, SmoothLine

from kiosk.touch import theme
from kiosk.touch.controls import Btn, Surface
from kiosk.touch.layout import Col, Part, Row
from kiosk.touch.text import Txt
from kiosk.touch.theme import look, px
from kiosk.viewmodels.typing import DateEntry, Shape


class DateBoxes(Part):
    """Follows a :class:`DateEntry`; the box that takes the next digit has the gold ring."""

    def __init__(self, entry: DateEntry, t: Callable[..., str], *, wrong: bool = False, **kwargs: Any) -> None:
        super().__init__(h=138, key="date", **kwargs)
        self.entry, self.t, self.wrong = entry, t, wrong

    @property
    def label(self) -> str:
        return "/".join(digits for digits, _ in self.entry.parts)

    def names(self) -> tuple[str, ...]:
        day, month, year = self.t("date.day", "Ngày"), self.t("date.month", "Tháng"), self.t("date.year", "Năm")
        return {"full": (day, month, year), "month": (month, year), "year": (year,)}[self.entry.shape]

    def arrange(self) -> None:
        self.clear_widgets()
        boxes: list[Part] = []
        for number, ((digits, size), name) in enumerate(zip(self.entry.parts, self.names(), strict=True)):
            here = number == self.entry.active and not self.entry.full
            shown = digits + "–" * (size - len(digits)) if here or digits else "–" * size
            words = Txt(shown, 42, 500, theme.INK if digits else theme.INK3, family="noto", halign="center", wrap=False, fit=30)
            line = theme.RED if self.wrong or self.bad(number) else theme.INDIGO7 if here else theme.LINE2
            box = Ringed(words, ring=here, line=line, line_width=1.8 if here or line == theme.RED else 1.2, radius=18, h=94)
            label = Txt(name, 22, 400, theme.INK2, wrap=False, halign="center", scale=theme.chrome)
            boxes.append(
                Col(label, box, gap=4, w=118 * (1.2 if look.large else 1) if size == 2 else 196 * (1.2 if look.large else 1))
            )
        row = Row(*boxes, gap=16, align="start")
        self.add_widget(row)
        row.place(self.x, self.y, self.width, self.height)

    def bad(self, number: int) -> bool:
        fault = self.entry.fault
        places = {"day": 0, "month": 1 if self.entry.shape == "full" else 0}
        return fault == "date" or places.get(fault) == number


class Ringed(Surface):
    """A box with the gold ring of an active field."""

    def __init__(self, *parts: Part, ring: bool, **kwargs: Any) -> None:
        super().__init__(*parts, **kwargs)
        self.ring = ring

    def paint(self) -> None:
        super().paint()
        if self.ring:
            d = px(4.5)
            with self.canvas.before:
                Color(*theme.GOLD)
                box = (self.x - d, self.y - d, self.width + 2 * d, self.height + 2 * d, self.corner + d)
                SmoothLine(rounded_rectangle=box, width=px(2.6))


def shape_buttons(entry: DateEntry, t: Callable[..., str]) -> list[Btn]:
    """«I only remember the year»: the other precisions of a date that may be partial."""
    if not entry.partial:
        return []
    words: dict[Shape, tuple[str, str]] = {
        "full": ("calendar_month", t("date.full", "Nhớ đủ ngày")),
        "month": ("event", t("date.only_month", "Chỉ nhớ tháng, năm")),
        "year": ("event_busy", t("date.only_year", "Chỉ nhớ năm")),
    }
    return [
        Btn(word, "secondary", icon=icon, size=24, h=76, pad=16, gap=10, on_tap=_choose(entry, shape), key=f"date:{shape}")
        for shape, (icon, word) in words.items()
        if shape != entry.shape
    ]


def _choose(entry: DateEntry, shape: Shape) -> Callable[[], None]:
    return lambda: entry.choose(shape)
