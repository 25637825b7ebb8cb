"""Parts only staff screens use: the worklist's row and list, tabs with counts, PIN keys and dots, facts, papers, machine bars.

Built on ``kiosk.touch.widgets``; sizes are design pixels. :class:`Slot` is how staff screens stay quiet: they are told twice a
second that paper may have moved, and only the part whose facts really changed is made anew, so a finger on a button is never
left in the air.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from kivy.graphics import Color, SmoothEllipse, SmoothLine
from kivy.uix.recycleboxlayout import RecycleBoxLayout
from kivy.uix.recycleview import RecycleView
from kivy.uix.recycleview.views import RecycleDataViewBehavior

from kiosk.services import MachineFact
from kiosk.services import Row as DossierFacts
from kiosk.touch import theme
from kiosk.touch.controls import KEY_REST_S
from kiosk.touch.theme import chrome, icons, px
from kiosk.touch.widgets import Bar, Btn, Chip, Col, Icon, Native, Part, Row, Space, Surface, Tappable, Txt
from kiosk.viewmodels.official import Mark, due_mark, state_mark

ROW_H = 76
ROW_GAP = 8


def icon_or(name: str, other: str = "devices") -> str:
    """``name`` if the icon font has it, else ``other``: names come from drivers."""
    return name if name in icons() else other


def mark_chip(mark: Mark, *, size: float = 19, h: float = 36) -> Chip:
    """A chip for a :class:`Mark`."""
    return Chip(mark.text_vi, mark.tone, icon_or(mark.icon, "info"), size=size, h=h)


def staff_text(text: str, size: float = 20, weight: int = 400, shade: theme.Colour = theme.INK, **kwargs: Any) -> Txt:
    """Words for staff: they sit at 50 cm, so they grow half as much in large-text mode as the citizens' words."""
    kwargs.setdefault("scale", chrome)
    return Txt(text, size, weight, shade, **kwargs)


def all_done(icon: str, text: str) -> Part:
    """What stands in the middle of a list with nothing in it."""
    words = staff_text(text, 24, 600, theme.INK2, halign="center", lines=2)
    return Col(Space(flex=1), Icon(icon, 84, theme.GREEN), Space(8), words, Space(flex=2), align="middle")


def snug(box: Row, width: float) -> float:
    """Width of a row's content without its springs: what a button wants when nobody gives it a width."""
    fixed = [part.want(width)[0] for part in box.parts if not part.flex]
    return sum(fixed) + box.gap * max(0, len(box.parts) - 1) + box.pad[0] + box.pad[2]


class SnugBtn(Btn):
    """A button as wide as its words."""

    def natural(self, width: float) -> tuple[float, float]:
        box = self.parts[0]
        height = super().natural(width)[1]
        return (snug(box, width), height) if isinstance(box, Row) else (super().natural(width)[0], height)


class Squeeze(Col):
    """A column that never spills: what does not fit is cut with «…» or left out, from the end."""

    def arrange(self) -> None:
        inner = self.width - self.pad[0] - self.pad[2]
        top, bottom = self.top - self.pad[1], self.y + self.pad[3]
        for part in self.parts:
            wanted = part.want(inner)[1]
            least = part.font_size * part.pitch if isinstance(part, Txt) else wanted
            room = top - bottom
            fits = room >= least - 1
            part.opacity = 1.0 if fits else 0.0
            if fits:
                height = min(wanted, room)
                part.place(self.x + self.pad[0], top - height, inner, height)
                top -= height + self.gap


class Slot(Part):
    """A place whose content is made anew only when its facts change. Keeps its rectangle."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._facts: Any = None
        self._filled = False

    def fill(self, facts: Any, make: Callable[[], Part | None]) -> bool:
        """Show what ``make`` gives, unless ``facts`` equal those shown. True if something changed."""
        if self._filled and facts == self._facts:
            return False
        self._facts, self._filled = facts, True
        self.clear_widgets()
        part = make()
        if part is not None:
            self.add_widget(part)
        if self.width > 0:
            self.arrange()
        return True


class DossierRow(RecycleDataViewBehavior, Tappable):
    """A row of the worklist: number, name, job and hour, due chip (none while new), state chip, cloud while unsent."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(radius=14, **kwargs)
        self.row: DossierFacts | None = None
        self.chosen = False

    @property
    def interactive(self) -> bool:
        return True

    def refresh_view_attrs(self, rv: Any, index: int, data: dict[str, Any]) -> None:
        """Another dossier, or the same one changed."""
        self.on_tap = data["on_tap"]
        if (data["row"], data["chosen"]) == (self.row, self.chosen):
            return
        self.row, self.chosen = data["row"], data["chosen"]
        self.key = f"row:{self.row.code}"
        self.fill = theme.INDIGO0 if self.chosen else theme.SURFACE
        self.line = theme.INDIGO7 if self.chosen else theme.LINE
        self.line_width = 2.6 if self.chosen else 1.2
        self.clear_widgets()
        self.add_widget(row_content(self.row))
        if self.width > 0:
            self.arrange()

    def refresh_view_layout(self, rv: Any, index: int, layout: dict[str, Any], viewport: Any) -> None:
        """The list gives this row another place."""
        before = (*self.pos, *self.size)
        super().refresh_view_layout(rv, index, layout, viewport)
        if (*self.pos, *self.size) != before:
            self.arrange()

    def paint(self) -> None:
        rest, self.fill = self.fill, theme.INDIGO1 if self.down else self.fill
        super().paint()
        self.fill = rest


