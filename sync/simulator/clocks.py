"""Wall clocks of kiosks, right and wrong: they jump, stand still, wake up in 1970 or 2099. They draw from a stream of their own."""

from __future__ import annotations

import random
from typing import Final

DAY_S: Final = 86_400.0
NOW_MS: Final = 1_764_550_991_227
WRONG_MS: Final = {"clock at 1970": 0, "clock at 2099": 4_070_908_800_000}


class Clock:
    """The wall clock of one machine."""

    def __init__(self, seed: str) -> None:
        self._rng = random.Random(f"clock {seed}")
        self._zero_ms = NOW_MS + self._rng.randint(-5000, 5000)
        self._stands: int | None = None

    def wall_ms(self, now_s: float) -> int:
        """What it shows at this moment of the schedule."""
        return self._stands if self._stands is not None else max(0, self._zero_ms + int(now_s * 1000))

    def quality(self) -> int:
        """What the kiosk thinks of it: evidence, right or wrong."""
        return self._rng.randrange(3)

    def upset(self, fault: str, now_s: float) -> None:
        """A fault of the clocks strikes."""
        self._stands = None
        if fault in WRONG_MS:
            self._zero_ms = WRONG_MS[fault] - int(now_s * 1000) + self._rng.randint(0, 10**9)
        elif fault == "clock jumps":
            self._zero_ms += self._rng.choice((-1, 1)) * self._rng.randint(1, 10**10)
        else:
            self._stands = self.wall_ms(now_s)
