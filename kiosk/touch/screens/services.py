"""Choosing what to do: tiles, search, a service done at the counter, and «this cannot start now»."""

from __future__ import annotations

from functools import partial
from typing import Any

from forms.procedures.menu import Group, ServiceTile
from kiosk.touch import theme
from kiosk.touch.controls import Badge, Btn, Chip, Field, RoundBtn, Surface, Tappable, title
from kiosk.touch.keyboard import Keyboard
from kiosk.touch.layout import Col, Grid, Part, Row, Space
from kiosk.touch.screen import CitizenScreen, Screen
from kiosk.touch.screens.frame import Heading, body, bottom_row, quiet_button, spring
from kiosk.touch.text import Icon, Txt
from kiosk.touch.theme import INDIGO7, TILE_COLOURS, chrome, look
from kiosk.viewmodels.base import ViewModel
from kiosk.viewmodels.services import PAGE, AtCounter, ServiceGroup, ServiceList, ServiceSearch, Stopped


def tile_colour(name: str) -> theme.Colour:
    return TILE_COLOURS.get(name, INDIGO7)


class ServiceListScreen(CitizenScreen):
    """Six tiles a page, search, look-up."""

    id = "services"

    def head(self) -> tuple[str, str, Any]:
        return self.t("services.head", "Chọn việc cần làm"), "", self.model.back

    def body(self) -> Part:
        tools = self.tools()
        words = title(self.model.title, 46, lines=1, fit=30)
        cells = [self.tile(tile) for tile in self.model.tiles]
        empty = [Part() for _ in range(PAGE - len(cells))]
        tiles = Grid(*cells, *empty, cols=2 if look.portrait else 3, gap=20, flex=1)
        if look.portrait:
            for tool in tools:
                tool.flex = 1
            top: list[Part] = [words, Row(*tools, gap=16)]
        else:
            words.flex = 1
            top = [Row(words, *reversed(tools), gap=16, align="middle")]
        return body(*top, tiles, *self.bottom(), gap=16, top=20, bottom=20)

    def tools(self) -> list[Btn]:
        return [
            self.tool("search", "search", self.t("services.search", "Tìm giấy tờ khác"), self.model.search),
            self.tool("receipt_long", "find", self.t("services.find", "Tra cứu hồ sơ"), self.model.look_up),
        ]

    def tool(self, icon: str, key: str, word: str, act: Any) -> Btn:
        return Btn(word, "secondary", icon=icon, size=25, h=76, pad=22, gap=12, on_tap=act, key=key)

    def tile(self, tile: ServiceTile) -> Part:
        edge = (76 if look.large else 96) if look.portrait else 84
        badge = Badge(tile.icon, tile_colour(tile.colour), size=edge)
        name = Txt(tile.title_vi, (32 if look.large else 38) if look.portrait else 34, 600, lines=1, fit=26)
        lines = 2 if look.large and not look.portrait else 1
        whom = Txt(tile.for_whom_vi, 25 if look.portrait else 22, 400, theme.INK2, lines=lines, fit=20 if lines == 1 else 26)
        when, listen = self.when(tile), self.listen(tile)
        if look.portrait:
            inside = Col(
                Row(badge, Space(flex=1), *listen, align="middle"), name, whom, spring(), Row(when), gap=4, pad=(22, 16, 18, 18)
            )
        else:
            words = Col(name, whom, gap=0, flex=1)
            when.flex = 1 if look.large else 0
            inside = Col(
                Row(badge, words, gap=18, align="middle"),
                spring(),
                Row(when, *listen, gap=8, align="middle") if look.large else Row(when, Space(flex=1), *listen, align="middle"),
                pad=(22, 18, 16, 14),
            )
        return Tappable(inside, shadow=1, radius=22, on_tap=lambda: self.model.choose(tile.code), key=f"tile:{tile.code}")

    def when(self, tile: ServiceTile) -> Part:
        if tile.available:
            return Chip(tile.how_long_vi, "green", "schedule", size=20, h=44, scale=chrome)
        return Chip(self.t("services.counter", "Làm tại quầy"), "grey", "support_agent", size=20, h=44, scale=chrome)

    def listen(self, tile: ServiceTile) -> list[Part]:
        if not self.shell.can_speak:
            return []
        return [RoundBtn("volume_up", on_tap=lambda: self.say(tile), key=f"listen:{tile.code}")]

    def say(self, tile: ServiceTile) -> None:
        if self.shell.speaker is not None:
            self.shell.speaker.say((f"{tile.title_vi}. {tile.for_whom_vi}. {tile.how_long_vi}.",), self.shell.kiosk.language)

    def bottom(self) -> list[Part]:
        chip = self.model.line.chip_vi
        parts: list[Part] = [Chip(chip, "gold", "cloud_upload", size=20, key="chip:line")] if chip else []
        if self.model.pages == 1:
            ask = quiet_button(
                self.t("ask.unknown_service", "Không biết chọn gì, hỏi cán bộ"), "help", self.shell.kiosk.call_help, "ask"
            )
            return [Row(*parts, spring(), ask, gap=16, align="middle")]
        before = self.turn(self.t("page.before", "Trang trước"), -1, "page:before", there=self.model.page > 0)
        after = self.turn(self.t("page.after", "Trang sau"), 1, "page:after", there=self.model.page < self.model.pages - 1)
        place = self.t("page.of", "Trang {page} / {pages}", page=self.model.page + 1, pages=self.model.pages)
        return [Row(before, spring(), *parts, Txt(place, 26, 400, theme.INK2, wrap=False), spring(), after, gap=16, align="middle")]

    def turn(self, word: str, step: int, key: str, *, there: bool) -> Part:
        """A page button; in large text on the narrow screen there is room for its arrow only."""
        arrow, act = "chevron_right" if step > 0 else "chevron_left", partial(self.model.turn, step)
        if look.large and look.portrait:
            return RoundBtn(arrow, size=76, icon_size=40, on_tap=act, key=key, enabled=there)
        if step > 0:
            return Btn(word, "primary", icon_after=arrow, size=26, h=76, key=key, enabled=there, on_tap=act)
        return Btn(word, "secondary", icon=arrow, size=26, h=76, key=key, enabled=there, on_tap=act)


