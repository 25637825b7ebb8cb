"""The words of ``argparse`` in Vietnamese: headings of help, and what is wrong with a call.

``argparse`` looks its words up through two functions of :mod:`gettext` under the names ``_`` and ``ngettext``; it has no other door
for them. :func:`speak` puts ours there, once for the whole process, so no command has to know of it.
"""

from __future__ import annotations

import argparse

WORDS = {
    "usage: ": "cách dùng: ",
    "positional arguments": "tham số",
    "options": "tùy chọn",
    "show this help message and exit": "hiện phần trợ giúp này",
    "%(prog)s: error: %(message)s\n": "%(prog)s: lỗi: %(message)s\n",
    "argument %(argument_name)s: %(message)s": "tham số %(argument_name)s: %(message)s",
    "the following arguments are required: %s": "thiếu tham số: %s",
    "one of the arguments %s is required": "cần một trong các tham số %s",
    "unrecognized arguments: %s": "không hiểu: %s",
    "not allowed with argument %s": "không dùng cùng %s được",
    "ignored explicit argument %r": "không nhận giá trị (%r)",
    "expected one argument": "cần một giá trị",
    "expected at most one argument": "nhận nhiều nhất một giá trị",
    "expected at least one argument": "cần ít nhất một giá trị",
    "expected %s argument": "cần %s giá trị",
    "ambiguous option: %(option)s could match %(matches)s": "%(option)s chưa đủ rõ: có thể là %(matches)s",
    "invalid %(type)s value: %(value)r": "giá trị không dùng được: %(value)r",
    "invalid choice: %(value)r (choose from %(choices)s)": "không có %(value)r; chọn một trong: %(choices)s",
    "unknown parser %(parser_name)r (choices: %(choices)s)": "không có %(parser_name)r; chọn một trong: %(choices)s",
    "can't open '%(filename)s': %(error)s": "không mở được «%(filename)s»: %(error)s",
}


def speak() -> None:
    """From now on every parser of this process says it in Vietnamese."""
    vars(argparse).update(_=_one, ngettext=_counted)


def _one(english: str) -> str:
    return WORDS.get(english, english)


def _counted(one: str, many: str, count: int) -> str:
    return WORDS.get(one) or (one if count == 1 else many)
