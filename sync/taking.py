"""What every way of taking something in does to a kiosk's journal, on a line or from a stick. Inside one transaction, never its
own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from sync.errors import ProvinceInconsistent
from sync.ports import FeedEntry, KioskJournal


@dataclass(frozen=True, slots=True)
class Refusal:
    """The province put a run of this incarnation into quarantine."""

    incarnation: int
    reason: str


@dataclass(slots=True)
class Gain:
    """What the transaction of one answer did, kept until it is committed."""

    moved: bool = False
    waiting: bool = False
    """The feed waits for the next exchange: its ``ack`` entries may speak of events this disk has not."""
    applied: int = 0
    acked: int = 0
    rebased: list[int] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)


def raise_told(journal: KioskJournal, incarnation: int, n: int, gain: Gain) -> None:
    """The province holds our log up to ``n``, as it said some time: a hint that only goes up."""
    if n > journal.told(incarnation):
        journal.set_told(incarnation, n)
        gain.moved = True


def apply_feed(journal: KioskJournal, first: int, lines: Sequence[bytes], heads: Sequence[bytes], gain: Gain) -> None:
    """Apply the entries not applied yet of a run that continues the feed held here."""
    seq = journal.feed_position()[0]
    numbered = zip(range(first, first + len(lines)), lines, heads, strict=True)
    entries = [FeedEntry(n, body, head) for n, body, head in numbered if n > seq]
    with acknowledging(journal, gain):
        journal.apply_feed(entries)
    gain.applied += len(entries)
    gain.moved = gain.moved or bool(entries)


@contextmanager
def acknowledging(journal: KioskJournal, gain: Gain) -> Iterator[None]:
    """Count what the block acknowledges, and keep ``told`` from staying behind it."""
    incarnations = journal.incarnations()
    before = sum(map(journal.acked, incarnations))
    yield
    for incarnation in incarnations:
        acked = journal.acked(incarnation)
        if journal.told(incarnation) < acked:
            journal.set_told(incarnation, acked)
    gain.acked += sum(map(journal.acked, incarnations)) - before


def lost_safe(journal: KioskJournal, incarnation: int, n: int, gain: Gain) -> None:
    """The province has less than what was pruned here because it said it is safe. A person must bring its backup back; what is
    held here goes on in a fresh incarnation, for the old chain has a hole at the province.

    Raises:
        ProvinceInconsistent: it acknowledged more in this very epoch.
    """
    if journal.acked(incarnation) > n:
        raise ProvinceInconsistent(f"the province holds {n} of what its feed acknowledged up to {journal.acked(incarnation)}")
    base, last = journal.base(incarnation), journal.last(incarnation)[0]
    facts = json.dumps({"incarnation": f"{incarnation:x}", "held": n, "pruned": base})
    journal.quarantine("province", "province_lost_safe", facts.encode())
    gain.alarms.append("province_lost_safe")
    if last > base or incarnation == journal.identity()[1]:
        gain.rebased.append(journal.rebase_incarnation(incarnation, base))
        gain.moved = True
