"""Check-your-answers, paged, and the moment of saving."""

from __future__ import annotations

from typing import Any

from kiosk.touch import theme
from kiosk.touch.controls import Btn, Note, RoundBtn, Surface, Tappable
from kiosk.touch.layout import Col, Part, Row, Space
from kiosk.touch.marks import Spinner
from kiosk.touch.screen import CitizenScreen, Screen
from kiosk.touch.screens.frame import ErrorLine, Heading, spring
from kiosk.touch.text import Icon, Txt
from kiosk.touch.theme import look, pt, px
from kiosk.viewmodels.base import ViewModel
from kiosk.viewmodels.check import Adding, Check, Line, Saving

ROW_LANDSCAPE, ROW_PORTRAIT, GAP = 92, 98, 10
TITLE = 24
"""Letters of a service's name that large letters leave room for beside the tools."""
TOGETHER = 70
"""Letters of the names of papers that find room in two lines of the upright screen, beside the count of the rest."""


class CheckScreen(CitizenScreen):
    """Question and answer in rows, «change» on each; what to bring; then one button."""

    id = "check"

    def head(self) -> tuple[str, str, Any]:
        step = self.t("check.head", "Bước cuối")
        if look.large and not look.portrait and len(self.model.filing.title_vi) > TITLE:
            return step, "", self.model.back
        return self.model.filing.title_vi, step, self.model.back

    def body(self) -> Part:
        return self.tall() if look.portrait else self.wide()

    # --- two forms -------------------------------------------------------------------------------------------------------

    def wide(self) -> Part:
        rows = 5 if not look.large else 4
        self.model.fit(rows)
        height = (5 * ROW_LANDSCAPE + 4 * GAP - GAP * (rows - 1)) / rows
        left = Col(*self.rows(height), spring(), gap=GAP, flex=1)
        right = Col(self.papers(2), *self.privacy(), spring(), self.pages(), self.submit(), gap=11, w=372)
        heading = self.heading()
        if look.large:
            heading.hint = ""
        return Col(heading, Row(left, right, gap=24, flex=1), gap=14, pad=(36, 18, 36, 24), flex=1)

    def tall(self) -> Part:
        rows = 6 if not look.large else 5
        self.model.fit(rows)
        height = (6 * ROW_PORTRAIT + 5 * GAP - GAP * (rows - 1)) / rows
        return Col(
            Txt(
                f"{self.model.filing.title_vi} · {self.t('check.head', 'Bước cuối')}",
                24,
                600,
                theme.INK2,
                lines=1,
                fit=20,
                scale=theme.chrome,
            ),
            self.heading(),
            *self.rows(height),
            spring(),
            self.papers(1),
            Col(self.pages(), self.submit(), gap=12),
            gap=GAP,
            pad=(28, 14, 28, 24),
            flex=1,
        )

    def heading(self) -> Heading:
        hint = self.t("check.hint", "Chạm “Sửa” nếu có chỗ chưa đúng.")
        problem = ""
        if self.model.wrong:
            problem = self.t("check.wrong", "Còn {count} câu cần trả lời. Chạm “Sửa” ở câu có dấu đỏ.", count=len(self.model.wrong))
        elif self.model.cautions and self.model.last:
            hint = self.model.cautions[0]
        return Heading(self.model.title, hint, problem=problem, size=46)

    # --- rows ------------------------------------------------------------------------------------------------------------

    def rows(self, height: float) -> list[Part]:
        return [self.adding(row, height) if isinstance(row, Adding) else self.row(row, height) for row in self.model.visible]

    def adding(self, row: Adding, height: float) -> Part:
        """The quiet row under the entries of a repeat."""
        word = Txt(self.t("check.add", "Thêm: {what}", what=row.label), 26, 600, theme.INDIGO7, lines=1, fit=20, flex=1)
        return Tappable(
            Row(Icon("add_circle", 34, theme.INDIGO7), word, gap=16, pad=(24, 4, 24, 4), align="middle"),
            fill=theme.INDIGO0, line=theme.INDIGO2, radius=16, h=height,
            on_tap=lambda: self.model.change(row.name), key=f"add:{row.name}",
        )  # fmt: skip

    def row(self, line: Line, height: float) -> Part:
        change = Btn(
            self.t("check.change", "Sửa"), "soft", icon="edit", size=24, icon_size=26, w=132 * (1.15 if look.large else 1), h=72,
            pad=10, gap=10, on_tap=lambda: self.model.change(line.name), key=f"change:{line.name}",
        )  # fmt: skip
        eye: list[Part] = []
        if line.secret and not line.wrong:
            icon = "visibility_off" if line.shown else "visibility"
            eye = [
                RoundBtn(
                    icon,
                    size=68,
                    icon_size=32,
                    fill=theme.CLEAR,
                    on_tap=lambda: self.model.reveal(line.name),
                    key=f"eye:{line.name}",
                )
            ]
        if line.wrong:
            answer: Part = ErrorLine(line.wrong, pt(24 if look.portrait else 21))
        else:
            shown = line.text or self.t("check.empty", "(để trống)")
            shade = theme.INK if line.text else theme.INK3
            family = "noto" if line.secret else "be"
            answer = Txt(
                shown, 28, 600, shade, lines=3 if not look.portrait else 2, fit=19, family=family, h=height - 14, pitch=1.25
            )
        if look.portrait or look.large or line.entry:
            named = f"{line.entry} · {line.label}" if line.entry else line.label
            label = Txt(named, 21, 400, theme.INK2, lines=1, fit=18, scale=theme.chrome, pitch=1.2)
            if isinstance(answer, Txt):
                answer.fixed_h = px(height - 44)
                answer.lines = 2
            words: Part = Col(label, answer, flex=1)
        else:
            label = Txt(line.label, 23, 400, theme.INK2, lines=3, fit=19, pitch=1.22, w=176)
            answer.flex = 1
            words = Row(label, answer, gap=16, align="middle", flex=1)
        return Surface(
            Row(words, *eye, *([] if line.fixed else [change]), gap=12, pad=(24, 4, 10, 4), align="middle"),
            line=theme.RED if line.wrong else theme.LINE,
            line_width=1.8 if line.wrong else 1.2,
            radius=16,
            h=height,
            key=f"row:{line.name}",
        )

    # --- beside the rows ---------------------------------------------------------------------------------------------------

    def papers(self, most: int) -> Part:
        """What to hand in at the counter."""
        needed = list(self.model.to_bring)
        only_prepared = self.model.filing.procedure.only_prepared
        where = self.t("check.take", "Giấy tờ mang theo") if only_prepared else self.t("check.bring", "Giấy tờ nộp tại quầy")
        title = Txt(where, 23, 400, theme.INK2, lines=1, fit=19, scale=theme.chrome)
        parts: list[Part] = [title]
        if look.portrait:
            names = self.together([component.said_vi for component in needed])
            line = Txt(names, 24, 600, lines=2, fit=20, scale=theme.chrome, pitch=1.25)
            words = Col(title, line, flex=1)
            return Surface(
                Row(Icon("description", 34, theme.INDIGO6), words, gap=18, pad=(22, 10, 18, 10), align="middle"),
                fill=theme.INDIGO0, line=theme.INDIGO2, radius=16, h=104 if not look.large else 116,
            )  # fmt: skip
        crowded = len(needed) > most
        for component in needed[:most]:
            size = 22 if crowded else 24
            name = Txt(component.said_vi, size, 600, lines=2, fit=19, scale=theme.chrome, pitch=1.22, flex=1)
            parts.append(Row(Icon("description", 32, theme.INDIGO6), name, gap=14, align="middle"))
        if crowded:
            parts.append(Txt(self.more(len(needed) - most), 21, 400, theme.INK2, lines=2, fit=18, scale=theme.chrome))
        if not needed:
            parts.append(
                Txt(self.t("check.bring_none", "Không cần nộp thêm giấy tờ."), 24, 600, lines=2, fit=19, scale=theme.chrome)
            )
        gap, edge = (4, 10) if crowded else (8, 15)
        return Surface(Col(*parts, gap=gap, pad=(20, edge, 18, edge)), radius=18)

    def together(self, names: list[str]) -> str:
        """The papers in one sentence of two lines; those that find no room are counted."""
        if not names:
            return self.t("check.bring_none", "Không cần nộp thêm giấy tờ.")
        shown = 1
        while shown < len(names) and len(", ".join(names[: shown + 1])) <= TOGETHER:
            shown += 1
        rest = [self.more(len(names) - shown)] if shown < len(names) else []
        return ", ".join([*names[:shown], *rest])

    def more(self, count: int) -> str:
        return self.t("check.bring_more", "và {count} giấy nữa, cán bộ sẽ chỉ dẫn", count=count)

    def privacy(self) -> list[Part]:
        if look.large:
            return []
        told = self.t("check.privacy", "Chỉ cán bộ xã được xem. Máy xóa hết sau khi bà con ra về.")
        if self.model.filing.procedure.only_prepared:
            told = self.t("check.privacy_print", "Máy chỉ in, không nộp. In xong là máy xóa hết.")
        return [
            Note(
                told,
                "blue",
                "verified_user",
                size=22,
            )
        ]

    def pages(self) -> Part:
        model = self.model
        place = self.t("page.of", "Trang {page} / {pages}", page=model.page + 1, pages=model.pages)
        return Row(
            RoundBtn(
                "chevron_left", size=68, icon_size=40, on_tap=lambda: model.turn(-1), key="page:before", enabled=model.page > 0
            ),
            Space(flex=1),
            Txt(place, 24, 600, theme.INK2, wrap=False, scale=theme.chrome),
            Space(flex=1),
            RoundBtn(
                "chevron_right", size=68, icon_size=40, on_tap=lambda: model.turn(1), key="page:after", enabled=not model.last
            ),
            align="middle",
        )

    def submit(self) -> Part:
        model = self.model
        if not model.may_submit:
            word = self.t("check.more", "Xem tiếp")
            return Btn(
                word, "primary", icon_after="arrow_forward", size=36, h=104, radius=24, gap=18, on_tap=model.go_on, key="more"
            )
        prints = model.filing.procedure.only_prepared
        word = self.t("check.print", "In tờ khai") if prints else self.t("check.submit", "Nộp hồ sơ")
        return Btn(
            word,
            "primary",
            icon="print" if prints else "check",
            size=38,
            h=104,
            radius=24,
            gap=18,
            on_tap=model.go_on,
            key="submit",
        )


class SavingScreen(CitizenScreen):
    """«Saving»: nothing to touch."""

    id = "saving"

    def head(self) -> tuple[str, str, Any]:
        return self.model.filing.title_vi, "", None

    def body(self) -> Part:
        title = self.t("saving.title", "Đang lưu hồ sơ…")
        if self.model.filing.procedure.only_prepared:
            title = self.t("saving.title_print", "Đang viết tờ khai…")
        words = Txt(title, 46, 800, halign="center", lines=2, fit=34)
        hint = Txt(
            self.t("saving.hint", "Bà con chờ một chút, đừng rời máy."), 28, 400, theme.INK2, halign="center", lines=2, fit=24
        )
        return Col(
            spring(), Row(spring(), Spinner(size=140), spring()), words, hint, spring(), gap=18, pad=(40, 20, 40, 60), flex=1
        )


SCREENS: dict[type[ViewModel], type[Screen]] = {Check: CheckScreen, Saving: SavingScreen}