class ServiceGroupScreen(ServiceListScreen):
    """The procedures of one group."""

    id = "service_group"

    def head(self) -> tuple[str, str, Any]:
        return self.model.title, "", self.model.back

    def tile(self, tile: ServiceTile) -> Part:
        """Names here are longer than those of the six: two lines each."""
        badge = Badge(tile.icon, tile_colour(tile.colour), size=64, radius=18)
        name = Txt(tile.title_vi, 28, 600, lines=2, fit=22, pitch=1.2)
        whom = [] if look.large else [Txt(tile.for_whom_vi, 21, 400, theme.INK2, lines=2, fit=18, pitch=1.2)]
        words = Col(name, *whom, gap=2, flex=1)
        shade, icon = (theme.GREEN, "schedule") if tile.available else (theme.INK3, "support_agent")
        told = tile.how_long_vi if tile.available else self.t("services.counter", "Làm tại quầy")
        when = Txt(told, 20, 600, shade, lines=2, fit=18, scale=chrome, pitch=1.2, flex=1)
        inside = Col(
            Row(badge, words, gap=16, align="middle"),
            spring(),
            Row(Icon(icon, 28, shade), when, *self.listen(tile), gap=12, align="middle"),
            pad=(20, 14, 16, 12),
        )
        return Tappable(inside, shadow=1, radius=22, on_tap=lambda: self.model.choose(tile.code), key=f"tile:{tile.code}")

    def tools(self) -> list[Btn]:
        return [self.tool("apps", "search", self.t("services.groups", "Nhóm việc khác"), self.model.search)]


