"""The catalogue's own words on the glass: no answer and no long question is cut, in any orientation or letter size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from forms.procedures.catalogue import load_catalogue
from forms.procedures.procedure import Procedure
from forms.xlsform import Item
from kiosk.touch.gallery import SIZES, Aloud
from kiosk.touch.samples import SampleServices
from kiosk.viewmodels.asking import Asking
from kiosk.viewmodels.filing import Filing
from tests.kiosk.touch.harness import faults, stage

LONGEST = 8
"""So many of the longest questions are drawn; those with answers to choose from all are."""


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
