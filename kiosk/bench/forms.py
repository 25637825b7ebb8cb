"""The forms room beside plain reading of the same data: a long dossier's fold, one answer on a long form, the whole catalogue.

The peers are what no program could do without or would do instead: parsing the events, filling the whole form anew, parsing
the packs. Each of ours also has a limit of its own (``most``), from what a person at the glass does not notice.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from importlib import resources
from statistics import median
from typing import Final

from forms import dossier
from forms.deadlines.calendar import VIETNAM
from forms.procedures.catalogue import from_packs
from forms.procedures.packs import read_packs
from forms.session import FormSession
from forms.xlsform import Form, read_form
from kiosk.bench.result import Result

EVENTS: Final = 200
QUESTIONS: Final = 60
TIMES: Final = 20
DAY: Final = date(2026, 11, 24)
AT: Final = datetime(2026, 11, 24, 9, tzinfo=VIETNAM)


def bench_forms(rounds: int) -> Sequence[Result]:
    """Milliseconds of a fold of 200 events, of one answer with all that hangs on it, and of loading every pack."""
    return [_fold(rounds), _question(rounds), _catalogue(rounds)]


def _fold(rounds: int) -> Result:
    events = list(_busy())
    lines = [json.dumps(event.content) for event in events]
    seen = [(_timed(lambda: dossier.fold(events)), _timed(lambda: list(map(json.loads, lines)))) for _ in range(rounds)]
    ours, peer = zip(*seen, strict=True)
    return Result("forms fold", "ms", ours, peer, f"đọc {EVENTS} sự kiện", most=5.0)


def _busy() -> Iterator[dossier.Draft]:
    """A dossier that many hands wrote on: filed, accepted, then notes and corrected answers."""
    filing = dossier.Filing("1.001193", "1", "TAM", "k", "01273", dossier.Persons(dossier.Person("Nông Thị Mẫu")), "", {"q": "1"})
    yield from dossier.file("1-1", filing, AT.isoformat())
    official = dossier.By(dossier.Role.OFFICIAL, "Bế Văn Cán")
    events = [*dossier.file("1-1", filing, AT.isoformat())]
    receipt = dossier.Receipt(dossier.Promise(AT + timedelta(hours=8), "vn"), ["Tờ khai"])
    accepted = dossier.accept(dossier.Situation("1-1", dossier.fold(events), official, AT), receipt)
    yield from accepted
    fields = dossier.fold([*events, *accepted])
    for number in range(EVENTS - len(events) - len(accepted)):
        here = dossier.Situation("1-1", fields, official, AT + timedelta(minutes=number))
        act = dossier.note(here, f"n{number}", "gọi lại") if number % 2 else dossier.edit(here, {f"a.q{number % 60}": str(number)})
        fields = dossier.fold(act, fields)
        yield from act


def _question(rounds: int) -> Result:
    """Every question is answered; one answer changes. The peer fills the form from nothing, as a draft does when it is opened."""
    form = _long_form()
    answers = {f"q{place}": "1" for place in range(QUESTIONS)}
    session = _filled(form, answers)
    turn = 0

    def answer() -> None:
        nonlocal turn
        turn += 1
        session.put("q0", str(turn % 9 + 1))
        session.visible()

    seen = [(_timed(answer), _timed(lambda: _filled(form, answers).visible())) for _ in range(rounds)]
    ours, peer = zip(*seen, strict=True)
    return Result("forms answer", "ms", ours, peer, "điền lại cả tờ khai", goal=1.0, most=2.0)


def _filled(form: Form, answers: Mapping[str, str]) -> FormSession:
    session = FormSession(form, today=DAY)
    for name, value in answers.items():
        session.put(name, value)
    return session


def _long_form() -> Form:
    """Sixty questions: chains of six in which each is asked because of the one before, with sums beside them."""
    rows = [
        "settings,form_title,form_id,version",
        "settings,Dài,dai,1",
        "survey,type,name,label::Tiếng Việt (vi),relevant,calculation",
    ]
    for place in range(QUESTIONS):
        before = f"${{q{place - 1}}} != ''" if place % 6 else ""
        rows.append(f"survey,integer,q{place},Câu {place}?,{before},")
    rows += [f'survey,calculate,s{place},,,"${{q{place}}} + ${{q0}}"' for place in range(0, QUESTIONS, 6)]
    return read_form("\n".join(rows), "dai.csv")


def _catalogue(rounds: int) -> Result:
    folder = resources.files("forms").joinpath("packs")

    def parse() -> None:
        for file in folder.iterdir():
            json.loads(file.read_bytes())

    seen = [(_timed(lambda: from_packs(read_packs(folder)), 3), _timed(parse, 3)) for _ in range(rounds)]
    ours, peer = zip(*seen, strict=True)
    return Result("forms packs", "ms", ours, peer, "đọc JSON các gói", most=150.0)


def _timed(act: Callable[[], object], times: int = TIMES) -> float:
    """Median milliseconds of one act."""
    took = []
    for _ in range(times):
        started = time.perf_counter()
        act()
        took.append((time.perf_counter() - started) * 1000)
    return median(took)
