"""What is being written with the kiosk's own keyboard, number pad and date pad.

:class:`Typing` holds one text and the state of the keyboard: layer, order of the letters, which case the next letter gets. In a
name the first letter of each word is capital by itself. :class:`DateEntry` takes digits as day, month, year, or only the part a
person remembers: a date that is not known is never made up. All forget their text when closed.
"""

from __future__ import annotations

from datetime import date
from typing import Final, Literal

from kiosk.vietnamese_input import TONE_NAMES, Method, Writing
from kiosk.viewmodels.base import ViewModel

Kind = Literal["name", "text", "digits", "decimal", "code"]
Layer = Literal["letters", "signs"]
Shape = Literal["full", "month", "year"]

LIMIT: Final = 200
COMMA: Final = ","
PRECISIONS: Final[tuple[Shape, ...]] = ("full", "month", "year")
_LENGTH: Final[dict[Shape, int]] = {"full": 8, "month": 6, "year": 4}


class Typing(ViewModel):
    """One text. ``limit`` is its greatest length; ``method`` how letters become Vietnamese (``plain`` for Hmông and Dao)."""

    def __init__(self, text: str = "", kind: Kind = "text", *, limit: int = LIMIT, method: Method = "direct") -> None:
        super().__init__()
        self.kind: Kind = kind
        self.limit = limit
        self.layer: Layer = "letters"
        self.alphabetical = False
        self._writing = Writing(text, method)
        self._shift = False
        """Pressed by hand, for one letter."""
        self._no_auto = False
        """The shift key took the automatic capital back."""

    @property
    def text(self) -> str:
        return self._writing.text

    @property
    def value(self) -> str:
        """The text as an answer: last word finished, no spaces around it."""
        return self._writing.finished.strip()

    @property
    def upper(self) -> bool:
        """Whether the next letter comes as a capital; the keys show it."""
        if self.kind == "code":
            return True
        return self._shift or (self._auto and not self._no_auto)

    @property
    def _auto(self) -> bool:
        text = self.text
        return not text or (self.kind == "name" and text[-1] in " -")

    @property
    def can_tone(self) -> bool:
        return self.kind in ("name", "text") and self._writing.can_tone

    def press(self, key: str) -> None:
        """One key as the keyboard shows it (any case): the right case is written."""
        if len(self.text) >= self.limit or (key == " " and (not self.text or self.text.endswith(" "))):
            return
        if not self._takes(key):
            return
        self._writing.press(key.upper() if self.upper else key.lower())
        self._shift = self._no_auto = False
        self.notify()

    def type(self, letters: str) -> None:
        """Letters from a real keyboard, with the case they came in."""
        for letter in letters:
            if len(self.text) < self.limit and self._takes(letter):
                self._writing.press(letter.upper() if self.kind == "code" or (self.kind == "name" and self.upper) else letter)
                self._shift = self._no_auto = False
        self.notify()

    def _takes(self, letter: str) -> bool:
        """Digits only in a number; in a decimal also one comma, after a digit."""
        if self.kind == "decimal" and letter == COMMA:
            return bool(self.text) and COMMA not in self.text
        return self.kind not in ("digits", "decimal") or letter.isdigit()

    def tone(self, name: str) -> None:
        """«sắc», «huyền», «hỏi», «ngã» or «nặng» on the syllable just written; again takes it off."""
        if self.can_tone:
            self._writing.press(TONE_NAMES[name])
            self.notify()

    def no_tone(self) -> None:
        self._writing.no_tone()
        self.notify()

    def delete(self) -> None:
        if self.text:
            self._writing.delete()
            self._shift = self._no_auto = False
            self.notify()

    def clear(self) -> None:
        self._writing.reset("")
        self._shift = self._no_auto = False
        self.notify()

    def replace(self, text: str) -> None:
        self._writing.reset(text[: self.limit])
        self.notify()

    def shift(self) -> None:
        """Turn the case of the next letter round."""
        if self.upper:
            self._shift, self._no_auto = False, self._auto
        else:
            self._shift, self._no_auto = True, False
        self.notify()

    def turn_layer(self) -> None:
        self.layer = "signs" if self.layer == "letters" else "letters"
        self.notify()

    def turn_order(self) -> None:
        self.alphabetical = not self.alphabetical
        self.notify()

    def close(self) -> None:
        super().close()
        self._writing.reset("")


