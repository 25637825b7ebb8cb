"""One question on the screen: what is being answered, what is wrong with it, and the ways on.

The form's session owns the answers and the order; this holds only what is being written now and hands it over when the citizen
goes on, back or away to help, so that Back never loses a word. An error is shown where the hint was and goes away with the next
key. A number of the identity card is shown masked when one comes back to it, until the eye or a key is touched. An entry of a
repeat, opened from the check page, can be taken away after a question whether that is meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from forms.people.phone import read_phone
from forms.session import FormSession, Position, Problem, Question, match_choices
from forms.text import mask_number
from forms.xlsform import CAPTURE_TYPES, VIETNAMESE, Choice
from kiosk.services import Cancel, Reading, Refused
from kiosk.viewmodels.base import ViewModel
from kiosk.viewmodels.filing import Filing
from kiosk.viewmodels.flow import Kiosk, Page
from kiosk.viewmodels.typing import COMMA, DateEntry, Kind, Typing

CARDS: Final = 5
"""A choice of at most this many answers is shown as full-width cards."""
SEARCHED: Final = 18
"""More answers than this are searched by first letters."""
EYE_S: Final = 5.0
YES: Final = "yes"
WRITTEN: Final = ("text", "integer", "decimal", "barcode")
"""Types answered with the keyboard or the number pad."""
_ONE_CHOICE: Final = ("select_one", "acknowledge", *CAPTURE_TYPES)
_DIGITS: Final = {"integer": 9, "decimal": 16}
"""Most signs of a number, by type; a text of digits is an identity or telephone number."""
_IDENTITY_DIGITS: Final = 12


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
        self._scanner: Reading | None = None
        self._load()

    # --- what is asked ---------------------------------------------------------------------------------------------------

    @property
    def session(self) -> FormSession:
        """The form's session, in the language of the glass."""
        return self.filing.speaking(self.kiosk.language)

    @property
    def question(self) -> Question:
        question = self.session.current
        assert question is not None
        return question

    @property
    def position(self) -> Position:
        return self.session.position()

    @property
    def wrong(self) -> str:
        """What is wrong with the answer and what to do, '' when nothing is."""
        return self.session.message(self.problem) if self.problem is not None else ""

    @property
    def changing(self) -> bool:
        """Opened from the check page: both ways lead back there."""
        return self.session.changing

    def where(self) -> str:
        question = self.filing.speaking(VIETNAMESE).current
        return f"{self.filing.title_vi}: “{question.label if question else ''}”"

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
        """The number as the field shows it: masked, or in the groups people read it in."""
        assert self.typing is not None
        text = self.typing.text
        if self.hidden:
            return mask_number(text)
        if self.question.appearance == "phone":
            shown = read_phone(text).shown
            return shown if shown.replace(" ", "") == text else text
        return thousands(text) if self.question.type in _DIGITS else grouped(text)

    @property
    def is_number(self) -> bool:
        return self.question.appearance in ("number", "phone") or self.question.type in _DIGITS

    def _load(self) -> None:
        question, value = self.question, self.session.value(self.question.name)
        text = value if isinstance(value, str) else ""
        self._drop_parts()
        self.problem, self.page, self.keyboard = None, 0, True
        self.chosen = [] if value is None else [value] if isinstance(value, str) else list(value)
        if question.type == "date":
            self.entry = DateEntry(text, partial=question.appearance == "partial-date")
            self.entry.watch(self._written)
        elif question.type in WRITTEN:
            self.typing = self._typing(question, text)
            self.typing.watch(self._written)
            if question.type == "barcode":
                self._scanner = self._listen()
        elif question.type == "select_one" and (self.searched or question.appearance == "search"):
            self.search = Typing(kind="text", limit=30)
            self.search.watch(self._sought)

    def _typing(self, question: Question, text: str) -> Typing:
        if question.type == "decimal":
            return Typing(text.replace(".", COMMA), "decimal", limit=_DIGITS["decimal"])
        if self.is_number:
            self.hidden = question.pii and len(text) > 4
            return Typing(text, "digits", limit=_DIGITS.get(question.type, _IDENTITY_DIGITS))
        kind: Kind = "name" if question.appearance == "name" else "text"
        return Typing(text, kind, method="direct" if self.kiosk.language in ("vi", "en", "tyz") else "plain")

    def _listen(self) -> Reading | None:
        try:
            return self.services.watch_text(self._scanned)
        except Refused:
            return None  # Without a scanner the code is typed.

    def _scanned(self, text: str) -> None:
        self.kiosk.touched()
        assert self.typing is not None
        self.typing.replace(text)

    def _drop_parts(self) -> None:
        for part in (self.typing, self.entry, self.search):
            if part is not None:
                part.close()
        self.typing = self.entry = self.search = None
        self.hidden = False
        for waiting in (self._eye, self._scanner):
            if waiting is not None:
                waiting.cancel()
        self._eye = self._scanner = None

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
        session, question = self.session, self.question
        if self.typing is not None:
            return session.put(question.name, self.typing.value)
        if self.entry is not None:
            return session.put(question.name, self.entry.value)
        if question.type == "select_multiple":
            return session.put(question.name, list(self.chosen))
        if question.type in _ONE_CHOICE:
            return session.put(question.name, self.chosen[0] if self.chosen else "")
        return None

    # --- ways on ---------------------------------------------------------------------------------------------------------

    def next(self) -> None:
        """Go on, or stay with the sentence that says what to do."""
        self._keep_if_changed()
        self.session.forward()
        self.problem = self.session.problem
        if self.problem is not None:
            self.hidden = False
            self.notify()
        else:
            self._follow()

    def _keep_if_changed(self) -> None:
        """What came from the card stays the card's unless it was changed here."""
        session, question = self.session, self.question
        now = self.typing.value if self.typing else self.entry.value if self.entry else None
        if now is None or now != (session.value(question.name) or ""):
            self._keep()

    @property
    def can_skip(self) -> bool:
        """Whether leaving it is another answer than those offered: a paper one does not have is one of its answers."""
        return not self.question.required and self.question.type not in ("note", "acknowledge", *CAPTURE_TYPES)

    def skip(self) -> None:
        """Leave an optional question without an answer."""
        if self.can_skip:
            self.session.put(self.question.name, "")
            self.session.forward()
            self._follow()

    def back(self) -> None:
        """To the question before, or to the check page, or from the first question to the card; the answer is kept."""
        self._keep_if_changed()
        before = self.question.name
        was_changing = self.changing
        self.session.back()
        now = self.session.current
        if now is not None and now.name == before and not was_changing:
            from kiosk.viewmodels.card import CardChoice

            self.kiosk.show(CardChoice(self.kiosk, self.filing))
        else:
            self._follow()

    @property
    def removable(self) -> str:
        """The title of the entry this question belongs to («Giấy tờ 2») where it may be taken away; else ''."""
        question = self.question
        if not self.changing or not question.entry:
            return ""
        there = [one for one in self.session.repeats() if one.removable and question.entry in one.names]
        return question.section if there else ""

    def ask_removal(self) -> None:
        self.kiosk.open_overlay(Removal(self))

    def remove(self) -> None:
        """Take the entry away with its answers, and go back to the check page."""
        self.session.remove(self.question.entry)
        if self.session.current is not None:
            self.session.back()
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
        if self.session.current is None:
            from kiosk.viewmodels.check import Check

            self.kiosk.show(Check(self.kiosk, self.filing))
        else:
            self.kiosk.show(Asking(self.kiosk, self.filing))

    def spoken(self) -> Sequence[str]:
        """The question, its hint or what is wrong, the answers offered. Never what was answered."""
        question = self.question
        lines = [question.label, self.wrong or question.hint]
        lines += [f"{choice.label}. {choice.hint}" for choice in self.choices[: CARDS + 1]]
        return tuple(line for line in lines if line)

    def close(self) -> None:
        super().close()
        self._drop_parts()
        self.chosen = []


class Removal(ViewModel):
    """«Take this away?»: an entry goes only after a second tap; ``what`` names it."""

    def __init__(self, asking: Asking) -> None:
        super().__init__()
        self._asking = asking
        self.what = asking.removable

    def keep(self) -> None:
        self._asking.kiosk.close_overlay()

    def remove(self) -> None:
        self._asking.remove()


def grouped(digits: str) -> str:
    """Digits in groups of three: «004 190 000 001»."""
    return " ".join(digits[i : i + 3] for i in range(0, len(digits), 3))


def thousands(number: str) -> str:
    """A number of things or money as people write it: «1.500.000», «1.500,25»."""
    whole, comma, rest = number.partition(COMMA)
    groups = [whole[max(0, end - 3) : end] for end in range(len(whole), 0, -3)]
    return ".".join(reversed(groups)) + comma + rest
