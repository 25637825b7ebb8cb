"""By when an act must be done, counted from or back from a moment."""

from __future__ import annotations

from datetime import datetime

import pytest

from forms.deadlines.actlimits import act_limits, last_moment
from forms.deadlines.calendar import VIETNAM, WorkingCalendar
from forms.deadlines.deadline import OfficeHours

CALENDAR = WorkingCalendar.load()
HOURS = OfficeHours()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


@pytest.mark.parametrize(
    ("act", "moment", "wanted"),
    [
        ("apology", "2026-11-27T17:00", "2026-11-26T17:00"),
        ("apology", "2026-11-30T17:00", "2026-11-27T17:00"),
        ("apology", "2026-11-25T17:00", "2026-11-23T17:00"),
        ("apology", "2026-02-23T17:00", "2026-02-13T17:00"),
        ("no_supplement", "2026-11-23T10:00", "2026-12-15T17:00"),
        ("interlinked_alert", "2026-11-27T16:30", "2026-11-30T09:00"),
        ("tell_result", "2026-11-25T10:00", "2026-11-30T17:00"),
    ],
)
def test_the_last_moment_for_an_act(act: str, moment: str, wanted: str) -> None:
    assert last_moment(act_limits()[act], at(moment), CALENDAR, HOURS) == at(wanted)


def test_every_limit_names_its_source_and_how_sure_it_is() -> None:
    assert all(limit.source and limit.certainty and limit.name_vi and limit.from_vi for limit in act_limits().values())
