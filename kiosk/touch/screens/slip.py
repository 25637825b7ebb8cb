"""The last screen: provisional code, next step, QR, print state; or where to take a paper – and the countdown that clears it."""

from __future__ import annotations

from typing import Any

from kiosk.touch import theme
from kiosk.touch.controls import Btn, Chip, Note, Surface
from kiosk.touch.layout import Col, Part, Row, Space
from kiosk.touch.marks import Qr
from kiosk.touch.screen import CitizenScreen, Screen
from kiosk.touch.screens.frame import Heading, body, spring
from kiosk.touch.text import Icon, Txt
from kiosk.touch.theme import look, px
from kiosk.viewmodels.base import ViewModel
from kiosk.viewmodels.slip import PreparedSlip, Slip

STATES = {
    "queued": ("gold", "schedule"),
    "printing": ("blue", "print"),
    "printed": ("green", "check_circle"),
    "uncertain": ("gold", "help"),
}


class LeavingScreen(CitizenScreen):
    """What slip and prepared paper share: print state, countdown, ways to end."""

    def entered(self) -> None:
        self.clear_button: Btn | None = None
        self._drawn: tuple[Any, ...] = ()

    def shape(self) -> tuple[Any, ...]:
        """What a change must differ in to need a new tree; the countdown is redrawn in place."""
        model = self.model
        return model.paper, model.refused and model.refused.code

    def refresh(self) -> None:
        if self.shape() != self._drawn or self.clear_button is None:
            self.rebuild()
            return
        self.clear_button.words[1].say(self.countdown())

    def countdown(self) -> str:
        return str(self.t("slip.countdown", "Tự xóa sau {left} giây", left=self.model.left))

    def headline(self, title: str, thanks: str) -> Part:
        badge = Surface(Icon("check", 58, theme.WHITE), fill=theme.GREEN, line=None, radius="round", w=88, h=88)
        words: list[Part] = [Txt(title, 46, 800, theme.GREEN, lines=1, fit=32)]
        if not look.large:
            words.append(Txt(thanks, 25, 400, theme.INK2, lines=2, fit=20))
        return Row(badge, Col(*words, flex=1), gap=24, align="middle")

    def fact(self, label: str, text: str, size: float, family: str = "be") -> Part:
        words = Txt(
            text,
            size,
            600 if family == "noto" else 700,
            lines=2 if size < 40 else 1,
            fit=20,
            family=family,
            pitch=1.25,
            scale=theme.chrome,
        )
        return Col(Txt(label, 22, 400, theme.INK2, lines=1, fit=18, scale=theme.chrome, pitch=1.25), words)

    def states(self) -> list[Part]:
        model = self.model
        if model.refused is not None:
            heading = Heading(model.refused.message_vi, model.refused.cure_vi, size=26, hint_size=22)
            return [Surface(Col(heading, pad=(20, 8, 20, 8)), fill=theme.RED1, line=None, radius=16)]
        if model.asks:
            return [self.question()]
        fact = model.paper
        tone, icon = STATES[fact.state]
        text = fact.text_vi if not fact.cure_vi else f"{fact.text_vi} {fact.cure_vi}"
        if fact.state == "printing":
            text = self.t("slip.printing", "Đang in phiếu…")
        parts: list[Part] = []
        if len(text) > 44:
            parts.append(Note(text, tone, icon, size=22 if not look.large else 20, key=f"print:{fact.state}"))
        else:
            parts.append(Chip(text, tone, icon, size=22, h=50, scale=theme.chrome, key=f"print:{fact.state}"))
        if len(text) > 44:
            return parts
        parts += self.chips()
        if look.portrait:
            return [Col(*parts, gap=8, align="start")]
        return [Row(*parts, gap=14)]

    def chips(self) -> list[Part]:
        """What stands beside a short print state."""
        return []

    def question(self) -> Part:
        """An uncertain print: a person looks into the tray."""
        t = self.t
        yes = Btn(
            t("slip.whole", "Đủ rồi"),
            "primary",
            icon="check",
            size=26,
            h=76,
            on_tap=lambda: self.model.came_out(True),
            key="print:yes",
        )
        no = Btn(
            t("slip.not_whole", "Chưa, in lại"),
            "secondary",
            icon="print",
            size=26,
            h=76,
            on_tap=lambda: self.model.came_out(False),
            key="print:no",
        )
        words = Col(
            Txt(t("slip.ask", "Phiếu đã in ra đủ chưa?"), 28, 700, theme.GOLDINK, lines=1, fit=22),
            Txt(t("slip.ask_hint", "Bà con nhìn khay giấy rồi chạm."), 21, 400, theme.INK, lines=1, fit=18, scale=theme.chrome),
            flex=1,
        )
        icon = Icon("help", 40, theme.GOLDINK)
        if look.portrait:
            yes.flex = no.flex = 1
            inside: Part = Col(Row(icon, words, gap=16, align="middle"), Row(no, yes, gap=14), gap=8, pad=(20, 10, 20, 12))
        else:
            inside = Row(icon, words, no, yes, gap=14, pad=(20, 8, 12, 8), align="middle")
        return Surface(inside, fill=theme.GOLD1, line=theme.GOLDLINE, radius=18, key="print:question")

    def buttons(self) -> Part:
        t, model = self.t, self.model
        other = Btn(
            t("slip.other", "Làm việc khác"), "secondary", icon="add", size=27, h=self.tall,
            on_tap=model.another, key="another", radius=22,
        )  # fmt: skip
        others: list[Part] = [*self.more_buttons(), other]
        self.clear_button = Btn(
            t("slip.done", "Xong – xóa màn hình"),
            "primary",
            sub=self.countdown(),
            size=31,
            h=104,
            on_tap=model.done,
            key="done",
            radius=22,
        )
        if look.portrait:
            for button in others:
                button.flex = 1
            return Col(Row(*others, gap=16), self.clear_button, gap=14)
        self.clear_button.flex = 1
        return Row(*others, self.clear_button, gap=16)

    @property
    def tall(self) -> float:
        return 104 if not look.portrait else 88

    def more_buttons(self) -> list[Part]:
        return []


