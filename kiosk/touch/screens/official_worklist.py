"""The official's worklist: what comes first, and the dossier in hand beside it.

Tabs with counts, rows that say number, name, job, due time and state at a glance; a search with the screen's own keyboard. On a
wide glass a row opens beside the list, on a tall one as a page of its own. The frame is built anew only when a bar comes or
goes.
"""

from __future__ import annotations

from functools import partial

from kiosk.services import Tab
from kiosk.touch import theme
from kiosk.touch.head import staff_head
from kiosk.touch.keyboard import Keyboard
from kiosk.touch.official_widgets import DossierList, Slot, SnugBtn, TabBtn, staff_text
from kiosk.touch.screens.official_base import PAD, StaffScreen, head_button, line_chip
from kiosk.touch.screens.official_dossier import nothing_chosen, over, over_facts, summary
from kiosk.touch.theme import chrome, faded, px
from kiosk.touch.widgets import Col, Field, Icon, Part, Row, Space, Surface
from kiosk.viewmodels.official_flow import WorklistPage

PANE_W = 440
BANNER_H = 76
TABS_H = 58
SEARCH_H = 76


class WorklistScreen(StaffScreen):
    """See the module."""

    id = "worklist"
    model: WorklistPage

    def entered(self) -> None:
        self.shape: tuple[bool, bool, bool, bool] = (False, False, False, False)
        self.listed = ""

    def wanted_shape(self) -> tuple[bool, bool, bool, bool]:
        """Which bars stand: a call, the search, the keyboard, and (tall glass only) the strip of what waits for a word."""
        desk = self.model.desk
        return bool(desk.calls), desk.searching, self.model.keys_up, theme.look.portrait and self.review is not None

    @property
    def review(self) -> Tab | None:
        """The tab of what waits for the official's word, while something does."""
        return next((tab for tab in self.model.desk.tabs if tab.key == "review"), None)

    def page(self) -> Part:
        self.shape = self.wanted_shape()
        calling, searching, keys_up, waiting = self.shape
        self.head, self.banner, self.tabs, self.strip = Slot(h=84), Slot(h=BANNER_H), Slot(h=TABS_H), Slot(h=TABS_H)
        self.field = Field(
            self.model.typing.text,
            state="active" if keys_up else "still",
            placeholder="Tên không dấu, mã hoặc số hồ sơ",
            size=30,
            h=SEARCH_H,
            flex=1,
            on_clear=self.model.typing.clear,
            on_tap=self.model.open_search,
            key="search:field",
        )
        self.keyboard = Keyboard(self.model.typing, self.t, self.model.hide_keys) if keys_up else None
        self.empty, self.pane = Slot(), Slot(w=PANE_W)
        self.list = DossierList()
        middle = Part(self.list, self.empty, flex=1)
        below: Part = middle
        if not theme.look.portrait and not keys_up:
            below = Row(middle, self.pane, gap=16, flex=1)
        bars: list[Part] = [self.banner] if calling else []
        bars += [self.strip] if waiting else []
        bars.append(self.search_row() if searching else self.tabs)
        foot: list[Part] = [self.keyboard] if self.keyboard is not None else []
        return Col(self.head, Col(*bars, below, gap=14, pad=(PAD, 16, PAD, 8 if foot else 16), flex=1), *foot)

    def refresh(self) -> None:
        if self.wanted_shape() != self.shape:
            self.rebuild()
        else:
            super().refresh()

    def update(self) -> None:
        desk = self.model.desk
        tight = theme.look.portrait
        if self.field.text != self.model.typing.text and self.field.width > 0:
            self.field.show(self.model.typing.text)
        if self.keyboard is not None:
            self.keyboard.follow()
        self.head.fill((desk.line, self.model.session.official), lambda: self.head_bar(tight))
        self.banner.fill(desk.call_vi, lambda: self.call_banner(desk.call_vi))
        self.tabs.fill((desk.tabs, desk.tab), lambda: self.tab_row(tight))
        self.strip.fill(self.review, self.review_strip)
        chosen = desk.selected.row.dossier if desk.selected is not None else ""
        self.list.show(desk.rows, chosen, self.open)
        if self.listed != (desk.tab + desk.query):
            self.listed = desk.tab + desk.query
            self.list.to_top()
        self.empty.fill("" if desk.rows else desk.empty_vi, lambda: None if desk.rows else self.nothing(desk.empty_vi))
        if not tight and self.keyboard is None:
            self.pane.fill((desk.selected, desk.print_fact, self.shape), self.beside)
        self.over.fill(over_facts(desk), lambda: over(desk))

    def open(self, dossier: str) -> None:
        """A row was tapped."""
        self.model.choose(dossier, whole=theme.look.portrait)

    def typed(self, text: str) -> None:
        self.model.type(text)

    def pressed_key(self, name: str) -> bool:
        act = {"backspace": self.model.typing.delete, "enter": self.model.hide_keys}.get(name)
        if act is not None:
            act()
        return act is not None

    def head_bar(self, tight: bool) -> Part:
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
            *([head_button("search", "search", "Tìm", self.model.open_search, tight=True)] if tight else [who]),
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

    def review_strip(self) -> Part | None:
        """On a tall glass six tabs do not fit beside each other."""
        found = self.review
        if found is None:
            return None
        act = partial(self.model.choose_tab, found.key)
        words = f"{found.count} việc cần xem lại"
        return SnugBtn(
            words, "gold", icon="assignment_late", size=21, h=TABS_H, radius="round", scale=chrome, on_tap=act, key="tab:review"
        )

    def tab_row(self, tight: bool) -> Part:
        desk = self.model.desk
        tabs = [
            TabBtn(
                tab.label_vi,
                tab.count,
                chosen=tab.key == desk.tab,
                alarm=tab.key in ("late", "review"),
                tight=tight,
                on_tap=partial(self.model.choose_tab, tab.key),
                key=f"tab:{tab.key}",
            )
            for tab in desk.tabs
            if not (tight and tab.key == "review")
        ]
        if tight:
            for tab in tabs:
                tab.flex = tab.natural(theme.look.width)[0]
            return Row(*tabs, gap=8, align="middle")
        search = SnugBtn(
            "Tìm tên, mã hồ sơ" if len(tabs) < 6 else "Tìm",
            "secondary",
            icon="search",
            size=20,
            icon_size=28,
            h=TABS_H,
            gap=10,
            scale=chrome,
            on_tap=self.model.open_search,
            key="search",
        )
        return Row(*tabs, Space(flex=1), search, gap=10, align="middle")

    def search_row(self) -> Part:
        """Field and the way out of the search, in place of the tabs."""
        leave = SnugBtn(
            "Thôi tìm",
            "secondary",
            icon="close",
            size=21,
            h=SEARCH_H,
            pad=20,
            gap=10,
            scale=chrome,
            on_tap=self.model.close_search,
            key="search:close",
        )
        return Row(self.field, leave, gap=14, align="middle")

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
        bars = (SEARCH_H if self.shape[1] else TABS_H) + (BANNER_H + 14 if self.shape[0] else 0)
        room = theme.look.height - px(84 + 16 + bars + 14 + 16)
        return summary(desk, desk.selected, self.model.open_dossier, px(PANE_W), room)
