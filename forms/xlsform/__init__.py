"""Reads a form written in the text shape of XLSForm and checks it, so that nothing malformed ever reaches a citizen.

The text is CSV whose first column names the sheet (survey, choices, settings); the first row of a sheet is its header, so the
same table pasted into a workbook is a plain XLSForm. Only the named subset is accepted; own columns begin with ``k_``.
Everything wrong is collected and told at once with row, column and a sentence in Vietnamese (:class:`FormError`); a
:class:`Form` that exists is sound. The rules of the columns are in docs/forms.md.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from forms.expr import Expr, ExprError, parse
from forms.xlsform.model import Fault as Fault
from forms.xlsform.model import FormError as FormError

LANGUAGE: Final = "Tiếng Việt (vi)"
MAX_LABEL: Final = 60
MAX_HINT: Final = 110
MAX_CHOICE: Final = 40
MAX_SECTION: Final = 30

QUESTION_TYPES: Final = ("text", "integer", "date", "select_one", "select_multiple", "note", "acknowledge")
"""Types a citizen sees, one to a screen."""
SILENT_TYPES: Final = ("calculate", "hidden")
"""Types that never become a screen: computed values, and facts handed in (card, unit)."""
APPEARANCES: Final = ("", "name", "number", "partial-date", "multiline", "search")

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_CHOICE_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]*")
_COLUMNS: Final[Mapping[str, frozenset[str]]] = {
    "survey": frozenset(
        {"type", "name", f"label::{LANGUAGE}", f"hint::{LANGUAGE}", "required", f"required_message::{LANGUAGE}", "relevant"}
        | {"constraint", f"constraint_message::{LANGUAGE}", "calculation", "appearance"}
        | {"k_short", "k_autofill", "k_pii", "k_review", "k_keep", "k_template", "k_as", "k_check"}
    ),
    "choices": frozenset({"list_name", "name", f"label::{LANGUAGE}", "k_hint", "k_icon"}),
    "settings": frozenset({"form_title", "form_id", "version", "default_language"}),
}
WRITTEN_AS: Final = ("", "date_words")
"""What ``k_as`` may ask of a computed value: ``date_words`` writes a date out in Vietnamese."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer of a choice. ``hint`` is the line of comfort under it, also searched; ``icon`` a Material Symbols name."""

    name: str
    label: str
    hint: str = ""
    icon: str = ""


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
    short: str = ""
    """Label on the check page and in the official's view; the question itself when empty."""
    section: str = ""
    required: bool = False
    required_message: str = ""
    relevant: tuple[Expr, ...] = ()
    constraint: Expr | None = None
    constraint_message: str = ""
    calculation: Expr | None = None
    appearance: str = ""
    choices: tuple[Choice, ...] = ()
    autofill: str = ""
    pii: bool = False
    review: bool = True
    keep: bool = True
    """False: used while filling in, never handed over (``k_keep`` no)."""
    template: str = ""
    """Name of the field of the printed declaration this fills."""
    written_as: str = ""
    check: Check | None = None

    @property
    def asked(self) -> bool:
        """Whether this is a screen (it may still be skipped while not relevant or already known)."""
        return self.type in QUESTION_TYPES

    def choice(self, name: str) -> Choice | None:
        return next((choice for choice in self.choices if choice.name == name), None)


@dataclass(frozen=True, slots=True)
class Form:
    """A sound form: its rows in order, its names unique, its expressions parsed, without cycles."""

    id: str
    title: str
    version: str
    items: tuple[Item, ...]
    by_name: Mapping[str, Item] = field(repr=False)

    def item(self, name: str) -> Item:
        """Row of a name.

        Raises:
            KeyError: no such name.
        """
        return self.by_name[name]


# --- reading -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def text(self, column: str) -> str:
        return self.cells.get(f"{column}::{LANGUAGE}", "")