class DateEntry(ViewModel):
    """Digits as dd/mm/yyyy, or mm/yyyy, or yyyy when ``partial`` dates are allowed."""

    def __init__(self, iso: str = "", *, partial: bool = False) -> None:
        super().__init__()
        self.partial = partial
        self.shape: Shape = "full"
        self.digits = ""
        if iso:
            self.shape = PRECISIONS[2 - iso.count("-")]
            self.digits = "".join(reversed(iso.split("-")))

    @property
    def length(self) -> int:
        return _LENGTH[self.shape]

    @property
    def full(self) -> bool:
        return len(self.digits) == self.length

    @property
    def parts(self) -> tuple[tuple[str, int], ...]:
        """What stands in each box, from left to right: (digits so far, digits it takes)."""
        sizes = {"full": (2, 2, 4), "month": (2, 4), "year": (4,)}[self.shape]
        boxes, at = [], 0
        for size in sizes:
            boxes.append((self.digits[at : at + size], size))
            at += size
        return tuple(boxes)

    @property
    def active(self) -> int:
        """Which box the next digit goes to."""
        done = 0
        for number, (_, size) in enumerate(self.parts):
            done += size
            if len(self.digits) < done:
                return number
        return len(self.parts) - 1

    @property
    def value(self) -> str:
        """ISO date or partial date; '' while nothing stands; digits that are no date stay as they are, for the form to refuse."""
        if not self.digits:
            return ""
        parts = [digits for digits, _ in self.parts]
        return "-".join(reversed(parts)) if self.full else self.digits

    @property
    def fault(self) -> str:
        """Code of what the boxes cannot be, as early as it can be seen: «day», «month», «date», or ''."""
        boxes = [digits for digits, _ in self.parts]
        if self.shape == "full" and len(boxes[0]) == 2 and not 1 <= int(boxes[0]) <= 31:
            return "day"
        month = boxes[1] if self.shape == "full" else boxes[0] if self.shape == "month" else ""
        if len(month) == 2 and not 1 <= int(month) <= 12:
            return "month"
        if self.full and self.shape == "full":
            try:
                date(int(boxes[2]), int(boxes[1]), int(boxes[0]))
            except ValueError:
                return "date"
        return ""

    def press(self, digit: str) -> None:
        """One digit; a first digit that can only stand alone gets its zero (4 in the day box is 04)."""
        if not digit.isdigit() or self.full:
            return
        box = self.active
        so_far, size = self.parts[box]
        lone = {"full": ("3", "1"), "month": ("1",)}.get(self.shape, ())
        if size == 2 and not so_far and digit > lone[box]:
            self.digits += "0"
        self.digits += digit
        self.notify()

    def type(self, letters: str) -> None:
        for letter in letters:
            self.press(letter)

    def delete(self) -> None:
        self.digits = self.digits[:-1]
        self.notify()

    def clear(self) -> None:
        self.digits = ""
        self.notify()

    def choose(self, shape: Shape) -> None:
        """Give only what is remembered; the digits of the year stay."""
        if not self.partial or shape == self.shape:
            return
        boxes = [digits for digits, _ in self.parts]
        keep = {"year": boxes[-1:], "month": boxes[-2:] if self.shape == "full" else [], "full": []}[shape]
        self.shape = shape
        self.digits = "".join(keep)
        self.notify()

    def close(self) -> None:
        super().close()
        self.digits = ""