def row_content(row: DossierFacts) -> Part:
    """Inside of a row."""
    name = staff_text(row.name or row.code, 24, 600, lines=1, fit=19)
    meta: list[Part] = [] if row.sent else [Icon("cloud_upload", 21, theme.GOLDINK)]
    line = " · ".join(text for text in (row.procedure_vi, row.when_vi) if text)
    meta.append(staff_text(line, 19, 400, theme.INK2, lines=1, fit=16, flex=1))
    due = due_mark(row)
    return Row(
        staff_text(row.number, 22, 500, theme.INK2, family="noto", w=62, lines=1, fit=16),
        Space(12),
        Col(Space(flex=1), name, Row(*meta, gap=8, align="middle"), Space(flex=1), flex=1),
        Space(10),
        *([Row(Space(flex=1), mark_chip(due, size=18), w=194, align="middle")] if due else []),
        Row(Space(flex=1), mark_chip(state_mark(row), size=18), w=182, align="middle"),
        pad=(18, 2, 14, 2),
        align="middle",
    )


class DossierList(Native):
    """The worklist itself: only the rows on the glass exist as widgets, however many there are."""

    def __init__(self, **kwargs: Any) -> None:
        self.layout = RecycleBoxLayout(
            orientation="vertical",
            default_size=(None, px(ROW_H)),
            default_size_hint=(1, None),
            size_hint=(1, None),
            spacing=px(ROW_GAP),
            padding=(px(3), px(3), px(3), px(3)),
        )
        self.layout.bind(minimum_height=self.layout.setter("height"))
        self.recycler = RecycleView(
            scroll_type=["bars", "content"],
            do_scroll_x=False,
            bar_width=px(10),
            bar_color=theme.LINE2,
            bar_inactive_color=theme.faded(theme.LINE2, 0.45),
            effect_cls="ScrollEffect",
        )
        self.recycler.add_widget(self.layout)
        self.recycler.viewclass = DossierRow
        self._shown: tuple[Sequence[DossierFacts], str] | None = None
        super().__init__(self.recycler, **kwargs)

    def show(self, rows: Sequence[DossierFacts], chosen: str, on_open: Callable[[str], None]) -> None:
        """Show ``rows``; the one with the dossier id ``chosen`` is marked. The same again costs nothing."""
        if (rows, chosen) == self._shown:
            return
        self._shown = (rows, chosen)
        self.make_room()
        self.recycler.data = [
            {"row": row, "chosen": row.dossier == chosen, "on_tap": partial(on_open, row.dossier)} for row in rows
        ]

    def arrange(self) -> None:
        """The layout gets its width at once: rows are never measured at Kivy's default 100 px first."""
        super().arrange()
        self.layout.width = self.recycler.width
        self.make_room()

    def make_room(self) -> None:
        """Rows stand aside for the scroll bar, but only when there is one."""
        edge = px(3)
        rows = len(self._shown[0]) if self._shown is not None else 0
        longer = rows * px(ROW_H + ROW_GAP) - px(ROW_GAP) + 2 * edge > self.height > 0
        self.layout.padding = (edge, edge, px(17) if longer else edge, edge)

    def to_top(self) -> None:
        """Show the first row."""
        self.recycler.scroll_y = 1.0


class TabBtn(Tappable):
    """A tab of the worklist: word and count in a round badge. ``alarm`` makes the count red (something is late)."""

    def __init__(
        self, word: str, count: int, *, chosen: bool, alarm: bool, tight: bool, on_tap: Callable[[], None], key: str
    ) -> None:
        fill = theme.INDIGO7 if chosen else theme.SURFACE
        if chosen:
            ground, shade = theme.GOLD, theme.INDIGO9
        elif alarm and count:
            ground, shade = theme.RED, theme.WHITE
        else:
            ground, shade = theme.INDIGO1, theme.INDIGO9
        number = staff_text(str(count), 19, 600, shade, family="noto", halign="center", lines=1, fit=14)
        badge = Surface(
            Row(Space(flex=1), number, Space(flex=1), align="middle"), fill=ground, line=None, radius="round", w=40, h=38
        )
        words = staff_text(word, 18 if tight else 20, 600, theme.WHITE if chosen else theme.INK, lines=1, fit=15)
        super().__init__(
            Row(Space(flex=1), words, badge, Space(flex=1), gap=8 if tight else 12, pad=(10, 0, 8, 0), align="middle"),
            fill=fill,
            line=None if chosen else theme.LINE,
            radius="round",
            h=58,
            on_tap=on_tap,
            key=key,
        )
        self.rest_fill = fill

    def natural(self, width: float) -> tuple[float, float]:
        box = self.parts[0]
        assert isinstance(box, Row)
        return snug(box, width), px(58)

    def paint(self) -> None:
        pressed = theme.pressed(self.rest_fill) if self.rest_fill == theme.INDIGO7 else theme.INDIGO1
        self.fill = pressed if self.down else self.rest_fill
        super().paint()


