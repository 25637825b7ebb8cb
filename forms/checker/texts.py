"""Rules about what people read: letters our fonts have, icons that exist, the same blanks filled in every language.

A letter without a glyph is an empty box on the glass and on paper, and nobody notices until a citizen stands before it. The table
of glyphs (``forms/data/font_coverage.json``) holds what every font of screen, slip and official paper has in common.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

from forms.checker.draft import Draft, Finding, Place, Rule
from forms.procedures.marked_yaml import Path
from forms.xlsform.workbook import Row

_TEXTS: Final = (
    "label",
    "hint",
    "guidance_hint",
    "required_message",
    "constraint_message",
    "k_short",
    "k_more",
    "k_hint",
    "form_title",
)
_BLANK: Final = re.compile(r"\$\{\s*([^}\s]+)\s*\}")
_VIETNAMESE: Final = "(vi)"


@cache
def _coverage() -> Mapping[str, Any]:
    text = resources.files("forms").joinpath("data/font_coverage.json").read_text("utf-8")
    loaded: Mapping[str, Any] = json.loads(text)
    return loaded


@cache
def _drawn(char: str) -> bool:
    return any(first <= ord(char) <= last for first, last in _coverage()["letters"])


def strange(text: str) -> str:
    return "".join(dict.fromkeys(char for char in text if not _drawn(char)))


def _is_text(column: str) -> bool:
    return column.partition("::")[0] in _TEXTS


def _glyphs(draft: Draft) -> Iterator[Finding]:
    places: tuple[Place, ...] = ("survey", "choices", "settings")
    for place in places:
        for row in draft.rows(place):
            for column, text in row.cells.items():
                if _is_text(column) and strange(text):
                    yield Finding(row.number, column, _say_strange(strange(text)), place)


def _glyphs_of_procedure(draft: Draft) -> Iterator[Finding]:
    for path, text in _sentences(draft.yaml.data if draft.yaml is not None else {}, ()):
        if strange(text):
            column = ".".join(part for part in path if isinstance(part, str))
            yield Finding(draft.line(*path), column, _say_strange(strange(text)), "procedure")


def _say_strange(signs: str) -> str:
    named = ", ".join(f"«{sign}» (U+{ord(sign):04X})" for sign in signs[:5])
    return f"Màn hình hoặc giấy in không có chữ {named}. Thay bằng chữ hoặc dấu thường."


def _sentences(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Every text for people in a procedure's file, with the way to it."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _sentences(inner, (*path, str(key)))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _sentences(inner, (*path, place))
    elif isinstance(value, str) and any(isinstance(part, str) and part.endswith("_vi") for part in path):
        yield path, value


def _icons(draft: Draft) -> Iterator[Finding]:
    known = _coverage()["icons"]
    for row in draft.rows("choices"):
        icon = row.cells.get("k_icon", "")
        if icon and icon not in known:
            yield Finding(
                row.number, "k_icon", f"Không có hình «{icon}». Chọn hình có sẵn (docs/forms.md) hoặc để trống.", "choices"
            )


def _icon_of_procedure(draft: Draft) -> Iterator[Finding]:
    icon = draft.yaml.data.get("icon") if draft.yaml is not None else None
    if icon is not None and icon not in _coverage()["icons"]:
        yield Finding(draft.line("icon"), "icon", f"Không có hình «{icon}». Chọn hình có sẵn (docs/forms.md).", "procedure")


def _blanks(draft: Draft) -> Iterator[Finding]:
    places: tuple[Place, ...] = ("survey", "choices")
    for place in places:
        for row in draft.rows(place):
            for column, text in row.cells.items():
                base, _, language = column.partition("::")
                if _is_text(column) and language and not language.endswith(_VIETNAMESE):
                    yield from _blanks_differ(row, base, column, text, place)


def _blanks_differ(row: Row, base: str, column: str, text: str, place: Place) -> Iterator[Finding]:
    ours = next((cell for name, cell in row.cells.items() if name.startswith(f"{base}::") and name.endswith(_VIETNAMESE)), "")
    wanted, found = sorted(_BLANK.findall(ours)), sorted(_BLANK.findall(text))
    if wanted != found:
        message = f"Bản dịch phải có đúng các chỗ điền của câu tiếng Việt: cần {_list(wanted)}, đang có {_list(found)}."
        yield Finding(row.number, column, message, place)


def _list(names: list[str]) -> str:
    return ", ".join(f"${{{name}}}" for name in names) or "không chỗ nào"


_LETTERS_VI: Final = "Mọi chữ hiện cho người đọc đều có trong phông chữ của màn hình, phiếu và giấy in"
_ICONS_VI: Final = "Hình (icon, k_icon) có trong bộ hình của máy"
RULES: Final = (
    Rule("glyph", _LETTERS_VI, "error", _glyphs),
    Rule("icon", _ICONS_VI, "error", _icons),
    Rule("placeholder", "Các tiếng của một câu có cùng các chỗ điền ${tên}", "error", _blanks),
)
PROCEDURE_RULES: Final = (
    Rule("glyph", _LETTERS_VI, "error", _glyphs_of_procedure),
    Rule("icon", _ICONS_VI, "error", _icon_of_procedure),
)
