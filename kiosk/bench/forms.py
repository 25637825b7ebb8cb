"""The forms room against plain reading of the same data: a long dossier's fold, one answer on a long form, the whole catalogue.

The peers are what a program cannot do without: parsing the events, validating nothing; telling the questions of the form; parsing
the packs. Each figure of ours also has a limit of its own (``most``), from what a person at the glass does not notice.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Sequence
from datetime import date
from importlib import resources
from statistics import median

from forms import dossier
from forms.answers import random_sitting
from forms.catalogue import from_packs, load_catalogue
from forms.session import FormSession
from forms.xlsform import read_form
from kiosk.bench.result import Result

EVENTS = 200
QUESTIONS = 60
DAY = date(2026, 11, 24)


def bench_forms(rounds: int) -> Sequence[Result]:
    """Milliseconds of a fold of 200 events, of one answer with all that hangs on it, and of loading every pack."""
    return [_fold(rounds), _question(rounds), _catalogue(rounds), _printing(rounds)]
