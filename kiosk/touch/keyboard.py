"""The kiosk's own keyboard, number pad and date pad.

Direct letters: ready keys ă â đ ê ô ơ ư, five tone keys that act on the syllable just written and are lit only when they can,
QWERTY or A-B-C order, signs on a second layer. Keys show the case that will come. A key acts on release and is deaf only for a
moment, so that doubled letters can be written; only Delete repeats, after two seconds, at most five times a second (UI_FACTS
T5).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kivy.clock import Clock

from kiosk.touch import theme
from kiosk.touch.controls import KEY_REST_S, Act, Surface, Tappable
from kiosk.touch.layout import Col, Part, Row, Space
from kiosk.touch.text import Icon, Txt
from kiosk.touch.theme import Colour, chrome, faded, look, pressed
from kiosk.viewmodels.typing import Typing

VOWELS = "ăâđêôơư"
TONES = (("sắc", "á"), ("huyền", "à"), ("hỏi", "ả"), ("ngã", "ã"), ("nặng", "ạ"))
QWERTY = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
ALPHABET = ("abcdefghij", "klmnopqrs", "tuvwxyz")
SIGNS = ("1234567890", ",./-()':;", "+&%@#*=?!")
DELETE_DELAY_S = 2.0
DELETE_EVERY_S = 0.2

HEIGHT_LANDSCAPE = 396
HEIGHT_PORTRAIT = 560
PAD_KEY = 88

GROUNDS: dict[str, tuple[Colour, Colour, Colour]] = {
    "letter": (theme.SURFACE, theme.LINE, theme.INK),
    "vowel": (theme.INDIGO1, theme.INDIGO2, theme.INDIGO8),
    "tone": (theme.GOLD1, theme.GOLDLINE, theme.GOLDINK),
    "grey": (theme.KEYGREY, theme.LINE, theme.INK),
}
"""Kind of key: ground, line, ink."""


class Key(Tappable):
    """One key: a letter, or an icon and a word. ``name`` is a second, small line (tone keys)."""

    rest = KEY_REST_S

    def __init__(
        self, text: str, kind: str, act: Act, key: str, *, name: str = "", icon: str = "", size: float = 34, **kwargs: Any
    ) -> None:
        self.ground, self.rim, self.shade = GROUNDS[kind]
        self.words = Txt(
            text, size, 600, self.shade, halign="center", wrap=False, fit=15, scale=chrome, pitch=1.2 if name else 1.36
        )
        self.second = (
            Txt(name, 18, 500, self.shade, halign="center", wrap=False, fit=13, scale=chrome, pitch=1.15) if name else None
        )
        symbol = [Icon(icon, 30 if not text else 26, self.shade)] if icon else []
        inside: Part
        if self.second is not None:
            inside = Col(Space(flex=1), self.words, self.second, Space(flex=1), gap=0 if not look.portrait else 3)
        elif symbol:
            inside = Row(Space(flex=1), *symbol, *([Space(6), self.words] if text else []), Space(flex=1), align="middle")
        else:
            self.words.flex = 1
            inside = Row(self.words)
        super().__init__(inside, fill=self.ground, line=self.rim, line_width=1, radius=12, on_tap=act, key=key, **kwargs)
        self._symbol = symbol

    def paint(self) -> None:
        off = not self.enabled
        self.fill = pressed(self.ground) if self.down else faded(self.ground, 0.45) if off else self.ground
        self.line = faded(self.rim, 0.5) if off else self.rim
        shade = faded(self.shade, 0.42) if off else self.shade
        self.words.tint(shade)
        if self.second is not None:
            self.second.tint(shade)
        super().paint()


class DeleteKey(Key):
    """Deletes at once and, held for two seconds, goes on five times a second."""

    _held: Any = None

    def begin(self) -> None:
        self._held = Clock.schedule_once(self._go_on, DELETE_DELAY_S)

    def _go_on(self, _dt: float) -> None:
        if self.down and self.on_tap is not None:
            self.on_tap()
            self._held = Clock.schedule_once(self._go_on, DELETE_EVERY_S)

    def end(self) -> None:
        if self._held is not None:
            self._held.cancel()
            self._held = None


class Keyboard(Surface):
    """Writes into ``typing`` and follows it. ``on_hide`` is the key that puts the keyboard away (``None``: no such key)."""

    def __init__(self, typing: Typing, t: Callable[..., str], on_hide: Act | None = None) -> None:
        height = HEIGHT_PORTRAIT if look.portrait else HEIGHT_LANDSCAPE
        super().__init__(fill=theme.colour("#EFEBE3"), line=None, radius=0, h=height, key="keyboard")
        self.typing, self.t, self.on_hide = typing, t, on_hide
        self._shape = self._now()
        self._letters: list[tuple[Key, str]] = []
        self._tones: list[Key] = []
        self._build()

    def _now(self) -> tuple[str, bool, str]:
        return self.typing.layer, self.typing.alphabetical, self.typing.kind

    def follow(self) -> None:
        """The text changed: bring case and tone keys in line, or turn to another layer."""
        if self._now() != self._shape:
            self._shape = self._now()
            self.clear_widgets()
            self._build()
            self.arrange()
            return
        self._dress()

    def _dress(self) -> None:
        upper, tone = self.typing.upper, self.typing.can_tone
        for key, letter in self._letters:
            key.words.say(letter.upper() if upper else letter)
        for key in self._tones:
            key.set_enabled(tone)

    # --- rows ------------------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self._letters, self._tones = [], []
        if self.typing.kind == "code":
            rows = self._code_rows()
        elif self.typing.layer == "signs":
            rows = self._sign_rows()
        else:
            rows = self._letter_rows()
        for row in rows:
            row.flex = 1
        self.add_widget(Col(*rows, gap=8, pad=(14, 12, 14, 14)))
        self._dress()

    def letter(self, letter: str, kind: str = "letter", flex: float = 1.0) -> Key:
        key = Key(letter, kind, lambda: self.typing.press(letter), f"key:{letter}", flex=flex)
        if letter.isalpha():
            self._letters.append((key, letter))
        return key

    def _tone_keys(self) -> list[Part]:
        def tone(name: str, example: str) -> Key:
            key = Key(example, "tone", lambda: self.typing.tone(name), f"tone:{name}", name=name, size=30, flex=1.05)
            self._tones.append(key)
            return key

        return [tone(name, example) for name, example in TONES]

    def _letter_rows(self) -> list[Part]:
        order = ALPHABET if self.typing.alphabetical else QWERTY
        vowels = [self.letter(letter, "vowel") for letter in VOWELS]
        middle = [self.letter(letter) for letter in order[1]]
        indent = 0.5
        rows = [
            Row(*(self.letter(letter) for letter in order[0]), gap=8),
            Row(Space(flex=indent), *middle, Space(flex=indent), gap=8),
            Row(
                Key("", "grey", self.typing.shift, "key:shift", icon="shift", flex=1.5),
                *(self.letter(letter) for letter in order[2]),
                self._delete(1.5),
                gap=8,
            ),
            self._last_row("123", "A–B–C" if not self.typing.alphabetical else "Q–W–E"),
        ]
        if look.portrait:
            away = Key(self.t("keys.no_tone", "Bỏ dấu"), "grey", self.typing.no_tone, "key:notone", size=22, flex=1.3)
            return [Row(*self._tone_keys(), away, gap=8), Row(*vowels, gap=8), *rows]
        return [Row(*vowels, *self._tone_keys(), gap=8), *rows]

    def _delete(self, flex: float) -> Key:
        word = self.t("keys.delete", "Xóa")
        return DeleteKey(word, "grey", self.typing.delete, "key:delete", icon="backspace", size=23, flex=flex)

    def _last_row(self, layer: str, order: str) -> Part:
        keys: list[Part] = [Key(layer, "grey", self.typing.turn_layer, "key:123", size=25, flex=1.43)]
        if order:
            keys.append(Key(order, "grey", self.typing.turn_order, "key:abc", size=25, flex=1.63))
        keys.append(
            Key(self.t("keys.space", "Dấu cách"), "letter", lambda: self.typing.press(" "), "key:space", size=25, flex=4.48)
        )
        keys.append(Key("–", "letter", lambda: self.typing.press("-"), "key:-", flex=0.92))
        keys.append(self._hide(1.83))
        return Row(*(key for key in keys if key is not None), gap=8)

    def _hide(self, flex: float) -> Part:
        if self.on_hide is None:
            return Space(flex=0.01)
        word = self.t("keys.done", "Xong") if look.portrait else self.t("keys.hide", "Cất phím")
        return Key(word, "grey", self.on_hide, "key:hide", icon="keyboard_hide", size=23, flex=flex)

    def _sign_rows(self) -> list[Part]:
        rows: list[Part] = [Row(*(self.letter(sign) for sign in signs), gap=8) for signs in SIGNS[:2]]
        rows.append(Row(*(self.letter(sign) for sign in SIGNS[2]), self._delete(1.5), gap=8))
        rows.append(self._last_row("abc", ""))
        return rows

    def _code_rows(self) -> list[Part]:
        """Digits and capitals, full stop and hyphen: what stands in a dossier's code."""
        return [
            Row(*(self.letter(digit, "vowel") for digit in SIGNS[0]), gap=8),
            Row(*(self.letter(letter) for letter in QWERTY[0]), gap=8),
            Row(Space(flex=0.5), *(self.letter(letter) for letter in QWERTY[1]), Space(flex=0.5), gap=8),
            Row(
                Key("–", "letter", lambda: self.typing.press("-"), "key:-", flex=1.5),
                *(self.letter(letter) for letter in QWERTY[2]),
                self._delete(1.5),
                gap=8,
            ),
        ]


class NumberPad(Part):
    """Digits in the order of a telephone; delete and, if given, ``corner`` (a ready key) beside the zero."""

    def __init__(
        self, press: Callable[[str], None], delete: Act, t: Callable[..., str], *, corner: Part | None = None, **kw: Any
    ) -> None:
        def digit(number: str) -> Key:
            return Key(number, "letter", lambda: press(number), f"key:{number}", size=38, flex=1)

        rows: list[Part] = [Row(*(digit(n) for n in three), gap=10, flex=1) for three in ("123", "456", "789")]
        wipe = DeleteKey(t("keys.delete", "Xóa"), "grey", delete, "key:delete", icon="backspace", size=24, flex=1)
        left = corner if corner is not None else Space()
        left.flex = 1
        rows.append(Row(left, digit("0"), wipe, gap=10, flex=1))
        super().__init__(Col(*rows, gap=10), **kw)

    def natural(self, width: float) -> tuple[float, float]:
        return width, theme.px(4 * PAD_KEY + 30)
