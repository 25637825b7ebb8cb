"""What is held of a blob: a set of units, joined in any order, coded in a few bytes."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.blob.ranges import MAX_RUNS, NONE, UNIT, Ranges, units
from sync.errors import BlobProtocol

RUNS = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)).map(lambda run: (min(run), max(run))), max_size=12)


def members(ranges: Ranges) -> set[int]:
    return {unit for first, end in ranges.runs for unit in range(first, end)}


@given(RUNS, RUNS)
def test_ranges_are_the_sets_they_stand_for(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    a, b = Ranges.of(one), Ranges.of(other)
    assert members(a) == {unit for first, end in one for unit in range(first, end)}
    assert members(a | b) == members(a) | members(b)
    assert members(a - b) == members(a) - members(b)
    assert a | b == b | a
    assert Ranges.decode(a.encode()) == a


def test_a_unit_counts_only_when_all_its_bytes_are_there() -> None:
    assert Ranges.of_bytes(0, UNIT - 1, 5000) == NONE
    assert Ranges.of_bytes(10, 3 * UNIT, 5000) == Ranges.of([(1, 3)])
    assert Ranges.of_bytes(0, 5000, 5000).is_whole(5000)
    assert not Ranges.of_bytes(0, 4999, 5000).is_whole(5000)


def test_the_last_unit_is_as_long_as_the_file_is() -> None:
    assert Ranges.whole(5000).held_bytes(5000) == 5000
    assert Ranges.of([(4, 5)]).first_bytes(UNIT, 5000) == (4 * UNIT, 5000 - 4 * UNIT)
    assert units(5000) == 5


def test_half_of_five_megabytes_is_a_few_bytes_on_the_wire() -> None:
    assert len(Ranges.of([(0, 2500), (2600, 2700)]).encode()) < 10


@pytest.mark.parametrize("coded", [b"\x80", b"\x01", b"\x00\x00", b"\x00\x01\x00\x01", b"\xff" * 12, bytes([1]) * (4 * MAX_RUNS)])
def test_bytes_that_are_no_ranges_are_refused(coded: bytes) -> None:
    with pytest.raises(BlobProtocol):
        Ranges.decode(coded)


def test_two_sets_in_very_many_runs_cost_no_time() -> None:
    one = Ranges(tuple((4 * number, 4 * number + 3) for number in range(MAX_RUNS)))
    other = Ranges(tuple((4 * number + 1, 4 * number + 2) for number in range(MAX_RUNS)))
    began = time.process_time()
    assert (one - other).count == 2 * MAX_RUNS
    assert time.process_time() - began < 1.0