class ServiceSearchScreen(CitizenScreen):
    """All procedures: groups as pictures; a touch on the field brings the keyboard, and what the words find."""

    id = "service_search"

    def entered(self) -> None:
        self.keyboard: Keyboard | None = None
        self.results: Part | None = None

    def head(self) -> tuple[str, str, Any]:
        return self.t("search.head", "Tìm giấy tờ"), "", self.model.back

    def body(self) -> Part:
        model = self.model
        typing = model.typing
        placeholder = self.t("search.write", "Chạm vào đây để viết tên giấy tờ")
        self.field = Field(
            typing.text, placeholder="" if model.writing else placeholder, state="active" if model.writing else "still",
            on_clear=typing.clear, h=84, size=34, key="field", on_tap=None if model.writing else model.write,
        )  # fmt: skip
        return self.writing() if model.writing else self.choosing()

    def headline(self, words: str) -> Part:
        ask = quiet_button(self.t("ask.official", "Hỏi cán bộ"), "help", self.shell.kiosk.call_help, "ask")
        heading = title(words, 38, lines=1, fit=26)
        heading.flex = 1
        return Row(heading, ask, align="middle")

    def choosing(self) -> Part:
        self.keyboard = self.results = None
        cards = [self.group(group) for group in self.model.groups]
        grid = Grid(*cards, cols=2 if look.portrait else 3, gap=16, flex=1)
        top = self.headline(self.t("search.groups", "Bà con cần việc gì?"))
        return body(top, self.field, grid, gap=14, top=12, bottom=24)

    def group(self, group: Group) -> Part:
        edge = 84 if not look.large else 72
        name = Txt(group.name_vi, 30, 600, lines=2, fit=22, flex=1, pitch=1.25)
        inside = Row(Badge(group.icon, tile_colour(group.colour), size=edge), name, gap=18, pad=(20, 8, 16, 8), align="middle")
        return Tappable(inside, shadow=1, radius=22, on_tap=lambda: self.model.open_group(group), key=f"group:{group.id}")

    def writing(self) -> Part:
        self.keyboard = Keyboard(self.model.typing, self.t)
        self.results = Part(flex=1)
        self.fill()
        side = look.margin / look.unit
        top = self.headline(self.t("search.title", "Viết tên giấy tờ cần làm"))
        upper = Col(top, self.field, self.results, gap=10, pad=(side, 8, side, 12), flex=1)
        return Col(upper, self.keyboard)

    def fill(self) -> None:
        assert self.results is not None
        model = self.model
        self.results.clear_widgets()
        if not model.found:
            words = self.t("search.none", "Không thấy giấy tờ này trên máy. Bà con chạm “Hỏi cán bộ”.")
            if not model.typing.text:
                words = self.t("search.example", "Ví dụ: đẻ, sổ đỏ, hộ nghèo. Không cần viết dấu.")
            self.results.add_widget(Heading("", words, hint_size=26))
            return
        cards = [self.card(tile) for tile in model.visible]
        found: Part = Col(*cards, gap=12, flex=1) if look.portrait else Grid(*cards, cols=3, gap=16, flex=1)
        self.results.add_widget(Row(found, *self.turns(), gap=14, align="start"))

    def turns(self) -> list[Part]:
        """Arrows, when there is more than one page."""
        model = self.model
        if model.pages == 1:
            return []
        arrows = [
            RoundBtn(f"chevron_{side}", size=72, icon_size=40, on_tap=partial(model.turn, step), key=key, enabled=there)
            for side, step, key, there in (
                ("left", -1, "page:before", model.page > 0),
                ("right", 1, "page:after", model.page < model.pages - 1),
            )
        ]
        return [Col(*arrows, gap=20) if look.portrait else Row(*arrows, gap=12)]

    def card(self, tile: ServiceTile) -> Part:
        words = Col(
            Txt(tile.title_vi, 28, 600, lines=2, fit=22, pitch=1.2),
            *([] if look.large or not look.portrait else [Txt(tile.for_whom_vi, 20, 400, theme.INK2, lines=1, fit=17, pitch=1.2)]),
            flex=1,
        )
        inside = Row(
            Badge(tile.icon, tile_colour(tile.colour), size=64, radius=16), words, gap=16, pad=(16, 4, 14, 4), align="middle"
        )
        return Tappable(inside, radius=18, h=108, on_tap=lambda: self.model.choose(tile.code), key=f"tile:{tile.code}")

    def refresh(self) -> None:
        if self.model.writing != (self.keyboard is not None):
            self.rebuild()
            return
        self.field.show(self.model.typing.text)
        if self.keyboard is not None and self.results is not None:
            self.keyboard.follow()
            self.fill()
            self.results.arrange()

    def typed(self, text: str) -> None:
        self.model.write()
        self.model.typing.type(text)

    def pressed_key(self, name: str) -> bool:
        if name == "backspace":
            self.model.typing.delete()
        return name == "backspace"


