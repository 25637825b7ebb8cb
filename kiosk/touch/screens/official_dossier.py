"""A dossier as the official reads it: the summary beside the list, the page of its own, and the dialogs of acceptance and paper.

Only what works is a button. Answers come in pages by section with the section's name on every page; nothing needs a drag. The
due time is shown the moment the acceptance is durable, with the state of Mẫu 01 beside it; an unclear print asks a person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kiosk.services import Detail, PrintFact, Refused
from kiosk.touch import theme
from kiosk.touch.head import staff_head
from kiosk.touch.official_widgets import Slot, fact_row, heading, mark_chip, paper_line, staff_text
from kiosk.touch.screens.official_base import PAD, StaffScreen, head_button, line_chip
from kiosk.touch.theme import chrome, px
from kiosk.touch.widgets import Btn, Col, Icon, Note, Part, Row, Scrim, Space, Surface, dialog
from kiosk.viewmodels.official import Desk, DetailPart, paginate, print_mark, state_mark
from kiosk.viewmodels.official_flow import DossierPage

DUE_LABEL = "Hẹn trả"
MAU_01 = "Giấy tiếp nhận hồ sơ và hẹn trả kết quả (Mẫu 01)"
NOTHING: Mapping[str, str] = {
    "answers": "Máy này chưa có biểu mẫu của hồ sơ.",
    "papers": "Thủ tục này không cần giấy tờ kèm theo.",
    "history": "Chưa có việc nào được ghi.",
}
PARTS: Final[Sequence[tuple[DetailPart, str]]] = (("answers", "Thông tin khai"), ("papers", "Giấy tờ"), ("history", "Lịch sử"))


@dataclass(frozen=True)
class Line:
    """One row of the dossier's page: its section, the part, its height in real px."""

    section: str
    part: Part
    height: float


def rule() -> Surface:
    """A hairline."""
    return Surface(fill=theme.LINE, line=None, radius=0, h=1)


def person_head(detail: Detail) -> Part:
    """Name, job, state."""
    row = detail.row
    job = staff_text(row.procedure_vi, 20, 400, theme.INK2, lines=2, fit=17, flex=1)
    return Col(
        staff_text(row.name or row.code, 30, 700, lines=2, fit=22, pitch=1.24),
        Row(job, mark_chip(state_mark(row)), gap=12, align="middle"),
        gap=4,
    )


def fact_choices(facts: Sequence[tuple[str, str]]) -> Iterator[Sequence[tuple[str, str]]]:
    """All facts, then fewer and fewer: the last goes first, the due time stays to the end."""
    kept = list(facts)
    while True:
        yield tuple(kept)
        spare = [fact for fact in kept if fact[0] != DUE_LABEL]
        if len(kept) <= 1 or not spare:
            return
        kept.remove(spare[-1])


def print_strip(desk: Desk, fact: PrintFact | None, paper_vi: str = "") -> list[Part]:
    """Where the paper stands; the question with its two answers when that is unclear.

    ``paper_vi`` names the paper while all goes well; a job that waits without a reason needs no sentence beside its chip.
    """
    if fact is None:
        return []
    sentence = f"{fact.text_vi} {fact.cure_vi}".strip()
    if fact.state != "uncertain":
        if not fact.cure_vi:
            sentence = paper_vi or ("" if fact.state == "queued" else fact.text_vi)
        words = staff_text(sentence, 18, 400, theme.INK2, lines=3, fit=15, flex=1)
        return [Row(mark_chip(print_mark(fact)), words, gap=12, align="middle")]
    question = Row(
        Icon("warning", 28, theme.GOLDINK),
        Col(
            staff_text("Phiếu đã in ra đủ chưa?", 22, 700, theme.GOLDINK, lines=1, fit=17),
            staff_text(sentence, 18, 400, theme.INK2, lines=3, fit=15),
            flex=1,
        ),
        gap=12,
        align="middle",
    )
    answers = Row(
        staff_button("Đã ra đủ", "secondary", "check", lambda: desk.answer_print(True), "print:yes", h=60, size=20, flex=1),
        staff_button("Chưa, in lại", "secondary", "print", lambda: desk.answer_print(False), "print:no", h=60, size=20, flex=1),
        gap=12,
    )
    return [Surface(Col(question, answers, gap=10, pad=(14, 10, 14, 12)), fill=theme.GOLD1, line=theme.GOLDLINE, radius=16)]


def staff_button(
    text: str, kind: str, icon: str, act: Callable[[], None], key: str, *, h: float = 64, size: float = 22, flex: float = 0.0
) -> Btn:
    """A button of the staff pages."""
    return Btn(text, kind, icon=icon, size=size, h=h, pad=10, gap=10, radius=16, scale=chrome, flex=flex, on_tap=act, key=key)


