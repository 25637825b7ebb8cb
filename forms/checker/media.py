"""Rules about pictures and sounds. None of them stops a form: the question can be read without."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from forms.checker.draft import Draft, Finding, Place, Rule

_PLACES: Final[tuple[Place, ...]] = ("survey", "choices")


def _missing(draft: Draft) -> Iterator[Finding]:
    for place in _PLACES:
        for row in draft.rows(place):
            for column, name in row.cells.items():
                if column.startswith("media::") and name not in draft.media:
                    yield Finding(
                        row.number, column, f"Không có tệp «{name}» trong thư mục media. Chép tệp vào đó, hoặc xóa ô.", place
                    )


def _gaps(draft: Draft) -> Iterator[Finding]:
    """A form either speaks or it does not: one silent question among spoken ones is a slip."""
    columns = {column for row in draft.rows("survey") for column in row.cells if column.startswith("media::audio")}
    for column in sorted(columns):
        for row in draft.rows("survey"):
            item = draft.form.by_name.get(row.cells.get("name", ""))
            if item is not None and item.asked and column not in row.cells:
                yield Finding(row.number, column, "Câu này chưa có tiếng đọc, các câu khác thì có. Thu tiếng cho câu này.")


RULES: Final = (
    Rule("media_missing", "Hình và tiếng được nêu tên đều có trong thư mục media", "warning", _missing),
    Rule("media_gap", "Biểu mẫu có tiếng đọc thì câu nào cũng có", "warning", _gaps),
)
