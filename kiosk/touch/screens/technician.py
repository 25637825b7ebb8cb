"""The technician's screens: what is broken, since when, what to touch; and the touch test.

State first: one line that sums up, then a card per device with colour, icon and word, its last fact and its cure, and a test
button that works. Charcoal head, so that nobody takes it for the citizens' or the official's side.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from kiosk.touch import theme
from kiosk.touch.head import staff_head
from kiosk.touch.official_widgets import Cross, Slot, SnugBtn, Squeeze, fact_row, icon_or, machine_bar, mark_chip, staff_text
from kiosk.touch.screen import Screen
from kiosk.touch.screens.official_base import StaffScreen, head_button
from kiosk.touch.screens.official_dossier import staff_button
from kiosk.touch.screens.technician_queue import QueueScreen
from kiosk.touch.theme import chrome, px
from kiosk.touch.widgets import Badge, Col, Grid, Icon, Part, Row, Scrim, Space, Surface, Tappable, dialog
from kiosk.viewmodels.base import ViewModel
from kiosk.viewmodels.official import Mark
from kiosk.viewmodels.official_flow import QueuePage, TechnicianPage, TouchTestPage
from kiosk.viewmodels.technician import Card, Summary

PAD = 24
CARD_LINES = {"warning": theme.colour("#C98A1B"), "broken": theme.RED}
"""Frame of a card that needs a hand."""


class TechnicianScreen(StaffScreen):
    """Summary, cards, machine."""

    id = "technician"
    model: TechnicianPage

    def entered(self) -> None:
        self.count = 0

    def page(self) -> Part:
        technician = self.model.technician
        tight = theme.look.portrait
        self.count = len(technician.cards)
        self.summary, self.machine = Slot(h=112 if tight else 84), Slot(h=146 if tight else 78)
        self.slots = [Slot() for _ in technician.cards]
        self.touch_slot = Slot()
        self.touch_slot.fill(None, self.touch_card)
        cards = Grid(*self.slots, self.touch_slot, cols=2 if tight else self.columns(self.count + 1), gap=14, flex=1)
        return Col(self.head_bar(tight), Col(self.summary, cards, self.machine, gap=14, pad=(PAD, 16, PAD, 18), flex=1))

    @staticmethod
    def columns(count: int) -> int:
        """Columns in landscape: three until six cards, then four."""
        return 3 if count <= 6 else 4

    def refresh(self) -> None:
        if len(self.model.technician.cards) != self.count:
            self.rebuild()
        else:
            super().refresh()

    def update(self) -> None:
        technician = self.model.technician
        self.summary.fill((technician.summary, technician.busy), lambda: self.summary_card(technician.summary))
        for slot, card in zip(self.slots, technician.cards, strict=True):
            slot.fill(card, partial(self.device_card, card))
        self.machine.fill(tuple(technician.machine), self.machine_card)
        opened = next((one for one in technician.cards if one.fact.name == self.model.opened), None)
        facts = tuple(technician.facts_of(self.model.opened)) if opened is not None else ()
        self.over.fill((opened, facts), lambda: None if opened is None else self.sheet(opened, facts))

    def head_bar(self, tight: bool) -> Part:
        place = self.model.staff.kiosk.services.place()
        return staff_head(
            "Tình trạng thiết bị",
            f"{place.kiosk_name_vi} – {place.office_vi} · phiên bản {place.version}",
            head_button("lock", "lock", "Khóa", self.model.lock, tight=tight),
            back=self.model.back if self.model.leaves_to_worklist else None,
            technician=True,
        )

    def summary_card(self, summary: Summary) -> Part:
        ground, shade = theme.CHIPS[summary.tone]
        busy = self.model.technician.busy
        if busy:
            button: Part = mark_chip(Mark("blue", "sync", "Đang kiểm tra…"), size=21, h=48)
        else:
            button = SnugBtn(
                "Kiểm tra tất cả",
                "primary",
                icon="play_arrow",
                size=22,
                h=64,
                pad=16,
                gap=8,
                scale=chrome,
                on_tap=self.model.technician.test_all,
                key="test_all",
            )
        words = Col(
            staff_text(summary.title_vi, 26, 700, shade, lines=2 if theme.look.portrait else 1, fit=19),
            staff_text(summary.text_vi, 20, 400, theme.INK, lines=2 if theme.look.portrait else 1, fit=16),
            flex=1,
        )
        return Surface(
            Row(Icon(summary.icon, 42, shade), words, button, gap=18, pad=(24, 0, 14, 0), align="middle"),
            fill=ground,
            line=shade,
            line_width=1.6,
            radius=18,
        )

    def device_card(self, card: Card) -> Part:
        fact = card.fact
        ground, shade = theme.CHIPS[card.mark.tone]
        top = Row(
            Badge(icon_or(fact.icon), ground, shade, size=44, icon_share=0.64, radius=12),
            Space(flex=1),
            mark_chip(card.mark, size=19, h=36),
            align="middle",
        )
        said = fact.fact_vi + (f" · thử lúc {card.tested_vi}" if card.tested_vi and fact.state == "ok" else "")
        words: list[Part] = [
            staff_text(fact.title_vi, 24, 600, lines=1, fit=18),
            staff_text(said, 19, 400, shade if fact.state in ("warning", "broken") else theme.INK2, lines=2, fit=17, pitch=1.26),
        ]
        if fact.cure_vi and fact.state != "ok":
            words.append(staff_text(fact.cure_vi, 18, 400, theme.INK, lines=2, fit=16, pitch=1.26))
        test = staff_button(
            "Thử ngay", "soft", "play_arrow", partial(self.model.technician.test, fact.name), f"test:{fact.name}", h=56, size=21
        )
        test.enabled = not card.testing
        body = Tappable(
            Squeeze(top, *words, gap=4, pad=(16, 10, 16, 0)),
            fill=theme.CLEAR,
            line=None,
            radius=18,
            flex=1,
            on_tap=partial(self.model.open_sheet, fact.name),
            key=f"device:{fact.name}",
        )
        frame = theme.BLUE if card.testing else CARD_LINES.get(fact.state, theme.LINE)
        return Surface(
            Col(body, Col(test, pad=(16, 8, 16, 13))),
            line=frame,
            line_width=2.2 if frame != theme.LINE else 1.2,
            radius=18,
        )

    def touch_card(self) -> Part:
        """The touch panel has no driver to ask: nine crosses show what it does."""
        top = Row(
            Badge("touch_app", theme.INDIGO1, theme.INDIGO7, size=44, icon_share=0.64, radius=12), Space(flex=1), align="middle"
        )
        button = staff_button("Thử 9 dấu", "soft", "touch_app", self.model.open_touch_test, "touch_test", h=56, size=21)
        words = staff_text("Chạm đúng chỗ, không chạm đôi.", 19, 400, theme.INK2, lines=2, fit=17, pitch=1.26)
        return Surface(
            Col(
                top,
                staff_text("Màn hình cảm ứng", 24, 600, lines=1, fit=18),
                words,
                Space(flex=1),
                button,
                gap=2,
                pad=(16, 10, 16, 14),
            ),
            radius=18,
        )

    def machine_card(self) -> Part:
        bars = [machine_bar(fact) for fact in self.model.technician.machine]
        for bar in bars:
            bar.flex = 1
        if not theme.look.portrait:
            return Surface(Row(*bars, gap=36, pad=(24, 0, 24, 0), align="middle"), radius=18)
        return Surface(Grid(*bars, cols=2, gap=22, pad=(22, 16, 22, 16)), radius=18)

    def sheet(self, card: Card, facts: tuple[tuple[str, str], ...]) -> Scrim:
        """Everything known about one device, uncut."""
        fact = card.fact
        ground, shade = theme.CHIPS[card.mark.tone]
        top = Row(
            Badge(icon_or(fact.icon), ground, shade, size=68, icon_share=0.6, radius=16),
            staff_text(fact.title_vi, 32, 700, lines=2, fit=24, flex=1),
            mark_chip(card.mark, size=22, h=44),
            gap=18,
            align="middle",
        )
        cure = (
            [Row(Icon("build", 30, theme.INDIGO6), staff_text(fact.cure_vi, 23, 600, lines=5, flex=1), gap=14, align="middle")]
            if fact.cure_vi
            else []
        )
        test = staff_button(
            "Thử ngay",
            "primary",
            "play_arrow",
            partial(self.model.technician.test, fact.name),
            f"sheet:test:{fact.name}",
            h=80,
            size=26,
        )
        test.enabled = not card.testing
        return Scrim(
            dialog(
                top,
                staff_text(fact.fact_vi, 24, 400, theme.INK, lines=5),
                *cure,
                *(fact_row(label, text, label_w=220) for label, text in facts),
                Space(4),
                *(
                    [staff_button("Xem hàng chờ", "secondary", "list_alt", self.model.open_queue, "queue", h=72, size=24)]
                    if fact.name == "line"
                    else []
                ),
                test,
                staff_button("Đóng", "secondary", "close", self.model.close_sheet, "dialog:close", h=72, size=24),
            ),
            width=760,
        )


class TouchTestScreen(StaffScreen):
    """Nine crosses over the whole glass; the foot is one wide way out, so that a skewed panel can be left."""

    id = "touch_test"
    model: TouchTestPage

    FOOT = 150

    def page(self) -> Part:
        self.field = Slot(flex=1)
        self.foot = Slot(h=self.FOOT)
        return Col(self.field, self.foot)

    def arrange(self) -> None:
        super().arrange()
        field = (self.field.x, self.field.y, self.field.width, self.field.height)
        if not self.model.test.crosses and self.field.width > 0:
            self.model.test.lay(*field, margin=px(80))

    def on_touch_down(self, touch: Any) -> bool:
        x, y = touch.pos
        if self.field.collide_point(x, y):
            self.model.test.down(x, y)
        return super().on_touch_down(touch)

    def update(self) -> None:
        test = self.model.test
        self.field.fill(test.crosses, self.crosses)
        self.foot.fill((test.verdict, test.hit, test.doubles, test.misses, round(test.worst)), self.result)

    def crosses(self) -> Part:
        field = Part()
        for cross in self.model.test.crosses:
            mark = Cross(cross.off)
            field.add_widget(Pinned(mark, cross.x, cross.y))
        hint = staff_text("Chạm vào giữa từng dấu thập", 26, 600, theme.INK2, halign="center", lines=2)
        field.add_widget(Col(Space(flex=10), hint, Space(flex=27), align="middle"))
        return field

    def result(self) -> Part:
        test = self.model.test
        mm = test.worst / theme.look.unit * 0.263
        off = f"{mm:.1f} mm".replace(".", ",") if not math.isclose(test.worst, 0.0) else "–"
        tight = theme.look.portrait
        numbers = [
            ("Đã chạm", f"{test.hit} / 9"),
            ("Lệch nhất", off),
            ("Chạm đôi", str(test.doubles)),
            ("Chạm ngoài", str(test.misses)),
        ]
        facts = [
            Col(
                staff_text(label, 18, 400, theme.INK2, lines=1, fit=14),
                staff_text(text, 24, 700, family="noto", lines=1, fit=17),
                flex=1,
            )
            for label, text in numbers
        ]
        again = staff_button("Thử lại", "secondary", "replay", self.lay_again, "touch_test:again", h=60, size=21)
        done = staff_button("Xong", "primary", "check", self.model.back, "touch_test:done", h=60, size=24)
        again.fixed_w, done.flex = px(190), 1
        chip = mark_chip(test.verdict, size=20, h=40)
        return Surface(
            Col(
                Row(*facts, *([] if tight else [chip]), gap=10, align="middle"),
                Row(again, *([chip] if tight else []), done, gap=12, align="middle"),
                gap=12,
                pad=(PAD, 10, PAD, 14),
            ),
            radius=0,
        )

    def lay_again(self) -> None:
        self.model.test.lay(self.field.x, self.field.y, self.field.width, self.field.height, margin=px(80))


class Pinned(Part):
    """One part with its middle at a point."""

    def __init__(self, part: Part, x: float, y: float) -> None:
        super().__init__(part)
        self.point = (x, y)

    def arrange(self) -> None:
        part = self.parts[0]
        w, h = part.want(self.width)
        part.place(self.point[0] - w / 2, self.point[1] - h / 2, w, h)


SCREENS: dict[type[ViewModel], type[Screen]] = {
    TechnicianPage: TechnicianScreen,
    TouchTestPage: TouchTestScreen,
    QueuePage: QueueScreen,
}
