"""Trying answers: is there any way to answer a form so that something becomes true?

A :class:`World` evaluates as a session would, from answers that are chosen only when something reads them; so a search over choices
follows exactly the questions a condition depends on and no others. An answer is tried from a finite list: every choice of a list,
and for written answers the values that conditions compare with and one on either side. Where that list stands for all answers the
verdict is exact; where a written answer goes through anything but a plain comparison, or the day matters, a «no» is only «not
found», and the verdict says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations
from typing import Final, Literal

from forms.expr import Binary, Call, Expr, Negative, Node, Ref, as_date, as_text, as_truth, evaluate, walk
from forms.expr import Literal as Constant
from forms.xlsform import Form, Item

Verdict = Literal["yes", "no", "not_found"]

_TODAY: Final = date(2026, 11, 24)
"""Any day will do: what depends on it is never called certain."""
_BUDGET: Final = 3000
"""Assignments tried for one question of ours before giving up; the longest of our forms needs 200."""
_WHOLE_LIST: Final = 12
"""A list up to this long is tried whole; of a longer one those that conditions name, and another."""
_EVERY_SET: Final = 5
_COMPARISONS: Final = frozenset({"=", "!=", "<", "<=", ">", ">="})


Goal = Callable[["World"], bool]


class _Unanswered(Exception):
    """Somebody read an answer that is not chosen yet."""

    def __init__(self, name: str) -> None:
        self.name = name


class _Impossible(Exception):
    """These answers cannot stand together: one breaks the rule of its own question."""


class World:
    """Answers ``chosen`` so far; reading another one raises, so that the search chooses it. A repeat has one entry."""

    def __init__(self, form: Form, chosen: Mapping[str, str], *, strict: bool = True) -> None:
        self._form = form
        self._chosen = chosen
        self._strict = strict
        self._values: dict[str, str] = {}
        self._relevant: dict[str, bool] = {}
        self._judging: set[str] = set()
        self.unsure = False
        """Whether something was read that answers alone do not settle: the day, how many entries there are."""

    @property
    def today(self) -> date:
        self.unsure = True
        return _TODAY

    @property
    def position(self) -> int:
        self.unsure = True
        return 1

    def relevant(self, item: Item) -> bool:
        if item.name not in self._relevant:
            self._relevant[item.name] = all(as_truth(evaluate(expr, self)) for expr in item.relevant)
        return self._relevant[item.name]

    def computed(self, item: Item) -> str:
        if item.calculation is None:
            return ""
        text = as_text(evaluate(item.calculation, self))
        return text if not item.type.startswith("select") or item.choice(text) else ""

    def asked(self, item: Item) -> bool:
        """Whether the question is a screen here."""
        return item.asked and self.relevant(item) and not self.computed(item)

    def value(self, name: str) -> str:
        if name not in self._values:
            item = self._form.by_name.get(name)
            self._values[name] = "1" if item is None else self._value(item)
        return self._values[name]

    def _value(self, item: Item) -> str:
        if not self.relevant(item):
            return ""
        text = self.computed(item)
        if text or not (item.asked or item.type == "hidden"):
            return text
        if item.name not in self._chosen:
            if self._strict:
                raise _Unanswered(item.name)
            return ""
        answer = self._chosen[item.name]
        if answer and not self.accepts(item, answer):
            raise _Impossible
        return answer

    def accepts(self, item: Item, answer: str) -> bool:
        """Whether a chosen answer passes its own rules; of written answers only the simplest can be tried, so all pass."""
        if not item.choices or item.name in self._judging:
            return True
        self._judging.add(item.name)
        try:
            return self._offered(item, answer) and (item.constraint is None or as_truth(evaluate(item.constraint, self, answer)))
        finally:
            self._judging.discard(item.name)

    def _offered(self, item: Item, answer: str) -> bool:
        if item.choice_filter is None:
            return True
        chosen = [choice for choice in item.choices if choice.name in answer.split()]
        return all(
            as_truth(evaluate(item.choice_filter, self, choice={**choice.columns, "name": choice.name})) for choice in chosen
        )

    def values(self, name: str) -> Sequence[str]:
        self.unsure = True
        return [self.value(name)]

    def choice_label(self, name: str, choice: str) -> str:
        found = self._form.by_name[name].choice(choice)
        return found.label if found else ""


@dataclass(frozen=True, slots=True)
class Answers:
    """What may be answered to one question; ``all``: these stand for every answer there is."""

    values: tuple[str, ...]
    all: bool


class Search:
    """Looks for answers that make something true, over the same form again and again."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self._compared: dict[str, set[str | float]] = {}
        self._used_otherwise: set[str] = set()
        for expr in _expressions(form):
            self._note(expr.root, compared=False)
        self._answers = {item.name: self._possible(item) for item in form.items}
        self._reached: dict[str, Verdict] = {}

    def _note(self, node: Node, *, compared: bool) -> None:
        """Remember what a name is compared with, and whether it is used in any other way."""
        if isinstance(node, Ref):
            if not compared:
                self._used_otherwise.add(node.name)
            return
        below = _below(node)
        plain = isinstance(node, Binary) and node.operator in _COMPARISONS
        selected = isinstance(node, Call) and node.function == "selected"
        if plain or selected:
            values = {one.value for part in below for one in walk(part) if isinstance(one, Constant)}
            for ref in (one for part in below for one in walk(part) if isinstance(one, Ref)):
                self._compared.setdefault(ref.name, set()).update(values)
        constants = sum(isinstance(part, Constant) or _is_fixed_date(part) for part in below)
        for part in below:
            self._note(part, compared=(plain or selected) and constants == 1)

    def _possible(self, item: Item) -> Answers:
        compared = self._compared.get(item.name, set())
        none = ("",) if not item.required or item.type == "hidden" else ()
        if item.type in ("acknowledge", "note"):
            return Answers((*none, "yes"), all=True)
        if item.type in ("image", "file"):
            return Answers((*none, "counter", *(("none",) if not item.required else ())), all=True)
        if item.type == "select_one":
            names = self._listed(item, compared)
            return Answers((*none, *names), all=True)
        if item.type == "select_multiple":
            return Answers((*none, *_several([choice.name for choice in item.choices])), all=len(item.choices) <= _EVERY_SET)
        written = tuple(dict.fromkeys(_around(item, compared)))
        return Answers((*none, *written), all=item.name not in self._used_otherwise)

    def _listed(self, item: Item, compared: set[str | float]) -> Sequence[str]:
        names = [choice.name for choice in item.choices]
        if len(names) <= _WHOLE_LIST or item.choice_filter is not None or item.name in self._used_otherwise:
            return names
        others = [name for name in names if name not in compared]
        return [name for name in names if name in compared] + others[:1]

    def never(self, expr: Expr) -> bool:
        """Whether no answers make a condition true."""
        return self.can(lambda world: as_truth(evaluate(expr, world))) == "no"

    def always(self, expr: Expr) -> bool:
        """Whether a condition is true at every moment, also while questions are still unanswered."""
        return self.can(lambda world: not as_truth(evaluate(expr, world)), midway=True) == "no"

    def can(self, goal: Goal, *, midway: bool = False) -> Verdict:
        """Whether some answers make ``goal`` true; ``midway``, whether it may be so before everything required is answered."""
        found, certain = self._look(goal, midway=midway)
        return "yes" if found is not None else "no" if certain else "not_found"

    def answers_for(self, item: Item) -> Mapping[str, str] | None:
        """Answers that bring a question up, by name; ``None`` when none were found."""
        return self._look(lambda world: world.asked(item), midway=False)[0]

    def _look(self, goal: Goal, *, midway: bool) -> tuple[Mapping[str, str] | None, bool]:
        """Answers that make ``goal`` true, and whether finding none proves that there are none."""
        waiting: list[dict[str, str]] = [{}]
        certain = True
        for _ in range(_BUDGET):
            if not waiting:
                return None, certain
            chosen = waiting.pop()
            world = World(self.form, chosen)
            try:
                if goal(world):
                    return chosen, True
            except _Unanswered as unanswered:
                answers = self._answers[unanswered.name]
                certain = certain and answers.all
                values = dict.fromkeys(("", *answers.values) if midway else answers.values)
                waiting += [{**chosen, unanswered.name: value} for value in reversed(values)]
            except _Impossible:
                pass
            except RecursionError:
                return None, False
            certain = certain and not world.unsure
        return None, False

    def reaches(self, item: Item) -> Verdict:
        """Whether some answers bring the row up: as a screen, or as a value that is worked out."""
        if item.name not in self._reached:
            self._reached[item.name] = self.can(lambda world: world.asked(item) if item.asked else world.relevant(item))
        return self._reached[item.name]

    def answers(self, item: Item) -> Verdict:
        """Whether a choice, when it comes up, has an answer that its own rules accept."""
        tried = [value for value in self._answers[item.name].values if value]
        return self.can(lambda world: world.asked(item) and any(world.accepts(item, value) for value in tried))

    def longest(self) -> int:
        """Questions on the longest path found by changing one answer at a time for the longer; a path that long exists.

        Questions the identity card answers are not counted.
        """
        card = {item.name for item in self.form.items if item.autofill.startswith("card.")}
        chosen = {name: self._answers[name].values[-1] for name in card}
        best = self._length(chosen)
        steering = [name for name in self._compared if name in self._answers and name not in card]
        for name in (*steering, *steering):
            for value in self._answers[name].values:
                length = self._length({**chosen, name: value})
                if length > best:
                    best, chosen = length, {**chosen, name: value}
        return best

    def _length(self, chosen: Mapping[str, str]) -> int:
        world = World(self.form, chosen, strict=False)
        try:
            return sum(world.asked(item) for item in self.form.items if not item.autofill.startswith("card."))
        except (_Impossible, RecursionError):
            return 0


