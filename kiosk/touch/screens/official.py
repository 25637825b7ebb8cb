"""The door for officials and technicians: the PIN pad, and which screen shows which of their view models.

The pad never shows or keeps a digit, only how many there are; a wrong PIN says how many tries are left or how long to wait, in
the place where the eyes are. A keypad or keyboard works as well as a finger.
"""

from __future__ import annotations

from collections.abc import Callable

from kiosk.touch import theme
from kiosk.touch.head import staff_head
from kiosk.touch.official_widgets import PinDots, PinKey, Slot, staff_text
from kiosk.touch.screen import Screen
from kiosk.touch.screens.official_compare import CompareScreen
from kiosk.touch.screens.official_dossier import DossierScreen
from kiosk.touch.screens.official_review import ReviewScreen
from kiosk.touch.screens.official_worklist import WorklistScreen
from kiosk.touch.theme import chrome
from kiosk.touch.widgets import Col, Grid, Icon, Part, Row, Space, Surface
from kiosk.viewmodels.base import ViewModel
from kiosk.viewmodels.compare import ComparePage
from kiosk.viewmodels.official import PIN_MIN, SignIn
from kiosk.viewmodels.official_flow import DossierPage, ReviewPage, WorklistPage, open_staff

__all__ = ["SCREENS", "SignInScreen", "open_staff"]


class SignInScreen(Screen):
    """The PIN pad."""

    id = "sign_in"
    model: SignIn

    def build(self) -> Part:
        self.message = Slot(h=96)
        self.dots = PinDots(self.model.count, PIN_MIN, wrong=False)
        self.ok = self.pad_key("Vào", self.model.submit, "pin:ok", "primary", "login")
        head = staff_head("Cán bộ đăng nhập", self.shell.kiosk.services.place().office_vi, back=self.model.cancel)
        words = [
            staff_text("Nhập mã PIN của mình", 42, 700, lines=2, fit=30),
            staff_text("Mã có 6 đến 12 chữ số. Nhập xong, chạm “Vào”.", 24, 400, theme.INK2, lines=2),
        ]
        field = Surface(
            Row(Space(flex=1), Col(self.dots, w=560 if theme.look.portrait else 500), Space(flex=1), align="middle"),
            radius=18,
            h=104,
        )
        for_whom = Row(
            Icon("info", 26, theme.INK3),
            staff_text(
                "Màn hình này dành cho cán bộ. Bà con chạm mũi tên ở góc trên để quay lại.", 20, 400, theme.INK2, lines=3, flex=1
            ),
            gap=12,
            align="middle",
        )
        pad = Surface(self.pad(), radius=22, shadow=1)
        if theme.look.portrait:
            body: Part = Col(
                Space(6),
                *words,
                Space(10),
                field,
                self.message,
                Space(flex=1),
                pad,
                Space(8),
                for_whom,
                gap=12,
                pad=(28, 16, 28, 24),
                flex=1,
            )
        else:
            pad.fixed_w = theme.px(500)
            left = Col(Space(flex=1), *words, Space(14), field, self.message, Space(flex=2), for_whom, gap=10, flex=1)
            body = Row(left, pad, gap=40, pad=(36, 28, 36, 28), flex=1)
        self.update()
        return Col(head, body)

    def pad(self) -> Part:
        """1–9, erase, 0, enter."""
        keys = [self.digit(d) for d in "123456789"]
        erase = self.pad_key("Xóa", self.model.erase, "pin:erase", "soft", "backspace")
        return Grid(*keys, erase, self.digit("0"), self.ok, cols=3, gap=12, pad=22, row=130 if theme.look.portrait else None)

    def digit(self, digit: str) -> PinKey:
        key = PinKey(
            digit, "secondary", size=40, radius=16, scale=chrome, pad=4, on_tap=lambda: self.model.press(digit), key=f"pin:{digit}"
        )
        key.rest_line = theme.LINE
        key.words[0].family = "noto"
        return key

    def pad_key(self, word: str, act: Callable[[], None], key: str, kind: str, icon: str) -> PinKey:
        return PinKey(word, kind, icon=icon, size=24, radius=16, scale=chrome, pad=4, gap=8, on_tap=act, key=key)

    def refresh(self) -> None:
        self.update()

    def update(self) -> None:
        refusal = self.model.refusal
        self.dots.show(self.model.count, wrong=refusal is not None)
        self.ok.set_enabled(self.model.ready)
        self.message.fill(refusal, lambda: None if refusal is None else wrong_pin(refusal.message_vi, refusal.cure_vi))

    def typed(self, text: str) -> None:
        for letter in text:
            self.model.press(letter)

    def pressed_key(self, name: str) -> bool:
        act = {"backspace": self.model.erase, "enter": self.model.submit}.get(name)
        if act is not None:
            act()
        return act is not None


def wrong_pin(message: str, cure: str) -> Part:
    """What was wrong, and tries left or the wait."""
    words = Col(
        staff_text(message, 25, 600, theme.RED, lines=1, fit=19),
        *([staff_text(cure, 22, 400, theme.INK, lines=1, fit=17)] if cure else []),
        flex=1,
    )
    row = Row(Icon("error", 36, theme.RED), words, gap=16, pad=(22, 0, 22, 0), align="middle")
    return Surface(row, fill=theme.RED1, line=None, radius=16)


SCREENS: dict[type[ViewModel], type[Screen]] = {
    SignIn: SignInScreen,
    WorklistPage: WorklistScreen,
    DossierPage: DossierScreen,
    ComparePage: CompareScreen,
    ReviewPage: ReviewScreen,
}
