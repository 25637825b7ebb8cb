"""``python3 main.py forms prove``: many made-up citizens through every declaration, from the first question to the printed page.

Each sitting answers the form at random but validly, is filed as events, folded back to a dossier and printed as PDF; what comes
back must be what was answered. The same seed gives the same citizens. Nothing is kept.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from datetime import time as clock_time
from multiprocessing import get_context
from typing import Final

from forms import dossier
from forms.answers import random_answers
from forms.codes import provisional_code
from forms.deadlines.calendar import VIETNAM
from forms.papers import declaration_values
from forms.papers.of_dossier import filled, pdf_of
from forms.procedures.catalogue import load_catalogue
from forms.procedures.procedure import Procedure
from kiosk.clock import Clock

_SHARE: Final = 25
"""Sittings one worker does before it asks for more."""


@dataclass(frozen=True, slots=True)
class Share:
    """Sittings of one procedure for one worker."""

    code: str
    seeds: range
    at: datetime


@dataclass(frozen=True, slots=True)
class Broken:
    """A sitting that did not come through, with what it takes to see it again."""

    code: str
    seed: int
    what: str

    def __str__(self) -> str:
        return f"HỎNG {self.code} --first {self.seed} --runs 1: {self.what}"


def add_commands(acts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``prove`` to ``main.py forms``."""
    parser = acts.add_parser("prove", help="điền thử mọi tờ khai bằng người bịa, đến tận trang in (random citizens, end to end)")
    parser.add_argument("codes", nargs="*", metavar="MÃ", help="thủ tục; mặc định là mỗi tờ khai một thủ tục")
    parser.add_argument("--runs", type=int, default=1000, help="số lần điền mỗi tờ khai")
    parser.add_argument("--first", type=int, default=1, help="số gieo đầu tiên (first seed)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="số tiến trình")
    parser.set_defaults(handler=_prove)


def _prove(given: argparse.Namespace) -> int:
    at = Clock().now()
    unknown = [code for code in given.codes if code not in load_catalogue().codes()]
    if unknown:
        sys.stderr.write(f"procedure_unknown: Danh mục không có thủ tục {', '.join(unknown)}. Xem mã bằng lệnh forms check.\n")
        return 2
    broken: list[Broken] = []
    # A forked worker would inherit locks that other threads of this process hold.
    with ProcessPoolExecutor(given.jobs, mp_context=get_context("spawn")) as pool:
        for code in given.codes or declared(at):
            started = time.monotonic()
            end = given.first + given.runs
            shares = [Share(code, range(seed, min(seed + _SHARE, end)), at) for seed in range(given.first, end, _SHARE)]
            found = [one for share in pool.map(_share, shares) for one in share]
            broken += found
            title = load_catalogue().title(code)
            sys.stdout.write(f"{code} {title}: {given.runs} lần, {len(found)} hỏng, {time.monotonic() - started:.0f} s\n")
            sys.stdout.flush()
    sys.stdout.writelines(f"{one}\n" for one in broken)
    return 1 if broken else 0


def declared(at: datetime) -> list[str]:
    """One procedure for each printed declaration, in order of code."""
    catalogue = load_catalogue()
    seen: dict[str, str] = {}
    for code in catalogue.codes():
        procedure = catalogue.shown(code, at.date())
        for paper in procedure.papers:
            seen.setdefault(paper, code)
    return sorted(set(seen.values()))


def _share(share: Share) -> list[Broken]:
    return prove(load_catalogue().shown(share.code, share.at.date()), share.seeds, share.at)


def prove(procedure: Procedure, seeds: Sequence[int], at: datetime) -> list[Broken]:
    """The sittings that did not come through."""
    broken = []
    for seed in seeds:
        try:
            sit(procedure, seed, at)
        except Exception as error:  # every kind of failure is what this looks for
            broken.append(Broken(procedure.code, seed, f"{type(error).__name__}: {error}"))
    return broken


def sit(procedure: Procedure, seed: int, at: datetime) -> bytes:
    """One citizen: answers, events, fold, PDF.

    Raises:
        AssertionError: the folded dossier does not say what was answered, or the page says nothing.
    """
    answers = random_answers(procedure.form, random.Random(seed), at.date())
    filed = datetime.combine(at.date(), clock_time(9), VIETNAM)
    code = provisional_code("K01", at.date(), seed)
    persons = procedure.persons(answers, "typed")
    filing = dossier.Filing(
        procedure.code, procedure.form_version, code, "k", "01273", persons, procedure.subject(answers), answers
    )
    fields = dossier.fold(_as_stored(event) for event in dossier.file("1-1", filing, filed.isoformat()))
    stored = dossier.answers_of(fields)
    if stored != dict(answers):
        raise AssertionError("the folded dossier does not say what was answered")
    if not declaration_values(procedure.form, stored):
        raise AssertionError("the page says nothing")
    pages = b""
    for paper in procedure.papers:
        pages += pdf_of(filled(paper, procedure, stored, "xã Mẫu", filed, code))
    return pages


def _as_stored(event: dossier.Draft) -> dossier.Draft:
    """The event as it comes back from the journal."""
    return replace(event, content=json.loads(json.dumps(event.content)))
