"""What the province did not take as it was sent: one matter at a time, in words, the values side by side, and what can be done.

The official decides; nothing here is decided by itself. Mending a text lays field and keyboard over the lower half; the matter
stays in sight above it.
"""

from __future__ import annotations

from kiosk.services import Review
from kiosk.touch import theme
from kiosk.touch.head import staff_head
from kiosk.touch.keyboard import Keyboard
from kiosk.touch.official_widgets import Slot, all_done, staff_text
from kiosk.touch.screens.official_base import PAD, StaffScreen, head_button
from kiosk.touch.screens.official_dossier import refusal_dialog, rule, staff_button
from kiosk.touch.widgets import Btn, Col, Field, Icon, Part, Row, Space, Surface
from kiosk.viewmodels.official_flow import ReviewPage


class ReviewScreen(StaffScreen):
    """The matter in hand, the way to the others, and the keyboard while a text is mended."""

    id = "review"
    model: ReviewPage

    def entered(self) -> None:
        self.mending = False

    def page(self) -> Part:
        self.mending = self.model.reviews.typing is not None
        self.head, self.matter, self.foot = Slot(h=84), Slot(flex=1), Slot(h=72)
        inside: list[Part] = [self.matter]
        below: list[Part] = []
        typing = self.model.reviews.typing
        self.keyboard: Keyboard | None = None
        if typing is not None:
            self.field = Field(typing.text, size=28, h=76, flex=1, on_clear=typing.clear, key="review:field")
            send = staff_button("Gửi lại", "primary", "send", self.model.reviews.send, "review:send", h=76, size=24)
            stop = staff_button("Thôi", "secondary", "close", self.model.reviews.drop_mending, "review:stop", h=76, size=22)
            send.fixed_w, stop.fixed_w = theme.px(190), theme.px(150)
            inside.append(Row(self.field, stop, send, gap=12, align="middle"))
            self.keyboard = Keyboard(typing, self.t, self.model.reviews.send)
            below = [self.keyboard]
        else:
            inside.append(self.foot)
        return Col(self.head, Col(*inside, gap=14, pad=(PAD, 16, PAD, 16), flex=1), *below)

    def refresh(self) -> None:
        if (self.model.reviews.typing is not None) != self.mending:
            self.rebuild()
        else:
            super().refresh()

    def update(self) -> None:
        reviews = self.model.reviews
        found = reviews.current
        self.head.fill(len(reviews.items), self.head_bar)
        self.matter.fill(
            (found, self.mending),
            lambda: all_done("task_alt", "Không còn việc nào cần xem lại.") if found is None else self.card(found),
        )
        self.foot.fill((reviews.at, len(reviews.items)), self.pager)
        typing = reviews.typing
        if typing is not None and self.keyboard is not None:
            if self.field.text != typing.text and self.field.width > 0:
                self.field.show(typing.text)
            self.keyboard.follow()
        refusal = reviews.refusal
        self.over.fill(refusal, lambda: None if refusal is None else refusal_dialog(refusal, reviews.close_refusal))

    def head_bar(self) -> Part:
        tight = theme.look.portrait
        return staff_head(
            "Việc cần xem lại",
            "Tỉnh chưa tính, hoặc hai nơi ghi khác nhau",
            head_button("lock", "lock", "Khóa", self.model.lock, tight=tight),
            back=self.model.back,
        )

    def card(self, found: Review) -> Part:
        what = found.what_vi[:1].upper() + found.what_vi[1:]
        title = Row(
            Icon("assignment_late", 44, theme.GOLDINK),
            Col(
                staff_text(what, 28, 700, lines=2, fit=21),
                *([staff_text(f"Hồ sơ {found.code}", 20, 400, theme.INK2, lines=1, fit=16)] if found.code else []),
                flex=1,
            ),
            gap=16,
            align="middle",
        )
        if self.mending and not theme.look.portrait:
            kept = staff_text(f"Đang giữ: {found.kept_vi or '(trống)'}", 21, 600, lines=1, fit=15)
            return Surface(Col(title, kept, gap=8, pad=(26, 14, 26, 14)), radius=20, shadow=1)
        why = staff_text(f"Chưa được tính, vì {found.why_vi}.", 22, 400, theme.INK, lines=3, fit=17)
        values = [Row(value_box("Đang giữ", found.kept_vi), value_box("Đã gửi", found.lost_vi), gap=14)] if found.lost_vi else []
        acts: list[Part] = [] if self.mending else [Space(flex=1), *self.acts(found)]
        return Surface(Col(title, rule(), why, *values, *acts, gap=14, pad=(26, 20, 26, 20)), radius=20, shadow=1)

    def acts(self, found: Review) -> list[Part]:
        reviews = self.model.reviews
        beside = 0.0 if theme.look.portrait else 1.0
        leave = "Giữ như hiện nay" if found.lost_vi else "Đã xem, bỏ qua"
        found_acts: list[Part] = [
            staff_button(leave, "secondary", "check", reviews.keep, "review:keep", h=72, size=23, flex=beside)
        ]
        if found.mend != "no":
            again = "Sửa và gửi lại" if found.mend == "text" else "Gửi lại"
            found_acts.append(staff_button(again, "primary", "send", reviews.mend, "review:mend", h=72, size=23, flex=beside))
        rows: list[Part] = list(reversed(found_acts)) if theme.look.portrait else [Row(*found_acts, gap=14)]
        if found.dossier:
            rows.append(staff_button("Mở hồ sơ", "soft", "article", self.model.open_dossier, "review:open", h=60, size=21))
        return rows

    def pager(self) -> Part | None:
        """Which of how many, and the way to the others."""
        reviews = self.model.reviews
        count = len(reviews.items)
        if count < 2:
            return None

        def key(name: str, icon: str, step: int, *, on: bool) -> Part:
            button = Btn("", "secondary", icon=icon, icon_size=34, w=104, h=64, pad=0, radius=16, key=name)
            button.on_tap = lambda: reviews.turn(step)
            return Row(*([button] if on else []), w=104, h=64)

        return Row(
            key("page:back", "chevron_left", -1, on=reviews.at > 0),
            staff_text(f"Việc {reviews.at + 1} / {count}", 21, 600, theme.INK2, halign="center", flex=1),
            key("page:next", "chevron_right", 1, on=reviews.at < count - 1),
            align="middle",
        )

    def typed(self, text: str) -> None:
        if self.model.reviews.typing is not None:
            self.model.reviews.typing.type(text)

    def pressed_key(self, name: str) -> bool:
        typing = self.model.reviews.typing
        if typing is None:
            return False
        act = {"backspace": typing.delete, "enter": self.model.reviews.send}.get(name)
        if act is not None:
            act()
        return act is not None


def value_box(label: str, text: str) -> Part:
    """One of two values."""
    words = Col(
        staff_text(label, 18, 400, theme.INK2, lines=1),
        staff_text(text or "(trống)", 23, 600, lines=3, fit=16),
        gap=2,
        pad=(18, 12, 18, 12),
    )
    return Surface(words, fill=theme.INDIGO0, line=theme.INDIGO2, radius=16, flex=1)
