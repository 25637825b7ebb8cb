"""One citizen filling one form: which question comes next, what is wrong with an answer, what is handed over at the end.

Nothing is asked twice: a question whose calculation gives a value, or that the identity card has answered, is not a screen; it
still stands on the check page. An answer is kept even when it is wrong or its question is hidden for now, so going back never
loses a word; hidden answers count as empty everywhere else. Only relevant, sound values leave through
:meth:`FormSession.answers`. Pure: the day comes in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, Literal

from forms import idnumber
from forms.expr import Context, as_text, as_truth, evaluate
from forms.text import date_vi, date_words_vi, fold, nfc, split_date, unprintable
from forms.xlsform import Choice, Form, Item, dependencies

__all__ = ["Choice", "FormSession", "Position", "Problem", "Question", "ReviewRow", "match_choices", "rows_of"]

Answer = str | list[str]
YES: Final = "yes"
"""Stored value of an acknowledged pledge."""

_MAX_TEXT: Final = 500
_MULTI_SEPARATOR: Final = " "


@dataclass(frozen=True, slots=True)
class Question:
    """One screen."""

    name: str
    type: str
    """"text", "integer", "date", "select_one", "select_multiple", "note" or "acknowledge"."""
    label: str
    hint: str
    required: bool
    appearance: str
    """"", "name", "number", "partial-date", "multiline" or "search"."""
    choices: tuple[Choice, ...]
    autofill: str
    """Key of the card fact that fills it (``card.full_name`` …), or ''."""
    pii: bool
    section: str
    short: str
    """Short name of the answer, as on the check page."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one answer. ``message_vi`` says what to do."""

    name: str
    code: Literal["required", "constraint", "type"]
    message_vi: str


@dataclass(frozen=True, slots=True)
class Caution:
    """Something unusual that must not stop anyone (a number that does not fit the year of birth)."""

    name: str
    code: str
    message_vi: str


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """One line of the check page or of the official's view. ``computed`` rows are changed at the question they come from."""

    name: str
    label: str
    text: str
    pii: bool
    section: str
    computed: bool = False


@dataclass(frozen=True, slots=True)
class Position:
    """Where the session stands: section, and question ``index`` (from 1) of ``count`` on the present path."""

    section: str
    index: int
    count: int


