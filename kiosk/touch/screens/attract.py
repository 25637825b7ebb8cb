"""The attract screen and the sentences told before a start."""

from __future__ import annotations

from typing import Any

from kiosk.touch import theme
from kiosk.touch.art import Landscape
from kiosk.touch.controls import Badge, Btn, Chip, Note, Surface, Tappable
from kiosk.touch.layout import Col, Grid, Part, Row, Space
from kiosk.touch.screen import CitizenScreen, Screen
from kiosk.touch.screens.frame import Heading, body, bottom_row, next_button, quiet_button, spring
from kiosk.touch.text import Icon, Txt
from kiosk.touch.theme import chrome, faded, look, px
from kiosk.viewmodels.attract import Attract, BeforeStart
from kiosk.viewmodels.base import ViewModel


class AttractScreen(Screen):
    """Invites; a touch anywhere starts in Vietnamese."""

    id = "attract"
    ground = theme.INDIGO8

    def build(self) -> Part:
        landscape = Landscape(moon=(0.82, 0.66) if not look.portrait else (0.83, 0.86))
        return Layers(landscape, Anywhere(self.words(), on_tap=self.model.start, key="anywhere"))

    def words(self) -> Part:
        tall = look.portrait
        side = 36 if tall else 72
        return Col(
            self.top_line(),
            Space(flex=2.4 if tall else 0.5),
            Col(
                self.title(),
                Space(14 if tall else 12),
                self.promise(),
                Space(30 if look.large else 42 if tall else 38),
                self.start(),
                Space(24 if look.large else 38),
                *self.states(),
                Row(self.ask(), align="start"),
                Space(12),
                self.languages(),
                pad=(side, 0, side, 0),
                align="start" if not tall else "fill",
            ),
            Space(flex=0.6 if tall else 0.45),
            Space(170 if tall else 44, shrinks=True),
        )

    def top_line(self) -> Part:
        place = self.model.place
        emblem = Badge("account_balance", faded(theme.WHITE, 0.15), theme.GOLD, size=68, icon_share=0.56, radius=16)
        office = Txt(place.office_vi, 27, 600, theme.WHITE, lines=1, fit=20)
        province = Txt(place.province_vi, 22, 400, theme.INDIGO2, lines=1, fit=18)
        names = Col(office, province, flex=1)
        when = Col(
            Txt(self.model.day, 24, 400, theme.WHITE, family="noto", halign="right", lines=1, wrap=False),
            Txt(self.model.hour, 24, 400, theme.INDIGO2, family="noto", halign="right", lines=1, wrap=False),
            align="end",
        )
        door = Btn(
            self.t("attract.staff", "Cán bộ"),
            "head",
            icon="badge",
            size=20,
            icon_size=24,
            w=138,
            h=68,
            pad=6,
            gap=8,
            radius=14,
            scale=chrome,
            on_tap=self.model.staff,
            key="staff",
        )
        parts = [emblem, names, door] if look.portrait else [emblem, names, when, door]
        return Row(*parts, gap=16, pad=(36, 16, 36, 0), align="middle")

    def title(self) -> Part:
        size = 92 if look.portrait else 84
        words = self.t("attract.title", "Làm giấy tờ\nngay tại xã")
        return Txt(words, size, 800, theme.WHITE, scale=px, lines=2, fit=60, pitch=1.16)

    def promise(self) -> Part:
        words = self.t("attract.promise", "Máy hướng dẫn từng bước, có đọc thành tiếng.")
        if not self.shell.can_speak:
            words = self.t("attract.promise_silent", "Máy hướng dẫn từng bước, chữ to, dễ đọc.")
        if look.portrait:
            words = words.replace(", ", ",\n", 1)
        return Txt(words, 35 if look.portrait else 32, 500, theme.WHITE, lines=2, fit=26)

    def start(self) -> Part:
        return Btn(
            self.t("attract.start", "Chạm vào đây để bắt đầu"),
            "gold",
            icon="touch_app",
            size=40,
            icon_size=58,
            h=150 if look.portrait else 120,
            w=690,
            gap=26,
            radius=34,
            shadow=2,
            on_tap=self.model.start,
            key="start",
        )

    def states(self) -> list[Part]:
        chips: list[Part] = []
        if self.model.line.chip_vi:
            chips.append(Chip(self.model.line.chip_vi, "gold", "cloud_upload", key="chip:line"))
        if self.model.troubles:
            chips.append(Chip(self.t("attract.trouble", "Hôm nay có phần chưa dùng được"), "gold", "warning", key="chip:trouble"))
        if not chips:
            return []
        box = Col(*chips, gap=10, align="start") if look.portrait else Row(*chips, gap=12)
        return [box, Space(14)]

    def ask(self) -> Part:
        return Surface(
            Row(
                Icon("translate", 30, theme.WHITE),
                Txt(self.t("attract.languages", "Chọn tiếng nói của bà con"), 26, 600, theme.WHITE, wrap=False),
                gap=10,
                pad=(16, 0, 18, 0),
                align="middle",
            ),
            fill=faded(theme.INDIGO9, 0.82),
            line=None,
            radius="round",
            h=48 * look.text,
        )

    def languages(self) -> Part:
        def button(code: str, name: str) -> Btn:
            chosen = code == "vi"
            return Btn(
                name,
                "gold" if chosen else "night",
                icon="volume_up" if self.shell.can_speak else None,
                size=26 if look.portrait else 24,
                scale=chrome,
                h=92 if look.portrait else 80,
                pad=8,
                gap=12 if look.portrait else 9,
                radius=22,
                on_tap=lambda: self.model.start(code),
                key=f"language:{code}",
            )

        buttons = [button(language.code, language.name) for language in self.model.languages]
        if look.portrait:
            return Col(buttons[0], Grid(*buttons[1:], cols=2, gap=16), gap=16)
        for one in buttons:
            one.fixed_w = px(182 if not look.large else 198)
        return Row(*buttons, gap=12)

    def typed(self, text: str) -> None:
        """A key of a real keyboard starts too."""


class Layers(Part):
    """Children on top of each other, all of the whole size."""


class Anywhere(Tappable):
    """The whole glass as one button under the others."""

    def __init__(self, *parts: Part, **kwargs: Any) -> None:
        super().__init__(*parts, fill=theme.CLEAR, line=None, radius=0, **kwargs)


class BeforeStartScreen(CitizenScreen):
    """What does not work today."""

    id = "before_start"

    def head(self) -> tuple[str, str, Any]:
        return self.t("before.head", "Thông báo"), "", self.model.back

    def body(self) -> Part:
        notes = [Note(sentence, "gold", "warning", size=28) for sentence in self.model.troubles]
        words = self.t("before.title", "Hôm nay máy có chỗ chưa dùng được")
        hint = self.t("before.hint", "Bà con vẫn nộp được hồ sơ.")
        go_on = next_button(
            self.t, self.model.go_on, self.t("before.go_on", "Tôi hiểu, làm tiếp"), wide=None if look.portrait else 470
        )
        call = quiet_button(self.t("ask.official", "Hỏi cán bộ"), "help", self.shell.kiosk.call_help, "ask")
        bottom = Col(go_on, call, gap=12) if look.portrait else bottom_row(call, spring(), go_on)
        if look.portrait:
            go_on.flex = 0
        return body(Heading(words, hint), Col(*notes, gap=16), spring(), bottom, gap=24, top=28, bottom=28)


SCREENS: dict[type[ViewModel], type[Screen]] = {Attract: AttractScreen, BeforeStart: BeforeStartScreen}
