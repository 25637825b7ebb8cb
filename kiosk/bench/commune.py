"""A commune's working day, invented: real procedures answered by ``forms.answers``, then the acts of officials by real commands.

The texts of ``forms.answers`` repeat far more than people do, which would flatter compression; every name, number and written
text is therefore replaced by one drawn from a wide vocabulary, the same throughout a dossier. Nobody in it can exist: given
names say that they are samples, and personal numbers begin with a province code that was never given. The same seed makes the
same day.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, Final

from forms import dossier as acts
from forms.answers import random_answers
from forms.codes import lookup_key, provisional_code
from forms.deadlines.calendar import VIETNAM
from forms.procedures.catalogue import load_catalogue
from forms.procedures.procedure import Procedure
from forms.xlsform import Form

COMMUNE: Final = "01290"
OPENING: Final = datetime(2026, 11, 24, 7, 30, tzinfo=VIETNAM)

_GIVEN: Final = ("Mẫu", "Thử", "Ví Dụ", "Bản Mẫu")
_PHRASES: Final = (
    "xóm Nà {}, xã Mẫu, tỉnh Cao Bằng",
    "tổ {n}, xã {}, tỉnh Cao Bằng",
    "Ủy ban nhân dân xã {} Mẫu",
    "Trạm y tế xã {} Mẫu",
    "để {} {} và {}",
    "{} {} {} số {n}",
    "bổ sung hồ sơ {} {}",
    "{n}/{}-{}",
)
_NAME: Final = re.compile(r"\b(?:Nông|Hoàng|Lý|Bế|Đàm|Triệu|Lục|Nguyễn|Sầm|Hứa)(?: \w+){1,3}? (?:Bản Mẫu|Ví Dụ|Mẫu|Thử)\b")
_NUMBER: Final = re.compile(r"\b00419000\d{4}\b")

_OFFICIALS: Final = ("Bế Văn Mẫu", "Đàm Thị Thử", "Hoàng Thị Ví Dụ")


@dataclass(frozen=True, slots=True)
class Deed:
    """One act: who did it, and the events it makes."""

    actor: str
    drafts: Sequence[acts.Draft]


class Commune:
    """A day of dossiers. ``seed`` names it; days of different seeds have nothing in common but the forms."""

    def __init__(self, seed: str) -> None:
        self._dice = random.Random(f"commune {seed}")
        everything = load_catalogue()
        self._procedures = [one for code in everything.codes() if not (one := everything.shown(code, OPENING.date())).only_prepared]
        # A few procedures make most of a counter's day.
        self._weights = [1 / place for place in range(1, len(self._procedures) + 1)]
        self._dice.shuffle(self._procedures)

    def life(self, dossier: str, number: int) -> Iterator[Deed]:
        """What happens to the ``number``-th dossier of the day: filed, and mostly accepted, worked on and decided."""
        dice, at = self._dice, OPENING + timedelta(minutes=2 * number, seconds=self._dice.randrange(60))
        procedure = dice.choices(self._procedures, self._weights)[0]
        official = acts.By(acts.Role.OFFICIAL, dice.choice(_OFFICIALS))
        filed = Deed("citizen", acts.file(dossier, self._filing(procedure, number, at), at.isoformat()))
        yield filed
        fields = acts.fold(filed.drafts)
        for moment in self._counter(at):
            here = acts.Situation(dossier, fields, official, moment)
            drafts = self._next(here, procedure, len(fields))
            yield Deed("cb01", drafts)
            fields = acts.fold(drafts, fields)

    def _counter(self, at: datetime) -> Iterator[datetime]:
        for _ in range(self._dice.choices(range(7), (1, 1, 3, 5, 5, 3, 2))[0]):
            at += timedelta(minutes=self._dice.randrange(3, 90), seconds=self._dice.randrange(60))
            yield at

    def _next(self, here: acts.Situation, procedure: Procedure, number: int) -> Sequence[acts.Draft]:
        """The lawful act that comes next; now and then a payment or a note instead."""
        dice, status = self._dice, here.fields["status"]
        if status != acts.Status.NEW and dice.random() < 0.25:
            amount = dice.choice((5_000, 8_000, 10_000, 25_000, 50_000))
            return acts.receive_fee(here, acts.Fee(f"{number}", amount, "Lệ phí", dice.choice(("cash", "transfer"))))
        if status == acts.Status.NEW:
            due = here.at.replace(hour=16, minute=30, second=0) + timedelta(days=dice.choice((1, 2, 3, 5, 7, 15)))
            papers = [f"{component.name_vi} (bản chính: 1)" for component in procedure.components[:3]]
            return acts.accept(here, acts.Receipt(acts.Promise(due, "2026.1", procedure.how_long_vi), papers))
        if status == acts.Status.ACCEPTED:
            return acts.start(here)
        if status == acts.Status.PROCESSING:
            return acts.finish(here, acts.Result(procedure.short_vi, f"{dice.randrange(1, 900)}/2026"))
        if status == acts.Status.DONE:
            person = acts.persons_of(here.fields).standing
            return acts.hand_over(here, acts.Collector(acts.Person(person.name, person.number), acts.Proof.RECEIPT))
        return acts.note(here, f"{number}", self._phrase())

    # --- what citizens say --------------------------------------------------------------------------------------

    def _filing(self, procedure: Procedure, number: int, at: datetime) -> acts.Filing:
        answers = self._said(procedure.form, random_answers(procedure.form, self._dice, at.date()))
        return acts.Filing(
            procedure=procedure.code,
            form=procedure.form_version,
            code=provisional_code("7", at.date(), number + 1),
            key=lookup_key(self._dice.randbytes(10)),
            unit=COMMUNE,
            persons=procedure.persons(answers, self._dice.choice(("chip", "typed"))),
            subject=procedure.subject(answers),
            answers=answers,
        )

    def _said(self, form: Form, answers: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answers with other words, wherever they were copied to."""
        words: dict[str, str] = {}
        for name, text in _texts(answers):
            item = form.by_name.get(name)
            for old in (*_NAME.findall(text), *_NUMBER.findall(text)):
                if old not in words:
                    words[old] = self._number() if old[0] == "0" else self._name()
            if item is not None and item.type == "text" and len(text) > 5 and not text.isdigit() and not _NAME.fullmatch(text):
                words.setdefault(text, self._phrase())
        longest_first = sorted(words, key=len, reverse=True)
        if not longest_first:
            return answers
        any_of = re.compile("|".join(map(re.escape, longest_first)))
        return dict(_replaced(answers, any_of, words))

    def _name(self) -> str:
        middle = " ".join(word.capitalize() for word in self._dice.sample(_words()[1], self._dice.choice((1, 2, 2))))
        return f"{self._dice.choice(_words()[0])} {middle} {self._dice.choice(_GIVEN)}"

    def _number(self) -> str:
        return f"000{self._dice.randrange(10**9):09d}"

    def _phrase(self) -> str:
        pattern, dice = self._dice.choice(_PHRASES), self._dice
        pairs = [" ".join(dice.sample(_words()[1], 2)).capitalize() for _ in range(pattern.count("{}"))]
        return pattern.format(*pairs, n=dice.randrange(1, 400))


@cache
def _words() -> tuple[list[str], list[str]]:
    """Family names, and syllables people are called by."""
    text = files("kiosk.bench").joinpath("words_vi.txt").read_text(encoding="utf-8")
    _, families, syllables = (part.partition("\n")[2].split() for part in text.split("#"))
    return families, syllables


def _texts(answers: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in answers.items():
        if isinstance(value, str):
            yield name, value
        elif isinstance(value, list):
            for entry in value:
                if isinstance(entry, Mapping):
                    yield from _texts(entry)


def _replaced(answers: Mapping[str, Any], any_of: re.Pattern[str], words: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    for name, value in answers.items():
        if isinstance(value, str):
            yield name, any_of.sub(lambda hit: words[hit[0]], value)
        elif isinstance(value, list):
            yield name, [dict(_replaced(entry, any_of, words)) if isinstance(entry, Mapping) else entry for entry in value]
        else:
            yield name, value