class FormSession:
    """Answers of one sitting. ``today`` is the day of filling in, Vietnam time.

    It ends with :meth:`answers`: card facts used on the way are not in them, so a filed dossier is shown with :func:`rows_of`,
    never by filling a session again.
    """

    def __init__(self, form: Form, *, today: date) -> None:
        self.form = form
        self.problem: Problem | None = None
        """Why the last :meth:`forward` did not move."""
        self._today = today
        self._answers: dict[str, Answer] = {}
        self._known: set[str] = set()
        self._opened: set[str] = set()
        self._seen: set[str] = set()
        self._changing = False
        self._order = {item.name: place for place, item in enumerate(form.items)}
        self._cache = _Values(self)
        self._current: str | None = None
        self._show(next((item.name for item in self._path()), None))

    # --- where we are

    @property
    def current(self) -> Question | None:
        """The question on the screen; ``None`` on the check page."""
        return None if self._current is None else _question(self.form.item(self._current))

    @property
    def changing(self) -> bool:
        """Whether the question was opened from the check page, so that forward and back return there."""
        return self._changing

    def position(self) -> Position:
        path = [item.name for item in self._path()]
        if self._current is None or self._current not in path:
            return Position("", len(path), len(path))
        return Position(self.form.item(self._current).section, path.index(self._current) + 1, len(path))

    def visible(self) -> tuple[Question, ...]:
        """The questions of the present path, in order."""
        return tuple(_question(item) for item in self._path())

    def _path(self) -> Iterator[Item]:
        for item in self.form.items:
            if item.asked and self._relevant(item) and not self._calculated(item):
                settled = item.name in self._known and item.name not in self._opened
                if not settled or self._problem(item) is not None:
                    yield item

    # --- moving

    def forward(self) -> Question | None:
        """To the next question; stays, with :attr:`problem` set, while the present one has a problem. ``None``: the check page.

        After a change made from the check page: to the first question that is new or now needs an answer, else back there.
        """
        self.problem = None
        if self._current is None:
            return None
        self.problem = self._problem(self.form.item(self._current))
        if self.problem is not None:
            return self.current
        path = list(self._path())
        if self._changing:
            return self._show(next((item.name for item in path if item.name not in self._seen or self._problem(item)), None))
        here = self._place(self._current)
        return self._show(next((item.name for item in path if self._place(item.name) > here), None))

    def back(self) -> Question | None:
        """To the question before, answers kept; from a change back to the check page. Stays on the first question."""
        self.problem = None
        if self._changing:
            return self._show(None)
        here = len(self._order) if self._current is None else self._place(self._current)
        before = [item.name for item in self._path() if self._place(item.name) < here]
        return self._show(before[-1]) if before else self.current

    def _show(self, name: str | None) -> Question | None:
        self._current = name
        if name is None:
            self._changing = False
        else:
            self._seen.add(name)
        return self.current

    def go_to(self, name: str) -> Question | None:
        """Open a question of the check page to change it; a computed row opens the question it comes from.

        Raises:
            KeyError: no such name.
        """
        self.problem = None
        source = self._source(self.form.item(name))
        if source is not None:
            self._changing = self._changing or self._current is None
            self._opened.add(source.name)
            self._show(source.name)
        return self.current

    def _source(self, item: Item) -> Item | None:
        """The question a person changes to change ``item``: itself, or the last one its value was read from."""
        if item.asked and self._relevant(item) and not self._calculated(item):
            return item
        for name in reversed(dependencies(item)):
            source = self._source(self.form.item(name))
            if source is not None and self._cache.value(source.name):
                return source
        return None

    def _place(self, name: str) -> int:
        return self._order[name]

    # --- answers

    def value(self, name: str) -> Answer | None:
        """What the person or the card gave, or what was computed; ``None`` when there is nothing.

        Raises:
            KeyError: no such name.
        """
        item = self.form.item(name)
        return self._calculated(item) or self._answers.get(name)

    def put(self, name: str, value: Answer) -> Problem | None:
        """Store an answer (text in NFC, dates ISO, partial «1958» or «1958-03», choices by name) and say what is wrong with it.

        A wrong answer is stored too, so that it can be corrected instead of written again. '' or [] takes the answer away.

        Raises:
            KeyError: no such name, or not a question.
        """
        item = self.form.item(name)
        if not item.asked:
            raise KeyError(name)
        self._known.discard(name)
        self._set(name, [nfc(part) for part in value] if isinstance(value, list) else _typed(item, value))
        self._leave_settled()
        return self._problem(item)

    def _set(self, name: str, value: Answer) -> None:
        if value:
            self._answers[name] = value
        else:
            self._answers.pop(name, None)
        self._cache.clear()

    def prefill(self, facts: Mapping[str, str]) -> int:
        """Fill what the card (or the unit) knows; answers given by hand stay. Returns how many rows were filled.

        A fact that does not fit its question, or that no paper can carry, is left out and the question is asked. Another card's
        facts replace the first card's.
        """
        filled = 0
        for item in self.form.items:
            fact = nfc(facts.get(item.autofill, "")) if item.autofill else ""
            if not fact or (item.name in self._answers and item.name not in self._known):
                continue
            answer = _from_fact(item, fact)
            if answer and not unprintable(answer) and (not item.asked or self._fault(item, answer) is None):
                self._set(item.name, answer)
                self._known.add(item.name)
                filled += 1
            elif item.name in self._known:
                self._known.discard(item.name)
                self._set(item.name, "")
        self._leave_settled()
        return filled

    def _leave_settled(self) -> None:
        """Move on when the present question is no longer asked, because something else has answered or hidden it."""
        path = [item.name for item in self._path()]
        if self._current is not None and self._current not in path:
            here = self._place(self._current)
            self._show(next((name for name in path if self._place(name) > here), None))

    # --- judgement

    def problems(self) -> tuple[Problem, ...]:
        """What still stands in the way of handing over, in the order of the form."""
        return tuple(found for item in self._path() if (found := self._problem(item)) is not None)

    def cautions(self) -> tuple[Caution, ...]:
        """Oddities worth a second look on the check page; they never stop a filing (an official decides)."""
        return tuple(caution for item in self.form.items if item.check and self._relevant(item) for caution in self._soft(item))

    def _soft(self, item: Item) -> Iterator[Caution]:
        number = self._cache.value(item.name)
        if item.check is None or not number:
            return
        given = {key: self._said(source) for key, source in item.check.arguments.items()}
        for warning in idnumber.check_number(number, sex=given.get("sex", ""), birth=given.get("birth", "")).warnings:
            yield Caution(item.name, warning.code, warning.message_vi)

    def _said(self, source: str) -> str:
        """What a soft check compares with: a text in quotes, or the value of a question."""
        return source[1:-1] if source.startswith("'") else self._cache.value(source)

    def _problem(self, item: Item) -> Problem | None:
        answer = self._answers.get(item.name)
        if item.type == "note":
            return None
        if not answer:
            return Problem(item.name, "required", item.required_message or _missing(item)) if item.required else None
        return self._fault(item, answer)

    def _fault(self, item: Item, answer: Answer) -> Problem | None:
        wrong = _type_fault(item, answer)
        if wrong:
            return Problem(item.name, "type", wrong)
        text = answer if isinstance(answer, str) else _MULTI_SEPARATOR.join(answer)
        if item.constraint is not None and not as_truth(evaluate(item.constraint, self._cache, text)):
            return Problem(item.name, "constraint", item.constraint_message)
        return None

    def _relevant(self, item: Item) -> bool:
        return self._cache.relevant(item)

    def _calculated(self, item: Item) -> str:
        return self._cache.calculated(item)

    # --- handing over

    def review(self) -> tuple[ReviewRow, ...]:
        """The check page: every answer and every computed value meant for people, in the order of the form."""
        return rows_of(self.form, {**self._values(), **dict.fromkeys(self._skipped(), "")}, computed=self._computed_names())

    def answers(self) -> dict[str, Any]:
        """What is submitted: relevant, sound answers and computed values; whole numbers as numbers, several choices as a list.

        Complete only when :meth:`problems` is empty.
        """
        wrong = {problem.name for problem in self.problems()}
        return {name: value for name, value in self._values().items() if self.form.item(name).keep and name not in wrong}

    def _values(self) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for item in self.form.items:
            text = self._cache.value(item.name)
            if text and item.type != "note":
                values[item.name] = _stored(item, text)
        return values

    def _skipped(self) -> Iterator[str]:
        return (item.name for item in self._path() if item.review and not self._cache.value(item.name))

    def _computed_names(self) -> frozenset[str]:
        return frozenset(item.name for item in self.form.items if not item.asked or self._calculated(item))

    @property
    def today(self) -> date:
        return self._today