class PinKey(Btn):
    """A key of the PIN pad: the same digit may follow at once."""

    rest = KEY_REST_S


class PinDots(Part):
    """One dot per digit typed, rings for the shortest PIN that are still open. Shows how many, never which."""

    def __init__(self, count: int, least: int, *, wrong: bool, **kwargs: Any) -> None:
        kwargs.setdefault("h", 44)
        super().__init__(**kwargs)
        self.count, self.least, self.wrong = count, least, wrong

    def natural(self, width: float) -> tuple[float, float]:
        return width, px(44)

    def show(self, count: int, *, wrong: bool) -> None:
        """Another number of digits."""
        if (count, wrong) != (self.count, self.wrong):
            self.count, self.wrong = count, wrong
            self.arrange()

    def arrange(self) -> None:
        self.canvas.clear()
        places = max(self.least, self.count)
        step = min(px(46), self.width / max(places, 1))
        edge = min(px(24), step * 0.6)
        left = self.center_x - step * (places - 1) / 2
        with self.canvas:
            for number in range(places):
                x = left + number * step
                if number < self.count:
                    Color(*theme.INDIGO7)
                    SmoothEllipse(pos=(x - edge / 2, self.center_y - edge / 2), size=(edge, edge))
                else:
                    Color(*(theme.RED if self.wrong else theme.LINE2))
                    SmoothLine(circle=(x, self.center_y, edge / 2 - 1), width=px(1.4))


def fact_row(label: str, text: str, *, label_w: float = 136, size: float = 21) -> Row:
    """«Người nộp   Lý Thị Mẫu»: label left, text beside it, wrapped as needed; codes in digits of equal width."""
    code = bool(text) and not any(char.islower() for char in text) and any(char.isdigit() for char in text)
    words = staff_text(text or "–", size, 600, family="noto" if code else "be", lines=3, fit=16, flex=1)
    return Row(staff_text(label, 20, 400, theme.INK2, w=label_w, lines=2, fit=16), words, gap=10, align="middle")


def paper_line(name: str, state: str, *, shade: theme.Colour = theme.INDIGO6) -> Row:
    """A paper with what is known about it."""
    words = Col(
        staff_text(name, 20, 600, lines=2, fit=16), *([staff_text(state, 18, 400, theme.INK2, lines=2)] if state else []), flex=1
    )
    return Row(Icon("description", 30, shade), words, gap=14, align="middle")


def heading(text: str) -> Txt:
    """A small heading inside a card."""
    return staff_text(text, 20, 600, theme.INK2, lines=1, fit=16)


def machine_bar(fact: MachineFact) -> Part:
    """Disk, memory, temperature, uptime: label, figure, bar. Above 85 % the bar warns, above 95 % it is red."""
    shade = theme.RED if fact.share > 0.95 else theme.GOLDINK if fact.share > 0.85 else theme.GREEN
    words = Row(
        staff_text(fact.label_vi, 19, 400, theme.INK2, lines=1, fit=15, flex=1),
        staff_text(fact.text_vi, 19, 600, family="noto", lines=1, fit=15),
        gap=10,
        align="middle",
    )
    return Col(words, Bar(fact.share, shade), gap=8)


class Cross(Part):
    """A target of the touch test: red cross while open, green with its distance once touched."""

    def __init__(self, off_px: float | None, **kwargs: Any) -> None:
        super().__init__(w=120, h=120, **kwargs)
        self.off_px = off_px

    def arrange(self) -> None:
        self.canvas.clear()
        r, x, y = px(34), self.center_x, self.center_y
        with self.canvas:
            Color(*(theme.GREEN if self.off_px is not None else theme.RED))
            SmoothLine(circle=(x, y, r * 0.7), width=px(1.6))
            SmoothLine(points=[x - r, y, x + r, y], width=px(1.6))
            SmoothLine(points=[x, y - r, x, y + r], width=px(1.6))
            if self.off_px is not None:
                Color(*theme.faded(theme.GREEN, 0.25))
                SmoothEllipse(pos=(x - r * 0.7, y - r * 0.7), size=(r * 1.4, r * 1.4))
