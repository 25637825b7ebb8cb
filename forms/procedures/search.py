"""Finding a procedure by people's own words: «đẻ», «lam giay khai sinh cho con», «sổ đỏ», or its code.

Everything is compared without accents; a word that agrees with its accents counts more, so «đẻ» finds birth before «đề nghị». A
word finds what begins with it. Words that stand in few procedures say more than «giấy» or «cho», so each counts by how rare it is,
and by where it stands: in the names people use, then for whom it is, then in the official name. A name written out in full comes
first; what lacks a word is found only when nothing has them all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final

from forms.text import fold, nfc

_PLACES: Final = (4, 2, 1)
"""Weight of people's names, of «for whom», of the official name."""
_ACCENTS: Final = 3
_KEEP: Final = 0.5
"""Share of the best score below which a find only distracts."""


@dataclass(frozen=True, slots=True)
class Searchable:
    """A procedure to find: the names people use, for whom it is, the official name."""

    code: str
    names: tuple[str, ...]
    for_whom: str
    official: str


@dataclass(frozen=True, slots=True)
class _Text:
    written: frozenset[str]
    folded: frozenset[str]


def ranked(words: str, among: Iterable[Searchable]) -> tuple[str, ...]:
    """Codes of what the words find, best first, equals in the given order."""
    everything = tuple(among)
    wanted = nfc(words).casefold()
    if exact := tuple(one.code for one in everything if one.code == wanted):
        return exact
    texts = {one.code: tuple(map(_text, (" ".join(one.names), one.for_whom, one.official))) for one in everything}
    scores = dict.fromkeys(texts, 0.0)
    whole = set(texts)
    for word in dict.fromkeys(_words(wanted)):
        found = {code: value for code, places in texts.items() if (value := _value(word, places))}
        whole &= found.keys()
        for code, value in found.items():
            scores[code] += value / len(found)
    best = max(scores.values(), default=0)
    kept = [code for code, score in scores.items() if score and score >= best * _KEEP and (code in whole or not whole)]
    full = {one.code for one in everything if fold(wanted) in map(fold, (*one.names, one.official))}
    return tuple(sorted(kept, key=lambda code: (code not in full, -scores[code])))


def _value(word: str, places: tuple[_Text, ...]) -> float:
    plain = fold(word)
    for weight, text in zip(_PLACES, places, strict=True):
        if any(known.startswith(plain) for known in text.folded):
            same = any(known.startswith(word) for known in text.written)
            whole = plain in text.folded
            return weight * (_ACCENTS if same and word != plain else 1) * (2 if whole else 1)
    return 0


@cache
def _text(text: str) -> _Text:
    words = _words(nfc(text).casefold())
    return _Text(frozenset(words), frozenset(map(fold, words)))


def _words(text: str) -> list[str]:
    return "".join(char if char.isalnum() else " " for char in text).split()