def read_form(text: str, file: str = "form.csv") -> Form:
    """Read and check a form.

    Raises:
        FormError: with every fault found.
    """
    reader = _Reader(file)
    form = reader.read(text)
    if reader.faults:
        raise FormError(reader.faults)
    return form


class _Reader:
    def __init__(self, file: str) -> None:
        self.file = file
        self.faults: list[Fault] = []

    def fault(self, row: int, column: str, rule: str, message: str) -> None:
        self.faults.append(Fault(self.file, row, column, rule, message))

    def read(self, text: str) -> Form:
        sheets = self._sheets(text)
        choices = self._choices(sheets["choices"])
        items = tuple(self._items(sheets["survey"], choices))
        self._unique(items)
        by_name = {item.name: item for item in items}
        for item in items:
            self._references(item, by_name)
        self._cycles(items, by_name)
        settings = sheets["settings"][0] if sheets["settings"] else _Row(0, {})
        for column in ("form_title", "form_id", "version"):
            if not settings[column]:
                self.fault(settings.number, column, "settings", f"Trang settings thiếu «{column}».")
        return Form(settings["form_id"], settings["form_title"], settings["version"], items, by_name)

    def _sheets(self, text: str) -> Mapping[str, list[_Row]]:
        headers: dict[str, list[str]] = {}
        sheets: dict[str, list[_Row]] = {name: [] for name in _COLUMNS}
        if unicodedata.normalize("NFC", text) != text:
            self.fault(0, "", "nfc", "Tệp có chữ chưa ở dạng Unicode dựng sẵn (NFC).")
        reader = csv.reader(io.StringIO(text, newline=""))
        try:
            for cells in reader:
                self._line(reader.line_num, [cell.strip() for cell in cells], headers, sheets)
        except csv.Error as error:
            self.fault(reader.line_num, "", "csv", f"Dòng không đọc được: {error}.")
        return sheets

    def _line(self, row: int, cells: list[str], headers: dict[str, list[str]], sheets: Mapping[str, list[_Row]]) -> None:
        if not any(cells) or cells[0].startswith("#"):
            return
        sheet, rest = cells[0], cells[1:]
        if sheet not in sheets:
            self.fault(row, "", "sheet", f"Cột đầu phải là survey, choices hoặc settings, không phải «{sheet}».")
        elif sheet not in headers:
            headers[sheet] = rest
            for column in rest:
                if column and column not in _COLUMNS[sheet]:
                    self.fault(row, column, "column", f"Không có cột «{column}» trong trang {sheet}.")
            for column in {name for name in rest if name and rest.count(name) > 1}:
                self.fault(row, column, "column", f"Cột «{column}» viết hai lần.")
        else:
            header = headers[sheet]
            if any(rest[len(header) :]):
                self.fault(row, "", "cells", "Dòng có nhiều ô hơn dòng tiêu đề.")
            sheets[sheet].append(_Row(row, dict(zip(header, rest, strict=False))))

    def _choices(self, rows: Sequence[_Row]) -> Mapping[str, tuple[Choice, ...]]:
        lists: dict[str, list[Choice]] = {}
        for row in rows:
            known = lists.setdefault(row["list_name"], [])
            choice = Choice(row["name"], row.text("label"), row["k_hint"], row["k_icon"])
            if not _CHOICE_NAME.fullmatch(choice.name):
                self.fault(row.number, "name", "name", f"Tên lựa chọn «{choice.name}» chỉ gồm chữ thường a–z, số, gạch.")
            if any(choice.name == other.name for other in known):
                self.fault(row.number, "name", "duplicate", f"Lựa chọn «{choice.name}» có hai lần trong «{row['list_name']}».")
            if not choice.label:
                self.fault(row.number, "label", "label", "Lựa chọn thiếu nhãn tiếng Việt.")
            self._length(row.number, "label", choice.label, MAX_CHOICE)
            self._length(row.number, "k_hint", choice.hint, MAX_HINT)
            known.append(choice)
        return {name: tuple(known) for name, known in lists.items()}

    def _items(self, rows: Sequence[_Row], choices: Mapping[str, tuple[Choice, ...]]) -> Iterator[Item]:
        groups: list[tuple[_Row, str, tuple[Expr, ...]]] = []
        for row in rows:
            kind, _, list_name = row["type"].partition(" ")
            if row["type"] in ("begin group", "begin_group"):
                self._length(row.number, "label", row.text("label"), MAX_SECTION)
                title = row.text("label") or (groups[-1][1] if groups else "")
                groups.append((row, title, self._expr(row, "relevant")))
            elif row["type"] in ("end group", "end_group"):
                if not groups:
                    self.fault(row.number, "type", "group", "«end group» không có «begin group» trước nó.")
                else:
                    groups.pop()
            elif kind not in QUESTION_TYPES + SILENT_TYPES:
                self.fault(row.number, "type", "type", f"Không có loại câu hỏi «{row['type']}».")
            else:
                yield self._item(row, kind, list_name.strip(), choices, groups)
        for row, _, _ in groups:
            self.fault(row.number, "type", "group", "«begin group» không có «end group».")

    def _item(
        self,
        row: _Row,
        kind: str,
        list_name: str,
        choices: Mapping[str, tuple[Choice, ...]],
        groups: Sequence[tuple[_Row, str, tuple[Expr, ...]]],
    ) -> Item:
        self._check_row(row, kind)
        if kind.startswith("select") and list_name not in choices:
            self.fault(row.number, "type", "list", f"Không có danh sách lựa chọn «{list_name}».")
        relevant = tuple(expr for _, _, conditions in groups for expr in conditions) + self._expr(row, "relevant")
        return Item(
            row=row.number,
            type=kind,
            name=row["name"],
            label=row.text("label"),
            hint=row.text("hint"),
            short=row["k_short"],
            section=groups[-1][1] if groups else "",
            required=self._flag(row, "required", default=False),
            required_message=row.text("required_message"),
            relevant=relevant,
            constraint=next(iter(self._expr(row, "constraint")), None),
            constraint_message=row.text("constraint_message"),
            calculation=next(iter(self._expr(row, "calculation")), None),
            appearance=row["appearance"],
            choices=choices.get(list_name, ()) if kind.startswith("select") else (),
            autofill=row["k_autofill"],
            pii=self._flag(row, "k_pii", default=False),
            review=self._flag(row, "k_review", default=kind in QUESTION_TYPES and kind not in ("note", "acknowledge")),
            keep=self._flag(row, "k_keep", default=True),
            template=row["k_template"],
            written_as=row["k_as"],
            check=self._soft_check(row),
        )

    def _check_row(self, row: _Row, kind: str) -> None:
        if not _NAME.fullmatch(row["name"]):
            self.fault(row.number, "name", "name", f"Tên «{row['name']}» phải bắt đầu bằng chữ thường a–z, rồi chữ, số, gạch dưới.")
        if kind in QUESTION_TYPES and not row.text("label"):
            self.fault(row.number, "label", "label", "Câu hỏi thiếu nhãn tiếng Việt.")
        if row["appearance"] not in APPEARANCES:
            self.fault(row.number, "appearance", "appearance", f"Không có kiểu hiện «{row['appearance']}».")
        if row["k_as"] not in WRITTEN_AS:
            self.fault(row.number, "k_as", "k_as", f"Không có cách viết «{row['k_as']}».")
        if kind == "calculate" and not row["calculation"]:
            self.fault(row.number, "calculation", "calculation", "Dòng calculate cần có công thức.")
        if row["constraint"] and not row.text("constraint_message"):
            self.fault(row.number, "constraint_message", "message", "Có điều kiện thì phải có câu báo khi sai.")
        self._length(row.number, "label", row.text("label"), MAX_LABEL)
        for column in ("hint", "constraint_message", "required_message"):
            self._length(row.number, column, row.text(column), MAX_HINT)
        self._length(row.number, "k_short", row["k_short"], MAX_CHOICE)

    def _length(self, row: int, column: str, text: str, most: int) -> None:
        if len(text) > most:
            self.fault(row, column, "length", f"Dài {len(text)} ký tự, nhiều nhất {most}.")

    def _flag(self, row: _Row, column: str, *, default: bool) -> bool:
        text = row[column]
        if text not in ("", "yes", "no"):
            self.fault(row.number, column, "flag", f"Chỉ viết yes hoặc no, không phải «{text}».")
        return default if not text else text == "yes"

    def _expr(self, row: _Row, column: str) -> tuple[Expr, ...]:
        if not row[column]:
            return ()
        try:
            return (parse(row[column]),)
        except ExprError as error:
            self.fault(row.number, column, "expression", f"Ký tự {error.column}: {error.message_vi}")
            return ()

    def _soft_check(self, row: _Row) -> Check | None:
        if not row["k_check"]:
            return None
        kind, *pairs = (part.strip() for part in row["k_check"].split(";"))
        arguments = dict(pair.partition("=")[::2] for pair in pairs if "=" in pair)
        if kind != "personal_number" or len(arguments) != len(pairs) or not arguments.keys() <= {"sex", "birth"}:
            self.fault(row.number, "k_check", "k_check", "Viết: personal_number; sex='Nữ'; birth=tên_câu_hỏi.")
            return None
        return Check(kind, arguments)

    # --- the form as a whole

    def _unique(self, items: Sequence[Item]) -> None:
        seen: dict[str, int] = {}
        for item in items:
            if item.name in seen:
                self.fault(item.row, "name", "duplicate", f"Tên «{item.name}» đã dùng ở dòng {seen[item.name]}.")
            seen.setdefault(item.name, item.row)

    def _references(self, item: Item, by_name: Mapping[str, Item]) -> None:
        own = [("relevant", expr) for expr in item.relevant]
        own += [(column, expr) for column, expr in (("constraint", item.constraint), ("calculation", item.calculation)) if expr]
        for column, expr in own:
            for ref in expr.refs:
                if ref.name not in by_name:
                    self.fault(item.row, column, "reference", f"Ký tự {ref.column}: không có câu hỏi tên «{ref.name}».")
            if expr.reads_this and column != "constraint":
                self.fault(item.row, column, "reference", "Dấu chấm chỉ dùng trong cột constraint.")
        for key, source in item.check.arguments.items() if item.check else ():
            if not source.startswith("'") and source not in by_name:
                self.fault(item.row, "k_check", "reference", f"{key}: không có câu hỏi tên «{source}».")

    def _cycles(self, items: Sequence[Item], by_name: Mapping[str, Item]) -> None:
        needs = {item.name: dependencies(item) for item in items}
        done: set[str] = set()
        for start in needs:
            path = _cycle(start, lambda name: needs.get(name, ()), done)
            if path:
                self.fault(by_name[path[0]].row, "", "cycle", f"Công thức đi vòng: {' → '.join(path)}.")
                done.update(path)


def dependencies(item: Item) -> tuple[str, ...]:
    """Names an item's presence and computed value depend on."""
    exprs = [*item.relevant, *([item.calculation] if item.calculation else [])]
    return tuple(dict.fromkeys(name for expr in exprs for name in expr.names))


def _cycle(start: str, needs: Callable[[str], Sequence[str]], done: set[str]) -> Sequence[str]:
    """A path from a name back to itself, found depth first without recursion; names proved clean are added to ``done``."""
    stack: list[tuple[str, Iterator[str]]] = [(start, iter(needs(start)))] if start not in done else []
    while stack:
        name, rest = stack[-1]
        step = next(rest, None)
        if step is None:
            done.add(name)
            stack.pop()
            continue
        on_path = [above for above, _ in stack]
        if step in on_path:
            return [*on_path[on_path.index(step) :], step]
        if step not in done:
            stack.append((step, iter(needs(step))))
    return ()
