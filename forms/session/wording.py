"""The texts of a form in one language, in Vietnamese wherever that language has none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from forms.session.answer import COUNTER, WHERE, shown
from forms.session.model import Question
from forms.session.spots import Spot
from forms.session.values import Scope, Standing
from forms.xlsform import CAPTURE_TYPES, PLACEHOLDER, VIETNAMESE, Choice, Form, Item
from forms.xlsform.model import Translations


@dataclass(frozen=True, slots=True)
class Wording:
    """Texts in one language."""

    language: str

    def text(self, translations: Translations, field: str, vietnamese: str) -> str:
        return translations.get(self.language, {}).get(field) or vietnamese

    def short(self, form: Form, item: Item, value: Callable[[str], Any]) -> str:
        """Short name of an answer; a language that has none says the question itself rather than a Vietnamese short name."""
        texts = item.translations.get(self.language, {})
        return self._filled(texts.get("short") or texts.get("label") or item.short or item.label, form, value)

    def section(self, item: Item, entry: int) -> str:
        """Title of a section; of an entry of a repeat with its number: «Giấy tờ 2»."""
        title = self.text(item.translations, "section", item.section)
        return f"{title} {entry}" if title and entry else title

    def choice_label(self, choice: Choice) -> str:
        return self.text(choice.translations, "label", choice.label)

    def question(self, form: Form, spot: Spot, standing: Standing, scope: Scope) -> Question:
        """A spot as a screen."""
        item = spot.item
        label = self._filled(self.text(item.translations, "label", item.label), form, scope.value)
        return Question(
            name=spot.name,
            type=item.type,
            label=label,
            hint=self._filled(self.text(item.translations, "hint", item.hint), form, scope.value),
            required=item.required,
            appearance=item.appearance,
            choices=self._choices(item, standing),
            autofill=item.autofill,
            pii=item.pii,
            section=self.section(item, spot.titled),
            short=self.short(form, item, scope.value),
            image=self.text(item.translations, "image", item.image),
            audio=self.text(item.translations, "audio", item.audio),
            entry=spot.entry_name,
        )

    def _filled(self, text: str, form: Form, value: Callable[[str], Any]) -> str:
        """A text with the answers it shows in it."""
        if "${" not in text:
            return text
        return PLACEHOLDER.sub(lambda name: shown(form.item(name[1]), value(name[1]) or "", self.choice_label), text)

    def _choices(self, item: Item, standing: Standing) -> tuple[Choice, ...]:
        if item.type in CAPTURE_TYPES:
            return tuple(choice for choice in WHERE if choice.name == COUNTER or not item.required)
        if self.language == VIETNAMESE:
            return standing.choices
        return tuple(self._choice(choice) for choice in standing.choices)

    def _choice(self, choice: Choice) -> Choice:
        return replace(
            choice,
            label=self.choice_label(choice),
            hint=self.text(choice.translations, "hint", choice.hint),
            image=self.text(choice.translations, "image", choice.image),
            audio=self.text(choice.translations, "audio", choice.audio),
        )