def actions(desk: Desk, detail: Detail, way: Btn) -> list[Part]:
    """What can be done with this dossier, most important first; ``way`` leads to another page."""
    fact = desk.print_fact
    found: list[Part] = [*print_strip(desk, fact)]
    if detail.can_accept:
        found.append(staff_button("Tiếp nhận hồ sơ", "primary", "check", desk.ask_accept, "accept", h=72, size=27))
    second: list[Part] = [way]
    if fact is None or fact.state == "printed":
        second.append(staff_button("In lại phiếu", "secondary", "print", desk.print_again, "print", flex=1))
    return [*found, Row(*second, gap=12)]


def summary(desk: Desk, detail: Detail, open_whole: Callable[[], None], width: float, room: float) -> Surface:
    """The dossier beside the list: as many facts and papers as fit into ``room`` real px, never a cut line."""

    def card(facts: Sequence[tuple[str, str]], papers: int) -> Surface:
        shown = list(detail.papers[:papers])
        more = len(detail.papers) - len(shown)
        listed: list[Part] = []
        if shown:
            listed = [rule(), heading(f"Giấy tờ ({len(detail.papers)})"), *(paper_line(name, "") for name, _ in shown)]
            if more:
                listed.append(staff_text(f"và {more} giấy tờ nữa", 18, 400, theme.INK2))
        facts_shown = [fact_row(label, text) for label, text in facts]
        if detail.papers and not shown:
            facts_shown.append(fact_row("Giấy tờ", f"{len(detail.papers)} loại"))
        return Surface(
            Col(
                person_head(detail),
                rule(),
                *facts_shown,
                *listed,
                Space(flex=1),
                *actions(desk, detail, staff_button("Đọc cả hồ sơ", "secondary", "article", open_whole, "open", flex=1)),
                gap=12,
                pad=(24, 20, 24, 20),
            ),
            radius=20,
            shadow=1,
        )

    sizes: list[tuple[Sequence[tuple[str, str]], int]] = [(detail.facts, n) for n in range(min(3, len(detail.papers)), 0, -1)]
    for facts, papers in [*sizes, *((chosen, 0) for chosen in fact_choices(detail.facts))]:
        made = card(facts, papers)
        if made.want(width)[1] <= room:
            return made
    return made


def nothing_chosen() -> Surface:
    """The pane before a dossier is chosen."""
    return Surface(
        Col(
            Space(flex=1),
            Icon("touch_app", 64, theme.INDIGO6),
            Space(10),
            staff_text("Chạm một hồ sơ để xem", 24, 600, halign="center", lines=2),
            staff_text("Thông tin, giấy tờ và nút tiếp nhận hiện ở đây.", 19, 400, theme.INK2, halign="center", lines=3),
            Space(flex=1),
            align="middle",
            gap=6,
            pad=(30, 20, 30, 20),
        ),
        radius=20,
    )


# --- dialogs ---------------------------------------------------------------------------------------------------------------


def over_facts(desk: Desk) -> tuple[object, ...]:
    """What the dialog slot shows, for comparing."""
    return (desk.stage, desk.accepted, desk.refusal, desk.print_fact if desk.stage == "done" else None)


def over(desk: Desk) -> Part | None:
    """The dialog that lies over the page now, if any."""
    if desk.stage == "ask" and desk.selected is not None:
        return ask_dialog(desk, desk.selected)
    if desk.stage == "done" and desk.accepted is not None:
        return done_dialog(desk)
    if desk.refusal is not None:
        return refusal_dialog(desk.refusal, desk.close_dialog)
    return None


def dialog_title(text: str, icon: str, shade: theme.Colour) -> Row:
    return Row(Icon(icon, 46, shade), staff_text(text, 36, 700, lines=2, fit=26, flex=1), gap=18, align="middle")


def ask_dialog(desk: Desk, detail: Detail) -> Scrim:
    """Confirmation before the one act that starts the clock."""
    row = detail.row
    told = "Thời hạn giải quyết bắt đầu tính từ lúc này. Máy sẽ in Giấy tiếp nhận hồ sơ và hẹn trả kết quả (Mẫu 01)."
    return Scrim(
        dialog(
            dialog_title("Tiếp nhận hồ sơ này?", "how_to_reg", theme.INDIGO7),
            Col(
                staff_text(row.name or row.code, 28, 700, lines=2, fit=22),
                staff_text(f"{row.procedure_vi} · {row.code}", 21, 400, theme.INK2, lines=2, fit=17),
            ),
            Note(told, "blue", "info", size=22),
            Space(4),
            staff_button("Có, tiếp nhận", "primary", "check", desk.confirm_accept, "confirm_accept", h=88, size=30),
            staff_button("Chưa, xem lại", "secondary", "arrow_back", desk.close_dialog, "cancel_accept", h=72, size=24),
        ),
        width=760,
    )


