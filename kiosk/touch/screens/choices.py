"""Answers to choose from: full-width cards with radio or check box, tiles, and pages when they do not fit.

A card is never scrolled and never cut: a :class:`Ballot` measures its cards, shows as many as fit, and turns pages.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from kivy.graphics import Color, SmoothEllipse, SmoothLine, SmoothRoundedRectangle

from forms.xlsform import Choice
from kiosk.touch import theme
from kiosk.touch.controls import Act, Badge, Btn, RoundBtn, Tappable
from kiosk.touch.layout import Col, Grid, Part, Row
from kiosk.touch.screens.frame import spring
from kiosk.touch.text import Icon, Txt
from kiosk.touch.theme import icons, look, px

if TYPE_CHECKING:
    from kiosk.touch.screens.question import QuestionScreen


class Mark(Part):
    """A radio or a check box, 48 px."""

    def __init__(self, *, chosen: bool, multiple: bool) -> None:
        super().__init__(w=48, h=48)
        self.chosen, self.multiple = chosen, multiple
        if multiple and chosen:
            self.add_widget(Icon("check", 36, theme.WHITE))

    def arrange(self) -> None:
        canvas = self.canvas.before
        canvas.clear()
        shade = theme.INDIGO7 if self.chosen else theme.LINE2
        d = px(2)
        box = (self.x + d, self.y + d, self.width - 2 * d, self.height - 2 * d)
        with canvas:
            if self.multiple:
                Color(*(theme.INDIGO7 if self.chosen else theme.WHITE))
                SmoothRoundedRectangle(pos=box[:2], size=box[2:], radius=[px(10)])
                Color(*shade)
                SmoothLine(rounded_rectangle=(*box, px(10)), width=px(1.8))
            else:
                Color(*theme.WHITE)
                SmoothEllipse(pos=box[:2], size=box[2:])
                Color(*shade)
                SmoothLine(circle=(self.center_x, self.center_y, self.width / 2 - px(3.5)), width=px(2))
                if self.chosen:
                    r = px(13)
                    SmoothEllipse(pos=(self.center_x - r, self.center_y - r), size=(2 * r, 2 * r))
        super().arrange()


CardForm = Literal["full", "low", "half"]
"""``full``; ``low`` for five on a landscape screen; ``half`` as low, but two abreast, so its words may take two lines."""


def answer_card(
    screen: QuestionScreen, choice: Choice, *, chosen: bool, multiple: bool, form: CardForm, act: Act | None = None
) -> Tappable:
    """Radio, picture, answer, a line of comfort, loudspeaker."""
    tight = form != "full"
    parts: list[Part] = [Mark(chosen=chosen, multiple=multiple)]
    if choice.icon in icons():
        ground, ink = (theme.INDIGO7, theme.WHITE) if chosen else (theme.INDIGO1, theme.INDIGO7)
        parts.append(Badge(choice.icon, ground, ink, size=60 if tight else 76, radius=16))
    lines = 1 if form == "low" and not look.portrait else 2
    words: list[Part] = [Txt(choice.label, 28 if tight else 32, 600, lines=lines, fit=26, pitch=1.3)]
    if choice.hint:
        words.append(Txt(choice.hint, 21 if tight else 23, 400, theme.INK2, lines=lines, fit=20, pitch=1.3))
    parts.append(Col(*words, flex=1, gap=0 if tight else 2))
    if screen.shell.can_speak:
        listen = RoundBtn("volume_up", size=68 if tight else 72, on_tap=lambda: say(screen, choice), key=f"listen:{choice.name}")
        parts.append(listen)
    edge = 8 if look.portrait or not tight else 2
    return Tappable(
        Row(*parts, gap=22, pad=(24, edge, 24, edge), align="middle"),
        fill=theme.INDIGO0 if chosen else theme.SURFACE,
        line=theme.INDIGO7 if chosen else theme.LINE,
        line_width=2.6 if chosen else 1.2,
        shadow=0 if chosen else 1,
        on_tap=act or (lambda: screen.model.choose(choice.name)),
        key=f"choice:{choice.label}",
    )


def answer_tile(screen: QuestionScreen, choice: Choice, *, chosen: bool) -> Tappable:
    """A short answer among many."""
    shade = theme.WHITE if chosen else theme.INK
    inner: list[Part] = [Icon("check", 30, theme.WHITE)] if chosen else []
    return Tappable(
        Row(
            *inner, Txt(choice.label, 27, 600, shade, lines=2, fit=19, flex=1, pitch=1.2), gap=8, pad=(18, 2, 12, 2), align="middle"
        ),
        fill=theme.INDIGO7 if chosen else theme.SURFACE,
        line=theme.INDIGO7 if chosen else theme.LINE2,
        radius=16,
        on_tap=lambda: screen.model.choose(choice.name),
        key=f"choice:{choice.label}",
    )


def say(screen: QuestionScreen, choice: Choice) -> None:
    if screen.shell.speaker is not None:
        screen.shell.speaker.say((f"{choice.label}. {choice.hint}",), screen.shell.kiosk.language)


class Ballot(Part):
    """Cards one under the other (or two abreast as ``tiles`` where the screen is wide), as many as fit, with page buttons when
    there are more.

    ``make(form)`` makes all cards; a tighter form is taken if it saves turning pages.
    """

    GAP = 14
    TIGHT_GAP = 12
    TURN = 76
    MOST = 132

    def __init__(
        self,
        make: Callable[[CardForm], list[Part]],
        page: int,
        turn: Callable[[int], None],
        t: Callable[..., str],
        *,
        tiles: bool,
        **kw: Any,
    ) -> None:
        super().__init__(**kw)
        self.make, self.page, self.turn, self.t = make, page, turn, t
        self.across = 2 if tiles and not look.portrait else 1

    def natural(self, width: float) -> tuple[float, float]:
        return width, px(300)

    def arrange(self) -> None:
        self.clear_widgets()
        options: list[tuple[int, CardForm]] = [(1, "full"), (1, "low")] if self.across == 1 else [(2, "full"), (2, "half")]
        if self.across == 1 and look.large and not look.portrait:
            options.append((2, "full"))
        best: tuple[int, int, list[Part], float, int, float] | None = None
        for order, (across, form) in enumerate(options):
            cards = self.make(form)
            tight = form != "full"
            gap = px(self.TIGHT_GAP if tight else self.GAP)
            width = (self.width - gap * (across - 1)) / across
            tall = max(max(card.want(width)[1] for card in cards), px(theme.TOUCH_MIN + 4 if tight else 84))
            rows = -(-len(cards) // across)
            fit = int((self.height + gap + 1) / (tall + gap))
            if fit < rows:
                fit = max(1, int((self.height - px(self.TURN) + 1) / (tall + gap)))
            trial = (-(-rows // fit), order, cards, tall, fit, gap)
            if best is None or trial[:2] < best[:2]:
                best = trial
        assert best is not None
        pages, order, cards, tall, fit, gap = best
        self._show(cards, options[order][0], tall, fit, gap, pages)

    def _show(self, cards: list[Part], across: int, tall: float, fit: int, gap: float, pages: int) -> None:
        rows = -(-len(cards) // across)
        room = self.height - (px(self.TURN) + gap if pages > 1 else 0)
        page = min(self.page, pages - 1)
        shown = cards[page * fit * across : (page + 1) * fit * across]
        most = px(self.MOST if look.portrait else 118)
        height = min(max(tall, most), (room + gap) / min(fit, rows) - gap)
        grid = Grid(*shown, cols=across, gap=gap / look.unit, row=height / look.unit)
        self.add_widget(grid)
        lines = -(-len(shown) // across)
        used = lines * height + gap * (lines - 1)
        grid.place(self.x, self.top - used, self.width, used)
        if pages > 1:
            row = self._turns(page, pages)
            self.add_widget(row)
            row.place(self.x, self.y, self.width, px(self.TURN))

    def _turns(self, page: int, pages: int) -> Part:
        parts: list[Part] = [spring()]
        if page > 0:
            word = self.t("choices.before", "Xem lại")
            parts.insert(
                0, Btn(word, "soft", icon="expand_less", size=24, h=self.TURN, on_tap=lambda: self.turn(-1), key="page:before")
            )
        place = self.t("page.of", "Trang {page} / {pages}", page=page + 1, pages=pages)
        parts += [Txt(place, 24, 400, theme.INK2, wrap=False), spring()]
        if page < pages - 1:
            word = self.t("choices.after", "Xem thêm")
            parts.append(
                Btn(word, "soft", icon_after="expand_more", size=24, h=self.TURN, on_tap=lambda: self.turn(1), key="page:after")
            )
        return Row(*parts, align="middle", gap=12)
