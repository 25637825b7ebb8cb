"""What many citizens' screens share: the page under the head, its heading that always fits, the rows of buttons at the bottom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kiosk.touch import theme
from kiosk.touch.controls import Act, Btn
from kiosk.touch.layout import Col, Part, Row, Space
from kiosk.touch.text import Icon, Txt
from kiosk.touch.theme import look, pt, px


class Heading(Part):
    """A question and its hint (or what is wrong with the answer): shrinks together until it fits its place.

    Sizes in design px; the hint never falls under ``least`` before the title has fallen to ``least_title``.
    """

    shrinks = True

    def __init__(
        self,
        words: str,
        hint: str = "",
        *,
        problem: str = "",
        size: float = theme.QUESTION,
        hint_size: float = theme.BODY,
        lines: int = 2,
        least_title: float = 30,
        least: float = 21,
        gap: float = 8,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.words, self.hint, self.problem = words, hint, problem
        self.sizes = (pt(size), pt(hint_size))
        if look.large:
            least = max(least, theme.LEAST_LARGE)
        self.least = (min(pt(size), px(least_title)), min(pt(hint_size), px(least)))
        self.lines, self.between = lines, px(gap)

    def _made(self, share: float) -> list[Part]:
        first, second = (max(low, size * share) for size, low in zip(self.sizes, self.least, strict=True))
        parts: list[Part] = [Txt(self.words, first, 800, theme.INK, scale=float, lines=self.lines, pitch=1.32, balance=True)]
        if self.problem:
            parts.append(ErrorLine(self.problem, second))
        elif self.hint:
            parts.append(Txt(self.hint, second, 400, theme.INK2, scale=float, lines=4))
        return parts

    def _height(self, parts: list[Part], width: float) -> float:
        return sum(part.want(width)[1] for part in parts) + self.between * (len(parts) - 1)

    def _cut(self, parts: list[Part]) -> bool:
        """Whether a text needs more lines than it may have."""
        return any(len(part.broken(self.width, part.font_size)) > part.lines for part in parts if isinstance(part, Txt))

    def natural(self, width: float) -> tuple[float, float]:
        return width, self._height(self._made(1.0), width)

    def arrange(self) -> None:
        self.clear_widgets()
        parts = self._made(0.6)
        for step in range(17):
            trial = self._made(1.0 - 0.025 * step)
            if self._height(trial, self.width) <= self.height + 1 and not self._cut(trial):
                parts = trial
                break
        top = self.top - max(0.0, (self.height - self._height(parts, self.width)) / 2)
        for part in parts:
            self.add_widget(part)
            h = part.want(self.width)[1]
            part.place(self.x, top - h, self.width, h)
            top -= h + self.between


class ErrorLine(Part):
    """What is wrong and what to do: red, with an icon. ``size`` in real pixels."""

    def __init__(self, text: str, size: float) -> None:
        super().__init__()
        self.icon = Icon("error", size * 1.15, theme.RED, scale=float)
        self.words = Txt(text, size, 600, theme.RED, scale=float, lines=3, fit=18)
        self.add_widget(self.icon)
        self.add_widget(self.words)
        self.indent = size * 1.15 + px(14)

    def natural(self, width: float) -> tuple[float, float]:
        return width, self.words.want(width - self.indent)[1]

    def arrange(self) -> None:
        edge = self.icon.edge
        self.icon.place(self.x, self.center_y - edge / 2, edge, edge)
        self.words.place(self.x + self.indent, self.y, self.width - self.indent, self.height)


def body(*parts: Part, gap: float = 16, top: float = 16, bottom: float = 20) -> Col:
    """The page under the head, with the margins of the present orientation."""
    side = look.margin / look.unit
    return Col(*parts, gap=gap, pad=(side, top, side, bottom), flex=1)


def back_button(t: Callable[..., str], act: Act, word: str = "") -> Btn:
    width = 258 if not look.portrait else 252
    return Btn(
        word or t("question.back", "Câu trước"),
        "secondary",
        icon="arrow_back",
        size=30,
        w=width if not look.large else width + 44,
        h=96,
        gap=14,
        radius=20,
        on_tap=act,
        key="previous",
    )


def next_button(
    t: Callable[..., str], act: Act, word: str = "", *, wide: float | None = 330, key: str = "next", h: float = 96
) -> Btn:
    button = Btn(
        word or t("question.next", "Tiếp tục"),
        "primary",
        icon_after="arrow_forward",
        size=34,
        h=h,
        radius=22,
        on_tap=act,
        key=key,
        gap=20,
    )
    if wide is None:
        button.flex = 1
    else:
        button.fixed_w = px(wide * (1.12 if look.large else 1))
    return button


def quiet_button(word: str, icon: str, act: Act, key: str, *, after: bool = False, size: float = 26) -> Btn:
    """A text button for the ways that lead to a person or around a question."""
    return Btn(
        word, "text", icon=None if after else icon, icon_after=icon if after else None, size=size, h=76, pad=14, on_tap=act, key=key
    )


def bottom_row(*parts: Part) -> Row:
    return Row(*parts, gap=16, align="middle")


def spring() -> Space:
    return Space(flex=1)