def done_dialog(desk: Desk) -> Scrim:
    """Accepted: the due time in large letters, and the paper's state."""
    due = desk.accepted.due_vi if desk.accepted is not None else ""
    card = Surface(
        Col(
            staff_text("Hẹn trả kết quả", 22, 400, theme.INK2),
            staff_text(due, 38, 700, theme.INDIGO7, lines=2, fit=26),
            pad=(24, 14, 24, 14),
        ),
        fill=theme.INDIGO0,
        line=theme.INDIGO2,
        radius=18,
    )
    return Scrim(
        dialog(
            dialog_title("Đã tiếp nhận hồ sơ", "check_circle", theme.GREEN),
            card,
            *print_strip(desk, desk.print_fact, MAU_01),
            Space(4),
            staff_button("Xong", "primary", "check", desk.close_dialog, "dialog:close", h=84, size=30),
        ),
        width=760,
    )


def refusal_dialog(refusal: Refused, close: Callable[[], None]) -> Scrim:
    """An expected failure: what happened, what to do."""
    return Scrim(
        dialog(
            dialog_title(refusal.message_vi, "error", theme.RED),
            *([staff_text(refusal.cure_vi, 24, 400, theme.INK, lines=4)] if refusal.cure_vi else []),
            Space(4),
            staff_button("Đã hiểu", "primary", "check", close, "dialog:close", h=84, size=28),
        ),
        width=760,
    )


# --- the page ----------------------------------------------------------------------------------------------------------------


