"""A form as the program sees it, and what is wrong in an authored file, told so that a person can mend it.

A :class:`Form` that exists is sound: names are unique, expressions parsed, references known, nothing goes round in circles. Its
rows are one flat sequence; a row inside a repeat names it, and is asked once for every entry. Vietnamese texts are plain fields,
other languages stand in ``translations`` by language code and column (``{"en": {"label": "…"}}``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Literal

from forms.expr import Expr
from forms.xlsform.graph import Graph, build_graph

Translations = Mapping[str, Mapping[str, str]]

CAPTURE_TYPES: Final = ("image", "file")
"""Papers: the answer says where the paper is."""
QUESTION_TYPES: Final = (
    *("text", "integer", "decimal", "date", "select_one", "select_multiple", "note", "acknowledge"),
    *CAPTURE_TYPES,
    "barcode",
)
"""Types a citizen sees, one to a screen."""
SILENT_TYPES: Final = ("calculate", "hidden")
"""Types that never become a screen: computed values, and facts handed in (card, unit)."""
SIGNATURE: Final = "signature"
"""Appearance of an image that is a signature: made on paper before the official, so never a screen."""
VIETNAMESE: Final = "vi"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a form or procedure file. ``row`` counts from 1, 0 is the file as a whole."""

    file: str
    row: int
    column: str
    rule: str
    message: str
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        where = f"dòng {self.row}" + (f", cột {self.column}" if self.column else "") if self.row else "cả tệp"
        return f"{self.file}, {where}: {self.message}"


class FormError(Exception):
    """A form or procedure that may not be used; ``faults`` lists everything found."""

    code = "form_invalid"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer of a choice. ``hint`` is the line of comfort under it, also searched; ``icon`` a Material Symbols name."""

    name: str
    label: str
    hint: str = ""
    icon: str = ""
    image: str = ""
    audio: str = ""
    columns: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Further columns of the list, for choice filters."""
    translations: Translations = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Check:
    """A soft check from ``k_check``: its kind, and what to compare with (``key=name`` of a question, or ``key='text'``)."""

    kind: str
    arguments: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Item:
    """One row of the survey that holds a value or a screen. ``relevant`` has the conditions of the row and of its groups."""

    row: int
    type: str
    name: str
    label: str
    hint: str = ""
    guidance: str = ""
    """For officials and helpers; never on the citizen's screen."""
    short: str = ""
    """Label on the check page and in the official's view; the question itself when empty."""
    section: str = ""
    required: bool = False
    required_message: str = ""
    relevant: tuple[Expr, ...] = ()
    constraint: Expr | None = None
    constraint_message: str = ""
    calculation: Expr | None = None
    default: Expr | None = None
    """What stands in the field until somebody writes."""
    appearance: str = ""
    list_name: str = ""
    """Its list on the choices sheet, or the file of an external one."""
    choices: tuple[Choice, ...] = ()
    choice_filter: Expr | None = None
    repeat: str = ""
    """The repeat it stands in, or ''."""
    autofill: str = ""
    pii: bool = False
    review: bool = True
    keep: bool = True
    """False: used while filling in, never handed over (``k_keep`` no)."""
    template: str = ""
    """Name of the field of the printed declaration this fills."""
    written_as: str = ""
    check: Check | None = None
    image: str = ""
    audio: str = ""
    translations: Translations = field(default_factory=dict, hash=False)

    @property
    def asked(self) -> bool:
        """Whether this is a screen (it may still be skipped while not relevant or already known)."""
        return self.type in QUESTION_TYPES and self.appearance != SIGNATURE

    def choice(self, name: str) -> Choice | None:
        return next((choice for choice in self.choices if choice.name == name), None)


@dataclass(frozen=True, slots=True)
class Repeat:
    """Questions asked again for every entry. How many entries there are, ``count`` computes, or ``more`` asks after each one."""

    row: int
    name: str
    label: str
    """Title of an entry, followed by its number: «Giấy tờ 2»."""
    more: str = ""
    """The question whether there is another one; '' when ``count`` says so."""
    count: Expr | None = None
    minimum: int = 1
    maximum: int = 20
    relevant: tuple[Expr, ...] = ()
    template: str = ""
    """Name of the table of the printed declaration this fills."""
    translations: Translations = field(default_factory=dict, hash=False)

    @property
    def names(self) -> tuple[str, ...]:
        """Names that its presence and number of entries depend on."""
        exprs = [*self.relevant, *([self.count] if self.count else [])]
        return tuple(dict.fromkeys(name for expr in exprs for name in expr.names))


@dataclass(frozen=True)
class Form:
    """A sound form: its rows in order, its names unique, its expressions parsed, without cycles."""

    id: str
    title: str
    version: str
    items: tuple[Item, ...]
    repeats: Mapping[str, Repeat] = field(default_factory=dict)
    languages: tuple[str, ...] = (VIETNAMESE,)

    @cached_property
    def by_name(self) -> Mapping[str, Item]:
        return {item.name: item for item in self.items}

    @cached_property
    def graph(self) -> Graph:
        """What depends on what, rows and repeats alike; worked out once, when first asked."""
        judged_by = {item.name: item.constraint.names for item in self.items if item.constraint}
        return build_graph(needs(self.items, self.repeats.values()), judged_by)

    def item(self, name: str) -> Item:
        """Row of a name.

        Raises:
            KeyError: no such name.
        """
        return self.by_name[name]


def dependencies(item: Item) -> tuple[str, ...]:
    """Names an item's presence, choices and value depend on."""
    own = (item.calculation, item.default, item.choice_filter)
    exprs = [*item.relevant, *(expr for expr in own if expr)]
    return tuple(dict.fromkeys(name for expr in exprs for name in expr.names))


def needs(items: Iterable[Item], repeats: Iterable[Repeat]) -> dict[str, tuple[str, ...]]:
    """For every row and repeat the names it is worked out from; a row inside a repeat also needs the entry it stands in."""
    table = {repeat.name: repeat.names for repeat in repeats}
    return table | {item.name: (*dependencies(item), *([item.repeat] if item.repeat else [])) for item in items}
