"""Runs of many seeds: what is told of them, and where one that somebody interrupted goes on."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.simulate.command import Stopped, gather
from kiosk.simulate.runner import Report
from kiosk.simulate.sqlite import StoreKiosk, room
from sync.simulator.disk import DiskFull
from sync.simulator.memory import Facts, MemoryKiosk


def test_what_was_played_adds_up_and_the_next_seed_is_the_furthest() -> None:
    whole = Report(next_seed=100)
    for part in (Report(schedules=250, next_seed=350), Report(schedules=3, next_seed=600)):
        whole.add(part)
    assert (whole.schedules, whole.next_seed) == (253, 600)


def test_an_interrupted_run_keeps_what_it_found_and_says_where_to_go_on() -> None:
    def parts() -> Iterator[Report]:
        yield Report(schedules=250, next_seed=1250)
        raise KeyboardInterrupt

    told: list[int] = []
    with pytest.raises(Stopped, match="--first 1250") as stopped:
        gather(parts(), 1000, lambda report: told.append(report.schedules))
    assert told == [250]
    assert stopped.value.report.schedules == 250


@pytest.fixture(params=["memory", "store"])
def kiosk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MemoryKiosk]:
    with room(tmp_path):
        journal = (MemoryKiosk if request.param == "memory" else StoreKiosk)(1000, random.Random(5))
        yield journal
        journal.close()


def file_one(kiosk: MemoryKiosk) -> int:
    kiosk.work("", [("note", {"id": "n1", "text": "Bà con đến hỏi"})], Facts())
    return kiosk.number


def test_a_number_is_not_given_again_after_a_restore(kiosk: MemoryKiosk) -> None:
    image, given = kiosk.image(), [file_one(kiosk) for _ in range(3)]
    kiosk.put_back(image)
    assert file_one(kiosk) > max(given)


def test_without_another_block_of_numbers_nothing_is_filed_and_nothing_is_left_behind(kiosk: MemoryKiosk) -> None:
    inc = kiosk.identity()[1]
    with kiosk.out_of_numbers(), pytest.raises(DiskFull):
        file_one(kiosk)
    assert kiosk.last(inc)[0] == 0
    assert file_one(kiosk) == 1
