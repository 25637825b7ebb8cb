"""The catalogue's own words on the glass: no answer and no long question is cut, in any orientation or letter size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from forms.expr import parse
from forms.procedures.catalogue import load_catalogue
from forms.procedures.procedure import Procedure
from forms.xlsform import Item
from kiosk.touch.gallery import SIZES, Aloud
from kiosk.touch.samples import SampleServices
from kiosk.viewmodels.asking import Asking
from kiosk.viewmodels.check import Check
from kiosk.viewmodels.filing import Filing
from tests.kiosk.touch.harness import faults, stage

LONGEST = 8
"""So many of the longest questions are drawn; those with answers to choose from all are."""
DEMANDING = 4


class OneQuestion(SampleServices):
    """A kiosk whose form asks one question of a procedure, whatever it depends on."""

    def __init__(self, procedure: Procedure, item: Item) -> None:
        super().__init__()
        alone = replace(item, relevant=(), calculation=None, choice_filter=None, constraint=None, default=None, repeat="")
        self.alone = replace(procedure, form=replace(procedure.form, items=(alone,), repeats={}))

    def procedure(self, code: str) -> Procedure:
        return self.alone


def questions() -> Iterator[tuple[Procedure, Item]]:
    """Every question with its own words once; those that show another answer in their text need it and are left out."""
    seen: set[tuple[object, ...]] = set()
    for code in load_catalogue().codes():
        procedure = load_catalogue().versions(code)[-1]
        for item in procedure.form.items:
            words = (item.type, item.label, item.hint, tuple((one.label, one.hint) for one in item.choices))
            if item.asked and "${" not in item.label + item.hint and words not in seen:
                seen.add(words)
                yield procedure, item


def judged() -> list[tuple[Procedure, Item]]:
    every = list(questions())
    chosen = [one for one in every if len(one[1].choices) > 2 and one[1].appearance != "search"]
    longest = sorted(every, key=lambda one: -len(one[1].label + one[1].hint))[:LONGEST]
    return [*chosen, *(one for one in longest if one not in chosen)]


@pytest.mark.parametrize(("procedure", "item"), judged(), ids=lambda one: one.name if isinstance(one, Item) else one.code)
def test_no_word_of_a_question_is_cut(procedure: Procedure, item: Item) -> None:
    from kiosk.touch.app import make_kiosk

    services = OneQuestion(procedure, item)
    kiosk = make_kiosk(services, services.scheduler)
    kiosk.show(Asking(kiosk, Filing(services, procedure.code)))
    found = []
    for size in SIZES.values():
        for kiosk.large in (False, True):
            found += faults(stage().play(kiosk, size, speaker=Aloud(), frames=0))
    stage().clear()
    assert found == []


class WholeForm(SampleServices):
    """A kiosk at which somebody has filled in a form."""

    def __init__(self, procedure: Procedure) -> None:
        super().__init__()
        self.filled = procedure

    def procedure(self, code: str) -> Procedure:
        return self.filled


def everything(procedure: Procedure) -> Procedure:
    """The procedure as for somebody who needs every one of its papers."""
    return replace(procedure, components=tuple(replace(one, when=parse("true()")) for one in procedure.components))


def demanding() -> list[Procedure]:
    """The procedures whose papers, and whose name, take most room."""
    every = [everything(load_catalogue().versions(code)[-1]) for code in load_catalogue().codes()]
    longest = sorted(every, key=lambda one: -max(len(paper.said_vi) for paper in one.to_bring({}) or one.components))
    called = max(every, key=lambda one: len(one.short_vi))
    return [*longest[:DEMANDING], *([] if called in longest[:DEMANDING] else [called])]


@pytest.mark.parametrize("procedure", demanding(), ids=lambda one: one.code)
def test_no_paper_to_bring_is_cut_on_the_check_page(procedure: Procedure) -> None:
    from kiosk.touch.app import make_kiosk

    services = WholeForm(procedure)
    kiosk = make_kiosk(services, services.scheduler)
    kiosk.show(Check(kiosk, Filing(services, procedure.code)))
    found = []
    for size in SIZES.values():
        for kiosk.large in (False, True):
            found += faults(stage().play(kiosk, size, speaker=Aloud(), frames=0))
    stage().clear()
    assert found == []