class _Values(Context):
    """Relevance and values of all rows for one state of the answers: each is worked out at most once per change."""

    def __init__(self, session: FormSession) -> None:
        self._session = session
        self._relevant: dict[str, bool] = {}
        self._calculated: dict[str, str] = {}

    @property
    def today(self) -> date:
        return self._session.today

    def clear(self) -> None:
        self._relevant.clear()
        self._calculated.clear()

    def relevant(self, item: Item) -> bool:
        if item.name not in self._relevant:
            self._relevant[item.name] = all(as_truth(evaluate(expr, self)) for expr in item.relevant)
        return self._relevant[item.name]

    def calculated(self, item: Item) -> str:
        """Computed value of a relevant row, '' when it has none or it does not fit the question."""
        if item.calculation is None or not self.relevant(item):
            return ""
        if item.name not in self._calculated:
            text = nfc(as_text(evaluate(item.calculation, self)))
            if item.written_as == "date_words":
                text = _words_or_nothing(text)
            text = _from_fact(item, text) if text else ""
            self._calculated[item.name] = "" if item.asked and text and _type_fault(item, text) else text
        return self._calculated[item.name]

    def value(self, name: str) -> str:
        item = self._session.form.item(name)
        if not self.relevant(item):
            return ""
        answer = self._session._answers.get(name, "")
        text = self.calculated(item) or (answer if isinstance(answer, str) else _MULTI_SEPARATOR.join(answer))
        return "" if item.asked and text and _type_fault(item, text) else text

    def choice_label(self, name: str, choice: str) -> str:
        found = self._session.form.item(name).choice(choice)
        return found.label if found else ""


# --- one answer ------------------------------------------------------------------------------------------------------


