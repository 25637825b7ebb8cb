"""Surfaces and what a finger can press: buttons, cards, chips, the text field, dialogs.

A tap acts on release inside the target; sliding off cancels; the same target is deaf for half a second after it acted
(UI_FACTS T4), also across a change of screen. Every interactive part has a stable ``key``, by which tests and the demo find it.
Parts hold no state of the session: a screen makes them from its view model and throws them away.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from kivy.graphics import BoxShadow, Color, Rectangle, SmoothLine, SmoothRoundedRectangle

from kiosk.touch import theme
from kiosk.touch.layout import Box, Col, Part, Row, Space, every
from kiosk.touch.text import Icon, Txt, ink, text_width, wrapped
from kiosk.touch.theme import Colour, faded, pressed, pt, px

log = logging.getLogger(__name__)

Act = Callable[[], None]

SHADOWS = {1: (4, 20, 0.10), 2: (6, 30, 0.15), 3: (8, 40, 0.20)}
"""Level: (drop, blur, share of indigo9)."""

TAP_REST_S = 0.5
KEY_REST_S = 0.06
"""Deaf time of a key: long enough for a bouncing panel, short enough to write «cc»."""


class TapGuard:
    """Remembers when each key acted last, across screens. ``now`` is replaceable for tests."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.now = now
        self._last: dict[str, float] = {}

    def allow(self, key: str, rest: float) -> bool:
        """True, and remembered, if ``key`` has rested for ``rest`` seconds."""
        now = self.now()
        if now - self._last.get(key, -1e9) < rest:
            return False
        self._last[key] = now
        return True

    def forget(self) -> None:
        self._last.clear()


guard = TapGuard()


