"""What is on its way to the province, item by item: since when it waits, how often it was tried, what came back, when next.

A page holds as many rows as fit; no row is cut. The summary on top is the same line state as everywhere; «Gửi ngay» ends any wait.
"""

from __future__ import annotations

from kiosk.services import LineState, Waiting
from kiosk.touch import theme
from kiosk.touch.head import staff_head
from kiosk.touch.official_widgets import Slot, all_done, mark_chip, staff_text
from kiosk.touch.screens.official_base import PAD, StaffScreen, head_button, line_chip
from kiosk.touch.screens.official_dossier import rule, staff_button
from kiosk.touch.theme import px
from kiosk.touch.widgets import Btn, Col, Icon, Part, Row, Space, Surface
from kiosk.viewmodels.official import Mark, paginate
from kiosk.viewmodels.official_flow import QueuePage


class QueueScreen(StaffScreen):
    """Rows of the queue, a pager, and the way to send now."""

    id = "queue"
    model: QueuePage

    def entered(self) -> None:
        self.leaf = 0

    def page(self) -> Part:
        self.head, self.rows, self.foot = Slot(h=84), Slot(flex=1), Slot(h=72)
        return Col(self.head, Col(self.rows, self.foot, gap=14, pad=(PAD, 16, PAD, 16), flex=1))

    def arrange(self) -> None:
        super().arrange()
        self.fill_rows()

    def update(self) -> None:
        queue = self.model.queue
        self.head.fill(queue.line, lambda: self.head_bar(queue.line))
        self.fill_rows()

    def fill_rows(self) -> None:
        """The pages depend on the room, so they are made once the place is known."""
        if self.rows.width <= 0:
            return
        items = self.model.queue.items
        width = self.rows.width - px(52)
        rows = [Col(Space(6), queue_row(item), Space(6), rule()) for item in items]
        pages = paginate(rows, lambda row, _: row.want(width)[1], self.rows.height - px(36))
        self.leaf = max(0, min(self.leaf, len(pages) - 1))
        shown = pages[self.leaf]
        self.rows.fill((items, self.leaf, width, self.rows.height), lambda: rows_card(shown))
        self.foot.fill((self.leaf, len(pages), self.model.queue.sending), lambda: self.foot_row(len(pages)))

    def head_bar(self, line: LineState) -> Part:
        tight = theme.look.portrait
        return staff_head(
            "Hàng chờ gửi về tỉnh",
            f"{line.pending} hồ sơ chờ tỉnh xác nhận",
            line_chip(line, tight=tight),
            head_button("lock", "lock", "Khóa", self.model.lock, tight=tight),
            back=self.model.back,
            technician=True,
        )

    def foot_row(self, count: int) -> Part:
        def key(name: str, icon: str, step: int, *, on: bool) -> Part:
            if not on:
                return Row(w=104, h=64)
            button = Btn("", "secondary", icon=icon, icon_size=34, w=104, h=64, pad=0, radius=16, key=name)
            button.on_tap = lambda: self.turn(step)
            return Row(button, w=104, h=64)

        send = staff_button("Gửi ngay", "primary", "cloud_upload", self.model.queue.send_now, "queue:send", h=64, size=23)
        send.fixed_w = px(240)
        said = f"Trang {self.leaf + 1} / {count}" if count > 1 else ""
        word: Part = staff_text(said, 20, 600, theme.INK2, halign="center", flex=1)
        if self.model.queue.sending:
            chip = mark_chip(Mark("blue", "sync", "Đang gửi…"), size=20, h=44)
            word = Row(Space(flex=1), chip, Space(flex=1), align="middle", flex=1)
        return Row(
            key("page:back", "chevron_left", -1, on=self.leaf > 0),
            key("page:next", "chevron_right", 1, on=self.leaf < count - 1),
            word,
            send,
            gap=12,
            align="middle",
        )

    def turn(self, step: int) -> None:
        self.leaf += step
        self.fill_rows()


def rows_card(rows: list[Part]) -> Part:
    if not rows:
        return all_done("cloud_done", "Tỉnh đã nhận hết. Không còn gì chờ gửi.")
    return Surface(Col(*rows, Space(flex=1), pad=(26, 14, 26, 14)), radius=20, shadow=1)


def queue_row(item: Waiting) -> Part:
    """Title and what; since, tries, last answer, next."""
    shade = theme.RED if item.trouble else theme.INDIGO6
    words = Col(
        Row(
            staff_text(item.title_vi, 22, 600, family="noto", lines=1, fit=16, flex=1),
            staff_text(item.what_vi, 20, 400, theme.INK2, lines=1, fit=15),
            gap=12,
            align="middle",
        ),
        staff_text(
            " · ".join(part for part in (f"Chờ từ {item.since_vi}", f"đã thử {item.tried} lần", item.next_vi) if part),
            18,
            400,
            theme.INK2,
            lines=2,
            fit=15,
        ),
        *([staff_text(item.answer_vi, 18, 400, shade, lines=2, fit=15)] if item.answer_vi else []),
        flex=1,
    )
    return Row(Icon("error" if item.trouble else "schedule", 30, shade), words, gap=16, align="middle")
