"""Events of version 1, as the first release wrote them, fold to the states they had then."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest

from forms.dossier import Draft, due_of, fold

DATA = files("tests.forms") / "data"
LINES = [json.loads(line) for line in (DATA / "dossier_v1.jsonl").read_text("utf-8").splitlines()]
STATES: dict[str, dict[str, Any]] = json.loads((DATA / "dossier_v1_states.json").read_text("utf-8"))


@pytest.mark.parametrize("dossier", sorted(STATES))
def test_a_dossier_of_version_1_folds_to_the_state_it_had(dossier: str) -> None:
    drafts = [Draft(dossier, line["k"], line["c"]) for line in LINES if line["d"] == dossier]
    assert fold(drafts) == STATES[dossier]


def test_its_due_time_is_the_receipts() -> None:
    assert due_of(STATES["7-1-1"]) == "2026-11-23T17:00:00+07:00"
    assert due_of({**STATES["7-1-1"], "province_due": "2026-11-24T17:00:00+07:00"}) == "2026-11-24T17:00:00+07:00"