class SlipScreen(LeavingScreen):
    """What a filing leaves in the citizen's hands."""

    id = "slip"

    def head(self) -> tuple[str, str, Any]:
        filed = self.model.filed
        return (filed.procedure_vi if filed else ""), self.t("slip.head", "Đã nộp xong"), None

    def shape(self) -> tuple[Any, ...]:
        return *super().shape(), self.model.line.chip_vi, self.model.filed is None

    def body(self) -> Part:
        self._drawn = self.shape()
        if self.model.filed is None:
            return body(Space())
        thanks = self.t("slip.thanks", "Cảm ơn bà con. Hồ sơ đã lưu an toàn trên máy của xã.")
        top = self.headline(self.t("slip.title", "Đã ghi nhận hồ sơ"), thanks)
        card = Surface(self.facts(), shadow=2, radius=22, flex=1)
        return body(top, card, *self.states(), self.buttons(), gap=14, top=18, bottom=20)

    def facts(self) -> Part:
        filed = self.model.filed
        rows: list[Part] = [
            self.fact(self.t("slip.code", "Mã tạm (chưa phải mã hồ sơ)"), filed.code, 40, "noto"),
            self.fact(
                self.t("slip.job", "Việc làm"), " – ".join(part for part in (filed.procedure_vi, filed.subject_vi) if part), 28
            ),
            self.fact(self.t("slip.time", "Nộp lúc"), filed.filed_vi, 28),
            self.fact(self.t("slip.next", "Việc tiếp theo"), filed.next_vi, 25),
        ]
        if look.large and look.portrait:
            del rows[2]
        facts = Col(*rows, gap=2 if look.large else 4 if not look.portrait else 8, flex=1)
        if not filed.qr:
            return Col(facts, pad=(30, 14, 30, 14))
        wide = 240 if not look.portrait or look.large else 220 if self.model.asks else 264
        caption = Txt(
            self.t("slip.qr", "Quét để xem tiến độ"), 21, 400, theme.INK2, halign="center", lines=1, fit=18, scale=theme.chrome
        )
        code = Col(Qr(filed.qr, wide), caption, align="middle", gap=2)
        if look.portrait:
            facts.flex = 0
            return Col(facts, spring(), Row(spring(), code, spring()), spring(), pad=(30, 20, 30, 14))
        code.fixed_w = px(300)
        return Row(facts, code, gap=20, pad=(30, 12, 12, 12), align="middle")

    def chips(self) -> list[Part]:
        chip = self.model.line.chip_vi
        return [Chip(chip, "gold", "cloud_upload", size=22, h=50, scale=theme.chrome, key="chip:line")] if chip else []

    def more_buttons(self) -> list[Part]:
        model = self.model
        again = Btn(
            self.t("slip.again", "In lại"), "secondary", icon="print", size=27, h=self.tall, enabled=model.can_reprint,
            on_tap=model.print_again, key="reprint", radius=22,
        )  # fmt: skip
        return [again]


class PreparedScreen(LeavingScreen):
    """A declaration to take to another office: where to go, and that nothing was filed here."""

    id = "prepared"

    def head(self) -> tuple[str, str, Any]:
        return self.model.prepared.procedure_vi, self.t("prepared.head", "Chưa nộp"), None

    def body(self) -> Part:
        self._drawn = self.shape()
        prepared = self.model.prepared
        rows = [
            self.fact(self.t("slip.job", "Việc làm"), prepared.procedure_vi, 30),
            self.fact(self.t("slip.next", "Việc tiếp theo"), prepared.next_vi, 30),
            self.fact(
                self.t("prepared.guard", "Nhớ giữ tờ giấy"),
                self.t("prepared.guard_hint", "Trên đó có số căn cước đầy đủ. Chép xong thì hủy đi."),
                28,
            ),
        ]
        if look.large and not look.portrait:
            del rows[0]  # It stands in the head.
        card = Surface(Col(spring(), *rows, spring(), gap=18, pad=(36, 16, 36, 16)), shadow=2, radius=22, flex=1)
        thanks = self.t("prepared.thanks", "Máy in xong là xóa hết, không gửi tờ này đi đâu.")
        top = self.headline(self.t("prepared.title", "Đã viết sẵn tờ khai"), thanks)
        return body(top, card, *self.states(), self.buttons(), gap=14, top=18, bottom=20)


SCREENS: dict[type[ViewModel], type[Screen]] = {Slip: SlipScreen, PreparedSlip: PreparedScreen}