def _question(item: Item) -> Question:
    return Question(
        item.name,
        item.type,
        item.label,
        item.hint,
        item.required,
        item.appearance,
        item.choices,
        item.autofill,
        item.pii,
        item.section,
        item.short or item.label,
    )


def _typed(item: Item, text: str) -> str:
    """Text as stored: NFC; in number fields the spaces and dots people group digits with are gone."""
    text = nfc(text)
    return re.sub(r"[\s.]", "", text) if item.appearance == "number" else text


def _missing(item: Item) -> str:
    if item.type.startswith("select"):
        return "Bà con chạm để chọn một ô."
    if item.type == "acknowledge":
        return "Bà con đọc rồi chạm vào ô đồng ý."
    return "Bà con điền câu này rồi đi tiếp."


def _type_fault(item: Item, answer: Answer) -> str:
    """Why an answer does not fit the type of its question, in words; '' when it does."""
    parts = answer if isinstance(answer, list) else [answer]
    if item.type == "select_multiple":
        parts = [part for text in parts for part in text.split(_MULTI_SEPARATOR)]
    elif len(parts) != 1:
        return "Bà con chọn một ô thôi."
    if item.type.startswith("select"):
        return "" if all(item.choice(part) for part in parts) else "Bà con chọn một trong các ô trên màn hình."
    if item.type == "integer":
        return "" if re.fullmatch(r"[0-9]{1,9}", parts[0]) else "Bà con chỉ viết số, ví dụ: 2."
    if item.type == "date":
        return _date_fault(parts[0], partial=item.appearance == "partial-date")
    if item.type == "acknowledge":
        return "" if parts[0] == YES else "Bà con chạm vào ô đồng ý."
    if len(parts[0]) > _MAX_TEXT:
        return f"Câu trả lời dài quá {_MAX_TEXT} chữ."
    strange = unprintable(parts[0])
    return f"Máy không in được chữ «{strange[:5]}». Bà con viết lại bằng chữ Việt." if strange else ""


def _date_fault(text: str, *, partial: bool) -> str:
    try:
        _, month, day = split_date(text)
    except ValueError:
        return "Ngày này không có trong lịch. Ví dụ: 15/11/2026."
    if not partial and not (month and day):
        return "Bà con cho biết đủ ngày, tháng, năm."
    return ""


def _stored(item: Item, text: str) -> Any:
    if item.type == "integer":
        return int(text)
    return text.split(_MULTI_SEPARATOR) if item.type == "select_multiple" else text


def _words_or_nothing(iso: str) -> str:
    try:
        return date_words_vi(iso)
    except ValueError:
        return ""


def _from_fact(item: Item, fact: str) -> str:
    """A fact from the card or a formula as an answer: choices are found by name, label, or a spelling listed in the hint."""
    if not item.type.startswith("select"):
        return fact
    wanted = fold(fact)
    exact = next((choice.name for choice in item.choices if wanted in (fold(choice.label), choice.name)), "")
    return exact or next((choice.name for choice in item.choices if wanted in map(fold, choice.hint.split(","))), "")


def match_choices(choices: Sequence[Choice], query: str) -> tuple[Choice, ...]:
    """Choices whose label or hint has a word beginning with ``query``, without accents; all of them for an empty query."""
    wanted = fold(query)
    if not wanted:
        return tuple(choices)
    return tuple(choice for choice in choices if f" {wanted}" in f" {fold(choice.label)} {fold(choice.hint)}".replace("-", " "))


def rows_of(form: Form, answers: Mapping[str, Any], *, computed: frozenset[str] = frozenset()) -> tuple[ReviewRow, ...]:
    """Rows for people from stored answers (``a.`` prefix taken off); names the form does not know are left out."""
    rows = []
    for item in form.items:
        if item.review and item.name in answers:
            text = _shown(item, answers[item.name])
            rows.append(ReviewRow(item.name, item.short or item.label, text, item.pii, item.section, item.name in computed))
    return tuple(rows)


def _shown(item: Item, value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_shown(replace(item, type="select_one"), part) for part in value)
    text = str(value)
    if item.type == "date" or (item.type in ("calculate", "hidden") and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text)):
        return date_vi(text) if not _date_fault(text, partial=True) else text
    choice = item.choice(text) if item.choices else None
    return choice.label if choice else text
