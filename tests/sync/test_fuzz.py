"""Readers meet altered messages of every kind, also rightly signed ones: named errors, right readings, bounded time and memory."""

from __future__ import annotations

import random

import pytest

from sync.simulator.altering import mutate
from sync.simulator.fuzz import fuzz
from sync.simulator.planting import Plant, planted
from sync.simulator.tally import Defect, Tally

MESSAGES = 20_000


@pytest.fixture(scope="module")
def tally() -> Tally:
    """What came of a run over all readers; a defect in any of them has ended it."""
    return fuzz(MESSAGES)


def test_every_altered_message_is_refused_by_name_or_read_rightly(tally: Tally) -> None:
    assert tally.messages == MESSAGES
    assert all(outcome.partition(": ")[2] for outcome in tally.outcomes)


def test_a_good_share_gets_past_the_outer_parse(tally: Tally) -> None:
    assert tally.share >= 0.2


def test_no_message_costs_much_time_or_memory(tally: Tally) -> None:
    assert tally.slowest_s < 0.25
    assert tally.grown_mib < 64


def test_nothing_altered_is_taken_where_signatures_are_checked(tally: Tally) -> None:
    """Only a message that is by chance the sample itself counts as taken there; a mad holder of all keys is another matter."""
    for reader in ("request", "reply", "segment", "key letter", "answer about a file"):
        refused = sum(count for outcome, count in tally.outcomes.items() if outcome.partition(": ")[0] == reader)
        assert tally.outcomes[f"{reader}: taken"] <= refused // 50


def test_a_mad_holder_of_all_keys_is_read_to_the_bottom(tally: Tally) -> None:
    for reader in ("request of a faulty program", "stick to the province, summed anew", "stick to a kiosk, summed anew"):
        assert tally.outcomes[f"{reader}, from a mad holder of keys: taken"] > 50


@pytest.mark.parametrize(
    "bug",
    [
        Plant("unbounded_frame", "sync.frames", (("        if at >= self._end:\n", "        if at > self._end:\n"),)),
        Plant("letter_shape", "sync.letter", (("    if len(lines) != 4 or", "    if len(lines) < 2 or"),)),
        Plant(
            "unchecked_signature",
            "sync.engine",
            (("        parsed.verify(verifier, self._keys.trust.device, request.nonce)\n", ""),),
        ),
    ],
    ids=lambda bug: bug.name,
)
def test_a_reader_that_checks_less_is_found(bug: Plant) -> None:
    with planted(bug), pytest.raises(Defect):
        fuzz(6_000)


def test_the_same_seed_alters_in_the_same_way() -> None:
    first, second = (mutate(random.Random(5), b"a valid message", [b"another"]) for _ in range(2))
    assert first == second
