"""Vietnamese text as data: one normal form, comparison, sorting, dates and numbers in words.

Every string that enters the product is brought to NFC with single spaces (:func:`nfc`). Search works on :func:`fold` (no
accents, đ is d, lower case), sameness of names on :func:`same_name` (accents count, the place of the tone mark and y/i do not),
lists of people on :func:`sort_key` (given name first, Vietnamese letter order, then tones). Nothing here knows a form or a
dossier.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Final

_TONES: Final = {"\u0300": 1, "\u0309": 2, "\u0303": 3, "\u0301": 4, "\u0323": 5}
"""Combining marks of the five tones in dictionary order: huyền, hỏi, ngã, sắc, nặng; 0 is ngang."""

_LETTERS: Final = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_SPACES: Final = re.compile(r"\s+")
_ONLY_Y: Final = re.compile(r"^(qu|[^aăâeêioôơuưy]+)y$")

_PUNCTUATION: Final = "–—‘’“”«»…·•°§ªº№₫×½¼¾©®"
_MARKS: Final = frozenset("\u0300\u0301\u0302\u0303\u0306\u0309\u031b\u0323")
"""Marks of Vietnamese letters, left standing alone only where no composed letter exists."""

MASK: Final = "●"


def nfc(text: str) -> str:
    """NFC with outer spaces removed and inner runs of white space made one space; control characters are dropped."""
    # Printable text holds no control character and no white space but the plain one: nearly all text, and the quick way.
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    kept = text if text.isprintable() else "".join(c for c in text if c.isspace() or unicodedata.category(c) not in ("Cc", "Cf"))
    return _SPACES.sub(" ", unicodedata.normalize("NFC", kept)).strip()


def unprintable(text: str) -> str:
    """The signs of ``text`` that our papers cannot carry, each once, in order; '' when every sign can be printed.

    Papers carry letters of the Latin script, plain digits and usual punctuation; a sign is judged after :func:`nfc`.
    """
    return "".join(dict.fromkeys(char for char in nfc(text) if not _prints(char)))


def _prints(char: str) -> bool:
    if char.isascii() or char in _PUNCTUATION or char in _MARKS:
        return True
    return unicodedata.category(char) in ("Lu", "Ll") and unicodedata.name(char, "").startswith("LATIN ") and char < "\u1f00"


def fold(text: str) -> str:
    """Accent-free lower-case form for search: «Nông Thị Đèo» -> «nong thi deo»."""
    flat = unicodedata.normalize("NFD", nfc(text).casefold())
    return "".join("d" if c == "đ" else c for c in flat if not unicodedata.combining(c))


def _syllable(word: str) -> tuple[str, int]:
    """A lower-case word as its letters without tone, and the tone 0–5 (the last one found, wherever it sits)."""
    letters: list[str] = []
    tone = 0
    for char in unicodedata.normalize("NFD", word.casefold()):
        if char in _TONES:
            tone = _TONES[char]
        else:
            letters.append(char)
    return unicodedata.normalize("NFC", "".join(letters)), tone


def same_name(a: str, b: str) -> bool:
    """Whether two spellings are the same name: «Lý Hoà» = «LÍ HÒA», but «Hoà» ≠ «Hoa»."""
    return _compared(a) == _compared(b)


def _compared(text: str) -> list[tuple[str, int]]:
    words = []
    for word in nfc(text).split(" "):
        letters, tone = _syllable(word)
        words.append((_ONLY_Y.sub(r"\1i", letters), tone))
    return words


_EARLY_TONE: Final = re.compile(rf"(o(?=.[ae])|u(?=.y))([{''.join(_TONES)}])([aey])$", re.IGNORECASE)


def tone_in_place(word: str) -> str:
    """A word with its tone mark on the second vowel of a final oa, oe, uy: «Hòa» -> «Hoà», «thủy» -> «thuỷ»; both are in use."""
    return unicodedata.normalize("NFC", _EARLY_TONE.sub(r"\1\3\2", unicodedata.normalize("NFD", word)))


def sort_key(text: str) -> str:
    """Key for lists of people: by given name (last word), then from the family name on; compare keys as plain strings.

    Letters follow a ă â b c d đ e ê …; tones ngang, huyền, hỏi, ngã, sắc, nặng decide between equal letters.
    """
    words = nfc(text).split(" ")
    return "\x01".join(_word_key(word) for word in [words[-1], *words[:-1]])


def _word_key(word: str) -> str:
    letters, tone = _syllable(word)
    return "".join(chr(0x100 + _LETTERS.index(c)) if c in _LETTERS else c for c in letters) + "\x02" + str(tone)


def title_name(text: str) -> str:
    """First letter of each word capital, the rest small: «NÔNG THỊ MẪU» -> «Nông Thị Mẫu»; hyphenated parts too."""
    return re.sub(r"[^\s\-’']+", lambda m: m.group()[0].upper() + m.group()[1:].lower(), nfc(text))


def mask_number(number: str) -> str:
    """Only the last four characters stay: «004190000001» -> «●●●●●●●●0001». Four or fewer are all hidden."""
    number = nfc(number)
    shown = number[-4:] if len(number) > 4 else ""
    return MASK * (len(number) - len(shown)) + shown


# --- numbers and dates in words --------------------------------------------------------------------------------------

_DIGITS: Final = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")


def number_words_vi(number: int) -> str:
    """A whole number from 0 to 999,999,999,999 in words: 2026 -> «hai nghìn không trăm hai mươi sáu»."""
    if not 0 <= number < 10**12:
        raise ValueError("number_words_vi takes 0 to 999,999,999,999")
    if number == 0:
        return _DIGITS[0]
    parts: list[str] = []
    for unit, scale in (("tỷ", 10**9), ("triệu", 10**6), ("nghìn", 10**3), ("", 1)):
        group = number // scale % 1000
        if group:
            parts.append(_hundreds(group, full=bool(parts)))
            if unit:
                parts.append(unit)
    return " ".join(parts)


def _hundreds(group: int, *, full: bool) -> str:
    hundreds, tens, ones = group // 100, group // 10 % 10, group % 10
    words: list[str] = []
    if hundreds or full:
        words += [_DIGITS[hundreds], "trăm"]
    if tens == 0 and ones and words:
        words.append("linh")
    elif tens == 1:
        words.append("mười")
    elif tens > 1:
        words += [_DIGITS[tens], "mươi"]
    if ones:
        words.append(_ones(ones, tens))
    return " ".join(words)


def _ones(ones: int, tens: int) -> str:
    if tens > 1 and ones == 1:
        return "mốt"
    if tens > 1 and ones == 4:
        return "tư"
    if tens and ones == 5:
        return "lăm"
    return _DIGITS[ones]


def date_words_vi(iso: str) -> str:
    """A date written out for civil-status papers (ghi bằng chữ); ``iso`` may be partial: «1958», «1958-03».

    Raises:
        ValueError: not a date.
    """
    year, month, day = split_date(iso)
    words = f"năm {number_words_vi(year)}"
    if month:
        words = f"tháng {'tư' if month == 4 else number_words_vi(month)}, {words}"
    if day:
        words = f"ngày {number_words_vi(day)}, {words}"
    return words[0].upper() + words[1:]


def date_vi(iso: str) -> str:
    """A date as people write it: «15/11/2026», «tháng 03/1958», «năm 1958».

    Raises:
        ValueError: not a date.
    """
    year, month, day = split_date(iso)
    if day:
        return f"{day:02d}/{month:02d}/{year:04d}"
    return f"tháng {month:02d}/{year:04d}" if month else f"năm {year:04d}"


_PARTIAL: Final = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")


def split_date(iso: str) -> tuple[int, int, int]:
    """Year, month, day of «2026-11-15», «1958-03» or «1958»; what is not known is 0.

    Raises:
        ValueError: another shape, or a day that does not exist.
    """
    found = _PARTIAL.fullmatch(iso)
    if found is None:
        raise ValueError(f"not an ISO date or partial date: {iso!r}")
    year, month, day = (int(part) if part else 0 for part in found.groups())
    date(year, month if found[2] else 1, day if found[3] else 1)
    return year, month, day