def _several(names: Sequence[str]) -> Iterator[str]:
    """Answers to a choice of several: of a short list every set, of a longer one each alone and all together."""
    sizes = range(1, len(names) + 1) if len(names) <= _EVERY_SET else (1, len(names))
    for size in sizes:
        yield from (" ".join(chosen) for chosen in combinations(names, size))


def _expressions(form: Form) -> Iterator[Expr]:
    for item in form.items:
        yield from item.relevant
        yield from (expr for expr in (item.constraint, item.calculation, item.default, item.choice_filter) if expr)
    for repeat in form.repeats.values():
        yield from (*repeat.relevant, *((repeat.count,) if repeat.count else ()))


def _below(node: Node) -> Sequence[Node]:
    if isinstance(node, Call):
        return node.arguments
    if isinstance(node, Binary):
        return node.left, node.right
    return (node.operand,) if isinstance(node, Negative) else ()


def _is_fixed_date(node: Node) -> bool:
    return isinstance(node, Call) and node.function == "date" and isinstance(node.arguments[0], Constant)


def _around(item: Item, compared: set[str | float]) -> Iterator[str]:
    """Written answers worth trying: what is compared with, one below and one above, and something ordinary."""
    for value in sorted(compared, key=str):
        if item.type == "date":
            day = as_date(value) if isinstance(value, str) else _TODAY - timedelta(days=min(value, 40_000))
            if day is not None:
                yield from (str(day + timedelta(days=step)) for step in (-1, 0, 1))
        elif item.type in ("integer", "decimal"):
            if isinstance(value, float):
                yield from (as_text(value + step) for step in (-1.0, 0.0, 1.0) if value + step >= 0)
        elif value != "":
            yield as_text(value)
    yield from {"date": ("1960-03-02", str(_TODAY)), "integer": ("1", "0"), "decimal": ("1", "0")}.get(item.type, ("Nông Thị Mẫu",))