class Surface(Part):
    """A rounded ground with hairline and shadow that holds its children on top of each other (usually one box).

    ``radius`` design px or ``"round"``; ``line`` and ``line_width``; ``shadow`` level 0–3.
    """

    def __init__(
        self,
        *parts: Part,
        fill: Colour = theme.SURFACE,
        line: Colour | None = theme.LINE,
        line_width: float = 1.2,
        radius: float | str = 20,
        shadow: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(*parts, **kwargs)
        self.fill, self.line, self.line_width, self.radius, self.shadow = fill, line, line_width, radius, shadow

    def arrange(self) -> None:
        self.paint()
        super().arrange()

    @property
    def corner(self) -> float:
        half = min(self.width, self.height) / 2
        return half if self.radius == "round" else min(px(float(self.radius)), half)

    def paint(self) -> None:
        """Draw the ground anew (also after a change of colours)."""
        canvas = self.canvas.before
        canvas.clear()
        if self.width <= 0 or self.height <= 0:
            return
        r = self.corner
        with canvas:
            if self.shadow:
                drop, blur, share = SHADOWS[self.shadow]
                Color(*faded(theme.INDIGO9, share))
                BoxShadow(
                    pos=self.pos,
                    size=self.size,
                    offset=(0, -px(drop)),
                    blur_radius=px(blur),
                    spread_radius=(-px(2), -px(2)),
                    border_radius=(r, r, r, r),
                )
            if self.fill[3] > 0:
                Color(*self.fill)
                SmoothRoundedRectangle(pos=self.pos, size=self.size, radius=[r])
            if self.line is not None:
                Color(*self.line)
                SmoothLine(rounded_rectangle=(self.x, self.y, self.width, self.height, r), width=max(1.0, px(self.line_width)))


class Tappable(Surface):
    """A surface that acts when tapped. ``on_tap`` may be ``None`` (then it only shows). ``rest`` is its deaf time in seconds."""

    rest = TAP_REST_S

    def __init__(self, *parts: Part, on_tap: Act | None = None, enabled: bool = True, **kwargs: Any) -> None:
        super().__init__(*parts, **kwargs)
        self.on_tap = on_tap
        self.enabled = enabled
        self.down = False
        self.focused = False

    @property
    def interactive(self) -> bool:
        return self.on_tap is not None

    @property
    def label(self) -> str:
        """The words on it, for finding it by text."""
        return " ".join(part.text for part in every(self) if isinstance(part, Txt) and part.text)

    def set_enabled(self, enabled: bool) -> None:
        if enabled != self.enabled:
            self.enabled = enabled
            self.paint()

    def on_touch_down(self, touch: Any) -> bool:
        if super().on_touch_down(touch):
            return True
        if not self.interactive or not self.collide_point(*touch.pos) or getattr(touch, "button", None) not in (None, "left"):
            return False
        if self.enabled:
            touch.grab(self)
            self.down = True
            self.paint()
            self.show_now()
            self.begin()
        return True

    def on_touch_move(self, touch: Any) -> bool:
        if touch.grab_current is not self:
            return bool(super().on_touch_move(touch))
        inside = self.collide_point(*touch.pos)
        if inside != self.down:
            self.down = inside
            self.paint()
            self.show_now()
            if not inside:
                self.end()
        return True

    def on_touch_up(self, touch: Any) -> bool:
        if touch.grab_current is not self:
            return bool(super().on_touch_up(touch))
        touch.ungrab(self)
        inside = self.down and self.collide_point(*touch.pos)
        self.down = False
        self.paint()
        self.show_now()
        self.end()
        if inside:
            self.tap()
        return True

    def show_now(self) -> None:
        """Ask the glass to show this place in the next frame, before it draws anything else."""
        above: Any = self.parent
        while above is not None and above is not above.parent:
            changed = getattr(above, "changed", None)
            if changed is not None and hasattr(above, "sheet"):
                changed(self, px(4))
                return
            above = above.parent

    def begin(self) -> None:
        """A finger came down inside."""

    def end(self) -> None:
        """The finger left."""

    def tap(self) -> None:
        """Act, unless asleep, disabled, or just tapped."""
        if self.on_tap is not None and self.enabled and guard.allow(self.key, self.rest):
            self.on_tap()

    def paint(self) -> None:
        super().paint()
        if self.focused:
            draw_focus(self)


def draw_focus(part: Surface) -> None:
    """White line, then gold line around the control: visible on paper and on indigo."""
    with part.canvas.before:
        for shade, away, width in ((theme.WHITE, 2.5, 3.0), (theme.GOLD, 6.0, 2.6)):
            d = px(away)
            Color(*shade)
            box = (part.x - d, part.y - d, part.width + 2 * d, part.height + 2 * d, part.corner + d)
            SmoothLine(rounded_rectangle=box, width=px(width) / 1.6)


KINDS: dict[str, tuple[Colour, Colour, Colour | None, int]] = {
    "primary": (theme.INDIGO7, theme.WHITE, None, 1),
    "secondary": (theme.SURFACE, theme.INDIGO7, theme.INDIGO7, 0),
    "soft": (theme.INDIGO1, theme.INDIGO7, None, 0),
    "text": (theme.CLEAR, theme.INDIGO7, None, 0),
    "danger": (theme.SURFACE, theme.RED, theme.RED, 0),
    "gold": (theme.GOLD, theme.INDIGO9, None, 0),
    "head": (faded(theme.WHITE, 0.15), theme.WHITE, faded(theme.WHITE, 0.35), 0),
    "night": (theme.INDIGO8, theme.WHITE, theme.colour("#8FA8E0"), 0),
}
"""Kind of button: ground, ink, line, shadow level."""


class Btn(Tappable):
    """A button: icon, word(s), icon. ``sub`` is a second, smaller line. A disabled one shows a lock and is grey.

    ``align`` places the words («middle» or «start»); ``under`` puts the icon above the word (head tools in portrait).
    """

    def __init__(
        self,
        text: str = "",
        kind: str = "primary",
        *,
        icon: str | None = None,
        icon_after: str | None = None,
        size: float = theme.ANSWER,
        weight: int = 700,
        sub: str = "",
        icon_size: float | None = None,
        pad: float = 18,
        gap: float = 14,
        scale: Callable[[float], float] = pt,
        lines: int = 1,
        under: bool = False,
        align: str = "middle",
        radius: float | str = 18,
        filled: bool = True,
        enabled: bool = True,
        **kwargs: Any,
    ) -> None:
        fill, shade, line, shadow = KINDS[kind]
        kwargs.setdefault("shadow", shadow)
        super().__init__(fill=fill, line=line, line_width=1.1 if kind == "head" else 1.7, radius=radius, enabled=enabled, **kwargs)
        self.kind, self.rest_fill, self.rest_shade, self.rest_line = kind, fill, shade, line
        edge = icon_size if icon_size is not None else size * 1.15
        self.icons: list[Icon] = []
        self.words: list[Txt] = []

        def symbol(name: str | None) -> list[Part]:
            if name is None:
                return []
            self.icons.append(Icon(name, edge, shade, filled=filled, scale=scale))
            return [self.icons[-1]]

        if text:
            least = max(18, size * 0.62)
            self.words.append(
                Txt(text, size, weight, shade, scale=scale, lines=lines, fit=least, halign="center" if under else "left")
            )
        words: Part | None = self.words[0] if self.words else None
        if sub:
            self.words[0].halign = "center"
            self.words.append(
                Txt(sub, max(20, size * 0.68), 400, faded(shade, 0.82), scale=scale, lines=1, fit=18, halign="center")
            )
            words = Col(*self.words, align="middle")
        if not enabled:
            icon = "lock"
        inner = [*symbol(icon), *([words] if words else []), *symbol(icon_after)]
        box: Box
        if under:
            box = Col(Space(flex=1), *inner, Space(flex=1), align="middle")
        else:
            spaced = [part for one in inner for part in (Space(gap), one)][1:]
            spring = [] if align == "start" else [Space(flex=1)]
            box = Row(*spring, *spaced, Space(flex=1), align="middle", pad=(pad, 0, pad, 0))
        self.add_widget(box)

    def paint(self) -> None:
        fill, shade, line = self.rest_fill, self.rest_shade, self.rest_line
        if not self.enabled:
            fill, shade, line = theme.DISABLED, theme.INK3, None
        elif self.down:
            fill = pressed(fill) if fill[3] == 1 else faded(theme.INDIGO2 if fill[3] == 0 else theme.WHITE, 0.35)
        self.fill, self.line = fill, line
        for part in self.icons:
            part.tint(shade)
        for number, word in enumerate(self.words):
            word.tint(shade if number == 0 else faded(shade, 0.82))
        super().paint()

    def arrange(self) -> None:
        super().arrange()
        for word in self.words:
            if word.cut:
                log.warning("button %s: its words do not fit", self.key)


class RoundBtn(Tappable):
    """A round icon button («listen», «clear»)."""

    def __init__(
        self,
        icon: str,
        *,
        size: float = 68,
        icon_size: float = 30,
        fill: Colour = theme.INDIGO1,
        shade: Colour = theme.INDIGO7,
        **kw: Any,
    ) -> None:
        super().__init__(Icon(icon, icon_size, shade), fill=fill, line=None, radius="round", w=size, h=size, **kw)
        self.rest_fill, self.rest_shade = fill, shade
        self.icon = self.parts[0]

    @property
    def label(self) -> str:
        return ""

    def paint(self) -> None:
        self.icon.tint(self.rest_shade if self.enabled else faded(self.rest_shade, 0.28))
        self.fill = (pressed(self.rest_fill) if self.rest_fill[3] else faded(theme.INDIGO2, 0.5)) if self.down else self.rest_fill
        super().paint()


class Chip(Surface):
    """A small statement: tone (green, gold, red, blue, grey), icon and word. Never a button."""

    def __init__(
        self,
        text: str,
        tone: str = "grey",
        icon: str | None = None,
        *,
        size: float = 22,
        h: float = 46,
        weight: int = 600,
        scale: Callable[[float], float] = pt,
        **kwargs: Any,
    ) -> None:
        ground, shade = theme.CHIPS[tone]
        self.words = Txt(text, size, weight, shade, lines=1, fit=max(18, size * 0.8), scale=scale)
        inner: list[Part] = [] if icon is None else [Icon(icon, size * 1.1, shade, scale=scale)]
        super().__init__(
            Row(*inner, self.words, gap=10, pad=(16, 0, 18, 0), align="middle"),
            fill=ground,
            line=None,
            radius="round",
            h=h * scale(1) / px(1),
            **kwargs,
        )


class Badge(Surface):
    """A square with a white icon on a strong colour (service tiles), or any two colours."""

    def __init__(
        self,
        icon: str,
        fill: Colour,
        shade: Colour = theme.WHITE,
        *,
        size: float = 84,
        icon_share: float = 0.57,
        radius: float = 20,
        **kw: Any,
    ) -> None:
        super().__init__(Icon(icon, size * icon_share, shade), fill=fill, line=None, radius=radius, w=size, h=size, **kw)


class Note(Surface):
    """A box with an icon and a sentence: tone as for chips."""

    def __init__(self, text: str, tone: str, icon: str, *, size: float = theme.BODY, ink_text: bool = True, **kwargs: Any) -> None:
        ground, shade = theme.CHIPS[tone]
        words = Txt(text, size, 400 if ink_text else 600, theme.INK if ink_text else shade, fit=22)
        words.flex = 1
        row = Row(Icon(icon, 32, shade), words, gap=18, pad=(22, 14, 22, 14), align="middle")
        super().__init__(row, fill=ground, line=None, radius=16, **kwargs)


class Field(Tappable):
    """Shows what is being written, caret at its end. ``state``: ``active`` (gold ring), ``error`` (red), ``still``.

    It has no keyboard of its own: a screen shows ``typing.text`` in it with :meth:`show`. Text longer than the field keeps its
    end in sight; with ``lines`` > 1 it wraps. ``on_clear`` adds a round ✕ while there is text. ``numbers``: digits of equal width.
    """

    def __init__(
        self,
        text: str = "",
        *,
        state: str = "active",
        placeholder: str = "",
        numbers: bool = False,
        lines: int = 1,
        size: float = theme.FIELD,
        on_clear: Act | None = None,
        h: float = 94,
        **kwargs: Any,
    ) -> None:
        super().__init__(radius=18, h=h if theme.look.text == 1 or lines > 1 else h * 1.1, **kwargs)
        self.text, self.state, self.placeholder, self.lines = text, state, placeholder, lines
        self.font_name = "noto-500" if numbers else "be-500"
        self.family = "noto" if numbers else "be"
        self.font_size = pt(size)
        self.clearing = None
        if on_clear is not None:
            self.clearing = RoundBtn("close", size=72, icon_size=34, fill=theme.CLEAR, on_tap=on_clear, key="clear")
            self.add_widget(self.clearing)

    @property
    def label(self) -> str:
        return self.text

    def arrange(self) -> None:
        self.paint()
        if self.clearing is not None:
            edge = px(72)
            shown = bool(self.text)
            self.clearing.place(self.right - edge - px(12), self.center_y - edge / 2, edge, edge)
            self.clearing.opacity = 1.0 if shown else 0.0
            self.clearing.enabled = shown

    def paint(self) -> None:
        active = {"active": theme.INDIGO7, "error": theme.RED}.get(self.state, theme.LINE2)
        self.line, self.line_width = active, (1.2 if self.state == "still" else 1.8)
        if self.enabled is False:
            self.fill = theme.INDIGO0
        canvas = self.canvas.before
        super().paint()
        with canvas:
            ring = {"active": theme.GOLD, "error": faded(theme.RED, 0.22)}.get(self.state)
            if ring is not None:
                d = px(4.5)
                Color(*ring)
                box = (self.x - d, self.y - d, self.width + 2 * d, self.height + 2 * d, self.corner + d)
                SmoothLine(rounded_rectangle=box, width=px(2.6))
        self.write()

    def write(self) -> None:
        """Draw text and caret over the ground that :meth:`paint` has just drawn (the main canvas holds the clear button)."""
        left, room = self.x + px(24), self.width - px(48) - (px(72) if self.clearing is not None else 0)
        size = self.font_size
        text, shade = (self.text, theme.INK) if self.text else (self.placeholder, theme.INK3)
        if self.lines > 1:
            size = min(size, (self.height - px(16)) / self.lines / theme.LINE_PITCH)
        pitch = size * theme.LINE_PITCH
        if self.lines > 1:
            lines = wrapped(text, room, partial(text_width, name=self.font_name, size=size))
            lines = lines[-max(1, int((self.height - px(12)) / pitch)) :]
        else:
            while text and size > self.font_size * 0.62 and text_width(text, self.font_name, size) > room:
                size *= 0.95
            while len(text) > 1 and text_width(text, self.font_name, size) > room:
                text = "…" + text[2:]
            lines = [text]
        top = self.center_y + pitch * len(lines) / 2
        end, middle = left, self.center_y
        if not self.text:
            left += px(10)
        with self.canvas.before:
            Color(*shade)
            for number, line in enumerate(lines):
                middle = top - (number + 0.5) * pitch
                if not line:
                    end = left
                    continue
                label = ink(line, self.font_name, size)
                label.refresh()
                texture = label.texture
                baseline = round(middle - size * theme.CAP / 2)
                y = baseline + round(size * theme.ASCENT[self.family]) - texture.height
                Rectangle(texture=texture, pos=(round(left), y), size=texture.size)
                end = left + texture.width
            if self.state in ("active", "error"):
                Color(*theme.GOLD)
                x = left - px(10) if not self.text else end + px(3)
                Rectangle(pos=(round(x), round(middle - size * 0.62)), size=(px(4), round(size * 1.24)))

    def show(self, text: str, state: str | None = None) -> None:
        """Show another text; only what changed is drawn."""
        self.text = text
        if state is not None:
            self.state = state
        self.arrange()


class Scrim(Part):
    """A dark veil that swallows every touch; its one child is centred a little above the middle."""

    def __init__(self, card: Part, *, width: float = 820) -> None:
        super().__init__(card, key="scrim")
        self.card_width = px(width)

    def arrange(self) -> None:
        self.canvas.before.clear()
        with self.canvas.before:
            Color(*faded(theme.INDIGO9, 0.72))
            Rectangle(pos=self.pos, size=self.size)
        card = self.parts[0]
        w = min(self.card_width, self.width - px(80))
        h = min(card.want(w)[1], self.height - px(24))
        card.place(self.center_x - w / 2, min(self.y + self.height * 0.54 - h / 2, self.top - h - px(12)), w, h)

    def on_touch_down(self, touch: Any) -> bool:
        super().on_touch_down(touch)
        return True


def dialog(*parts: Part, gap: float = 16, pad: float = 44) -> Surface:
    """The card of a dialog."""
    return Surface(Col(*parts, gap=gap, pad=(pad, 32, pad, 36)), line=None, radius=28, shadow=3)


def title(
    text: str, size: float = theme.TITLE, *, weight: int = 800, shade: Colour = theme.INK, lines: int = 2, fit: float = 34
) -> Txt:
    """Title of a page: at most two lines, shrinks a little before it is cut."""
    return Txt(text, size, weight, shade, lines=lines, fit=fit)


def chips(*parts: Part) -> Row:
    return Row(*parts, gap=14, align="middle")
