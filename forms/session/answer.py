"""One answer to one question: brought into its stored shape, judged by its type, shown to people.

Stored shapes: text in NFC, whole numbers and decimals as digits («2.5»), dates ISO or partial («1958», «1958-03»), choices by
name and several of them joined by spaces, ``yes`` for a pledge. A paper is ``counter`` (handed over at the counter), ``none``, or
``blob:<hash>`` of its picture; a signature is always ``paper``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from forms.session.model import YES, Answer
from forms.text import date_vi, date_words_vi, fold, nfc, split_date, unprintable
from forms.xlsform import CAPTURE_TYPES, SIGNATURE, Choice, Item

MAX_TEXT: Final = 500
SEPARATOR: Final = " "
COUNTER: Final = "counter"
NONE: Final = "none"
ON_PAPER: Final = "paper"
WHERE: Final = (
    Choice(COUNTER, "Có, nộp tại quầy", icon="description"),
    Choice(NONE, "Không có", icon="close"),
)
"""Where a paper is, as long as the kiosk has no camera or scanner at hand."""

_BLOB: Final = re.compile(r"blob:[0-9a-f]{16,128}")
_GROUPED: Final = ("number", "phone")
"""Appearances whose digits people write in groups."""


def joined(answer: Answer) -> str:
    return answer if isinstance(answer, str) else SEPARATOR.join(answer)


def typed(item: Item, answer: Answer) -> Answer:
    """An answer as stored; in number fields the spaces and dots people group digits with are gone, a decimal comma is a point."""
    if isinstance(answer, list):
        return [nfc(part) for part in answer]
    text = nfc(answer)
    if item.type == "decimal":
        text = re.sub(r"\s", "", text)
        return text.replace(".", "").replace(",", ".") if "," in text else text
    return re.sub(r"[\s.]", "", text) if item.appearance in _GROUPED else text


def missing(item: Item) -> str:
    """What to do when a required answer is missing."""
    if item.type.startswith("select") or item.type in CAPTURE_TYPES:
        return "Bà con chạm để chọn một ô."
    if item.type == "acknowledge":
        return "Bà con đọc rồi chạm vào ô đồng ý."
    return "Bà con điền câu này rồi đi tiếp."


def type_fault(item: Item, answer: Answer, choices: Sequence[Choice]) -> str:
    """Why an answer does not fit the type of its question, in words; '' when it does. ``choices`` are those offered now."""
    parts = answer if isinstance(answer, list) else [answer]
    if item.type == "select_multiple":
        parts = [part for text in parts for part in text.split(SEPARATOR)]
    elif len(parts) != 1:
        return "Bà con chọn một ô thôi."
    if item.type.startswith("select"):
        names = {choice.name for choice in choices}
        return "" if names.issuperset(parts) else "Bà con chọn một trong các ô trên màn hình."
    return _plain_fault(item, parts[0])


def _plain_fault(item: Item, text: str) -> str:
    if item.type == "integer":
        return "" if re.fullmatch(r"[0-9]{1,9}", text) else "Bà con chỉ viết số, ví dụ: 2."
    if item.type == "decimal":
        return "" if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", text) else "Bà con chỉ viết số, ví dụ: 2,5."
    if item.type == "date":
        return date_fault(text, partial=item.appearance == "partial-date")
    if item.type == "acknowledge":
        return "" if text == YES else "Bà con chạm vào ô đồng ý."
    if item.type in CAPTURE_TYPES:
        return _paper_fault(item, text)
    if len(text) > MAX_TEXT:
        return f"Câu trả lời dài quá {MAX_TEXT} chữ."
    strange = unprintable(text)
    return f"Máy không in được chữ «{strange[:5]}». Bà con viết lại bằng chữ Việt." if strange else ""


def _paper_fault(item: Item, text: str) -> str:
    if item.appearance == SIGNATURE:
        return "" if text == ON_PAPER else "Bà con ký trên giấy trước cán bộ."
    if text == NONE and item.required:
        return "Giấy này cần phải có. Chưa có thì mời bà con hỏi cán bộ."
    return "" if text in (COUNTER, NONE) or _BLOB.fullmatch(text) else "Bà con chọn một trong các ô trên màn hình."


def date_fault(text: str, *, partial: bool) -> str:
    try:
        _, month, day = split_date(text)
    except ValueError:
        return "Ngày này không có trong lịch. Ví dụ: 15/11/2026."
    if not partial and not (month and day):
        return "Bà con cho biết đủ ngày, tháng, năm."
    return ""


def handed_over(item: Item, text: str) -> Any:
    """A value as submitted: whole numbers as numbers, several choices as a list, the rest as text (decimals with all digits)."""
    if item.type == "integer":
        return int(text)
    return text.split(SEPARATOR) if item.type == "select_multiple" else text


def words_or_nothing(iso: str) -> str:
    try:
        return date_words_vi(iso)
    except ValueError:
        return ""


def from_fact(item: Item, fact: str, choices: Sequence[Choice]) -> str:
    """A fact from the card or a formula as an answer: choices are found by name, label, or a spelling listed in the hint."""
    if not item.type.startswith("select"):
        return fact
    wanted = fold(fact)
    exact = next((choice.name for choice in choices if wanted in (fold(choice.label), choice.name)), "")
    return exact or next((choice.name for choice in choices if wanted in map(fold, choice.hint.split(","))), "")


def match_choices(choices: Sequence[Choice], query: str) -> tuple[Choice, ...]:
    """Choices whose label or hint has a word beginning with ``query``, without accents; all of them for an empty query."""
    wanted = fold(query)
    if not wanted:
        return tuple(choices)
    return tuple(choice for choice in choices if f" {wanted}" in f" {fold(choice.label)} {fold(choice.hint)}".replace("-", " "))


def shown(item: Item, value: Any, label: Any = None) -> str:
    """A value for people: labels of choices, dates as people write them. ``label`` gives a choice's label, if not in Vietnamese."""
    if isinstance(value, list):
        return ", ".join(shown(item, part, label) for part in value)
    text = str(value)
    choice = item.choice(text) if item.choices else None
    if choice is not None:
        return label(choice) if label else choice.label
    if item.type == "date" or (item.type in ("calculate", "hidden") and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text)):
        return date_vi(text) if not date_fault(text, partial=True) else text
    if item.type == "decimal":
        return text.replace(".", ",")
    if item.type in CAPTURE_TYPES:
        return _paper_shown(text)
    return text


def _paper_shown(text: str) -> str:
    if text == ON_PAPER:
        return "Ký trên giấy"
    return next((choice.label for choice in WHERE if choice.name == text), "Đã chụp" if text else "")
