"""A citizen's finger on the real screen: taps what is shown, letter by letter on the kiosk's own keyboard.

It knows Vietnamese letters as base letter and tone, as the keyboard has them, and looks at the keys before each tap: a key
shows the case that will come, so Shift is pressed only when needed.
"""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from kiosk.demo.processes import DemoError, wait_for
from kiosk.demo.screen import Glass

_TONES = {"\u0301": "sắc", "\u0300": "huyền", "\u0309": "hỏi", "\u0303": "ngã", "\u0323": "nặng"}
SAME_KEY_SECONDS = 0.15
OWN_CASE_SECONDS = 1.2
"""How long the keyboard may take to show the case it chooses itself; Shift pressed meanwhile would undo it."""

_NAMED = {" ": "space"}


def keys_for(text: str) -> list[tuple[str, bool]]:
    """Keys of the screen keyboard for a text: (widget id, upper case). A tone follows its letter at once."""
    keys: list[tuple[str, bool]] = []
    for letter in unicodedata.normalize("NFC", text):
        parts = unicodedata.normalize("NFD", letter)
        tone = next((mark for mark in parts if mark in _TONES), "")
        plain = unicodedata.normalize("NFC", parts.replace(tone, "")) if tone else letter
        keys.append((f"key:{_NAMED.get(plain, plain.lower())}", plain != plain.lower()))
        if tone:
            keys.append((f"tone:{_TONES[tone]}", False))
    return keys


class Fingers:
    """Answers the questions of a form by touch."""

    def __init__(self, glass: Glass, before: Callable[[str], None] = lambda _name: None) -> None:
        self._glass = glass
        self._before = before
        self.answered: list[str] = []

    def type(self, text: str) -> None:
        """Type on the screen keyboard or a number pad."""
        before = ""
        for name, upper in keys_for(text):
            if name == before:
                # A key is deaf for a moment after each touch, against panels that bounce.
                time.sleep(SAME_KEY_SECONDS)
            before = name
            self._glass.touch(self._cased(name, upper))

    def _cased(self, name: str, upper: bool) -> Mapping[str, Any]:
        """The key in the case wanted: the keyboard changes by itself at the start of a word, else Shift is pressed."""

        def right() -> Mapping[str, Any] | None:
            key = self._key(name)
            shown = str(key["text"])
            plain = len(shown) != 1 or not shown.isalpha()
            return key if plain or (shown != shown.lower()) == upper else None

        try:
            return dict(wait_for("the keyboard's own case", right, OWN_CASE_SECONDS, 0.02))
        except DemoError:
            self._glass.touch(self._key("key:shift"))
            return dict(wait_for(f"{name} in the other case", right, 2, 0.02))

    def _key(self, name: str) -> Mapping[str, Any]:
        """A key as soon as it can act: tone keys light up only after a letter that can carry them."""
        return dict(wait_for(f"the key {name}", lambda: self._keys().get(name), 3))

    def _keys(self) -> dict[str, Mapping[str, Any]]:
        return {one["id"]: one for one in self._glass.ask({"keys": True})["found"] if one["enabled"]}

    def answer_all(self, answers: Mapping[str, str], most: int = 60) -> None:
        """Answer until the check page: as told, skipping what may be skipped, else the first choice.

        Raises:
            DemoError: a question that is neither told, nor skippable, nor a choice, or that does not go on.
        """
        for _ in range(most):
            shown = self._glass.wait_screen("question", "check")
            if shown["id"] == "check":
                return
            self._answer(str(shown["question"]), answers)
        raise DemoError(f"the form does not end; last questions: {self.answered[-3:]}")

    def _answer(self, name: str, answers: Mapping[str, str]) -> None:
        self._before(name)
        found = [one for one in self._glass.ask({"all": True})["found"] if one["enabled"]]
        ids = [one["id"] for one in found]
        choices = [one for one in ids if one.startswith("choice:")]
        told = answers.get(name)
        if choices:
            self._glass.tap(f"choice:{told}" if told is not None else choices[0])
        elif told is not None:
            self.type(told)
        elif "skip" not in ids and "next" not in ids:
            raise DemoError(f"nothing to answer «{name}» with; there is {ids}")
        self.answered.append(name)
        self._go_on(name, "skip" if told is None and not choices and "skip" in ids else "next")

    def _go_on(self, name: str, button: str) -> None:
        """Press «Tiếp tục» (or «Bỏ qua») until the next question is there."""

        def moved() -> bool:
            now = self._glass.screen()
            return now["id"] != "question" or now["question"] != name

        for _ in range(3):
            if moved() or self._glass.find(button) is not None:
                if not moved():
                    self._glass.tap(button)
                try:
                    wait_for("the next question", moved, 2)
                except DemoError:
                    # A person whose touch fell into the deaf time of a button touches once more.
                    continue
                self._glass.acted(button)
                return
        texts = self._glass.ask({"texts": True})["texts"]
        raise DemoError(f"«{name}» does not go on; the glass says: {texts}")

    def to_the_end(self) -> None:
        """Read the check page to its last part, where «Nộp hồ sơ» is."""

        def end_or_more() -> str:
            return next((name for name in ("submit", "more") if self._glass.find(name) is not None), "")

        while wait_for("the end of the check page", end_or_more, 10) == "more":
            self._glass.rest("more")
            if end_or_more() == "more":
                self._glass.tap("more")
