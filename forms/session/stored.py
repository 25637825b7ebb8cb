"""Answers once they are filed: the rows people read, and what conditions of a procedure see of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from forms.expr import Context
from forms.session.answer import SEPARATOR, shown
from forms.session.model import ReviewRow
from forms.session.spots import entry_name
from forms.session.wording import Wording
from forms.xlsform import VIETNAMESE, Form, Item


def rows_of(
    form: Form, answers: Mapping[str, Any], *, computed: frozenset[str] = frozenset(), language: str = VIETNAMESE
) -> tuple[ReviewRow, ...]:
    """Rows for people from stored answers (``a.`` prefix taken off); names the form does not know are left out.

    An answer '' gives an empty row. ``computed`` has the names of rows, with their entry, that nobody was asked.
    """
    rows, wording = [], Wording(language)
    for item, entry, given in _stored(form, answers):
        here = {**answers, **given}
        within = entry_name(item.repeat, entry) if entry else ""
        name = f"{within}.{item.name}" if entry else item.name
        rows.append(
            ReviewRow(
                name=name,
                label=wording.short(form, item, here.get),
                text=shown(item, here[item.name], wording.choice_label),
                pii=item.pii,
                section=wording.section(item, entry),
                computed=name in computed,
                entry=within,
            )
        )
    return tuple(rows)


def _stored(form: Form, answers: Mapping[str, Any]) -> Iterator[tuple[Item, int, Mapping[str, Any]]]:
    """Rows meant for people with their entry and its answers, entry by entry, in the order of the form."""
    shown_repeats: set[str] = set()
    for item in form.items:
        if not item.repeat:
            if item.review and item.name in answers:
                yield item, 0, {}
        elif item.repeat not in shown_repeats:
            shown_repeats.add(item.repeat)
            inside = [other for other in form.items if other.repeat == item.repeat and other.review]
            for entry, given in enumerate(entries_of(answers, item.repeat), 1):
                yield from ((other, entry, given) for other in inside if other.name in given)


def entries_of(answers: Mapping[str, Any], repeat: str) -> Sequence[Mapping[str, Any]]:
    """Stored entries of a repeat; what is no entry counts as an empty one."""
    found = answers.get(repeat)
    return [entry if isinstance(entry, Mapping) else {} for entry in found] if isinstance(found, list) else []


class StoredAnswers(Context):
    """Stored answers as an expression sees them from outside all repeats. ``today`` is the day they were given."""

    def __init__(self, form: Form, answers: Mapping[str, Any], today: date) -> None:
        self._form = form
        self._answers = answers
        self._today = today

    @property
    def today(self) -> date:
        return self._today

    @property
    def position(self) -> int:
        return 0

    def value(self, name: str) -> str:
        return _as_value(self._answers.get(name, ""))

    def values(self, name: str) -> Sequence[str]:
        if name in self._form.repeats:
            return [entry_name(name, entry) for entry, _ in enumerate(entries_of(self._answers, name), 1)]
        repeat = self._form.item(name).repeat
        if not repeat:
            return [self.value(name)]
        return [_as_value(entry[name]) for entry in entries_of(self._answers, repeat) if name in entry]

    def choice_label(self, name: str, choice: str) -> str:
        found = self._form.item(name).choice(choice)
        return found.label if found else ""


def _as_value(answer: Any) -> str:
    return SEPARATOR.join(map(str, answer)) if isinstance(answer, list) else str(answer)
