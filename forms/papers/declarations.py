"""A declaration (tờ khai) filled from a form and its answers, printed like the official paper.

A row of the form whose ``k_template`` names a key of the paper fills that key; a repeat fills a table, its rows the columns.
Words are those of the paper: the label of a choice, day before month, partial dates as far as they are known. What is not
answered stays dots for a pen. Places to sign are never filled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from forms.papers import pdf
from forms.papers.content import PaperError
from forms.papers.facts import Value
from forms.papers.kinds import kind
from forms.papers.wording import require_code, short_date
from forms.session import rows_of
from forms.session.stored import entries_of
from forms.text import nfc
from forms.xlsform import CAPTURE_TYPES, Form, Item

_DATED: Final = ("date", "calculate", "hidden")
"""Types whose text may be a date; text a person typed is printed as typed."""


@dataclass(frozen=True, slots=True)
class PaperState:
    """A paper the citizen was asked for, and where it is: «Nộp tại quầy», «Chưa có»."""

    name: str
    state: str


@dataclass(frozen=True, slots=True)
class Declaration:
    """A declaration to print. ``addressee_vi`` follows «Kính gửi»; ``code`` of the dossier stands small at the foot.

    ``procedure_vi`` and ``papers`` are printed on the general request only: other declarations are of one procedure, and do not
    list papers.
    """

    paper: str
    addressee_vi: str
    values: Mapping[str, Value]
    made: datetime
    code: str = ""
    procedure_vi: str = ""
    papers: Sequence[PaperState] = ()


def declaration(facts: Declaration, *, copy: int = 0) -> bytes:
    """The declaration as PDF; ``copy`` from 1 on is printed as «BẢN IN LẠI · LẦN n».

    Raises:
        PaperError: ``unknown_paper``; ``unknown_field`` when a value has no line on the paper, so that nothing said is left out
            unseen; ``wrong_code``; ``glyph_missing``.
    """
    found = kind(facts.paper)
    strange = facts.values.keys() - {*found.fields, *found.tables}
    if strange:
        raise PaperError("unknown_field", f"Giấy «{found.title_vi}» không có mục: {', '.join(sorted(strange))}.")
    require_code(facts.code)
    return pdf.compile(facts.paper, declaration_data(facts), made=facts.made, copy=copy)


def declaration_data(facts: Declaration) -> dict[str, Any]:
    """What the template of a declaration reads."""
    return {
        "values": facts.values,
        "addressee": nfc(facts.addressee_vi),
        "code": facts.code,
        "procedure": nfc(facts.procedure_vi),
        "papers": [asdict(paper) for paper in facts.papers],
    }


def declaration_values(form: Form, answers: Mapping[str, Any]) -> dict[str, Value]:
    """What the answers of a dossier put on its declaration, by key of the paper; keys without an answer are absent.

    ``answers`` as handed over by the session: choices by name, dates ISO and perhaps partial, repeats as lists of objects.
    """
    values: dict[str, Any] = {}
    for item in form.items:
        text = _text(item, answers[item.name]) if item.template and item.name in answers else ""
        if text:
            values[item.template] = text
    for repeat in form.repeats.values():
        if repeat.template and repeat.name in answers:
            values[repeat.template] = [_entry(form, entry) for entry in entries_of(answers, repeat.name)]
    return values


def papers_told(form: Form, answers: Mapping[str, Any]) -> tuple[PaperState, ...]:
    """What was answered about the papers to hand in, in the order of the form."""
    captured = {item.name for item in form.items if item.type in CAPTURE_TYPES and item.asked}
    return tuple(PaperState(row.label, row.text) for row in rows_of(form, answers) if row.name in captured)


def _entry(form: Form, entry: Mapping[str, Any]) -> dict[str, str]:
    items = [form.item(name) for name in entry if name in form.by_name]
    return {item.template or item.name: _text(item, entry[item.name]) for item in items}


def _text(item: Item, value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_text(item, part) for part in value)
    text = nfc(str(value))
    choice = item.choice(text)
    if choice is not None:
        return choice.label
    try:
        return short_date(text) if item.type in _DATED else text
    except ValueError:
        return text