class DossierScreen(StaffScreen):
    """Facts and actions on one side (portrait: above and below), answers, papers or history on the other."""

    id = "dossier"
    model: DossierPage

    def entered(self) -> None:
        self.leaf = 0
        self.shown: tuple[str, str] | None = None

    def page(self) -> Part:
        self.head, self.side, self.content = Slot(h=84), Slot(), Slot()
        if theme.look.portrait:
            self.foot = Slot()
            self.content.flex = 1
            body: Part = Col(self.side, self.content, self.foot, gap=16, pad=(PAD, 16, PAD, PAD), flex=1)
        else:
            self.side.fixed_w = px(420)
            self.content.flex = 1
            body = Row(self.side, self.content, gap=16, pad=(PAD, 16, PAD, 16), flex=1)
        return Col(self.head, body)

    def update(self) -> None:
        desk = self.model.desk
        detail = desk.selected
        tight = theme.look.portrait
        self.head.fill(desk.line, lambda: self.head_bar(tight))
        facts = (detail, desk.print_fact, desk.part)
        changed = False
        if (detail.row.dossier if detail else "", desk.part) != self.shown:
            self.shown, self.leaf = (detail.row.dossier if detail else "", desk.part), 0
        if tight:
            changed |= self.side.fill(detail, lambda: self.facts_card(detail))
            changed |= self.foot.fill(facts[:2], lambda: self.actions_card(detail))
        else:
            self.side.fill(facts[:2], lambda: self.side_card(detail))
        if changed and self.width > 0:
            self.arrange()
        self.fill_content()
        self.over.fill(over_facts(desk), lambda: over(desk))

    def arrange(self) -> None:
        super().arrange()
        self.fill_content()

    def fill_content(self) -> None:
        """The pages depend on the room, so they are made once the place is known."""
        desk = self.model.desk
        if self.content.width > 0:
            facts = (desk.selected, desk.part, self.leaf, self.content.width, self.content.height)
            self.content.fill(facts, self.content_card)

    def turn(self, step: int) -> None:
        """Another page of the answers."""
        self.leaf += step
        self.fill_content()

    def head_bar(self, tight: bool) -> Part:
        desk = self.model.desk
        detail = desk.selected
        code = detail.row.code if detail else ""
        return staff_head(
            "Hồ sơ",
            code,
            line_chip(desk.line, tight=tight),
            head_button("lock", "lock", "Khóa", self.model.lock, tight=tight),
            back=self.model.back,
        )

    def side_card(self, detail: Detail | None) -> Part | None:
        if detail is None:
            return None
        room = theme.look.height - px(84 + 32)
        made: Surface | None = None
        for facts in fact_choices(detail.facts):
            rows = [fact_row(label, text, label_w=118) for label, text in facts]
            inside = Col(person_head(detail), rule(), *rows, Space(flex=1), *self.acts(detail), gap=13, pad=(22, 20, 22, 20))
            made = Surface(inside, radius=20, shadow=1)
            if made.want(px(420))[1] <= room:
                break
        return made

    def facts_card(self, detail: Detail | None) -> Part | None:
        if detail is None:
            return None
        rows = [fact_row(label, text, label_w=180) for label, text in detail.facts]
        return Surface(Col(person_head(detail), rule(), *rows, gap=10, pad=(24, 18, 24, 18)), radius=20, shadow=1)

    def actions_card(self, detail: Detail | None) -> Part | None:
        acts = self.acts(detail) if detail is not None else []
        return Col(*acts, gap=12) if acts else None

    def acts(self, detail: Detail) -> list[Part]:
        compare = staff_button("Đối chiếu thẻ", "secondary", "id_card", self.model.compare, "compare", flex=1)
        return actions(self.model.desk, detail, compare)

    def content_card(self) -> Part | None:
        """The chosen part of the dossier, one page of it."""
        desk = self.model.desk
        detail = desk.selected
        if detail is None:
            return None
        tabs = Row(*(self.part_tab(key, word, detail) for key, word in PARTS), gap=10)
        width = self.content.width - px(48)
        room = self.content.height - px(18 + 58 + 14 + 16)
        lines = self.lines(detail, width)
        pages = leaves(lines, width, room)
        if len(pages) > 1:
            pages = leaves(lines, width, room - px(60 + 14))
        self.leaf = max(0, min(self.leaf, len(pages) - 1))
        foot = [self.pager(len(pages))] if len(pages) > 1 else []
        return Surface(
            Col(tabs, Col(*pages[self.leaf], gap=0, flex=1), *foot, gap=14, pad=(24, 18, 24, 16)),
            radius=20,
            shadow=1,
        )

    def part_tab(self, key: DetailPart, word: str, detail: Detail) -> Btn:
        desk = self.model.desk
        count = {"answers": len(detail.answers), "papers": len(detail.papers), "history": len(detail.history)}[key]
        return Btn(
            f"{word} ({count})",
            "primary" if desk.part == key else "soft",
            size=20,
            h=58,
            pad=8,
            radius="round",
            shadow=0,
            scale=chrome,
            flex=1,
            on_tap=lambda: desk.show(key),
            key=f"part:{key}",
        )

    def lines(self, detail: Detail, width: float) -> list[Line]:
        """Rows of the chosen part, measured at ``width`` real px."""
        part = self.model.desk.part
        if part == "answers":
            label_w = 316 if width > px(640) else 256
            found = [(name, fact_row(label, text, label_w=label_w, size=20)) for name, label, text in detail.answers]
        elif part == "papers":
            found = [("", paper_line(name, state)) for name, state in detail.papers]
        else:
            found = [("", history_line(sentence)) for sentence in detail.history]
        rows = [(section, Col(Space(5), row, Space(5), rule())) for section, row in found]
        if not rows:
            rows = [("", Col(staff_text(NOTHING[part], 21, 400, theme.INK2, lines=2)))]
        return [Line(section, row, row.want(width)[1]) for section, row in rows]

    def pager(self, count: int) -> Part:
        """Page back, where, page on."""

        def key(name: str, icon: str, act: Callable[[], None], *, on: bool) -> Part:
            if not on:
                return Space(0)
            return Btn("", "secondary", icon=icon, icon_size=34, w=104, h=60, pad=0, radius=16, on_tap=act, key=name)

        return Row(
            Row(key("page:back", "chevron_left", lambda: self.turn(-1), on=self.leaf > 0), w=104, h=60),
            staff_text(f"Trang {self.leaf + 1} / {count}", 20, 600, theme.INK2, halign="center", flex=1),
            Row(key("page:next", "chevron_right", lambda: self.turn(1), on=self.leaf < count - 1), w=104, h=60),
            align="middle",
        )


def history_line(sentence: str) -> Row:
    return Row(Icon("history", 26, theme.INDIGO6), staff_text(sentence, 20, 400, lines=4, flex=1), gap=14, align="middle")


def section_head(name: str) -> Part:
    return Col(Space(8), staff_text(name, 20, 700, theme.INDIGO7, lines=1, fit=16), Space(4), rule())


def leaves(lines: Sequence[Line], width: float, room: float) -> list[list[Part]]:
    """Pages no higher than ``room`` real px; a section's name stands over its lines and again on top of every page."""
    head = section_head("X").want(width)[1]

    def opens(index: int, first: bool) -> bool:
        section = lines[index].section
        return bool(section) and (first or index == 0 or lines[index - 1].section != section)

    pages = paginate(range(len(lines)), lambda i, first: lines[i].height + (head if opens(i, first) else 0.0), room)
    found: list[list[Part]] = []
    for page in pages:
        parts: list[Part] = []
        for index in page:
            if opens(index, not parts):
                parts.append(section_head(lines[index].section))
            parts.append(lines[index].part)
        found.append(parts)
    return found
