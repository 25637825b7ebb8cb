"""What a session shows: questions, problems, rows of the check page. Facts only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from forms.xlsform import Choice

Answer = str | list[str]
YES: Final = "yes"
"""Stored value of an acknowledged pledge, and of «there is another one» after an entry of a repeat."""
NO: Final = "no"


@dataclass(frozen=True, slots=True)
class Question:
    """One screen. Texts are in the session's language, in Vietnamese where that has none."""

    name: str
    """In a repeat with its entry, ``items[2].pages``; ``items[2]+`` asks whether there is another one after the second."""
    type: str
    """One of ``forms.xlsform.QUESTION_TYPES``. For "image" and "file" the choices say where the paper is."""
    label: str
    hint: str
    required: bool
    appearance: str
    """One of ``forms.xlsform.APPEARANCES``."""
    choices: tuple[Choice, ...]
    """Those offered now, after the choice filter."""
    autofill: str
    """Key of the card fact that fills it (``card.full_name`` …), or ''."""
    pii: bool
    section: str
    short: str
    """Short name of the answer, as on the check page."""
    image: str = ""
    audio: str = ""
    entry: str = ""
    """The entry of a repeat it belongs to, ``items[2]``, or ''."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one answer. ``message_vi`` says what to do."""

    name: str
    code: Literal["required", "constraint", "type"]
    message_vi: str


@dataclass(frozen=True, slots=True)
class Caution:
    """Something unusual that must not stop anyone (a number that does not fit the year of birth)."""

    name: str
    code: str
    message_vi: str


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """One line of the check page or of the official's view. ``computed`` rows are changed at the question they come from."""

    name: str
    label: str
    text: str
    pii: bool
    section: str
    computed: bool = False
    entry: str = ""
    """The entry of a repeat it belongs to, ``items[2]``, or ''."""


@dataclass(frozen=True, slots=True)
class Entries:
    """A repeat as the check page shows it."""

    repeat: str
    label: str
    names: tuple[str, ...]
    """Its entries in order: ``items[1]``, ``items[2]``."""
    removable: bool
    """Whether one may be taken away (:meth:`FormSession.remove`)."""
    more: str
    """The question to open to add one, '' when there is room for none."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where the session stands: section, and question ``index`` (from 1) of ``count`` on the present path."""

    section: str
    index: int
    count: int
