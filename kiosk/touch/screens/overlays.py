"""What lies above a screen: the walk-away warning, «an official is coming», the languages, «take this away?»."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kiosk.touch import theme
from kiosk.touch.controls import Btn, Scrim, Surface, dialog
from kiosk.touch.layout import Col, Grid, Part, Row, Space
from kiosk.touch.marks import Ring
from kiosk.touch.screens.frame import Heading
from kiosk.touch.text import Icon, Txt
from kiosk.viewmodels.asking import Removal
from kiosk.viewmodels.base import ViewModel
from kiosk.viewmodels.flow import HelpCalled, LanguageChoice, Timeout

if TYPE_CHECKING:
    from kiosk.touch.shell import Shell


class TimeoutVeil(Scrim):
    """«Bà con còn ở đây không?» with the ring counting down; one tap goes on."""

    def __init__(self, shell: Shell, model: Timeout) -> None:
        self.model, self.t = model, shell.t
        self.ring = Ring(model.share, str(model.left))
        self.sentence = Txt(self.words(), 26, 400, theme.INK2, fit=22)
        stay = Btn(self.t("timeout.stay", "Tôi còn ở đây, làm tiếp"), "primary", icon="check", size=32, h=96, radius=22, key="stay")
        stay.on_tap = model.stay
        leave = Btn(self.t("timeout.leave", "Xóa và kết thúc"), "danger", icon="logout", size=28, h=80, radius=22, key="leave")
        leave.on_tap = model.leave
        words = Col(
            Txt(self.t("timeout.title", "Bà con còn ở đây không?"), 42, 800, theme.INK, lines=2, fit=34, pitch=1.3),
            self.sentence,
            gap=4,
            flex=1,
        )
        super().__init__(dialog(Row(self.ring, words, gap=30, align="middle"), Space(4), stay, leave))
        self.key = "overlay:timeout"

    def words(self) -> str:
        return str(
            self.t(
                "timeout.sentence",
                "Máy sẽ xóa thông tin và về màn hình đầu sau {left} giây để người khác không xem được.",
                left=self.model.left,
            )
        )

    def refresh(self) -> None:
        self.ring.show(self.model.share, str(self.model.left))
        self.sentence.say(self.words())


def help_called(shell: Shell, model: HelpCalled) -> Part:
    t = shell.t
    badge = Surface(Icon("front_hand", 60, theme.INDIGO9), fill=theme.GOLD, line=None, radius="round", w=116, h=116)
    words = Heading(
        t("help.title", "Đã gọi cán bộ"),
        t("help.sentence", "Mời bà con chờ tại máy. Cán bộ thấy lời gọi trên màn hình và sẽ đến giúp."),
    )
    words.flex = 1
    done = Btn(
        t("help.done", "Tôi hiểu, làm tiếp"), "primary", icon="check", size=32, h=96, radius=22, on_tap=model.done, key="stay"
    )
    veil = Scrim(dialog(Row(badge, words, gap=30, align="middle"), Space(6), done))
    veil.key = "overlay:help"
    return veil


def language_choice(shell: Shell, model: LanguageChoice) -> Part:
    t = shell.t

    def button(code: str, name: str) -> Btn:
        chosen = code == shell.kiosk.language
        return Btn(
            name,
            "primary" if chosen else "secondary",
            icon="check" if chosen else None,
            size=30,
            h=92,
            on_tap=lambda: model.choose(code),
            key=f"language:{code}",
        )

    buttons = [button(language.code, language.name) for language in model.languages]
    hint = Txt(
        t("language.hint", "Tiếng chưa có chữ thì máy viết tiếng Việt; cán bộ biết bà con chọn tiếng gì."),
        24,
        400,
        theme.INK2,
        fit=21,
    )
    close = Btn(t("language.close", "Đóng"), "soft", icon="close", size=28, h=80, on_tap=model.done, key="close")
    parts: list[Part] = [
        Txt(t("language.title", "Chọn tiếng nói"), 42, 800, lines=1, fit=30),
        Grid(*buttons, cols=2, gap=16),
        hint,
        close,
    ]
    veil = Scrim(dialog(*parts))
    veil.key = "overlay:language"
    return veil


def removal(shell: Shell, model: Removal) -> Part:
    t = shell.t
    words = Heading(
        t("removal.title", "Bỏ “{what}” phải không?", what=model.what),
        t("removal.sentence", "Những câu đã trả lời ở phần này sẽ mất. Các phần khác còn nguyên."),
    )
    keep = Btn(t("removal.keep", "Giữ lại"), "primary", icon="check", size=32, h=96, radius=22, on_tap=model.keep, key="stay")
    remove = Btn(
        t("removal.remove", "Bỏ đi"), "danger", icon="delete", size=28, h=80, radius=22, on_tap=model.remove, key="removed"
    )
    veil = Scrim(dialog(words, Space(6), keep, remove))
    veil.key = "overlay:removal"
    return veil


OVERLAYS: dict[type[ViewModel], Callable[[Shell, Any], Part]] = {
    Timeout: TimeoutVeil,
    HelpCalled: help_called,
    LanguageChoice: language_choice,
    Removal: removal,
}
