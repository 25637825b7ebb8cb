"""Rules about expressions one by one: patterns that can be matched, formulas and lists that somebody uses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from forms.checker.draft import Draft, Finding, Rule
from forms.expr import Call, Expr, Literal, walk
from forms.xlsform import Item, placeholders


def expressions(item: Item) -> Iterator[tuple[str, Expr]]:
    """The expressions of a row with their columns, those of its groups under ``relevant``."""
    yield from (("relevant", expr) for expr in item.relevant)
    columns = ("constraint", "calculation", "default", "choice_filter")
    yield from ((column, expr) for column in columns if (expr := getattr(item, column)) is not None)


def _patterns(draft: Draft) -> Iterator[Finding]:
    for item in draft.form.items:
        for column, expr in expressions(item):
            for node in walk(expr.root):
                wrong = _pattern_fault(node.arguments[1]) if isinstance(node, Call) and node.function == "regex" else ""
                if wrong:
                    yield Finding(item.row, column, f"Mẫu trong regex sai: {wrong}. Ví dụ đúng: regex(., '[0-9]{{12}}').")


def _pattern_fault(pattern: object) -> str:
    if not isinstance(pattern, Literal):
        return "phải là chữ trong nháy"
    try:
        re.compile(str(pattern.value))
    except (re.error, OverflowError, RecursionError) as error:
        return str(error)
    return ""


def _unread(draft: Draft) -> Iterator[Finding]:
    if draft.yaml is None:  # a form alone: who refers to it is not known
        return
    read = {name for item in draft.form.items for _, expr in expressions(item) for name in expr.names} | _read_elsewhere(draft)
    for item in draft.form.items:
        used = item.name in read or item.template or item.review
        if not item.asked and item.type in ("calculate", "hidden") and not used:
            message = f"Không ai dùng «{item.name}»: không câu nào đọc, không in ra, không hiện lại. Xóa dòng, hoặc ghi k_template."
            yield Finding(item.row, "name", message)


def _read_elsewhere(draft: Draft) -> set[str]:
    """Names read by repeats, by soft checks, by texts and by the procedure."""
    read = {name for repeat in draft.form.repeats.values() for name in repeat.names}
    read |= {name for item in draft.form.items for name in (*placeholders(item.label), *placeholders(item.hint))}
    read |= {source for item in draft.form.items if item.check for source in item.check.arguments.values()}
    return read | (set(_named_in(draft.yaml.data)) if draft.yaml is not None else set())


def _named_in(value: Any) -> Iterator[str]:
    """Names a procedure's file refers to, as a value of its own or inside a condition."""
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _named_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _named_in(inner)
    elif isinstance(value, str):
        yield from placeholders(value) or (value,)


def _unused_lists(draft: Draft) -> Iterator[Finding]:
    used = {item.list_name for item in draft.form.items}
    told: set[str] = set()
    for row in draft.rows("choices"):
        name = row.cells.get("list_name", "")
        if name not in used and name not in told:
            told.add(name)
            yield Finding(row.number, "list_name", f"Không câu hỏi nào dùng danh sách «{name}». Xóa, hoặc sửa tên.", "choices")


RULES: Final = (
    Rule("regex", "Mẫu trong regex() đọc được", "error", _patterns),
    Rule("unused_value", "Dòng calculate và hidden đều có nơi dùng", "warning", _unread),
    Rule("unused_list", "Danh sách lựa chọn nào cũng có câu hỏi dùng", "warning", _unused_lists),
)