class AtCounterScreen(CitizenScreen):
    """A service an official does together with the citizen."""

    id = "at_counter"

    def head(self) -> tuple[str, str, Any]:
        return self.model.tile.title_vi, "", self.model.back

    def body(self) -> Part:
        tile = self.model.tile
        call = Btn(
            self.t("ask.call", "Gọi cán bộ giúp"), "gold", icon="front_hand", size=34, h=112,
            w=None if look.portrait else 470, radius=24, on_tap=self.shell.kiosk.call_help, key="call",
        )  # fmt: skip
        other = Btn(
            self.t("services.other", "Chọn việc khác"),
            "secondary",
            icon="arrow_back",
            size=28,
            h=92,
            on_tap=self.model.back,
            key="other",
        )
        words = Heading(tile.title_vi, tile.note_vi, size=46, hint_size=30)
        words.flex = 1
        badge = Badge(tile.icon, tile_colour(tile.colour), size=120, radius=28)
        card = Surface(Row(badge, words, gap=32, pad=36, align="middle"), shadow=1, radius=24)
        bottom = Col(call, other, gap=16) if look.portrait else bottom_row(other, spring(), call)
        return body(card, spring(), bottom, top=36, bottom=28)


class StoppedScreen(CitizenScreen):
    """A refusal: sentence, cure, ways on."""

    id = "stopped"

    def head(self) -> tuple[str, str, Any]:
        return self.t("stopped.head", "Chưa làm được"), "", self.model.back

    def body(self) -> Part:
        refused = self.model.refused
        words = Heading(refused.message_vi, refused.cure_vi, size=40, hint_size=30, lines=3)
        words.flex = 1
        badge = Surface(Icon("error", 60, theme.RED), fill=theme.RED1, line=None, radius="round", w=116, h=116)
        card = Surface(Row(badge, words, gap=32, pad=36, align="middle"), shadow=1, radius=24)
        call = Btn(
            self.t("ask.call", "Gọi cán bộ giúp"),
            "gold",
            icon="front_hand",
            size=30,
            h=96,
            on_tap=self.shell.kiosk.call_help,
            key="call",
        )
        back = Btn(
            self.t("head.back", "Quay lại"), "secondary", icon="arrow_back", size=28, h=96, on_tap=self.model.back, key="other"
        )
        buttons: list[Part] = [back, call]
        if self.model.can_retry:
            again = Btn(
                self.t("stopped.retry", "Thử lại"), "primary", icon="refresh", size=32, h=96, on_tap=self.model.retry, key="retry"
            )
            buttons.append(again)
        bottom = Col(*reversed(buttons), gap=16) if look.portrait else bottom_row(buttons[0], spring(), *buttons[1:])
        return body(card, spring(), bottom, top=36, bottom=28)


SCREENS: dict[type[ViewModel], type[Screen]] = {
    ServiceList: ServiceListScreen,
    ServiceGroup: ServiceGroupScreen,
    ServiceSearch: ServiceSearchScreen,
    AtCounter: AtCounterScreen,
    Stopped: StoppedScreen,
}
