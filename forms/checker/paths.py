"""Rules about the ways through a form: every question can come up and can be answered, no condition is idle, no path is too long.

What cannot be decided is told as such, never guessed (:mod:`forms.checker.world`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from forms.checker.draft import Draft, Finding, Rule
from forms.expr import Expr, parse
from forms.xlsform import Item
from forms.xlsform.workbook import Row

MAX_PATH: Final = 25
"""Questions after which people give up (tried with citizens by the services we learnt from)."""


def _own_conditions(draft: Draft) -> Iterator[tuple[Row, Expr]]:
    """The conditions as rows have them, those of groups and repeats once and not once for each row inside."""
    for row in draft.rows("survey"):
        source = row.cells.get("relevant", "")
        if source:
            yield row, parse(source)


def _is_group(row: Row) -> bool:
    return row.cells.get("type", "").startswith("begin")


def _dead_groups(draft: Draft) -> Iterator[tuple[Row, Expr]]:
    for row, expr in _own_conditions(draft):
        if _is_group(row) and draft.search.never(expr):
            yield row, expr


def _never_up(draft: Draft) -> Iterator[Item]:
    """Rows that come up for no answers, but for those whose whole group never does."""
    dead = {expr.source for _, expr in _dead_groups(draft)}
    for item in draft.form.items:
        if draft.search.reaches(item) == "no" and not any(expr.source in dead for expr in item.relevant):
            yield item


def _hidden_required(draft: Draft) -> Iterator[Finding]:
    for item in _never_up(draft):
        if item.asked and item.required:
            message = f"Câu «{item.name}» bắt buộc nhưng không cách trả lời nào làm nó hiện ra. Sửa điều kiện, hoặc bỏ câu."
            yield Finding(item.row, "relevant" if item.relevant else "calculation", message)


def _unreachable(draft: Draft) -> Iterator[Finding]:
    for row, _ in _dead_groups(draft):
        yield Finding(row.number, "relevant", "Không cách trả lời nào làm phần này hiện ra. Sửa điều kiện, hoặc bỏ phần.")
    for item in _never_up(draft):
        if not (item.asked and item.required):
            message = f"Không cách trả lời nào dùng đến «{item.name}». Sửa điều kiện, hoặc bỏ dòng."
            yield Finding(item.row, "relevant" if item.relevant else "calculation", message)


def _no_answer(draft: Draft) -> Iterator[Finding]:
    for item in draft.form.items:
        if (
            item.asked
            and item.required
            and item.choices
            and draft.search.reaches(item) == "yes"
            and draft.search.answers(item) == "no"
        ):
            column = "choice_filter" if item.choice_filter else "constraint"
            yield Finding(item.row, column, f"Câu «{item.name}» bắt buộc nhưng không lựa chọn nào được nhận. Sửa {column}.")


def _undecided(draft: Draft) -> Iterator[Finding]:
    for item in draft.form.items:
        if draft.search.reaches(item) == "not_found":
            message = f"Máy không tự tìm được cách trả lời làm «{item.name}» hiện ra. Thử trên máy, hoặc viết điều kiện đơn giản."
            yield Finding(item.row, "relevant", message)


def _constant(draft: Draft) -> Iterator[Finding]:
    for row, expr in _own_conditions(draft):
        if draft.search.always(expr):
            yield Finding(row.number, "relevant", "Điều kiện lúc nào cũng đúng. Xóa ô này, hoặc sửa điều kiện.")
    for item in draft.form.items:
        rule = item.constraint
        if rule is not None and not rule.reads_this and not rule.names:
            yield Finding(item.row, "constraint", "Điều kiện không xem câu trả lời (dấu chấm). Sửa, hoặc xóa ô này.")


def _long(draft: Draft) -> Iterator[Finding]:
    longest = draft.search.longest()
    if longest > MAX_PATH:
        yield Finding(
            0, "", f"Có thẻ căn cước vẫn có thể phải qua {longest} câu hỏi, nên nhiều nhất {MAX_PATH}. Gộp hoặc bỏ bớt câu."
        )


RULES: Final = (
    Rule("hidden_required", "Câu bắt buộc nào cũng có cách trả lời làm nó hiện ra", "error", _hidden_required),
    Rule("unreachable", "Câu nào, phần nào cũng có lúc được dùng", "error", _unreachable),
    Rule("no_answer", "Câu bắt buộc nào cũng có lựa chọn được nhận", "error", _no_answer),
    Rule("undecided", "Máy tự thấy được câu nào cũng có lúc hiện ra", "warning", _undecided),
    Rule("constant", "Điều kiện nào cũng có lúc đúng, có lúc sai", "warning", _constant),
    Rule("long_path", f"Không đường nào quá {MAX_PATH} câu hỏi, trừ những câu thẻ căn cước trả lời", "warning", _long),
)
