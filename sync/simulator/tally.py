"""What came of a run of the fuzz, and the one thing that must not come of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Tally:
    """What came of a run."""

    messages: int = 0
    past_the_outer_parse: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0
    grown_mib: float = 0.0

    def add(self, other: Tally) -> None:
        self.messages += other.messages
        self.past_the_outer_parse += other.past_the_outer_parse
        self.outcomes.update(other.outcomes)
        self.slowest_s = max(self.slowest_s, other.slowest_s)
        self.grown_mib = max(self.grown_mib, other.grown_mib)

    @property
    def share(self) -> float:
        """Of the messages that got past the outer parse."""
        return self.past_the_outer_parse / max(1, self.messages)


class Defect(AssertionError):
    """A message was not refused by name, or was read wrongly; it is told in hex."""
