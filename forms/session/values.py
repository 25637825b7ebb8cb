"""Presence and value of every row for the present answers, kept up to date along the graph of the form.

After a change only what can be reached from it is worked out again, each row once and after all it needs, so nothing recurses and
the order in which answers came does not matter (``once`` apart, whose purpose it is). What is not relevant, does not fit its type
or is not offered by the choice filter counts as empty, but its answer stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from forms.expr import Context, as_number, as_text, as_truth, evaluate
from forms.session.answer import ON_PAPER, from_fact, joined, type_fault, words_or_nothing
from forms.session.model import YES, Answer
from forms.session.spots import Layout, Spot, entry_name, more_name
from forms.text import nfc
from forms.xlsform import SIGNATURE, Choice, Form, Item, Repeat


@dataclass(frozen=True, slots=True)
class Standing:
    """How a spot stands: asked or counted at all, the choices offered, what was computed, what it counts as."""

    relevant: bool = False
    choices: tuple[Choice, ...] = ()
    calculated: str = ""
    default: str = ""
    value: str = ""


_ABSENT: Final = Standing()


class Values:
    """Standings of all rows. Whoever changes ``answers`` says so with :meth:`changed`."""

    def __init__(self, form: Form, layout: Layout, today: date) -> None:
        self.form = form
        self.today = today
        self.answers: dict[str, Answer] = {}
        """What was given, by name of the spot."""
        self.first: dict[str, str] = {}
        """What ``once`` keeps, by name of the spot."""
        self.entries: dict[str, int] = {}
        """How many entries each repeat has."""
        self.spots: Sequence[Spot] = ()
        """All spots there are now, in order."""
        self._layout = layout
        self._standings: dict[str, dict[int, Standing]] = {}
        self._work_out(form.graph.rank)

    def changed(self, name: str) -> Iterable[str]:
        """Work out again what may change with a row or repeat; returns the names of those."""
        reached = self.form.graph.reach[name]
        self._work_out(reached)
        return reached

    def _work_out(self, names: Iterable[str]) -> None:
        for name in sorted(names, key=self.form.graph.rank.__getitem__):
            if name in self.form.repeats:
                self.entries[name] = self._count(self.form.repeats[name])
            else:
                item = self.form.by_name[name]
                entries = range(1, self.entries[item.repeat] + 1) if item.repeat else (0,)
                self._standings[name] = {entry: self._standing(self._layout.at(item, entry)) for entry in entries}
        if not self.spots or not self.form.repeats.keys().isdisjoint(names):
            self.spots = tuple(self._layout.spots(self.entries))

    def _count(self, repeat: Repeat) -> int:
        scope = Scope(self, "", 0)
        if not all(as_truth(evaluate(expr, scope)) for expr in repeat.relevant):
            return 0
        if repeat.count is not None:
            number = as_number(evaluate(repeat.count, scope))
            return int(min(number, repeat.maximum)) if number >= 1 else 0
        count = repeat.minimum
        while count < repeat.maximum and self.answers.get(more_name(repeat.name, count)) == YES:
            count += 1
        return count

    def _standing(self, spot: Spot) -> Standing:
        item, scope = spot.item, Scope(self, spot.item.repeat, spot.entry)
        if not all(as_truth(evaluate(expr, scope)) for expr in item.relevant):
            return _ABSENT
        choices = tuple(self._offered(item, scope))
        if item.choice_filter is not None and not choices:
            return _ABSENT
        calculated = self._calculated(spot, scope, choices)
        default = ""
        if item.default is not None and spot.name not in self.answers:
            default = nfc(as_text(evaluate(item.default, scope)))
        text = calculated or joined(self.answers.get(spot.name, default))
        wrong = item.asked and text and type_fault(item, text, choices)
        return Standing(True, choices, calculated, default, "" if wrong else text)

    @staticmethod
    def _offered(item: Item, scope: Scope) -> Iterator[Choice]:
        for choice in item.choices:
            columns = {"name": choice.name, **choice.columns}
            if item.choice_filter is None or as_truth(evaluate(item.choice_filter, scope, choice=columns)):
                yield choice

    def _calculated(self, spot: Spot, scope: Scope, choices: Sequence[Choice]) -> str:
        """Computed value, '' when it has none or it does not fit the question."""
        item = spot.item
        if item.appearance == SIGNATURE:
            return ON_PAPER
        if item.calculation is None:
            return ""
        text = nfc(as_text(evaluate(item.calculation, scope, self.first.get(spot.name, ""))))
        if text and "once" in item.calculation.calls:
            self.first.setdefault(spot.name, text)
        if item.written_as == "date_words":
            text = words_or_nothing(text)
        text = from_fact(item, text, choices) if text else ""
        return "" if item.asked and text and type_fault(item, text, choices) else text

    def standing(self, spot: Spot) -> Standing:
        """How a spot stands now. The question after an entry stands with its repeat."""
        if spot.asks_more:
            there = spot.entry <= self.entries[spot.item.repeat] and self._more_relevant(spot.item)
            return Standing(there, spot.item.choices, value=joined(self.answers.get(spot.name, "")))
        return self._standings[spot.item.name].get(spot.entry, _ABSENT)

    def _more_relevant(self, item: Item) -> bool:
        scope = Scope(self, "", 0)
        return all(as_truth(evaluate(expr, scope)) for expr in item.relevant)

    def value(self, name: str, repeat: str, entry: int) -> str:
        """Value of a row as seen from an entry of ``repeat``."""
        item = self.form.by_name[name]
        own = entry if item.repeat == repeat else 0
        return self._standings[name].get(own, _ABSENT).value

    def values(self, name: str, repeat: str, entry: int) -> Sequence[str]:
        """Values of a row in all entries, or in its own when seen from there; for a repeat the names of its entries."""
        if name in self.form.repeats:
            return [entry_name(name, number) for number in range(1, self.entries[name] + 1)]
        standings = self._standings[name]
        if self.form.by_name[name].repeat == repeat:
            standings = {entry: standings[entry]} if entry in standings else {}
        return [standing.value for standing in standings.values() if standing.relevant]


class Scope(Context):
    """What an expression sees from an entry of a repeat, or from outside all."""

    def __init__(self, values: Values, repeat: str, entry: int) -> None:
        self._values = values
        self._repeat = repeat
        self._entry = entry

    @property
    def today(self) -> date:
        return self._values.today

    @property
    def position(self) -> int:
        return self._entry

    def value(self, name: str) -> str:
        return self._values.value(name, self._repeat, self._entry)

    def values(self, name: str) -> Sequence[str]:
        return self._values.values(name, self._repeat, self._entry)

    def choice_label(self, name: str, choice: str) -> str:
        found = self._values.form.item(name).choice(choice)
        return found.label if found else ""
