"""Look-up by code: writing it, and the state of what was found."""

from __future__ import annotations

from typing import Any

from kiosk.touch import theme
from kiosk.touch.controls import Btn, Field, Surface
from kiosk.touch.keyboard import Keyboard
from kiosk.touch.layout import Col, Part, Row
from kiosk.touch.screen import CitizenScreen, Screen
from kiosk.touch.screens.frame import Heading, body, bottom_row, spring
from kiosk.touch.text import Icon, Txt
from kiosk.touch.theme import look
from kiosk.viewmodels.base import ViewModel
from kiosk.viewmodels.find import Find


class FindScreen(CitizenScreen):
    """The code on the slip, then the state without a name."""

    id = "find"

    def entered(self) -> None:
        self.field: Field | None = None
        self.keyboard: Keyboard | None = None
        self._drawn: tuple[Any, ...] = ()

    def head(self) -> tuple[str, str, Any]:
        return self.t("find.head", "Tra cứu hồ sơ"), "", self.model.back

    def shape(self) -> tuple[Any, ...]:
        return self.model.problem, self.model.row

    def refresh(self) -> None:
        if self.shape() != self._drawn or self.field is None or self.keyboard is None:
            self.rebuild()
            return
        self.field.show(self.model.typing.text)
        self.keyboard.follow()

    def body(self) -> Part:
        self._drawn = self.shape()
        return self.found() if self.model.row is not None else self.ask()

    def ask(self) -> Part:
        t, model = self.t, self.model
        heading = Heading(
            t("find.title", "Mã ghi trên phiếu là gì?"),
            t("find.hint", "Ví dụ: TAM-01-261123-0042K"),
            problem=model.problem,
            size=42,
        )
        heading.flex = 1
        self.field = Field(
            model.typing.text,
            state="error" if model.problem else "active",
            numbers=True,
            size=38,
            on_clear=model.typing.clear,
            flex=1,
            key="field",
        )
        self.keyboard = Keyboard(model.typing, t)
        look_up = Btn(t("find.look", "Tra cứu"), "primary", icon="search", size=32, h=94, radius=22, on_tap=model.look, key="look")
        side = look.margin / look.unit
        if look.portrait:
            self.field.flex = 0
            upper = Col(heading, self.field, look_up, gap=18, pad=(side, 20, side, 24), flex=1)
        else:
            look_up.fixed_w = theme.px(270)
            upper = Col(heading, Row(self.field, look_up, gap=20, align="middle"), gap=14, pad=(side, 20, side, 30), flex=1)
        return Col(upper, self.keyboard)

    def found(self) -> Part:
        t, row = self.t, self.model.row
        facts: list[Part] = [
            self.fact(t("find.code", "Mã"), row.code, "noto", 34),
            self.fact(t("slip.job", "Việc làm"), row.procedure_vi, "be", 30),
            self.fact(t("slip.time", "Nộp lúc"), row.when_vi, "be", 30),
        ]
        if row.due_vi:
            facts.append(self.fact(t("find.due", "Hẹn trả"), row.due_vi, "be", 30))
        badge = Surface(Icon("receipt_long", 60, theme.BLUE), fill=theme.BLUE1, line=None, radius="round", w=116, h=116)
        title = Heading(row.status_vi, self.sentence(row.status), size=44)
        title.flex = 1
        card = Surface(Col(Row(badge, title, gap=30, align="middle"), *facts, gap=14, pad=(34, 28, 34, 28)), shadow=2, radius=22)
        done = Btn(t("find.done", "Xong"), "primary", icon="check", size=32, h=96, on_tap=self.model.kiosk.end, key="done")
        again = Btn(t("find.again", "Tra mã khác"), "secondary", icon="search", size=28, h=96, on_tap=self.model.again, key="again")
        if look.portrait:
            return body(card, spring(), done, again, gap=18, top=28, bottom=28)
        done.fixed_w = theme.px(330)
        return body(card, spring(), bottom_row(again, spring(), done), top=28, bottom=24)

    def sentence(self, status: int) -> str:
        t = self.t
        return {
            1: t("find.state_new", "Cán bộ chưa tiếp nhận. Bà con mang phiếu đến quầy."),
            2: t("find.state_accepted", "Cán bộ đã tiếp nhận hồ sơ."),
            4: t("find.state_open", "Hồ sơ đang được giải quyết."),
            5: t("find.state_more", "Cần thêm giấy tờ. Bà con hỏi cán bộ tại quầy."),
            9: t("find.state_ready", "Đã có kết quả. Bà con đến quầy nhận."),
            10: t("find.state_returned", "Kết quả đã trả cho người nộp."),
        }.get(status, t("find.state_other", "Bà con hỏi cán bộ tại quầy để biết thêm."))

    def fact(self, label: str, text: str, family: str, size: float) -> Part:
        words = Txt(text, size, 600, lines=2, fit=24, family=family)
        return Col(Txt(label, 22, 400, theme.INK2, lines=1, fit=18, scale=theme.chrome), words)

    def typed(self, text: str) -> None:
        self.model.typing.type(text)

    def pressed_key(self, name: str) -> bool:
        if name == "backspace":
            self.model.typing.delete()
        elif name == "enter":
            self.model.look()
        else:
            return False
        return True


SCREENS: dict[type[ViewModel], type[Screen]] = {Find: FindScreen}
