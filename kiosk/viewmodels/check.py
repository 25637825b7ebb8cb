"""Read before submitting: every answer with «change», what to bring, then one act that files, or prints what is filed elsewhere.

Rows come from the session; the page shows as many at once as the screen says (:meth:`Check.fit`). A repeat with room for another
entry ends with a row that adds one. Identity numbers are masked; the eye shows one for five seconds. Submitting shows «saving»
first and acts in the next moment, because the screen must say that it works before the store is asked; a refusal comes back with
its cure and every answer still there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from forms.procedures.procedure import Component
from forms.session import FormSession
from forms.text import mask_number
from kiosk.services import Cancel, Refused
from kiosk.viewmodels.filing import Filing
from kiosk.viewmodels.flow import Kiosk, Page

EYE_S: Final = 5.0
SAVE_AFTER_S: Final = 0.15


@dataclass(frozen=True, slots=True)
class Line:
    """An answer on the check page. ``secret``: masked, with an eye; ``wrong``: sentence of what is missing or wrong;
    ``fixed``: there is nothing to change."""

    name: str
    label: str
    text: str
    section: str
    entry: str
    """Title of its entry in a repeat («Giấy tờ 2»), '' outside all."""
    secret: bool
    shown: bool
    wrong: str
    fixed: bool


@dataclass(frozen=True, slots=True)
class Adding:
    """The row that adds an entry to a repeat: the question to open, and what an entry is called."""

    name: str
    label: str


class Check(Page):
    """The check page."""

    def __init__(self, kiosk: Kiosk, filing: Filing) -> None:
        super().__init__(kiosk)
        self.filing = filing
        self.where_vi = f"{filing.title_vi}: xem lại trước khi nộp"
        self.page = filing.check_page
        self.rows_per_page = 5
        self.refused: Refused | None = None
        self._open = ""
        self._eye: Cancel | None = None

    def fit(self, rows: int) -> None:
        """How many rows the screen can show at once."""
        self.rows_per_page = max(1, rows)
        self.page = min(self.page, self.pages - 1)
        self._seen()

    def _seen(self) -> None:
        self.filing.check_page = self.page
        self.filing.read_through = self.filing.read_through or self.last

    @property
    def session(self) -> FormSession:
        """The form's session, in the language of the glass."""
        return self.filing.speaking(self.kiosk.language)

    @property
    def lines(self) -> Sequence[Line]:
        """All answers."""
        session = self.session
        wrong = {problem.name: session.message(problem) for problem in session.problems()}
        made = []
        for row in session.review():
            secret = row.pii and re.fullmatch(r"[0-9]{9,12}", row.text) is not None
            shown = not secret or self._open == row.name
            text = row.text if shown else mask_number(row.text)
            entry = row.section if row.entry else ""
            told = wrong.get(row.name, "")
            made.append(Line(row.name, row.label, text, row.section, entry, secret, shown, told, not session.changeable(row.name)))
        return made

    @property
    def rows(self) -> Sequence[Line | Adding]:
        """All answers, and after the entries of each repeat with room for another one the row that adds it."""
        lines = self.lines
        rows: list[Line | Adding] = [*lines]
        places = {item.name: place for place, item in enumerate(self.session.form.items)}
        for entries in reversed(self.session.repeats()):
            if entries.more:
                last = max(places[item.name] for item in self.session.form.items if item.repeat == entries.repeat)
                before = sum(places[line.name.rpartition(".")[2]] <= last for line in lines)
                rows.insert(before, Adding(entries.more, entries.label))
        return rows

    @property
    def visible(self) -> Sequence[Line | Adding]:
        """Rows of the present page."""
        return self.rows[self.page * self.rows_per_page : (self.page + 1) * self.rows_per_page]

    @property
    def pages(self) -> int:
        return max(1, -(-len(self.rows) // self.rows_per_page))

    @property
    def title(self) -> str:
        t = self.kiosk.t
        if self.filing.procedure.only_prepared:
            return t("check.title_print", "Xem lại trước khi in")
        return t("check.title", "Xem lại trước khi nộp")

    @property
    def to_bring(self) -> Sequence[Component]:
        """Papers to hand in or show at the counter, by these answers."""
        return self.filing.procedure.to_bring(self.filing.session.answers())

    @property
    def cautions(self) -> Sequence[str]:
        return tuple(caution.message_vi for caution in self.session.cautions())

    @property
    def wrong(self) -> Sequence[Line]:
        return tuple(line for line in self.lines if line.wrong)

    @property
    def last(self) -> bool:
        """Whether the present page is the last one."""
        return self.page >= self.pages - 1

    def turn(self, step: int) -> None:
        self.page = min(max(0, self.page + step), self.pages - 1)
        self._seen()
        self.notify()

    @property
    def may_submit(self) -> bool:
        """Every page has been seen once: the main button files; before that it turns the page."""
        return self.filing.read_through

    def go_on(self) -> None:
        """The main button."""
        if self.may_submit:
            self.submit()
        else:
            self.turn(1)

    def reveal(self, name: str) -> None:
        """The eye of one row."""
        if self._eye is not None:
            self._eye.cancel()
        self._open = name
        self._eye = self.scheduler.call_later(EYE_S, self._cover)
        self.notify()

    def _cover(self) -> None:
        self._open, self._eye = "", None
        self.notify()

    def change(self, name: str) -> None:
        """Open the question of a row; its answer leads back here."""
        from kiosk.viewmodels.asking import Asking

        if self.session.go_to(name) is not None:
            self.kiosk.show(Asking(self.kiosk, self.filing))

    def back(self) -> None:
        """A page back, or to the last question."""
        if self.page:
            self.turn(-1)
            return
        self.session.back()
        self.kiosk.show(self.filing.page(self.kiosk))

    def submit(self) -> None:
        """File, unless something is missing: then to the first row that needs an answer."""
        wrong = self.wrong
        if wrong:
            self.change(wrong[0].name)
        elif not self.session.problems():
            self.kiosk.show(Saving(self.kiosk, self.filing))
        else:
            self.change(self.session.problems()[0].name)

    def spoken(self) -> Sequence[str]:
        """Labels only with answers that are nobody's secret."""
        private = {row.name for row in self.session.review() if row.pii}
        told = [line for line in self.visible if isinstance(line, Line) and line.name not in private]
        return (self.title, *(f"{line.entry} {line.label}: {line.text}".strip() for line in told))

    def close(self) -> None:
        super().close()
        if self._eye is not None:
            self._eye.cancel()
        self._open = ""


class Saving(Page):
    """«Saving»: shown while the filing, or the paper to take along, becomes durable. Not to be interrupted; leads to the slip or to
    what went wrong."""

    timed = False

    def __init__(self, kiosk: Kiosk, filing: Filing) -> None:
        super().__init__(kiosk)
        self.filing = filing
        self.where_vi = f"{filing.title_vi}: {'đang in tờ khai' if filing.procedure.only_prepared else 'đang lưu hồ sơ'}"
        self._begin = self.scheduler.call_later(SAVE_AFTER_S, self._file)

    def _file(self) -> None:
        from kiosk.viewmodels.services import Stopped

        filing = self.filing
        try:
            page = self._done()
        except Refused as refused:
            kiosk = self.kiosk
            again, back = (lambda: kiosk.show(Saving(kiosk, filing))), (lambda: kiosk.show(Check(kiosk, filing)))
            kiosk.show(Stopped(kiosk, refused, self.where_vi, again, back))
            return
        self.kiosk.show(page)

    def _done(self) -> Page:
        from kiosk.viewmodels.slip import PreparedSlip, Slip

        filing = self.filing
        if filing.procedure.only_prepared:
            return PreparedSlip(self.kiosk, self.services.prepare(filing.procedure, filing.session))
        return Slip(self.kiosk, self.services.submit(filing.procedure, filing.session, filing.card))

    def back(self) -> None:
        """There is no way back from here."""

    def close(self) -> None:
        super().close()
        self._begin.cancel()
