"""What the province works with: the keys in force and before, and what its operator asks of kiosks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sync import snapshot
from sync.dictionaries import NONE, Shelf
from sync.keys import SODIUM, Opener, Signer, Suite


@dataclass(frozen=True, slots=True)
class ProvinceKeys:
    """Keys of the province in force."""

    sign: Signer
    seal: Opener
    """Opens what devices close or seal to the province."""
    generation: int = 1
    former: Mapping[int, Opener] = field(default_factory=dict)
    """Generation -> what opened before: a kiosk that was away still closes with it."""
    dictionaries: Shelf = NONE
    suite: Suite = SODIUM

    def opener(self, generation: int) -> Opener:
        return self.former.get(generation, self.seal)


@dataclass(frozen=True, slots=True)
class Policy:
    """What the operator asks of kiosks."""

    pause_s: int = 0
    """Seconds to wait before the next request; 0 = none."""
    schema_floor: int = 0
    """A kiosk whose newest schema is older may send everything and begin nothing."""
    near: int = snapshot.NEAR
    """A kiosk no further behind than so many feed entries reads the feed, not a snapshot."""
    snapshot_page: int = 4096
    """Most lines of a snapshot in one reply."""


DEFAULTS = Policy()
