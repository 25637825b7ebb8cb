"""What all screens behind the PIN share: frame and slots, the closing warning, head buttons, the line's chip.

A staff screen builds its frame once and then fills slots (``official_widgets.Slot``), so a print state polled twice a second
does not tear a button from under a finger. Dialogs lie in the last slot, above everything of the screen.
"""

from __future__ import annotations

from abc import abstractmethod

from kiosk.services import LineState
from kiosk.touch import theme
from kiosk.touch.official_widgets import Slot, SnugBtn, staff_text
from kiosk.touch.screen import Screen
from kiosk.touch.theme import chrome, faded
from kiosk.touch.widgets import Act, Chip, Col, Icon, Part, Row, Space, Surface
from kiosk.viewmodels.official_flow import StaffPage

PAD = 20
"""Margin of staff pages, design px."""


class StaffScreen(Screen):
    """A screen behind the PIN. Subclasses give the tree in :meth:`page` and fill their slots in :meth:`update`."""

    model: StaffPage

    def build(self) -> Part:
        self.over = Slot()
        self.warning = Slot()
        root = Part(self.page(), self.over, self.warning)
        self.update()
        self.warn()
        return root

    @abstractmethod
    def page(self) -> Part:
        """The frame with its slots."""

    def update(self) -> None:
        """Fill the slots from the model as it is now."""

    def refresh(self) -> None:
        self.update()
        self.warn()

    def warn(self) -> None:
        """The last half minute before the lock, counted down at the foot of the screen."""
        left = self.model.session.closing
        self.warning.fill(left, lambda: None if left is None else closing_pill(left))


def closing_pill(left: int) -> Part:
    """«Máy tự khóa sau 20 giây», dark, at the foot, not in the way of anything."""
    words = staff_text(f"Máy tự khóa sau {left} giây. Chạm vào màn hình để làm tiếp.", 22, 600, theme.WHITE, lines=2)
    pill = Surface(
        Row(Icon("lock", 28, theme.GOLD), words, gap=14, pad=(26, 10, 28, 10), align="middle"),
        fill=faded(theme.INDIGO9, 0.92),
        line=None,
        radius="round",
    )
    if theme.look.portrait:
        return Col(Space(flex=1), pill, Space(26), align="middle")
    return Col(Space(flex=1), pill, align="start", pad=(PAD, 0, 0, 20))


def head_button(key: str, icon: str, word: str, act: Act, *, tight: bool) -> SnugBtn:
    """A button of the staff head; in portrait the icon alone."""
    return SnugBtn(
        "" if tight else word,
        "head",
        icon=icon,
        size=22,
        icon_size=30 if tight else 26,
        w=64 if tight else None,
        h=60,
        pad=0 if tight else 16,
        gap=10,
        radius=14,
        scale=chrome,
        on_tap=act,
        key=key,
    )


def line_chip(line: LineState, *, tight: bool) -> Chip:
    """State of the line and of what waits for it. Offline is no error: amber, not red."""
    if line.quarantined:
        words = f"{line.quarantined} gói bị giữ lại"
        return Chip(words, "red", "error", size=19, h=44)
    if not line.chip_vi:
        return Chip(
            "Đã gửi hết" if line.online else "Chưa gửi lần nào", "green" if line.online else "grey", "cloud_done", size=19, h=44
        )
    words = line.chip_vi
    if tight:
        words = f"{line.pending} hồ sơ chờ gửi" if line.pending else "Mất mạng"
    return Chip(words, "gold", "cloud_upload" if line.pending else "cloud_off", size=19, h=44)
