"""Which faults a schedule has and how often: every seed draws its own few (swarm testing).

A schedule in which everything goes wrong all the time explores little: nothing ever gets far enough. So a seed leaves most faults
out and makes the others rare or frequent. Chances come from a stream of their own, so a fault that is switched off, to shrink a
story, leaves what people do as it was.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from typing import Final

OFTEN: Final = (0.0, 0.0, 0.05, 0.3)
SELDOM: Final = (0.0, 0.0, 0.1, 0.3)
"""For disasters: they are drawn for few acts only."""
WHEN_DUE: Final = (0.0, 0.3, 0.6)
"""For what people do now and then in all order."""

FAULTS: Final[Mapping[str, tuple[float, ...]]] = {
    # the line
    "request lost": OFTEN,
    "reply lost": OFTEN,
    "message twice": OFTEN,
    "message cut": OFTEN,
    "bit flipped": OFTEN,
    "login page": OFTEN,
    "days pass": OFTEN,
    "skewed hello": OFTEN,
    # the machines
    "kiosk crash before commit": OFTEN,
    "kiosk crash after commit": OFTEN,
    "kiosk power cut while writing": OFTEN,
    "province crash before commit": OFTEN,
    "province crash after commit": OFTEN,
    "kiosk disk full": OFTEN,
    "kiosk disk read-only": OFTEN,
    "province disk full": OFTEN,
    "restart": OFTEN,
    # the clocks
    "clock jumps": OFTEN,
    "clock at 1970": OFTEN,
    "clock at 2099": OFTEN,
    "clock stands": OFTEN,
    # disasters
    "kiosk restored from an image": SELDOM,
    "stick written before a restore": WHEN_DUE,
    "kiosk enrolled again": WHEN_DUE,
    "kiosk cloned": SELDOM,
    "province loses power": SELDOM,
    "province restored": SELDOM,
    "epoch forgotten": (0.0, 0.5),
    "province rebuilt": (0.0, 0.0, 0.0, 0.1),
    "province restored from too old a backup": (0.0, 0.0, 0.0, 0.3),
    # what is kept
    "backup taken": WHEN_DUE,
    "backup declared safe": WHEN_DUE,
    "log pruned": WHEN_DUE,
    "snapshot": WHEN_DUE,
    "closed dossiers dropped": WHEN_DUE,
    # keys
    "province keys renewed": SELDOM,
    "commune key renewed": SELDOM,
    "device keys rotated": WHEN_DUE,
    "replaced keys stolen": (0.0, 0.7),
    "kiosk revoked": (0.0, 0.0, 0.0, 0.1),
    # sticks
    "stick written": (0.0, 0.3, 0.8),
    "stick carried": (0.5, 0.9),
    "stick lost": OFTEN,
    "stick read twice": OFTEN,
    "stick on the wrong side": OFTEN,
    "sticks read together": WHEN_DUE,
    # versions and policy
    "province asks for a pause": OFTEN,
    "schema floor raised": SELDOM,
    "dictionary missing": (0.0, 0.5),
    "kiosk upgraded": WHEN_DUE,
    "entry of a later version": SELDOM,
    # people
    "foreign edit": SELDOM,
    "form open for long": OFTEN,
    "line that is no event": SELDOM,
    "event the merge fails on": SELDOM,
    "a file is scanned": (0.0, 0.1, 0.3),
    "number block exhausted": OFTEN,
    "strange value": SELDOM,
    # a province gone bad
    "malformed entry": SELDOM,
}


class Swarm:
    """The faults of one seed."""

    def __init__(self, seed: int, without: frozenset[str] = frozenset()) -> None:
        drawn = random.Random(f"swarm {seed}")
        self.rates = {name: drawn.choice(rates) for name, rates in FAULTS.items()}
        self.count: Counter[str] = Counter()
        self._without = without
        self._chance = random.Random(f"chance {seed}")
        self.quiet = False
        """The faults are over."""

    def happens(self, fault: str) -> bool:
        """Whether this fault strikes here and now."""
        rate = self.rates[fault]
        if not rate or self.quiet or self._chance.random() >= rate or fault in self._without:
            return False
        self.count[fault] += 1
        return True
