"""One question on the screen: what is being answered, what is wrong with it, and the ways on.

The form's session owns the answers and the order; this holds only what is being written now and hands it over when the citizen
goes on, back or away to help, so that Back never loses a word. An error is shown where the hint was and goes away with the next
key. A number of the identity card is shown masked when one comes back to it, until the eye or a key is touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from forms.session import Position, Problem, Question, match_choices
from forms.text import mask_number
from forms.xlsform import Choice
from kiosk.services import Cancel
from kiosk.viewmodels.filing import Filing
from kiosk.viewmodels.flow import Kiosk, Page
from kiosk.viewmodels.typing import DateEntry, Kind, Typing

CARDS: Final = 5
"""A choice of at most this many answers is shown as full-width cards."""
SEARCHED: Final = 18
"""More answers than this are searched by first letters."""
EYE_S: Final = 5.0
YES: Final = "yes"


class Asking(Page):
    """The session's present question. Exactly one of ``typing``, ``entry`` (date) or ``chosen`` is in use, by its type."""

    def __init__(self, kiosk: Kiosk, filing: Filing) -> None:
        super().__init__(kiosk)
        self.filing = filing
        self.problem: Problem | None = None
        self.typing: Typing | None = None
        self.entry: DateEntry | None = None
        self.search: Typing | None = None
        self.chosen: list[str] = []
        self.page = 0
        self.hidden = False
        self.keyboard = True
        """Whether the keyboard is up; hiding it gives the screen to reading."""
        self._eye: Cancel | None = None
        self._load()

    # --- what is asked ---------------------------------------------------------------------------------------------------

    @property
    def question(self) -> Question:
        question = self.filing.session.current
        assert question is not None
        return question

    @property
    def position(self) -> Position:
        return self.filing.session.position()

    @property
    def changing(self) -> bool:
        """Opened from the check page: both ways lead back there."""
        return self.filing.session.changing

    @property
    def where_vi(self) -> str:  # type: ignore[override]
        return f"{self.filing.title_vi}: “{self.question.label}”"

    @property
    def searched(self) -> bool:
        return len(self.question.choices) > SEARCHED

    @property
    def choices(self) -> Sequence[Choice]:
        """Answers offered now: all, or those that fit what is written in the search."""
        if self.search is None:
            return self.question.choices
        return match_choices(self.question.choices, self.search.text)

    @property
    def shown_number(self) -> str:
        """The number as the field shows it: masked, or in groups of three."""
        assert self.typing is not None
        text = self.typing.text
        return mask_number(text) if self.hidden else grouped(text)

    @property
    def is_number(self) -> bool:
        return self.question.appearance == "number" or self.question.type == "integer"

    def _load(self) -> None:
        question, value = self.question, self.filing.session.value(self.question.name)
        text = value if isinstance(value, str) else ""
        self._drop_parts()
        self.problem, self.page, self.keyboard = None, 0, True
        self.chosen = [] if value is None else [value] if isinstance(value, str) else list(value)
        if question.type == "date":
            self.entry = DateEntry(text, partial=question.appearance == "partial-date")
            self.entry.watch(self._written)
        elif question.type in ("text", "integer"):
            if self.is_number:
                self.typing = Typing(text, "digits", limit=12 if question.type == "text" else 9)
                self.hidden = question.pii and len(text) > 4
            else:
                kind: Kind = "name" if question.appearance == "name" else "text"
                self.typing = Typing(text, kind, method="direct" if self.kiosk.language in ("vi", "en", "tyz") else "plain")
            self.typing.watch(self._written)
        elif question.type == "select_one" and (self.searched or question.appearance == "search"):
            self.search = Typing(kind="text", limit=30)
            self.search.watch(self._sought)

    def _drop_parts(self) -> None:
        for part in (self.typing, self.entry, self.search):
            if part is not None:
                part.close()
        self.typing = self.entry = self.search = None
        self.hidden = False
        if self._eye is not None:
            self._eye.cancel()
            self._eye = None

    def _written(self) -> None:
        self.problem = None
        self.hidden = False
        self.notify()

    def _sought(self) -> None:
        self.page = 0
        self.notify()

    # --- answering -------------------------------------------------------------------------------------------------------

    def choose(self, name: str) -> None:
        """Tap on an answer: chosen (one of many, or several)."""
        if self.question.type == "select_multiple":
            self.chosen = [one for one in self.chosen if one != name] if name in self.chosen else [*self.chosen, name]
        elif self.question.type == "acknowledge":
            self.chosen = [] if self.chosen == [YES] else [YES]
        else:
            self.chosen = [name]
        self.problem = None
        self.notify()

    def none_of_these(self) -> None:
        """None of several answers."""
        self.chosen = []
        self.problem = None
        self.notify()

    def turn(self, step: int) -> None:
        self.page = max(0, self.page + step)
        self.notify()

    def show_number(self) -> None:
        """The eye: the number in the open for a few seconds."""
        self.hidden = False
        if self._eye is not None:
            self._eye.cancel()
        self._eye = self.scheduler.call_later(EYE_S, self._cover)
        self.notify()

    def _cover(self) -> None:
        self._eye = None
        if self.typing is not None and self.question.pii and self.is_number:
            self.hidden = True
            self.notify()

    def toggle_keyboard(self) -> None:
        self.keyboard = not self.keyboard
        self.notify()

    def _keep(self) -> Problem | None:
        """Hand what stands on the screen to the session."""
        session, question = self.filing.session, self.question
        if self.typing is not None:
            return session.put(question.name, self.typing.value)
        if self.entry is not None:
            return session.put(question.name, self.entry.value)
        if question.type == "select_multiple":
            return session.put(question.name, list(self.chosen))
        if question.type in ("select_one", "acknowledge"):
            return session.put(question.name, self.chosen[0] if self.chosen else "")
        return None

    # --- ways on ---------------------------------------------------------------------------------------------------------

    def next(self) -> None:
        """Go on, or stay with the sentence that says what to do."""
        self._keep_if_changed()
        self.filing.session.forward()
        self.problem = self.filing.session.problem
        if self.problem is not None:
            self.hidden = False
            self.notify()
        else:
            self._follow()

    def _keep_if_changed(self) -> None:
        """What came from the card stays the card's unless it was changed here."""
        session, question = self.filing.session, self.question
        now = self.typing.value if self.typing else self.entry.value if self.entry else None
        if now is None or now != (session.value(question.name) or ""):
            self._keep()

    @property
    def can_skip(self) -> bool:
        return not self.question.required and self.question.type not in ("note", "acknowledge")

    def skip(self) -> None:
        """Leave an optional question without an answer."""
        if self.can_skip:
            self.filing.session.put(self.question.name, "")
            self.filing.session.forward()
            self._follow()

    def back(self) -> None:
        """To the question before, or to the check page, or from the first question to the card; the answer is kept."""
        self._keep_if_changed()
        before = self.question.name
        was_changing = self.changing
        self.filing.session.back()
        now = self.filing.session.current
        if now is not None and now.name == before and not was_changing:
            from kiosk.viewmodels.card import CardChoice

            self.kiosk.show(CardChoice(self.kiosk, self.filing))
        else:
            self._follow()

    def read_card(self) -> None:
        """Let the card answer; what was written stays."""
        from kiosk.viewmodels.card import CardChoice

        self._keep_if_changed()
        self.kiosk.show(CardChoice(self.kiosk, self.filing))

    @property
    def can_read_card(self) -> bool:
        return self.question.autofill.startswith("card.") and self.filing.card is None

    def unknown(self) -> None:
        """«I don't know»: a person comes."""
        self._keep_if_changed()
        self.kiosk.call_help()

    def _follow(self) -> None:
        if self.filing.session.current is None:
            from kiosk.viewmodels.check import Check

            self.kiosk.show(Check(self.kiosk, self.filing))
        else:
            self.kiosk.show(Asking(self.kiosk, self.filing))

    def spoken(self) -> Sequence[str]:
        """The question, its hint or what is wrong, the answers offered. Never what was answered."""
        question = self.question
        lines = [question.label, self.problem.message_vi if self.problem else question.hint]
        lines += [f"{choice.label}. {choice.hint}" for choice in self.choices[: CARDS + 1]]
        return tuple(line for line in lines if line)

    def close(self) -> None:
        super().close()
        self._drop_parts()
        self.chosen = []


def grouped(digits: str) -> str:
    """Digits in groups of three: «004 190 000 001»."""
    return " ".join(digits[i : i + 3] for i in range(0, len(digits), 3))
