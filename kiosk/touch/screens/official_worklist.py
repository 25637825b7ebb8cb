"""The official's worklist: what comes first, and the dossier in hand beside it.

Tabs with counts, rows that say number, name, job, due time and state at a glance; a search with the screen's own keyboard. On a
wide glass a row opens beside the list, on a tall one as a page of its own. The frame is built anew only when a bar comes or
goes.
"""

from __future__ import annotations

from kiosk.touch import theme
from kiosk.touch.head import staff_head
from kiosk.touch.official_widgets import DossierList, Slot, SnugBtn, TabBtn, staff_text
from kiosk.touch.screens.official_base import PAD, StaffScreen, head_button, line_chip
from kiosk.touch.screens.official_dossier import nothing_chosen, over, over_facts, summary
from kiosk.touch.theme import chrome, faded, px
from kiosk.touch.widgets import Col, Icon, Part, Row, Space, Surface
from kiosk.viewmodels.official_flow import WorklistPage

PANE_W = 440
BANNER_H = 76


class WorklistScreen(StaffScreen):
    """See the module."""

    id = "worklist"
    model: WorklistPage

    def entered(self) -> None:
        self.shape: tuple[bool, bool] = (False, False)
        self.listed = ""

    def wanted_shape(self) -> tuple[bool, bool]:
        desk = self.model.desk
        return bool(desk.calls), desk.searching

    def page(self) -> Part:
        self.shape = self.wanted_shape()
        calling, _searching = self.shape
        self.head, self.banner, self.tabs = Slot(h=84), Slot(h=BANNER_H), Slot(h=58)
        self.empty, self.pane = Slot(), Slot(w=PANE_W)
        self.list = DossierList()
        middle = Part(self.list, self.empty, flex=1)
        below: Part = middle
        if not theme.look.portrait:
            below = Row(middle, self.pane, gap=16, flex=1)
        bars: list[Part] = [self.banner] if calling else []
        return Col(self.head, Col(*bars, self.tabs, below, gap=14, pad=(PAD, 16, PAD, 16), flex=1))

    def refresh(self) -> None:
        if self.wanted_shape() != self.shape:
            self.rebuild()
        else:
            super().refresh()

    def update(self) -> None:
        desk = self.model.desk
        tight = theme.look.portrait
        self.head.fill((desk.line, self.model.session.official), lambda: self.top(tight))
        self.banner.fill(desk.call_vi, lambda: self.call_banner(desk.call_vi))
        self.tabs.fill((desk.tabs, desk.tab), lambda: self.tab_row(tight))
        chosen = desk.selected.row.dossier if desk.selected is not None else ""
        self.list.show(desk.rows, chosen, self.open)
        if self.listed != (desk.tab + desk.query):
            self.listed = desk.tab + desk.query
            self.list.to_top()
        self.empty.fill("" if desk.rows else desk.empty_vi, lambda: None if desk.rows else self.nothing(desk.empty_vi))
        if not tight:
            self.pane.fill((desk.selected, desk.print_fact, self.shape), self.beside)
        self.over.fill(over_facts(desk), lambda: over(desk))

    def open(self, dossier: str) -> None:
        """A row was tapped."""
        self.model.desk.choose(dossier)
        if theme.look.portrait:
            self.model.open_dossier()

    def top(self, tight: bool) -> Part:
        official = self.model.session.official
        name = official.name_vi if official is not None else ""
        office = self.model.staff.kiosk.services.place().office_vi
        who = Surface(
            Row(
                Icon("person", 26, theme.WHITE),
                staff_text(name, 21, 600, theme.WHITE, lines=1, fit=16),
                gap=10,
                pad=(6, 0, 6, 0),
                align="middle",
            ),
            fill=theme.CLEAR,
            line=None,
            h=60,
        )
        return staff_head(
            "Hồ sơ cần xử lý",
            name if tight else office,
            line_chip(self.model.desk.line, tight=tight),
            *([] if tight else [who]),
            head_button("technician", "build", "Thiết bị", self.model.open_technician, tight=tight),
            head_button("lock", "lock", "Khóa", self.model.lock, tight=tight),
        )

    def call_banner(self, words: str) -> Part | None:
        if not words:
            return None
        button = SnugBtn(
            "Tôi đến giúp",
            "night",
            icon="check",
            size=21,
            h=58,
            pad=14,
            gap=8,
            radius=14,
            scale=chrome,
            on_tap=self.model.desk.answer_help,
            key="answer_help",
        )
        text = staff_text(words, 22, 600, theme.INDIGO9, lines=2, fit=17, flex=1)
        return Surface(
            Row(Icon("front_hand", 34, theme.INDIGO9), text, button, gap=16, pad=(20, 0, 10, 0), align="middle"),
            fill=theme.GOLD,
            line=None,
            radius=16,
        )

    def tab_row(self, tight: bool) -> Part:
        desk = self.model.desk
        tabs: list[Part] = [
            TabBtn(
                tab.label_vi,
                tab.count,
                chosen=tab.key == desk.tab,
                alarm=tab.key == "late",
                tight=tight,
                on_tap=lambda key=tab.key: desk.choose_tab(key),
                key=f"tab:{tab.key}",
            )
            for tab in desk.tabs
        ]
        search = SnugBtn(
            "" if tight else "Tìm tên, mã hồ sơ",
            "secondary",
            icon="search",
            size=20,
            icon_size=28,
            w=64 if tight else None,
            h=58,
            pad=0 if tight else 18,
            gap=10,
            scale=chrome,
            on_tap=desk.open_search,
            key="search",
        )
        return Row(*tabs, Space(flex=1), search, gap=6 if tight else 10, align="middle")

    def nothing(self, words: str) -> Part:
        return Col(
            Space(flex=1),
            Icon("inbox", 84, faded(theme.INDIGO6, 0.5)),
            Space(8),
            staff_text(words, 24, 600, theme.INK2, halign="center", lines=3),
            Space(flex=2),
            align="middle",
            pad=(30, 0, 30, 0),
        )

    def beside(self) -> Part:
        desk = self.model.desk
        if desk.selected is None:
            return nothing_chosen()
        bars = BANNER_H + 14 if self.shape[0] else 0
        room = theme.look.height - px(84 + 16 + 58 + 14 + 16 + bars)
        return summary(desk, desk.selected, self.model.open_dossier, px(PANE_W), room)
