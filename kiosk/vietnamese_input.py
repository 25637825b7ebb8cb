"""Composing Vietnamese from keys: ready letters and tone keys (direct), Telex, or VNI.

:func:`compose` is pure and stateless: it gets the raw keys of one syllable and returns its text in NFC. While a word is being
written the check is lenient; at its end (``final``) a word that is no Vietnamese syllable goes back to the keys typed (email,
windows). The same mark or tone key twice undoes it and leaves the letter. Tone marks go where the new style puts them (hoà,
thuỷ) or the old (hòa, thủy); matching elsewhere must not depend on that. :class:`Writing` keeps a text and its last syllable.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

Method = Literal["direct", "telex", "vni", "plain"]
Style = Literal["new", "old"]

TONES: Final = {"´": "\u0301", "`": "\u0300", "ˀ": "\u0309", "~": "\u0303", "ˌ": "\u0323"}
"""Tone keys of the direct method: sắc, huyền, hỏi, ngã, nặng, with the combining mark each one writes. None is a sign that a text
may need: a full stop stays one («mau@thu.vn»)."""
TONE_NAMES: Final = {"sắc": "´", "huyền": "`", "hỏi": "ˀ", "ngã": "~", "nặng": "ˌ"}
_TELEX_TONES: Final = {"s": "\u0301", "f": "\u0300", "r": "\u0309", "x": "\u0303", "j": "\u0323", "z": ""}
_VNI_TONES: Final = {"1": "\u0301", "2": "\u0300", "3": "\u0309", "4": "\u0303", "5": "\u0323", "0": ""}
_VNI_MARKS: Final = {"6": "circumflex", "7": "horn", "8": "breve", "9": "bar"}

_MARKED: Final = {
    "circumflex": {"a": "â", "e": "ê", "o": "ô"},
    "horn": {"o": "ơ", "u": "ư"},
    "breve": {"a": "ă"},
    "bar": {"d": "đ"},
}
_PLAIN: Final = {marked: base for marks in _MARKED.values() for base, marked in marks.items()}
VOWELS: Final = frozenset("aăâeêioôơuưy")
_CONSONANTS: Final = frozenset("bcdđfghjklmnpqrstvwxz")

_NUCLEI_TEXT: Final = (
    "a ă â e ê i o ô ơ u ư y ai ao au ay âu ây eo êu ia iê iu oa oă oe oi ôi ơi oo ua uâ uê ui uô uơ uy ưa ưi ươ ưu yê "
    "oai oao oay oeo iêu yêu uây uôi uêu ươi ươu uya uyê uyu"
)
_NUCLEI: Final = frozenset(_NUCLEI_TEXT.split())
_CODAS: Final = frozenset(("", "c", "ch", "k", "m", "n", "ng", "nh", "p", "t"))
_STOPS: Final = frozenset(("c", "ch", "k", "p", "t"))
_CLOSED: Final = frozenset(("iê", "yê", "uô", "ươ", "uyê", "oă", "uâ"))
"""Nuclei that never end a syllable."""
_ONSET_MOST: Final = 4


@dataclass
class _Syllable:
    """Letters so far (marks on, tone off, case kept), the tone, and whether keys stopped being magic."""

    letters: list[str] = field(default_factory=list)
    tone: str = ""
    undone: bool = False
    loose: bool = False
    """No Vietnamese syllable any more: every further key is a plain letter."""

    def split(self) -> tuple[int, int] | None:
        """(first letter of the nucleus, first letter of the coda), or ``None`` if a vowel follows the coda or there is none."""
        low = [letter.lower() for letter in self.letters]
        start = next((i for i, c in enumerate(low) if c in VOWELS), None)
        if start is None:
            return None
        if start + 1 < len(low) and low[start + 1] in VOWELS and low[:start] in (["q"], ["g"]):
            glide = low[start - 1] + low[start]
            start += glide in ("qu", "gi")
        end = start
        while end < len(low) and low[end] in VOWELS:
            end += 1
        return None if any(c in VOWELS for c in low[end:]) else (start, end)

    def nucleus(self) -> str:
        parts = self.split()
        return "" if parts is None else "".join(self.letters[parts[0] : parts[1]]).lower()

    def coda(self) -> str:
        parts = self.split()
        return "" if parts is None else "".join(self.letters[parts[1] :]).lower()

    def add(self, letter: str) -> None:
        had_vowel = any(c.lower() in VOWELS for c in self.letters)
        self.letters.append(letter)
        if had_vowel and self.split() is None:
            self.loose = True

    def mark(self, at: int, mark: str, key: str) -> bool:
        """Put a mark on letter ``at``; the same mark again undoes it and leaves the key. False if it cannot bear it."""
        letter = self.letters[at]
        base = _PLAIN.get(letter.lower(), letter.lower())
        marked = _MARKED[mark].get(base)
        if marked is None:
            return False
        if letter.lower() == marked:
            self.letters[at] = base.upper() if letter.isupper() else base
            self.letters.append(key)
            self.undone = True
        else:
            self.letters[at] = marked.upper() if letter.isupper() else marked
        return True

    def set_tone(self, tone: str, key: str) -> None:
        """Set, change, or (same again) undo the tone."""
        if tone and tone == self.tone:
            self.tone = ""
            self.undone = True
            self.letters.append(key)
        elif not tone and not self.tone:
            self.add(key)
        else:
            self.tone = tone

    def tone_place(self, style: Style) -> int | None:
        """Index of the letter that carries the tone."""
        parts = self.split() or self._last_run()
        if parts is None:
            return None
        start, end = parts
        nucleus = [c.lower() for c in self.letters[start:end]]
        marked = [i for i, c in enumerate(nucleus) if c in _PLAIN]
        if marked:
            return start + marked[-1]
        if end < len(self.letters):
            return end - 1
        if len(nucleus) >= 3:
            return start + 1
        if "".join(nucleus) in ("oa", "oe", "uy"):
            return start + (1 if style == "new" else 0)
        return start

    def _last_run(self) -> tuple[int, int] | None:
        """The last run of vowels of something that is no syllable."""
        end = next((i + 1 for i in range(len(self.letters) - 1, -1, -1) if self.letters[i].lower() in VOWELS), 0)
        start = end
        while start > 0 and self.letters[start - 1].lower() in VOWELS:
            start -= 1
        return (start, end) if end else None

    def join_horns(self) -> None:
        """«uơ» becomes «ươ» as soon as something follows it; thuở and huơ stay."""
        parts = self.split()
        if parts is None:
            return
        start, end = parts
        for i in range(start, end - 1):
            pair = (self.letters[i].lower(), self.letters[i + 1].lower())
            if pair == ("u", "ơ") and (i + 2 < len(self.letters)):
                self.letters[i] = "Ư" if self.letters[i].isupper() else "ư"

    def text(self, style: Style) -> str:
        letters = list(self.letters)
        place = self.tone_place(style) if self.tone else None
        if place is not None:
            letters[place] += self.tone
        return unicodedata.normalize("NFC", "".join(letters))

    def sound(self) -> bool:
        """Whether this can be a Vietnamese syllable (onsets of minority place names included)."""
        parts = self.split()
        if parts is None:
            return not any(c.lower() in VOWELS for c in self.letters)
        onset, nucleus, coda = self.letters[: parts[0]], self.nucleus(), self.coda()
        if nucleus not in _NUCLEI or coda not in _CODAS or len(onset) > _ONSET_MOST:
            return False
        if nucleus in _CLOSED and not coda:
            return False
        return not (coda in _STOPS and self.tone and self.tone not in ("\u0301", "\u0323"))


def compose(keys: Sequence[str], method: Method = "telex", style: Style = "new", *, final: bool = True) -> str:
    """Text of one syllable from its raw keys (one character each), in NFC.

    ``method``: ``direct`` – letters are ready (ă â đ ê ô ơ ư among them) and :data:`TONES` keys set, change or remove the tone;
    ``telex``; ``vni``; ``plain`` – keys as they are (Hmông, Dao). ``style``: where the tone of oa, oe, uy goes.
    ``final``: the word is finished, so that what is no Vietnamese goes back to the keys.
    """
    if method == "plain":
        return unicodedata.normalize("NFC", "".join(keys))
    made = _Syllable()
    press = {"direct": _direct, "telex": _telex, "vni": _vni}[method]
    for key in keys:
        press(made, key)
    if method != "direct":
        made.join_horns()
        changed = made.tone or any(c.lower() in _PLAIN for c in made.letters)
        if changed and not made.undone and (made.loose or (final and not made.sound())):
            return unicodedata.normalize("NFC", "".join(keys))
    return made.text(style)


def _direct(made: _Syllable, key: str) -> None:
    if key not in TONES:
        made.letters.append(key)
    elif any(c.lower() in VOWELS for c in made.letters):
        made.tone = "" if made.tone == TONES[key] else TONES[key]


def _telex(made: _Syllable, key: str) -> None:
    low = key.lower()
    parts = None if made.loose else made.split()
    if made.loose or made.undone:
        made.add(key)
    elif low == "d" and made.letters and made.letters[0].lower() in ("d", "đ") and (parts is not None or len(made.letters) == 1):
        made.mark(0, "bar", key)
    elif parts is None:
        if low == "w" and made.letters and all(c.lower() in _CONSONANTS for c in made.letters):
            made.letters.append("Ư" if key.isupper() else "ư")
        else:
            made.add(key)
    elif low in _TELEX_TONES:
        made.set_tone(_TELEX_TONES[low], key)
    elif low == "w":
        _horn_or_breve(made, parts, key)
    elif low in "aeo":
        same = [i for i in range(*parts) if _PLAIN.get(made.letters[i].lower(), made.letters[i].lower()) == low]
        if not same or not made.mark(same[-1], "circumflex", key):
            made.add(key)
    else:
        made.add(key)


def _horn_or_breve(made: _Syllable, parts: tuple[int, int], key: str) -> None:
    """Telex ``w``: on the o of uo, the a of oa, the u of ua, else on the first of a, o, u."""
    start, end = parts
    bare = [_PLAIN.get(c.lower(), c.lower()) for c in made.letters[start:end]]
    joined = "".join(bare)
    for pair, offset in (("uo", 1), ("oa", 1), ("ua", 0)):
        at = joined.find(pair)
        if at >= 0:
            where = start + at + offset
            break
    else:
        where = next((start + i for i, c in enumerate(bare) if c in "aou"), -1)
    if where < 0:
        made.add(key)
    else:
        made.mark(where, "breve" if bare[where - start] == "a" else "horn", key)


def _vni(made: _Syllable, key: str) -> None:
    parts = None if made.loose else made.split()
    mark = _VNI_MARKS.get(key)
    if made.loose or made.undone:
        made.add(key)
    elif mark == "bar" and made.letters and made.letters[0].lower() in ("d", "đ"):
        made.mark(0, "bar", key)
    elif parts is None or (mark is None and key not in _VNI_TONES):
        made.add(key)
    elif key in _VNI_TONES:
        made.set_tone(_VNI_TONES[key], key)
    elif mark == "horn":
        bare = "".join(_PLAIN.get(c.lower(), c.lower()) for c in made.letters[slice(*parts)])
        at = bare.find("uo") + 1 if "uo" in bare else next((i for i, c in enumerate(bare) if c in "uo"), -1)
        if at < 0 or not made.mark(parts[0] + at, "horn", key):
            made.add(key)
    else:
        bearing = _MARKED[mark or "bar"]
        where = [i for i in range(*parts) if _PLAIN.get(made.letters[i].lower(), made.letters[i].lower()) in bearing]
        if not where or not made.mark(where[-1], mark or "bar", key):
            made.add(key)


def taken_apart(syllable: str) -> list[str]:
    """Direct keys that write ``syllable``: its letters, then its tone key if it has one."""
    letters: list[str] = []
    tone = ""
    by_mark = {mark: key for key, mark in TONES.items()}
    for char in unicodedata.normalize("NFC", syllable):
        kept = ""
        for part in unicodedata.normalize("NFD", char):
            if part in by_mark:
                tone = by_mark[part]
            else:
                kept += part
        letters.append(unicodedata.normalize("NFC", kept))
    return [*letters, tone] if tone else letters


class Writing:
    """A text being written at its end. Only the last syllable is recomposed; what is before it never changes."""

    def __init__(self, text: str = "", method: Method = "direct", style: Style = "new") -> None:
        self.method: Method = method
        self.style: Style = style
        self._before = ""
        self._keys: list[str] = []
        self.reset(text)

    def reset(self, text: str) -> None:
        """Start from ``text``; in the direct method its last syllable can still take a tone."""
        text = unicodedata.normalize("NFC", text)
        at = len(text)
        if self.method == "direct":
            while at > 0 and text[at - 1].isalpha():
                at -= 1
        self._before, self._keys = text[:at], taken_apart(text[at:])

    @property
    def text(self) -> str:
        return self._before + compose(self._keys, self.method, self.style, final=False)

    @property
    def can_tone(self) -> bool:
        """Whether a tone key would act now."""
        return self.method == "direct" and any(key.lower() in VOWELS for key in self._keys)

    def press(self, key: str) -> None:
        """One key: a letter, a tone key, a digit, space or sign."""
        if (self.method == "direct" and key in TONES) or key.isalpha() or (self.method == "vni" and key.isdigit() and self._keys):
            if key in TONES and not self.can_tone:
                return
            self._keys.append(key)
        else:
            self._before = self.finished + key
            self._keys = []

    def no_tone(self) -> None:
        """Take the tone of the last syllable off."""
        self._keys = [key for key in self._keys if key not in TONES]

    def delete(self) -> None:
        """Take the last letter off; it ends the syllable, except in the direct method."""
        text = self.text[:-1]
        if self.method == "direct":
            self.reset(text)
        else:
            self._before, self._keys = text, []

    @property
    def finished(self) -> str:
        """The text with its last word finished."""
        return self._before + compose(self._keys, self.method, self.style, final=True)
