"""One citizen filling one form: which question comes next, what is wrong with an answer, what is handed over at the end.

Nothing is asked twice: a question whose calculation gives a value, or that the identity card has answered, is not a screen; it
still stands on the check page. An answer is kept even when it is wrong or its question is hidden for now, so going back never
loses a word; hidden answers count as empty everywhere else. A repeat has an entry for every «yes» to its question whether there is
another one. Only relevant, sound values leave through :meth:`FormSession.answers`. Pure: the day comes in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any

from forms.expr import as_truth, evaluate
from forms.people import idnumber
from forms.session.answer import SEPARATOR, from_fact, handed_over, joined, missing, type_fault, typed
from forms.session.model import NO, Answer, Caution, Entries, Position, Problem, Question, ReviewRow
from forms.session.spots import Layout, Spot, entry_name, more_name, split_name
from forms.session.stored import rows_of
from forms.session.values import Scope, Values
from forms.session.wording import Wording
from forms.text import nfc, unprintable
from forms.xlsform import VIETNAMESE, Form, dependencies


class FormSession:
    """Answers of one sitting. ``today`` is the day of filling in, Vietnam time; ``language`` may be changed at any time.

    It ends with :meth:`answers`: card facts used on the way are not in them, so a filed dossier is shown with :func:`rows_of`,
    never by filling a session again. Names of questions in a repeat have their entry: ``items[2].pages``.
    """

    def __init__(self, form: Form, *, today: date, language: str = VIETNAMESE) -> None:
        self.form = form
        self.language = language
        self.problem: Problem | None = None
        """Why the last :meth:`forward` did not move."""
        self._layout = Layout(form)
        self._values = Values(form, self._layout, today)
        self._problems: dict[str, dict[str, Problem | None]] = {}
        """Judgements made so far, by row and spot."""
        self._known: set[str] = set()
        self._opened: set[str] = set()
        self._seen: set[str] = set()
        self._changing = False
        self._current: str | None = None
        self._show(next(self._path(), None))

    @property
    def today(self) -> date:
        return self._values.today

    # --- where we are

    @property
    def current(self) -> Question | None:
        """The question on the screen; ``None`` on the check page."""
        return None if self._current is None else self._question(self._spot(self._current))

    @property
    def changing(self) -> bool:
        """Whether the question was opened from the check page, so that forward and back return there."""
        return self._changing

    def position(self) -> Position:
        path = list(self._path())
        index = next((index for index, spot in enumerate(path, 1) if spot.name == self._current), None)
        if index is None:
            return Position("", len(path), len(path))
        here = path[index - 1]
        return Position(self._wording.section(here.item, here.titled), index, len(path))

    def visible(self) -> tuple[Question, ...]:
        """The questions of the present path, in order."""
        return tuple(map(self._question, self._path()))

    def _path(self) -> Iterator[Spot]:
        for spot in self._values.spots:
            if not spot.item.asked:
                continue
            standing = self._values.standing(spot)
            if standing.relevant and not standing.calculated:
                settled = spot.name in self._known and spot.name not in self._opened
                if not settled or self._problem(spot) is not None:
                    yield spot

    def _spot(self, name: str) -> Spot:
        return self._layout.spot(name)

    # --- moving

    def forward(self) -> Question | None:
        """To the next question; stays, with :attr:`problem` set, while the present one has a problem. ``None``: the check page.

        After a change made from the check page: to the first question that is new or now needs an answer, else back there. A
        default that one goes past is one's own answer from then on.
        """
        self.problem = None
        if self._current is None:
            return None
        here = self._spot(self._current)
        self.problem = self._problem(here)
        if self.problem is not None:
            return self.current
        default = self._values.standing(here).default
        if default:
            self._set(here, default)
        if self._changing:
            return self._show(next((spot for spot in self._path() if spot.name not in self._seen or self._problem(spot)), None))
        return self._show(next((spot for spot in self._path() if spot.place > here.place), None))

    def back(self) -> Question | None:
        """To the question before, answers kept; from a change back to the check page. Stays on the first question."""
        self.problem = None
        if self._changing:
            return self._show(None)
        here = None if self._current is None else self._spot(self._current).place
        before = [spot for spot in self._path() if here is None or spot.place < here]
        return self._show(before[-1]) if before else self.current

    def _show(self, spot: Spot | None) -> Question | None:
        self._current = None if spot is None else spot.name
        if spot is None:
            self._changing = False
        else:
            self._seen.add(spot.name)
        return self.current

    def go_to(self, name: str) -> Question | None:
        """Open a question of the check page to change it; a computed row opens the question it comes from.

        Raises:
            KeyError: no such name.
        """
        self.problem = None
        source = self._source(self._spot(name))
        if source is not None:
            self._changing = self._changing or self._current is None
            self._opened.add(source.name)
            self._show(source)
        return self.current

    def changeable(self, name: str) -> bool:
        """Whether :meth:`go_to` opens a question for a row of the check page; a signature or the day of filing has none.

        Raises:
            KeyError: no such name.
        """
        return self._source(self._spot(name)) is not None

    def _source(self, spot: Spot) -> Spot | None:
        """The question a person changes to change this: itself, or the last one its value was read from."""
        standing = self._values.standing(spot)
        if spot.item.asked and standing.relevant and not standing.calculated:
            return spot
        for name in reversed(dependencies(spot.item)):
            item = self.form.by_name.get(name)
            if item is not None and item.repeat in ("", spot.item.repeat):
                source = self._source(self._layout.at(item, spot.entry if item.repeat else 0))
                if source is not None and self._values.standing(source).value:
                    return source
        return None

    def _leave_settled(self) -> None:
        """Move on when the present question is no longer asked, because something else has answered or hidden it."""
        if self._current is None or any(spot.name == self._current for spot in self._path()):
            return
        here = self._spot(self._current).place
        self._show(next((spot for spot in self._path() if spot.place > here), None))

    # --- answers

    def value(self, name: str) -> Answer | None:
        """What the person or the card gave, what was computed, or the default; ``None`` when there is nothing.

        Raises:
            KeyError: no such name.
        """
        spot = self._spot(name)
        standing = self._values.standing(spot)
        if spot.name in self._values.answers and not standing.calculated:
            return self._values.answers[spot.name] or None
        text = standing.calculated or standing.default
        return (text.split(SEPARATOR) if spot.item.type == "select_multiple" else text) if text else None

    def put(self, name: str, value: Answer) -> Problem | None:
        """Store an answer (text in NFC, dates ISO, partial «1958» or «1958-03», choices by name) and say what is wrong with it.

        A wrong answer is stored too, so that it can be corrected instead of written again. '' or [] takes the answer away.

        Raises:
            KeyError: no such name, or not a question.
        """
        spot = self._spot(name)
        if not spot.item.asked:
            raise KeyError(name)
        self._known.discard(name)
        self._set(spot, typed(spot.item, value))
        self._leave_settled()
        return self._problem(spot)

    def _set(self, spot: Spot, value: Answer) -> None:
        if value or spot.item.default is not None:
            self._values.answers[spot.name] = value
        else:
            self._values.answers.pop(spot.name, None)
        self._changed(spot.node)

    def _changed(self, name: str) -> None:
        for reached in self._values.changed(name):
            self._problems.pop(reached, None)

    def prefill(self, facts: Mapping[str, str]) -> int:
        """Fill what the card (or the unit) knows; answers given by hand stay. Returns how many rows were filled.

        A fact that does not fit its question, or that no paper can carry, is left out and the question is asked. Another card's
        facts replace the first card's: a fact it names and does not have, an empty one, takes the first card's answer away. So one
        form never holds two people.
        """
        filled = 0
        for item in self.form.items:
            if item.autofill not in facts or (item.name in self._values.answers and item.name not in self._known):
                continue
            spot, fact = self._layout.at(item), nfc(facts[item.autofill])
            answer = from_fact(item, fact, item.choices) if fact else ""
            if answer and not unprintable(answer) and (not item.asked or self._fault(spot, answer) is None):
                self._set(spot, answer)
                self._known.add(item.name)
                filled += 1
            elif item.name in self._known:
                self._known.discard(item.name)
                self._set(spot, "")
        self._leave_settled()
        return filled

    # --- entries of repeats

    def repeats(self) -> tuple[Entries, ...]:
        """The repeats that have entries or may get some, for the check page."""
        found = []
        for repeat in self.form.repeats.values():
            count = self._values.entries[repeat.name]
            more = [spot for spot in self._values.spots if spot.asks_more and spot.item.repeat == repeat.name]
            last = more[-1].name if more and self._values.standing(more[-1]).relevant else ""
            if count or last:
                label = self._wording.text(repeat.translations, "label", repeat.label)
                names = tuple(entry_name(repeat.name, entry) for entry in range(1, count + 1))
                addable = last if count < repeat.maximum else ""
                found.append(Entries(repeat.name, label, names, bool(repeat.more) and count > repeat.minimum, addable))
        return tuple(found)

    def remove(self, entry: str) -> None:
        """Take an entry, ``items[2]``, away with its answers; those after it move up.

        Raises:
            KeyError: no such entry.
            ValueError: the repeat has no more entries than it must have, or their number is computed.
        """
        repeat, number, rest = split_name(entry) or ("", 0, "")
        count = self._values.entries.get(repeat, 0)
        if rest or not 1 <= number <= count:
            raise KeyError(entry)
        if not self.form.repeats[repeat].more or count <= self.form.repeats[repeat].minimum:
            raise ValueError(entry)
        self._shift(repeat, number, min(number, count - 1))
        if count == self.form.repeats[repeat].maximum:
            # A full repeat was never asked for another one: whoever takes one away wants no other in its place.
            self._values.answers[more_name(repeat, count - 1)] = NO
            self._seen.add(more_name(repeat, count - 1))
        self._changed(repeat)
        self._leave_settled()

    def _shift(self, repeat: str, entry: int, asked: int) -> None:
        """Drop what belongs to an entry, and the «yes» after entry ``asked``; what belongs to later ones gets their new names."""

        def moved(name: str) -> str:
            parts = split_name(name)
            if parts is None or parts[0] != repeat:
                return name
            gone = asked if parts[2] == "+" else entry
            if parts[1] == gone:
                return ""
            number = parts[1] - (parts[1] > gone)
            return more_name(repeat, number) if parts[2] == "+" else f"{entry_name(repeat, number)}.{parts[2]}"

        answers = {moved(name): value for name, value in self._values.answers.items() if moved(name)}
        self._values.answers.clear()
        self._values.answers.update(answers)
        self._values.first = {moved(name): text for name, text in self._values.first.items() if moved(name)}
        self._seen = {moved(name) for name in self._seen if moved(name)}

    # --- judgement

    def problems(self) -> tuple[Problem, ...]:
        """What still stands in the way of handing over, in the order of the form."""
        return tuple(found for spot in self._path() if (found := self._problem(spot)) is not None)

    def message(self, problem: Problem) -> str:
        """What to do about a problem, in the session's language where the form's author wrote it there."""
        texts = self._spot(problem.name).item.translations
        return self._wording.text(texts, f"{problem.code}_message", problem.message_vi)

    def cautions(self) -> tuple[Caution, ...]:
        """Oddities worth a second look on the check page; they never stop a filing (an official decides)."""
        spots = (spot for spot in self._values.spots if spot.item.check)
        return tuple(caution for spot in spots for caution in self._soft(spot))

    def _soft(self, spot: Spot) -> Iterator[Caution]:
        number, check = self._values.standing(spot).value, spot.item.check
        if check is None or not number:
            return
        scope = Scope(self._values, spot.item.repeat, spot.entry)
        given = {key: source[1:-1] if source.startswith("'") else scope.value(source) for key, source in check.arguments.items()}
        for warning in idnumber.check_number(number, sex=given.get("sex", ""), birth=given.get("birth", "")).warnings:
            yield Caution(spot.name, warning.code, warning.message_vi)

    def _problem(self, spot: Spot) -> Problem | None:
        judged = self._problems.setdefault(spot.node, {})
        if spot.name not in judged:
            judged[spot.name] = self._judge(spot)
        return judged[spot.name]

    def _judge(self, spot: Spot) -> Problem | None:
        item = spot.item
        answer = self._values.answers.get(spot.name, self._values.standing(spot).default)
        if item.type == "note":
            return None
        if not answer:
            return Problem(spot.name, "required", item.required_message or missing(item)) if item.required else None
        return self._fault(spot, answer)

    def _fault(self, spot: Spot, answer: Answer) -> Problem | None:
        standing, item = self._values.standing(spot), spot.item
        wrong = type_fault(item, answer, standing.choices if standing.relevant else item.choices)
        if wrong:
            return Problem(spot.name, "type", wrong)
        scope = Scope(self._values, item.repeat, spot.entry)
        if item.constraint is not None and not as_truth(evaluate(item.constraint, scope, joined(answer))):
            return Problem(spot.name, "constraint", item.constraint_message)
        return None

    @property
    def _wording(self) -> Wording:
        return Wording(self.language)

    def _question(self, spot: Spot) -> Question:
        scope = Scope(self._values, spot.item.repeat, spot.entry)
        return self._wording.question(self.form, spot, self._values.standing(spot), scope)

    # --- handing over

    def review(self) -> tuple[ReviewRow, ...]:
        """The check page: every answer and every computed value meant for people, in the order of the form."""
        skipped = {spot.name for spot in self._path() if spot.item.review}
        computed = frozenset(
            spot.name for spot in self._values.spots if not spot.item.asked or self._values.standing(spot).calculated
        )
        return rows_of(self.form, self._collected(also=skipped), computed=computed, language=self.language)

    def answers(self) -> dict[str, Any]:
        """What is submitted: relevant, sound answers and computed values; whole numbers as numbers, several choices as a list,
        entries of a repeat as a list of such mappings.

        Complete only when :meth:`problems` is empty.
        """
        wrong = {problem.name for problem in self.problems()}
        unkept = {spot.name for spot in self._values.spots if not spot.item.keep}
        values = self._collected(without=wrong | unkept)
        for repeat in self.form.repeats.keys() & values.keys():
            values[repeat] = [entry for entry in values[repeat] if entry]
        return values

    def _collected(self, *, without: Collection[str] = (), also: Collection[str] = ()) -> dict[str, Any]:
        """Values by name, those of a repeat in a list with an element for every entry; ``also`` names spots shown though empty."""
        values: dict[str, Any] = {}
        for spot in self._values.spots:
            text = self._values.standing(spot).value
            if (not text and spot.name not in also) or spot.item.type == "note" or spot.asks_more or spot.name in without:
                continue
            into = values
            if spot.entry:
                entries = values.setdefault(spot.item.repeat, [])
                entries += [{} for _ in range(spot.entry - len(entries))]
                into = entries[spot.entry - 1]
            into[spot.item.name] = handed_over(spot.item, text) if text else ""
        return values
