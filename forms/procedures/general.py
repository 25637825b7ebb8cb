"""The general request (Đơn đề nghị): one form for every procedure without a declaration of its own.

The law prescribes no such paper; it is the kiosk's own layout. What differs between procedures is which papers to bring, so the
shared form gets one capture question for each paper to hand in, put before its question ``other_papers``. All of them may be
answered «none»: a kiosk records what a citizen has, only an official may say that something is missing (VIETNAM pitfalls 31–32).
The version of the resulting form names its questions too, since a record pins the questions it answered.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from forms.xlsform import Form, Item

if TYPE_CHECKING:
    from forms.procedures.procedure import Component

ANCHOR: Final = "other_papers"
"""The question of the shared form before which the capture questions stand."""

_IF_ANY_VI: Final = "Nếu có"
"""A condition that is none: the paper is handed in by whoever has it."""
_BLANK_VI: Final = "Chưa viết thì cán bộ đưa mẫu và giúp bà con viết tại quầy."


def asking_for(form: Form, components: Sequence[Component]) -> Form:
    """The shared form with a question for every paper these components hand in and it does not ask for yet."""
    anchor = form.item(ANCHOR)
    wanted = [one for one in components if one.kind == "submit" and not one.made_by_kiosk and question_of(one) not in form.by_name]
    asked = [_question(anchor, component) for component in wanted]
    place = form.items.index(anchor)
    items = (*form.items[:place], *asked, *form.items[place:])
    names = " ".join(item.name for item in asked)
    version = f"{form.version}-{hashlib.blake2s(names.encode(), digest_size=3).hexdigest()}"
    return replace(form, version=version, items=items)


def question_of(component: Component) -> str:
    """Name of the question that asks for a paper."""
    return component.capture or f"paper_{component.id}"


def _question(anchor: Item, component: Component) -> Item:
    called = component.short_vi or component.name_vi
    plain = called if called[1:2].isupper() else called[:1].lower() + called[1:]
    label = f"Bà con đã viết {plain} chưa?" if component.blank else f"Bà con có {plain} không?"
    hint = _BLANK_VI if component.blank else _needed_vi(component.condition_vi)
    short = plain[:1].upper() + plain[1:]
    return replace(
        anchor,
        type="image",
        name=question_of(component),
        label=label,
        hint=hint,
        short=short,
        template="",
        appearance="",
        pii=False,
    )


def _needed_vi(condition_vi: str) -> str:
    if condition_vi == _IF_ANY_VI:
        return "Không có vẫn khai tiếp."
    return f"Cần khi {condition_vi[:1].lower()}{condition_vi[1:]}." if condition_vi else ""
