"""The bar on top of every screen: where am I, back, and the tools that are always in the same place.

Citizens: indigo with the woven band – back, title, listen, larger text, language, call for help (gold). Staff: same colours,
denser, gold line below; technicians: charcoal. The citizen's tools act on the kiosk, so a screen only says title and way back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kiosk.touch import theme
from kiosk.touch.controls import Act, Btn, Surface
from kiosk.touch.layout import Col, Part, Row, Space
from kiosk.touch.marks import Band
from kiosk.touch.text import Txt, text_width
from kiosk.touch.theme import chrome

if TYPE_CHECKING:
    from kiosk.touch.shell import Shell


def citizen_head(shell: Shell, name: str = "", sub: str = "", *, back: Act | None = None) -> Part:
    """Head and band, 100 design px together."""
    t, portrait, large = shell.t, theme.look.portrait, theme.look.large

    def tool(key: str, icon: str, word: str, wide: float, act: Act, kind: str = "head") -> Btn:
        under = portrait and kind == "head"
        size = 17 if under else 24
        wide = max(wide, text_width(word, "be-700", chrome(size)) / theme.look.unit + (20 if under else 64))
        return Btn(
            word,
            kind,
            icon=icon,
            size=size,
            icon_size=27 if under else 26,
            w=wide,
            h=68,
            pad=8 if portrait else 12,
            gap=8 if portrait else 11,
            under=under,
            scale=chrome,
            radius=14,
            on_tap=act,
            key=key,
        )

    grow = 1.1 if large else 1.0
    tools: list[Part] = []
    if shell.can_speak:
        tools.append(tool("listen", "volume_up", t("head.listen", "Nghe"), (86 if portrait else 138) * grow, shell.listen))
    word = t("head.smaller", "Chữ thường") if large else t("head.larger", "Chữ to")
    wide = (92 if portrait else 154) * (1.45 if large and not portrait else 1.25 if large else 1)
    tools.append(tool("larger", "text_decrease" if large else "text_increase", word, wide, shell.kiosk.toggle_large))
    tools.append(
        tool("language", "translate", t("head.language", "Tiếng"), (86 if portrait else 142) * grow, shell.kiosk.ask_language)
    )
    help_wide = (176 if portrait else 170) * (1.12 if large else 1)
    tools.append(tool("help", "front_hand", t("head.help", "Gọi giúp"), help_wide, shell.kiosk.call_help, "gold"))
    left: list[Part] = []
    if back is not None:
        left.append(tool_back(t("head.back", "Quay lại"), back, (160 if portrait else 174) * grow))
    words: list[Part] = []
    if not portrait and name:
        words.append(Txt(name, 27, 700, theme.WHITE, lines=1, fit=20, scale=chrome))
        if sub:
            words.append(Txt(sub, 20, 400, theme.INDIGO2, lines=1, fit=17, scale=chrome))
    place = Col(*words, flex=1, pad=(0 if back is not None else 6, 0, 0, 0))
    row = Row(*left, place if words else Space(flex=1), *tools, gap=12, align="middle", pad=(20, 0, 20, 0))
    bar = Surface(row, fill=theme.INDIGO8, line=None, radius=0, h=theme.HEAD)
    return Col(bar, Band())


def tool_back(word: str, act: Act, wide: float) -> Btn:
    return Btn(
        word,
        "head",
        icon="arrow_back",
        size=24,
        icon_size=28,
        w=wide,
        h=68,
        pad=12,
        gap=10,
        scale=chrome,
        radius=14,
        on_tap=act,
        key="back",
    )


def staff_head(name: str, sub: str, *tools: Part, back: Act | None = None, technician: bool = False) -> Part:
    """Head of officials and technicians, 80 + 4 design px; ``tools`` are chips and ``Btn(kind="head", h=60, scale=chrome)``."""
    left: list[Part] = []
    if back is not None:
        left.append(Btn("", "head", icon="arrow_back", icon_size=34, w=62, h=60, pad=0, on_tap=back, key="back", radius=14))
    words: list[Part] = [Txt(name, 27, 700, theme.WHITE, lines=1, fit=20, scale=chrome)]
    if sub:
        words.append(Txt(sub, 19, 400, theme.INDIGO2, lines=1, fit=16, scale=chrome))
    row = Row(*left, Col(*words, flex=1), *tools, gap=12, align="middle", pad=(24, 0, 24, 0))
    fill = theme.TECH if technician else theme.INDIGO8
    bar = Surface(row, fill=fill, line=None, radius=0, h=theme.STAFF_HEAD)
    return Col(bar, Surface(fill=theme.GOLD, line=None, radius=0, h=4))
