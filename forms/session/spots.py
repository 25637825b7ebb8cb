"""Where an answer stands: a row of the form, and inside a repeat the entry.

Names are plain outside repeats; ``items[2].pages`` is the question ``pages`` of the second entry of ``items``, and ``items[2]+``
the question, made from ``k_more``, whether there is another entry after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from forms.session.model import NO, YES
from forms.xlsform import Choice, Form, Item, Repeat

_IN_ENTRY: Final = re.compile(r"([a-z][a-z0-9_]*)\[(0|[1-9][0-9]?)\](?:\.([a-z][a-z0-9_]*)|(\+))?")
_MORE: Final = "+"
YES_NO: Final = (Choice(YES, "Có", icon="check"), Choice(NO, "Không", icon="close"))


@dataclass(frozen=True, slots=True)
class Spot:
    """A row at one entry; ``entry`` is 0 outside a repeat. ``place`` orders all spots of a form."""

    item: Item
    entry: int
    name: str
    place: tuple[int, int, int]

    @property
    def asks_more(self) -> bool:
        return self.item.name.endswith(_MORE)

    @property
    def node(self) -> str:
        """The row or repeat that an answer here changes: «there is another one» changes its repeat."""
        return self.item.repeat if self.asks_more else self.item.name

    @property
    def titled(self) -> int:
        """The number its section title carries, 0 for none: the question after an entry belongs to no entry."""
        return 0 if self.asks_more else self.entry

    @property
    def entry_name(self) -> str:
        return entry_name(self.item.repeat, self.entry) if self.item.repeat else ""


def entry_name(repeat: str, entry: int) -> str:
    return f"{repeat}[{entry}]"


def more_name(repeat: str, entry: int) -> str:
    return f"{repeat}[{entry}]{_MORE}"


def split_name(name: str) -> tuple[str, int, str] | None:
    """Repeat, entry and the rest (question, ``+``, or '' for the entry itself) of a name in a repeat; ``None`` for a plain name."""
    found = _IN_ENTRY.fullmatch(name)
    return (found[1], int(found[2]), found[3] or found[4] or "") if found else None


class Layout:
    """All spots a form can have, in order."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self._blocks = [(repeat, tuple(items)) for repeat, items in groupby(form.items, key=lambda item: item.repeat)]
        self._places = {
            item.name: (block, index) for block, (_, items) in enumerate(self._blocks) for index, item in enumerate(items)
        }
        self._more = {repeat.name: _more(repeat) for repeat in form.repeats.values() if repeat.more}

    def spots(self, entries: Mapping[str, int]) -> Iterator[Spot]:
        """The spots there are with so many entries."""
        for name, items in self._blocks:
            if not name:
                yield from (self.at(item) for item in items)
                continue
            for entry in range(entries[name] + 1):
                if entry:
                    yield from (self.at(item, entry) for item in items)
                if name in self._more and self._form.repeats[name].minimum <= entry < self._form.repeats[name].maximum:
                    yield self.more(name, entry)

    def at(self, item: Item, entry: int = 0) -> Spot:
        block, index = self._places[item.name]
        name = f"{entry_name(item.repeat, entry)}.{item.name}" if item.repeat else item.name
        return Spot(item, entry, name, (block, entry, index))

    def more(self, repeat: str, entry: int) -> Spot:
        block = next(place for place, (name, _) in enumerate(self._blocks) if name == repeat)
        return Spot(self._more[repeat], entry, more_name(repeat, entry), (block, entry, len(self._form.items)))

    def spot(self, name: str) -> Spot:
        """The spot of a name, whether it is there now or not.

        Raises:
            KeyError: no such name.
        """
        parts = split_name(name)
        item = self._form.by_name.get(name if parts is None else parts[2])
        if parts is None and item is not None and not item.repeat:
            return self.at(item)
        if parts is not None and parts[0] in self._form.repeats and parts[1] <= self._form.repeats[parts[0]].maximum:
            if parts[2] == _MORE and parts[0] in self._more:
                return self.more(parts[0], parts[1])
            if item is not None and item.repeat == parts[0] and parts[1]:
                return self.at(item, parts[1])
        raise KeyError(name)


def _more(repeat: Repeat) -> Item:
    """The question whether there is another entry."""
    return Item(
        row=repeat.row,
        type="select_one",
        name=f"{repeat.name}{_MORE}",
        label=repeat.more,
        section=repeat.label,
        required=True,
        relevant=repeat.relevant,
        choices=YES_NO,
        repeat=repeat.name,
        review=False,
        keep=False,
        translations={code: _more_texts(texts) for code, texts in repeat.translations.items()},
    )


def _more_texts(texts: Mapping[str, str]) -> Mapping[str, str]:
    return {field: texts[source] for field, source in (("label", "more"), ("section", "label")) if source in texts}
